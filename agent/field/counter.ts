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

/** No cabinet draws more. Units: kW. Source: assumed; the largest feed at low voltage in France, 250 kVA. */
const MAX_POWER_KW = 250;
/** What a meter may add at once because it counts in steps or reports late. Units: kWh. Source: assumed; the coarsest common step. */
const SLACK_KWH = 1;
/** Before a roll-over and after it a count lies in this part of its range. Source: assumed; more than any pause between two readings brings. */
const WRAP_SHARE = 0.1;
/** The resolution of a float of 32 bits, as a share of its value. Source: IEEE 754, 24 binary digits. */
const FLOAT_SHARE = 2 ** -23;
/** A wrong reading may fall among those that prove a replaced meter, so one more than needed is remembered. */
const CANDIDATES = 2;

/** How many kWh one of a unit is. */
const KWH: Readonly<Record<string, number>> = { Wh: 0.001, kWh: 1, MWh: 1_000 };

/** The rules of a counter from its profile. Units: the point's own, after scale. */
export interface CounterRule {
  /** It starts again at 0 instead of reaching this; null when it never does. */
  readonly rolloverAt: number | null;
  readonly decimals: number;
  readonly isFloat: boolean;
  /** What can be added in an hour, and at once; null where anything can. */
  readonly limits: { readonly perHour: number; readonly atOnce: number } | null;
}

/** One reading of the register. Units: the point's own, after scale. */
export interface CounterReading {
  readonly raw: number;
  readonly atMono: MonoMs;
}

/** Shape: total = last.raw + offset; `last` is null until two readings have agreed. Units: the point's own. */
export interface Counter {
  readonly offset: number;
  readonly last: CounterReading | null;
  /** Not taken, oldest first. */
  readonly candidates: readonly CounterReading[];
}

export const UNCOUNTED: Counter = { offset: 0, last: null, candidates: [] };

/** `total` is null while it is not known whether the reading is true. */
export interface CounterStep {
  readonly counter: Counter;
  readonly total: number | null;
  /** The register counts from somewhere else since this reading. */
  readonly restart: CounterRestart | null;
}

/** The total goes on from `total`, and the register from `raw`. */
export interface CounterRestart {
  readonly total: number;
  readonly raw: number;
}

/** Null for a point that is no counter. */
export function counterRule({ counter, semantic, decimals, type, scale, unit }: PointProfile): CounterRule | null {
  if (counter === null) return null;
  const kwh = semantic === 'energy' ? KWH[unit] : undefined;
  const isFloat = type === 'f32';
  const step = isFloat ? 0 : Math.abs(scale);
  const limits = kwh === undefined ? null : { perHour: MAX_POWER_KW / kwh, atOnce: SLACK_KWH / kwh + 2 * step };
  return { rolloverAt: counter.rolloverAt, decimals, isFloat, limits };
}

/** The rule of a meter that measures no more than this. Units: kW. */
export function boundedRule(rule: CounterRule, maxPowerKw: number): CounterRule {
  const { limits } = rule;
  if (limits === null || maxPowerKw >= MAX_POWER_KW) return rule;
  return { ...rule, limits: { ...limits, perHour: (limits.perHour * maxPowerKw) / MAX_POWER_KW } };
}

/** The counter after one more good reading. Errors: none; every reading leads to a state. */
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

/** A counter converted into another unit of energy; undefined when the units cannot be converted. */
export function inUnit({ offset, raw }: { readonly offset: number; readonly raw: number }, from: string, to: string) {
  const [fromKwh, toKwh] = [KWH[from], KWH[to]];
  const factor = from === to ? 1 : fromKwh === undefined || toKwh === undefined ? undefined : fromKwh / toKwh;
  return factor === undefined ? undefined : { offset: offset * factor, raw: raw * factor };
}

function taken({ offset }: Counter, before: CounterReading, now: CounterReading, rule: CounterRule): CounterStep {
  // Noise is held, not followed downwards, where it would be counted again on its way up.
  const raw = Math.max(before.raw, now.raw);
  const counter = { offset: rounded(offset, rule.decimals), last: { raw, atMono: now.atMono }, candidates: [] };
  return { counter, total: totalOf(offset, raw, rule), restart: null };
}

/** Whether both readings may be of the same meter without a reset. */
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

/** A fall of less is none. A float that trembles in its last binary digit may be rounded to either side. */
function noiseOf(raw: number, { decimals, isFloat }: CounterRule): number {
  const digit = 10 ** -decimals;
  return isFloat ? 1.5 * digit + FLOAT_SHARE * Math.abs(raw) : 0.5 * digit;
}

function totalOf(offset: number, raw: number, { decimals }: CounterRule): number {
  return rounded(raw + offset, decimals);
}

function rounded(value: number, decimals: number): number {
  const factor = 10 ** decimals;
  // The zero makes a plain 0 of a -0.
  return Math.round(value * factor) / factor + 0;
}
