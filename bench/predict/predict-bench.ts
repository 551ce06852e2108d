/**
 * The bench of the prediction: which failing lamps are listed before they fail, how often a lamp is listed that does not fail, and how often the
 * failure lies in the stated interval.
 *
 * Seeds from `FIRST_SEED` on were never used to set a limit of the prediction; those below were.
 */
import { quantile } from '../../agent/core/quantile.ts';
import type { LampPrediction, WearConfidence } from '../../agent/core/wear-view.ts';
import { predictLamps } from '../../agent/diagnosis/wear/predict-lamps.ts';
import { type DatedNight, weeksOf } from '../../agent/diagnosis/wear/wear-night.ts';
import { poissonUpper } from '../faults/poisson.ts';
import type { BenchOptions, BenchResult } from '../result.ts';
import { simulatedDate, WEAR_MODES, type WearingLamp, type WearMode, wearingStreet } from './wearing-street.ts';

const BENCH = 'predict';
const FIRST_SEED = 1_000;
const LAMPS = 35;
const NIGHTS = 1_095;
const WEEK = 7;
/** Time between two looks at the list. Units: nights. */
const STEP = 14;
/** Nights that are kept one by one. */
const SINGLE_NIGHTS = 60;
const YEARS = NIGHTS / 365;
/** A lamp that is listed and fails within this time after the latest week was listed rightly. Units: weeks. */
const AFTER_WEEKS = 26;

/** The figures of the bench, by name. */
export const PREDICT_FIGURES = { street: predictStreet } as const;

/** Runs all figures. */
export async function predictBench(options: BenchOptions): Promise<void> {
  predictStreet(options);
}

/** One lamp that was listed: when first, and with which prediction. */
interface Entry {
  readonly lamp: WearingLamp;
  readonly night: number;
  readonly first: LampPrediction;
}

function predictStreet({ emit, progress, quick }: BenchOptions): void {
  const cabinets = quick ? 4 : 20;
  const entries: Entry[] = [];
  const lamps: WearingLamp[] = [];
  const timedMs: number[] = [];
  for (let cabinet = 0; cabinet < cabinets; cabinet++) {
    if (cabinet % 5 === 0) progress(`predict: cabinet ${cabinet}`);
    const street = wearingStreet((quick ? 0 : FIRST_SEED) + cabinet, LAMPS, NIGHTS);
    lamps.push(...street);
    entries.push(...entriesOf(street, timedMs));
  }
  for (const mode of WEAR_MODES) if (mode !== 'none') emitMode(emit, mode, { lamps, entries });
  const failing = lamps.filter(({ mode }) => mode !== 'none');
  const found = entries.filter(({ lamp }) => lamp.mode !== 'none').length;
  emit(
    figure(
      'listed before the failure, all',
      percent(found, failing.length),
      '%',
      `${found} of ${failing.length}, also those without a sign`,
    ),
  );
  emitFalse(emit, entries, cabinets);
  emitIntervals(emit, entries);
  emit(
    figure('a prediction for 35 lamps, p50', quantile(timedMs, 0.5), 'ms', `p95 ${quantile(timedMs, 0.95).toFixed(0)} ms, once a night`),
  );
}

function entriesOf(street: readonly WearingLamp[], timedMs: number[]): readonly Entry[] {
  const first = new Map<string, Entry>();
  const weeks = new Map(street.map(({ id, nights }) => [id, weeksOf(nights)]));
  for (let night = STEP; night < NIGHTS; night += STEP) {
    const today = simulatedDate(night);
    const present = street.filter(({ failNight }) => failNight > night);
    const start = performance.now();
    const found = predictLamps(
      present.map(({ id, nights }) => ({
        id,
        pole: '',
        temperatureMaxC: 65,
        ratedHours: null,
        nights: keptAt(night, nights, weeks.get(id) ?? []),
      })),
      today,
    );
    timedMs.push(performance.now() - start);
    for (const [at, prediction] of found.entries()) {
      const lamp = present[at];
      if (lamp !== undefined && prediction.state === 'listed' && !first.has(lamp.id))
        first.set(lamp.id, { lamp, night, first: prediction });
    }
  }
  return [...first.values()];
}

