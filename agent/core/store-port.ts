/**
 * The interface of the store: frames in; readings, gaps, facts and history out.
 */

import type { AuditRows, AuditTools } from './audit-tools.ts';
import type { ClockQuality, MonoMs, WallMs } from './clock.ts';
import type { Message } from './message.ts';
import type { StorePulse } from './pulse.ts';
import type { AgentEvent, Outcome, PointId, Quality, Reading } from './words.ts';

/** Readings taken together, as handed to the store. `ticket` numbers the frames of this run of the agent. */
export interface ReadingFrame {
  readonly ticket: number;
  readonly atMono: MonoMs;
  readonly atMs: WallMs;
  readonly clockQuality: ClockQuality;
  readonly readings: readonly Reading[];
}

/** A frame as it comes back. `seq` never repeats within an epoch. */
export interface StoredFrame {
  readonly seq: number;
  readonly atMs: WallMs;
  readonly clockQuality: ClockQuality;
  /** Its times were corrected later, when the time of its run became known; it was recorded with an untrusted clock. */
  readonly isCorrected: boolean;
  readonly readings: readonly StoredReading[];
}

export interface StoredReading {
  readonly pointId: PointId;
  readonly value: number | null;
  readonly quality: Quality;
  readonly atMs: WallMs;
}

/** A recorded loss. `firstSeq..lastSeq` are null when the readings never had numbers. */
export interface Gap {
  readonly id: number;
  /** It replaces all gaps from this id on: too many were recorded to be kept one by one. Absent for a single loss. */
  readonly mergedFrom?: number;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  readonly readings: number;
  /** The readings could not be counted: about so many, or with 0 an unknown number. Absent where they were counted. */
  readonly isEstimate?: true;
  readonly reason: string;
  readonly atMs: WallMs;
}

/** What a run without a store has lost. Shape: `run` names it for good. */
export interface EarlierLoss {
  readonly run: string;
  readonly readings: number;
  readonly sinceMs: WallMs;
}

/** State of a live frame at the platform. `in-flight`: sent, arrival not yet proven. */
export type FrameFate = 'delivered' | 'in-flight' | 'undelivered';

/** Frames that are now on disk for good. */
export interface Committed {
  readonly tickets: readonly { readonly ticket: number; readonly seq: number; readonly readings: number }[];
}

export interface StoreStatus extends TelemetryFacts {
  readonly state: 'ok' | 'trouble';
  /** What is wrong and what to check; empty while all is well. */
  readonly reason: Message;
  /** Not yet on disk. */
  readonly readingsWaiting: number;
  /** Of this run of the agent. */
  readonly readingsStored: number;
  readonly readingsLost: number;
  /** Losses of this run whose readings could not be counted; `readingsLost` is then about right, or with 0 unknown. */
  readonly lossesEstimated: number;
}

/** Figures of the telemetry file. */
export interface TelemetryFacts {
  readonly epoch: string;
  readonly frames: number;
  readonly readings: number;
  /** Units: bytes on disk, journal included. */
  readonly bytes: number;
  /** Where telemetry stops growing. Units: bytes. */
  readonly maxBytes: number;
  /** Frames as they were committed, and what has been compacted. Units: readings and bytes of their rows, without the pages around them. */
  readonly journal: { readonly readings: number; readonly bytes: number };
  readonly segments: { readonly count: number; readonly readings: number; readonly bytes: number };
  readonly oldestMs: WallMs | null;
  readonly lastSeq: number;
  readonly cursorSeq: number;
  /** Frames behind the cursor's back: not yet proven delivered. */
  readonly backlogFrames: number;
  readonly gaps: number;
  readonly account: StoreAccount;
  /** What this run's storage thread has written, by the kernel's accounting; null where the kernel does not provide it. Units: bytes, ms. */
  readonly written: { readonly bytes: number; readonly overMs: number } | null;
}

/**
 * Where every reading of this epoch is. Units: readings.
 *
 * Shape: each number is counted on its own; `produced = delivered + backlog + gaps` must hold.
 */
export interface StoreAccount {
  readonly produced: number;
  readonly delivered: number;
  /** On disk and not yet proven delivered. */
  readonly backlog: number;
  /** Lost and recorded. */
  readonly gaps: number;
  /** Recorded losses whose readings could not be counted; `gaps` is then about right, or with 0 unknown. */
  readonly estimates: number;
  readonly isBalanced: boolean;
}

export type Resolution = 'raw' | 'minute' | 'hour';

/** One point over a time. Shape: `toMs` excluded; at most `limit` rows or buckets, the newest. */
export interface HistoryQuery {
  readonly pointId: PointId;
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly resolution: Resolution;
  readonly limit: number;
}

export interface HistoryRow extends Omit<StoredReading, 'pointId'> {
  readonly isCorrected: boolean;
}

