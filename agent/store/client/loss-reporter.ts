import { type Message, msg } from '../../core/message.ts';
import type { EarlierLoss } from '../../core/ports.ts';
import type { AgentEvent } from '../../core/words.ts';
import type { LossReason } from '../messages.ts';
import type { TroubleTrackerParts } from './trouble.ts';

/** Reports lost readings as events, and counts them. Those of `reportEarlier` are reported, but not counted. */
export class LossReporter {
  readonly #parts: Omit<TroubleTrackerParts, 'onRetry'>;
  #readingsLost = 0;
  #lossesEstimated = 0;
  /** The event that lasts while readings are lost because memory is full. */
  #overflow: AgentEvent | null = null;
  /** Readings of the present overflow. */
  #overflowed = 0;

  constructor(parts: Omit<TroubleTrackerParts, 'onRetry'>) {
    this.#parts = parts;
  }

  /** Readings of this run that were reported as lost, estimates and overflow included, without those of `reportEarlier`. */
  get readingsLost(): number {
    return this.#readingsLost;
  }

  /** Number of losses of this run that were reported with `isEstimate`. */
  get lossesEstimated(): number {
    return this.#lossesEstimated;
  }

  /** Reports a loss with an event that ends immediately. `isEstimate`: they could not be counted; 0 then means an unknown number. */
  report(readings: number, reason: LossReason, isEstimate = false): void {
    this.#parts.onEvent(this.#count(readings, reason, isEstimate));
  }

  /** Reports readings of a run that had no store. The event begins at `sinceMs` and ends now. */
  reportEarlier({ readings, sinceMs }: EarlierLoss): void {
    const text = msg`safe mode ran without a store: ${readings} readings lost; the gap is recorded and reported`;
    this.#parts.onEvent({ ...lossEvent('no-store', text, sinceMs), endMs: Math.max(sinceMs, this.#parts.clock.wallMs()) });
  }

  /** Reports readings that were discarded because memory was full, with one event until `endOverflow`. */
  reportOverflow(readings: number): void {
    this.#overflowed += readings;
    if (this.#overflow !== null) {
      this.#readingsLost += readings;
      return;
    }
    this.#overflow = { ...this.#count(readings, 'memory-full'), endMs: null };
    this.#parts.onEvent(this.#overflow);
  }

  /** Ends the event of a full memory, if there is one; its text then has the total. Call it after losses were written to disk. */
  endOverflow(): void {
    if (this.#overflow === null) return;
    const text = lossText(this.#overflowed, 'memory-full', false);
    this.#parts.onEvent({ ...this.#overflow, text, endMs: this.#parts.clock.wallMs() });
    this.#overflow = null;
    this.#overflowed = 0;
  }

  #count(readings: number, reason: LossReason, isEstimate = false): AgentEvent {
    this.#readingsLost += readings;
    if (isEstimate) this.#lossesEstimated += 1;
    this.#parts.log.event('store-lost', { readings, reason, isEstimate }, 'alarm');
    return lossEvent(reason, lossText(readings, reason, isEstimate), this.#parts.clock.wallMs());
  }
}

function lossText(readings: number, reason: LossReason, isEstimate: boolean): Message {
  if (!isEstimate) return msg`${readings} readings lost (${reason}); the gap is recorded and reported`;
  return readings === 0
    ? msg`an unknown number of readings lost (${reason}); the gap is recorded and reported`
    : msg`about ${readings} readings lost (${reason}); the gap is recorded and reported`;
}

/** An event that ends immediately. */
function lossEvent(source: LossReason, text: Message, atMs: number): AgentEvent {
  const id = `readings-lost:${source}:${atMs}`;
  return { id, code: 'readings-lost', source, severity: 'warning', text, startMs: atMs, endMs: atMs };
}
