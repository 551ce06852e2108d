/**
 * The results of all rounds together.
 *
 * Owns the sums and the progress lines.
 */

import type { ExamineVerdict } from './examine.ts';
import type { Summary } from './torture.ts';
import type { WriterReport } from './writer.ts';

export interface Round {
  readonly round: string;
  readonly said: WriterReport;
  /** Seqs that had been given out before. */
  readonly reused: readonly number[];
  readonly verdict: ExamineVerdict;
  /** How long before the end the oldest reading was appended that was not committed; this loss is permitted. Units: ms. */
  readonly uncommittedMs?: number;
}

/** A progress line each so many rounds, and one for each that went wrong. */
const PROGRESS_EVERY = 10;

export function createTally(torture: string, progress: (text: string) => void) {
  const sum = { rounds: 0, committedFrames: 0, committedReadings: 0, lostReadings: 0, integrityFailures: 0, reusedSeqs: 0, problems: 0 };
  let longestUncommittedMs = 0;
  let recordedLosses: ExamineVerdict['gone'] = {};
  /** A run in which no reading was committed proves nothing, so it is not clean. */
  const isClean = (): boolean => sum.problems === 0 && sum.committedReadings > 0;
  return {
    add: ({ round, said, reused, verdict, uncommittedMs = 0 }: Round): void => {
      const troubles = said.events.filter((text) => text.startsWith('store-trouble'));
      const problems = [...verdict.problems, ...troubles, ...reused.map((seq) => `seq ${seq} was given out twice`)];
      sum.rounds += 1;
      sum.committedFrames += said.frames.length;
      sum.committedReadings += said.frames.reduce((all, { readings }) => all + readings, 0);
      sum.lostReadings += verdict.lost;
      sum.integrityFailures += verdict.integrityFailures;
      sum.reusedSeqs += reused.length;
      sum.problems += problems.length;
      if (Object.keys(verdict.gone).length > 0) recordedLosses = verdict.gone;
      longestUncommittedMs = Math.max(longestUncommittedMs, Math.round(uncommittedMs));
      for (const text of problems) progress(`${torture}: round ${round}: ${text}`);
      if (sum.rounds % PROGRESS_EVERY === 0)
        progress(`${torture}: round ${round}: ${sum.committedReadings} readings committed, ${sum.problems} problems`);
    },
    isClean,
    summary: (): Summary => ({
      torture,
      ok: isClean(),
      ...sum,
      recordedLosses,
      longestUncommittedMs,
    }),
  };
}
