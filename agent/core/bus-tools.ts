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
 * What a person can do on a line while the agent runs. Errors: promises reject with BusError for a failure on the line, and with Refusal
 * for a line, unit or address that is not valid, and for a scan or write in safe mode. After an abort they reject with the reason of
 * `signal`. `watch` and `hush` throw Refusal for an unknown line.
 */
export interface BusTools {
  /**
   * Finds the addresses from `from` to `to` that answer; never writes. `onProgress` receives the progress, and each unit as it is found.
   */
  scan(request: ScanRequest, onProgress: (progress: ScanProgress) => void): Promise<ScanResult>;
  /**
   * Observes a serial line in service for half a minute, a minute and a half at most, and reads from its units between the polls; never
   * writes. Rejects with Refusal where the wire is not visible, and while another examination of the line runs.
   */
  examine(request: ExamRequest, onProgress: (progress: ExamProgress) => void): Promise<BusExam>;
  /**
   * Finds the registers of a unit that can be read; never writes. Rejects with BusError if the unit does not answer, or stops answering.
   */
  registers(request: RegistersRequest, onProgress: (progress: RegistersProgress) => void): Promise<RegistersResult>;
  /** Reads registers or bits once. */
  read(request: BusRead): Promise<BusReadResult>;
  /** Warnings of the profiles about a write: outside their limits, or dangerous. Added where field and configuration are joined. */
  warnings?(request: BusWrite): readonly Message[];
  /** Reads the present values, writes, and reads back. A read that the unit does not answer does not reject; its values are null. */
  write(request: BusWrite): Promise<BusWriteResult>;
  /** One entry for each line: Modbus lines first, then raw UART lines. */
  stats(): readonly LineStats[];
  /** Device types whose files are new or changed since the start. Added where field and configuration are joined. */
  pendingProfiles?(): Promise<readonly PendingProfile[]>;
  /**
   * Passes on each transaction until the returned function is called. Transactions arrive in batches, up to 100 ms late; if too many wait,
   * the oldest are lost.
   */
  watch(lineId: string, onTransaction: (transaction: BusTransaction) => void): () => void;
  /**
   * Stops polls, probes and set-up of a line for this time, or until the returned function is called. Levels and requests of the console are still sent.
   * A second call replaces the first. Units: ms.
   */
  hush(lineId: string, forMs: number): () => void;
}

/**
 * A device type as its file now defines it; the agent uses it from its next start. `changed`: the running agent uses another version of
 * this id.
 */
export interface PendingProfile {
  readonly profile: Profile;
  readonly state: 'new' | 'changed';
}

/** Which addresses to try on which line. `from` and `to`: 1 to 247, both included; on a DALI bus 0 to 63, all of them for 1 to 247. */
export interface ScanRequest {
  readonly line: string;
  readonly from: number;
  readonly to: number;
  /** Also try other speeds and parities. This is done in short slices; the line is polled between them. */
  readonly autoBaud: boolean;
  /** Longest wait for each address, 1 to 500, for slow units; null for the short default. Units: ms. */
  readonly waitMs: number | null;
  /** Abort it when no client waits for the result. */
  readonly signal?: AbortSignal;
}

/** `done` of `total` tries have ended; an address counts once for each speed. `found`: a unit found now; null for progress only. */
export interface ScanProgress {
  readonly done: number;
  readonly total: number;
  /** Null on Modbus TCP, which has no such setting; the same in `FoundUnit`. */
  readonly serial: SerialSettings | null;
  readonly found: FoundUnit | null;
}

/**
 * One unit found by a scan, and what it may be. At the line's own speed, a unit of the cabinet that answers its polls counts as found
 * without a request.
 */
export interface FoundUnit {
  readonly unit: number;
  readonly serial: SerialSettings | null;
  /** Median of its replies; for a unit that answers its polls, their mean. */
  readonly turnaroundMs: number;
  /** Profiles whose identify probes match, most certain first; for a unit that answers its polls, the profile in the cabinet file. */
  readonly profiles: readonly { readonly id: string; readonly strength: 'strong' | 'plausible' }[];
  /** The device of the cabinet with this address; null if none has it, and at another speed than the line's own. */
  readonly device: string | null;
  /**
   * Error code if it answered only with an exception or a doubtful reply, which also proves that it exists; null if it answered with data.
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
  readonly found: readonly FoundUnit[];
  /** Units of the cabinet in the scanned range that did not answer at the line's own speed. */
  readonly missing: readonly { readonly unit: number; readonly device: string }[];
  /**
   * Addresses with a damaged reply at the line's own speed: two units with one address, or a bad line. A unit that answers its polls is
   * included if more of its replies are damaged than on a good line.
   */
  readonly damaged: readonly number[];
  readonly durationMs: number;
}

/** Which addresses of one register table of a unit to try. `from` and `to` are both included. */
export interface RegistersRequest {
  readonly line: string;
  readonly unit: number;
  readonly table: Table;
  readonly from: number;
  readonly to: number;
  /** Abort it when no client waits for the result. */
  readonly signal?: AbortSignal;
}

/** `done` of `total` addresses have been tried. */
export interface RegistersProgress {
  readonly done: number;
  readonly total: number;
}

