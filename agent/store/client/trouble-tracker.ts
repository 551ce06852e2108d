/**
 * The troubles of the store while it runs: since when each part fails, when to retry, and the events that say so.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import type { Log } from '../../core/ports.ts';
import type { AgentEvent } from '../../core/words.ts';
import type { StoreResult } from '../messages.ts';
import { afterFailure, afterSuccess, eventsBetween, isTroubled, NO_TROUBLE, type Part, type Troubles, troubleText } from './trouble.ts';

export interface TroubleTrackerParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly onEvent: (event: AgentEvent) => void;
  /** Called when the wait after a failure is over. */
  readonly onRetry: () => void;
}

/** A tracker without troubles. */
export class TroubleTracker {
  readonly #parts: TroubleTrackerParts;
  #troubles: Troubles = NO_TROUBLE;
  #retry: Timer | null = null;

  constructor(parts: TroubleTrackerParts) {
    this.#parts = parts;
  }

  has(part: Part): boolean {
    return isTroubled(this.#troubles, part);
  }

  /** Whether the wait after the last failure is over. */
  mayRetry(): boolean {
    return this.#parts.clock.monoMs() >= this.#troubles.retryMono;
  }

  /** All troubles in one line; empty for none. */
  text(): string {
    return troubleText(this.#troubles);
  }

  fail(part: Part, reason: string): void {
    const { clock, log, onRetry } = this.#parts;
    const nowMono = clock.monoMs();
    this.#change(afterFailure(this.#troubles, { part, reason, atMs: clock.wallMs(), atMono: nowMono }));
    log.event('store-trouble', { part, reason, failures: this.#troubles.failures }, 'warning');
    this.#retry?.cancel();
    this.#retry = clock.after(this.#troubles.retryMono - nowMono, onRetry);
  }

  succeed(part: Part): void {
    this.#change(afterSuccess(this.#troubles, part));
  }

  /** Records the success or the failure of a part. Returns whether it was a success. */
  record(part: Part, result: StoreResult<unknown>): boolean {
    if (result.ok) this.succeed(part);
    else this.fail(part, result.message);
    return result.ok;
  }

  /** No retry any more. */
  stop(): void {
    this.#retry?.cancel();
  }

  #change(next: Troubles): void {
    const events = eventsBetween(this.#troubles, next, this.#parts.clock.wallMs());
    this.#troubles = next;
    for (const event of events) this.#parts.onEvent(event);
  }
}
