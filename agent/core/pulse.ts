/**
 * Progress of the agent's parts; the watchdog decides from it.
 */
import type { MonoMs } from './clock.ts';
import type { DataRefusal } from './errors.ts';

/** One line. Shape: both null while it does not work; `turnedMono` is always null for a raw UART line. */
export interface LinePulse {
  readonly id: string;
  /** When it last chose its next action, even if that was none. */
  readonly turnedMono: MonoMs | null;
  /** When it began to open its port; null if it is not opening it. */
  readonly openingMono: MonoMs | null;
}

/** Progress of the storage thread. */
export interface StorePulse {
  /** Since when no request has been answered, new threads included; null while it answers or has no request. */
  readonly unansweredMono: MonoMs | null;
  /** A thread does not end when required because a disk call blocks it. A restart of the agent would not end it either. */
  readonly isStuck: boolean;
  /** Nothing is stored, because another process uses the data or has erased it. */
  readonly refusal?: DataRefusal | null;
}

/** The latest progress of each part that keeps the street lit. */
export interface Pulse {
  readonly lines: readonly LinePulse[];
  /** End of the last tick; null while none is due. */
  readonly tickedMono: MonoMs | null;
  readonly store: StorePulse;
}
