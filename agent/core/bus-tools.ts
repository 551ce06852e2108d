/**
 * Jobs of a person at the cabinet on a line while the agent runs: scan for units, read, write, and statistics.
 *
 * Every job waits its turn in the line's own queue.
 */

import type { SerialSettings } from './cabinet.ts';
import type { BusErrorCode } from './errors.ts';
import type { Message } from './message.ts';
import type { Profile, Table } from './profile.ts';

/** Errors: methods reject with BusError for trouble on the line, Refusal for a line, unit or address that cannot be. */
export interface BusTools {
  /** Finds the addresses that answer. `onProgress` receives progress, and each unit as it is found. */
  scan(request: ScanRequest, onProgress: (progress: ScanProgress) => void): Promise<ScanResult>;
  /** Which registers of a unit answer; never writes. */
  registers(request: RegistersRequest, onProgress: (progress: RegistersProgress) => void): Promise<RegistersResult>;
  read(request: BusRead): Promise<BusReadResult>;
  /** Warnings of the profiles about a write: outside their limits, or dangerous. Set where field and configuration are joined. */
  warnings?(request: BusWrite): readonly Message[];
  /** Writes and reads back. */
  write(request: BusWrite): Promise<BusWriteResult>;
  stats(): readonly LineStats[];
  /** Device types that a file has brought since the start; filled in where field and configuration are joined. */
  pendingProfiles?(): Promise<readonly PendingProfile[]>;
  /** Everything from now on, until the returned function is called; slow readers lose the oldest. */
  watch(lineId: string, onTransaction: (transaction: BusTransaction) => void): () => void;
}

/** A device type as its file defines it now; the agent uses it from its next start. `changed`: the running agent uses another version of this id. */
export interface PendingProfile {
  readonly profile: Profile;
  readonly state: 'new' | 'changed';
}

export interface ScanRequest {
  readonly line: string;
  readonly from: number;
  readonly to: number;
  /** Other speeds and parities too; polling goes on between the slices. */
  readonly autoBaud: boolean;
  /** Longest wait for each address, for units that take their time; null for the quick look. Units: ms. */
  readonly waitMs: number | null;
  /** Aborted when no client waits for the result any more. */
  readonly signal?: AbortSignal;
}

export interface ScanProgress {
  readonly done: number;
  readonly total: number;
  /** Null on Modbus TCP, which has none; so in `FoundUnit`. */
  readonly serial: SerialSettings | null;
  readonly found: FoundUnit | null;
}

export interface FoundUnit {
  readonly unit: number;
  readonly serial: SerialSettings | null;
  readonly turnaroundMs: number;
  /** Profiles whose identify probes fit, the most certain first. */
  readonly profiles: readonly { readonly id: string; readonly strength: 'strong' | 'plausible' }[];
  /** The device of the cabinet with this address; null for a stranger. */
  readonly device: string | null;
  /** It answered with an exception, which proves it as well. */
  readonly exception: BusErrorCode | null;
}

export interface ScanResult {
  readonly line: string;
  /** Its units are behind a gateway. */
  readonly isNetwork: boolean;
  readonly found: readonly FoundUnit[];
  /** Units of the cabinet on this line that did not answer. */
  readonly missing: readonly { readonly unit: number; readonly device: string }[];
  /** Addresses whose answer was damaged: two units with one address, or a bad line. */
  readonly damaged: readonly number[];
  readonly durationMs: number;
}

export interface RegistersRequest {
  readonly line: string;
  readonly unit: number;
  readonly table: Table;
  readonly from: number;
  readonly to: number;
  /** Aborted when no client waits for the result any more. */
  readonly signal?: AbortSignal;
}

export interface RegistersProgress {
  readonly done: number;
  readonly total: number;
}

export interface RegistersResult {
  readonly unit: number;
  readonly table: Table;
  /** Runs of registers that answer, with their values. */
  readonly runs: readonly { readonly address: number; readonly words: readonly number[] }[];
  readonly requests: number;
  readonly durationMs: number;
}

