/**
 * Interfaces between modules. Each module implements its own; `agent/app` passes them to the modules that use them.
 */

export type * from './store-port.ts';
export type * from './uplink-port.ts';
export type * from './wire-tap.ts';

import type { BusTools } from './bus-tools.ts';
import type { MonoMs, WallMs } from './clock.ts';
import type { Message } from './message.ts';
import type { NameplateId } from './profile.ts';
import type { LinePulse } from './pulse.ts';
import type { LevelPct, PointId, Reading, Severity } from './words.ts';

/** The severities of log lines, lowest first. */
export const LOG_SEVERITIES = ['debug', 'info', 'warning', 'alarm'] as const satisfies readonly (Severity | 'debug')[];
/** How important a log line is: `debug`, `info`, `warning` or `alarm`. */
export type LogSeverity = (typeof LOG_SEVERITIES)[number];

/** Log of events by name, with fields. Fields must not contain secrets. `severity`: default `info`. */
export interface Log {
  event(name: string, fields?: Readonly<Record<string, unknown>>, severity?: LogSeverity): void;
}

/** One log line, as live readers receive it. */
export interface LogLine {
  /** When the line was written. */
  readonly atMs: WallMs;
  readonly severity: LogSeverity;
  /** Name of the event, such as `log-lines-lost`. */
  readonly name: string;
  /** The fields; a value may be a `Message`. The values of names such as `password`, and passwords in URLs, are masked. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The number of repetitions of an earlier line that this line reports; 0 for any other line. */
  readonly repeated: number;
}

/** Live access to the log. */
export interface LogFeed {
  /**
   * Calls `onLine` for later lines of at least this severity; repetitions may be reported as one line. Returns the function that stops it.
   */
  listen(minSeverity: LogSeverity, onLine: (line: LogLine) => void): () => void;
}

// ── field ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The classes of requests on a line, most urgent first. Source: docs/lines.md. */
export const LANES = ['urgent', 'command', 'presence', 'console', 'telemetry', 'probe'] as const;
/** The class of one request on a line, most urgent first: `urgent`, `command`, `presence`, `console`, `telemetry`, `probe`. */
export type Lane = (typeof LANES)[number];

/** A write to a point, such as the level of a lamp. */
export interface LevelWrite {
  /** Identifies the write for its sender, as `L07#12`. It is not the id of a command of a person or the platform. */
  readonly commandId: string;
  /** For a point that is no lamp's level: the id of the point. */
  readonly lampId: string;
  readonly pointId: PointId;
  /** The level of a lamp, or the value of any other point in its own unit. */
  readonly levelPct: LevelPct;
  readonly lane: Extract<Lane, 'urgent' | 'command'>;
  /** If it still waits to be sent then, it fails; only a repetition may be sent later. */
  readonly expiresMono: MonoMs;
  /**
   * Called once when it is known that the level was sent: by an acknowledgement or a read-back. A broadcast, or a write on a DALI line, may
   * need neither. `sentMono`: when it was sent.
   */
  readonly onSent?: (sentMono: MonoMs) => void;
  /** The text of a text point, in place of `levelPct`; absent for a number. */
  readonly text?: string;
}

/** One write of a number to a point that is no lamp's level, such as a relay or a volume. Units: `value` in the point's own. */
export interface ValueWrite extends Pick<LevelWrite, 'pointId' | 'lane' | 'expiresMono'> {
  readonly value: number;
}

/** One write of a text to a text point. What the point cannot show of it is cut off or replaced. */
export interface TextWrite extends Pick<LevelWrite, 'pointId' | 'lane' | 'expiresMono'> {
  readonly text: string;
}

/**
 * How a write ended. `verified`: proven by a read-back. With `isUnread` the device cannot be read back: it was sent, and acknowledged where
 * that is possible. `sentMono`: when it was sent; may be null after a failure. The device may have executed a failed write.
 */
export type WriteResult =
  | { readonly state: 'verified'; readonly sentMono: MonoMs; readonly isUnread?: true }
  | { readonly state: 'failed'; readonly reason: Message; readonly sentMono: MonoMs | null };

