/**
 * The requests to a unit outside of its polls, and the timeout of each request.
 *
 * Pure.
 */
import type { ReadRequest, WriteRequest } from '../../core/driver.ts';
import type { Slot } from '../polls/poll-plan.ts';
import { responseWaitMs, unmetWaitMs } from './response-times.ts';
import { type Unit, wasMet } from './unit.ts';
import { SILENT_AFTER } from './unit-health.ts';

/**
 * Every how many probes the agent waits the full timeout for a unit that has never answered. Source: assumed; a late reply would be recognised too,
 * so this is a second way to find it. Confirmed by: the time until slow units are found on the bench.
 */
const FULL_WAIT_EVERY = 32;

/** The usual timeout of the unit's reads: from its response times; before the first reply that of its profile, 1 s at most. Units: ms. */
export function timeoutOf({ health: { firstByteMs }, driver }: Unit): number {
  const { responseTimeoutMs } = driver.profile.quirks;
  return firstByteMs === null ? unmetWaitMs(responseTimeoutMs, 'read') : responseWaitMs(firstByteMs, responseTimeoutMs);
}

/**
 * How long to wait for the first byte of the reply to this request, from the response times of the unit. Before its first reply it is the timeout
 * of the profile, but at most 1 s for a read and 500 ms for a write. Units: ms.
 */
export function timeoutFor(unit: Unit, request: ReadRequest | WriteRequest): number {
  const { responses, health } = unit;
  if (!wasMet(unit)) return 'count' in request ? timeoutOf(unit) : unmetWaitMs(unit.driver.profile.quirks.responseTimeoutMs, 'write');
  // A silent unit must not hold up the line for registers that were never requested.
  if (health.state === 'silent' && 'count' in request) return Math.min(timeoutOf(unit), responses.timeoutMs(request, null));
  return responses.timeoutMs(request, health.firstByteMs);
}

/**
 * Longest time that this request may delay a level. Units: ms.
 *
 * A write: as long as such writes have taken before, 200 ms at least; without one, as long as the slowest write of the unit, 500 ms at least. A read of
 * registers that never replied: 200 ms, or longer if its unit usually needs longer. A shorter timeout of the profile replaces 200 and 500 ms. Any other
 * read: infinite, because its timeout is already based on measured times.
 */
export function hurriedMs(unit: Unit, request: ReadRequest | WriteRequest): number {
  if (!('count' in request)) return unit.responses.hurriedWriteMs(request);
  if (unit.responses.isKnown(request)) return Number.POSITIVE_INFINITY;
  const shortMs = unmetWaitMs(unit.driver.profile.quirks.responseTimeoutMs, 'hurried');
  return wasMet(unit) ? Math.max(shortMs, timeoutOf(unit)) : shortMs;
}

/**
 * Returns how long to wait for the reply to a probe. Units: ms.
 *
 * A unit with known response times gets its own timeout. For a unit that has never answered it is the shortest timeout of the units of its line that
 * have, so that many more silent units are probed in the same time. A later reply is recognised as late and also proves the unit. The first probes
 * wait the full timeout while the silent units' share of the line allows it: `savedMs` is what remains of that share. So does every 32nd probe.
 */
export function probeTimeoutFor(
  unit: Unit,
  request: ReadRequest,
  { units, savedMs }: { readonly units: readonly Unit[]; readonly savedMs: number },
): number {
  const ownMs = timeoutFor(unit, request);
  const { firstByteMs, failures } = unit.health;
  if (firstByteMs !== null || failures % FULL_WAIT_EVERY === 0 || (failures < SILENT_AFTER && ownMs <= savedMs)) return ownMs;
  return Math.min(ownMs, ...units.filter(({ health }) => health.firstByteMs !== null).map(timeoutOf));
}

/** Returns the slots (see `Slot`) of a unit that a read covers at least in part. */
export function slotsIn({ slots }: Unit, { table, address, count }: ReadRequest): readonly Slot[] {
  return slots.filter((slot) => slot.table === table && slot.address < address + count && slot.address + slot.count > address);
}

/**
 * Returns a short read that shows whether the unit answers. Every second probe reads its first slot (see `Slot`) that is not isolated. The others
 * rotate among all slots, because the unit may no longer answer for one of them. A unit without slots is read at its first point. Undefined if its
 * profile has no points.
 */
export function probeOf({ device, driver, slots, health }: Unit): ReadRequest | undefined {
  const proven = slots.filter(({ isolation }) => isolation === null);
  const some = health.failures % 2 === 0 && proven.length > 0 ? proven.slice(0, 1) : slots;
  const slot = some[Math.floor(health.failures / 2) % Math.max(1, some.length)];
  // A unit that is only written has no slot, but it also answers a read, at least with an exception.
  const place = slot ?? driver.profile.points[0];
  if (place === undefined) return undefined;
  const { table, address } = place;
  const count = slot?.count ?? 1;
  if (!driver.profile.quirks.evenAlign) return { unit: device.unit, table, address, count };
  return { unit: device.unit, table, address: address - (address % 2), count: count + (address % 2) + ((address + count) % 2) };
}
