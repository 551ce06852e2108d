/**
 * Rules about the line as a whole.
 *
 * Pure.
 */
import { msg } from '../../core/message.ts';
import type { BusFinding, TimeText } from './finding.ts';
import type { BusSymptoms } from './symptoms.ts';
import type { Share, UnitSymptoms } from './unit-symptoms.ts';

/** Share of requests with an echo. Source: an adapter with local echo echoes each frame. */
const ECHO_SHARE = 0.5;
/** Valid requests of others that are not chance. Source: one frame of eight random bytes in 65,536 has a valid checksum. */
const FOREIGN = 2;
/** Windows with stray bytes: their number and their share of the requests. Source: assumed; a healthy line has none. Confirmed by: stray bytes of healthy lines in a week of logs. */
const STRAYS = { windows: 4, share: 0.01 } as const;
/** Failures on the line without its worst unit. Source: assumed; as many as chance does not give on a good line. Confirmed by: failures before and after termination is added. */
const SPREAD = { failures: 3, share: 0.004, units: 2 } as const;
/** Share of the failures that are damaged replies. Source: bits of the shortest reply, 70, beside those of its request, 80. */
const DAMAGED_SHARE = 0.4;
/** The longer replies must fail this much more often than the shorter ones; else length does not matter. */
const GROWTH = 1.2;
/** A fit to fixed steps from which the adapter delivers at them. Source: see `deliverySteps`. */
const STEP_FIT = 0.8;
/** An adapter delay up to this is negligible. Units: ms. Source: modbus.md §2.2: 16 is the factory setting of FTDI, 1 the best. */
const NEGLIGIBLE_MS = 2;

/** Returns the finding that the adapter receives its own transmission; null if fewer than half of the requests were echoed. */
export function echo({ echoes, asked }: BusSymptoms): BusFinding | null {
  if (echoes < ECHO_SHARE * asked) return null;
  return {
    verdict: 'echo',
    units: [],
    text: msg`the adapter receives its own transmission`,
    causes: [msg`the local echo of the adapter is on (RE is not switched with DE)`, msg`receiveDuringSend is true in rs485: of the line`],
    evidence: [msg`${echoes} of ${asked} requests came back before the reply`],
    check: msg`harmless, the agent removes it; to spare the line, switch the echo off at the adapter (jumper or DIP switch)`,
  };
}

/** Returns the finding that another device sends requests; null with fewer than two valid requests that the agent did not send. */
export function secondMaster({ foreignRequests, foreignReplies, asked, durationMs }: BusSymptoms): BusFinding | null {
  if (foreignRequests < FOREIGN) return null;
  return {
    verdict: 'second-master',
    units: [],
    text: msg`another device sends requests on this line`,
    causes: [msg`an old controller or a building system is still connected`, msg`a technician's laptop or a second gateway polls the line`],
    evidence: [
      msg`${foreignRequests} valid requests that the agent did not send, in ${Math.round(durationMs / 1_000)} s, beside ${asked} of its own`,
      msg`${foreignReplies} replies to others`,
    ],
    check: msg`\`luciole bus watch\` shows the agent's own requests; look in the cabinet and at the last unit for a second device on A and B and disconnect it`,
  };
}

/**
 * Returns the finding that bytes arrive while no device sends; null with too few of them, or if they come beside the requests to one unit
 * only. A missing bias is one of its possible causes. Source: Modbus over Serial Line V1.02 §3.4.6: bias of 450 to 650 ohm at one place.
 */
