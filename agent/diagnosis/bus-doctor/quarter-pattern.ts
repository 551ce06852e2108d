/**
 * Whether a line has trouble at certain hours only.
 *
 * Pure.
 */
import type { QuarterHour } from '../../core/bus-exam.ts';

/** A quarter of an hour with fewer requests shows nothing. */
const LEAST_REQUESTS = 20;
/** Failures in a quarter of an hour, and their share of its requests, from which it is bad; below `quiet` it is quiet. Source: assumed; a good line damages less than one frame in a thousand. Confirmed by: a week of quarters of healthy lines. */
const BAD = { failures: 3, share: 0.02, quiet: 0.004 } as const;
/** Quiet quarters needed before and after the bad ones. */
const QUIET = { before: 2, after: 1 } as const;
/** The sun is between these altitudes when lamps are switched. Units: degrees. Source: lighting.md §6: switching between sunset and the end of civil twilight; a quarter of an hour on both sides is 2 to 3 degrees. */
const SWITCHING_DEG = { low: -10, high: 4 } as const;

/**
 * What the quarters of an hour of a line show. `known`: how many had enough requests. Of these, `bad` had many failures, and `quiet` is the
 * number of those with nearly none. `isTimed`: there are bad ones, at least two quiet ones before them all and one after them all, and in
 * all at least twice as many quiet as bad ones.
 */
export interface QuarterPattern {
  readonly known: number;
  readonly bad: readonly QuarterHour[];
  readonly quiet: number;
  readonly isTimed: boolean;
  /** There are bad quarters besides the first one of all that were given. */
  readonly hasTrouble: boolean;
  /** There are bad quarters, all of them around dusk or dawn. */
  readonly isAtTwilight: boolean;
}

/**
 * Returns the bad quarters of an hour, whether the line was quiet before and after them, and whether all are around dusk or dawn.
 * `quarters`: oldest first. Those with fewer than 20 requests are ignored.
 */
export function quarterPattern(quarters: readonly QuarterHour[]): QuarterPattern {
  const known = quarters.filter(({ transactions }) => transactions >= LEAST_REQUESTS);
  const bad = known.filter(isBad);
  const quiet = known.filter(isQuiet);
  const [first, last] = [bad[0], bad.at(-1)];
  const before = first === undefined ? 0 : quiet.filter(({ startMs }) => startMs < first.startMs).length;
  const after = last === undefined ? 0 : quiet.filter(({ startMs }) => startMs > last.startMs).length;
  // After the newest bad quarter it has been quiet: the trouble is over now. Most quarters are quiet.
  const isTimed = bad.length > 0 && before >= QUIET.before && after >= QUIET.after && bad.length * 2 <= quiet.length;
  const isAtTwilight =
    bad.length > 0 && bad.every(({ sunDeg }) => sunDeg !== undefined && sunDeg >= SWITCHING_DEG.low && sunDeg <= SWITCHING_DEG.high);
  const hasTrouble = bad.some((quarter) => quarter !== quarters[0]);
  return { known: known.length, bad, quiet: quiet.length, isTimed, hasTrouble, isAtTwilight };
}

/** Damaged replies and lost requests, and noise in bursts. */
function failuresOf({ damaged, missed, noiseBytes }: QuarterHour): number {
  return damaged + missed + Math.floor(noiseBytes / 3);
}

function isBad(quarter: QuarterHour): boolean {
  const failures = failuresOf(quarter);
  return failures >= BAD.failures && failures >= BAD.share * quarter.transactions;
}

function isQuiet(quarter: QuarterHour): boolean {
  return failuresOf(quarter) <= BAD.quiet * quarter.transactions;
}
