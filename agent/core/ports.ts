/**
 * The doors between the rooms. Each room implements its own and is handed those it needs; only `app.ts` sees both sides.
 *
 * Owns interfaces. Nothing here does anything.
 */

import type { BusTools } from './bus-tools.ts';
import type { ClockQuality, MonoMs, WallMs } from './clock.ts';
import type { AgentEvent, Intent, LevelPct, Outcome, PointId, Quality, Reading, Severity, Target } from './words.ts';

/** Names of what happened, with fields. Never secrets. */
export interface Log {
  event(name: string, fields?: Readonly<Record<string, unknown>>, severity?: Severity | 'debug'): void;
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
  /** The newest reading of a point, made stale or missing by its age. */
  latest(pointId: PointId): Reading | undefined;
  readings(): readonly Reading[];
  lines(): readonly LineView[];
  devices(): readonly DeviceView[];
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

/** Frames that are now on disk for good. */
export interface Committed {
  readonly tickets: readonly { readonly ticket: number; readonly seq: number; readonly readings: number }[];
}

export interface StoreStatus {
  readonly state: 'ok' | 'trouble';
  /** What is wrong and what to check; empty while all is well. */
  readonly reason: string;
  readonly epoch: string;
  readonly frames: number;
  readonly readings: number;
  readonly bytes: number;
  readonly oldestMs: WallMs | null;
  readonly lastSeq: number;
  readonly cursorSeq: number;
  /** Frames behind the cursor's back: not yet proven delivered. */
  readonly backlogFrames: number;
  readonly readingsWaiting: number;
  readonly readingsStored: number;
  readonly readingsLost: number;
  readonly gaps: number;
}

/** The offline memory. Nothing here ever blocks or throws into a caller: trouble is a state and an event. */
export interface Store {
  start(): Promise<void>;
  /** Commits what waits and closes. */
  stop(): Promise<void>;
  append(frame: Frame): void;
  /** Write down at once, commit included. */
  appendEvent(event: AgentEvent): void;
  appendOutcome(outcome: Outcome): void;
  /** Small durable facts: overrides, bdSeq. Resolves when on disk; resolves false when the disk would not take it. */
  save(key: string, value: unknown): Promise<boolean>;
  /** Undefined when nothing is stored under this key; `unread`, which is undefined unless given, when the disk could not be asked. */
  load(key: string, unread?: unknown): Promise<unknown>;
  /** The oldest frames after `seq`, committed ones only. */
  readAfter(seq: number, maxFrames: number): Promise<readonly StoredFrame[]>;
  gapsAfter(id: number): Promise<readonly Gap[]>;
  events(query: { readonly sinceMs: WallMs; readonly limit: number }): Promise<readonly AgentEvent[]>;
  /** All up to `seq` is proven delivered. */
  moveCursor(seq: number): void;
  status(): Promise<StoreStatus>;
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
  readonly type: 'Double' | 'Int64' | 'Boolean' | 'String' | 'DateTime';
  readonly unit: string;
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
}
type IntentRequestRank = Intent['rank'];

export interface ReleaseRequest {
  readonly commandId: string;
  readonly target: Target;
  readonly source: string;
}

export interface UplinkStatus {
  readonly state: 'off' | 'connecting' | 'waiting-for-host' | 'online' | 'down';
  readonly broker: string;
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
}

/** The platform's side of the cabinet. */
export interface Uplink {
  start(): Promise<void>;
  /** Says goodbye properly: DDEATHs, NDEATH, disconnect. */
  stop(): Promise<void>;
  /** Live readings, already handed to the store under `frame.ticket`. */
  publish(frame: Frame): void;
  /** A metric without a point changed: a lamp's decision, an override. */
  update(deviceId: string, metric: string, value: UplinkValue): void;
  /** A device went silent or came back: DDEATH or DBIRTH. */
  deviceAlive(deviceId: string, alive: boolean): void;
  committed(committed: Committed): void;
  outcome(outcome: Outcome): void;
  status(): UplinkStatus;
  onOverride: (request: OverrideRequest) => void;
  onRelease: (request: ReleaseRequest) => void;
  onEvent: (event: AgentEvent) => void;
}
