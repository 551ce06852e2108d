/**
 * The interface of the store: frames are appended; readings, gaps, facts and history are read.
 */

import type { AuditRows, AuditTools } from './audit-tools.ts';
import type { ClockQuality, MonoMs, WallMs } from './clock.ts';
import type { RecordFacts, RecordPage, RecordPart, RecordQuery } from './decision-record.ts';
import type { Message } from './message.ts';
import type { StorePulse } from './pulse.ts';
import type { AgentEvent, Outcome, PointId, Quality, Reading } from './words.ts';

/**
 * Readings that are reported together, to be stored and sent. `ticket`: number of the frame, from 1; it increases within a run of the
 * agent. The times and `clockQuality` are those of the moment when the frame was made.
 */
export interface ReadingFrame {
  readonly ticket: number;
  readonly atMono: MonoMs;
  readonly atMs: WallMs;
  readonly clockQuality: ClockQuality;
  readonly readings: readonly Reading[];
}

/**
 * A frame as read from the store. `seq`: its number on disk; it never repeats within an epoch, the lifetime of one database. `readings`:
 * those still on disk; in an export only those of the period.
 */
export interface StoredFrame {
  readonly seq: number;
  readonly atMs: WallMs;
  readonly clockQuality: ClockQuality;
  /** Its times were corrected when the real time of its run became known. If false, they may be wrong if `clockQuality` is not trusted. */
  readonly isCorrected: boolean;
  readonly readings: readonly StoredReading[];
}

/**
 * One reading of one point as read from the store. `value`: null if it has none, otherwise as rounded for the store. `atMs`: the time of
 * the reading, with the correction of its frame.
 */
export interface StoredReading {
  readonly pointId: PointId;
  readonly value: number | null;
  readonly quality: Quality;
  readonly atMs: WallMs;
}

/**
 * A recorded loss of readings. `firstSeq` to `lastSeq`: the range of frames, both included, that contains the lost readings whose frames
 * are known; null if none is known. Other readings of this range may still be stored.
 */
export interface Gap {
  readonly id: number;
  /** Too many gaps were recorded to keep each: this one replaces earlier ones, the first of which had this id. Absent for any other gap. */
  readonly mergedFrom?: number;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  readonly readings: number;
  /** The readings could not be counted: `readings` is an estimate, or 0 if unknown. Absent if they were counted. */
  readonly isEstimate?: true;
  /** Why, such as `cap` or `corrupt`; `merged` for one that replaces others. */
  readonly reason: string;
  /** When the first of the readings were lost, which may be long after their own times. A merged one has the newest such time. */
  readonly atMs: WallMs;
}

/**
 * Readings that earlier runs of the agent lost because they had no store. `sinceMs`: start of the first of these runs. `run` identifies the
 * loss permanently.
 */
export interface EarlierLoss {
  readonly run: string;
  readonly readings: number;
  readonly sinceMs: WallMs;
}

/**
 * How far a frame of this run has been delivered. `delivered`: proven, by what `UplinkDelivery.mode` names. `in-flight`: sent live in this
 * connection, and the broker has not answered yet. `undelivered`: any other.
 */
export type FrameFate = 'delivered' | 'in-flight' | 'undelivered';

/** Frames that are now on disk. `seq`: the number that each frame got there. `readings`: how many it has. */
export interface Committed {
  readonly tickets: readonly { readonly ticket: number; readonly seq: number; readonly readings: number }[];
}

/** State of the store: whether it works, what waits in memory, and what this run has stored and lost. */
export interface StoreStatus extends TelemetryFacts {
  readonly state: 'ok' | 'trouble';
  /** What is wrong and what to check; empty if nothing is wrong. */
  readonly reason: Message;
  /** Not yet on disk. */
  readonly readingsWaiting: number;
  /** Counts for this run of the agent. */
  readonly readingsStored: number;
  readonly readingsLost: number;
  /** Number of losses of this run whose readings could not be counted. If there is one, `readingsLost` is an estimate. */
  readonly lossesEstimated: number;
  /** Number of parts of the record of decisions that this run lost. Default: 0. */
  readonly decisionsLost?: number;
}

