/**
 * Whether a unit answers, how fast, and when it may be requested again.
 *
 * Pure: time is an argument.
 *
 *   ok --timeout--> flaky --timeout, as many in a row as its retries allow--> silent (probed with growing back-off)
 *   ok --first timeout of a unit that has never answered--> silent
 *   flaky, silent --any answer--> ok
 */
import type { MonoMs } from '../../core/clock.ts';
import { type Estimate, smooth } from './response-times.ts';

/**
 * Whether a unit answers the requests that count (see `failures`). `ok`: none was lost since its last answer. `flaky`: some were, but the
 * unit does not count as silent. `silent`: it counts as not answering. A unit begins with `ok`, and keeps its state while its line is down.
 */
export type UnitState = 'ok' | 'flaky' | 'silent';

/** Whether a unit answers, how fast, and when it may be requested again. */
export interface UnitHealth {
  readonly state: UnitState;
  /**
   * Lost requests in a row: no reply in time, or only a damaged or wrong one. Those of the console, and reads that the unit may never
   * answer, do not count.
   */
  readonly failures: number;
  /** What a read costs beyond its bytes. Null until a read was measured, or its value restored from an earlier run. Units: ms. */
  readonly turnaroundMs: Estimate | null;
  /** Time until the first bytes of a read's reply, adapters included. Null as `turnaroundMs`, but `late` replies count too. Units: ms. */
  readonly firstByteMs: Estimate | null;
  /** No poll, set-up request or probe is sent before this time. Writes of levels and requests of the console do not wait for it. */
  readonly dueMono: MonoMs;
}

/**
 * What one transaction with a unit showed: a reply to a read, another answer, a late reply, or no usable reply. Units: ms; `jitter` 0..1.
 */
export type Transaction =
  | { readonly kind: 'reply'; readonly atMono: MonoMs; readonly turnaroundMs: number; readonly firstByteMs: number }
  /**
   * The unit responded, but without a timing that counts: an exception, a reply that may belong to an older request, an acknowledged write,
   * or a late reply other than `late`.
   */
  | { readonly kind: 'answer'; readonly atMono: MonoMs }
  /** The reply to a read of polled registers arrived after the read had been given up. Later polls wait long enough for it. */
  | { readonly kind: 'late'; readonly atMono: MonoMs; readonly firstByteMs: number }
  /**
   * No reply in time, or only a damaged or wrong one. `silentAfter`: so many in a row make the unit silent, and a silent one stays so. Default:
   * `SILENT_AFTER`. With `mayBeStarting` a unit that is not silent does not become so.
   */
  | {
      readonly kind: 'timeout';
      readonly atMono: MonoMs;
      readonly jitter: number;
      readonly mayBeStarting: boolean;
      readonly silentAfter?: number;
    };

/** The health of a new unit: nothing lost, no response times known. */
export const FRESH: UnitHealth = { state: 'ok', failures: 0, turnaroundMs: null, firstByteMs: null, dueMono: 0 };

/**
 * Lost requests in a row that count as silence where the `retries` of the profile are not used. For the state of a unit, it is only the
 * default of `silentAfter`. Source: wb-mqtt-serial declares a device lost after 2 failed cycles.
 */
export const SILENT_AFTER = 3;
/**
 * Pause of a unit after its first and second lost reply, so that a whole round is not lost on it. Units: ms. Source: assumed. Confirmed by: recovery
 * times of units after lost replies in a week of logs.
 */
const FLAKY_REST_MS = 100;
/**
 * Back-off between probes. Units: ms. Source: assumed; longest silence a technician at the pole will accept. Confirmed by: technicians who reconnect
 * a lamp during a service visit.
 */
const BACKOFF_MS = { first: 500, max: 60_000 };

/**
 * Returns the health after one more transaction. A response makes the unit `ok`, and due at once. Lost requests make it `flaky` or
 * `silent`, and due later. Units: `jitter` is a random number 0..1 drawn by the caller; it shortens each wait longer than 100 ms, by a
 * quarter at most.
 */
export function afterTransaction(health: UnitHealth, t: Transaction): UnitHealth {
  if (t.kind === 'answer') return { ...health, state: 'ok', failures: 0, dueMono: t.atMono };
  if (t.kind === 'late')
    return { ...health, state: 'ok', failures: 0, firstByteMs: smooth(health.firstByteMs, t.firstByteMs), dueMono: t.atMono };
  if (t.kind === 'reply') {
    const turnaroundMs = smooth(health.turnaroundMs, t.turnaroundMs);
    return { state: 'ok', failures: 0, turnaroundMs, firstByteMs: smooth(health.firstByteMs, t.firstByteMs), dueMono: t.atMono };
  }
  const failures = health.failures + 1;
  const { silentAfter = SILENT_AFTER } = t;
  if (failures < silentAfter && health.state !== 'silent')
    return { ...health, state: 'flaky', failures, dueMono: t.atMono + FLAKY_REST_MS };
  const doubled = BACKOFF_MS.first * 2 ** Math.min(Math.max(0, failures - silentAfter), 16);
  const waitMs = Math.min(doubled, BACKOFF_MS.max) * (1 - t.jitter / 4);
  const isGivenUp = health.state === 'silent' || !t.mayBeStarting;
  return { ...health, state: isGivenUp ? 'silent' : 'flaky', failures, dueMono: t.atMono + waitMs };
}
