/**
 * A unit of a line as the runner keeps it.
 *
 * Owns the shape and a few questions about it. Changed by the line's own parts alone.
 */
import type { DeviceConfig } from '../../core/cabinet.ts';
import type { MonoMs, WallMs } from '../../core/clock.ts';
import type { ModbusDriver } from '../../core/driver.ts';
import type { SetupParameter } from '../../core/profile.ts';
import { type Slot, slotsOf } from '../polls/poll-plan.ts';
import { createResponseTimes, type ResponseTimes } from './response-times.ts';
import { createSetUpWrites, type SetUpWrites, type SetupStep } from './set-up-writes.ts';
import { FRESH, type UnitHealth } from './unit-health.ts';

/**
 * A unit all of whose registers are isolated is still sent a request this often. Units: ms.
 * Source: drivers go to their failsafe level when no request has come for `failsafeTimeoutS`, 60 s; six requests fit into it.
 */
const KEEP_ASKING_MS = 10_000;

/** One unit of a line while the agent runs. Owned and changed by the parts of its line alone. */
export interface Unit {
  readonly device: DeviceConfig;
  readonly driver: ModbusDriver;
  readonly steps: readonly SetupStep[];
  /** By table and address. */
  readonly slots: readonly Slot[];
  /** Its place among the units of the line, so that their polls spread over a period. Units: above 0, up to 1. */
  readonly phase: number;
  health: UnitHealth;
  readonly responses: ResponseTimes;
  /** It refuses to be read over registers that it does not have. */
  noHoles: boolean;
  /** When its presence inputs, the rest, and its isolated registers are next due; infinite where there are none. Kept by `replan`. */
  presenceMono: MonoMs;
  telemetryMono: MonoMs;
  retryMono: MonoMs;
  /** Blocks have been lost whose registers are looked for one by one. */
  isSearching: boolean;
  /** What it has given since the start: data and acknowledgements, exceptions and late replies. */
  replies: number;
  refusals: number;
  /** When it last gave data, or was met; what its points hold is no older. */
  dataMono: MonoMs;
  /** It has not answered yet, or not since it fell silent or its line went down. */
  isAway: boolean;
  /** Its first lost reply since it last responded; null while it does. */
  missedMono: MonoMs | null;
  /** It is away, and that is not reported yet. */
  isAwayNew: boolean;
  /** How the request ended by which it was given up. */
  lostFinding: string;
  /** What was last reported of it: alive, or not; null before either. */
  isReportedAlive: boolean | null;
  /** Set-up steps still to do; filled when the unit is met. */
  pendingSteps: SetupStep[];
  /** Where the first pending step stands: to be looked at, to be written, to be proved; `was` is what it held. */
  stepPhase: 'look' | 'write' | 'prove';
  stepWas: number | null;
  /** Tries of the first pending step that ended with an exception or without a reply. */
  stepFailures: number;
  /** The write of the first pending step was not acknowledged. */
  isStepUnproven: boolean;
  /** Steps that it last refused, and how; and the words in which that was told, empty when nothing is wrong. */
  readonly failedSteps: Map<SetupStep, string>;
  setUpTrouble: string;
  /** When the failed steps are tried again, and how often they have been; infinite while there are none. */
  setUpAgainMono: MonoMs;
  /** Counts its set-ups, so that the end of a step of an older one is told from this one's. */
  setUpRound: number;
  setUpTries: number;
  /** What an earlier run has written is not known yet: nothing is written before it is. */
  isSetUpHeld: boolean;
  /** How often each register of its set-up has been written of late. */
  readonly setUpWrites: SetUpWrites;
  /** Steps whose register was written and kept another value: which, and when. */
  readonly unkeptSteps: Map<SetupStep, { readonly found: number | null; readonly atMono: MonoMs }>;
  /** What its uptime register last said. */
  uptime: number | null;
  seenMs: WallMs | null;
  /** End of the last exchange with it. */
  lastMono: MonoMs;
  /** The answer to what it would be asked next may still come from an earlier question: not before this time. */
  heldMono: MonoMs;
  /** It may have been powered with its line and need this long before it answers. */
  startingMono: MonoMs;
  /** A silent unit gets writes too, but not more often than these allow: for its own sake, and for the line's. */
  nextWriteMono: MonoMs;
  hushedMono: MonoMs;
}

export type SetupValues = Readonly<Record<SetupParameter, number>>;

export function createUnit({
  device,
  driver,
  setupValues,
  phase = 1,
}: {
  readonly device: DeviceConfig;
  readonly driver: ModbusDriver;
  readonly setupValues: SetupValues;
  readonly phase?: number;
}): Unit {
  const { profile } = driver;
  const steps = profile.setup.map(({ value, max = 0xffff, ...step }) => ({
    ...step,
    // A register holds whole numbers only, and a ramp of the site may be longer than the driver knows.
    value: typeof value === 'number' ? value : Math.min(Math.round(setupValues[value]), max),
  }));
  const slots = slotsOf(profile);
  const unit: Unit = {
    device,
    driver,
    steps,
    slots,
    phase,
    health: FRESH,
    responses: createResponseTimes(slots, profile.quirks.responseTimeoutMs),
    noHoles: false,
    presenceMono: 0,
    telemetryMono: 0,
    retryMono: Number.POSITIVE_INFINITY,
    isSearching: false,
    replies: 0,
    refusals: 0,
    dataMono: 0,
    isAway: true,
    missedMono: null,
    isAwayNew: false,
    lostFinding: '',
    isReportedAlive: null,
    pendingSteps: [],
    stepPhase: 'look',
    stepWas: null,
    stepFailures: 0,
    isStepUnproven: false,
    failedSteps: new Map(),
    setUpTrouble: '',
    setUpAgainMono: Number.POSITIVE_INFINITY,
    setUpRound: 0,
    setUpTries: 0,
    isSetUpHeld: false,
    setUpWrites: createSetUpWrites(),
    unkeptSteps: new Map(),
    uptime: null,
    seenMs: null,
    lastMono: 0,
    heldMono: 0,
    startingMono: 0,
    nextWriteMono: 0,
    hushedMono: 0,
  };
  replan(unit);
  return unit;
}