/**
 * Size and progress of the database of readings, as last read. Before the disk has responded, `epoch` is empty, and counts and sizes are
 * 0.
 */
export interface TelemetryFacts {
  /** Random id of the database file; a new file has another one. */
  readonly epoch: string;
  /** Frames on disk, compacted ones included; `readings` too. */
  readonly frames: number;
  readonly readings: number;
  /** Units: bytes on disk, with the write-ahead log. */
  readonly bytes: number;
  /** Limit of the size of telemetry. Units: bytes. */
  readonly maxBytes: number;
  /**
   * `journal`: frames as committed. `segments`: compacted frames; `count` is the number of segments. Units: readings, and bytes of their
   * rows without the overhead of database pages.
   */
  readonly journal: { readonly readings: number; readonly bytes: number };
  readonly segments: { readonly count: number; readonly readings: number; readonly bytes: number };
  /** Time of the oldest frames for which there is one; it may be that of an unset clock. Null if there is none. */
  readonly oldestMs: WallMs | null;
  /** The next frame on disk gets a higher seq. May be above 0 while there is no frame. */
  readonly lastSeq: number;
  /** No frame up to this number remains to be delivered: each is delivered or lost. */
  readonly cursorSeq: number;
  /**
   * Frames after the cursor, also those delivered before older ones. An estimate after a crash, thinning or damage: it may then be 0
   * although frames wait.
   */
  readonly backlogFrames: number;
  /** Number of entries about losses; one may stand for several. */
  readonly gaps: number;
  readonly account: StoreAccount;
  /** The record of decisions; absent until the disk responds first. */
  readonly record?: RecordFacts;
  /**
   * What the present storage thread has written since its first measurement, `overMs` ago, as counted by the kernel. It begins at 0 again
   * if the thread is replaced. Null if the kernel does not provide it, or the disk has not responded. Units: bytes, ms.
   */
  readonly written: { readonly bytes: number; readonly overMs: number } | null;
}

/**
 * What became of the readings of this epoch, and of those that were lost with the database before it. What still waits in memory is in no
 * count. Units: readings; `estimates` in losses. `isBalanced`: `produced` is the sum of `delivered`, `backlog` and `gaps`.
 */
export interface StoreAccount {
  readonly produced: number;
  readonly delivered: number;
  /** On disk after the cursor in the file, which may be about a minute old. Readings that were delivered before older ones count too. */
  readonly backlog: number;
  /** Lost, and the loss is recorded. */
  readonly gaps: number;
  /** Recorded losses whose readings could not be counted; `gaps` is then an estimate. */
  readonly estimates: number;
  readonly isBalanced: boolean;
}

/** How a history is condensed: each reading, or one entry for each minute or hour (UTC) that has readings. */
export type Resolution = 'raw' | 'minute' | 'hour';

/**
 * Requests the newest events that began or ended since `sinceMs`, or are open. Leaves out the `skip` newest of them (default: 0), and
 * returns at most `limit` of the others, never more than 2,000. Order: as they were first stored, whenever they began.
 */
export interface EventQuery {
  readonly sinceMs: WallMs;
  readonly limit: number;
  readonly skip?: number;
}

/**
 * Requests one point over a period, from `fromMs` to before `toMs`. `limit`: most rows or buckets, the newest ones. Below 1 it counts as 1,
 * above 50,000 as 50,000.
 */
export interface HistoryQuery {
  readonly pointId: PointId;
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly resolution: Resolution;
  readonly limit: number;
}

/** One stored reading of the requested point. `isCorrected`: as in `StoredFrame`; if false, the time may be right or wrong. */
export interface HistoryRow extends Omit<StoredReading, 'pointId'> {
  readonly isCorrected: boolean;
}

/**
 * The requested readings within one minute or hour, which begins at `atMs`. Readings of any quality count. Shape: min, mean and max are
 * null if no reading had a value. `mean`: each value counts once, however long it lasted. `readings`: their number; `values`: how many of
 * them had a value.
 */