/** A minute or an hour. Shape: null where no reading had a value; `readings` counts all, `values` those with one. */
export interface HistoryBucket {
  readonly atMs: WallMs;
  readonly min: number | null;
  readonly mean: number | null;
  readonly max: number | null;
  readonly values: number;
  readonly readings: number;
}

/** Oldest first; `rows` for raw, `buckets` for the others. `isCut`: there is more before. */
export interface History {
  readonly rows: readonly HistoryRow[];
  readonly buckets: readonly HistoryBucket[];
  readonly isCut: boolean;
}

/** All readings of a time, frame by frame, in the order of seq. Shape: `toMs` excluded. */
export interface ExportQuery {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly afterSeq: number;
  readonly maxFrames: number;
}

/** `nextSeq` is the `afterSeq` of the next page; null when this was the last. */
export interface ExportPage {
  readonly epoch: string;
  readonly frames: readonly StoredFrame[];
  readonly nextSeq: number | null;
}

/** Old frames made into segments. Units: bytes of rows. */
export interface CompactionReport {
  readonly segments: number;
  readonly frames: number;
  readonly readings: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** What had to go, by age. Units: readings. */
export interface RetentionReport {
  readonly readings: number;
  /** Of these, not delivered: recorded as gaps. */
  readonly lost: number;
  /** The clock has jumped too far ahead to judge the age of readings by it. */
  readonly isClockDoubted: boolean;
  /** Events, outcomes and audit entries that went. */
  readonly people: number;
}

/** All pages and all checksums read once. */
export interface StoreCheck {
  readonly files: readonly {
    readonly file: string;
    readonly ok: boolean;
    /** What is wrong, each with what happens now; empty when nothing is. */
    readonly problems: readonly Message[];
    readonly bytes: number;
  }[];
  readonly account: StoreAccount | null;
}

export interface BackupReport {
  readonly path: string;
  readonly bytes: number;
  readonly atMs: WallMs;
}

/** A small durable fact. */
export interface StoredFact {
  readonly key: string;
  readonly value: unknown;
}

/** The offline memory. Nothing here ever blocks or throws into a caller: trouble is a state and an event. */
export interface Store {
  start(): Promise<void>;
  /** Commits what waits and closes. */
  stop(): Promise<void>;
  append(frame: ReadingFrame): void;
  /** Resolves once the loss is on disk; the same one again changes nothing. */
  recordLoss(loss: EarlierLoss): Promise<void>;
  /** The row that a frame of this run is or will be; null while the disk cannot promise one, so that no number ever means two frames. */
  rowOf(ticket: number): { readonly epoch: string; readonly seq: number } | null;
  /** Writes at once, commit included. */
  appendEvent(event: AgentEvent): void;
  appendOutcome(outcome: Outcome): void;
  readonly audit: AuditTools;
  /** The stored entries of the audit log after this number, the oldest first; undefined when the disk did not answer. */
  auditAfter(n: number): Promise<AuditRows | undefined>;
  /** Small durable facts: overrides, bdSeq. Resolves when on disk; resolves false when the disk would not take it. */
  save(key: string, value: unknown): Promise<boolean>;
  /** Undefined when nothing is stored under this key; `unread`, which is undefined unless given, when the disk could not be asked. */
  load(key: string, unread?: unknown): Promise<unknown>;
  /** All facts on disk whose key begins so, by key; undefined when the disk did not answer. */
  loadAll(prefix: string): Promise<readonly StoredFact[] | undefined>;
  /** The oldest frames after `seq`, committed ones only. */
  readAfter(seq: number, maxFrames: number): Promise<readonly StoredFrame[]>;
  gapsAfter(id: number): Promise<readonly Gap[]>;
  events(query: { readonly sinceMs: WallMs; readonly limit: number }): Promise<readonly AgentEvent[]>;
  /** These and the chores below resolve undefined when the disk did not answer. */
  history(query: HistoryQuery): Promise<History | undefined>;
  exportPage(query: ExportQuery): Promise<ExportPage | undefined>;
  /** Chores; each is safe to repeat and does a bounded part of its work at a time, so that commits come between. */
  compact(): Promise<CompactionReport | undefined>;
  retain(): Promise<RetentionReport | undefined>;
  check(): Promise<StoreCheck | undefined>;
  backup(): Promise<BackupReport | undefined>;
  /** All up to `seq` is proven delivered. */
  moveCursor(seq: number): void;
  status(): Promise<StoreStatus>;
  pulse(): StorePulse;
  onCommitted: (committed: Committed) => void;
  onEvent: (event: AgentEvent) => void;
  /** State of this run's frames at the uplink, by ticket; all undelivered unless set. Called when memory is full. */
  fates: () => (ticket: number) => FrameFate;
}

/** Readings kept in memory while the disk takes none; half of it starts a commit. Source: ten minutes of a full cabinet at 30 readings a second; 4 MB. */
export const MAX_WAITING_READINGS = 20_000;
