/**
 * Estimates the energy of a part of a night without measurement, with its 90 % interval. Pure.
 *
 * The interval comes from parts of earlier nights that were measured: each is estimated as if it were missing, and the errors give the
 * interval. Source: split conformal prediction, Lei et al., Distribution-Free Predictive Inference for Regression, JASA 113 (2018).
 */
import type { WallMs } from '../../core/clock.ts';
import { HOUR_MS } from '../../core/durations.ts';
import { quantile } from '../../core/quantile.ts';
import type { SavingsGap } from '../../core/savings-view.ts';
import { LEVEL_BANDS } from '../energy-tally.ts';
import { type LampSlots, MAX_SLOTS, SLOT_MS } from './lamp-slots.ts';
import { modelWh, type SpanFit } from './load-fit.ts';
import type { OpenGap } from './meter-night.ts';

/** Lengths of the measured parts that are estimated as if they were missing. Units: slots. Source: gaps of 5 to 120 min are to be estimated. */
export const TRIED_SLOTS = [1, 2, 4, 8, 16, 24] as const;
/**
 * A measured part that was estimated as if it were missing: its first slot, as index in `GapNight.slotWh`, and its absolute error as a
 * share of the estimate.
 */
export type TriedGap = readonly [slot: number, error: number];
/** Measured parts of one or more nights that were estimated as if missing, with the errors: one list for each length of `TRIED_SLOTS`. */
export type GapErrors = readonly (readonly TriedGap[])[];
/**
 * Errors of parts that begin within this distance of the time of the gap are used. Units: slots. Source: assumed; two hours, as lamps that warm up and
 * a step of the programme are in the same part of the night. Confirmed by: bench savings, coverage by step, with 6 and with 144.
 */
const NEAR_SLOTS = 24;
/** Share of the interval that errors must lie in. */
const COVERAGE = 0.9;
/** Fewest errors from which an interval is made; with fewer, `UNKNOWN_HALF` applies. Source: the quantile needs at least 1 / (1 - 0.9) values. */
const LEAST_ERRORS = 20;
/**
 * Half width of the interval as a share of the estimate, if too few errors are known, and for time in which the lamps were not counted.
 * Source: assumed. Confirmed by: bench savings without learned errors.
 */
export const UNKNOWN_HALF = 0.5;
/** Least measured time from which the ratio of the night is taken. Units: slots. Source: assumed; an hour. Confirmed by: bench savings with 3 and 48 slots. */
const RATIO_SLOTS = 12;
/** Share of a gap in which the lamps were counted, from which their sum is used as it is. Source: assumed; a slot in eight hours. Confirmed by: bench savings with 0.9. */
const COUNTED_SHARE = 0.99;
/** Least share of a gap in which lamps were counted, or are like those of near slots or of another night. Source: assumed; half. Confirmed by: first nights of cabinets. */
const LEAST_LIKE = 0.5;
/** Parts of one length that are tried in a night, at least. */
const TRIES = 24;

/**
 * The night in which a gap is estimated. `slotWh`: energy of the meter by slot, from `lamps.fromMs` on, in Wh; NaN where a slot has no
 * measurement.
 */
export interface GapNight {
  readonly lamps: LampSlots;
  readonly slotWh: ArrayLike<number>;
}

/** A measured slot with light. */
interface LitSlot {
  readonly slot: number;
  readonly measuredWh: number;
  readonly modelWh: number;
}

/**
 * Returns the gap of a meter with its estimate, at least 0, and half of the 90 % interval. `fit`: the meter's coefficients for this night.
 * `errors`: of its earlier nights, for the interval. Units: Wh.
 */
export function estimatedGap(gap: OpenGap, night: GapNight, fit: SpanFit, errors: GapErrors): SavingsGap {
  const span = night.lamps.between(gap.fromMs, gap.toMs);
  // While the agent was stopped, the sum at the meter's readings has nothing of its lamps.
  const isCounted = gap.bandWh !== undefined && span.knownShare > COUNTED_SHARE;
  const bandWh = isCounted ? (gap.bandWh ?? []) : span.bandWh;
  const knownShare = isCounted ? 1 : span.knownShare;
  const ratio = ratioOf(litSlots(night, fit));
  const hours = (gap.toMs - gap.fromMs) / HOUR_MS;
  const wh = Math.max(0, ratio * modelWh(fit, { hours, litHours: isLit(bandWh) ? hours : 0, bandWh }));
  const near = errorsNear((gap.fromMs - night.lamps.fromMs) / SLOT_MS, errors);
  const half = knownShare * errorAt((gap.toMs - gap.fromMs) / SLOT_MS, near) + (1 - knownShare) * UNKNOWN_HALF;
  const otherW = fit.otherW + (isLit(bandWh) ? fit.litW : 0);
  const guess = !isCounted && span.likeShare < LEAST_LIKE ? { isGuess: true as const } : {};
  return { ...gap, bandWh, otherW, factors: fit.factors, ratio, wh, halfWh: half * wh, ...guess };
}

