/**
 * Readings that this run lost: counted, logged, and reported as events.
 */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports.ts';
import type { AgentEvent } from '../../core/words.ts';
import type { LossReason } from '../messages.ts';
import { lossEvent } from './trouble.ts';

export interface LossReporterParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly onEvent: (event: AgentEvent) => void;
}

/** A reporter without losses. */
export class LossReporter {
  readonly #parts: LossReporterParts;
  #readingsLost = 0;
  /** The event that lasts while readings are lost because memory is full. */
  #overflow: AgentEvent | null = null;

  constructor(parts: LossReporterParts) {
    this.#parts = parts;
  }

  get readingsLost(): number {
    return this.#readingsLost;
  }

  /** Reports a loss with an event that is over at once. */
  report(readings: number, reason: LossReason): void {
    this.#parts.onEvent(this.#count(readings, reason));
  }

  /** Reports readings that were discarded because memory was full, with one event until `endOverflow`. */
  reportOverflow(readings: number): void {
    if (this.#overflow !== null) {
      this.#readingsLost += readings;
      return;
    }
    this.#overflow = { ...this.#count(readings, 'memory-full'), endMs: null };
    this.#parts.onEvent(this.#overflow);
  }

  /** Ends the event of a full memory: its losses are on disk. */
  endOverflow(): void {
    if (this.#overflow === null) return;
    this.#parts.onEvent({ ...this.#overflow, endMs: this.#parts.clock.wallMs() });
    this.#overflow = null;
  }

  #count(readings: number, reason: LossReason): AgentEvent {
    this.#readingsLost += readings;
    this.#parts.log.event('store-lost', { readings, reason }, 'alarm');
    return lossEvent(readings, reason, this.#parts.clock.wallMs());
  }
}
