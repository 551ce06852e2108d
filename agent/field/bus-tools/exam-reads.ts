/**
 * What an examination reads from a unit: a short and a long block of registers that its profile has.
 *
 * Pure.
 */
import type { ReadRequest } from '../../core/driver.ts';
import type { Slot } from '../polls/poll-plan.ts';
import type { Unit } from '../units/unit.ts';
import { probeOf } from '../units/unit-requests.ts';

/** Registers of the long read at most. Source: assumed; a reply of 69 bytes takes 80 ms at 9600 baud, which an urgent level may have to wait. Confirmed by: waits of urgent levels during examinations. */
const LONG_REGISTERS = 32;

/** The reads of one unit in an examination: a short and a long block of its registers. Both may be the same. */
export interface ExamReads {
  readonly short: ReadRequest;
  readonly long: ReadRequest;
}

/** Returns the reads for a unit; undefined if its profile has no points. */
export function examReads(unit: Unit): ExamReads | undefined {
  const usable = unit.slots.filter(isUsable);
  const probe = probeOf(unit);
  if (usable.length === 0 || unit.driver.profile.quirks.evenAlign) return probe && { short: probe, long: probe };
  const runs = usable.map((slot) => runFrom(unit, slot));
  const byLength = runs.toSorted((a, b) => a.count - b.count);
  const short = usable.toSorted((a, b) => a.count - b.count)[0] as Slot;
  return {
    short: { unit: unit.device.unit, table: short.table, address: short.address, count: short.count },
    long: byLength.at(-1) as ReadRequest,
  };
}

/** The longest block that starts with this slot, across holes that the unit accepts. */
function runFrom({ device, driver, noHoles, slots }: Unit, first: Slot): ReadRequest {
  const { maxHole, maxReadRegisters } = driver.profile.quirks;
  const { table, address } = first;
  let end = address + first.count;
  for (const slot of slots.slice(slots.indexOf(first) + 1)) {
    const next = slot.address + slot.count;
    if (slot.table !== table || !isUsable(slot) || slot.cutBefore || slot.address - end > (noHoles ? 0 : maxHole)) break;
    if (next - address > Math.min(LONG_REGISTERS, maxReadRegisters)) break;
    end = next;
  }
  return { unit: device.unit, table, address, count: end - address };
}

/** Whether the slot contains registers that the unit gives, also in a read with others. */
function isUsable({ isolation, isSingle, table }: Slot): boolean {
  return isolation === null && !isSingle && (table === 'holding' || table === 'input');
}