export interface HistoryBucket {
  readonly atMs: WallMs;
  readonly min: number | null;
  readonly mean: number | null;
  readonly max: number | null;
  readonly values: number;
  readonly readings: number;
}

/**
 * The history of one point, oldest first. `rows` for resolution raw, `buckets` for the others; the other list is empty. `isCut`: older ones
 * of the period exist but are not included.
 */
export interface History {
  readonly rows: readonly HistoryRow[];
  readonly buckets: readonly HistoryBucket[];
  readonly isCut: boolean;
}

/**
 * Requests one page of the readings of a period, by frame. Shape: readings from `fromMs` to before `toMs`, of frames with a higher `seq`
 * than `afterSeq`; at most `maxFrames` frames, and never more than 2,000.
 */
export interface ExportQuery {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly afterSeq: number;
  readonly maxFrames: number;
}

/**
 * One page of an export. `nextSeq`: the `afterSeq` of the next page; null if this is the last page. A page may be empty although later ones
 * are not.
 */
export interface ExportPage {
  readonly epoch: string;
  readonly frames: readonly StoredFrame[];
  readonly nextSeq: number | null;
}

/**
 * What one compaction packed: the number of old frames, of their readings, and of the segments they became. `bytesBefore`, `bytesAfter`:
 * size of the rows. Units: bytes.
 */