export interface BusRead {
  readonly line: string;
  readonly unit: number;
  readonly table: Table;
  readonly address: number;
  readonly count: number;
}

export interface BusReadResult extends BusRead {
  readonly words: readonly number[];
  readonly turnaroundMs: number;
  /** What the unit's profile makes of them; empty for a stranger. */
  readonly values: readonly { readonly quantity: string; readonly value: number | null; readonly unit: string }[];
  /** The bytes on the wire in hex, as an example of a profile has them; filled in where field and configuration are joined. Of Modbus TCP: what a serial line would carry. */
  readonly request?: string;
  readonly response?: string;
}

export interface BusWrite {
  readonly line: string;
  /** 0 is a broadcast: no unit answers. */
  readonly unit: number;
  readonly table: 'coil' | 'holding';
  readonly address: number;
  readonly values: readonly number[];
}

export interface BusWriteResult extends BusWrite {
  readonly before: readonly number[] | null;
  readonly after: readonly number[] | null;
  /** Lamps whose level is in these registers; the agent then writes its own level again. Set where field and configuration are joined. */
  readonly lamps?: readonly string[];
  /** As `BusTools.warnings`; filled in where field and configuration are joined. */
  readonly warnings?: readonly Message[];
}

/** Middle, nearly all, worst. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface LineStats {
  readonly line: string;
  readonly kind: 'modbus' | 'uart';
  readonly port: string;
  /** Null for Modbus TCP, which has none. */
  readonly baud: number | null;
  /** Share of the last minute: the wire in use with gaps and turnarounds, and bytes alone. Units: %. */
  readonly busyPct: number;
  readonly wirePct: number;
  /** These and the following, those of the units too, without what jobs of the console caused; that stands in `console`. */
  readonly transactions: number;
  readonly timeouts: number;
  readonly crcErrors: number;
  readonly exceptions: number;
  readonly lateReplies: number;
  /** Replies that came twice; replies from which no value was taken, because they could be old ones; how often the last outstanding late reply arrived or expired. */
  readonly duplicates: number;
  readonly doubtful: number;
  readonly resyncs: number;
  readonly echoes: number;
  readonly noiseBytes: number;
  readonly console: ConsoleCounts;
  /** From the request to its first byte on the wire. Units: ms. Null before the first. */
  readonly urgentWaitMs: Spread | null;
  /** Polls that came later than one period after they were due. */
  readonly overruns: number;
  readonly units: readonly UnitStats[];
  /** Advice on what to check; empty when all is well. */
  readonly advice: readonly Message[];
}

/** Bus time used by a person's scans, searches, reads and writes; no measure of the line's health. */
export interface ConsoleCounts {
  readonly transactions: number;
  readonly timeouts: number;
  readonly exceptions: number;
  readonly lateReplies: number;
}

export interface UnitStats {
  readonly unit: number;
  readonly device: string;
  readonly state: 'new' | 'ok' | 'flaky' | 'silent';
  readonly ok: number;
  readonly timeouts: number;
  readonly crcErrors: number;
  /** By code. */
  readonly exceptions: Readonly<Partial<Record<BusErrorCode, number>>>;
  readonly lateReplies: number;
  readonly echoes: number;
  readonly turnaroundMs: Spread | null;
  /** Longest wait for it now. Units: ms. */
  readonly timeoutMs: number;
  /** Requests of one whole round, and registers that leave the plan because it refuses them. */
  readonly requests: number;
  readonly refused: readonly string[];
  /** Quantities that it does not answer for while it answers for others. */
  readonly unanswered: readonly string[];
}

/** One transaction as it went over the wire. */
export interface BusTransaction {
  readonly atMs: number;
  readonly unit: number;
  readonly lane: string;
  /** The request: `read holding 0+2`. */
  readonly what: Message;
  readonly turnaroundMs: number | null;
  /** Null when it went well. */
  readonly error: BusErrorCode | null;
}
