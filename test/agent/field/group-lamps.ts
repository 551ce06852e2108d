/**
 * Invented lamps for the tests of writes: some execute a broadcast, some do not, some are behind a gateway.
 */
import type { GroupProfile } from '../../../agent/core/profile.ts';
import { writable } from '../../support/profiles.ts';
import { point, profile } from './plant.ts';

export const ALL_UNITS_GROUP: GroupProfile = { id: 'all', reach: 'bus', table: 'holding', address: 0, sets: ['level'] };
export const level = (address: number, over: Parameters<typeof writable>[0] = {}) =>
  point('level', { semantic: 'level', table: 'holding', address, range: [0, 100], write: writable({ settleMs: 40, ...over }) });
/** Level in holding register 0; a broadcast to `ALL_UNITS_GROUP` sets it too. */
export const HEARING = profile('hearing', [level(0)], { groups: [ALL_UNITS_GROUP] });
/** Level in holding register 50; does not support broadcasts. */
export const PLAIN = profile('plain', [level(50)]);
/** Three lamps behind one unit, with levels in holding registers 200 to 202; register 300 sets the first two. */
export const GATEWAY = profile(
  'gateway',
  [0, 1, 2].map((n) => ({ ...level(200 + n), id: `lamp${n}` })),
  { groups: [{ id: 'pair', reach: 'unit', table: 'holding', address: 300, sets: ['lamp0', 'lamp1'] }] },
);