/** To be called when a slot of the unit has changed. */
export function replan(unit: Unit): void {
  const none = Number.POSITIVE_INFINITY;
  let [presenceMono, telemetryMono, retryMono] = [none, none, none];
  for (const { isolation, poll, dueMono } of unit.slots) {
    if (isolation !== null) retryMono = Math.min(retryMono, dueMono);
    else if (poll === 'fast') presenceMono = Math.min(presenceMono, dueMono);
    else telemetryMono = Math.min(telemetryMono, dueMono);
  }
  const isAllIsolated = isEveryIsolated(unit);
  unit.presenceMono = presenceMono;
  unit.telemetryMono = isAllIsolated ? Math.min(retryMono, unit.lastMono + KEEP_ASKING_MS) : telemetryMono;
  unit.retryMono = isAllIsolated ? none : retryMono;
}

/** None of its registers gives data: one of them is requested all the same, so that it does not take the agent for dead. */
function isEveryIsolated({ slots }: Unit): boolean {
  return slots.length > 0 && slots.every(({ isolation }) => isolation !== null);
}

/** What a unit is polled for: presence inputs, the rest, or a register that is isolated. */
export type PollKind = 'presence' | 'telemetry' | 'retry';

/** Index of the slot of this kind whose time came first; -1 when it has none. */
export function firstSlot(unit: Unit, kind: PollKind): number {
  const { slots } = unit;
  const isRetry = kind === 'retry' || (kind === 'telemetry' && isEveryIsolated(unit));
  let first = -1;
  for (const [i, slot] of slots.entries()) {
    if ((slot.isolation !== null) !== isRetry || (!isRetry && (slot.poll === 'fast') !== (kind === 'presence'))) continue;
    if (first < 0 || slot.dueMono < (slots[first] as Slot).dueMono) first = i;
  }
  return first;
}

/**
 * It answers for the first time, or again: its set-up is done anew and all of it is asked soon.
 *
 * `isReturn`: it has been away, and may be another one by now; what it did not give before is soon requested again.
 */
export function welcome(unit: Unit, nowMono: MonoMs, isReturn: boolean): void {
  unit.isAway = false;
  setUpAgain(unit);
  unit.isAwayNew = false;
  unit.dataMono = nowMono;
  if (isReturn) unit.noHoles = false;
  for (const slot of unit.slots) {
    slot.isFirst = true;
    slot.misses = 0;
    if (slot.isolation === null) slot.dueMono = Math.min(slot.dueMono, nowMono);
    if (isReturn && !unit.isSearching) slot.cutBefore = false;
  }
  if (isReturn) retrySoon(unit, nowMono);
  replan(unit);
}

/** What it did not give before is requested now, each such register still by itself. */
export function retrySoon(unit: Unit, nowMono: MonoMs): void {
  for (const slot of unit.slots) {
    if (slot.isolation === null) continue;
    slot.dueMono = Math.min(slot.dueMono, nowMono);
    slot.isolation = { ...slot.isolation, tries: 0 };
  }
}

/** It has lost what it was told: it is new to the line, or has restarted. */
export function setUpAgain(unit: Unit): void {
  unit.pendingSteps = [...unit.steps];
  unit.setUpRound++;
  unit.stepPhase = 'look';
  unit.stepFailures = 0;
  unit.isStepUnproven = false;
  unit.uptime = null;
}

/** When it has had the silence it needs. */
export function restedMono({ lastMono, driver }: Unit): MonoMs {
  return lastMono + driver.profile.quirks.minGapMs;
}

/** When a write may go to it: once it is rested, and rarely while it is silent. */
export function writableMono(unit: Unit): MonoMs {
  const { health, nextWriteMono, hushedMono } = unit;
  return health.state === 'silent' ? Math.max(restedMono(unit), nextWriteMono, hushedMono) : restedMono(unit);
}

/** The state people see: `new` until it has answered on this line, `silent` while nothing is known of one that has. */
export function unitState(unit: Unit): 'new' | UnitHealth['state'] {
  if (!isUntried(unit)) return unit.health.state;
  return unit.seenMs === null ? 'new' : 'silent';
}

/** It has not been asked, or not often enough to be given up, since it was last away. */
export function isUntried({ health, isAway }: Unit): boolean {
  return isAway && health.state !== 'silent';
}

/** Quantities that it does not give while it gives others, so that they are requested apart and rarely. */
export function isolatedQuantities({ slots }: Unit, isSilent: boolean): readonly string[] {
  return slots
    .filter(({ isolation }) => isolation !== null && (isolation.cause === 'silent') === isSilent)
    .flatMap(({ quantities }) => quantities);
}
