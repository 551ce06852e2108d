/**
 * Registers that must be right before a unit is of use: ramps, failsafe, channel mode.
 *
 * Owns the doing of one step. Called by the line runner when a unit has answered for the first time, or again.
 */
import { BusError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import type { Transactions } from './transactions.ts';
import { setUpReadOf, type Unit } from './unit.ts';

/** Failures a unit may answer a step with before the step is left out. Source: assumed; a busy unit is ready after one. */
const STEP_TRIES = 3;

/** One step: looked at first, written only when it differs, because these registers live in flash. */
export async function setUpOne(unit: Unit, transactions: Transactions, log: Log): Promise<void> {
  const [step] = unit.pendingSteps;
  const read = setUpReadOf(unit);
  if (step === undefined || read === undefined) return;
  const found = await transactions.read(unit, read);
  if (found instanceof BusError) return failed(unit, found, log);
  const [was] = found.words;
  const { table, address, value, why } = step;
  if (was !== value) {
    const written = await transactions.write(unit, { unit: unit.device.unit, table, address, values: [value] });
    if (written instanceof BusError) return failed(unit, written, log);
    log.event('unit-set-up', { device: unit.device.id, address, was, value, why });
  }
  done(unit);
}

/** A lost step is done when the unit answers again; one that is refused, now or always, must not keep the line busy. */
function failed(unit: Unit, error: BusError, log: Log): void {
  if (!error.policy.answered) return;
  unit.stepFailures++;
  if (error.policy.retry && unit.stepFailures < STEP_TRIES) return;
  const [step] = unit.pendingSteps;
  log.event('unit-not-set-up', { device: unit.device.id, address: step?.address, why: step?.why, error: error.message }, 'warning');
  done(unit);
}

function done(unit: Unit): void {
  unit.pendingSteps.shift();
  unit.stepFailures = 0;
}
