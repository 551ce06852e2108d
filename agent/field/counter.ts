/**
 * Counter register → a total that never falls: over roll-overs, resets and replaced meters.
 *
 * Pure: time is an argument.
 *
 * A reading is accepted when it follows the last accepted one: not below it, and for energy not above what can have been drawn since.
 * Any other reading is a candidate, which has no total. A later reading that follows the last accepted one disproves the candidate;
 * one that follows a candidate proves it: the register has rolled over, or was reset. The count between the last accepted reading
 * and that candidate is known for a roll-over only.
 */
import type { MonoMs } from '../core/clock.ts';
import { HOUR_MS } from '../core/durations.ts';
import type { PointProfile } from '../core/profile.ts';

/**
 * Largest power of a cabinet. Units: kW. Source: assumed; the largest low-voltage feed in France, 250 kVA. Confirmed by: the connection contracts of
 * the cabinets.
 */
const MAX_POWER_KW = 250;
/**
 * Rise that is always accepted, because a meter may count in steps or report late. Units: kWh. Source: assumed; the coarsest common step. Confirmed
 * by: the data sheets of the meters.
 */
const SLACK_KWH = 1;
/**
 * A count is in this part of its range before and after a roll-over. Source: assumed; larger than the rise in any gap between two readings. Confirmed
 * by: the ranges of the shipped meters and the longest outage of a cabinet.
 */
const WRAP_SHARE = 0.1;
/** The resolution of a float of 32 bits, as a share of its value. Source: IEEE 754, 24 binary digits. */
const FLOAT_SHARE = 2 ** -23;
/** A wrong reading may arrive between those that prove a replaced meter, so one more than needed is kept. */
const CANDIDATES = 2;

/** Units: kWh per unit of the point. */
const KWH: Readonly<Record<string, number>> = { Wh: 0.001, kWh: 1, MWh: 1_000 };

/** The rules of a counter from its profile. Units: the point's own, after scale. */
export interface CounterRule {
  /** The count restarts at 0 instead of reaching this value; null if it never does. */
  readonly rolloverAt: number | null;
  /** Decimals of the total. */
  readonly decimals: number;
  /** The type is `f32`, so the last binary digit of a reading may be rounded either way. */
  readonly isFloat: boolean;
  /**
   * The count may rise by `perHour` for each hour between two readings, plus `atOnce` and float rounding. Null without a limit, as for
   * counters that do not count energy.
   */
  readonly limits: { readonly perHour: number; readonly atOnce: number } | null;
  /** The limit is that of the device type, so `boundedRule` does not change it. */
  readonly isOwnLimit?: true;
}

/** One reading of the register. Units: the point's own, after scale. */
export interface CounterReading {
  readonly raw: number;
  readonly atMono: MonoMs;
}

/**
 * The state of a counter: its total, before rounding, is `last.raw` + `offset`. `last` is the newest accepted reading, null before the
 * first; noise does not lower its `raw`. Units: the point's own.
 */
export interface Counter {
  readonly offset: number;
  readonly last: CounterReading | null;
  /** The newest readings that were not accepted, two at most, oldest first. Empty after an accepted one. */
  readonly candidates: readonly CounterReading[];
}

/** The state of a counter without any reading. */
export const UNCOUNTED: Counter = { offset: 0, last: null, candidates: [] };

/** The counter after a reading, and the total to publish; `total` is null while it is not known whether the reading is correct. */
export interface CounterStep {
  readonly counter: Counter;
  readonly total: number | null;
  /** Set at the reading that proves a reset or a replaced meter; null otherwise, also for a roll-over. */
  readonly restart: CounterRestart | null;
}

/** The meter was reset or replaced: the total continues from `total`, while the register continues from `raw`. Units: the point's own. */
export interface CounterRestart {
  readonly total: number;
  readonly raw: number;
}

/** Returns the rule of a counter from its profile; null for a point that is not a counter. */
export function counterRule({ counter, semantic, decimals, type, scale, unit }: PointProfile): CounterRule | null {
  if (counter === null) return null;
  const kwh = semantic === 'energy' ? KWH[unit] : undefined;
  const isFloat = type === 'f32';
  const step = isFloat ? 0 : Math.abs(scale);
  const { rolloverAt, maxPowerKw } = counter;
  const limits = kwh === undefined ? null : { perHour: (maxPowerKw ?? MAX_POWER_KW) / kwh, atOnce: SLACK_KWH / kwh + 2 * step };
  return { rolloverAt, decimals, isFloat, limits, ...(maxPowerKw === undefined ? {} : { isOwnLimit: true }) };
}

