/**
 * Records why connections fail, and how long to wait before the next attempt.
 */
import type { WallMs } from '../../core/clock.ts';
import type { UplinkError, UplinkErrorCode } from '../../core/errors.ts';

/** Longest rest after the first failure, and after many. Units: ms. Source: design §7, issue "uplink": 1 s to 5 min. */
const BACK_OFF_MS = { first: 1_000, max: 300_000 };
/** Rest after the first takeover, and after many. Units: ms. Source: assumed; a person needs minutes to find the other client. */
const TAKEOVER_MS = { first: 60_000, max: 900_000 };
/** Chance in conformance mode: the wait grows by the same steps each time. Source: a checker wants births within 3 s of the host (reference/sparkplug.md §2). */
const FIXED_CHANCE = 0.25;

export class LinkFailures {
  readonly #random: () => number;
  readonly #isConformance: boolean;
  /** Why the last connection failed or ended; empty when none failed since the last birth. */
  reason = '';
  /** The last failure, also after it is over. */
  last: { readonly atMs: WallMs; readonly text: string } | null = null;
  #code: UplinkErrorCode | null = null;
  /** In a row: two clients with one id would end each other's sessions forever. */
  #takeovers = 0;

  /** `random` gives 0..1. */
  constructor(random: () => number, isConformance: boolean) {
    this.#random = random;
    this.#isConformance = isConformance;
  }

  /** `isStable`: the session lived long enough to show a sound link. */
  note({ message, code }: UplinkError, { atMs, isStable }: { readonly atMs: WallMs; readonly isStable: boolean }): void {
    this.reason = message;
    this.#code = code;
    this.last = { atMs, text: message };
    if (code === 'taken-over') this.#takeovers = isStable ? 1 : this.#takeovers + 1;
  }

  /** A birth was sent: nothing is wrong at present. */
  clear(): void {
    this.reason = '';
    this.#code = null;
  }

  /** Wait after `failures` failures in a row; longer after a takeover, so that the other client is not ended at once. Units: ms. */
  restMs(failures: number): number {
    const usualMs = backOffMs(failures, this.#isConformance ? FIXED_CHANCE : this.#random());
    return this.#code === 'taken-over' ? Math.max(usualMs, takeoverRestMs(this.#takeovers, this.#random())) : usualMs;
  }
}

/**
 * The rest after `failures` failures in a row, by full jitter, so that a fleet spreads.
 *
 * Units:  ms; `chance` is 0..1.
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog: full jitter gives the least work for the server.
 */
export function backOffMs(failures: number, chance: number): number {
  const exponent = Math.min(Math.max(failures - 1, 0), 30);
  return Math.min(BACK_OFF_MS.first * 2 ** exponent, BACK_OFF_MS.max) * chance;
}

/**
 * The rest after `takeovers` takeovers in a row: between half and all of a doubling time, so that two clients with one id do not stay in step.
 *
 * Units: ms; `chance` is 0..1.
 */
function takeoverRestMs(takeovers: number, chance: number): number {
  const exponent = Math.min(Math.max(takeovers - 1, 0), 30);
  return Math.min(TAKEOVER_MS.first * 2 ** exponent, TAKEOVER_MS.max) * (0.5 + chance / 2);
}
