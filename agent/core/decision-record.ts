/**
 * The record of decisions: what the store keeps of it, and what `why --at` shows of it.
 *
 * A segment is a stretch of time that can be read alone; it begins with all inputs and all levels, and contains the changes after that. It
 * is written in parts. Its bytes are encoded by `control/record/`; the store does not interpret them.
 */
import type { ClockQuality, MonoMs, WallMs } from './clock.ts';
import type { LevelPct } from './words.ts';

/**
 * Bytes of a segment or of a part of it. `ticks`: the instants. `levels`: all at a segment's first instant, then changes. `inputs`: in the
 * same way, as far as a decision depends on them.
 */
export interface RecordStreams {
  readonly ticks: Uint8Array;
  readonly inputs: Uint8Array;
  readonly levels: Uint8Array;
}

/** What the levels of a segment follow from besides its inputs. Shape: `street` is the JSON of a `LightingStreet`. */
export interface RecordBasis {
  /** Number of the revision of the configuration at the start of the segment; null if this run has no revisions. */
  readonly revision: number | null;
  /** Version of the program. */
  readonly version: string;
  readonly street: string;
}

/** One part of a segment of the decision record, to be stored. It covers the time from `fromMono` to `toMono`. */
export interface RecordPart extends RecordStreams {
  /** Null: it continues the segment of the part before. */
  readonly basis: RecordBasis | null;
  readonly fromMono: MonoMs;
  readonly toMono: MonoMs;
  /** This and `toMs`: the same bounds by the wall clock, as it was before a step that ends the segment. */
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  /** At the start of the segment. */
  readonly clockQuality: ClockQuality;
  /** The control of the light stopped after it. */
  readonly isEnd: boolean;
  /** Above 0: the record is incomplete before this segment. The number counts instants, and may include some that are stored. */
  readonly lost: number;
}

/** A part with its place: numbers of its segment within the run, and of the part within the segment, both from 0. */
export interface NumberedPart extends RecordPart {
  readonly segment: number;
  readonly part: number;
}

/** Time and state of a stored segment of the record, without its bytes. */
export interface RecordLabel {
  /** Higher for a segment that was written later. */
  readonly id: number;
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  /** The same bounds by the monotonic clock of the run. */
  readonly fromMono: MonoMs;
  readonly toMono: MonoMs;
  /** Quality of the wall clock at the start of the segment. */
  readonly clockQuality: ClockQuality;
  /** `fromMs` and `toMs` were corrected later, because the wall clock was wrong when they were recorded. */
  readonly isCorrected: boolean;
  /** Number of the run of the agent; equal for segments of one run. */
  readonly run: number;
  /** The control of the light stopped after it. */
  readonly isEnd: boolean;
  /** Above 0: the record is incomplete before this segment, as in `RecordPart`. */
  readonly lost: number;
  /** The inputs were removed to make room. */
  readonly isThinned: boolean;
}

/** A stored segment; of a damaged one, the beginning that can be read. Shape: `inputs` is empty if they were removed. */
export interface StoredRecord extends RecordLabel, RecordStreams {
  readonly basis: RecordBasis;
}

/**
 * Requests a page of the segments that reach into a period, from `fromMs` to before `toMs`, with a higher id than `afterId`. `afterId`: 0
 * for the first page.
 */
export interface RecordQuery {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly afterId: number;
}

/**
 * One page of segments in the order in which they were written. `nextId`: the `afterId` of the next page; null if there is none. `damaged`:
 * how many segments of this page were left out because they are damaged. `before`, `after`: the nearest segments outside the period, or
 * null.
 */
export interface RecordPage {
  readonly segments: readonly StoredRecord[];
  readonly damaged: number;
  readonly nextId: number | null;
  readonly before: RecordLabel | null;
  readonly after: RecordLabel | null;
  readonly facts: RecordFacts;
}

/** Size and reach of the record, and what was removed from it. */
export interface RecordFacts {
  /** Number of stored segments, with those in `thinned`. */
  readonly segments: number;
  /** Size of the rows, and of each `RecordBasis` that they use. Units: bytes. */
  readonly bytes: number;
  /** Size above which old inputs, then old segments, are removed. Units: bytes. */
  readonly maxBytes: number;
  /** The rate of the segments that still have their inputs; null if they cover less than an hour. */
  readonly bytesPerDay: number | null;
  /** The earliest start of a segment; null if there is none. */
  readonly oldestMs: WallMs | null;
  /** Segments without inputs, and the end of the newest of them; null if there is none. */
  readonly thinned: number;
  readonly thinnedToMs: WallMs | null;
  /** The end of the newest segment that was removed to make room, and of the newest that was removed by age; null if none was. */
  readonly droppedToMs: WallMs | null;
  readonly agedToMs: WallMs | null;
}

/** A recorded time in which no decided level changed, with the levels by lamp id. The map is valid until the next spell is requested. */
export interface LevelSpell {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly levels: ReadonlyMap<string, LevelPct>;
}