/** As the archive keeps them: single nights of the last months, before that one summary a week. */
function keptAt(night: number, nights: readonly DatedNight[], weeks: readonly DatedNight[]): readonly DatedNight[] {
  const from = `${simulatedDate(Math.max(0, night - SINGLE_NIGHTS)).slice(0, 7)}-01`;
  const today = simulatedDate(night);
  return [...weeks.filter(({ date }) => date < from), ...nights.filter(({ date }) => date >= from && date <= today)];
}

function emitMode(
  emit: BenchOptions['emit'],
  mode: WearMode,
  { lamps, entries }: { readonly lamps: readonly WearingLamp[]; readonly entries: readonly Entry[] },
): void {
  const failing = lamps.filter((lamp) => lamp.mode === mode).length;
  const found = entries.filter(({ lamp }) => lamp.mode === mode);
  const leads = found.map(({ lamp, night }) => (lamp.failNight - night) / WEEK);
  emit(figure(`listed before the failure, ${mode}`, percent(found.length, failing), '%', `${found.length} of ${failing}`));
  if (found.length > 0)
    emit(
      figure(`weeks from the entry to the failure, ${mode}, p50`, quantile(leads, 0.5), 'weeks', `p10 ${quantile(leads, 0.1).toFixed(1)}`),
    );
}

/** A lamp that does not fail within the simulation, or only long after the interval, was listed without need. */
function emitFalse(emit: BenchOptions['emit'], entries: readonly Entry[], cabinets: number): void {
  const isFalse = ({ lamp, night, first }: Entry): boolean => (lamp.failNight - night) / WEEK > (first.latestWeeks ?? 0) + AFTER_WEEKS;
  const wrong = entries.filter(isFalse);
  const years = cabinets * YEARS;
  const upper = poissonUpper(wrong.length, 0.95) / years;
  emit(figure('entries without a failure, upper 95 % bound', upper, 'per cabinet-year', 'exact Poisson'));
  const bySign = [...Map.groupBy(wrong, ({ first }) => first.signs[0]?.sign ?? '')].map(([sign, all]) => `${sign} ${all.length}`);
  emit(
    figure(
      'entries without a failure',
      wrong.length / (cabinets * YEARS),
      'per cabinet-year',
      `${wrong.length} of ${entries.length}: ${bySign.join(', ')}`,
    ),
  );
}

/** The share of failures within the interval of the first entry, by confidence, and of those not before the stated class. */
function emitIntervals(emit: BenchOptions['emit'], entries: readonly Entry[]): void {
  for (const confidence of ['high', 'medium', 'low'] as const satisfies readonly WearConfidence[]) {
    const all = entries.filter(({ first }) => first.confidence === confidence);
    const weeks = ({ lamp, night }: Entry): number => (lamp.failNight - night) / WEEK;
    const inside = all.filter(
      (entry) => weeks(entry) >= (entry.first.earliestWeeks ?? 0) && weeks(entry) <= (entry.first.latestWeeks ?? Infinity),
    );
    const inTime = all.filter((entry) => weeks(entry) >= (entry.first.withinWeeks ?? 0));
    const fails = all.filter(({ lamp }) => lamp.mode !== 'none');
    emit(
      figure(
        `failures within the interval, ${confidence}`,
        percent(inside.length, all.length),
        '%',
        `${inside.length} of ${all.length} first entries`,
      ),
    );
    emit(figure(`entries of lamps that fail, ${confidence}`, percent(fails.length, all.length), '%', `${fails.length} of ${all.length}`));
    emit(
      figure(
        `replaced in the last of the stated weeks, before the failure, ${confidence}`,
        percent(inTime.length, all.length),
        '%',
        `${inTime.length} of ${all.length}`,
      ),
    );
  }
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}

function figure(metric: string, value: number, unit: string, note: string): BenchResult {
  return { bench: BENCH, metric, value: Math.round(value * 100) / 100, unit, note };
}
