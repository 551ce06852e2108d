/**
 * The doors between the rooms. Each room implements its own and is handed those it needs; only `app.ts` sees both sides.
 *
 * Owns interfaces. Nothing here does anything.
 */

import type { AuditTools } from './audit-tools.ts';
import type { BusTools } from './bus-tools.ts';
import type { ClockQuality, MonoMs, WallMs } from './clock.ts';
import type { LinePulse, StorePulse } from './pulse.ts';
import type { ConfigRequest } from './revisions.ts';
import type { UpdateOrder } from './updates.ts';
import type { UplinkCertificates, UplinkTools } from './uplink-tools.ts';
import type { AgentEvent, Intent, LevelPct, Outcome, PointId, Quality, Reading, Severity, Target } from './words.ts';

/** Least first. */
export const LOG_SEVERITIES = ['debug', 'info', 'warning', 'alarm'] as const satisfies readonly (Severity | 'debug')[];
export type LogSeverity = (typeof LOG_SEVERITIES)[number];

/** Names of what happened, with fields. Never secrets. */
export interface Log {
  event(name: string, fields?: Readonly<Record<string, unknown>>, severity?: LogSeverity): void;
}

/** What the log has written, for someone who reads along. */
export interface LogLine {
  readonly atMs: WallMs;
  readonly severity: LogSeverity;
  readonly name: string;
  /** Without secrets. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** How often it came again within the minute; 0 for the first time. */
  readonly repeated: number;
}

/** The log, read along while it is written. */
export interface LogFeed {
  /** Hears each line of this severity or more, also where the log itself keeps less; ends with the function it returns. */
  listen(minSeverity: LogSeverity, hear: (line: LogLine) => void): () => void;
}

// ── field ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Lanes of a line queue, most urgent first. Source: design §4. */
export const LANES = ['urgent', 'command', 'presence', 'console', 'telemetry', 'probe'] as const;
export type Lane = (typeof LANES)[number];

/** One write on its way to a lamp. */
export interface LevelWrite {
  readonly commandId: string;
  readonly lampId: string;
  readonly pointId: PointId;
  readonly levelPct: LevelPct;
  readonly lane: Extract<Lane, 'urgent' | 'command'>;
  /** Not sent after this time: a stale dim is worse than none. */
  readonly expiresMono: MonoMs;
  /** The level has left for the lamp; its proof follows. Called once at most. */
  readonly onSent?: (sentMono: MonoMs) => void;
}

/** One value on its way to an output: a relay, a message number, a volume. Units: the point's own. */
export interface ValueWrite extends Pick<LevelWrite, 'pointId' | 'lane' | 'expiresMono'> {
  readonly value: number;
}

/** How a write ended. */
export type WriteResult =
  | { readonly state: 'verified'; readonly sentMono: MonoMs }
  | { readonly state: 'failed'; readonly reason: string; readonly sentMono: MonoMs | null };

/** The lines as control and console see them. */
export interface Field {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Write, then read back; settles once, never rejects. */
  write(write: LevelWrite): Promise<WriteResult>;
  /** As `write`, for an output. Never beyond what the profile lets the point take, never a point that it calls dangerous. */
  writePoint(write: ValueWrite): Promise<WriteResult>;
  /** The newest reading of a point, made stale or missing by its age. */
  latest(pointId: PointId): Reading | undefined;
  readings(): readonly Reading[];
  lines(): readonly LineView[];
  devices(): readonly DeviceView[];
  pulses(): readonly LinePulse[];
  /** Jobs of a person at the cabinet, done between the line's own. */
  readonly bus: BusTools;
}

export interface LineView {
  readonly id: string;
  readonly kind: 'modbus' | 'uart';
  readonly port: string;
  /** `reopening`: its port opens, but no unit answers any more, so it is closed and opened again from time to time. */
  readonly state: 'up' | 'down' | 'reopening';
  /** Why it is not up and what to check; empty while it is up. */
  readonly reason: string;
  /** Null for Modbus TCP, which has none. */
  readonly baud: number | null;
  /** Share of the last minute in which the wire was in use. Units: %. */
  readonly busyPct: number;
  /** These and the following without what jobs of the console caused. */
  readonly transactions: number;
  readonly timeouts: number;
  readonly crcErrors: number;
  readonly exceptions: number;
  readonly lateReplies: number;
  readonly noiseBytes: number;
}

export interface DeviceView {
  readonly id: string;
  readonly line: string;
  readonly unit: number;
  readonly profile: string;
  readonly pole: string | null;
  /** `new`: it has never answered in this run of the agent. All that have are `silent` while their line is down. */
  readonly state: 'new' | 'ok' | 'flaky' | 'silent';
  /** Texts of what is wrong with it though it answers: open events, filled in by `app.ts`; the field itself knows none. */
  readonly faults: readonly string[];
  readonly lastSeenMs: WallMs | null;
  readonly turnaroundMs: number | null;
  readonly failures: number;
}

// ── store ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Readings taken together, as handed to the store. `ticket` numbers the frames of this run of the agent. */
export interface Frame {
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
  /** Its times were put right afterwards, when the clock of its run became known; it was taken with a clock nobody could trust. */
  readonly isCorrected: boolean;
  readonly readings: readonly StoredReading[];
}

