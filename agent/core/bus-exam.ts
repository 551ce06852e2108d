/**
 * The record of an examination of a Modbus line in service: the bytes of each request and what came back, and what the running counters
 * show. `bus doctor` derives its verdict from this record alone.
 */
import type { SerialSettings } from './cabinet.ts';
import type { MonoMs, WallMs } from './clock.ts';

/** Receives the bytes of a line as they pass. It must return at once and must not keep `bytes`, which the port may use again. */
export interface LineTap {
  /** Called just before the bytes are given to the port. */
  sent(bytes: Uint8Array, atMono: MonoMs): void;
  /** Called when the port delivers bytes, which is after their last bit. */
  received(bytes: Uint8Array, atMono: MonoMs): void;
}

/** Which line to examine, and which of its addresses have no supply. */
export interface ExamRequest {
  readonly line: string;
  /** Addresses of units without supply: nothing is tried with them. */
  readonly unfed?: ReadonlySet<number>;
  /** Abort it when no client waits for the result. */
  readonly signal?: AbortSignal;
}

/** How far an examination is: `doneMs` of about `totalMs`, which grows if more steps follow. Units: ms. */
export interface ExamProgress {
  /** `resting`: a unit that missed requests is not read for a while. `settings`: other serial settings are tried. */
  readonly step: 'listening' | 'reading' | 'resting' | 'settings';
  readonly doneMs: number;
  readonly totalMs: number;
}

/** Bytes that the port delivered together, and when it did. Only the first 512 bytes of a window are kept. */
export interface ExamChunk {
  readonly atMono: MonoMs;
  readonly bytes: Uint8Array;
}

/** One request of the agent, and bytes received after it. */
export interface ExamWindow {
  /** The frame that was sent. Empty for the bytes before the first request. */
  readonly request: Uint8Array;
  readonly sentMono: MonoMs;
  /** When the next request was sent, or the observation ended. */
  readonly endMono: MonoMs;
  /** A read of the examination; not its repetition, with which the line confirms a suspicious reply. */
  readonly isTest: boolean;
  readonly chunks: readonly ExamChunk[];
}

/** A unit of the line, and counts of how recent requests to it ended. */
export interface ExamUnit {
  readonly unit: number;
  readonly device: string;
  /**
   * Counts of about the last ten minutes, without requests of the console. `answered`: also with an exception. `missed`: lost requests
   * after which the unit soon answered again; requests lost since its last answer are not counted. `late`: replies to requests given up.
   */
  readonly recent: { readonly answered: number; readonly missed: number; readonly damaged: number; readonly late: number };
}

/**
 * Other serial settings that were tried with units without a valid reply at the line's own settings. `tried`: addresses of the units, three
 * at most. `answered`: those of `tried` that gave a valid reply.
 */
export interface ExamTrial {
  readonly serial: SerialSettings;
  readonly tried: readonly number[];
  readonly answered: readonly number[];
}

/**
 * What a line counted in a quarter of an hour, without requests of the console. `missed`: requests without a reply, once their short series
 * has ended; those to a unit that stays silent do not count.
 */
export interface QuarterHour {
  readonly startMs: WallMs;
  /** All finished requests, however they ended. */
  readonly transactions: number;
  readonly damaged: number;
  readonly missed: number;
  /** Received bytes that were discarded, such as noise and damaged replies. */
  readonly noiseBytes: number;
  /** Altitude of the sun in the middle of it; absent if it was not computed. Units: degrees above the horizon. */
  readonly sunDeg?: number;
}

/** The result of an examination of a line. */
export interface BusExam {
  readonly line: string;
  readonly port: string;
  /** The wire is behind a serial server. */
  readonly isNetwork: boolean;
  /** The settings of the line in the configuration. */
  readonly serial: SerialSettings;
  /** How long the adapter holds bytes back, as its driver reports it; null if unknown. Units: ms. */
  readonly latencyMs: number | null;
  /** Requests on the line before the trials, also polls and writes, in the order of time. */
  readonly windows: readonly ExamWindow[];
  /** All configured units of the line. */
  readonly units: readonly ExamUnit[];
  /** Empty if each unit chosen for reads answered, and where the settings cannot be changed. */
  readonly trials: readonly ExamTrial[];
  /** Those of the last 24 hours with counts since the line was opened, oldest first; the last one may be incomplete. */
  readonly quarters: readonly QuarterHour[];
  /** Duration of the whole examination, with the trials. */
  readonly durationMs: number;
}
