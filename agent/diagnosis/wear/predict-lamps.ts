/**
 * Predicts for each lamp of a cabinet when it should be replaced, from the summaries of its nights. Pure. Reason for the method:
 * docs/adr/0057-wear-by-robust-trends.md.
 */

import { DAY_MS } from '../../core/durations.ts';
import type { LampPrediction, WearConfidence, WearFinding } from '../../core/wear-view.ts';
import type { NightDate } from '../energy-months.ts';
import { type DatedNight, NIGHTS_A_WEEK, WEAR_QUANTITIES, weeksOf } from './wear-night.ts';
import { fleetMedians, sinceExchange } from './wear-series.ts';
import { type Fleet, LEAST_WEEKS, STALE_WEEKS, signsOf } from './wear-signs.ts';

/**
 * One lamp with the summaries of its nights, in any order, also from before an exchange. `temperatureMaxC`: highest normal temperature of
 * its driver. `ratedHours`: its rated life, null if unknown. A rated value that the driver reports is used instead. Units: °C, h.
 */
export interface LampHistory {
  readonly id: string;
  readonly pole: string;
  readonly temperatureMaxC: number;
  readonly ratedHours: number | null;
  readonly nights: readonly DatedNight[];
}

/** Nights before anything is stated: `LEAST_WEEKS` weeks. */
const NEEDED_NIGHTS = LEAST_WEEKS * 7;
/** Units: weeks. Source: assumed; month, two months, quarter, half a year, year, as street works are planned. Confirmed by: operators. */
const CLASSES = [4, 8, 13, 26, 52] as const;
const RATED = new Set(['ratedHours', 'ratedStarts', 'ratedTemperatureC']);

/**
 * Returns for each lamp, in their order, a prediction of when it should be replaced. Nights after `today` (a clock was wrong) are ignored.
 * `lamps`: all of a cabinet, because lamps are compared with each other.
 */
export function predictLamps(lamps: readonly LampHistory[], today: NightDate): readonly LampPrediction[] {
  const steps = predictionSteps(lamps, today);
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

/**
 * As `predictLamps`, as a generator, so that other work can run at each `yield`. At its end it returns a prediction for each lamp.
 * `lamps`: all of a cabinet. Nights after `today` are ignored.
 */
export function* predictionSteps(lamps: readonly LampHistory[], today: NightDate): Generator<undefined, readonly LampPrediction[]> {
  const all: WornHistory[] = [];
  for (const lamp of lamps) {
    all.push(wornHistory(lamp, today));
    yield;
  }
  const fleet = fleetOf(all);
  const found: LampPrediction[] = [];
  for (const { lamp, nights, weeks, starts } of all) {
    const signs = signsOf({ weeks, starts, today, temperatureMaxC: lamp.temperatureMaxC, ratedHours: lamp.ratedHours }, fleet);
    found.push(prediction(lamp, { nights, today, weeks: weeks.length, signs }));
    yield;
  }
  return found;
}

/** A lamp with its nights and weeks since its last exchange. */
interface WornHistory {
  readonly lamp: LampHistory;
  readonly nights: readonly DatedNight[];
  readonly weeks: readonly DatedNight[];
  readonly starts: readonly DatedNight[];
}

function wornHistory(lamp: LampHistory, today: NightDate): WornHistory {
  const known = lamp.nights.filter(({ date }) => date <= today).sort((a, b) => (a.date < b.date ? -1 : 1));
  const nights = sinceExchange(known);
  const weeks = weeksOf(nights);
  return { lamp, nights, weeks, starts: startsByWeek(weeks) };
}

function fleetOf(all: readonly WornHistory[]): Fleet {
  const weeks = all.map((each) => each.weeks);
  return {
    temperature: fleetMedians(weeks, 'temperatureC'),
    derating: fleetMedians(weeks, 'deratedPct'),
    starts: fleetMedians(
      all.map(({ starts }) => starts),
      'starts',
    ),
  };
}

interface Judged {
  readonly nights: readonly DatedNight[];
  readonly today: NightDate;
  readonly weeks: number;
  readonly signs: readonly WearFinding[];
}

function prediction({ id, pole }: LampHistory, { nights, today, weeks, signs }: Judged): LampPrediction {
  const sorted = signs.toSorted((a, b) => a.earliestWeeks - b.earliestWeeks || (a.latestWeeks ?? Infinity) - (b.latestWeeks ?? Infinity));
  const [first] = sorted;
  const count = nights.reduce((sum, { night }) => sum + night.nights, 0);
  const last = nights.findLast(({ night }) => WEAR_QUANTITIES.some((quantity) => !RATED.has(quantity) && night[quantity] !== null));
  const isFresh = daysBetween(last?.date, today) <= STALE_WEEKS * 7;
  const isEnough = weeks >= LEAST_WEEKS && count >= LEAST_WEEKS * NIGHTS_A_WEEK && isFresh;
  const silent = nights.length > 0 && last === undefined ? 'no-data' : isEnough ? 'no-sign' : 'too-little';
  return {
    ...{ lamp: id, pole, nights: count, neededNights: NEEDED_NIGHTS, sinceNight: nights[0]?.date ?? null, signs: sorted },
    state: first === undefined ? silent : 'listed',
    withinWeeks: first === undefined ? null : classOf(first.earliestWeeks),
    earliestWeeks: first?.earliestWeeks ?? null,
    latestWeeks: first?.latestWeeks ?? null,
    confidence: first === undefined ? null : together(first, sorted),
  };
}

/** The largest class that is not later; the smallest one if none is. Units: weeks. */
function classOf(earliestWeeks: number): number {
  return CLASSES.findLast((weeks) => weeks <= earliestWeeks) ?? CLASSES[0];
}

const RAISED: Readonly<Record<WearConfidence, WearConfidence>> = { low: 'medium', medium: 'high', high: 'high' };

/** Two signs that do not depend on each other are more certain than one. Rated life raises nothing. */
function together({ confidence, sign }: WearFinding, signs: readonly WearFinding[]): WearConfidence {
  const others = signs.filter((each) => each.sign !== sign && !each.sign.startsWith('rated-'));
  return others.length > 0 && !sign.startsWith('rated-') ? RAISED[confidence] : confidence;
}

/** The starts of each week after the first, from a counter that only rises. */
function startsByWeek(weeks: readonly DatedNight[]): readonly DatedNight[] {
  const known = weeks.filter(({ night }) => night.starts !== null);
  return known.slice(1).map(({ date, night }, at) => {
    const before = known[at];
    const days = Math.max(1, daysBetween(before?.date, date));
    const starts = Math.max(0, (night.starts ?? 0) - (before?.night.starts ?? 0));
    return { date, night: { ...night, starts: (starts * 7) / days } };
  });
}

function daysBetween(from: NightDate | undefined, to: NightDate): number {
  return from === undefined ? Number.POSITIVE_INFINITY : (Date.parse(to) - Date.parse(from)) / DAY_MS;
}
