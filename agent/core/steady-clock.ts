/**
 * A clock that does not follow a large step of the system clock until something confirms it.
 *
 * Until then `wallMs` is the held time, so stored times, ends of overrides and ages of commands continue as if the step had not happened.
 * The light then uses the system clock as its `otherMs`.
 */
import type { BatteryReading, Clock, ClockQuality, WallMs } from './clock.ts';
import { confirmedTime, type HeldTime, heldMs, nextHeldTime, type TimeFacts } from './held-time.ts';

/** The clocks that the steady clock compares, and where it keeps its time. */
export interface SteadyClockParts {
  /** The machine's own clock; its quality follows the system's indicators or the configuration. */
  readonly clock: Clock;
  /** Returns the newest reading of the battery clock; null while it gives none. Default: no battery clock. */
  readonly battery?: () => BatteryReading | null;
  /** Returns whether a first large step forward may be the first synchronisation. Default: no. */
  readonly mayStepOnce?: () => boolean;
  /** Keeps the held time over a restart of the agent, but not of the machine. Default: none. */
  readonly memory?: HeldTimeMemory | null;
}

/**
 * What a restart of the agent keeps of the held time: the last trusted time, continued by the monotonic clock. `zeroMs` includes the
 * correction by the battery clock.
 */
export type StoredHeldTime = Pick<HeldTime, 'zeroMs' | 'quality' | 'hasSteppedOnce'>;

/** Keeps the held time over a restart of the agent on the same boot of the machine. */
export interface HeldTimeMemory {
  /** Null if there is no valid one of this boot, for example after a stop of the service. */
  load(): StoredHeldTime | null;
  /** Replaces what is stored. Errors: none; a failed write is ignored. */
  save(held: HeldTime): void;
}

/** The two times that differ after the system clock has jumped and the jump is not trusted. */
export interface ClockStep {
  /** The held time, which the agent continues to use. */
  readonly heldMs: WallMs;
  /** Time of the system clock. */
  readonly systemMs: WallMs;
}

/**
 * A clock that keeps the last trusted time, with quality `rtc`, while it does not trust a jump of the system clock. Before a time is
 * trusted, it is the system clock; after that its quality is always `rtc` or `synced`.
 */
export interface SteadyClock extends Clock {
  /** While a jump is not trusted the system's time, otherwise a held time that differs by 1 s or more; null if there is neither. */
  otherMs(): WallMs | null;
  /** The jump that is not trusted; null if there is none. */
  step(): ClockStep | null;
  /**
   * Accepts the system clock as correct from now on. Returns false, and changes nothing, if the quality of the system clock is not trusted.
   */
  confirm(): boolean;
}

/** Two clocks closer than this are treated as equal: one second does not change the light. Units: ms. */
const SAME_MS = 1_000;
/** Interval between periodic saves. Units: ms. Source: assumed; the held time follows the system clock by 60 ms in this time. Confirmed by: the clock drift of a gateway over a week. */
const SAVE_MS = 600_000;

/** Clocks that run normally are read again after this time. Units: ms. */
const LOOK_MS = 100;
/** A smaller difference is not a step, because the system clock is read in whole milliseconds. Units: ms. */
const STEP_SEEN_MS = 2;

/**
 * Creates a clock that follows `clock`, except for a jump that it does not trust. Loads the held time of an earlier run since this boot
 * from `memory`, if there is one.
 */
export function createSteadyClock({
  clock,
  battery = () => null,
  mayStepOnce = () => false,
  memory = null,
}: SteadyClockParts): SteadyClock {
  let held: HeldTime | null = null;
  let last: TimeFacts | null = null;
  let savedMono = Number.NEGATIVE_INFINITY;
  const sightNow = (): TimeFacts => {
    const evidence: ClockQuality = clock.quality();
    return { wallMs: clock.wallMs(), monoMs: clock.monoMs(), evidence, battery: battery(), mayStepOnce: mayStepOnce() };
  };
  const stored = memory?.load() ?? null;
  if (stored !== null) held = taken(stored, sightNow());

  function take(next: HeldTime | null, monoMs: number): void {
    const hasChanged = next?.isDisputed !== held?.isDisputed || next?.quality !== held?.quality;
    held = next;
    if (held === null || (!hasChanged && monoMs - savedMono < SAVE_MS)) return;
    savedMono = monoMs;
    memory?.save(held);
  }

  function look(): TimeFacts {
    const sight = sightNow();
    if (last !== null && isSameSight(last, sight)) return sight;
    last = sight;
    take(nextHeldTime(held, sight), sight.monoMs);
    return sight;
  }

  function both(): { readonly believedMs: WallMs; readonly otherMs: WallMs | null } {
    const { wallMs, monoMs } = look();
    if (held === null) return { believedMs: wallMs, otherMs: null };
    const byHeldMs = Math.round(heldMs(held, monoMs));
    if (held.isDisputed) return { believedMs: byHeldMs, otherMs: wallMs };
    return { believedMs: wallMs, otherMs: Math.abs(wallMs - byHeldMs) < SAME_MS ? null : byHeldMs };
  }

  return {
    wallMs: () => both().believedMs,
    otherMs: () => both().otherMs,
    monoMs: clock.monoMs,
    quality() {
      const { evidence } = look();
      // During a dispute the held time is no longer that of a time server.
      return held === null ? evidence : held.isDisputed ? 'rtc' : held.quality;
    },
    step() {
      const { believedMs, otherMs } = both();
      return held?.isDisputed && otherMs !== null ? { heldMs: believedMs, systemMs: otherMs } : null;
    },
    confirm() {
      const sight = sightNow();
      const next = confirmedTime(sight);
      if (next !== null) take(next, sight.monoMs);
      return next !== null;
    },
    after: clock.after,
    precisely: clock.precisely,
  };
}

/** Avoids repeated work: readings get thousands of time stamps a second. A step is still detected immediately. */
function isSameSight(a: TimeFacts, b: TimeFacts): boolean {
  const stepMs = b.wallMs - b.monoMs - (a.wallMs - a.monoMs);
  return b.monoMs - a.monoMs < LOOK_MS && Math.abs(stepMs) < STEP_SEEN_MS && a.evidence === b.evidence && a.battery === b.battery;
}

/** The state saved by an earlier run, without its battery clock, which this run did not observe. */
function taken(stored: StoredHeldTime, { monoMs }: TimeFacts): HeldTime {
  return { ...stored, seenMono: monoMs, batteryZeroMs: null, batteryGainMs: 0, isDisputed: false, isWitness: false };
}
