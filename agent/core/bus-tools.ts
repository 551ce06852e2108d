/**
 * Requests of a person at the cabinet on a line while the agent runs: scan for units, read, write, and statistics.
 *
 * Every request is scheduled by the line's own queue.
 */

import type { BusExam, ExamProgress, ExamRequest } from './bus-exam.ts';
import type { SerialSettings } from './cabinet.ts';
import type { BusErrorCode } from './errors.ts';
import type { Message } from './message.ts';
import type { Profile, Table } from './profile.ts';

/**
 * What a person can do on a line while the agent runs. Errors: promises reject, for example with BusError for a failure on the line, or
 * with Refusal for an address that is not valid.
 */
export interface BusTools {
  /** Finds the addresses from `from` to `to` that answer. `onProgress` receives the progress, and units as they are found. */
  scan(request: ScanRequest, onProgress: (progress: ScanProgress) => void): Promise<ScanResult>;
  /**
   * Observes a serial line in service, and reads from its units between the polls. For units that do not answer it tries other serial
   * settings. Rejects with Refusal, for example where the wire is not visible.
   */
  examine(request: ExamRequest, onProgress: (progress: ExamProgress) => void): Promise<BusExam>;
  /** Searches for the registers of a unit that can be read. Rejects with BusError if several requests in a row have no answer. */
  registers(request: RegistersRequest, onProgress: (progress: RegistersProgress) => void): Promise<RegistersResult>;
  /** Reads registers or bits once. */
  read(request: BusRead): Promise<BusReadResult>;
  /** Warnings of the profiles about a write, for example outside their limits. */
  warnings?(request: BusWrite): readonly Message[];
  /**
   * Reads the present values, writes, and reads back. Values that could not be read are null. If it rejects with BusError, the values may
   * have been written.
   */
  write(request: BusWrite): Promise<BusWriteResult>;
  /** One entry for each line. */
  stats(): readonly LineStats[];
  /** Device types in new or changed files that the running agent does not use yet. */
  pendingProfiles?(): Promise<readonly PendingProfile[]>;
  /**
   * Passes on the transactions of a line until the returned function is called, or a changed configuration reopens the line. They may
   * arrive late, and some may be lost. Throws Refusal for an unknown line and for a raw UART line.
   */
  watch(lineId: string, onTransaction: (transaction: BusTransaction) => void): () => void;
  /**
   * Stops the polls of a line for `forMs` ms, or until the returned function is called. Levels and requests of the console are still sent.
   * `forMs` must be 30 s at most, which is not checked. Throws Refusal, for example during or soon after another pause.
   */
  hush(lineId: string, forMs: number): () => void;
}

/** A device type as its file now defines it. The running agent does not use this version yet. */
export interface PendingProfile {
  readonly profile: Profile;
  /** `new`: the running agent has no device type with this id. */
  readonly state: 'new' | 'changed';
}

/** Requests a scan of a line: its range of addresses, `from` and `to` included, the wait for each, and whether other speeds are tried. */
export interface ScanRequest {
  readonly line: string;
  /** On a DALI bus, 1 counts as 0, and `to` is limited to the last address of the bus. */
  readonly from: number;
  readonly to: number;
  /** Also try other speeds and parities. Refused for a network port and for a DALI bus. */
  readonly autoBaud: boolean;
  /** Usual wait for the reply of an address on a Modbus line, 500 at most; null for the short default. Units: ms. */
  readonly waitMs: number | null;
  /** Abort it when no client waits for the result. */
  readonly signal?: AbortSignal;
}

/**
 * The progress of a scan: `done` of `total` tries have ended. A try is one address at one speed. `found`: a unit found now; null for
 * progress only.
 */
export interface ScanProgress {
  readonly done: number;
  readonly total: number;
  /** Those of the try, or of `found`. Null on a line without serial settings, such as Modbus TCP. */
  readonly serial: SerialSettings | null;
  readonly found: FoundUnit | null;
}

