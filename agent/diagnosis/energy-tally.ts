/** The sums of a zone's lamps: of a part of a night, a night or many, their addition, and their stored form. Pure. */
import { isRecord } from '../core/is-record.ts';

/**
 * Number of bands of levels: dark, then up to 10 %, up to 20 %, ... up to 100 %. Source: ten steps are enough to recognise a programme, and
 * EN 13201-5 requires hours by level.
 */
export const LEVEL_BANDS = 11;

/** Sums that are added over nights and parts alike. */
const ZONE_SUMS = [
  'activations',
  'levelMs',
  'boostedMs',
  'wh',
  'quietWh',
  'standbyWh',
  'baselineWh',
  'unknownMs',
  'unknownWh',
  'unknownBaselineWh',
] as const;
/** The same for all parts of one night. */
const ZONE_COUNTS = ['nights', 'lampNights'] as const;
const PERIOD_SUMS = ['ms', 'wh', 'fullWh', 'boostedMs', 'boostedWh', 'boostedFullWh'] as const;

/**
 * Time and energy of a zone's lamps for one level: the one decided for them without a raise by presence, traffic or a rule. Counted only
 * while their own level is known, and not for dark lamps by day.
 *
 * Units: lamp milliseconds and watt hours; `fullWh` is the energy of the same lamps at 100 %. `boosted*`: while such a raise lasts; the
 * others: while there is none.
 */
export type PeriodTally = Record<(typeof PERIOD_SUMS)[number], number>;

/** Hours of a day. */
const DAY_HOURS = 24;

/**
 * Time and energy of the lamps of one zone, in a part of a night, a night or many. `wh`: the computed energy. `quietWh`: what it would be
 * if presence, traffic and rules raised no lamp. `standbyWh`: that of dark lamps by day only. `baselineWh`: the energy of the former
 * installation, without lamps that an intent keeps dark. `unknown*`: while the level is not known; these energies are parts of `wh` and
 * `baselineWh`. `bandMs`: time at a known level, by level. `boostedMs`: the part of it in which presence, traffic or a rule raised the
 * lamp. Times do not include darkness by day.
 *
 * Units: lamp milliseconds (two lamps for a second are 2,000) and watt hours; `levelMs` is the known level in % times lamp milliseconds.
 * `lampNights` is the sum of the numbers of lamps over all nights; `activations` is how often presence raised the zone. `nightS`: time in
 * which it was night for the zone, by hour of the local time; `presentS`: the part of it in which presence raised the zone. Both are in
 * seconds, and empty if no such night time was counted, as in nights that earlier versions counted.
 */
export interface ZoneTally extends Record<(typeof ZONE_SUMS)[number] | (typeof ZONE_COUNTS)[number], number> {
  /** Bands: 0 %, up to 10 %, up to 20 %, ... up to 100 %. */
  readonly bandMs: number[];
  readonly nightS: readonly number[];
  readonly presentS: readonly number[];
  /** By the level decided without a raise, in % as text: `40`. */
  readonly periods: Record<string, PeriodTally>;
}

/**
 * The energy that one meter measured; it may include gaps between two runs. `computedWh`: the energy computed for all zones in the same
 * parts of nights, without such gaps. A part, of one run, counts as a whole even if the meter was first read in the middle of it.
 */
export interface MeterTally {
  kwh: number;
  /** Nights in or before which the same run read the meter. */
  nights: number;
  computedWh: number;
}

/** The counts of a part of a night, a whole night, or many: zones and meters by id. */
export interface NightTally {
  readonly zones: Readonly<Record<string, ZoneTally>>;
  readonly meters: Readonly<Record<string, MeterTally>>;
  /** Computed energy by lamp. Nights that earlier versions counted are in `zones` only. Units: Wh. */
  readonly lampWh: Readonly<Record<string, number>>;
  /**
   * Time from the last save of a run to the start of the next, at most a day for each. All of it counts in the first dated night of the
   * later run.
   */
  readonly awayMs: number;
  /** Time counted before the date of the night was known. */
  readonly undatedMs: number;
}

/** The count of no night: no zones, no meters, no time. */
export const NO_TALLY: NightTally = { zones: {}, meters: {}, lampWh: {}, awayMs: 0, undatedMs: 0 };

/** Returns sums with which the count of a zone begins: one night, this many lamps, and 0 for all times and energies. */
export function emptyZone(lamps: number): ZoneTally {
  const zero = Object.fromEntries(ZONE_SUMS.map((key) => [key, 0])) as Record<(typeof ZONE_SUMS)[number], number>;
  return {
    ...zero,
    nights: 1,
    lampNights: lamps,
    bandMs: Array.from({ length: LEVEL_BANDS }, () => 0),
    nightS: [],
    presentS: [],
    periods: {},
  };
}

/** Returns a new list of 24 zeros: one sum for each hour of the day. */
export function emptyHours(): number[] {
  return Array.from({ length: DAY_HOURS }, () => 0);
}

