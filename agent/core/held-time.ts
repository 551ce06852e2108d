/**
 * The held time: the last trusted time, continued by the monotonic clock; and whether the system clock still agrees with it.
 *
 * Pure: decides which steps of the system clock are accepted.
 */
import { type BatteryReading, type ClockQuality, isTrusted, type MonoMs, type WallMs } from './clock.ts';

/**
 * A trusted system clock stays trusted if it differs from the held time by at most this. Units: ms.
 *
 * Source: the sun rises and sets by at most 0.25 degrees a minute, so that 10 min move dusk by 2.5 degrees: from the default -2 degrees to
 * -4.5, which is still civil twilight.
 */
export const STEP_MS = 10 * 60_000;
/** A distrusted system clock agrees again within this distance: half of the limit, so that a clock near the limit does not flip. Units: ms. */
const AGREES_MS = STEP_MS / 2;
/**
 * The held time follows the system clock no faster than this, so that many small steps do not accumulate.
 *
 * Units: share of the elapsed time. Source: 100 ppm, the worst crystals of single-board computers; 10 min take 69 days at this rate.
 */
const FOLLOW_SHARE = 100e-6;
/** A battery clock that moved by more than this between two readings has been set. Units: ms. Source: Linux rtc-sysfs gives whole seconds, so two readings differ by up to 1 s. */
const BATTERY_SET_MS = 2_000;
/** A smaller drift of a battery clock since its first reading proves nothing about the monotonic clock. Units: ms. Source: assumed; five of its steps of 1 s. Confirmed by: a week of battery clock readings on the gateway. */
const BATTERY_NOISE_MS = 5_000;

/**
 * The system clock and the monotonic clock at one instant, the newest reading of the battery clock, and how far the system clock can be
 * trusted. `battery`: null while it gives none.
 */
export interface TimeFacts {
  /** The system clock. */
  readonly wallMs: WallMs;
  readonly monoMs: MonoMs;
  /** Quality of the system clock by the system's indicators or the configuration, before `nextHeldTime` judges its steps. */
  readonly evidence: ClockQuality;
  readonly battery: BatteryReading | null;
  /** A step forward of more than 10 min may be the first synchronisation. One such step is accepted. */
  readonly mayStepOnce: boolean;
}

/** The state of the held time: the last trusted time, continued by the monotonic clock. */
export interface HeldTime {
  /** The held time when the monotonic clock was zero, without the correction by the battery clock (`heldMs`). */
  readonly zeroMs: WallMs;
  /** The source of the held time. */
  readonly quality: Extract<ClockQuality, 'rtc' | 'synced'>;
  /** When the clocks were read for this state. */
  readonly seenMono: MonoMs;
  /** The time of the battery clock when the monotonic clock was zero, computed from its newest reading; null while it gives none. */
  readonly batteryZeroMs: WallMs | null;
  /**
   * How far the battery clock has advanced against the monotonic clock since the system clock was last taken as correct, in this run. Times
   * when it was set, or gave no reading, do not count. Units: ms.
   */
  readonly batteryGainMs: number;
  /** The system clock differs too much from the held time. */
  readonly isDisputed: boolean;
  /** The battery clock may decide the dispute. */
  readonly isWitness: boolean;
  /** No further large step may be the first synchronisation (`mayStepOnce`). */
  readonly hasSteppedOnce: boolean;
}

/** Returns the new state after the clocks were read. Null if `before` is null and the system clock is not trusted. */
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

/**
 * Returns the held time at this monotonic time. `batteryGainMs` is added, except up to 5 s in either direction. Units: ms since 1970; may
 * have fractions.
 */
export function heldMs({ zeroMs, batteryGainMs }: HeldTime, monoMs: MonoMs): WallMs {
  return zeroMs + monoMs + (Math.abs(batteryGainMs) > BATTERY_NOISE_MS ? batteryGainMs : 0);
}

/**
 * Returns a new state that takes the present system clock as correct; no later large step is then the first synchronisation. Null if the
 * quality of that clock is not trusted.
 */
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

/** A battery clock that caused the dispute, or gave no reading before it, cannot decide it. */
function mayWitness({ batteryZeroMs, batteryGainMs }: HeldTime): boolean {
  return batteryZeroMs !== null && Math.abs(batteryGainMs) <= BATTERY_NOISE_MS;
}

function isProvenByBattery({ batteryZeroMs, isWitness }: HeldTime, { wallMs, monoMs }: TimeFacts): boolean {
  return isWitness && batteryZeroMs !== null && Math.abs(wallMs - batteryZeroMs - monoMs) <= AGREES_MS;
}