/** The registers or bits of a unit that can be read. `requests`: number of requests sent for the search. */
export interface RegistersResult {
  readonly unit: number;
  readonly table: Table;
  /** Ranges of consecutive addresses that answer, with their values; lowest address first, empty if none answers. */
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
  readonly count: number;
}

/** A read and its reply. `words`: the registers, or bits as 0 and 1. */
export interface BusReadResult extends BusRead {
  readonly words: readonly number[];
  readonly turnaroundMs: number;
  /**
   * The values decoded by the unit's profile, null where implausible; `unit` is the unit of measurement. Empty for a unit that is not in
   * the cabinet file.
   */
  readonly values: readonly { readonly quantity: string; readonly value: number | null; readonly unit: string }[];
  /**
   * This and `response`: the bytes on the wire in hex, as in a profile example; for Modbus TCP, what a serial line would carry. Absent on a
   * DALI bus. Added where field and configuration are joined.
   */
  readonly request?: string;
  readonly response?: string;
}

/** One write of consecutive registers or coils from `address`, 0-based as in the frame. */
export interface BusWrite {
  readonly line: string;
  /** 0 is a broadcast, which no unit answers. */
  readonly unit: number;
  readonly table: 'coil' | 'holding';
  readonly address: number;
  readonly values: readonly number[];
}

/** A write that succeeded, with the values before and after. */
export interface BusWriteResult extends BusWrite {
  /** This and `after`: the values read before and after the write; null if they could not be read, as for a broadcast. */
  readonly before: readonly number[] | null;
  readonly after: readonly number[] | null;
  /** Lamps whose level is in these registers; the agent then writes its own level again. Added where field and configuration are joined. */
  readonly lamps?: readonly string[];
  /** As `BusTools.warnings`; added where field and configuration are joined. */
  readonly warnings?: readonly Message[];
}

/** `count`: number of all measured values. The rest: percentiles and the largest of the last 256 values. Units: those of the values. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Statistics of one line. Counters count from the start of the line in this run of the agent. */
export interface LineStats {
  readonly line: string;
  readonly kind: 'modbus' | 'uart' | 'dali';
  readonly port: string;
  /** Null for Modbus TCP, which has no baud rate. */
  readonly baud: number | null;
  /** Share of the last minute: `busyPct` is the wire in use with gaps and turnarounds, `wirePct` bytes alone. Units: %. */
  readonly busyPct: number;
  readonly wirePct: number;
  /** This and the following counters, also those of the units, exclude requests of the console; `console` has those. */
  readonly transactions: number;
  readonly timeouts: number;
  /** Replies with a wrong checksum, and replies that broke off. */
  readonly crcErrors: number;
  readonly exceptions: number;
  readonly lateReplies: number;
  /** Replies received twice. */
  readonly duplicates: number;
  /** Replies rejected because they may belong to an older request. */
  readonly doubtful: number;
  /** How often the last reply that was still due has arrived or can no longer arrive. */
  readonly resyncs: number;
  readonly echoes: number;
  readonly noiseBytes: number;
  readonly console: ConsoleCounts;
  /** How long urgent writes waited, from the decision to the first byte on the wire; null before the first one. Units: ms. */
  readonly urgentWaitMs: Spread | null;
  /** Polls that ran more than one period late. */
  readonly overruns: number;
  readonly units: readonly UnitStats[];
  /** What to check; empty if nothing is wrong. */
  readonly advice: readonly Message[];
}

/**
 * Counters of the requests that people caused by scans, searches, reads and writes. They are counted apart, because they do not measure the
 * health of the line.
 */
export interface ConsoleCounts {
  readonly transactions: number;
  readonly timeouts: number;
  readonly exceptions: number;
  readonly lateReplies: number;
}

/** Statistics of one unit. The counters exclude requests of the console. */
export interface UnitStats {
  readonly unit: number;
  readonly device: string;
  readonly state: 'new' | 'ok' | 'flaky' | 'silent';
  readonly ok: number;
  readonly timeouts: number;
  /** Requests that failed by a damaged reply: wrong checksum, broken off, or a reply to something else. */
  readonly crcErrors: number;
  /** Number of exceptions by code; `doubtful`: replies that may belong to an older request. */
  readonly exceptions: Readonly<Partial<Record<BusErrorCode, number>>>;
  readonly lateReplies: number;
  readonly echoes: number;
  /** Null before the first reply. Units: ms. */
  readonly turnaroundMs: Spread | null;
  /** Present usual wait for the reply to a read; for a write it may be longer. Units: ms. */
  readonly timeoutMs: number;
  /** Requests in one poll cycle. */
  readonly requests: number;
  /** Quantities that are read apart and rarely, because the unit refuses them or reports a failure for them. */
  readonly refused: readonly string[];
  /** Quantities that are read apart and rarely, because the unit gives no reply for them while it does for others. */
  readonly unanswered: readonly string[];
}

/**
 * One transaction on the wire that has ended: a request, and its reply or failure. `turnaroundMs` is null if it failed, also with an
 * exception.
 */
export interface BusTransaction {
  readonly atMs: number;
  readonly unit: number;
  readonly lane: string;
  /** The request: `read holding 0+2`. */
  readonly what: Message;
  readonly turnaroundMs: number | null;
  /** Null if it succeeded. */
  readonly error: BusErrorCode | null;
}