/**
 * Returns the errors of the model for some measured parts of this night that have light: each part is estimated as if it were missing.
 * Shape: one list for each length of `TRIED_SLOTS`.
 */
export function triedGaps(night: GapNight, fit: SpanFit): GapErrors {
  const lit = litSlots(night, fit);
  return TRIED_SLOTS.map((length) => {
    const starts = partsOf(night, length);
    const step = Math.max(1, Math.floor(starts.length / TRIES));
    return starts.filter((_, at) => at % step === 0).map((start) => [start, errorOf(night, fit, { start, length }, lit)] as const);
  });
}

/** The errors of parts that begin at about the same time; all of a length if these are too few. Dark parts are not tried. */
function errorsNear(slot: number, errors: GapErrors): readonly (readonly number[])[] {
  return errors.map((list) => {
    const near = list.filter(([start]) => Math.abs(start - slot) <= NEAR_SLOTS);
    return (near.length < LEAST_ERRORS ? list : near).map(([, error]) => error);
  });
}

function errorOf(night: GapNight, fit: SpanFit, { start, length }: { start: number; length: number }, lit: readonly LitSlot[]): number {
  const fromMs = night.lamps.fromMs + start * SLOT_MS;
  const model = modelBetween(night.lamps, fit, fromMs, fromMs + length * SLOT_MS);
  let measured = 0;
  for (let slot = start; slot < start + length; slot++) measured += night.slotWh[slot] ?? 0;
  const ratio = ratioOf(lit.filter(({ slot }) => slot < start || slot >= start + length));
  return Math.abs(measured / (ratio * model) - 1);
}

function litSlots(night: GapNight, fit: SpanFit): readonly LitSlot[] {
  return partsOf(night, 1).map((slot) => {
    const fromMs = night.lamps.fromMs + slot * SLOT_MS;
    return { slot, measuredWh: night.slotWh[slot] ?? 0, modelWh: modelBetween(night.lamps, fit, fromMs, fromMs + SLOT_MS) };
  });
}

function ratioOf(lit: readonly LitSlot[]): number {
  let [measured, model] = [0, 0];
  for (const { measuredWh, modelWh: wh } of lit) {
    measured += measuredWh;
    model += wh;
  }
  return lit.length < RATIO_SLOTS || !(model > 0) ? 1 : measured / model;
}

function modelBetween(lamps: LampSlots, fit: SpanFit, fromMs: WallMs, toMs: WallMs): number {
  const hours = (toMs - fromMs) / HOUR_MS;
  const { bandWh } = lamps.between(fromMs, toMs);
  return modelWh(fit, { hours, litHours: isLit(bandWh) ? hours : 0, bandWh });
}

/** The first slots of all parts of this length that are measured and counted, and lit for some time. */
function partsOf({ lamps, slotWh }: GapNight, length: number): number[] {
  const starts: number[] = [];
  const lit = Array.from({ length: MAX_SLOTS }, (_, slot) => {
    const fromMs = lamps.fromMs + slot * SLOT_MS;
    return isLit(lamps.between(fromMs, fromMs + SLOT_MS).bandWh) ? 1 : 0;
  });
  let [run, litSlots] = [0, 0];
  for (let slot = 0; slot < MAX_SLOTS; slot++) {
    const isUsable = !Number.isNaN(slotWh[slot] ?? Number.NaN) && lamps.isCounted(slot);
    run = isUsable ? run + 1 : 0;
    litSlots += (lit[slot] ?? 0) - (lit[slot - length] ?? 0);
    if (run >= length && litSlots > 0) starts.push(slot - length + 1);
  }
  return starts;
}

/** Returns whether lamps used energy at a level above 0 %. `bandWh`: energy by level. */
export function isLit(bandWh: ArrayLike<number>): boolean {
  let lit = 0;
  for (let band = 1; band < LEVEL_BANDS; band++) lit += bandWh[band] ?? 0;
  return lit > 0;
}

/** The quantile of the errors, between the tried lengths by interpolation. Longer parts have the error of the longest. */
function errorAt(slots: number, errors: readonly (readonly number[])[]): number {
  const known = TRIED_SLOTS.flatMap((length, at) => {
    const list = errors[at] ?? [];
    return list.length < LEAST_ERRORS ? [] : [{ length, error: quantile(list, Math.min(1, (COVERAGE * (list.length + 1)) / list.length)) }];
  });
  const [first] = known;
  const last = known.at(-1);
  if (first === undefined || last === undefined) return UNKNOWN_HALF;
  const after = known.find(({ length }) => length >= slots) ?? last;
  const before = known.findLast(({ length }) => length <= slots) ?? first;
  if (after === before) return after.error;
  const share = Math.log(slots / before.length) / Math.log(after.length / before.length);
  return before.error + share * (after.error - before.error);
}