export interface CompactionReport {
  readonly segments: number;
  readonly frames: number;
  readonly readings: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/**
 * What was deleted because it was too old; while the clock is not trusted, nothing is deleted or checked. Units: `readings` and `lost` in
 * readings.
 */
export interface RetentionReport {
  readonly readings: number;
  /** The deleted readings that were not delivered; they are recorded as gaps. */
  readonly lost: number;
  /** The clock jumped too far ahead, so the age of readings cannot be computed with it. */
  readonly isClockDoubted: boolean;
  /** Deleted events, outcomes and audit entries. */
  readonly people: number;
}

/** Result of a check of the databases. `account` is null if it could not be computed. */
export interface StoreCheck {
  readonly files: readonly {
    readonly file: string;
    /** `problems` is empty. */
    readonly ok: boolean;
    /** What was wrong, also if the check has repaired it, or why the file could not be checked; empty if nothing was wrong. */
    readonly problems: readonly Message[];
    /** With write-ahead log and shared memory. */
    readonly bytes: number;
  }[];
  readonly account: StoreAccount | null;
}

/** The backup of `state.db` that was made: its file, its size, and when it was requested. Units: bytes. */
export interface BackupReport {
  readonly path: string;
  readonly bytes: number;
  readonly atMs: WallMs;
}

/** A small value in `state.db` under a key, such as the overrides in force. Shape: `value` is the parsed JSON, not its text. */
export interface StoredFact {
  readonly key: string;
  readonly value: unknown;
}

/**
 * The store of readings, events and small facts. A failure of the disk does not throw; `status` shows it. `events`, `readAfter` and
 * `gapsAfter` resolve with an empty list if the disk did not respond.
 */
export interface Store {
  /** Begins to store. Resolves also if the disk does not respond in time. */
  start(): Promise<void>;
  /** Tries to commit what is in memory, then closes. */
  stop(): Promise<void>;
  /**
   * Adds a frame in memory; it is committed later, see `onCommitted`. If memory is full, frames may be discarded; lost readings are
   * recorded as a gap.
   */
  append(frame: ReadingFrame): void;
  /** Adds a part of the record of decisions in memory. Returns false if it was not kept. */
  appendDecisions(part: RecordPart): boolean;
  /** One page of the record; undefined if the disk did not respond. */
  decisions(query: RecordQuery): Promise<RecordPage | undefined>;
  /** Resolves once the loss is on disk; never if this run cannot write it. */
  recordLoss(loss: EarlierLoss): Promise<void>;
  /** The number that a frame of this run has or will have on disk; null if it is not certain. */
  rowOf(ticket: number): { readonly epoch: string; readonly seq: number } | null;
  /** Adds an event, or an outcome, in memory; it is written as soon as the disk accepts it. If too many wait, the oldest are discarded. */
  appendEvent(event: AgentEvent): void;
  appendOutcome(outcome: Outcome): void;
  readonly audit: AuditTools;
  /** The next stored entries of the audit log after this number, oldest first; undefined if the disk did not respond. */
  auditAfter(n: number): Promise<AuditRows | undefined>;
  /**
   * Saves a small durable fact as JSON; undefined removes it. Resolves with true once it is on disk, with false if the disk did not accept
   * it or the value cannot be JSON. Does not resolve before `start` or after `stop`.
   */
  save(key: string, value: unknown): Promise<boolean>;
  /**
   * The stored value, or the newest that `save` has not stored yet; undefined if the key has none, or a damaged one. If the disk could not
   * be read: `unread`, by default undefined.
   */
  load(key: string, unread?: unknown): Promise<unknown>;
  /** Facts on disk whose key has this prefix, sorted by key, limited in number; undefined if the disk did not respond. */
  loadAll(prefix: string): Promise<readonly StoredFact[] | undefined>;
  /** The oldest committed frames after `seq`, at most `maxFrames` and never more than 2,000, in order. */
  readAfter(seq: number, maxFrames: number): Promise<readonly StoredFrame[]>;
  /** Recorded losses with a higher id than this, lowest id first, limited in number. */
  gapsAfter(id: number): Promise<readonly Gap[]>;
  /** As `gapsAfter`, but undefined if the disk did not respond. */
  readGapsAfter(id: number): Promise<readonly Gap[] | undefined>;
  /** The newest stored events among those that began or ended since then or are open; oldest first. */
  events(query: EventQuery): Promise<readonly AgentEvent[]>;
  /** As `events`, but undefined if the disk did not respond. */
  readEvents(query: EventQuery): Promise<readonly AgentEvent[] | undefined>;
  /** Resolves with undefined if the disk did not respond. So do `exportPage` and the chores. */
  history(query: HistoryQuery): Promise<History | undefined>;
  exportPage(query: ExportQuery): Promise<ExportPage | undefined>;
  /** Packs old frames. This and the other chores (`retain`, `check`, `backup`) are safe to repeat. */
  compact(): Promise<CompactionReport | undefined>;
  /**
   * Deletes what is too old; nothing while the clock is not trusted. Undelivered readings and rows that may name people are deleted only
   * while the clock is `synced`.
   */
  retain(): Promise<RetentionReport | undefined>;
  /** Checks both databases, and removes damaged rows. */
  check(): Promise<StoreCheck | undefined>;
  /** Copies `state.db` to a file beside it. Readings are not in it. */
  backup(): Promise<BackupReport | undefined>;
  /** Call it when delivery is proven up to and including `seq`. The cursor never moves back. */
  moveCursor(seq: number): void;
  status(): Promise<StoreStatus>;
  pulse(): StorePulse;
  /** Set by the owner: called with frames that are now on disk. */
  onCommitted: (committed: Committed) => void;
  /** Set by the owner: called with an event about the store itself, such as a failing disk or lost readings. */
  onEvent: (event: AgentEvent) => void;
  /** Set by the owner: returns a function from the ticket of a frame of this run to its delivery state. Default: all are undelivered. */
  fates: () => (ticket: number) => FrameFate;
}

/** Most events that the store keeps; those that were stored first are removed first. Source: years of a cabinet's events; at most 5 MB. */
export const KEPT_EVENTS = 10_000;

/** Rows that may name people, events too, are removed in blocks: up to this long before `store.peopleDays`. Units: days. */
export const PEOPLE_BLOCK_DAYS = 30;

/**
 * Limit of the readings in memory while the disk accepts none; above it, frames are discarded as far as possible. Source: ten minutes of a
 * full cabinet at 30 readings a second; 4 MB.
 */
export const MAX_WAITING_READINGS = 20_000;

/**
 * Most bytes of the record of decisions in memory while the disk accepts none; more is not recorded. Source: assumed; half an hour of a
 * busy street of 35 lamps. Confirmed by: bench `store record` with the detections of a busy street.
 */
export const MAX_WAITING_RECORD_BYTES = 131_072;
