/**
 * Registers that give no data again and again while the unit answers others.
 *
 * Some units answer "device failure" for a register that they do not have: pymodbus for a coil, a gateway for a unit that is not behind it.
 * Others do not answer at all.
 */
import type { Unit } from '../units/unit.ts';
import type { IsolationCause } from './isolation.ts';
import { type PollBlock, rejoin, type Slot } from './poll-plan.ts';

/** Failures of a register alone, each after the unit has answered something else, before it is isolated. Source: assumed. */
const LASTING_AFTER = 3;
/** Long reads lost in a row, each of which was answered in pieces, before they stay in pieces. Source: assumed; one lost reply is noise. */
const TOO_LONG_AFTER = 3;

interface Failing {
  readonly slots: Map<Slot, { times: number; seen: number }>;
  /** The last long read that was lost, and how many such were lost in a row. Units: registers or bits. */
  lostCount: number;
  losses: number;
}

export function createFailingRegisters() {
  const units = new Map<Unit, Failing>();
  const failingOf = (unit: Unit): Failing => {
    const failing = units.get(unit) ?? { slots: new Map(), lostCount: 0, losses: 0 };
    units.set(unit, failing);
    return failing;
  };
  return {
    /** The unit gave no data for these. True when it was one alone and it lasts. */
    failed(unit: Unit, slots: readonly Slot[], cause: Exclude<IsolationCause, 'refused'>): boolean {
      const failing = failingOf(unit);
      unit.isSearching = true;
      for (const slot of slots) if (!failing.slots.has(slot)) failing.slots.set(slot, { times: 0, seen: -1 });
      const [only, ...others] = slots;
      const entry = only === undefined || others.length > 0 ? undefined : failing.slots.get(only);
      if (entry === undefined) return false;
      // While the unit answers nothing at all, the failure is not this register's. Where it refuses all, an exception is no sign of life of others.
      const seen = cause === 'silent' ? unit.replies + unit.refusals : unit.replies;
      if (seen > entry.seen) entry.times++;
      entry.seen = seen;
      if (entry.times < LASTING_AFTER) return false;
      failing.slots.delete(only as Slot);
      if (failing.slots.size === 0) unit.isSearching = false;
      return true;
    },
    /** A block of several slots was lost, so that it is requested in pieces. */
    cut(unit: Unit, { count }: PollBlock): void {
      const failing = failingOf(unit);
      // The pieces of a lost read are shorter, and no further long read.
      if (count >= failing.lostCount) failing.losses++;
      failing.lostCount = Math.max(failing.lostCount, count);
    },
    /** The unit answers for these, only later than it was waited for. */
    responded(unit: Unit, slots: readonly Slot[]): void {
      const failing = units.get(unit);
      for (const slot of slots) failing?.slots.delete(slot);
    },
    /** The unit gave data for these; what was cut apart in the search is put together once none is left. */
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