export function noBias({ strays, strayBytes, asked, units, durationMs }: BusSymptoms): BusFinding | null {
  if (strays < STRAYS.windows || strays < STRAYS.share * asked) return null;
  // Bytes beside the replies of one unit are of that unit.
  if (isOfOneUnit(units, ({ strays: own }) => own)) return null;
  const failed = sumOf(units.filter(({ answered }) => answered > 0));
  return {
    verdict: 'no-bias',
    units: [],
    text: msg`bytes arrive while no device sends`,
    causes: [msg`no bias resistors (the line floats between frames)`, msg`a unit that sends by itself`, msg`strong interference`],
    evidence: [
      msg`${strayBytes} bytes of no frame at ${strays} times in ${Math.round(durationMs / 1_000)} s`,
      msg`${failed.failed} of ${failed.asked} requests failed`,
    ],
    check: msg`measure B to A at the gateway with no traffic: below +0.2 V the bias is missing; add 450 to 650 ohm from B to +5 V and from A to 0 V at one place only`,
  };
}

/**
 * Returns the finding that requests to several units fail, many by damaged replies, and those with long replies more often. Null if the
 * symptoms do not show it. A missing termination is one of its possible causes.
 */
export function noTermination({ units, serial }: BusSymptoms): BusFinding | null {
  const present = units.filter(({ answered }) => answered > 0);
  const troubled = present.filter(failedOf).toSorted((a, b) => shareOf(b) - shareOf(a));
  const [worst] = troubled;
  if (worst === undefined || troubled.length < SPREAD.units) return null;
  const others = sumOf(present.filter((unit) => unit !== worst));
  if (others.failed < SPREAD.failures || others.failed < SPREAD.share * others.asked) return null;
  const [short, long] = [total(present, 'short'), total(present, 'long')];
  const growth = rateOf(long) / Math.max(rateOf(short), 0.5 / Math.max(1, short.asked));
  const damaged = present.reduce((sum, unit) => sum + unit.damaged, 0);
  const all = sumOf(present);
  // A request is shorter than most replies: wrong bits damage replies at least as often as they make a unit ignore its request.
  if (damaged < SPREAD.failures || damaged < DAMAGED_SHARE * all.failed || growth < GROWTH) return null;
  return {
    verdict: 'no-termination',
    units: [],
    text: msg`replies of ${troubled.length} of ${present.length} units are damaged, long ones more often`,
    causes: [
      msg`no termination, or more than two`,
      msg`${serial.baud} baud is too fast for the length and the stubs of the cable`,
      msg`a loose terminal that all share`,
      msg`interference along the cable, or its shield open`,
    ],
    evidence: [
      msg`${all.failed} of ${all.asked} requests failed, ${damaged} with a damaged reply`,
      msg`short replies: ${percent(short)} failed, long replies: ${percent(long)}`,
      msg`worst: ${troubled.slice(0, 4).map((unit) => msg`unit ${unit.unit} ${percent(sumOf([unit]))}`)}`,
    ],
    check: msg`with the supply off measure A to B: about 60 ohm means two terminations, 120 ohm one, far more none; put 120 ohm at both ends`,
  };
}

/**
 * Returns the finding that the line was disturbed in some quarters of an hour of the last day, one or more, and quiet before and after.
 * Null if the symptoms do not show it.
 */
export function noiseAtHours({ quarters }: BusSymptoms, timeText: TimeText): BusFinding | null {
  if (!quarters.isTimed) return null;
  const times = quarters.bad.map(({ startMs }) => timeText(startMs));
  const failed = quarters.bad.reduce((sum, { damaged, missed }) => sum + damaged + missed, 0);
  const asked = quarters.bad.reduce((sum, { transactions }) => sum + transactions, 0);
  return {
    verdict: 'noise-at-hours',
    units: [],
    text: quarters.isAtTwilight ? msg`the line is disturbed when the lamps are switched` : msg`the line is disturbed at certain hours only`,
    causes: quarters.isAtTwilight
      ? [
          msg`contactors without a suppressor in the cabinet`,
          msg`ignition of discharge lamps beside the cable`,
          msg`the shield is not connected`,
        ]
      : [
          msg`a large load that switches then, in the cabinet or beside the cable`,
          msg`a person worked on the line`,
          msg`contactors of another feeder`,
        ],
    evidence: [
      msg`${failed} of ${asked} requests failed in the quarters of an hour from ${times}`,
      msg`${quarters.quiet} of ${quarters.known} quarters of an hour were quiet, before and after`,
    ],
    check: msg`watch \`luciole bus stats\` at that hour while the feeder is switched; look for RC suppressors on the contactor coils, and the line's cable beside the mains`,
  };
}

