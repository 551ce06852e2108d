/** The signs of wear of one lamp: trends that reach a limit, starts beyond those of other lamps, rated life. Pure. */
import { quantile } from '../../core/quantile.ts';
import type { WearConfidence, WearFinding, WearSign } from '../../core/wear-view.ts';
import type { NightDate } from '../energy-months.ts';
import { type RobustLine, robustLine, type SeriesPoint, stepIn } from './theil-sen.ts';
import type { DatedNight } from './wear-night.ts';
import { excessOf, type FleetMedians, seriesOf, weekNumber } from './wear-series.ts';
import { startsText, trendText, usedText } from './wear-texts.ts';

/** The medians over all lamps of a cabinet that a lamp is compared with, by week. Units: °C; % of the lit time; starts per week. */
export interface Fleet {
  readonly temperature: FleetMedians;
  readonly derating: FleetMedians;
  readonly starts: FleetMedians;
}

/**
 * What is known about one lamp. `weeks`: since its last exchange, oldest first. `starts`: weeks whose `starts` are a rate per week.
 * `temperatureMaxC` and `ratedHours` are used where the newest week has no rated value of the driver. Null: not known. Units: °C, h.
 */
export interface WornLamp {
  readonly weeks: readonly DatedNight[];
  readonly starts: readonly DatedNight[];
  readonly today: NightDate;
  readonly temperatureMaxC: number;
  readonly ratedHours: number | null;
}

interface Trend {
  readonly sign: WearSign;
  readonly points: readonly SeriesPoint[];
  /** 1: rises to the band; -1: falls to it. */
  readonly direction: 1 | -1;
  /** The lamp is at its end somewhere between these two values; the first one is reached first. */
  readonly band: readonly [number, number];
  /** Smaller changes are not reported. */
  readonly leastChange: number;
  readonly unit: string;
}

/** The newest weeks of a trend, which show wear that accelerates. Source: assumed; with fewer, the noise of a week hides it. Confirmed by: `bench -- predict`. */
const RECENT_WEEKS = 13;
/** Weeks of a trend. A year, so that its season is in it once. */
const WINDOWS_WEEKS = [RECENT_WEEKS, 52];
/**
 * Fewest weekly values of a trend. Source: assumed; with 8, Kendall's statistic is near normal, and two months outlast a spell of weather.
 * Confirmed by: `bench -- predict`.
 */
export const LEAST_WEEKS = 8;
/**
 * A lamp is at its end somewhere between these drifts of its power or output current. Units: %. Source: CPD 3000 manual, 15 % beyond the expected power
 * is a fault; L70 of IEC 62717, 70 % of the light is the end of life.
 */
const DRIFT_BAND_PCT = { early: 15, late: 30 };
/** Units: %. Source: assumed; the forward voltage of LEDs changes power by 2 to 3 % between summer and winter. Confirmed by: drift of healthy lamps over a year. */
const LEAST_DRIFT_PCT = 4;
/** A lamp that becomes warmer than the others by this has lost cooling. Units: K. Source: assumed; dust and wind differ by less. Confirmed by: temperatures of drivers over a year. */
const LEAST_WARMING_K = 5;
/** Around the highest temperature of a driver. Units: K. Source: assumed. Confirmed by: temperatures of drivers that failed. */
const TEMPERATURE_BAND_K = { early: -5, late: 10 };
/** Share of the lit time with derating at which the light is no longer as planned. Units: %. Source: assumed. Confirmed by: operators. */
const DERATING_BAND_PCT = { early: 25, late: 75 };
const LEAST_DERATING_PCT = 8;
const MEDIAN = 0.5;

/**
 * A quantity whose newest weekly value is older gives no sign. A lamp without newer data is not `no-sign`. Units: weeks. Source: assumed;
 * as long as starts are counted. Confirmed by: outages of cabinets.
 */
export const STALE_WEEKS = 4;

function isFresh(points: readonly SeriesPoint[], { today }: WornLamp): boolean {
  return weekNumber(today) - (points.at(-1)?.x ?? 0) <= STALE_WEEKS;
}

/** Returns the signs of one lamp, in no order. Empty if there is none. `today` only excludes quantities older than four weeks. */
export function signsOf(lamp: WornLamp, fleet: Fleet): readonly WearFinding[] {
  const trends = trendsOf(lamp, fleet).filter(({ points }) => isFresh(points, lamp));
  return [...trends.flatMap(trendFinding), ...startsFinding(lamp, fleet), ...ratedFindings(lamp)];
}

