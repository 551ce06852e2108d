/**
 * The requests and answers between the main thread and the storage thread; `thread-wire.ts` converts them for a structured clone.
 */

import type { AuditPage, AuditQuery, AuditRows } from '../core/audit-tools.ts';
import type { MonoMs, WallMs } from '../core/clock.ts';
import type { CopyRule } from '../core/copied-state.ts';
import type { NumberedPart, RecordPage, RecordQuery } from '../core/decision-record.ts';
import type { StoreErrorCode } from '../core/errors.ts';
import type { Message } from '../core/message.ts';
import type {
  BackupReport,
  CompactionReport,
  EventQuery,
  ExportPage,
  ExportQuery,
  Gap,
  ReadingFrame,
  RetentionReport,
  StoreCheck,
  StoredFrame,
  TelemetryFacts,
} from '../core/ports.ts';
import type { AgentEvent, Outcome } from '../core/words.ts';
import type { Numbering } from './client/numbering.ts';
import type { HistoryPage, HistoryPageQuery } from './history-sums.ts';
import type { TimedNote } from './state/audit-table.ts';

/** What the thread found when a command had the data locked. `hadFiles`: the folder contained files of the store. */
export interface FoundHeld {
  readonly hadFiles: boolean;
}

/** The settings of the storage thread. */
export interface Setup {
  readonly dir: string;
  /** Random name of this run of the agent; together with a ticket it identifies a frame permanently. */
  readonly boot: string;
  /** Size limit of the telemetry file. Units: bytes. */
  readonly maxBytes: number;
  /** Age limit of readings. Units: days. */
  readonly maxDays: number;
  /** Age limit of rows that may name people. Units: days. Default: only the number of rows is limited. */
  readonly peopleDays?: number;
  /** Age limit of the record of decisions. Units: days. Default: only its size is limited. */
  readonly recordDays?: number;
  /** The boot of the machine: its id, and when this run's monotonic clock started after it. Null if the kernel does not report it. */
  readonly machine: { readonly bootId: string; readonly startMono: MonoMs } | null;
  /** Decimals to keep, by point; other values are kept exactly. */
  readonly decimals: ReadonlyMap<string, number>;
  /** Ids of the points that are counters. */
  readonly counters: ReadonlySet<string>;
  /** A new telemetry file numbers its frames above this. */
  readonly floorSeq: number;
  /** Hard stop of the telemetry file. Units: pages. Default: follows from `maxBytes`. */
  readonly maxPages?: number;
  /** Changes applied once, when a copy that is found in place of `state.db` is adopted. Default: such a copy is not adopted. */
  readonly copyRules?: readonly CopyRule[];
  /** Another process of this run has the data locked and is about to end. Default: false. */
  readonly takesOver?: boolean;
  /** A command had locked the data when an earlier thread started, which has kept the lines locked since then. Default: null. */
  readonly foundHeld?: FoundHeld | null;
  /** Traces of earlier runs with a store, as text for the audit log. With one, a missing file may count as lost. Default: none is known. */
  readonly traces?: readonly string[];
}

/**
 * Why readings are missing:
 * - `memory-full`: memory was full, so they were discarded before they were on disk.
 * - `thinned`, `cap`: the file reached its size limit; readings were thinned out, or the oldest were removed.
 * - `age`: older than the limit in days.
 * - `corrupt`: their bytes are damaged.
 * - `set-aside`: the whole file was replaced, or was missing.
 * - `malformed`: a frame with an impossible ticket or time.
 * - `no-store`: taken in a run without a store.
 */
export type LossReason = 'memory-full' | 'thinned' | 'cap' | 'age' | 'corrupt' | 'set-aside' | 'malformed' | 'no-store';

/** Readings lost before they were in the file. `mark` identifies the loss within a run, so that a repeated commit records it once. */
export interface MemoryGap {
  readonly mark: number;
  readonly readings: number;
  readonly reason: LossReason;
  /** When the first of them were lost. */
  readonly atMs: WallMs;
  /** Name of the earlier run that lost them. Default: this run. */
  readonly run?: string;
  /** The frame numbers that these readings would have had, `from` and `to` included; absent if unknown. `epoch`: id of the file. */
  readonly rows?: { readonly epoch: string; readonly from: number; readonly to: number };
}

