/**
 * The symptoms of a line, as numbers, from the record of an examination.
 *
 * Pure.
 */
import type { BusExam } from '../../core/bus-exam.ts';
import { type DeliverySteps, deliverySteps } from './delivery-steps.ts';
import { type QuarterPattern, quarterPattern } from './quarter-pattern.ts';
import { type UnitSymptoms, unitSymptoms } from './unit-symptoms.ts';
import { type WindowFacts, windowFacts } from './window-facts.ts';

/** The symptoms of a line. Counts are of windows; those of `foreignRequests` and `foreignReplies` are of frames. */
export interface BusSymptoms {
  readonly line: string;
  readonly port: string;
  /** The wire is behind a serial server. */
  readonly isNetwork: boolean;
  readonly serial: BusExam['serial'];
  readonly units: readonly UnitSymptoms[];
  /** Requests to units, also the agent's usual ones. `answered`: those with a valid reply, also an exception. */
  readonly asked: number;
  readonly answered: number;
  /** Requests after which the gateway received its own frame. */
  readonly echoes: number;
  /** Valid requests that the agent did not send, and valid replies that do not fit the request of their window, also late ones. */
  readonly foreignRequests: number;
  readonly foreignReplies: number;
  /** Windows with bytes of no frame that are not a damaged reply, and the number of those bytes. */
  readonly strays: number;
  readonly strayBytes: number;
  /** Silent windows in which only one or two bytes came: 00 right after the request. */
  readonly breaks: number;
  /** Requests without a reply and with at most two bytes of no frame; also those of `breaks`. */
  readonly silent: number;
  /** The step of time that may separate arrivals of bytes, and how well it fits them. Null with too few usable test reads. */
  readonly steps: DeliverySteps | null;
  /** How long the adapter holds bytes back; null if unknown. Units: ms. */
  readonly latencyMs: number | null;
  /** Other serial settings that were tried. */
  readonly trials: BusExam['trials'];
  /** What the quarters of an hour of the last day show. */
  readonly quarters: QuarterPattern;
  /** The units, with counts of about the last ten minutes. */
  readonly recents: BusExam['units'];
  readonly durationMs: number;
}

/** A break after a request begins within this many characters of its end. Source: the receiver is on again as soon as the driver is off. */
const BREAK_CHARACTERS = 4;
/** Longest time that an adapter holds bytes back. Units: ms. Source: default latency timer of FTDI adapters. */
const ADAPTER_MS = 16;

/** Computes the symptoms of a line from an examination. */
export function symptomsOf(exam: BusExam): BusSymptoms {
  const windows = exam.windows.map(windowFacts);
  const requests = windows.filter(({ end }) => end !== 'none');
  const count = (holds: (window: WindowFacts) => boolean): number => requests.filter(holds).length;
  const sum = (of: (window: WindowFacts) => number): number => windows.reduce((total, window) => total + of(window), 0);
  return {
    line: exam.line,
    port: exam.port,
    isNetwork: exam.isNetwork,
    serial: exam.serial,
    units: unitSymptoms(windows),
    asked: requests.length,
    answered: count(({ end }) => end === 'answered'),
    echoes: count(({ hasEcho }) => hasEcho),
    foreignRequests: foreignRequests(windows),
    foreignReplies: sum((window) => window.foreignReplies.length),
    strays: windows.filter(({ strayBytes }) => strayBytes > 0).length,
    strayBytes: sum((window) => window.strayBytes),
    breaks: count((window) => isBreak(window, exam.serial.baud)),
    silent: count(({ end }) => end === 'silent'),
    steps: deliverySteps(windows),
    latencyMs: exam.latencyMs,
    trials: exam.trials,
    quarters: quarterPattern(exam.quarters),
    recents: exam.units,
    durationMs: exam.durationMs,
  };
}

/** On a line with an echo, a frame that the agent has sent may come back in a later window, when the machine is busy. */
function foreignRequests(windows: readonly WindowFacts[]): number {
  const own = new Set(windows.some(({ hasEcho }) => hasEcho) ? windows.map(({ request }) => request) : []);
  return windows.reduce((sum, window) => sum + window.foreignRequests.filter((frame) => !own.has(frame)).length, 0);
}

/** Units: a character of 11 bits. Deliveries may be late by an adapter's step. */
function isBreak({ end, bytes, sentMono, deliveriesMono }: WindowFacts, baud: number): boolean {
  if (end !== 'silent' || bytes.length === 0 || bytes.some((byte) => byte !== 0)) return false;
  const sinceMs = (deliveriesMono[0] ?? sentMono) - sentMono;
  return sinceMs <= ((8 + BREAK_CHARACTERS) * 11_000) / baud + ADAPTER_MS;
}
