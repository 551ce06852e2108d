/**
 * The progress of a unit's set-up, and its next request.
 *
 * Pure, over the state of one unit.
 */
import type { ReadRequest } from '../../core/driver.ts';
import type { SetupStep, StepState } from './set-up-writes.ts';
import type { Unit } from './unit.ts';
import { readOf } from './unit-requests.ts';

const FRESH_STEP: StepState = { phase: 'look', was: null, failures: 0, isUnproven: false };

/**
 * Returns the progress of a set-up step of the unit: phase `look` (its register is to be read) where none is stored, which includes a step
 * that is done.
 */
export function stepState({ stepStates }: Unit, step: SetupStep): StepState {
  return stepStates.get(step) ?? FRESH_STEP;
}

/**
 * Whether a set-up step of the unit still has to be read, written, or read back after its write. False also before the unit has answered,
 * and while only failed steps wait to be tried again.
 */
export function isSetUpOpen({ pendingSteps, provingSteps }: Unit): boolean {
  return pendingSteps.length > 0 || provingSteps.length > 0;
}

/**
 * Whether the unit has a pending set-up step with `forLevel`: the unit may refuse levels until the step is done. False also before the unit
 * has answered, once the write of the step was acknowledged (on a DALI bus: sent), and for a failed step until it is tried again.
 */
export function isLevelHeldBack({ pendingSteps }: Unit): boolean {
  return pendingSteps.some(({ forLevel }) => forLevel);
}

/**
 * Returns a number by which the units of a line are chosen for their next set-up step: the lowest first. A unit with a level that waits for
 * its set-up comes first, then those with fewer steps behind them. At equal numbers of steps, reads come before writes.
 */
export function setUpRank(unit: Unit): number {
  const { steps, pendingSteps, isLevelWaiting } = unit;
  const [next] = pendingSteps;
  const isWrite = next !== undefined && stepState(unit, next).phase === 'write';
  return (isLevelWaiting && isLevelHeldBack(unit) ? -1 : steps.length - pendingSteps.length) + (isWrite ? 0.5 : 0);
}

/** Returns the steps of the next set-up request: one to be read or written, or several to be read together. Empty when no step is left. */
export function nextRun(unit: Unit): readonly SetupStep[] {
  const list = unit.pendingSteps.length > 0 ? unit.pendingSteps : unit.provingSteps;
  const [first] = list;
  if (first === undefined) return [];
  const { phase, isUnproven } = stepState(unit, first);
  const run = [first];
  if (phase === 'write' || isUnproven || unit.isSetUpSingly) return run;
  for (const step of list.slice(1, maxRun(unit, first))) {
    const isNext = step.table === first.table && step.address === first.address + run.length;
    if (!isNext || stepState(unit, step).phase !== phase) break;
    run.push(step);
  }
  return run;
}

function maxRun({ driver: { profile } }: Unit, { table, address }: SetupStep): number {
  const { maxReadBits, maxReadRegisters, singleOnly, evenAlign } = profile.quirks;
  if (evenAlign || (table === 'holding' && singleOnly.length > 0)) return 1;
  return Math.min(table === 'coil' ? maxReadBits : maxReadRegisters, 0x1_0000 - address);
}

/** The next read of the set-up, before or after a write; undefined when no step is left or the next request is a write. */
export function setUpReadOf(unit: Unit): ReadRequest | undefined {
  const run = nextRun(unit);
  const [first] = run;
  if (first === undefined || stepState(unit, first).phase === 'write') return undefined;
  return readOf(unit, { table: first.table, address: first.address, count: run.length });
}
