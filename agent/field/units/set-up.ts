/**
 * Registers that must be right before a unit is of use: ramps, failsafe, channel mode.
 *
 * Each step goes its way, one transaction at a time:
 *
 *   look --right--> done
 *     |
 *     differs --> write --acknowledged--> prove, once nothing is left to write --right--> done
 *                   ^    \                                                     \--differs--> read again, then left out
 *                   |     \--not acknowledged--> prove at once --right--> done
 *                   +-- at most twice a day ----------------+--differs
 *                       because these registers are in flash
 *
 * Steps whose registers lie side by side are looked at, and proven, in one read. A step that fails too often is left out and tried again
 * later. The units of a line take turns: what the first steps protect is protected in all of them before the last steps of any.
 */

import type { Clock } from '../../core/clock.ts';
import type { Reply } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { Log } from '../../core/ports.ts';
import type { Transactions } from '../line/transactions.ts';
import { isUnitRefusal } from '../writes/write-reasons.ts';
import { isSetUpOpen, nextRun, setUpReadOf, stepState } from './set-up-steps.ts';
import { SET_UP_WRITES_A_DAY, type SetupStep, type StepState } from './set-up-writes.ts';
import type { Unit } from './unit.ts';

/**
 * Exceptions and lost replies that end a step for now. Source: assumed; a busy unit is ready after one. Confirmed by: exceptions during the set-up of
 * the shipped drivers on the bench.
 */
const STEP_TRIES = 3;
/**
 * A register that keeps its own value is not written again for this long, however often its unit returns. Units: ms. Source: assumed; flash that
 * endures 10,000 writes lasts as long as the lamp. Confirmed by: the flash endurance in the data sheets of the drivers.
 */
const UNKEPT_REST_MS = 86_400_000;
/**
 * Delay before failed steps are tried again; doubled each time. Units: ms. Source: assumed; a unit that was busy starting is ready soon, one that
 * lacks a register costs a request an hour. Confirmed by: start times of the shipped drivers on the bench.
 */
const AGAIN_MS = { first: 60_000, max: 3_600_000 };

/** What `setUpOne` uses to send and to report. */
export interface SetUpParts {
  readonly transactions: Transactions;
  readonly clock: Clock;
  readonly events: EventTracker;
  readonly log: Log;
  /** Called before a register is written: the count of its writes must be saved. */
  readonly onSetUpWrite?: () => void;
}

/**
 * Sends the next read or write of a unit's set-up, if there is one, and records its result in the unit. One read may serve several steps.
 * Steps that fail are reported as event `unit-not-set-up` at the end of the set-up.
 */
export async function setUpOne(unit: Unit, parts: SetUpParts): Promise<void> {
  const run = nextRun(unit);
  const [first] = run;
  const { setUpRound } = unit;
  if (first === undefined) return;
  const result = await transact(unit, first, parts);
  // The unit has returned during the request, and its set-up starts again with the first step.
  if (unit.setUpRound !== setUpRound) return;
  if (result instanceof BusError) failed(unit, run, result);
  else if (stepState(unit, first).phase === 'write') written(unit, first);
  else for (const [i, step] of run.entries()) judge(unit, step, { found: result.words[i] ?? null, log: parts.log });
  if (!isSetUpOpen(unit)) finish(unit, parts.events);
}

function transact(unit: Unit, step: SetupStep, { transactions, clock, onSetUpWrite }: SetUpParts): Promise<Reply | BusError> {
  const read = setUpReadOf(unit);
  if (read !== undefined) return transactions.read(unit, read);
  const { table, address, value } = step;
  unit.setUpWrites.note(step, clock.monoMs());
  onSetUpWrite?.();
  return transactions.write(unit, { unit: unit.device.unit, table, address, values: [value] });
}

/** Called after all steps: reports the failures in one event and schedules the retry. The same failure is not reported again each night. */
function finish(unit: Unit, events: EventTracker): void {
  const { device, failedSteps, lastMono, steps } = unit;
  unit.isLevelWaiting = false;
  const refused = steps.flatMap((step) => {
    const why = failedSteps.get(step);
    return why === undefined ? [] : [msg`${step.table} ${step.address} (${step.why}): ${why}`];
  });
  const text = msg`${device.id} is not set up, ${refused}; check that its profile fits its model and firmware`;
  if (refused.length === 0 || String(text) !== String(unit.setUpTrouble)) events.clear('unit-not-set-up', device.id);
  unit.setUpTrouble = refused.length === 0 ? NO_TEXT : text;
  unit.setUpTries = refused.length === 0 ? 0 : unit.setUpTries + 1;
  unit.setUpAgainMono = refused.length === 0 ? Number.POSITIVE_INFINITY : lastMono + againMs(unit.setUpTries);
  if (refused.length > 0) events.set(true, { code: 'unit-not-set-up', source: device.id, severity: 'warning', text });
}

