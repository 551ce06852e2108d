/** What `why --at` shows about a time in the past, from the record of decisions. */
import type { ClockQuality, WallMs } from './clock.ts';
import type { RecordBasis } from './decision-record.ts';
import type { Message } from './message.ts';
import type { DecisionReason, LevelPct, Rank, TraceLine } from './words.ts';

/** A line of a decision's trace. It may state since when it applies, and what would change it. */
export interface WhyLine extends TraceLine {
  /**
   * Absent or null if unknown. For a programme: as planned. For the request of a contact it may be too late: its last reading, or the
   * explained instant. For any other request: by the clock when it was made.
   */
  readonly sinceMs?: WallMs | null;
  /** What would change it; absent or empty if that is not stated. */
  readonly changes?: Message;
}

/** A lamp as the record has it at an instant: the decided level, and why. */
export interface RecordedLamp {
  readonly id: string;
  /** By the configuration of that time. */
  readonly pole: string;
  readonly levelPct: LevelPct;
  readonly rank: Rank;
  readonly reason: DecisionReason;
  /** The source of the rule that decided, such as a sensor or a programme; may be empty. */
  readonly source: string;
  /** Wall time of the last recorded change of its decision. */
  readonly sinceMs: WallMs;
  /** The lines of the decision, computed again from the recorded inputs; null if that is not possible. */
  readonly trace: readonly WhyLine[] | null;
  /** The level that the present program gives for the recorded inputs and settings. Null if it is the same, or cannot be computed. */
  readonly recomputedPct: LevelPct | null;
}

/** One input of the decisions at an instant, as the record has it. */
export interface RecordedInput {
  /** A point, rule, zone or sender. */
  readonly source: string;
  readonly text: Message;
  /**
   * It has applied at least since then, perhaps for longer; null if unknown. For a request: by the clock when it was made. For a sensor
   * that stopped answering during a presence: the start of that presence.
   */
  readonly sinceMs: WallMs | null;
}

/**
 * Why the record lacks an instant. `empty`: nothing is recorded. `before`: the record begins later. `aged`: removed for its age. `dropped`:
 * removed to make room. `stopped`: the control of the light had been stopped, usually with the agent. `broken-off`: the agent ended without
 * a stop. `not-stored`: it could not be recorded, or the store did not accept it. `damaged`: its bytes are damaged or missing. `skipped`:
 * the clock was set forward over it. `not-yet`: no later segment is on disk yet. `unknown`: the street of that time had no such lamp or
 * zone.
 */
export type MissingReason =
  | 'empty'
  | 'before'
  | 'aged'
  | 'dropped'
  | 'stopped'
  | 'broken-off'
  | 'not-stored'
  | 'damaged'
  | 'skipped'
  | 'not-yet'
  | 'unknown';

/**
 * Why the record has no answer for an instant. `fromMs`, `toMs`: the end of the segment (a recorded stretch of time) before it and the
 * begin of the one after it, or the bounds of a segment that contains it. Null if there is no such segment.
 */
export interface MissingRecord {
  readonly why: MissingReason;
  readonly fromMs: WallMs | null;
  readonly toMs: WallMs | null;
}

/** What the record has about a lamp or zone at an instant. */
export interface RecordedWhy {
  /** Why the record has no answer for that instant; null if it has one. */
  readonly missing: MissingRecord | null;
  /** The lamp, or the lamps of the zone, that had a decision at that instant. Empty while `missing` is set. */
  readonly lamps: readonly RecordedLamp[];
  /** Empty also if the inputs of that time were removed to make room. */
  readonly inputs: readonly RecordedInput[];
  /** What limits this answer, such as removed inputs, a corrected time, or a time that occurred twice. */
  readonly notes: readonly Message[];
  /** Revision of the configuration, and version of the program, at the start of the segment with that time. Null while `missing` is set. */
  readonly basis: Pick<RecordBasis, 'revision' | 'version'> | null;
  /** Quality of the clock at the start of the segment with that time; null while `missing` is set. */
  readonly clockQuality: ClockQuality | null;
}
