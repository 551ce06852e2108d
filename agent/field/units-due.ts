/**
 * Which unit of a line is to be asked next: a poll, a set-up step or a probe.
 *
 * Pure. Never touches the line, never reads a clock. Called by the line runner between any two transactions.
 */
import type { MonoMs } from '../core/clock.ts';
import type { ReadRequest } from '../core/driver.ts';
import { firstDue, requestOf } from './poll-plan.ts';
import { probeOf, restedMono, type Slot, setUpReadOf, type Unit } from './unit.ts';

/** The answer to a read like this may still come from an earlier one: not before this time. */
export type HeldUntil = (request: ReadRequest) => MonoMs;

export interface DuePoll {
  readonly unit: Unit;
  readonly slot: Slot;
}

/** Of the blocks of this kind whose time has come, the one that came first. */
export function pollDue(
  units: readonly Unit[],
  kind: 'presence' | 'telemetry',
  at: { nowMono: MonoMs; held: HeldUntil },
): DuePoll | undefined {
  const { nowMono, held } = at;
  let best: DuePoll | undefined;
  for (const unit of units) {
    if (unit.health.state === 'silent' || restedMono(unit) > nowMono) continue;
    const askable = unit.slots.filter(
      (slot) => !slot.refused && (slot.block.poll === 'fast') === (kind === 'presence') && held(requestOf(slot)) <= nowMono,
    );
    const slot = firstDue(askable, nowMono);
    if (slot !== undefined && (best === undefined || slot.dueMono < best.slot.dueMono)) best = { unit, slot };
  }
  return best;
}

export function setUpDue(units: readonly Unit[], nowMono: MonoMs, held: HeldUntil): Unit | undefined {
  return units.find((unit) => (setUpMono(unit, held) ?? Number.POSITIVE_INFINITY) <= nowMono);
}

export function probeDue(units: readonly Unit[], nowMono: MonoMs, held: HeldUntil): Unit | undefined {
  return units.find((unit) => unit.health.state === 'silent' && probeMono(unit, held) <= nowMono);
}

/** When there is next something to ask of a unit; undefined when there never is. */
export function nextDueOf(unit: Unit, held: HeldUntil): MonoMs | undefined {
  if (unit.health.state === 'silent') return probeMono(unit, held);
  const rested = restedMono(unit);
  const polls = unit.slots.filter(({ refused }) => !refused).map((slot) => Math.max(slot.dueMono, rested, held(requestOf(slot))));
  const setUp = setUpMono(unit, held);
  const all = setUp === undefined ? polls : [...polls, setUp];
  return all.length === 0 ? undefined : Math.min(...all);
}

/** A flaky unit is set up once it answers again. */
function setUpMono(unit: Unit, held: HeldUntil): MonoMs | undefined {
  const read = setUpReadOf(unit);
  return read === undefined || unit.health.state !== 'ok' ? undefined : Math.max(restedMono(unit), held(read));
}

function probeMono(unit: Unit, held: HeldUntil): MonoMs {
  const probe = probeOf(unit);
  return probe === undefined ? Number.POSITIVE_INFINITY : Math.max(unit.health.dueMono, held(probe));
}
