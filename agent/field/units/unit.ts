/**
 * The state of one unit of a line, and functions over it.
 */

import { daliSetup } from '../../../drivers/dali/dali-setup.ts';
import { daliFadeMs, daliFadeTime } from '../../../drivers/dali-fade.ts';
import type { DeviceConfig } from '../../core/cabinet.ts';
import type { MonoMs, WallMs } from '../../core/clock.ts';
import type { ModbusDriver } from '../../core/driver.ts';
import { type Message, NO_TEXT } from '../../core/message.ts';
import type { DaliParameter, Profile, SetupParameter } from '../../core/profile.ts';
import { type Slot, slotsOf } from '../polls/poll-plan.ts';
import { createNameplate, type Nameplate, restartNameplate } from './nameplate.ts';
import { createResponseTimes, type ResponseTimes } from './response-times.ts';
import { createSetUpWrites, type SetUpWrites, type SetupStep, type StepState } from './set-up-writes.ts';
import { FRESH, type UnitHealth } from './unit-health.ts';

/**
 * How often a unit is still sent a request when all its registers are isolated. Units: ms.
 * Source: drivers switch to their failsafe level when they receive no request for `failsafeTimeoutS`, 60 s; six requests fit into it.
 */
const KEEP_ASKING_MS = 10_000;

/** The state of one unit of a line, in memory. A restart, or a new configuration of the line, begins with the state of `createUnit`. */
export interface Unit {
  readonly device: DeviceConfig;
  readonly driver: ModbusDriver;
  /** The registers that its set-up checks and, where needed, writes. */
  readonly steps: readonly SetupStep[];
  /** Fade time of the DALI gear behind the unit, as its set-up writes it. */
  readonly fadeMs: number;
  /** Sorted by table and address. */
  readonly slots: readonly Slot[];
  /** Its position among the units of the line, which spreads their polls over a period. Units: above 0, up to 1. */
  readonly phase: number;
  /** Longest delay until slow registers are due after the first answer of the unit, or its first after an absence. Units: ms. */
  readonly slowDelayMs: number;
  health: UnitHealth;
  readonly responses: ResponseTimes;
  /** It has refused a read with registers between its slots, so such reads are no longer sent. */
  noHoles: boolean;
  /** When a poll of each kind (see `PollKind`) is next due; infinite for none. Set by `replan`. */
  presenceMono: MonoMs;
  telemetryMono: MonoMs;
  retryMono: MonoMs;
  /** Registers that fail, or for which it does not answer, are being searched. */
  isSearching: boolean;
  /** Counts since `createUnit`: `replies` are data and acknowledgements; `refusals` are exceptions, doubtful replies and late replies. */
  replies: number;
  refusals: number;
  /** When data of its points, and of a presence input, were last published; or when it answered after an absence, if that is later. */
  dataMono: MonoMs;
  presenceDataMono: MonoMs;
  /** Its presence input counts as not read, although the unit answers. */
  isBlind: boolean;
  /** Its unrequested replies in a row, each within a minute of the previous one. `atMono`: the time of the newest. */
  extras: { readonly count: number; readonly atMono: MonoMs };
  /** It counts as absent, for example before its first answer or since it became silent. */
  isAway: boolean;
  /** Start of the first lost request (see `UnitHealth.failures`) since its last answer; null if there is none. */
  missedMono: MonoMs | null;
  /** It has become silent, and this has not been reported yet. */
  isAwayNew: boolean;
  /** The finding of the last request before it counted as silent. */
  lostFinding: Message;
  /** Whether it was last reported as alive; null before the first report. */
  isReportedAlive: boolean | null;
  /**
   * Set-up steps that are left, and those that were written and are still to be read back. A write that may be lost leaves its step in
   * `pendingSteps`. Empty until the unit answers.
   */
  pendingSteps: SetupStep[];
  provingSteps: SetupStep[];
  /** The progress of these steps; one without an entry is in phase `look`. */
  readonly stepStates: Map<SetupStep, StepState>;
  /** It refused a read of several set-up registers together. */
  isSetUpSingly: boolean;
  /** It refused a level before the end of its set-up. Stays until the set-up ends, also if that starts again. */
  isLevelWaiting: boolean;
  /** Steps that failed and have not succeeded since, with the reason; and the text of their event, empty when none failed. */
  readonly failedSteps: Map<SetupStep, Message>;
  setUpTrouble: Message;
  /** When the failed steps are tried again; infinite while there are none. */
  setUpAgainMono: MonoMs;
  /** Counts the calls of `setUpAgain`, so that the result of a step of an earlier set-up is ignored. */
  setUpRound: number;
  /** How many times in a row its set-up ended with failed steps. */
  setUpTries: number;
  /** Its set-up waits while the writes of an earlier run are loaded. */
  isSetUpHeld: boolean;
  /** How often each register of its set-up has been written recently. */
  readonly setUpWrites: SetUpWrites;
  /** Steps whose register kept another value after a write: that value, and when it was read. */
  readonly unkeptSteps: Map<SetupStep, { readonly found: number | null; readonly atMono: MonoMs }>;
  /** Levels whose channel was off when its coil was last read: dark, whatever the level register contains. */
  readonly switchedOff: Set<string>;
  readonly nameplate: Nameplate;
  /** The last value of its uptime register, in the unit of that point; null if none is known. */
  uptime: number | null;
  /** When it last responded, also by an exception or a late reply; null before the first response. A damaged reply does not count. */
  seenMs: WallMs | null;
  /** End of the last transaction with it, also of the console; 0 before the first. A broadcast is none. */
  lastMono: MonoMs;
  /** No poll, set-up request or probe before this time: the reply could be that to an earlier one. */
  heldMono: MonoMs;
  /** Until this time it may still be starting, because it may have been powered together with its line. */
  startingMono: MonoMs;
  /** Times used by `writableMono` for a silent unit: after its last failed write, and to limit the time that lost writes take. */
  nextWriteMono: MonoMs;
  hushedMono: MonoMs;
}

