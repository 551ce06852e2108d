/**
 * Interfaces that several rooms share. Each room implements its own; `agent/app` passes them to the rooms that use them.
 */

export type * from './store-port.ts';
export type * from './uplink-port.ts';

import type { BusTools } from './bus-tools.ts';
import type { MonoMs, WallMs } from './clock.ts';
import type { Message } from './message.ts';
import type { LinePulse } from './pulse.ts';
import type { LevelPct, PointId, Reading, Severity } from './words.ts';

/** Least first. */
export const LOG_SEVERITIES = ['debug', 'info', 'warning', 'alarm'] as const satisfies readonly (Severity | 'debug')[];
export type LogSeverity = (typeof LOG_SEVERITIES)[number];

/** Names of what happened, with fields. Never secrets. */
export interface Log {
  event(name: string, fields?: Readonly<Record<string, unknown>>, severity?: LogSeverity): void;
}

/** The lines of the log, for live readers. */
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
  /** Calls `onLine` for each line of at least this severity, also where the log itself writes fewer. Returns the function that stops it. */
  listen(minSeverity: LogSeverity, onLine: (line: LogLine) => void): () => void;
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
  | { readonly state: 'failed'; readonly reason: Message; readonly sentMono: MonoMs | null };

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
  /** Jobs of a person at the cabinet, run between the line's own requests. */
  readonly bus: BusTools;
}

export interface LineView {
  readonly id: string;
  readonly kind: 'modbus' | 'uart';
  readonly port: string;
  /** `reopening`: its port opens, but no unit answers any more, so it is closed and opened again from time to time. */
  readonly state: 'up' | 'down' | 'reopening';
  /** Why it is not up and what to check; empty while it is up. */
  readonly reason: Message;
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
  /** Texts of what is wrong with it though it answers: open events, added by `agent/diagnosis/faults-in-views.ts`. */
  readonly faults: readonly Message[];
  readonly lastSeenMs: WallMs | null;
  readonly turnaroundMs: number | null;
  readonly failures: number;
}