/** One unit found by a scan, and what it may be. */
export interface FoundUnit {
  readonly unit: number;
  /** The settings at which it answered; null on a line without serial settings. */
  readonly serial: SerialSettings | null;
  /** Typical time of its replies; 0 if none was measured. Units: ms. */
  readonly turnaroundMs: number;
  /**
   * Profiles that match its answers best; empty if none matches. With a `device`, only its configured profile if that is one of them. For a
   * unit of the cabinet that is answering its polls, this is its configured profile, which the scan has not checked.
   */
  readonly profiles: readonly { readonly id: string; readonly strength: 'strong' | 'plausible' }[];
  /** The device of the cabinet with this address, if the unit answered at the line's own settings; otherwise null. */
  readonly device: string | null;
  /**
   * Code of the exception with which it answered the scan, or `doubtful` for a reply that may belong to an older request; null for neither.
   */
  readonly exception: BusErrorCode | null;
}

/** The result of a scan after its end. */
export interface ScanResult {
  readonly line: string;
  /** The port is a network address: the units are behind a gateway or a serial server. */
  readonly isNetwork: boolean;
  /** The units are gear of a DALI bus; absent on any other line. */
  readonly isDali?: true;
  /** By address, then by speed. Units of the cabinet that answer their polls are included. */
  readonly found: readonly FoundUnit[];
  /** Units of the cabinet in the scanned range that did not answer at the line's own speed. */
  readonly missing: readonly { readonly unit: number; readonly device: string }[];
  /**
   * Addresses whose replies were damaged in the scan or, for units of the cabinet, often since the line was opened: two units with one
   * address, or a bad line.
   */
  readonly damaged: readonly number[];
  readonly durationMs: number;
}

/** Which addresses of one register table of a unit to try, 0-based as in the frame. `from` and `to` are both included. */
export interface RegistersRequest {
  readonly line: string;
  readonly unit: number;
  readonly table: Table;
  readonly from: number;
  readonly to: number;
  /** Abort it when no client waits for the result. The search then rejects with its reason before its next request. */
  readonly signal?: AbortSignal;
}

/** The progress of a search for registers: `done` of `total` addresses of its range have been tried. */
export interface RegistersProgress {
  readonly done: number;
  readonly total: number;
}

/** The registers or bits of a unit that a search found. `requests`: number of requests of the search, also repeated ones. */
export interface RegistersResult {
  readonly unit: number;
  readonly table: Table;
  /** Ranges of consecutive addresses that answer, with their values, bits as 0 and 1; lowest address first. */
  readonly runs: readonly { readonly address: number; readonly words: readonly number[] }[];
  readonly requests: number;
  readonly durationMs: number;
}

/** One read of `count` registers or bits from `address`, 0-based as in the frame. */
export interface BusRead {
  readonly line: string;
  readonly unit: number;
  readonly table: Table;
  readonly address: number;
  /** At most 125 registers or 2000 bits. */
  readonly count: number;
}

/** A read and its reply. `words`: the registers, or bits as 0 and 1. */
export interface BusReadResult extends BusRead {
  readonly words: readonly number[];
  /** Response time of the unit; on a serial line without the wire time of the reply. */
  readonly turnaroundMs: number;
  /**
   * The points that lie completely in the read, decoded by the unit's profile; `unit` is the unit of measurement. `value` is null if there
   * is none or it is implausible, and a checksum for a text. Empty without a profile.
   */
  readonly values: readonly { readonly quantity: string; readonly value: number | null; readonly unit: string }[];
  /** This and `response`: the read as frames of Modbus RTU, in hex, also if the line is Modbus TCP. May be absent. */
  readonly request?: string;
  readonly response?: string;
}

/** One write of consecutive registers or coils from `address`, 0-based as in the frame. */
export interface BusWrite {
  readonly line: string;
  /** The address of the unit. 0 is a broadcast, except on a DALI bus. */
  readonly unit: number;
  readonly table: 'coil' | 'holding';
  readonly address: number;
  /** Raw: registers from 0 to 65535, coils as 0 and 1. At most 123 registers or 1968 coils. */
  readonly values: readonly number[];
}

/** A write that was sent, and the values before and after it. */
export interface BusWriteResult extends BusWrite {
  /** This and `after`: the values read before and after the write; null if they could not be read. */
  readonly before: readonly number[] | null;
  readonly after: readonly number[] | null;
  /** It was a Modbus broadcast to all units of the line. */
  readonly isBroadcast?: true;
  /** Lamps whose level, or that of their group, is in these registers. */
  readonly lamps?: readonly string[];
  /** As `BusTools.warnings`. */
  readonly warnings?: readonly Message[];
}