export interface StoredReading {
  readonly pointId: PointId;
  readonly value: number | null;
  readonly quality: Quality;
  readonly atMs: WallMs;
}

/** A recorded loss. `firstSeq..lastSeq` are null when the readings never got a seq (lost before they were committed). */
export interface Gap {
  readonly id: number;
  readonly firstSeq: number | null;
  readonly lastSeq: number | null;
  readonly readings: number;
  readonly reason: string;
  readonly atMs: WallMs;
}

/** What a run without a store has lost. Shape: `run` names it for good. */
export interface EarlierLoss {
  readonly run: string;
  readonly readings: number;
  readonly sinceMs: WallMs;
}

/** Frames that are now on disk for good. */
export interface Committed {
  readonly tickets: readonly { readonly ticket: number; readonly seq: number; readonly readings: number }[];
}

export interface StoreStatus extends TelemetryFacts {
  readonly state: 'ok' | 'trouble';
  /** What is wrong and what to check; empty while all is well. */
  readonly reason: string;
  /** Not yet on disk. */
  readonly readingsWaiting: number;
  /** Of this run of the agent. */
  readonly readingsStored: number;
  readonly readingsLost: number;
}

/** What the telemetry file says of itself. */
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
  /** What this run's storage thread has written, by the kernel's accounting; null where the kernel does not say. Units: bytes, ms. */
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
}

