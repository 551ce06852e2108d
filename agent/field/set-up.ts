/**
 * Registers that must be right before a unit is of use: ramps, failsafe, channel mode.
 *
 * Owns the doing of one step, one transaction at a time: looked at first, written only when it differs, because these registers live in
 * flash, and looked at again. Called by the line runner when a unit has answered for the first time, or again, or has restarted.
 */
import type { Reply } from '../core/driver.ts';
import { BusError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { Transactions } from './transactions.ts';
import { type SetupStep, setUpReadOf, type Unit } from './unit.ts';

/** Failures a unit may answer a step with before the step is left out. Source: assumed; a busy unit is ready after one. */
const STEP_TRIES = 3;
/** A register that keeps its own value is not written again for this long, however often its unit returns. Units: ms. Source: assumed; flash that takes 10,000 writes lasts as long as the lamp. */
const UNKEPT_REST_MS = 86_400_000;

/** The next transaction of the first step that the unit still needs. */
export async function setUpOne(unit: Unit, transactions: Transactions, log: Log): Promise<void> {
  const [step] = unit.pendingSteps;
  if (step === undefined) return;
  const { table, address, value } = step;
  const read = setUpReadOf(unit);
  const result = await (read === undefined
    ? transactions.write(unit, { unit: unit.device.unit, table, address, values: [value] })
    : transactions.read(unit, read));
  // It was welcomed anew meanwhile, and begins with its first step.
  if (unit.pendingSteps[0] !== step) return;
  if (result instanceof BusError) failed(unit, step, { error: result, log });
  else advance(unit, step, { reply: result, log });
}

function advance(unit: Unit, step: SetupStep, { reply, log }: { reply: Reply; log: Log }): void {
  const [found] = reply.words;
  const { address, value, why } = step;
  const device = unit.device.id;
  if (unit.stepPhase === 'write') {
    unit.stepPhase = 'prove';
  } else if (found === value) {
    if (unit.stepPhase === 'prove') log.event('unit-set-up', { device, address, was: unit.stepWas, value, why });
    done(unit);
  } else if (unit.stepPhase === 'look' && isUnkept(unit, step, found ?? null)) {
    done(unit);
  } else if (unit.stepPhase === 'look') {
    unit.stepWas = found ?? null;
    unit.stepPhase = 'write';
  } else if (++unit.stepFailures >= STEP_TRIES) {
    unit.unkeptSteps.set(step, { found: found ?? null, atMono: unit.lastMono });
    leaveOut(unit, step, { why: `reads back ${found}, wrote ${value}`, log });
  }
}

/** It holds what it held after it was last written in vain. Another value may be another unit's, or the same one's after a repair. */
function isUnkept({ unkeptSteps, lastMono }: Unit, step: SetupStep, found: number | null): boolean {
  const before = unkeptSteps.get(step);
  return before !== undefined && before.found === found && lastMono - before.atMono < UNKEPT_REST_MS;
}

/** A lost step is done when the unit answers again; one that is refused, now or always, must not keep the line busy. */
function failed(unit: Unit, step: SetupStep, { error, log }: { error: BusError; log: Log }): void {
  if (!error.policy.answered) return;
  if (error.policy.retry && ++unit.stepFailures < STEP_TRIES) return;
  leaveOut(unit, step, { why: error.message, log });
}

function leaveOut(unit: Unit, step: SetupStep, { why, log }: { why: string; log: Log }): void {
  if (!unit.toldSteps.has(step))
    log.event('unit-not-set-up', { device: unit.device.id, address: step.address, why: step.why, error: why }, 'warning');
  unit.toldSteps.add(step);
  done(unit);
}

function done(unit: Unit): void {
  unit.pendingSteps.shift();
  unit.stepPhase = 'look';
  unit.stepFailures = 0;
}