/**
 * The number of readings that count as delivered and were discarded from memory before they were on disk. `mark` identifies this count
 * within a run, so that a repeated commit adds it once.
 */
export interface DeliveredUnstored {
  readonly mark: number;
  readonly readings: number;
}

/** What one commit writes to the telemetry file. A commit may be repeated: a frame or a loss that the file has is not written again. */
export interface TelemetryWork {
  readonly frames: readonly ReadingFrame[];
  readonly gaps: readonly MemoryGap[];
  /** Delivered readings that will never be in the file; null if there are none. */
  readonly deliveredUnstored: DeliveredUnstored | null;
  /** Parts of the record of decisions, in order. Default: none. */
  readonly record?: readonly NumberedPart[];
  /** The ticket of the next frame; used if this work contains no frame that is new to the file. */
  readonly nextTicket: number;
  /** The seq up to which all rows are delivered; null if the cursor is not to be written now. */
  readonly cursorSeq: number | null;
  /** Write something in any case, to prove that the disk accepts writes again. */
  readonly probe: boolean;
}

/** What one commit writes to the state file. */
export interface StateWork {
  /** Each replaces the stored event with its id; an end and details that are stored are not removed. */
  readonly events: readonly AgentEvent[];
  /** Each replaces the stored one of the same command and state. */
  readonly outcomes: readonly Outcome[];
  /** `json` null removes the key. */
  readonly saves: readonly { readonly key: string; readonly json: string | null }[];
  readonly audits: readonly TimedNote[];
  /** As in `TelemetryWork`. */
  readonly probe: boolean;
}

/** The state of the telemetry file after a commit. */
export interface TelemetryDone {
  /** The frames of this work that are in the file, with their seq and number of readings. */
  readonly tickets: readonly { readonly ticket: number; readonly seq: number; readonly readings: number }[];
  /** The next frame that is written to the file gets a higher seq. */
  readonly lastSeq: number;
  /** The cursor in the file: no frame up to it remains to be delivered. */
  readonly cursorSeq: number;
  /** Null if this run has no numbers in this file. */
  readonly numbering: Numbering | null;
  /** Room must be made with `makeRoom`. */
  readonly isOverCap: boolean;
  /** The segment of each part of the record that is lost, because the file lacks the part before it, as after its replacement. Default: none. */
  readonly lostParts?: readonly number[];
}

/** The request for one step of the removal by age. `provenSeq`: rows up to it are delivered, whether or not the file has that already. */
export interface RetentionStep {
  readonly provenSeq: number;
  /**
   * How long the agent has been running since the last retention, or since its start if that was later; null for a further step of the
   * same retention. Units: ms.
   */
  readonly livedMs: number | null;
  /** The clock is synchronised: undelivered rows, and rows that may name people, may be removed too. */
  readonly isSynced: boolean;
}

/** The result of one step towards the byte cap. `more`: another step is useful. */
export interface RoomStep {
  readonly more: boolean;
  /** Removed readings that had not been delivered, recorded as gaps. */
  readonly lost: readonly { readonly reason: LossReason; readonly readings: number }[];
}