function trendsOf({ weeks, temperatureMaxC }: WornLamp, fleet: Fleet): readonly Trend[] {
  const power = { sign: 'power', points: seriesOf(weeks, 'driftPct'), leastChange: LEAST_DRIFT_PCT, unit: '%' } as const;
  const current = seriesOf(weeks, 'currentPct');
  const first = quantile(
    current.slice(0, LEAST_WEEKS).map(({ y }) => y),
    MEDIAN,
  );
  const ratedC = weeks.at(-1)?.night.ratedTemperatureC ?? temperatureMaxC;
  const warmest = Math.max(...fleet.temperature.values());
  const temperature = excessOf(weeks, 'temperatureC', fleet.temperature);
  const derating = excessOf(weeks, 'deratedPct', fleet.derating);
  const [{ early, late }, { early: warm, late: hot }, derated] = [DRIFT_BAND_PCT, TEMPERATURE_BAND_K, DERATING_BAND_PCT];
  const limitK = ratedC - warmest;
  return [
    { ...power, direction: -1, band: [-early, -late] },
    { ...power, direction: 1, band: [early, late] },
    { sign: 'current', points: current, direction: -1, band: [first - early, first - late], leastChange: LEAST_DRIFT_PCT, unit: '%' },
    {
      sign: 'temperature',
      points: temperature,
      direction: 1,
      band: [limitK + warm, limitK + hot],
      leastChange: LEAST_WARMING_K,
      unit: 'K',
    },
    { sign: 'derating', points: derating, direction: 1, band: [derated.early, derated.late], leastChange: LEAST_DERATING_PCT, unit: '%' },
  ];
}

/** Returns the finding that ends first among those of the windows; empty without one. */
function trendFinding(trend: Trend): readonly WearFinding[] {
  const found = WINDOWS_WEEKS.flatMap((window) => inWindow(trend, newest(trend.points, window)));
  return found.length === 0 ? [] : [found.reduce((a, b) => ((b.latestWeeks ?? 0) < (a.latestWeeks ?? 0) ? b : a))];
}

function newest(points: readonly SeriesPoint[], weeks: number): readonly SeriesPoint[] {
  const end = points.at(-1)?.x ?? 0;
  return points.filter(({ x }) => x > end - weeks);
}

/** Null for too few points. */
function trendLine(points: readonly SeriesPoint[]): RobustLine | null {
  return points.length < LEAST_WEEKS ? null : robustLine(points);
}

/** After a step only the points behind it count. */
function inWindow(trend: Trend, points: readonly SeriesPoint[]): readonly WearFinding[] {
  const line = trendLine(points);
  if (line === null) return [];
  const step = stepIn(points, line);
  return step === null ? crossing(trend, points, line) : inWindow(trend, points.slice(step));
}

/**
 * The weeks until a trend reaches its band; empty if it is not certain, too small, or too far away. A trend is not continued for longer than it was
 * seen. Wear accelerates, so the earliest week follows from the newest weeks where these are faster.
 */
function crossing(trend: Trend, points: readonly SeriesPoint[], line: RobustLine): readonly WearFinding[] {
  const { sign, direction, band, leastChange, unit } = trend;
  const recent = trendLine(newest(points, RECENT_WEEKS)) ?? line;
  const [slow, fast] = speeds(line, direction);
  const spanWeeks = (points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0);
  const change = direction * line.slope * spanWeeks;
  const rest = (limit: number, { level }: RobustLine): number => direction * (limit - level);
  if (!(slow > 0 && change >= leastChange) || rest(band[0], line) > change) return [];
  const nearest = Math.min(rest(band[0], line) - line.levelError, rest(band[0], recent) - recent.levelError);
  const earliestWeeks = Math.max(0, nearest) / Math.max(fast, speeds(recent, direction)[1]);
  const latestWeeks = Math.max(0, rest(band[1], line) + line.levelError) / slow;
  const confidence = confidenceOf({ points: points.length, slopeRatio: slow / fast, changeRatio: change / leastChange });
  const text = trendText(sign, { change: direction * change, level: recent.level, limit: band[0], weeks: spanWeeks, unit });
  return [{ sign, earliestWeeks: tenths(earliestWeeks), latestWeeks: tenths(latestWeeks), confidence, text }];
}

function tenths(weeks: number): number {
  return Math.round(weeks * 10) / 10;
}

