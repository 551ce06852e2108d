/**
 * Time for the whole agent: a wall clock that may jump, a monotonic clock that never does, and timers.
 *
 * Every part that waits, or records a time, gets a `Clock`; no other code uses `Date.now()`, `performance.now()` or Node's timers.
 */

/** Time of day and date. Units: ms since 1970-01-01T00:00Z. May jump forward and back when the clock is set. */
export type WallMs = number;
/** Monotonic time. Units: ms since an arbitrary start, another one in each run; never decreases, may have fractions. */
export type MonoMs = number;

/**
 * How far the wall clock can be trusted, least first: never set (`none`), set but not confirmed (`restored`), as good as a battery clock
 * (`rtc`), or as good as synchronised (`synced`).
 */
export type ClockQuality = 'none' | 'restored' | 'rtc' | 'synced';

/** A call, or repeated calls, that have been scheduled. */
export interface Timer {
  /** Cancels the calls that have not been made yet. Safe to call twice, and after the last call. */
  cancel(): void;
}

/** Times and timers for code that waits or records a time. `quality` is that of `wallMs`. */
export interface Clock {
  /** Time of day and date, in ms since 1970 (UTC). It may jump when the clock is set. */
  wallMs(): WallMs;
  /** Time in ms since an arbitrary start. It never decreases. */
  monoMs(): MonoMs;
  quality(): ClockQuality;
  /** A second time that may be the correct one while two clocks disagree; null otherwise. Absent: always null. */
  otherMs?(): WallMs | null;
  /** Calls `fire` once, not earlier than `delayMs` from now. Units: ms. */
  after(delayMs: number, fire: () => void): Timer;
  /** Calls `fire` once at `dueMono`, or soon after; never early. It may block the thread, so use it only for bus gaps. */
  precisely(dueMono: MonoMs, fire: () => void): Timer;
}

/**
 * Calls `fire` about every `periodMs`, first after one period, until cancelled. The call after a late one comes sooner; after a delay of
 * several periods only one call is made up for. `fire` may cancel too. Units: ms.
 */
export function every(clock: Pick<Clock, 'monoMs' | 'after'>, periodMs: number, fire: () => void): Timer {
  let dueMono = clock.monoMs() + periodMs;
  let timer: Timer;
  const turn = (): void => {
    const nowMono = clock.monoMs();
    dueMono = Math.max(dueMono + periodMs, nowMono);
    timer = clock.after(dueMono - nowMono, turn);
    fire();
  };
  timer = clock.after(periodMs, turn);
  return { cancel: () => timer.cancel() };
}

/** Resolves not earlier than `delayMs` from now, by a timer of `clock`. It cannot be cancelled. Units: ms. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve));
}

/**
 * Returns a time rounded down to whole microseconds; a time that is already whole may become 1 µs less. Units: ms. The record of decisions
 * has such times, so finer ones could be decided otherwise in a replay.
 */
export function wholeMicroseconds(mono: MonoMs): MonoMs {
  return Math.floor(mono * 1_000) / 1_000;
}

/** Returns whether a wall clock of this quality is trusted: true for `rtc` and `synced`. */
export function isTrusted(quality: ClockQuality): boolean {
  return quality === 'rtc' || quality === 'synced';
}

/** The time that a battery clock showed (`atMs`), and the monotonic time when it was read. */
export interface BatteryReading {
  readonly atMs: WallMs;
  readonly atMono: MonoMs;
}
