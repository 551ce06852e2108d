/**
 * Registers that repeatedly give no data while the unit answers for others.
 *
 * Some units answer "device failure" for a register that they do not have: pymodbus for a coil, a gateway for a unit that is not behind it. Others do
 * not answer at all.
 */
import type { Unit } from '../units/unit.ts';
import type { IsolationCause } from './isolation.ts';
import { type PollBlock, rejoin, type Slot } from './poll-plan.ts';

/**
 * Failures of a register read alone, each after the unit has answered something else, before it is isolated. Source: assumed. Confirmed by:
 * exceptions of busy units in a week of logs.
 */
const LASTING_AFTER = 3;
/**
 * Long reads lost in a row, each then answered in pieces, before they stay split. Source: assumed; one lost reply is noise. Confirmed by: lost long
 * reads of healthy units in a week of logs.
 */
const TOO_LONG_AFTER = 3;

interface Failing {
  readonly slots: Map<Slot, { times: number; seen: number }>;
  /** The last long read that was lost, and how many such were lost in a row. Units: registers or bits. */
  lostCount: number;
  losses: number;
}

/**
 * Creates an empty record of registers that give no data while their unit answers for others, and of long reads that are lost. `failed` and
 * `answered` also set `isSearching` of the unit. `answered` ends the splits of its slots when it ends the search.
 */
export function createFailingRegisters() {
  const units = new Map<Unit, Failing>();
  const failingOf = (unit: Unit): Failing => {
    const failing = units.get(unit) ?? { slots: new Map(), lostCount: 0, losses: 0 };
    units.set(unit, failing);
    return failing;
  };
  return {
    /**
     * Records that the unit gave no data for these slots. True if it was a single slot that has failed so often that it is to be isolated.
     */
    failed(unit: Unit, slots: readonly Slot[], cause: Exclude<IsolationCause, 'refused'>): boolean {
      const failing = failingOf(unit);
      unit.isSearching = true;
      for (const slot of slots) if (!failing.slots.has(slot)) failing.slots.set(slot, { times: 0, seen: -1 });
      const [only, ...others] = slots;
      const entry = only === undefined || others.length > 0 ? undefined : failing.slots.get(only);
      if (entry === undefined) return false;
      // While the unit answers nothing at all, the fault is not this register's. If it refuses everything, an exception does not show that other
      // registers work.
      const seen = cause === 'silent' ? unit.replies + unit.refusals : unit.replies;
      if (seen > entry.seen) entry.times++;
      entry.seen = seen;
      if (entry.times < LASTING_AFTER) return false;
      failing.slots.delete(only as Slot);
      if (failing.slots.size === 0) unit.isSearching = false;
      return true;
    },
    /** Records that a block of several slots was lost. The caller splits it. */
    cut(unit: Unit, { count }: PollBlock): void {
      const failing = failingOf(unit);
      // The pieces of a lost read are shorter; they do not count as further long reads.
      if (count >= failing.lostCount) failing.losses++;
      failing.lostCount = Math.max(failing.lostCount, count);
    },
    /** Records that the unit answers for these slots, but later than the agent waited. */
    responded(unit: Unit, slots: readonly Slot[]): void {
      const failing = units.get(unit);
      for (const slot of slots) failing?.slots.delete(slot);
    },
    /** Records data for these slots. Blocks that were split in the search may be joined again. */
    answered(unit: Unit, { slots, count }: PollBlock): void {
      const failing = units.get(unit);
      if (failing === undefined) return;
      if (slots.length > 1 && count >= failing.lostCount) [failing.lostCount, failing.losses] = [0, 0];
      if (!unit.isSearching) return;
      for (const slot of slots) failing.slots.delete(slot);
      if (failing.slots.size > 0 || failing.losses >= TOO_LONG_AFTER) return;
      unit.isSearching = false;
      rejoin(unit.slots);
    },
  };
}