/** Lower and upper bound of the speed towards the band. */
function speeds({ slopeLow, slopeHigh }: RobustLine, direction: 1 | -1): readonly [number, number] {
  return direction === 1 ? [slopeLow, slopeHigh] : [-slopeHigh, -slopeLow];
}

/** What makes a trend certain. `slopeRatio`: lower over upper bound of the slope. `changeRatio`: its change over the smallest that is reported. */
interface Certainty {
  readonly points: number;
  readonly slopeRatio: number;
  readonly changeRatio: number;
}

/** Source: assumed. Confirmed by: `bench -- predict`. */
const LEAST_CERTAINTY: Readonly<Record<'high' | 'medium', Certainty>> = {
  high: { points: 12, slopeRatio: 0.6, changeRatio: 2 },
  medium: { points: 10, slopeRatio: 0.4, changeRatio: 1.3 },
};

function confidenceOf(found: Certainty): WearConfidence {
  const reaches = (least: Certainty): boolean =>
    found.points >= least.points && found.slopeRatio >= least.slopeRatio && found.changeRatio >= least.changeRatio;
  return reaches(LEAST_CERTAINTY.high) ? 'high' : reaches(LEAST_CERTAINTY.medium) ? 'medium' : 'low';
}

/** Weeks over which starts are counted, and the weeks before that they are compared with. */
const STARTS_WEEKS = 4;
/** Starts beyond those of the other lamps in that time. Source: assumed; two a week are no gust and no repair. Confirmed by: starts of drivers before they fail. */
const LEAST_STARTS = 8;
/** Times as many as in the weeks before. Source: assumed; a driver that always starts more often has another supply. Confirmed by: same. */
const MORE = 2;
/** A driver that restarts by itself may fail at any time; within these weeks it is worth a visit. Source: assumed. Confirmed by: drivers that failed after restarts. */
const STARTS_LATEST_WEEKS = 26;

function startsFinding(lamp: WornLamp, fleet: Fleet): readonly WearFinding[] {
  const extra = excessOf(lamp.starts, 'starts', fleet.starts);
  if (extra.length < 2 * STARTS_WEEKS || !isFresh(extra, lamp)) return [];
  const sum = (points: readonly SeriesPoint[]): number => points.reduce((all, { y }) => all + Math.max(0, y), 0);
  const [now, before] = [sum(extra.slice(-STARTS_WEEKS)), sum(extra.slice(-2 * STARTS_WEEKS, -STARTS_WEEKS))];
  const isRising = now >= LEAST_STARTS && now >= MORE * before;
  const text = startsText(Math.round(now), Math.round(before));
  return isRising ? [{ sign: 'starts', earliestWeeks: 0, latestWeeks: STARTS_LATEST_WEEKS, confidence: 'low', text }] : [];
}

/** Rated life is listed this long before its end. Units: weeks. */
const RATED_HORIZON_WEEKS = 52;
/** Weekly values of a counter. */
const LEAST_RATE_WEEKS = 4;
/**
 * A lamp is not listed sooner for its rated life. Units: weeks. Source: assumed; the rated life is a figure of many lamps, most of which live longer.
 * Confirmed by: ages of lamps that failed.
 */
const RATED_EARLIEST_WEEKS = 26;

function ratedFindings(lamp: WornLamp): readonly WearFinding[] {
  const { weeks, ratedHours } = lamp;
  return (['hours', 'starts'] as const).flatMap((counter): readonly WearFinding[] => {
    const last = weeks.at(-1)?.night;
    const rated = counter === 'hours' ? (last?.ratedHours ?? ratedHours) : (last?.ratedStarts ?? null);
    const points = newest(seriesOf(weeks, counter), RATED_HORIZON_WEEKS);
    const [used, line] = [points.at(-1)?.y ?? 0, points.length < LEAST_RATE_WEEKS ? null : robustLine(points)];
    if (rated === null || rated <= 0 || line === null || line.slope <= 0 || !isFresh(points, lamp)) return [];
    const restWeeks = Math.max(0, rated - used) / line.slope;
    if (restWeeks > RATED_HORIZON_WEEKS) return [];
    const earliestWeeks = Math.max(RATED_EARLIEST_WEEKS, restWeeks);
    return [
      {
        sign: `rated-${counter}`,
        earliestWeeks: tenths(earliestWeeks),
        latestWeeks: null,
        confidence: 'low',
        text: usedText(counter, used, rated),
      },
    ];
  });
}