/** The requests to the storage thread, with their answers. */
export interface StoreMessages {
  /** A null part requests nothing, and its answer is null. */
  commit: {
    ask: { readonly telemetry: TelemetryWork | null; readonly state: StateWork | null };
    answer: { readonly telemetry: StoreResult<TelemetryDone> | null; readonly state: StoreResult<null> | null };
  };
  /** Frames with a higher seq, oldest first. This, `gapsAfter` and `events`: at most 2,000 in an answer. */
  readAfter: { ask: { readonly seq: number; readonly maxFrames: number }; answer: StoreResult<readonly StoredFrame[]> };
  /** Recorded losses with a higher id, oldest first. */
  gapsAfter: { ask: { readonly id: number }; answer: StoreResult<readonly Gap[]> };
  events: { ask: EventQuery; answer: StoreResult<readonly AgentEvent[]> };
  audit: { ask: AuditQuery; answer: StoreResult<AuditPage> };
  /** The next entries of the audit log after number `n`, a limited number of them. */
  auditAfter: { ask: { readonly n: number }; answer: StoreResult<AuditRows> };
  /** The fact as JSON; null if it is missing or damaged. */
  load: { ask: { readonly key: string }; answer: StoreResult<string | null> };
  /** The undamaged facts whose key starts with `prefix`, by key; a limited number of them. */
  loadAll: { ask: { readonly prefix: string }; answer: StoreResult<readonly { readonly key: string; readonly json: string }[]> };
  /** `atMono`: now. `provenSeq`: delivered up to here, whether or not the file has that already. */
  status: { ask: { readonly atMono: MonoMs; readonly provenSeq: number }; answer: StoreResult<TelemetryFacts> };
  /** This, `exportPage` and `decisions`: one page of what is stored about a period. */
  history: { ask: HistoryPageQuery; answer: StoreResult<HistoryPage> };
  exportPage: { ask: ExportQuery; answer: StoreResult<ExportPage> };
  decisions: { ask: RecordQuery; answer: StoreResult<RecordPage> };
  /** This, `retain` and `makeRoom`: one step of limited work. `more`: there may be work left. `atMono`: now. */
  compact: { ask: { readonly atMono: MonoMs }; answer: StoreResult<CompactionReport & { readonly more: boolean }> };
  retain: { ask: RetentionStep; answer: StoreResult<RetentionReport & { readonly more: boolean }> };
  makeRoom: { ask: { readonly provenSeq: number }; answer: StoreResult<RoomStep> };
  /** Reads both files completely and removes damaged rows, but does not verify the audit log. */
  check: { ask: object; answer: StoreResult<StoreCheck> };
  /** Makes a verified copy of the state file. */
  backup: { ask: object; answer: StoreResult<BackupReport> };
  /** `isAllCommitted`: no numbered frame is waiting in memory. */
  close: { ask: { readonly isAllCommitted: boolean }; answer: null };
}
/** The name of a request to the storage thread. */
export type Kind = keyof StoreMessages;

/** A request with its name `kind` and its fields. `atMs`: the wall time when the main thread made it. */
export type StoreRequest<K extends Kind = Kind> = { [P in K]: { readonly kind: P; readonly atMs: WallMs } & StoreMessages[P]['ask'] }[K];

/** The answer to a request, with the notices since the last answer. */
export interface StoreAnswer<K extends Kind = Kind> {
  readonly answer: StoreMessages[K]['answer'];
  readonly notices: readonly Notice[];
}

/** The result of a request: a value, or the code and the reason why there is none. */
export type StoreResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: StoreErrorCode; readonly message: Message };

/** Something that happened in the storage thread, for the main thread to report. It arrives with the next answer, to whatever request. */
export type Notice =
  /** A file was replaced, or was missing, or a row of it is damaged and ignored. */
  | { readonly kind: 'set-aside'; readonly file: string; readonly message: Message }
  /** A copy of `state.db` was taken into use. */
  | { readonly kind: 'copied'; readonly file: string; readonly message: Message }
  /** Undelivered readings were lost, and the loss is recorded; not those in a `RoomStep`. `isEstimate`: they could not be counted. */
  | { readonly kind: 'lost'; readonly reason: LossReason; readonly readings: number; readonly isEstimate?: boolean }
  /** The data is not locked against a second agent. Lasts until `locked`. */
  | { readonly kind: 'unlocked'; readonly message: Message }
  | { readonly kind: 'locked' }
  /** A warning for the log alone. */
  | { readonly kind: 'remark'; readonly message: Message };

/** The connection to the storage thread, which uses the files of the store. */
export interface StoreLink {
  /** Errors: rejects, for example with StoreError `worker-lost`, or with the code that says why the data may not be used. */
  ask<K extends Kind>(request: StoreRequest<K>): Promise<StoreAnswer<K>>;
  /** Ends the connection without a call of `onLost`. Without the request `close` before it, the files count as not closed cleanly. */
  close(): Promise<void>;
}

/** Opens the connection. `onLost`: called if the connection ends other than by `close`. Errors: throws if it cannot be opened. */
export type OpenLink = (setup: Setup, onLost: (cause: Error) => void) => StoreLink;