/** Returns new sums of time and energy for one level, all 0. */
export function emptyPeriod(): PeriodTally {
  return { ms: 0, wh: 0, fullWh: 0, boostedMs: 0, boostedWh: 0, boostedFullWh: 0 };
}

/**
 * Returns the sum of two counts. `night`: they are parts of one night, so the numbers of nights and lamps are the larger of both. `time`:
 * they are different nights.
 */
export function added(a: NightTally, b: NightTally, of: 'night' | 'time'): NightTally {
  const counted = of === 'night' ? Math.max : plus;
  return {
    zones: joined(a.zones, b.zones, (x, y) => addedZone(x, y, counted)),
    meters: joined(a.meters, b.meters, (x, y) => ({
      kwh: x.kwh + y.kwh,
      nights: counted(x.nights, y.nights),
      computedWh: x.computedWh + y.computedWh,
    })),
    lampWh: joined(a.lampWh, b.lampWh, plus),
    awayMs: a.awayMs + b.awayMs,
    undatedMs: a.undatedMs + b.undatedMs,
  };
}

function addedZone(a: ZoneTally, b: ZoneTally, counted: (x: number, y: number) => number): ZoneTally {
  const sums = { ...a };
  for (const key of ZONE_SUMS) sums[key] += b[key];
  for (const key of ZONE_COUNTS) sums[key] = counted(a[key], b[key]);
  return {
    ...sums,
    bandMs: a.bandMs.map((ms, band) => ms + (b.bandMs[band] ?? 0)),
    nightS: addedHours(a.nightS, b.nightS),
    presentS: addedHours(a.presentS, b.presentS),
    periods: joined(a.periods, b.periods, (x, y) => {
      const period = { ...x };
      for (const key of PERIOD_SUMS) period[key] += y[key];
      return period;
    }),
  };
}

function addedHours(a: readonly number[], b: readonly number[]): readonly number[] {
  return a.length === 0 ? b : a.map((s, hour) => s + (b[hour] ?? 0));
}

function joined<T>(a: Readonly<Record<string, T>>, b: Readonly<Record<string, T>>, join: (x: T, y: T) => T): Record<string, T> {
  const all = new Map(Object.entries(a));
  for (const [key, value] of Object.entries(b)) {
    const before = all.get(key);
    all.set(key, before === undefined ? value : join(before, value));
  }
  return Object.fromEntries(all);
}

function plus(a: number, b: number): number {
  return a + b;
}

/** Returns a copy in which all numbers, also nested ones, are rounded to three decimals. */
export function rounded<T>(value: T): T {
  if (typeof value === 'number') return (Math.round(value * 1_000) / 1_000) as T;
  if (Array.isArray(value)) return value.map(rounded) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item)])) as T;
}

/** Reads stored sums, which another version may have written. Never throws: a value that is negative or not a number counts as 0. */
export function readTally(stored: unknown): NightTally {
  const { zones, meters, lampWh, awayMs, undatedMs } = asRecord(stored);
  return {
    zones: mapped(zones, readZone),
    meters: mapped(meters, (meter) => ({ kwh: num(meter['kwh']), nights: num(meter['nights']), computedWh: num(meter['computedWh']) })),
    lampWh: Object.fromEntries(Object.entries(asRecord(lampWh)).map(([lamp, wh]) => [lamp, num(wh)])),
    awayMs: num(awayMs),
    undatedMs: num(undatedMs),
  };
}

function readZone(stored: Readonly<Record<string, unknown>>): ZoneTally {
  const zone = emptyZone(0);
  const bands = Array.isArray(stored['bandMs']) ? stored['bandMs'] : [];
  for (const key of [...ZONE_SUMS, ...ZONE_COUNTS]) zone[key] = num(stored[key]);
  const periods = mapped(stored['periods'], (period) => {
    const read = emptyPeriod();
    for (const key of PERIOD_SUMS) read[key] = num(period[key]);
    return read;
  });
  const hours = { nightS: readHours(stored['nightS']), presentS: readHours(stored['presentS']) };
  return { ...zone, bandMs: zone.bandMs.map((_, band) => num(bands[band])), ...hours, periods };
}

function readHours(stored: unknown): readonly number[] {
  return Array.isArray(stored) && stored.length > 0 ? emptyHours().map((_, hour) => num(stored[hour])) : [];
}

function mapped<T>(stored: unknown, read: (item: Readonly<Record<string, unknown>>) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(asRecord(stored)).map(([key, item]) => [key, read(asRecord(item))]));
}

/** Returns a stored value if it is an object and not an array, otherwise an empty object. */
export function asRecord(stored: unknown): Readonly<Record<string, unknown>> {
  return isRecord(stored) ? stored : {};
}

function num(stored: unknown): number {
  return typeof stored === 'number' && Number.isFinite(stored) ? Math.max(0, stored) : 0;
}