/**
 * Returns the finding that the adapter or serial server delays the bytes it receives: they arrive in steps of time, or the driver of the
 * adapter reports more than 2 ms. Otherwise null.
 */
export function adapterLatency({ steps, latencyMs, isNetwork }: BusSymptoms): BusFinding | null {
  const isStepped = steps !== null && steps.fit >= STEP_FIT;
  if (!isStepped && (latencyMs === null || latencyMs <= NEGLIGIBLE_MS)) return null;
  const stepMs = latencyMs !== null && latencyMs > NEGLIGIBLE_MS ? latencyMs : (steps?.stepMs ?? 0);
  return {
    verdict: 'adapter-latency',
    units: [],
    text: msg`replies arrive only each ${stepMs} ms`,
    causes: isNetwork
      ? [msg`the serial server collects bytes before it sends them`]
      : [msg`the latency timer of the USB adapter`, msg`a converter that collects bytes`],
    evidence: [
      ...(isStepped
        ? [msg`arrivals fit steps of ${(steps as { stepMs: number }).stepMs} ms to ${Math.round(100 * (steps as { fit: number }).fit)} %`]
        : []),
      ...(latencyMs === null ? [] : [msg`the adapter's driver reports ${latencyMs} ms`]),
    ],
    check: isNetwork
      ? msg`set the packing time or "force transmit" of the serial server to its minimum`
      : msg`write 1 to latency_timer of the adapter, permanently by the udev rule of the package (docs/lines.md)`,
  };
}

/** The others have this symptom at most a quarter as often as the unit that has it most. */
const OTHERS = 0.25;

/**
 * Returns whether the other units, taken together, have a symptom far less often per request than the unit that has it most. One of them
 * may still have it often. False with fewer than two units, and if no unit has it.
 */
export function isOfOneUnit(units: readonly UnitSymptoms[], countOf: (unit: UnitSymptoms) => number): boolean {
  const rate = (some: readonly UnitSymptoms[]): number =>
    some.reduce((sum, unit) => sum + countOf(unit), 0) /
    Math.max(
      1,
      some.reduce((sum, { asked }) => sum + asked, 0),
    );
  const [first, ...others] = units.toSorted((a, b) => rate([b]) - rate([a]));
  return first !== undefined && others.length > 0 && rate([first]) > 0 && rate(others) <= OTHERS * rate([first]);
}

function failedOf(unit: UnitSymptoms): boolean {
  return unit.damaged + unit.silent > 0;
}

function shareOf({ damaged, silent, asked }: UnitSymptoms): number {
  return (damaged + silent) / Math.max(1, asked);
}

/** Returns the number of requests to these units, and how many of them had no valid reply. */
export function sumOf(units: readonly UnitSymptoms[]): Share {
  return {
    asked: units.reduce((sum, { asked }) => sum + asked, 0),
    failed: units.reduce((sum, { damaged, silent }) => sum + damaged + silent, 0),
  };
}

function total(units: readonly UnitSymptoms[], key: 'short' | 'long'): Share {
  return {
    asked: units.reduce((sum, unit) => sum + unit[key].asked, 0),
    failed: units.reduce((sum, unit) => sum + unit[key].failed, 0),
  };
}

function rateOf({ asked, failed }: Share): number {
  return failed / Math.max(1, asked);
}

/** Returns the share of failed requests as text, rounded to 0.1 %: `3.2 %`, `3 %`. Without requests, `0 %`. */
export function percent({ asked, failed }: Share): string {
  return `${(Math.round((1_000 * failed) / Math.max(1, asked)) / 10).toString()} %`;
}
