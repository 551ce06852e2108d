/** What is predicted for a lamp: when it should be replaced, how certain that is, and why. */
import { type Message, msg, NO_TEXT } from './message.ts';

/**
 * What a prediction is based on. `power`, `current`, `temperature` and `derating` are trends. `starts` are restarts beyond those of other
 * lamps, at least twice as many as before. `rated-hours` and `rated-starts`: the rated life ends within a year or has ended.
 */
export type WearSign = 'power' | 'current' | 'temperature' | 'derating' | 'starts' | 'rated-hours' | 'rated-starts';

/**
 * How certain a prediction is, as a rough class and not a probability. Confirmed by: the share of failures within the interval,
 * `bench -- predict`.
 */
export type WearConfidence = 'high' | 'medium' | 'low';

/** How certain a prediction is, in words. */
export const CONFIDENCE_TEXTS: Readonly<Record<WearConfidence, Message>> = { high: msg`high`, medium: msg`medium`, low: msg`low` };

/**
 * One sign of wear, with the earliest and the latest expected end of the useful life of the lamp, which may then still burn. Units: weeks
 * from the newest data of this sign, which may be older than those of others. `latestWeeks` null: no latest end can be stated. For a rated
 * life `earliestWeeks` is at least 26, even if that life has ended.
 */
export interface WearFinding {
  readonly sign: WearSign;
  readonly earliestWeeks: number;
  readonly latestWeeks: number | null;
  readonly confidence: WearConfidence;
  readonly text: Message;
}

/**
 * The prediction for one lamp. `listed`: it should be replaced within `withinWeeks`. `no-sign`: enough nights, and no sign of wear.
 * `too-little`: too few or too old nights. `no-data`: the lamp reports nothing that shows wear.
 */
export interface LampPrediction {
  readonly lamp: string;
  readonly pole: string;
  readonly state: 'listed' | 'no-sign' | 'too-little' | 'no-data';
  /** Replace the lamp within this time: `earliestWeeks` rounded down to 8, 13, 26 or 52, or 4 if it is less than 8. Null unless listed. */
  readonly withinWeeks: number | null;
  /** As those of the first sign, with a confidence that other signs may raise. Null unless listed. */
  readonly earliestWeeks: number | null;
  readonly latestWeeks: number | null;
  readonly confidence: WearConfidence | null;
  /** Number of stored nights of this lamp and driver. */
  readonly nights: number;
  /** Nights that are enough if the newest one is recent; fewer may be enough too. */
  readonly neededNights: number;
  /** The first of these nights, `2026-12-01`; null without one. */
  readonly sinceNight: string | null;
  /** The sign that is expected first is the first one. */
  readonly signs: readonly WearFinding[];
}

/** Returns the sentences of all signs, separated by semicolons; the empty message without a sign. */
export function evidenceOf({ signs: [first, ...others] }: Pick<LampPrediction, 'signs'>): Message {
  return first === undefined ? NO_TEXT : others.reduce((all, { text }) => msg`${all}; ${text}`, first.text);
}
