/**
 * Records why connections fail, and how long to wait before the next attempt.
 */
import type { WallMs } from '../../core/clock.ts';
import type { UplinkError, UplinkErrorCode } from '../../core/errors.ts';
import { backOffMs, takeoverRestMs } from './back-off.ts';

/** Chance in conformance mode: the wait grows by the same steps each time. Source: a checker wants births within 3 s of the host (reference/sparkplug.md §2). */
const FIXED_CHANCE = 0.25;

export class LinkFailures {
  readonly #random: () => number;
  readonly #isConformance: boolean;
  #reason = '';
  #code: UplinkErrorCode | null = null;
  #last: { readonly atMs: WallMs; readonly text: string } | null = null;
  /** In a row: two clients with one id would end each other's sessions forever. */
  #takeovers = 0;

  /** `random` gives 0..1. */
  constructor(random: () => number, isConformance: boolean) {
    this.#random = random;
    this.#isConformance = isConformance;
  }

  /** Why the last connection failed or ended; empty when none failed since the last birth. */
  get reason(): string {
    return this.#reason;
  }

  /** The last failure, also after it is over. */
  get last(): { readonly atMs: WallMs; readonly text: string } | null {
    return this.#last;
  }

  /** `isStable`: the session lived long enough to show a sound link. */
  note({ message, code }: UplinkError, { atMs, isStable }: { readonly atMs: WallMs; readonly isStable: boolean }): void {
    this.#reason = message;
    this.#code = code;
    this.#last = { atMs, text: message };
    if (code === 'taken-over') this.#takeovers = isStable ? 1 : this.#takeovers + 1;
  }

  /** A birth was sent: nothing is wrong at present. */
  clear(): void {
    this.#reason = '';
    this.#code = null;
  }

  /** Wait after `failures` failures in a row; longer after a takeover, so that the other client is not ended at once. Units: ms. */
  restMs(failures: number): number {
    const usualMs = backOffMs(failures, this.#isConformance ? FIXED_CHANCE : this.#random());
    return this.#code === 'taken-over' ? Math.max(usualMs, takeoverRestMs(this.#takeovers, this.#random())) : usualMs;
  }
}
