/** What is learned from the nights of a meter: voltage, warm-up, levels, and how much the signs of a loss vary without a fault. */
import { type ExpectedLoad, expectedLoad, type NightProfile } from './expected-load.ts';
import { createLossSigns, lossEvidence, type SettledLoad } from './loss-signs.ts';
import type { NightTrace } from './night-trace.ts';
import { medianOfAll, returnLevel, smoothed } from './robust.ts';
import { type VoltageExponents, voltageExponents } from './voltage-exponents.ts';

/** Limits that a difference of power must exceed to count. Units: ln W, positive. NaN: unknown. */
export interface LossLimits {
  /** For `lossEvidence`: the jump and the level together. */
  readonly both: number;
  /** For the level alone. */
  readonly level: number;
}

/** A learned model of the nights of one meter. */
export interface LoadModel {
  readonly exponents: VoltageExponents;
  /** Until the lamps have their power after switch-on. Units: minutes. */
  readonly warmUpMin: number;
  /** The usual voltage. Units: ln V; NaN if unknown. */
  readonly usualLnV: number;
  /** One for each learned night, oldest first. */
  readonly profiles: readonly NightProfile[];
  readonly limits: LossLimits;
  /** Highest and lowest power of the nights after the warm-up, smoothed and without what the voltage explains. Units: W. */
  readonly fullW: number;
  readonly lowestW: number;
  /** Longest time in which power and voltage repeated exactly. Units: minutes. */
  readonly longestSameMin: number;
}

/** Fewest nights for a model. Source: a limit requires a night that is judged by another one. */
const LEAST_NIGHTS = 2;
/** Longest warm-up, and when the power has settled. Units: minutes. Source: lamps reach their power within some minutes, high pressure lamps within about ten; assumed: twice that. Confirmed by: warm-up curves. */
export const WARM_UP = { longestMin: 20, settledMin: 40 };
/** A lamp is warm when its power differs by less from the settled one. Units: ln W. Source: assumed. Confirmed by: `bench -- faults --data`. */
const WARM_WITHIN = 0.02;
/** Reach of the running median of a profile. Units: minutes. Source: assumed; shorter than the time between steps. Confirmed by: `bench -- faults --data`. */
const SMOOTH_MIN = 5;
/** Length of a block, of whose maxima the limits are computed. Units: minutes. Source: assumed; longer than the windows of a sign. Confirmed by: limits with half and twice of it. */
const BLOCK_MIN = 60;
/** Hours lit between two false alarms by each rule. Source: the design, one false alarm per cabinet and month, for two rules and 12 h a night. */
const BLOCKS_PER_ALARM = 2 * 30 * 12;

/** Smallest limits. Units: ln W. Source: assumed; meters of class 1 are wrong by 1 %, and repeat within half of it. Confirmed by: limits of cabinets with LED lamps. */
const LEAST = { both: 0.005, level: 0.01 };

/** Returns the model of these nights, oldest first; null with fewer than two. */
export function learnedLoad(nights: readonly NightTrace[]): LoadModel | null {
  if (nights.length < LEAST_NIGHTS) return null;
  const rough = voltageExponents(nights, WARM_UP.settledMin);
  const warmUpMin = Math.max(...nights.map((night) => warmUpOf(night, rough)));
  const exponents = voltageExponents(nights, warmUpMin);
  const usualLnV = medianOfAll(nights.flatMap((night) => [...night.lnV.subarray(0, night.length)]));
  const base = { exponents, warmUpMin, usualLnV };
  const loads = nights.map((night) => settledLoad(night, base));
  const profiles = nights.map((night, index) => profileOf(night, loads[index]));
  const levels = profiles.flatMap(({ level }) => [...level]).filter((value) => !Number.isNaN(value));
  return {
    ...base,
    profiles,
    limits: limitsOf(profiles, loads, base),
    fullW: Math.exp(Math.max(...levels)),
    lowestW: Math.exp(Math.min(...levels)),
    longestSameMin: Math.max(...nights.map(longestSame)),
  };
}

/** Removes from a night what the voltage explains, and the warm-up. A night without a voltage keeps its power. */
function settledLoad(
  night: NightTrace,
  { exponents, warmUpMin, usualLnV }: Pick<LoadModel, 'exponents' | 'warmUpMin' | 'usualLnV'>,
): SettledLoad {
  const { lnW, lnV, length } = night;
  const volts = Float64Array.from(lnV.subarray(0, length));
  const from = (exponent: number): Float64Array =>
    volts.map((value, minute) =>
      minute < warmUpMin ? Number.NaN : (lnW[minute] ?? Number.NaN) - exponent * (Number.isNaN(value) ? 0 : value - usualLnV),
    );
  return { fast: from(exponents.fast), slow: from(exponents.slow), lnV: volts };
}

function warmUpOf({ lnW, lnV, length }: NightTrace, { fast }: VoltageExponents): number {
  const level = (minute: number): number => (lnW[minute] ?? Number.NaN) - fast * (lnV[minute] || 0);
  const settled = medianOfAll(
    Array.from({ length: WARM_UP.settledMin - WARM_UP.longestMin }, (_, index) => level(WARM_UP.longestMin + index)),
  );
  let minute = Math.min(WARM_UP.longestMin, length);
  while (minute > 0 && !(Math.abs(level(minute - 1) - settled) > WARM_WITHIN)) minute--;
  return minute;
}

function profileOf({ onMin, utcOffsetMin, length }: NightTrace, load: SettledLoad | undefined): NightProfile {
  return { onMin, utcOffsetMin, middleMin: Math.round(length / 2), level: smoothed(load?.slow ?? new Float64Array(0), SMOOTH_MIN) };
}

/** Judges each night by the others, as if it were the present one. */
function limitsOf(profiles: readonly NightProfile[], loads: readonly SettledLoad[], base: Pick<LoadModel, 'usualLnV'>): LossLimits {
  const signs = createLossSigns(base.usualLnV);
  const [both, levels]: [number[], number[]] = [[], []];
  // A night is judged here by one night fewer than the present one will be, so its level varies more. Source: variance 1 + 1/n of a difference from a mean of n.
  const n = profiles.length;
  const toPresent = Math.sqrt((1 + 1 / n) / (1 + 1 / (n - 1)));
  profiles.forEach((night, index) => {
    const load = loads[index];
    if (load === undefined) return;
    const others = profiles.filter((_, other) => other !== index);
    const expected: ExpectedLoad = expectedLoad(others, night, night.level.length);
    for (let from = 0; from < night.level.length; from += BLOCK_MIN) {
      const found = Array.from({ length: Math.min(BLOCK_MIN, night.level.length - from) }, (_, minute) =>
        signs(load, expected, from + minute),
      );
      both.push(largest(found.map(({ jump, level, before }) => lossEvidence(jump, level * toPresent, before * toPresent))));
      levels.push(largest(found.map(({ level }) => -level)));
    }
  });
  return {
    both: Math.max(LEAST.both, returnLevel(both, BLOCKS_PER_ALARM)),
    level: Math.max(LEAST.level, returnLevel(levels, BLOCKS_PER_ALARM)),
  };
}

function longestSame({ lnW, lnV, length }: NightTrace): number {
  let [longest, run] = [0, 0];
  for (let minute = 1; minute < length; minute++) {
    run = lnW[minute] === lnW[minute - 1] && lnV[minute] === lnV[minute - 1] ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

function largest(values: readonly number[]): number {
  const present = values.filter((value) => !Number.isNaN(value));
  return present.length === 0 ? Number.NaN : Math.max(...present);
}