/** One device's value of each set-up parameter that a profile may name, except those that are computed for DALI gear. Units: by suffix. */
export type SetupValues = Readonly<Record<Exclude<SetupParameter, DaliParameter>, number>>;

/** The device, its driver and its set-up values for a new `Unit`. */
export interface UnitParts {
  readonly device: DeviceConfig;
  readonly driver: ModbusDriver;
  readonly setupValues: SetupValues;
  /** Position among the units of the line, as `Unit.phase`: above 0, up to 1. Default: 1. */
  readonly phase?: number;
  /** This or another device of the line lists groups. If false, the set-up leaves the group registers as they are. Default: false. */
  readonly hasGroups?: boolean;
  /** Longest delay of slow registers after the first answer, as `Unit.slowDelayMs`. Units: ms. Default: 0. */
  readonly slowDelayMs?: number;
}

/**
 * Creates the state of a unit before the first request to it. With `slowDelayMs` above 0, slow registers become due only after the unit
 * has answered, unless it has no others.
 */
export function createUnit({ device, driver, setupValues, phase = 1, hasGroups = false, slowDelayMs = 0 }: UnitParts): Unit {
  const { profile } = driver;
  const slots = slotsOf(profile);
  if (slowDelayMs > 0) holdSlowBack(slots);
  const unit: Unit = {
    device,
    driver,
    steps: stepsOf(profile, { ...setupValues, ...daliSetup({ ...setupValues, groups: device.groups, hasGroups }) }),
    fadeMs: daliFadeMs(daliFadeTime(setupValues.rampUpMs)),
    slots,
    phase,
    slowDelayMs,
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
    presenceDataMono: 0,
    isBlind: false,
    extras: { count: 0, atMono: 0 },
    isAway: true,
    missedMono: null,
    isAwayNew: false,
    lostFinding: NO_TEXT,
    isReportedAlive: null,
    pendingSteps: [],
    provingSteps: [],
    stepStates: new Map(),
    isSetUpSingly: false,
    isLevelWaiting: false,
    failedSteps: new Map(),
    setUpTrouble: NO_TEXT,
    setUpAgainMono: Number.POSITIVE_INFINITY,
    setUpRound: 0,
    setUpTries: 0,
    isSetUpHeld: false,
    setUpWrites: createSetUpWrites(),
    unkeptSteps: new Map(),
    switchedOff: new Set(),
    nameplate: createNameplate(),
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

/** The set-up of a profile with the site's values filled in. */
function stepsOf({ setup }: Profile, setupValues: Readonly<Record<SetupParameter, number | null>>): SetupStep[] {
  const isMarked = setup.some(({ forLevel }) => forLevel === true);
  return setup.flatMap(({ value, max = 0xffff, forLevel, ...step }) => {
    const wanted = typeof value === 'number' ? value : setupValues[value];
    if (wanted === null) return [];
    // A register holds whole numbers only, and a ramp of the site may be longer than the driver allows.
    const whole = typeof value === 'number' ? value : Math.min(Math.round(wanted), max);
    return [{ ...step, forLevel: forLevel === true || !isMarked, value: whole }];
  });
}

/** Holds slow registers back until the unit has answered; a unit with no others is read at once. */
function holdSlowBack(slots: readonly Slot[]): void {
  if (slots.every(({ poll }) => poll === 'slow')) return;
  for (const slot of slots) if (slot.poll === 'slow') slot.dueMono = Number.POSITIVE_INFINITY;
}

/**
 * Sets when a poll of each kind is next due for the unit; infinite if none is. If all slots are isolated, one of them counts as
 * `telemetry`, and none as `retry`. Call it when a slot has changed.
 */
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

/** Whether no register gives data. One is still requested, so that the unit does not switch to its failsafe level. */
function isEveryIsolated({ slots }: Unit): boolean {
  return slots.length > 0 && slots.every(({ isolation }) => isolation !== null);
}

/**
 * The kinds of poll: presence inputs (poll class `fast`), other registers, or an isolated register (see `Isolation`). If all registers of
 * the unit are isolated, `telemetry` reads one of them.
 */
export type PollKind = 'presence' | 'telemetry' | 'retry';

/**
 * Returns the index of the slot with the earliest due time for this kind of poll; -1 if there is none. That time may be in the future, or
 * infinite.
 */
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
 * Call it when the unit answers for the first time, or after an absence: its set-up and its polls start again. `isReturn`: it was away and
 * may have been replaced, so reads that it refused are tried again.
 */
export function welcome(unit: Unit, nowMono: MonoMs, isReturn: boolean): void {
  unit.isAway = false;
  setUpAgain(unit);
  unit.isAwayNew = false;
  unit.dataMono = nowMono;
  unit.presenceDataMono = nowMono;
  if (isReturn) unit.noHoles = false;
  for (const slot of unit.slots) {
    const delayMs = slot.poll === 'slow' ? unit.slowDelayMs : 0;
    // A first read that is spread over the period already is not spread again.
    slot.isFirst = delayMs === 0;
    slot.misses = 0;
    if (slot.isolation === null) {
      slot.dueMono = delayMs === 0 ? Math.min(slot.dueMono, nowMono) : Math.min(Math.max(slot.dueMono, nowMono), nowMono + delayMs);
    }
    if (isReturn && !unit.isSearching) slot.cutBefore = false;
  }
  if (isReturn) retrySoon(unit, nowMono);
  replan(unit);
}

/**
 * Makes the isolated registers (see `Isolation`) due at `nowMono` at the latest, and sets their `tries` to 0. Call `replan` afterwards.
 */
export function retrySoon(unit: Unit, nowMono: MonoMs): void {
  for (const slot of unit.slots) {
    if (slot.isolation === null) continue;
    slot.dueMono = Math.min(slot.dueMono, nowMono);
    slot.isolation = { ...slot.isolation, tries: 0 };
  }
}

/** Starts the set-up again with its first step, marks the nameplate to be read again, and clears the stored uptime. */
export function setUpAgain(unit: Unit): void {
  restartSteps(unit, unit.steps);
  restartNameplate(unit.nameplate, unit.driver.profile.nameplate);
  unit.setUpRound++;
  unit.uptime = null;
}

/** Replaces the set-up steps that are left, and those that are still to be read back, by these, to be done from the start. */
export function restartSteps(unit: Unit, steps: readonly SetupStep[]): void {
  unit.pendingSteps = [...steps];
  unit.provingSteps = [];
  unit.stepStates.clear();
  unit.isSetUpSingly = false;
}

/** Returns the end of the pause that the profile requires after the last transaction with the unit. It may be in the past. */
export function restedMono({ lastMono, driver }: Unit): MonoMs {
  return lastMono + driver.profile.quirks.minGapMs;
}

/**
 * Returns the time before which no waiting level, output value or text is sent to the unit alone. It is `restedMono`, or later for a
 * silent unit after failed writes. It may be in the past.
 */
export function writableMono(unit: Unit): MonoMs {
  const { health, nextWriteMono, hushedMono } = unit;
  return health.state === 'silent' ? Math.max(restedMono(unit), nextWriteMono, hushedMono) : restedMono(unit);
}

/**
 * Returns the displayed state: that of the unit's health. For a unit of which `isUntried` is true: `new` before its first response since
 * `createUnit`, `silent` after it.
 */
export function unitState(unit: Unit): 'new' | UnitHealth['state'] {
  if (!isUntried(unit)) return unit.health.state;
  return unit.seenMs === null ? 'new' : 'silent';
}

/** Whether the unit has responded since `createUnit`, also by an exception, or has restored response times of an earlier run. */
export function wasMet({ seenMs, health }: Unit): boolean {
  return seenMs !== null || health.firstByteMs !== null;
}

/** Whether the unit is away and its health is not `silent`, for example before the first request to it, or since its line went down. */
export function isUntried({ health, isAway }: Unit): boolean {
  return isAway && health.state !== 'silent';
}

/**
 * Returns the quantities of isolated slots (see `Isolation`): of those without a usable reply if `isSilent`, otherwise of the others.
 */
export function isolatedQuantities({ slots }: Unit, isSilent: boolean): readonly string[] {
  return slots
    .filter(({ isolation }) => isolation !== null && (isolation.cause === 'silent') === isSilent)
    .flatMap(({ quantities }) => quantities);
}
