import t from 'tap';
import { placeOfSource } from '../../../../agent/service/alarms/event-place.ts';
import { ALARM_SITE } from './alarm-bench.ts';

const NOWHERE = { lamp: null, pole: null, atM: null, zone: null, street: null };
const places: readonly (readonly [source: string, place: object])[] = [
  ['L01', { lamp: 'L01', pole: 'P1', atM: 30, zone: 'north', street: 'Rue Bressigny' }],
  ['L01.level', { lamp: 'L01', pole: 'P1', atM: 30, zone: 'north', street: 'Rue Bressigny' }],
  ['L09', { lamp: 'L09', pole: 'P2', atM: 60, zone: 'south', street: 'alley' }],
  ['G1', { lamp: 'A B', pole: 'P1', atM: 30, zone: 'south', street: 'Rue Bressigny' }],
  ['G1.ecg1_fault', { lamp: 'B', pole: 'P1', atM: 30, zone: null, street: 'Rue Bressigny' }],
  ['L01.far', { ...NOWHERE, pole: 'P2', atM: 60, street: 'alley' }],
  ['L01.far.door', { ...NOWHERE, pole: 'P2', atM: 60, street: 'alley' }],
  ['S1.motion', { ...NOWHERE, pole: 'P2', atM: 60, street: 'alley' }],
  ['north', { ...NOWHERE, zone: 'north' }],
  ['L03.zone', { ...NOWHERE, zone: 'L03.zone' }],
  ['L03.line', NOWHERE],
  ['street', NOWHERE],
  ['', NOWHERE],
  ['state.db', NOWHERE],
]; // biome-ignore format: a table
for (const [source, place] of places)
  t.test(`the place of "${source}"`, async (t) => t.strictSame(placeOfSource(ALARM_SITE, source), place));