/**
 * Returns the rule with `perHour` reduced to this power, if that is less than the default of 250 kW. A rule without limits, or with its own
 * limit, is returned unchanged. Units: kW.
 */
export function boundedRule(rule: CounterRule, maxPowerKw: number): CounterRule {
  const { limits, isOwnLimit } = rule;
  if (limits === null || isOwnLimit === true || maxPowerKw >= MAX_POWER_KW) return rule;
  return { ...rule, limits: { ...limits, perHour: (limits.perHour * maxPowerKw) / MAX_POWER_KW } };
}

/**
 * Returns the counter and its total after one more good reading. The total is null while it is not known whether the reading is correct,
 * also for the first reading after `UNCOUNTED`. Units: the point's own.
 */
export function afterReading(counter: Counter, now: CounterReading, rule: CounterRule): CounterStep {
  const { last, candidates } = counter;
  if (last !== null && follows(last, now, rule)) return taken(counter, last, now, rule);
  const proven = candidates.find((candidate) => follows(candidate, now, rule));
  if (proven === undefined)
    return { counter: { ...counter, candidates: [...candidates, now].slice(-CANDIDATES) }, total: null, restart: null };
  if (last === null) return taken(counter, proven, now, rule);
  if (isWrap(last, proven, rule)) {
    const offset = counter.offset + (rule.rolloverAt ?? 0);
    return taken({ ...counter, offset }, proven, now, rule);
  }
  const total = totalOf(counter.offset, last.raw, rule);
  return { ...taken({ ...counter, offset: total - proven.raw }, proven, now, rule), restart: { total, raw: proven.raw } };
}

/** Returns `offset` and `raw` in another unit of energy (Wh, kWh, MWh), unchanged for an equal unit; undefined for an unknown one. */
export function inUnit({ offset, raw }: { readonly offset: number; readonly raw: number }, from: string, to: string) {
  const [fromKwh, toKwh] = [KWH[from], KWH[to]];
  const factor = from === to ? 1 : fromKwh === undefined || toKwh === undefined ? undefined : fromKwh / toKwh;
  return factor === undefined ? undefined : { offset: offset * factor, raw: raw * factor };
}

function taken({ offset }: Counter, before: CounterReading, now: CounterReading, rule: CounterRule): CounterStep {
  // Noise does not lower the count: otherwise it would be counted again when it rises.
  const raw = Math.max(before.raw, now.raw);
  // The offset is not rounded: the digits of the register may be finer than those of the total, which would fall.
  const counter = { offset, last: { raw, atMono: now.atMono }, candidates: [] };
  return { counter, total: totalOf(offset, raw, rule), restart: null };
}

/** Whether both readings can belong to the same meter without a reset. */
function follows(before: CounterReading, now: CounterReading, rule: CounterRule): boolean {
  return now.raw - before.raw >= -noiseOf(before.raw, rule) && canRise(now.raw - before.raw, before, now, rule);
}

function isWrap(before: CounterReading, now: CounterReading, rule: CounterRule): boolean {
  const { rolloverAt } = rule;
  if (rolloverAt === null || before.raw < (1 - WRAP_SHARE) * rolloverAt || now.raw > WRAP_SHARE * rolloverAt) return false;
  const rise = now.raw + rolloverAt - before.raw;
  return rise >= 0 && canRise(rise, before, now, rule);
}

function canRise(rise: number, before: CounterReading, now: CounterReading, { limits, isFloat }: CounterRule): boolean {
  if (limits === null) return true;
  const hours = Math.max(0, now.atMono - before.atMono) / HOUR_MS;
  const step = isFloat ? 2 * FLOAT_SHARE * Math.abs(now.raw) : 0;
  return rise <= limits.perHour * hours + limits.atOnce + step;
}

/** A fall smaller than this is noise: the last binary digit of a float may be rounded either way. */
function noiseOf(raw: number, { decimals, isFloat }: CounterRule): number {
  const digit = 10 ** -decimals;
  return isFloat ? 1.5 * digit + FLOAT_SHARE * Math.abs(raw) : 0.5 * digit;
}

function totalOf(offset: number, raw: number, { decimals }: CounterRule): number {
  const factor = 10 ** decimals;
  // Adding 0 turns -0 into 0.
  return Math.round((raw + offset) * factor) / factor + 0;
}