function againMs(tries: number): number {
  return Math.min(AGAIN_MS.first * 2 ** Math.min(tries - 1, 16), AGAIN_MS.max);
}

/** The write was acknowledged, so the register most likely has the value. It is read once nothing is left to write. */
function written(unit: Unit, step: SetupStep): void {
  unit.stepStates.set(step, { ...stepState(unit, step), phase: 'prove', isUnproven: false });
  unit.pendingSteps.splice(unit.pendingSteps.indexOf(step), 1);
  unit.provingSteps.push(step);
}

/** Evaluates the register of a step that has been read. */
function judge(unit: Unit, step: SetupStep, { found, log }: { readonly found: number | null; readonly log: Log }): void {
  const { address, value, why } = step;
  const state = stepState(unit, step);
  const { phase, was, isUnproven } = state;
  if (found === value) {
    if (phase === 'prove') log.event('unit-set-up', { device: unit.device.id, address, was, value, why });
    unit.failedSteps.delete(step);
    done(unit, step);
  } else if (phase === 'look' && isUnkept(unit, step, found)) {
    done(unit, step);
  } else if (phase === 'look' || (isUnproven && state.failures < STEP_TRIES)) {
    writeNext(unit, step, { ...state, was: found });
  } else {
    const failures = countFailure(unit, step);
    if (failures < STEP_TRIES) return;
    if (!isUnproven) unit.unkeptSteps.set(step, { found, atMono: unit.lastMono });
    leaveOut(unit, step, found === null ? msg`reads back no value, wrote ${value}` : msg`reads back ${found}, wrote ${value}`);
  }
}

function writeNext(unit: Unit, step: SetupStep, state: StepState): void {
  unit.stepStates.set(step, { ...state, phase: 'write' });
  if (unit.setUpWrites.mayWrite(step, unit.lastMono)) return;
  const found = state.was === null ? msg`reads back no value` : msg`reads back ${state.was}`;
  leaveOut(unit, step, msg`${found}, was written ${SET_UP_WRITES_A_DAY} times within 24 h: it is in flash and is not written again today`);
}

/**
 * Whether the register still has the value it had after the last unsuccessful write. Another value may be that of another unit, or of a repaired one.
 */
function isUnkept({ unkeptSteps, lastMono }: Unit, step: SetupStep, found: number | null): boolean {
  const before = unkeptSteps.get(step);
  return before !== undefined && before.found === found && lastMono - before.atMono < UNKEPT_REST_MS;
}

/** A step that fails repeatedly must not keep the line busy: it is skipped for now. */
function failed(unit: Unit, run: readonly SetupStep[], error: BusError): void {
  const [step] = run as readonly [SetupStep];
  const state = stepState(unit, step);
  // A write without an answer may have arrived, also on a line that went down: it is read back before it is written again.
  if (state.phase === 'write' && !isUnitRefusal(error)) unit.stepStates.set(step, { ...state, phase: 'prove', isUnproven: true });
  // A line that went down is no evidence about the register, nor is a read that made room for a level.
  if (!error.policy.unitUsable || error.code === 'interrupted') return;
  // The refused register is found by reading them one by one.
  if (run.length > 1 && isUnitRefusal(error)) {
    unit.isSetUpSingly = true;
    return;
  }
  // A refused write would be written again.
  const mayRepeat = state.phase !== 'write' || !isUnitRefusal(error) || unit.setUpWrites.mayWrite(step, unit.lastMono);
  if (countFailure(unit, step) < STEP_TRIES && error.policy.retry && mayRepeat) return;
  leaveOut(unit, step, error.said);
}

function countFailure(unit: Unit, step: SetupStep): number {
  const state = stepState(unit, step);
  const failures = state.failures + 1;
  unit.stepStates.set(step, { ...state, failures });
  return failures;
}

function leaveOut(unit: Unit, step: SetupStep, why: Message): void {
  unit.failedSteps.set(step, why);
  done(unit, step);
}

function done(unit: Unit, step: SetupStep): void {
  for (const steps of [unit.pendingSteps, unit.provingSteps]) {
    const at = steps.indexOf(step);
    if (at >= 0) steps.splice(at, 1);
  }
  unit.stepStates.delete(step);
}
