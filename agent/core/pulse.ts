/**
 * Progress of the agent's parts; the watchdog decides from it.
 */
import type { MonoMs } from './clock.ts';
import type { DataRefusal } from './errors.ts';

/** The progress of one line, by which the watchdog recognises a line that hangs. */
export interface LinePulse {
  readonly id: string;
  /** When the line last chose its next action, even if that was to wait. Null before that, after a stop, and for a raw UART line. */
  readonly turnedMono: MonoMs | null;
  /** When it began to open its port; null if it is not opening it. */
  readonly openingMono: MonoMs | null;
}

/** The progress of the storage thread, by which the watchdog recognises one that hangs. */
export interface StorePulse {
  /**
   * When the first request since the last answer was made, also one that could not be sent. Null if none was made since, even if earlier
   * ones still wait. A reported failure is an answer too.
   */
  readonly unansweredMono: MonoMs | null;
  /** A thread that is to end has not ended yet, for example because a disk call blocks it. */
  readonly isStuck: boolean;
  /** Why nothing is stored: another process uses the data or has erased it. Null or absent otherwise. */
  readonly refusal?: DataRefusal | null;
}

/** The progress of the lines, the light control and the storage thread. The watchdog decides from it whether one of them hangs. */
export interface Pulse {
  readonly lines: readonly LinePulse[];
  /** When the light control last finished a decision; null before the first, and while it does not run. */
  readonly tickedMono: MonoMs | null;
  readonly store: StorePulse;
}
