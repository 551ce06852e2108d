/**
 * Lamps that wear, night by night: how drivers and luminaires age and fail, with weather, dimming, mains cuts and missing nights.
 *
 * The ways to fail and their sizes come from how lamps fail, not from the limits of the prediction; the program shares no number with it.
 */
import { DAY_MS } from '../../agent/core/durations.ts';
import type { DatedNight, WearNight } from '../../agent/diagnosis/wear/wear-night.ts';
import { type Draws, drawsFor } from '../faults/random.ts';

/** The ways in which a lamp fails; `none`: not in the time of the simulation. `sudden` has no sign. */
export const WEAR_MODES = ['capacitor', 'strings', 'heat', 'contacts', 'sudden', 'none'] as const;
/** One way to fail. */
export type WearMode = (typeof WEAR_MODES)[number];

/** One lamp of the street. `failNight`: the night in which it fails; Infinity for `none`. */
export interface WearingLamp {
  readonly id: string;
  readonly mode: WearMode;
  readonly failNight: number;
  readonly nights: readonly DatedNight[];
}

/** Share of each way among the lamps that fail. Source: assumed; LED drivers fail more often than modules, and a part without warning. Confirmed by: repair records of an operator. */
const SHARES: readonly (readonly [WearMode, number])[] = [
  ['capacitor', 0.25],
  ['strings', 0.15],
  ['heat', 0.2],
  ['contacts', 0.15],
  ['sudden', 0.25],
];
const WEEK = 7;
const YEAR = 365.25;
const FIRST_MS = Date.parse('2030-01-01');

/** Everything that differs between cabinets and lamps. Shares of lamps that fail are higher than on a real street, so that there are failures to predict. */
const FAILING_SHARE = 0.2;

/** Returns the date of a night. */
export function simulatedDate(night: number): string {
  return new Date(FIRST_MS + night * DAY_MS).toISOString().slice(0, 10);
}

/** Returns the lamps of one cabinet with all nights until they fail, or the end. */
export function wearingStreet(seed: number, lamps: number, nights: number): readonly WearingLamp[] {
  const weather = weatherOf(drawsFor(seed, 1), nights);
  return Array.from({ length: lamps }, (_, lamp) => {
    const draws = drawsFor(seed, 100 + lamp);
    const mode = draws.uniform() < FAILING_SHARE ? drawMode(draws) : 'none';
    const failNight = mode === 'none' ? Number.POSITIVE_INFINITY : Math.round(draws.between(0.25, 1) * nights);
    return { id: `L${lamp}`, mode, failNight, nights: nightsUntil(Math.min(failNight, nights), { draws, weather, mode, failNight }) };
  });
}

function drawMode(draws: Draws): WearMode {
  let rest = draws.uniform();
  for (const [mode, share] of SHARES) {
    rest -= share;
    if (rest < 0) return mode;
  }
  return 'sudden';
}

/** Ambient temperature of each night, nights without an agent, and mains cuts, all common to the lamps. Units: °C. */
interface Weather {
  readonly ambientC: readonly number[];
  readonly isAway: readonly boolean[];
  readonly cuts: readonly number[];
}

function weatherOf(draws: Draws, nights: number): Weather {
  const phase = draws.uniform();
  let spell = 0;
  let awayUntil = -1;
  const all = Array.from({ length: nights }, (_, night) => {
    spell = 0.85 * spell + 1.6 * draws.normal();
    if (draws.uniform() < 0.004) awayUntil = night + draws.between(1, 40);
    return {
      ambientC: 12 - 9 * Math.cos(2 * Math.PI * (night / YEAR + phase)) + spell,
      isAway: night < awayUntil,
      cuts: draws.uniform() < 0.06 ? Math.ceil(draws.between(0, 4)) : 0,
    };
  });
  return { ambientC: all.map((each) => each.ambientC), isAway: all.map((each) => each.isAway), cuts: all.map((each) => each.cuts) };
}

interface Life {
  readonly draws: Draws;
  readonly weather: Weather;
  readonly mode: WearMode;
  readonly failNight: number;
}

/** What a lamp has of its own, besides its way to fail. */
function traitsOf(draws: Draws) {
  return {
    riseK: draws.between(18, 34),
    perKPct: draws.between(-0.16, -0.02),
    agingPctPerYear: draws.between(-0.9, 0.6),
    noisePct: draws.between(0.2, 1.2),
    hoursPerNight: draws.between(9, 12),
    starts: Math.round(draws.between(50, 3_000)),
    /** How long its wear shows before it fails, and how strong it then is. */
    weeks: draws.between(10, 90),
    size: draws.between(0.7, 1.4),
    isTogether: draws.uniform() < 0.3,
  };
}

function nightsUntil(end: number, { draws, weather, mode, failNight }: Life): readonly DatedNight[] {
  const traits = traitsOf(draws);
  let starts = traits.starts;
  let walk = 0;
  const found: DatedNight[] = [];
  for (let night = 0; night < end; night++) {
    // 0 until its wear begins, 1 when it fails.
    const progress = Math.max(0, 1 - (failNight - night) / (traits.weeks * WEEK));
    const wear = wearOf(mode, progress, traits.size);
    walk = 0.98 * walk + 0.06 * draws.normal();
    starts += 1 + (weather.cuts[night] ?? 0) + poisson(draws, wear.restarts);
    const ambientC = weather.ambientC[night] ?? 0;
    const temperatureC = ambientC + traits.riseK + wear.warmerK + draws.normal();
    const driftPct =
      wear.powerPct + walk + (traits.agingPctPerYear * night) / YEAR + traits.perKPct * (ambientC - 12) + traits.noisePct * draws.normal();
    const deratedPct = Math.max(0, Math.min(100, 6 * (temperatureC - 72)));
    if (weather.isAway[night] === true || draws.uniform() < 0.03) continue;
    found.push({
      date: simulatedDate(night),
      night: {
        ...{ driftPct, temperatureC, deratedPct, starts, hours: 500 + night * traits.hoursPerNight },
        currentPct: 100 - deratedPct / 4,
        ...{ ratedHours: null, ratedStarts: null, ratedTemperatureC: 80, nights: 1, kind: 'a' },
      } satisfies WearNight,
    });
  }
  return found;
}

/** What the wear does at a progress from 0 to 1. */
function wearOf(mode: WearMode, progress: number, size: number): { powerPct: number; warmerK: number; restarts: number } {
  const none = { powerPct: 0, warmerK: 0, restarts: 0 };
  switch (mode) {
    case 'capacitor':
      // Slow at first, then faster and faster.
      return { ...none, powerPct: (-22 * size * (Math.exp(3 * progress) - 1)) / (Math.exp(3) - 1) };
    case 'strings':
      return { ...none, powerPct: -24 * size * progress };
    case 'heat':
      return { ...none, warmerK: 38 * size * progress ** 1.4 };
    case 'contacts':
      return { ...none, restarts: progress < 0.7 ? 0 : 0.15 * Math.exp(12 * (progress - 0.7)) * size };
    default:
      return none;
  }
}

function poisson(draws: Draws, mean: number): number {
  if (mean <= 0) return 0;
  const floor = Math.exp(-mean);
  let count = 0;
  for (let product = draws.uniform(); product > floor; product *= draws.uniform()) count++;
  return count;
}
