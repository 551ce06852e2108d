/**
 * Registers that must be right before a unit is of use: ramps, failsafe, channel mode.
 *
 * One step, one transaction at a time:
 *
 *   look --right--> done
 *     |
 *     differs --> write --sent--> prove --right--> done
 *                   ^               +--differs, and the write was not acknowledged--> write
 *                   |               +--differs--> read again, then left out
 *                   +-- at most twice a day, because these registers are in flash
 *
 * A step that fails too often is left out and tried again later.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { Reply } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { Log } from '../../core/ports.ts';
import type { Transactions } from '../line/transactions.ts';
import { isUnitRefusal } from '../writes/write-reasons.ts';
import { SET_UP_WRITES_A_DAY, type SetupStep } from './set-up-writes.ts';
import type { Unit } from './unit.ts';
import { setUpReadOf } from './unit-requests.ts';

/** Exceptions and lost replies that end a step for now. Source: assumed; a busy unit is ready after one. */
const STEP_TRIES = 3;
/** A register that keeps its own value is not written again for this long, however often its unit returns. Units: ms. Source: assumed; flash that takes 10,000 writes lasts as long as the lamp. */
const UNKEPT_REST_MS = 86_400_000;
/** Until failed steps are tried again; doubled each time. Units: ms. Source: assumed; a unit that was busy starting is ready soon, one that lacks a register costs a request an hour. */
const AGAIN_MS = { first: 60_000, max: 3_600_000 };

export interface SetUpParts {
  readonly transactions: Transactions;
  readonly clock: Clock;
  readonly events: EventTracker;
  readonly log: Log;
  /** A register is about to be written: its count must outlive the agent. */
  readonly onSetUpWrite?: () => void;
}

/** Does the next transaction of the first pending step. A step that fails is reported as an event until it succeeds. */
export async function setUpOne(unit: Unit, parts: SetUpParts): Promise<void> {
  if (unit.pendingSteps.length === 0) unit.pendingSteps = [...unit.failedSteps.keys()];
  const {
    pendingSteps: [step],
    setUpRound,
  } = unit;
  if (step === undefined) return;
  const result = await transact(unit, step, parts);
  // The unit has returned meanwhile, and its set-up starts again with the first step.
  if (unit.setUpRound !== setUpRound) return;
  if (result instanceof BusError) failed(unit, step, result);
  else advance(unit, step, { reply: result, log: parts.log });
  if (unit.pendingSteps.length === 0) finish(unit, parts.events);
}

function transact(unit: Unit, step: SetupStep, { transactions, clock, onSetUpWrite }: SetUpParts): Promise<Reply | BusError> {
  const read = setUpReadOf(unit);
  if (read !== undefined) return transactions.read(unit, read);
  const { table, address, value } = step;
  unit.setUpWrites.note(step, clock.monoMs());
  onSetUpWrite?.();
  return transactions.write(unit, { unit: unit.device.unit, table, address, values: [value] });
}

/** After all steps: reports what failed in one event and sets when it is tried again. The same failure is not reported again each night. */
function finish(unit: Unit, events: EventTracker): void {
  const { device, failedSteps, lastMono } = unit;
  const refused = [...failedSteps].map(([{ table, address, why }, error]) => `${table} ${address} (${why}): ${error}`);
  const text = `${device.id} is not set up, ${refused.join('; ')}; check that its profile fits its model and firmware`;
  if (refused.length === 0 || text !== unit.setUpTrouble) events.clear('unit-not-set-up', device.id);
  unit.setUpTrouble = refused.length === 0 ? '' : text;
  unit.setUpTries = refused.length === 0 ? 0 : unit.setUpTries + 1;
  unit.setUpAgainMono = refused.length === 0 ? Number.POSITIVE_INFINITY : lastMono + againMs(unit.setUpTries);
  if (refused.length > 0) events.set(true, { code: 'unit-not-set-up', source: device.id, severity: 'warning', text });
}

function againMs(tries: number): number {
  return Math.min(AGAIN_MS.first * 2 ** Math.min(tries - 1, 16), AGAIN_MS.max);
}

function advance(unit: Unit, step: SetupStep, { reply, log }: { reply: Reply; log: Log }): void {
  const found = reply.words[0] ?? null;
  const { address, value, why } = step;
  const device = unit.device.id;
  if (unit.stepPhase === 'write') {
    unit.stepPhase = 'prove';
    unit.isStepUnproven = false;
  } else if (found === value) {
    if (unit.stepPhase === 'prove') log.event('unit-set-up', { device, address, was: unit.stepWas, value, why });
    unit.failedSteps.delete(step);
    done(unit);
  } else if (unit.stepPhase === 'look' && isUnkept(unit, step, found)) {
    done(unit);
  } else if (unit.stepPhase === 'look' || (unit.isStepUnproven && unit.stepFailures < STEP_TRIES)) {
    unit.stepWas = found;
    writeNext(unit, step, unit.lastMono);
  } else if (++unit.stepFailures >= STEP_TRIES) {
    if (!unit.isStepUnproven) unit.unkeptSteps.set(step, { found, atMono: unit.lastMono });
    leaveOut(unit, step, `reads back ${found}, wrote ${value}`);
  }
}

function writeNext(unit: Unit, step: SetupStep, nowMono: MonoMs): void {
  unit.stepPhase = 'write';
  if (unit.setUpWrites.mayWrite(step, nowMono)) return;
  const why = `reads back ${unit.stepWas}, was written ${SET_UP_WRITES_A_DAY} times within 24 h: it is in flash and is not written again today`;
  leaveOut(unit, step, why);
}

/** The register still has the value it had after the last write in vain. Another value may be that of another unit, or of a repaired one. */
function isUnkept({ unkeptSteps, lastMono }: Unit, step: SetupStep, found: number | null): boolean {
  const before = unkeptSteps.get(step);
  return before !== undefined && before.found === found && lastMono - before.atMono < UNKEPT_REST_MS;
}

/** A step that fails again and again, by exceptions or without a reply, must not keep the line busy: it is left out for now. */
function failed(unit: Unit, step: SetupStep, error: BusError): void {
  // A line that went down says nothing about the register.
  if (!error.policy.unitUsable) return;
  if (unit.stepPhase === 'write' && !isUnitRefusal(error)) {
    unit.stepPhase = 'prove';
    unit.isStepUnproven = true;
  }
  if (++unit.stepFailures < STEP_TRIES && error.policy.retry) return;
  leaveOut(unit, step, error.message);
}

function leaveOut(unit: Unit, step: SetupStep, why: string): void {
  unit.failedSteps.set(step, why);
  done(unit);
}

function done(unit: Unit): void {
  unit.pendingSteps.shift();
  unit.stepPhase = 'look';
  unit.stepFailures = 0;
  unit.isStepUnproven = false;
}
