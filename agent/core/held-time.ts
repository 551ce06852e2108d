/**
 * The last trusted time, continued by the monotonic clock, and whether the system clock still agrees with it.
 *
 * Pure: decides which steps of the system clock are accepted.
 */
import { type BatteryReading, type ClockQuality, isTrusted, type MonoMs, type WallMs } from './clock.ts';

/**
 * A system clock further from the held time than this is not believed.
 *
 * Units: ms. Source: the sun rises and sets by at most 0.25 degrees a minute, so that 10 min move dusk by 2.5 degrees: from the default
 * -2 degrees to -4.5, which is still civil twilight.
 */
export const STEP_MS = 10 * 60_000;
/** Within this a system clock that was not believed agrees again: half of the limit, so that a clock at the limit does not flip. Units: ms. */
const AGREES_MS = STEP_MS / 2;
/**
 * The held time follows the system clock no faster than this, so that many small steps do not add up.
 *
 * Units: share of the time that passes. Source: 100 ppm, the worst crystals of single-board computers; 10 min of it take 69 days.
 */
const FOLLOW_SHARE = 100e-6;
/** A battery clock that moved by more between two readings was set. Units: ms. Source: Linux rtc-sysfs gives whole seconds, so two readings differ by up to 1 s. */
const BATTERY_SET_MS = 2_000;
/** Below this gain or loss since its first reading, a battery clock is no evidence about the monotonic clock. Units: ms. Source: assumed; five of its steps of 1 s. */
const BATTERY_NOISE_MS = 5_000;

/** The machine's clocks at one instant. */
export interface TimeFacts {
  /** The system clock. */
  readonly wallMs: WallMs;
  readonly monoMs: MonoMs;
  /** Quality by the system's own marks, regardless of steps. */
  readonly evidence: ClockQuality;
  readonly battery: BatteryReading | null;
  /** Whether a large step forward may be the first synchronisation: nothing marks it here, and there is no battery clock. */
  readonly mayStepOnce: boolean;
}

export interface HeldTime {
  /** Held time when the monotonic clock was zero. */
  readonly zeroMs: WallMs;
  /** How the held time was found. */
  readonly quality: Extract<ClockQuality, 'rtc' | 'synced'>;
  readonly seenMono: MonoMs;
  /** What the battery clock showed when the monotonic clock was zero, by its newest reading; null while it gives none. */
  readonly batteryZeroMs: WallMs | null;
  /** How much the battery clock has gained on the monotonic clock since, without the times when it was set. Units: ms. */
  readonly batteryGainMs: number;
  /** The system clock is not believed. */
  readonly isDisputed: boolean;
  /** The battery clock has run unset since before the dispute, so it may decide it. */
  readonly isWitness: boolean;
  readonly hasSteppedOnce: boolean;
}

/** The state after a look at the clocks; null as long as no time was ever trusted. */
export function nextHeldTime(before: HeldTime | null, sight: TimeFacts): HeldTime | null {
  if (before === null) return isTrusted(sight.evidence) ? anchored(sight, sight.evidence, false) : null;
  const held = afterBattery(before, sight);
  const aheadMs = sight.wallMs - heldMs(held, sight.monoMs);
  const isLarge = Math.abs(aheadMs) > STEP_MS;
  const isFirstSync = sight.evidence === 'synced' && held.quality === 'rtc';
  if (isFirstSync && !isLarge) return anchored(sight, 'synced', held.hasSteppedOnce);
  if (isLarge && sight.mayStepOnce && aheadMs > 0 && !held.hasSteppedOnce) return anchored(sight, held.quality, true);
  const isDisputed = Math.abs(aheadMs) > (held.isDisputed ? AGREES_MS : STEP_MS);
  if (isDisputed && held.isDisputed && isProvenByBattery(held, sight)) return anchored(sight, held.quality, held.hasSteppedOnce);
  const mostMs = isDisputed ? 0 : Math.max(0, sight.monoMs - held.seenMono) * FOLLOW_SHARE;
  return {
    ...held,
    zeroMs: held.zeroMs + Math.max(-mostMs, Math.min(mostMs, aheadMs)),
    seenMono: sight.monoMs,
    isDisputed,
    isWitness: isDisputed && (held.isDisputed ? held.isWitness : mayWitness(before)),
  };
}

/** The held time at an instant. A battery clock that has clearly gained or lost since corrects it: time servers can slew the monotonic clock. */
export function heldMs({ zeroMs, batteryGainMs }: HeldTime, monoMs: MonoMs): WallMs {
  return zeroMs + monoMs + (Math.abs(batteryGainMs) > BATTERY_NOISE_MS ? batteryGainMs : 0);
}

/** The system clock is taken as right from here on. Returns null where nothing vouches for it. */
export function confirmedTime(sight: TimeFacts): HeldTime | null {
  return isTrusted(sight.evidence) ? anchored(sight, sight.evidence, true) : null;
}

function anchored({ wallMs, monoMs, evidence, battery }: TimeFacts, quality: ClockQuality, hasSteppedOnce: boolean): HeldTime {
  return {
    zeroMs: wallMs - monoMs,
    quality: evidence === 'synced' || quality === 'synced' ? 'synced' : 'rtc',
    seenMono: monoMs,
    batteryZeroMs: battery === null ? null : battery.atMs - battery.atMono,
    batteryGainMs: 0,
    isDisputed: false,
    isWitness: false,
    hasSteppedOnce,
  };
}

function afterBattery(held: HeldTime, { battery }: TimeFacts): HeldTime {
  if (battery === null) return { ...held, batteryZeroMs: null, isWitness: false };
  const zeroMs = battery.atMs - battery.atMono;
  if (held.batteryZeroMs === null) return { ...held, batteryZeroMs: zeroMs, isWitness: false };
  const gainMs = zeroMs - held.batteryZeroMs;
  if (Math.abs(gainMs) > BATTERY_SET_MS) return { ...held, batteryZeroMs: zeroMs, isWitness: false };
  return { ...held, batteryZeroMs: zeroMs, batteryGainMs: held.batteryGainMs + gainMs };
}

/** One that the dispute itself rests on, or that came late, cannot decide it. */
function mayWitness({ batteryZeroMs, batteryGainMs }: HeldTime): boolean {
  return batteryZeroMs !== null && Math.abs(batteryGainMs) <= BATTERY_NOISE_MS;
}

function isProvenByBattery({ batteryZeroMs, isWitness }: HeldTime, { wallMs, monoMs }: TimeFacts): boolean {
  return isWitness && batteryZeroMs !== null && Math.abs(wallMs - batteryZeroMs - monoMs) <= AGREES_MS;
}
