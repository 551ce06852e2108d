/**
 * Registers at which a unit fails again and again while it answers others.
 *
 * Some units say "device failure" where they mean "I do not have this": pymodbus of a coil, a gateway of what is not behind it.
 * Owns their count, and when such a register is worth asking again. Never asks. Called by `polls.ts`.
 */
import type { MonoMs } from '../core/clock.ts';
import type { Slot } from './poll-plan.ts';
import type { Unit } from './unit.ts';

/** Failures of a register alone, each after a good answer of its unit, before it counts as one that is not there. Source: assumed. */
const LASTING_AFTER = 3;
/** What failed may heal without a restart that would be noticed, a new ballast behind its gateway. Units: ms. Source: assumed. */
const HEALED_AFTER_MS = 600_000;

export interface FailingRegisters {
  /** The unit failed at these. True when it was one alone and it lasts. */
  failed(unit: Unit, slots: readonly Slot[], nowMono: MonoMs): boolean;
  /** The unit answered for these; what was cut apart in the search for the one that fails is put together once none does. */
  answered(unit: Unit, slots: readonly Slot[]): void;
  /** Take up again what has failed long ago. */
  renew(unit: Unit, nowMono: MonoMs): void;
}

interface Failing {
  readonly slots: Map<Slot, { times: number; answers: number; retryMono: MonoMs }>;
  /** Good answers of the unit since. */
  answers: number;
}

export function createFailingRegisters(): FailingRegisters {
  const units = new Map<Unit, Failing>();
  return {
    failed(unit, slots, nowMono) {
      const failing = units.get(unit) ?? { slots: new Map(), answers: 0 };
      units.set(unit, failing);
      for (const slot of slots)
        if (!failing.slots.has(slot)) failing.slots.set(slot, { times: 0, answers: -1, retryMono: Number.POSITIVE_INFINITY });
      const [only, ...others] = slots;
      const entry = only === undefined || others.length > 0 ? undefined : failing.slots.get(only);
      if (entry === undefined) return false;
      // While the unit answers nothing at all, the failure is not this register's.
      if (failing.answers > entry.answers) entry.times++;
      entry.answers = failing.answers;
      if (entry.times < LASTING_AFTER) return false;
      entry.retryMono = nowMono + HEALED_AFTER_MS;
      return true;
    },
    answered(unit, slots) {
      const failing = units.get(unit);
      if (failing === undefined) return;
      failing.answers++;
      for (const slot of slots) failing.slots.delete(slot);
      if (failing.slots.size > 0) return;
      units.delete(unit);
      for (const slot of unit.slots) slot.cutBefore = false;
    },
    renew(unit, nowMono) {
      for (const [slot, entry] of units.get(unit)?.slots ?? []) {
        if (entry.retryMono > nowMono) continue;
        entry.retryMono = Number.POSITIVE_INFINITY;
        slot.refused = false;
        slot.dueMono = nowMono;
        // Alone, so that its neighbours are not asked again for its sake.
        const behind = unit.slots[unit.slots.indexOf(slot) + 1];
        for (const edge of [slot, behind]) if (edge !== undefined) edge.cutBefore = true;
      }
    },
  };
}