/** The lines and devices of the cabinet, for control and console. */
export interface Field {
  /** Starts to poll, and keeps the ports open. Resolves after the first try of each port, also if it could not be opened. */
  start(): Promise<void>;
  /** Stops the requests and closes the ports. Waiting writes fail. */
  stop(): Promise<void>;
  /** Writes a level and reads it back where the device allows that. A failure is a result, not a rejection. */
  write(write: LevelWrite): Promise<WriteResult>;
  /** As `write`, for a point that is no lamp's level. A value that the profile does not allow fails. */
  writePoint(write: ValueWrite): Promise<WriteResult>;
  /** As `writePoint`, for a text point. */
  writeText(write: TextWrite): Promise<WriteResult>;
  /** The newest reading of a point; undefined if it has none yet. A good one of a polled point becomes `stale` with age. */
  latest(pointId: PointId): Reading | undefined;
  /** The newest reading of each point that has one. */
  readings(): readonly Reading[];
  /** One entry for each line. */
  lines(): readonly LineView[];
  /** One entry for each device of these lines. */
  devices(): readonly DeviceView[];
  /** The progress of each line, by which the watchdog recognises one that hangs. */
  pulses(): readonly LinePulse[];
  /** Requests of a person at the cabinet, run between the line's own requests. */
  readonly bus: BusTools;
}

/** One line as the console and the platform see it. */
export interface LineView {
  readonly id: string;
  readonly kind: 'modbus' | 'uart' | 'dali';
  readonly port: string;
  /** `reopening`: the port opens, but no unit answers any more, so it is periodically closed and reopened. */
  readonly state: 'up' | 'down' | 'reopening';
  /** Why it is not up and what to check; empty while it is up. */
  readonly reason: Message;
  /** The configured rate. Null for Modbus TCP, which has none. */
  readonly baud: number | null;
  /** Share of the last minute taken by bytes, gaps and waits for replies, also for lost ones; 0 for a raw UART line. Units: %. */
  readonly busyPct: number;
  /**
   * Requests since the agent started, or since a line with this id was added later; also from before a change of its settings. 0 for a raw
   * UART line. This and the following counters exclude those of the console; `busyPct` includes them.
   */
  readonly transactions: number;
  /** Requests without a reply in time. */
  readonly timeouts: number;
  /** Damaged and incomplete replies. */
  readonly crcErrors: number;
  readonly exceptions: number;
  /** Replies to requests that had been given up. */
  readonly lateReplies: number;
  /** Discarded bytes. For a raw UART line, bytes in no valid frame since it was opened with its present configuration. */
  readonly noiseBytes: number;
}

/**
 * One device as the console sees it. A restart, or a change of the configuration of its line, resets `state`, `lastSeenMs` and `failures`.
 * On a uart line, a frame without a value may not count as an answer.
 */
export interface DeviceView {
  readonly id: string;
  readonly line: string;
  /** Address of the unit; 0 on a uart line. */
  readonly unit: number;
  /** The unit is a short address of a DALI bus, where 0 is an address; absent on any other line. */
  readonly isShortAddress?: true;
  readonly profile: string;
  readonly pole: string | null;
  /** `new`: it has not answered since the reset, and does not count as silent yet. `flaky`: requests were lost since its last answer. */
  readonly state: 'new' | 'ok' | 'flaky' | 'silent';
  /** It is silent, and each of its lamps has or may have no supply; added by `agent/diagnosis/watch`. Absent otherwise, or if unknown. */
  readonly hasNoSupply?: true;
  /** Texts of its open fault events, without that of its silence; added by `agent/diagnosis/faults-in-views.ts`. */
  readonly faults: readonly Message[];
  /** When it last answered; null if it has not answered since the reset. */
  readonly lastSeenMs: WallMs | null;
  /** Mean time that a read takes beyond its bytes, perhaps from an earlier run; null if unknown, and on a uart line. Units: ms. */
  readonly turnaroundMs: number | null;
  /**
   * Requests without a valid reply since the unit last answered; 0 on a uart line. Those of the console, and reads that the unit may never
   * answer, do not count.
   */
  readonly failures: number;
  /** Serial number, firmware and other texts that the device contains; absent where none has been read. */
  readonly nameplate?: Readonly<Partial<Record<NameplateId, string>>>;
}
