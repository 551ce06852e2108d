/** The numbers and texts that stand for words in the record of decisions. A word keeps its number for ever; new words are added at the end. */
import type { ClockQuality } from '../../core/clock.ts';
import type { DecisionReason, Quality, Rank } from '../../core/words.ts';
import type { Detection, PhotocellState } from '../../lighting/lighting.ts';

/** The qualities of the clock, by their number in the record. It rises with the trust in the clock. */
export const CLOCK_WORDS: readonly ClockQuality[] = ['none', 'restored', 'rtc', 'synced'];
/** The qualities of a reading, by their number in the record. */
export const QUALITY_WORDS: readonly Quality[] = ['good', 'stale', 'bad', 'missing'];
/** The verdicts of a photocell, by their number in the record. */
export const VERDICT_WORDS: readonly PhotocellState['says'][] = [null, 'dark', 'bright'];
/** The ranks, by their number in the record. */
export const RANK_WORDS: readonly Rank[] = ['maintenance', 'emergency', 'override', 'presence', 'traffic', 'programme', 'dusk', 'default'];
/**
 * The reasons of a decision, by their number in the record. A rank that is added to `RANK_WORDS` must not change these numbers: then list
 * all reasons here, with the new one at the end.
 */
export const REASON_WORDS: readonly DecisionReason[] = [...RANK_WORDS, 'day', 'time-not-trusted'];

/** Values of the flags of a sensor in the record; the number of its quality is multiplied by `quality` and added. */
export const SENSOR_FLAG = { present: 1, stuck: 2, quality: 4 } as const;
/** Values of the flags of a photocell in the record, added to the number of its verdict. */
export const PHOTOCELL_FLAG = { doubtful: 4, noValue: 8 } as const;
/** Values of the flags of a detection in the record. `up` and `down`: its direction 1 and -1; neither if it is not known. */
export const DETECTION_FLAG = { relayed: 1, up: 2, down: 4 } as const;

/** Returns a text for the source and the pole of a detection. It is the same for all detections of this source at this pole. */
export function detectionKey({ source, pole }: Pick<Detection, 'source' | 'pole'>): string {
  return `${source}\n${pole}`;
}
