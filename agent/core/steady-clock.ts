/**
 * A clock that does not follow a large step of the system clock until something confirms it.
 *
 * Until then `wallMs` is the held time, so that stored times, ends of overrides and ages of commands go on as if the step had not
 * happened; the
 * system clock is then the `otherMs` of the light.
 */
import type { BatteryReading, Clock, ClockQuality, WallMs } from './clock.ts';
import { confirmedTime, type HeldTime, heldMs, nextHeldTime, type TimeFacts } from './held-time.ts';

export interface SteadyClockParts {
  /** The machine's own time; its quality is that of the system's marks. */
  readonly clock: Clock;
  /** Newest reading of the battery clock; null while it gives none. Default: there is none. */
  readonly battery?: () => BatteryReading | null;
  /** Whether a first large step forward may be the first synchronisation. Default: no. */
  readonly mayStepOnce?: () => boolean;
  /** Keeps the held time over a restart of the agent, not of the machine. Default: nothing keeps it. */
  readonly memory?: HeldTimeMemory | null;
}

/** What a restart of the agent keeps of the held time. */
export type StoredHeldTime = Pick<HeldTime, 'zeroMs' | 'quality' | 'hasSteppedOnce'>;

export interface HeldTimeMemory {
  /** Null when an earlier run on this start of the machine left none. */
  load(): StoredHeldTime | null;
  save(held: HeldTime): void;
}

/** A step of the system clock that is not believed. */
export interface ClockStep {
  /** The held time, which the agent goes on with. */
  readonly heldMs: WallMs;
  /** Time of the system clock. */
  readonly systemMs: WallMs;
}

export interface SteadyClock extends Clock {
  otherMs(): WallMs | null;
  /** The step that is not believed; null while the system clock agrees. */
  step(): ClockStep | null;
  /** Takes the system clock as right from here on. Returns false when nothing vouches for it. */
  confirm(): boolean;
}

/** Nearer than this two clocks are one: a decision a second later changes no street. Units: ms. */
const SAME_MS = 1_000;
/** Between two savings while nothing else happens. Units: ms. Source: assumed; the held time follows by 60 ms in as long. */
const SAVE_MS = 600_000;

/** Between two looks at clocks that run on. Units: ms. */
const LOOK_MS = 100;
/** The system clock is read in whole milliseconds. Units: ms. */
const STEP_SEEN_MS = 2;

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
      // The held time is then no longer a time server's.
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

/** Readings are stamped thousands of times a second; a step is seen at once all the same. */
function isSameSight(a: TimeFacts, b: TimeFacts): boolean {
  const stepMs = b.wallMs - b.monoMs - (a.wallMs - a.monoMs);
  return b.monoMs - a.monoMs < LOOK_MS && Math.abs(stepMs) < STEP_SEEN_MS && a.evidence === b.evidence && a.battery === b.battery;
}

/** What an earlier run held, without a battery clock that it could have watched. */
function taken(stored: StoredHeldTime, { monoMs }: TimeFacts): HeldTime {
  return { ...stored, seenMono: monoMs, batteryZeroMs: null, batteryGainMs: 0, isDisputed: false, isWitness: false };
}
