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

/**
 * The usual timeout of the unit's reads, from its response times. Until one was measured, it is the timeout of the profile, at most 1 s.
 * On a network connection, `Transactions` may wait longer. Units: ms.
 */
export function timeoutOf({ health: { firstByteMs }, driver }: Unit): number {
  const { responseTimeoutMs } = driver.profile.quirks;
  return firstByteMs === null ? unmetWaitMs(responseTimeoutMs, 'read') : responseWaitMs(firstByteMs, responseTimeoutMs);
}

/**
 * How long to wait for the first byte of the reply to this request, from the response times of the unit, its profile or both. For a write
 * to a unit that has answered, it is at least the timeout of the profile. While a level waits, `hurriedMs` limits it. Units: ms.
 */
export function timeoutFor(unit: Unit, request: ReadRequest | WriteRequest): number {
  const { responses, health } = unit;
  if (!wasMet(unit)) return 'count' in request ? timeoutOf(unit) : unmetWaitMs(unit.driver.profile.quirks.responseTimeoutMs, 'write');
  // A silent unit must not hold up the line for registers that were never requested.
  if (health.state === 'silent' && 'count' in request) return Math.min(timeoutOf(unit), responses.timeoutMs(request, null));
  return responses.timeoutMs(request, health.firstByteMs);
}

/**
 * Returns the longest wait for the reply to this request while a level waits. Infinite for a read of registers whose response
 * times are all known: its wait is not shortened. Units: ms.
 */
export function hurriedMs(unit: Unit, request: ReadRequest | WriteRequest): number {
  if (!('count' in request)) return unit.responses.hurriedWriteMs(request);
  if (unit.responses.isKnown(request)) return Number.POSITIVE_INFINITY;
  const shortMs = unmetWaitMs(unit.driver.profile.quirks.responseTimeoutMs, 'hurried');
  return wasMet(unit) ? Math.max(shortMs, timeoutOf(unit)) : shortMs;
}

/**
 * Returns how long to wait for the reply to a probe of a silent unit, at most `timeoutFor`. A unit without response times usually gets
 * at most the shortest `timeoutOf` of the units with response times, if there are any. It gets the full time now and then, and after its
 * first lost requests if that is at most `savedMs`. `units`: those of the line. `savedMs`: what remains of the time that silent units may
 * take. Units: ms.
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
 * Returns a short read to test whether the unit answers; undefined if its profile has no points. The choice of the register varies with
 * `failures`, and may be an isolated one (see `Isolation`).
 */
export function probeOf(unit: Unit): ReadRequest | undefined {
  const { driver, slots, health } = unit;
  const proven = slots.filter(({ isolation }) => isolation === null);
  const some = health.failures % 2 === 0 && proven.length > 0 ? proven.slice(0, 1) : slots;
  const slot = some[Math.floor(health.failures / 2) % Math.max(1, some.length)];
  // A unit that is only written has no slot, but it also answers a read, at least with an exception.
  const place = slot ?? driver.profile.points[0];
  if (place === undefined) return undefined;
  const { table, address } = place;
  return readOf(unit, { table, address, count: slot?.count ?? 1 });
}

/** Returns a read of these registers or coils, extended to an even address and an even count if the unit requires them. */
export function readOf({ device, driver }: Unit, { table, address, count }: Pick<ReadRequest, 'table' | 'address' | 'count'>): ReadRequest {
  if (!driver.profile.quirks.evenAlign) return { unit: device.unit, table, address, count };
  return { unit: device.unit, table, address: address - (address % 2), count: count + (address % 2) + ((address + count) % 2) };
}
