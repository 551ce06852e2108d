/**
 * Signs of work of the agent's parts, from which the watchdog decides.
 */
import type { MonoMs } from './clock.ts';
import type { DataRefusal } from './errors.ts';

/** One line. Shape: both null while it is not at work; a line of raw bytes never turns. */
export interface LinePulse {
  readonly id: string;
  /** When it last chose what to do next, be it nothing. */
  readonly turnedMono: MonoMs | null;
  /** Its port is being opened since then. */
  readonly openingMono: MonoMs | null;
}

/** The storage thread. */
export interface StorePulse {
  /** Time since when no request was answered, new threads included; null while it answers or has no request. */
  readonly unansweredMono: MonoMs | null;
  /** A thread does not end when required: it is blocked in a call to the disk, which a restart of the agent would not end either. */
  readonly isStuck: boolean;
  /** Nothing is stored, because another process has the data, or erased it. */
  readonly refusal?: DataRefusal | null;
}

/** All that must go on for the street to be lit. */
export interface Pulse {
  readonly lines: readonly LinePulse[];
  /** End of the last tick; null while none is due. */
  readonly tickedMono: MonoMs | null;
  readonly store: StorePulse;
}