/**
 * Percentiles and maximum of the newest 256 values, rounded to one decimal. `count`: number of all values so far, also older ones. Units:
 * those of the values.
 */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Statistics of one line since it was opened with its present configuration. On a raw UART line, only `noiseBytes` is counted. */
export interface LineStats {
  readonly line: string;
  readonly kind: 'modbus' | 'uart' | 'dali';
  readonly port: string;
  /** Null for Modbus TCP, which has no baud rate. */
  readonly baud: number | null;
  /** Share of the last minute: `busyPct` is bytes, gaps and waits for replies, also for lost ones; `wirePct` is bytes alone. Units: %. */
  readonly busyPct: number;
  readonly wirePct: number;
  /** This and the following counters of the line exclude requests of the console. */
  readonly transactions: number;
  readonly timeouts: number;
  /** Damaged and incomplete replies. */
  readonly crcErrors: number;
  readonly exceptions: number;
  /** Replies to requests that had been given up. */
  readonly lateReplies: number;
  /** Replies received twice. */
  readonly duplicates: number;
  /** Replies rejected because they may belong to another request; on a DALI bus, reads of memory that may have changed meanwhile. */
  readonly doubtful: number;
  /** How often a wait for overdue replies ended, because they arrived or can no longer arrive. */
  readonly resyncs: number;
  /** Requests that the line received back (RS-485 echo). */
  readonly echoes: number;
  /** Received bytes that were discarded, such as noise, damaged replies and frames of others. */
  readonly noiseBytes: number;
  readonly console: ConsoleCounts;
  /** How long urgent writes waited until their first byte was sent; null before the first one. Units: ms. */
  readonly urgentWaitMs: Spread | null;
  /** Polls that were sent more than one period late. Most first polls, and polls after a lost one, do not count. */
  readonly overruns: number;
  readonly units: readonly UnitStats[];
  /** What to check; empty if nothing was found. */
  readonly advice: readonly Message[];
}

/**
 * Counters of the requests of `BusTools` on a line, since it was opened with its present configuration. They do not measure the health of
 * the line.
 */
export interface ConsoleCounts {
  readonly transactions: number;
  readonly timeouts: number;
  readonly exceptions: number;
  readonly lateReplies: number;
}

/** Statistics of one unit since its line was opened with its present configuration, without requests of the console. */
export interface UnitStats {
  readonly unit: number;
  readonly device: string;
  /**
   * `new`: it has not answered yet, and does not count as silent. `flaky`: requests were lost since its last answer. `silent`: too many in
   * a row failed, or its line is down.
   */
  readonly state: 'new' | 'ok' | 'flaky' | 'silent';
  /** Requests that the unit answered without an exception. Writes on a DALI bus do not count: no unit acknowledges them. */
  readonly ok: number;
  /** Requests without a reply in time. */
  readonly timeouts: number;
  /** Requests that failed by a damaged or wrong reply. */
  readonly crcErrors: number;
  /** Exceptions by code; those of a gateway for a unit that it does not reach are `timeouts`. `doubtful`: as in `LineStats`. */
  readonly exceptions: Readonly<Partial<Record<BusErrorCode, number>>>;
  /** Replies to requests that had been given up. */
  readonly lateReplies: number;
  /** Requests to it that the line received back (RS-485 echo). */
  readonly echoes: number;
  /** Null before the first reply other than an exception. Units: ms. */
  readonly turnaroundMs: Spread | null;
  /** Present usual wait for the reply to a read; through a network it may be longer. Units: ms. */
  readonly timeoutMs: number;
  /** Requests in one whole round of its polls, without the quantities in `refused` and `unanswered`. */
  readonly requests: number;
  /** Quantities that are read apart and rarely, because the unit answers them with an exception. */
  readonly refused: readonly string[];
  /** Quantities that are read apart and rarely, because the unit gives no usable reply for them. */
  readonly unanswered: readonly string[];
}

/**
 * One ended transaction on a line. `atMs`: the wall time at which it ended. `turnaroundMs`: response time of the unit in ms, as in
 * `BusReadResult`; null if the transaction failed.
 */
export interface BusTransaction {
  readonly atMs: number;
  readonly unit: number;
  /** One of `LANES`, such as `urgent` or `console`. */
  readonly lane: string;
  /** The request: `read holding 0+2`. */
  readonly what: Message;
  readonly turnaroundMs: number | null;
  /** Null if it succeeded. */
  readonly error: BusErrorCode | null;
}
