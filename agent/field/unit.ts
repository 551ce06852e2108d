/**
 * A unit of a line as the runner keeps it.
 *
 * Owns the shape and a few questions about it. Changed by the line's own parts alone.
 */
import type { DeviceConfig } from '../core/cabinet.ts';
import type { MonoMs, WallMs } from '../core/clock.ts';
import type { ModbusDriver, ReadRequest } from '../core/driver.ts';
import type { SetupParameter } from '../core/profile.ts';
import { type Slot, slotsOf } from './poll-plan.ts';
import { FRESH, responseTimeoutMs, type UnitHealth } from './unit-health.ts';

/** Late replies in a row that mean that a silent unit is slow, not dead. Source: assumed; one may have been another's. */
const SLOW_AFTER = 2;

/** A register to be put right, taken from the profile with the site's values filled in. */
export interface SetupStep {
  readonly table: 'coil' | 'holding';
  readonly address: number;
  readonly value: number;
  readonly why: string;
}

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
  /** It refuses to be read over registers that it does not have. */
  noHoles: boolean;
  /** Earliest wish of its presence inputs, and of the rest; infinite where there is none. Kept by `replan`. */
  presenceMono: MonoMs;
  telemetryMono: MonoMs;
  /** It has not answered yet, or not since it fell silent or its line went down. */
  isAway: boolean;
  /** Set-up steps still to do; filled when the unit is met. */
  pendingSteps: SetupStep[];
  /** Where the first pending step stands: to be looked at, to be written, to be proved; `was` is what it held. */
  stepPhase: 'look' | 'write' | 'prove';
  stepWas: number | null;
  /** Tries of the first pending step that it answered with a failure. */
  stepFailures: number;
  /** Steps that it last refused, and how; and the words in which that was told, empty when nothing is wrong. */
  readonly failedSteps: Map<SetupStep, string>;
  setUpTrouble: string;
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
  /** Replies that came after they had been given up, since the last that came in time. */
  lateReplies: number;
  /** A silent unit gets writes too, but not more often than these allow: for its own sake, and for the line's. */
  nextWriteMono: MonoMs;
  hushedMono: MonoMs;
}

export type SetupValues = Readonly<Record<SetupParameter, number>>;

export interface UnitOptions {
  readonly device: DeviceConfig;
  readonly driver: ModbusDriver;
  readonly setupValues: SetupValues;
  readonly phase?: number;
}

export function createUnit({ device, driver, setupValues, phase = 1 }: UnitOptions): Unit {
  const { profile } = driver;
  const steps = profile.setup.map(({ value, max = 0xffff, ...step }) => ({
    ...step,
    // A register holds whole numbers only, and a ramp of the site may be longer than the driver knows.
    value: typeof value === 'number' ? value : Math.min(Math.round(setupValues[value]), max),
  }));
  const unit: Unit = {
    device,
    driver,
    steps,
    slots: slotsOf(profile),
    phase,
    health: FRESH,
    noHoles: false,
    presenceMono: 0,
    telemetryMono: 0,
    isAway: true,
    pendingSteps: [],
    stepPhase: 'look',
    stepWas: null,
    stepFailures: 0,
    failedSteps: new Map(),
    setUpTrouble: '',
    unkeptSteps: new Map(),
    uptime: null,
    seenMs: null,
    lastMono: 0,
    heldMono: 0,
    startingMono: 0,
    lateReplies: 0,
    nextWriteMono: 0,
    hushedMono: 0,
  };
  replan(unit);
  return unit;
}

/** To be called when a slot of the unit has changed. */
export function replan(unit: Unit): void {
  let [presenceMono, telemetryMono] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const { refused, poll, dueMono } of unit.slots) {
    if (refused) continue;
    if (poll === 'fast') presenceMono = Math.min(presenceMono, dueMono);
    else telemetryMono = Math.min(telemetryMono, dueMono);
  }
  unit.presenceMono = presenceMono;
  unit.telemetryMono = telemetryMono;
}

/** Index of the slot whose time came first, of its presence inputs or of the rest; -1 when it has none. */
export function firstSlot({ slots }: Unit, kind: 'presence' | 'telemetry'): number {
  let first = -1;
  for (const [i, slot] of slots.entries()) {
    if (slot.refused || (slot.poll === 'fast') !== (kind === 'presence')) continue;
    if (first < 0 || slot.dueMono < (slots[first] as Slot).dueMono) first = i;
  }
  return first;
}

/**
 * It answers for the first time, or again: its set-up is done anew and all of it is asked soon.
 *
 * `isReturn`: it has been away, and may be another one by now; what it refused before is asked anew.
 */
export function welcome(unit: Unit, nowMono: MonoMs, isReturn: boolean): void {
  unit.isAway = false;
  setUpAgain(unit);
  if (isReturn) unit.noHoles = false;
  for (const slot of unit.slots) {
    slot.dueMono = Math.min(slot.dueMono, nowMono);
    slot.isFirst = true;
    slot.misses = 0;
    if (isReturn) {
      slot.refused = false;
      slot.cutBefore = false;
    }
  }
  replan(unit);
}

/** It has lost what it was told: it is new to the line, or has restarted. */
export function setUpAgain(unit: Unit): void {
  unit.pendingSteps = [...unit.steps];
  unit.stepPhase = 'look';
  unit.stepFailures = 0;
  unit.uptime = null;
}

/** How long to wait for its first byte: what it has shown, or what its profile says before it has shown anything. Units: ms. */
export function timeoutOf({ health, driver, lateReplies }: Unit): number {
  // Not before it is silent: a unit that is late now and then must not make urgent writes wait.
  const isSlow = health.state === 'silent' && lateReplies >= SLOW_AFTER;
  return responseTimeoutMs(health, driver.profile.quirks.responseTimeoutMs, isSlow);
}

/** The cheapest question that proves that it is there. */
export function probeOf({ device, driver, slots }: Unit): ReadRequest | undefined {
  const slot = slots.find(({ refused }) => !refused) ?? slots[0];
  // One that is only ever written has no slot, but it answers a question too, if only to refuse it.
  const place = slot ?? driver.profile.points[0];
  if (place === undefined) return undefined;
  const { table, address } = place;
  if (driver.profile.quirks.evenAlign) return { unit: device.unit, table, address: address - (address % 2), count: 2 };
  return { unit: device.unit, table, address, count: slot?.isSingle ? slot.count : 1 };
}

/** How the register of its next set-up step is looked at; undefined when it is set up or the step is to be written. */
export function setUpReadOf({ device, pendingSteps, stepPhase }: Unit): ReadRequest | undefined {
  const [step] = pendingSteps;
  if (step === undefined || stepPhase === 'write') return undefined;
  return { unit: device.unit, table: step.table, address: step.address, count: 1 };
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
export function stateOf(unit: Unit): 'new' | UnitHealth['state'] {
  if (!isUntried(unit)) return unit.health.state;
  return unit.seenMs === null ? 'new' : 'silent';
}

/** It has not been asked, or not often enough to be given up, since it was last away. */
export function isUntried({ health, isAway }: Unit): boolean {
  return isAway && health.state !== 'silent';
}

/** Quantities that it refuses, so that they have left the plan. */
export function refusedQuantities({ slots }: Unit): readonly string[] {
  return slots.filter(({ refused }) => refused).flatMap(({ quantities }) => quantities);
}
