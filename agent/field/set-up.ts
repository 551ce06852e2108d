/**
 * Registers that must be right before a unit is of use: ramps, failsafe, channel mode.
 *
 * Owns the doing of one step, one transaction at a time: looked at first, written only when it differs, because these registers live in
 * flash, and looked at again. Called by the line runner when a unit has answered for the first time, or again, or has restarted.
 */
import type { Reply } from '../core/driver.ts';
import { BusError } from '../core/errors.ts';
import type { EventBook } from '../core/event-book.ts';
import type { Log } from '../core/ports.ts';
import type { Transactions } from './transactions.ts';
import { type SetupStep, setUpReadOf, type Unit } from './unit.ts';

/** Failures a unit may answer a step with before the step is left out. Source: assumed; a busy unit is ready after one. */
const STEP_TRIES = 3;
/** A register that keeps its own value is not written again for this long, however often its unit returns. Units: ms. Source: assumed; flash that takes 10,000 writes lasts as long as the lamp. */
const UNKEPT_REST_MS = 86_400_000;

export interface SetUpParts {
  readonly transactions: Transactions;
  readonly events: EventBook;
  readonly log: Log;
}

/** The next transaction of the first step that the unit still needs. What it refuses is an event until the unit takes it. */
export async function setUpOne(unit: Unit, { transactions, events, log }: SetUpParts): Promise<void> {
  const [step] = unit.pendingSteps;
  if (step === undefined) return;
  const { table, address, value } = step;
  const read = setUpReadOf(unit);
  const result = await (read === undefined
    ? transactions.write(unit, { unit: unit.device.unit, table, address, values: [value] })
    : transactions.read(unit, read));
  // It was welcomed anew meanwhile, and begins with its first step.
  if (unit.pendingSteps[0] !== step) return;
  if (result instanceof BusError) failed(unit, step, result);
  else advance(unit, step, { reply: result, log });
  if (unit.pendingSteps.length === 0) tell(unit, events);
}

/** Once all steps have been tried: what is refused now, in one event. A person need not hear of the same each night. */
function tell(unit: Unit, events: EventBook): void {
  const { device, failedSteps } = unit;
  const refused = [...failedSteps].map(([{ table, address, why }, error]) => `${table} ${address} (${why}): ${error}`);
  const text = `${device.id} is not set up, ${refused.join('; ')}; check that its profile fits its model and firmware`;
  if (refused.length === 0 || text !== unit.setUpTrouble) events.clear('unit-not-set-up', device.id);
  unit.setUpTrouble = refused.length === 0 ? '' : text;
  if (refused.length > 0) events.set(true, { code: 'unit-not-set-up', source: device.id, severity: 'warning', text });
}

function advance(unit: Unit, step: SetupStep, { reply, log }: { reply: Reply; log: Log }): void {
  const [found] = reply.words;
  const { address, value, why } = step;
  const device = unit.device.id;
  if (unit.stepPhase === 'write') {
    unit.stepPhase = 'prove';
  } else if (found === value) {
    if (unit.stepPhase === 'prove') log.event('unit-set-up', { device, address, was: unit.stepWas, value, why });
    unit.failedSteps.delete(step);
    done(unit);
  } else if (unit.stepPhase === 'look' && isUnkept(unit, step, found ?? null)) {
    done(unit);
  } else if (unit.stepPhase === 'look') {
    unit.stepWas = found ?? null;
    unit.stepPhase = 'write';
  } else if (++unit.stepFailures >= STEP_TRIES) {
    unit.unkeptSteps.set(step, { found: found ?? null, atMono: unit.lastMono });
    leaveOut(unit, step, `reads back ${found}, wrote ${value}`);
  }
}

/** It holds what it held after it was last written in vain. Another value may be another unit's, or the same one's after a repair. */
function isUnkept({ unkeptSteps, lastMono }: Unit, step: SetupStep, found: number | null): boolean {
  const before = unkeptSteps.get(step);
  return before !== undefined && before.found === found && lastMono - before.atMono < UNKEPT_REST_MS;
}

/** A lost step is done when the unit answers again; one that is refused, now or always, must not keep the line busy. */
function failed(unit: Unit, step: SetupStep, error: BusError): void {
  if (!error.policy.answered) return;
  if (error.policy.retry && ++unit.stepFailures < STEP_TRIES) return;
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
}
