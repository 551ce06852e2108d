/**
 * What a unit is asked outside of its polls, and how long each request to it is waited for.
 *
 * Pure: reads the unit, never changes it.
 */
import type { ReadRequest, WriteRequest } from '../../core/driver.ts';
import type { Slot } from '../polls/poll-plan.ts';
import { responseWaitMs } from './response-times.ts';
import type { Unit } from './unit.ts';

/** How long its reads are usually waited for: as it has shown, or as its profile says before it has shown anything. Units: ms. */
export function timeoutOf({ health: { firstByteMs }, driver }: Unit): number {
  const { responseTimeoutMs } = driver.profile.quirks;
  return firstByteMs === null ? responseTimeoutMs : responseWaitMs(firstByteMs, responseTimeoutMs);
}

/** How long to wait for the first byte of the reply to this request. Units: ms. */
export function timeoutFor(unit: Unit, request: ReadRequest | WriteRequest): number {
  const { responses, health } = unit;
  // One that does not respond to anything must not hold up the line for what it has never been asked.
  if (health.state === 'silent' && 'count' in request) return Math.min(timeoutOf(unit), responses.timeoutMs(request, null));
  return responses.timeoutMs(request, health.firstByteMs);
}

/** The slots that a read covers at least in part. */
export function slotsIn({ slots }: Unit, { table, address, count }: ReadRequest): readonly Slot[] {
  return slots.filter((slot) => slot.table === table && slot.address < address + count && slot.address + slot.count > address);
}

/**
 * The cheapest question that proves that it is there: a register that has given data before, and others in turn, for the one may be
 * what it does not answer any more.
 */
export function probeOf({ device, driver, slots, health }: Unit): ReadRequest | undefined {
  const proven = slots.filter(({ isolation }) => isolation === null);
  const some = health.failures % 2 === 0 && proven.length > 0 ? proven.slice(0, 1) : slots;
  const slot = some[Math.floor(health.failures / 2) % Math.max(1, some.length)];
  // One that is only ever written has no slot, but it answers a question too, if only to refuse it.
  const place = slot ?? driver.profile.points[0];
  if (place === undefined) return undefined;
  const { table, address } = place;
  const count = slot?.count ?? 1;
  if (!driver.profile.quirks.evenAlign) return { unit: device.unit, table, address, count };
  return { unit: device.unit, table, address: address - (address % 2), count: count + (address % 2) + ((address + count) % 2) };
}

/** How the register of its next set-up step is looked at; undefined when it is set up or the step is to be written. */
export function setUpReadOf({ device, pendingSteps, stepPhase }: Unit): ReadRequest | undefined {
  const [step] = pendingSteps;
  if (step === undefined || stepPhase === 'write') return undefined;
  return { unit: device.unit, table: step.table, address: step.address, count: 1 };
}
