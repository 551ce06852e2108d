/**
 * Set-up registers of a whole line that are written by broadcast.
 *
 * Writing hundreds of factory-new units one by one takes minutes, and longer if each stores its registers slowly. Once most units are found to need a
 * step, that step and the following ones are written to all. Each unit is read afterwards, and written by itself if it did not execute the broadcast.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { Transactions } from '../line/transactions.ts';
import { stepState } from './set-up-steps.ts';
import type { SetupStep } from './set-up-writes.ts';
import type { Unit } from './unit.ts';

/**
 * Fewest units that must need the write. Source: assumed; fewer are written one by one within seconds. Confirmed by: the set-up time of a factory-new
 * line on the bench.
 */
const FEWEST_UNITS = 8;
/**
 * Share of the line's units that must need the write: for the others it is an extra write into flash that wears. Source: assumed; meant for
 * factory-new lines. Confirmed by: how many units need a set-up at the commissioning of a cabinet.
 */
const NEEDED_SHARE = 0.75;
/** Longest silence after a broadcast, while the units store it. Units: ms. Source: the default response timeout of a profile. */
const MAX_PAUSE_MS = 300;

/** The parts of `createSetUpBroadcasts`: the units of one line, and what its set-up broadcasts use. */
export interface SetUpBroadcastParts {
  readonly units: readonly Unit[];
  readonly transactions: Transactions;
  readonly monoMs: () => MonoMs;
  /** The site confirms that all units of the line execute or ignore a broadcast. If false, none is sent. */
  readonly isAllowed: boolean;
  /** Called before a broadcast is sent: the counts of writes must be saved. */
  readonly onSetUpWrite?: (() => void) | undefined;
}

/** Chooses set-up steps of one line to be sent as broadcasts, and sends them; see `createSetUpBroadcasts`. */
export type SetUpBroadcasts = ReturnType<typeof createSetUpBroadcasts>;

/**
 * Creates the part that chooses set-up steps of a line to be sent as broadcasts, and sends them. It chooses a step that at least three
 * quarters of the units, and at least 8, are to write next, and the steps after it. It stops before a step that some unit does not have,
 * or that may not be written to each unit now. It chooses none unless `isAllowed`.
 */
export function createSetUpBroadcasts({ units, transactions, monoMs, isAllowed, onSetUpWrite }: SetUpBroadcastParts) {
  let queue: SetupStep[] = [];
  return {
    /** Returns the broadcast to send when it is this unit's turn; undefined if the unit is read or written by itself. */
    next(unit: Unit): SetupStep | undefined {
      if (isAllowed && queue.length === 0 && isNeededByMost(unit, units)) queue = sharedSteps(unit, units, monoMs());
      return queue[0];
    },
    /** Sends the broadcast and counts it as a write of every unit. */
    async send(step: SetupStep): Promise<void> {
      const { table, address, value } = step;
      queue = queue.slice(1);
      for (const unit of units) unit.setUpWrites.note(step, monoMs());
      onSetUpWrite?.();
      const pauseMs = Math.min(MAX_PAUSE_MS, Math.max(...units.map(({ driver }) => driver.profile.quirks.responseTimeoutMs)));
      await transactions.broadcast({ unit: 0, table, address, values: [value] }, pauseMs);
      for (const unit of units) lookAgain(unit, step);
    },
  };
}

/** No unit acknowledges a broadcast: the register is read before it is written again. */
function lookAgain(unit: Unit, step: SetupStep): void {
  const [next] = unit.pendingSteps;
  if (next === undefined || !isSameWrite(next, step)) return;
  const state = stepState(unit, next);
  if (state.phase === 'write') unit.stepStates.set(next, { ...state, phase: 'prove', isUnproven: true });
}

function isNeededByMost(unit: Unit, units: readonly Unit[]): boolean {
  const [step] = unit.pendingSteps;
  if (step === undefined || units.length < FEWEST_UNITS || stepState(unit, step).phase !== 'write') return false;
  const needing = units.filter((each) => {
    const [own] = each.pendingSteps;
    return own !== undefined && isSameWrite(own, step) && stepState(each, own).phase === 'write';
  });
  return needing.length >= Math.max(FEWEST_UNITS, NEEDED_SHARE * units.length);
}

/** The steps of this unit from its next one on, as long as every unit of the line has them and may be written. */
function sharedSteps({ pendingSteps }: Unit, units: readonly Unit[], nowMono: MonoMs): SetupStep[] {
  const isShared = (step: SetupStep): boolean =>
    units.every((unit) => {
      const isPending = unit.pendingSteps.some((own) => isSameWrite(own, step));
      // One write of the day is reserved for a unit that does not execute the broadcast.
      const mayWrite = isPending ? unit.setUpWrites.isUntouched(step, nowMono) : unit.setUpWrites.mayWrite(step, nowMono);
      // A unit without the step could interpret the write as something else.
      return mayWrite && unit.steps.some((own) => isSameWrite(own, step));
    });
  const end = pendingSteps.findIndex((step) => !isShared(step));
  return end < 0 ? [...pendingSteps] : pendingSteps.slice(0, end);
}

function isSameWrite(a: SetupStep, b: SetupStep): boolean {
  return a.table === b.table && a.address === b.address && a.value === b.value;
}
