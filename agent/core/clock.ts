/**
 * Time for the whole agent: a wall clock that may jump, a monotonic clock that never does, and timers.
 *
 * Every part that waits, or records a time, gets a `Clock`; no other code uses `Date.now()`, `performance.now()` or Node's timers.
 */

/** Wall time. Units: ms since 1970-01-01T00:00Z. May jump both ways. */
export type WallMs = number;
/** Monotonic time. Units: ms since an arbitrary start; never decreases, may have fractions. */
export type MonoMs = number;

/** How far the wall clock can be trusted: never set, restored from disk, set from a battery clock, or synchronised. */
export type ClockQuality = 'none' | 'restored' | 'rtc' | 'synced';

export interface Timer {
  /** Cancels the timer. Safe to call twice, and after the timer has fired. */
  cancel(): void;
}

export interface Clock {
  wallMs(): WallMs;
  monoMs(): MonoMs;
  quality(): ClockQuality;
  /**
   * A second time that may be the correct one while two clocks disagree; null otherwise. The light then uses the brighter result of both.
   *
   * Absent on a clock that does not watch for steps.
   */
  otherMs?(): WallMs | null;
  /** Call `fire` once, not earlier than `delayMs` from now. */
  after(delayMs: number, fire: () => void): Timer;
  /** Call `fire` once at `dueMono`: never early, and late only by a fraction of a millisecond. Costs CPU, so use it only for bus gaps. */
  precisely(dueMono: MonoMs, fire: () => void): Timer;
}

/** Call `fire` every `periodMs` until cancelled; a late call neither shifts nor accumulates the following ones. Units: ms. */
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

/** A promise that resolves after `delayMs`. Units: ms. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve));
}

/** Whether the wall clock may decide what is night and which step of a programme applies. */
export function isTrusted(quality: ClockQuality): boolean {
  return quality === 'rtc' || quality === 'synced';
}

/** What a battery clock showed, and when it was read. */
export interface BatteryReading {
  readonly atMs: WallMs;
  readonly atMono: MonoMs;
}
