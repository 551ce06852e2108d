/**
 * The flight recorder as the console and the diagnosis use it: the last minutes of each line and of the decisions, kept as recordings.
 */
import type { LineConfig, SerialSettings } from './cabinet.ts';
import type { ClockQuality, MonoMs, WallMs } from './clock.ts';
import type { Message } from './message.ts';
import type { DecisionReason, EventCode, LevelPct, Rank, Severity } from './words.ts';

/** An alarm that a recording names. `atMs`: when it began. */
export interface RecordedAlarm {
  readonly code: EventCode;
  /** What the alarm is about, such as a lamp or a line. */
  readonly source: string;
  readonly text: Message;
  readonly atMs: WallMs;
}

/**
 * One line or observed port as a recording names it. `port`: without passwords. `devices`: as configured. An observed port has its path as
 * `id` and `port`, the kind `modbus` and no devices. A line that was removed while it was observed has its id as `port`, and no devices.
 */
export interface RecordedLine extends Pick<LineConfig, 'id' | 'kind' | 'port'> {
  /** Null for Modbus TCP. */
  readonly serial: SerialSettings | null;
  readonly devices: readonly { readonly id: string; readonly unit: number; readonly profile: string }[];
}

/** What was true when a recording was made: the evidence around its bytes. */
export interface RecordingFacts {
  /** Version of the agent. */
  readonly version: string;
  readonly cabinetId: string;
  readonly timezone: string;
  /** Number of the revision in force; null if this run has no revisions. */
  readonly revision: number | null;
  /** The configured lines. The head of a recording may have more, such as an observed port. */
  readonly lines: readonly RecordedLine[];
}

/**
 * One part of a recording. `atMono` and `atMs`: the moment at which the part was made. From it the wall time of each entry follows.
 */
export interface RecordingPart {
  readonly atMono: MonoMs;
  readonly atMs: WallMs;
  readonly clockQuality: ClockQuality;
  /**
   * In the order of their bytes. `line` null: decisions and events. `lost`: number of older entries that are missing: since the part
   * before; in the first part, since the memory or observation began. `baseUs`: the monotonic time to which that of the first entry is
   * relative, in µs. `bytes`: length before compression.
   */
  readonly channels: readonly { readonly line: string | null; readonly baseUs: number; readonly bytes: number; readonly lost: number }[];
  /** Length of the compressed part in the file. Units: bytes. */
  readonly packedBytes: number;
}

/** The head of a recording's file, stored as JSON. */
export interface RecordingHead extends RecordingFacts {
  readonly cause: 'alarm' | 'request';
  /** User who requested it, as `console:anna`; empty for an alarm. */
  readonly by: string;
  /** In the order in which they were reported, the first 64 at most. */
  readonly alarms: readonly RecordedAlarm[];
  /** Alarms beyond those in `alarms`. */
  readonly moreAlarms: number;
  /** Oldest first. */
  readonly parts: readonly RecordingPart[];
}

/** One recording in a list. */
export interface RecordingSummary {
  /** Higher than those of the recordings that were stored when it was made. */
  readonly id: number;
  /** Protected from removal to make room; it is still removed for its age. */
  readonly isPinned: boolean;
  /** Size of its file. */
  readonly bytes: number;
  /** Null if its file cannot be read, or its beginning is damaged. */
  readonly head: RecordingHead | null;
}

/**
 * The entries of one observed line or port, to be kept as a recording. `bytes`: these entries, encoded, oldest first. `lost`: number of
 * entries pushed out before the first one. `baseUs`: the monotonic time to which that of the first entry is relative, in µs.
 */
export interface LineCapture {
  readonly line: Omit<RecordedLine, 'devices'>;
  readonly baseUs: number;
  readonly bytes: Buffer;
  readonly lost: number;
}

/** One row of a recording. `atMs` has fractions; `atUs` is the monotonic time. Units: `atUs` and `gapUs` µs. */
export type FlightRow = { readonly atMs: WallMs; readonly atUs: number } & (
  | {
      readonly what: 'frame';
      readonly line: string;
      /** `discarded`: input that was dropped unread, but is known. */
      readonly direction: 'sent' | 'received' | 'discarded';
      /** `request`, `reply` or another `WireFrameKind`. */
      readonly kind: string;
      /** Null, like `fc`, for the kinds `noise` and `raw`. */
      readonly unit: number | null;
      readonly fc: number | null;
      /** Silence before it; null if unknown. May be below 0, if times are not exact. */
      readonly gapUs: number | null;
      /**
       * Modbus RTU: the agent seems to have no part in it: a request that it did not send, or a reply to no request of its own. Modbus TCP:
       * a reply that does not belong to the open request; it may be a late reply to the agent.
       */
      readonly isForeign: boolean;
      /** Hex without blanks. */
      readonly bytes: string;
    }
  /** `count` bytes of input that were dropped unread and are not known. */
  | { readonly what: 'dropped'; readonly line: string; readonly count: number }
  /** The end of a transaction of the agent. `result`: `ok`, or the code of its failure. */
  | { readonly what: 'end'; readonly line: string; readonly unit: number; readonly lane: string; readonly result: string }
  /** `serial`: the settings of an opened port; null otherwise, and for a network port without any. */
  | { readonly what: 'port'; readonly line: string; readonly state: 'opened' | 'closed' | 'lost'; readonly serial: SerialSettings | null }
  | {
      readonly what: 'decision';
      readonly lamp: string;
      readonly levelPct: LevelPct;
      readonly rank: Rank;
      readonly reason: DecisionReason;
      /** The lamp only keeps the level that it had when the agent started or its configuration changed. */
      readonly isHeld: boolean;
    }
  | {
      readonly what: 'event';
      readonly code: EventCode;
      readonly source: string;
      readonly severity: Severity;
      readonly text: Message;
      /** The event ended. False at its begin, and for an end at the same wall time, as of a notice or after the clock was set back. */
      readonly isEnd: boolean;
    }
);

/** The flight recorder. Errors: its promises reject with Refusal, for example for a full disk or in a run without a data folder. */
export interface RecorderTools {
  /** Oldest first. */
  list(): Promise<readonly RecordingSummary[]>;
  /** Stores the present memory as a new recording. */
  freeze(by: string): Promise<RecordingSummary>;
  /** Stores what a person has observed as a new recording. */
  keep(by: string, capture: LineCapture): Promise<RecordingSummary>;
  /** Protects a recording from removal to make room, or ends that. Undefined if there is none with this number. */
  pin(id: number, isPinned: boolean): Promise<RecordingSummary | undefined>;
  /** The file of a recording; undefined if there is none with this number. */
  read(id: number): Promise<Buffer | undefined>;
  /** How far back the memory of each line reaches now. `reachMs`: 0 for a line without entries. `memoryBytes`: the size of its memory. */
  reach(): readonly { readonly line: string; readonly reachMs: number; readonly memoryBytes: number }[];
}
