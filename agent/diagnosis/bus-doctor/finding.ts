/** What `bus doctor` finds: the words of its verdicts. */
import type { WallMs } from '../../core/clock.ts';
import type { Message } from '../../core/message.ts';

/** The verdicts of an examination. Causes that look the same from the gateway share one verdict. */
export const VERDICTS = [
  'healthy',
  'undecided',
  'line-silent',
  'swapped-wires',
  'wrong-settings',
  'no-termination',
  'no-bias',
  'duplicate-address',
  'second-master',
  'echo',
  'noisy-unit',
  'unit-silent',
  'slow-unit',
  'noise-at-hours',
  'sleeping-driver',
  'adapter-latency',
] as const;

/** The verdict of an examination or of a finding, one of `VERDICTS`. */
export type Verdict = (typeof VERDICTS)[number];

/** One finding with its evidence. */
export interface BusFinding {
  readonly verdict: Verdict;
  /** Addresses of the units concerned; empty for the line. */
  readonly units: readonly number[];
  /** One sentence: what was found. */
  readonly text: Message;
  /** The likely causes, most likely first; empty if healthy. */
  readonly causes: readonly Message[];
  /** The numbers that led to it. */
  readonly evidence: readonly Message[];
  /** What to check next, where and with what. */
  readonly check: Message;
}

/** The result of an examination of a line. */
export interface BusDiagnosis {
  readonly line: string;
  /** The verdict of the first finding. */
  readonly verdict: Verdict;
  /** At least one. */
  readonly findings: readonly BusFinding[];
  /**
   * Number of requests to the judged units, number of those with a valid reply, also an exception, and number of these units. The agent's
   * usual requests count too.
   */
  readonly asked: number;
  readonly answered: number;
  readonly units: number;
  /** Addresses of the units that were not judged, because they had no supply. */
  readonly unfed: readonly number[];
  readonly durationMs: number;
}

/** Returns an instant as local date and time of the cabinet, for the reader of the result: `2026-12-01 22:41`. */
export type TimeText = (atMs: WallMs) => string;
