/**
 * Records why connections fail, and how long to wait before the next attempt.
 */

import type { WallMs } from '../../core/clock.ts';
import type { UplinkError, UplinkErrorCode } from '../../core/errors.ts';
import { type Message, NO_TEXT } from '../../core/message.ts';

/** Longest wait after the first failure, and after many; the wait is a random part of it. Units: ms. Source: GSMA TS.34, attempts are spread at random and become rarer. */
const BACK_OFF_MS = { first: 1_000, max: 300_000 };
/** Longest wait after the first takeover, and after many. Units: ms. Source: assumed; a person needs minutes to find the other client. Confirmed by: a takeover at a cabinet in service. */
const TAKEOVER_MS = { first: 60_000, max: 900_000 };
/** Source: a simulation of 1,450 cabinets: all are back within twice the length of the outage, for one attempt more each. */
const MOST_OF_AWAY = 2;
/** Replaces the random number of the back-off in conformance mode, so that it is predictable. Source: a checker requires births within 3 s of the host (PrimaryHostTest of the Sparkplug TCK). */
const FIXED_CHANCE = 0.25;

/** The failures of the connection in this run: the last reason, and the wait before the next attempt. */
export class LinkFailures {
  readonly #random: () => number;
  readonly #isConformance: boolean;
  /** Why the last connection failed; empty if none has failed since the births were last sent. */
  reason: Message = NO_TEXT;
  /** The last failure; kept even after the link has recovered. */
  last: { readonly atMs: WallMs; readonly text: Message } | null = null;
  #code: UplinkErrorCode | null = null;
  /** Takeovers, counted from the last one that ended a stable session: two clients with one id would end each other's sessions forever. */
  #takeovers = 0;

  /** `random` returns a random number 0..1. `isConformance`: the wait is not random, except after a takeover. */
  constructor(random: () => number, isConformance: boolean) {
    this.#random = random;
    this.#isConformance = isConformance;
  }

  /** Records a failure. `isStable`: the session lasted long enough to count the link as healthy; a takeover then counts as the first. */
  note({ said, code }: UplinkError, { atMs, isStable }: { readonly atMs: WallMs; readonly isStable: boolean }): void {
    this.reason = said;
    this.#code = code;
    this.last = { atMs, text: said };
    if (code === 'taken-over') this.#takeovers = isStable ? 1 : this.#takeovers + 1;
  }

  /** The first births of a session are due: the link works. Empties `reason`; `last` and the number of takeovers stay. */
  clear(): void {
    this.reason = NO_TEXT;
    this.#code = null;
  }

  /**
   * Returns the wait before the next attempt. `failures`: as in `SessionState`. If another client with the same id took over the session, a
   * minimum applies. `awayMs`: since a stable session was lost; null for the full back-off, as after one that was not stable. Units: ms.
   */
  restMs(failures: number, awayMs: number | null): number {
    const usualMs = backOffMs(failures, this.#isConformance ? FIXED_CHANCE : this.#random(), awayMs);
    return this.#code === 'taken-over' ? Math.max(usualMs, takeoverRestMs(this.#takeovers, this.#random())) : usualMs;
  }
}

/**
 * Returns the wait after `failures` failures in a row: `chance` times a limit that doubles from 1 s to 5 min. `awayMs`: the time since a
 * stable session was lost; null for none. Twice this time bounds the limit, but not below 1 s. Otherwise cabinets that draw several short
 * waits would wait minutes after an outage of seconds.
 *
 * Units: ms; `chance` is a random number 0..1. Source: "Exponential Backoff And Jitter", AWS Architecture Blog: full jitter gives the
 * server the least work.
 */
export function backOffMs(failures: number, chance: number, awayMs: number | null = null): number {
  const exponent = Math.min(Math.max(failures - 1, 0), 30);
  const sinceLostMs = awayMs === null ? Number.POSITIVE_INFINITY : Math.max(BACK_OFF_MS.first, MOST_OF_AWAY * awayMs);
  return Math.min(BACK_OFF_MS.first * 2 ** exponent, BACK_OFF_MS.max, sinceLostMs) * chance;
}

/**
 * The wait after `takeovers` takeovers in a row: 50 to 100 % of a time that doubles with each takeover, so that two clients with one id do
 * not reconnect in turn.
 *
 * Units: ms; `chance` is a random number 0..1.
 */
function takeoverRestMs(takeovers: number, chance: number): number {
  const exponent = Math.min(Math.max(takeovers - 1, 0), 30);
  return Math.min(TAKEOVER_MS.first * 2 ** exponent, TAKEOVER_MS.max) * (0.5 + chance / 2);
}