/** All pages and all checksums read once. */
export interface StoreCheck {
  readonly files: readonly {
    readonly file: string;
    readonly ok: boolean;
    /** What is wrong, each with what happens now; empty when nothing is. */
    readonly problems: readonly string[];
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
  append(frame: Frame): void;
  /** Resolves once the loss is on disk; the same one again changes nothing. */
  recordLoss(loss: EarlierLoss): Promise<void>;
  /** The row that a frame of this run is or will be; null while the disk cannot promise one, so that no number ever means two frames. */
  rowOf(ticket: number): { readonly epoch: string; readonly seq: number } | null;
  /** Write down at once, commit included. */
  appendEvent(event: AgentEvent): void;
  appendOutcome(outcome: Outcome): void;
  readonly audit: AuditTools;
  /** Small durable facts: overrides, bdSeq. Resolves when on disk; resolves false when the disk would not take it. */
  save(key: string, value: unknown): Promise<boolean>;
  /** Undefined when nothing is stored under this key; `unread`, which is undefined unless given, when the disk could not be asked. */
  load(key: string, unread?: unknown): Promise<unknown>;
  /** All facts on disk whose key begins so, by key; undefined when the disk could not be asked. */
  loadAll(prefix: string): Promise<readonly StoredFact[] | undefined>;
  /** The oldest frames after `seq`, committed ones only. */
  readAfter(seq: number, maxFrames: number): Promise<readonly StoredFrame[]>;
  gapsAfter(id: number): Promise<readonly Gap[]>;
  events(query: { readonly sinceMs: WallMs; readonly limit: number }): Promise<readonly AgentEvent[]>;
  /** These and the chores below resolve undefined when the disk could not be asked. */
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
}

// ── uplink ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the platform sees of one device, lamp or zone. */
export interface UplinkDevice {
  readonly id: string;
  readonly metrics: readonly UplinkMetric[];
  /** A lamp or zone may be overridden. */
  readonly target: Target | null;
}

export interface UplinkMetric {
  readonly name: string;
  /** The point behind it; null for metrics that the agent itself sets. */
  readonly pointId: PointId | null;
  readonly type: 'Double' | 'Int64' | 'Boolean' | 'String' | 'DateTime' | 'Bytes';
  readonly unit: string;
  /** Plausible values, told in births. Units: the metric's own. */
  readonly range?: readonly [min: number, max: number] | null;
  /** What TALQ calls it, told in births. */
  readonly talq?: string | null;
  /** What the platform may write to it; absent where it may not. Units: the point's own. */
  readonly write?: { readonly min: number; readonly max: number };
}

export interface UplinkValue {
  readonly value: number | string | boolean | null;
  readonly quality: Quality;
  readonly atMs: WallMs;
}

/** An override as the platform asked for it; already checked for shape, not yet for limits. */
export interface OverrideRequest {
  readonly commandId: string;
  readonly target: Target;
  readonly levelPct: LevelPct;
  readonly rank: IntentRequestRank;
  readonly minutes: number;
  readonly reason: string;
  readonly source: string;
  /** A wish that no lamp has followed by then is taken back. */
  readonly expiresMono?: MonoMs;
  /** A further step of what this source has begun there, which is no event of its own. */
  readonly isFurther?: boolean;
}
type IntentRequestRank = Intent['rank'];

export interface ReleaseRequest {
  readonly commandId: string;
  readonly target: Target;
  readonly source: string;
  /** Not now but when the programme has its next step, so that the light changes once. */
  readonly atNextStep?: boolean;
  /** Only wishes of this rank; any unless given. */
  readonly rank?: IntentRequestRank;
}

/** Another programme for a zone, for a while; null gives it back to its calendar. Checked for shape, not yet for the name. */
export interface ProgrammeRequest {
  readonly commandId: string;
  readonly zone: string;
  readonly programme: string | null;
  readonly minutes: number;
  readonly reason: string;
  readonly source: string;
}

/** A lamp that shows itself to someone who is not on the spot. Units: `seconds` 0 ends it. */
export interface BlinkRequest {
  readonly commandId: string;
  readonly lamp: string;
  readonly seconds: number;
  readonly source: string;
  readonly expiresMono?: MonoMs;
}

/** One value for one point. Units: the point's own. */
export interface PointRequest {
  readonly commandId: string;
  readonly deviceId: string;
  readonly pointId: PointId;
  readonly value: number;
  readonly source: string;
  readonly expiresMono: MonoMs;
}

export interface UplinkStatus {
  readonly state: 'off' | 'connecting' | 'waiting-for-host' | 'online' | 'down';
  readonly broker: string;
  /** Which of the servers that is, from 0; absent without an uplink. */
  readonly server?: { readonly index: number; readonly count: number; readonly url: string };
  /** What is wrong and what to check; empty while online. */
  readonly reason: string;
  readonly sinceMs: WallMs;
  readonly bdSeq: number;
  readonly readingsPublished: number;
  readonly readingsHistorical: number;
  /** Proven to have reached the broker. */
  readonly readingsAcked: number;
  readonly messagesSent: number;
  readonly bytesSent: number;
  readonly commandsReceived: number;
  readonly commandsRefused: number;
  /** Absent without an uplink. */
  readonly relays?: RelayCounts;
  readonly delivery?: UplinkDelivery;
  /** Absent without an uplink. */
  readonly certificates?: UplinkCertificates;
  /** Of this run, told even after it is over; null when none failed. */
  readonly lastFailure?: { readonly atMs: WallMs; readonly text: string } | null;
}

/** How far the platform has got. Units: rows of the store; bytes of MQTT packets since midnight UTC. */
export interface UplinkDelivery {
  /** Who proves: the broker by a barrier, or the platform by its word. */
  readonly mode: 'broker' | 'platform';
  readonly headSeq: number;
  /** Up to which everything has left. */
  readonly sentSeq: number;
  /** Up to which everything is proven delivered. */
  readonly cursorSeq: number;
  /** The platform acknowledges nothing though it should. */
  readonly isPlatformSilent: boolean;
  /** The platform takes the backlog packed. */
  readonly acceptsSegments: boolean;
  /** Its last word, as it came; empty before. */
  readonly ack: string;
  /** Of the oldest reading that is not delivered; null where all are. */
  readonly oldestMs: WallMs | null;
  readonly bytesToday: number;
  /** Null for no bound. */
  readonly dailyMegabytes: number | null;
}

/** Someone on the way from the street of one cabinet into that of another. */
export interface Relay {
  /** Edge node of the other cabinet: the one that is told, or the one that tells. */
  readonly node: string;
  /** Unique within the cabinet that saw it. */
  readonly id: string;
  /** Since it was seen. Units: ms. */
  readonly ageMs: number;
  /** Of no use once it is older. Units: ms. */
  readonly ttlMs: number;
  /** From where the one street goes on as the other. Units: m. */
  readonly distanceM: number;
  /** Null where not known. */
  readonly speedKmh: number | null;
  /** It was seen to come nearer; false: its direction is not known. */
  readonly isApproaching: boolean;
}

/** Relays of this run. `dropped`: came malformed, not for this cabinet, or from the broker's memory. */
export interface RelayCounts {
  readonly told: number;
  readonly heard: number;
  readonly dropped: number;
}

/** The platform's side of the cabinet. */
export interface Uplink {
  start(): Promise<void>;
  /** Says goodbye properly: DDEATHs, NDEATH, disconnect. */
  stop(): Promise<void>;
  /** Live readings, already handed to the store under `frame.ticket`. */
  publish(frame: Frame): void;
  /** A metric without a point changed: a lamp's decision, an override. Shape: `deviceId` is empty for the node itself. */
  update(deviceId: string, metric: string, value: UplinkValue): void;
  /** A device went silent or came back: DDEATH or DBIRTH. */
  deviceAlive(deviceId: string, alive: boolean): void;
  committed(committed: Committed): void;
  outcome(outcome: Outcome): void;
  /** Tells a neighbour cabinet at once, or not at all: it is of no use later. */
  relay(relay: Relay): void;
  status(): UplinkStatus;
  readonly tools: UplinkTools;
  /** A neighbour cabinet tells of someone; checked for shape, not yet for sense. */
  onRelay: (relay: Relay) => void;
  onOverride: (request: OverrideRequest) => void;
  onRelease: (request: ReleaseRequest) => void;
  onProgramme: (request: ProgrammeRequest) => void;
  onBlink: (request: BlinkRequest) => void;
  onPointWrite: (request: PointRequest) => void;
  onConfig: (request: ConfigRequest) => void;
  onUpdate: (order: UpdateOrder) => void;
  onEvent: (event: AgentEvent) => void;
}
