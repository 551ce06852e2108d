/** A plot of ASCII characters for a VT100 at 9600 baud: scale, ticks and curve. Pure. */
import type { WallMs } from '../../core/clock.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/durations.ts';
import type { Message } from '../../core/message.ts';
import type { Language } from '../../core/words.ts';
import { columnTime, dayOfMonth, localMs, translated } from './page.ts';

/** Lowest, mean and highest value of one interval. `toMs` is excluded; equal to `fromMs` it means one instant. Units: ms of wall time. */
export interface Sample {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** Period and width of a plot, `toMs` excluded. `widthCols`: of a whole line, with the scale at its left. Units: columns. */
export interface PlotFrame {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly timezone: string;
  /** Language of the month names below the axis. Default: English. */
  readonly language?: Language;
  /** Digits after the point if all values are equal; otherwise the step of the scale decides. */
  readonly decimals: number;
  readonly widthCols: number;
}

/** Approximate lines between highest and lowest value. Source: with axis and sums it fits the 24 lines of a VT100. */
const HEIGHT_LINES = 16;
const MAX_INTERVALS = 5;
/** Source: IEEE 754; smaller doubles lose digits. */
const LEAST_RANGE = 1e-300;
/** Smallest step, as a share of the values. Source: IEEE 754 has 16 digits; the rest keeps rounding errors below one line of a plot. */
const LEAST_STEP = 1e-13;
/** Columns for a label of the time axis, with a gap. */
const LABEL_COLS = 9;
const TIME_STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 28, 56, 112, 224, 448].map((days) => days * DAY_MS),
];

/**
 * Returns the lines of a plot with its axes, for the width of the frame. Requires at least one sample, and that each
 * overlaps the period.
 *
 * Shape: in each column, `*` is the mean and `:` spans lowest to highest.
 */
export function plotLines(samples: readonly Sample[], frame: PlotFrame): string[] {
  const scale = scaleOf(samples, frame.decimals);
  const labelCols = Math.max(scale.label(scale.low).length, scale.label(scale.high).length);
  const cols = frame.widthCols - labelCols - 2;
  const lineOf = (value: number): number => Math.round(((scale.high - value) / (scale.high - scale.low)) * scale.lines);
  const grid = Array.from({ length: scale.lines + 1 }, () => Array<string>(cols).fill(' '));
  columnsOf(samples, frame, cols).forEach((column, x) => {
    if (column === null) return;
    for (let y = lineOf(column.max); y <= lineOf(column.min); y++) (grid[y] as string[])[x] = ':';
    (grid[lineOf(column.mean)] as string[])[x] = '*';
  });
  const rows = grid.map((letters, y) => {
    const isTick = y % scale.linesPerTick === 0;
    const label = isTick ? scale.label(scale.high - (y / scale.linesPerTick) * scale.step) : '';
    return `${label.padStart(labelCols)} ${isTick ? '+' : '|'}${letters.join('')}`.trimEnd();
  });
  return [...rows, ...timeAxis(frame, cols).map((line) => `${' '.repeat(labelCols + 1)}${line}`.trimEnd())];
}

/** Returns the values of each column, all samples with equal weight; null for an empty column. */
function columnsOf(
  samples: readonly Sample[],
  { fromMs, toMs }: PlotFrame,
  cols: number,
): readonly (Omit<Sample, 'fromMs' | 'toMs'> | null)[] {
  const sums = Array.from({ length: cols }, () => ({ min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, sum: 0, count: 0 }));
  const columnOf = (ms: WallMs): number => Math.floor(((ms - fromMs) / (toMs - fromMs)) * cols);
  for (const { fromMs: start, toMs: end, min, mean, max } of samples) {
    const first = Math.max(0, columnOf(start));
    const last = Math.min(cols - 1, Math.max(first, Math.ceil(((end - fromMs) / (toMs - fromMs)) * cols) - 1));
    for (const column of sums.slice(first, last + 1)) {
      column.min = Math.min(column.min, min);
      column.max = Math.max(column.max, max);
      column.sum += mean;
      column.count += 1;
    }
  }
  return sums.map(({ min, max, sum, count }) => (count === 0 ? null : { min, max, mean: sum / count }));
}

/** Returns a scale from a rounded value below all samples to one above, in steps of 1, 2 or 5 times a power of ten. */
function scaleOf(samples: readonly Sample[], decimals: number) {
  const low = samples.reduce((least, { min }) => Math.min(least, min), Number.POSITIVE_INFINITY);
  const high = samples.reduce((most, { max }) => Math.max(most, max), Number.NEGATIVE_INFINITY);
  const { step, digits, ...ends } = roundScale(low, high, decimals);
  const steps = Math.round((ends.high - ends.low) / step);
  const linesPerTick = Math.max(2, Math.floor(HEIGHT_LINES / steps));
  const label = (value: number): string => value.toFixed(digits);
  return { ...ends, step, linesPerTick, lines: steps * linesPerTick, label };
}

/** A scale from `low` to `high`, both multiples of `step`. `digits`: after the decimal point of its labels, at most 10. */
export interface RoundScale {
  readonly low: number;
  readonly high: number;
  readonly step: number;
  readonly digits: number;
}

/**
 * Returns a scale of at most 6 steps that contains both values, apart from rounding errors; `low` must not be above `high`. Its step is 1,
 * 2 or 5 times a power of ten. If both are equal, it has one step, of the last of these decimals: 0.01 for 2. Values too large for such a
 * step have a larger one.
 */
export function roundScale(low: number, high: number, decimals: number): RoundScale {
  const range = (high - low) / MAX_INTERVALS;
  // Doubles cannot represent the steps of a smaller range; then the step is the last decimal shown.
  const least = Math.max(range > LEAST_RANGE ? range : 10 ** -decimals, LEAST_STEP * Math.max(Math.abs(low), Math.abs(high)));
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((each) => each * power >= least * (1 - 1e-9)) ?? 10;
  const step = factor * power;
  const [from, to] = [Math.floor(low / step + 1e-9), Math.max(Math.ceil(high / step - 1e-9), Math.floor(low / step + 1e-9) + 1)];
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return { low: from * step, high: to * step, step, digits: Math.min(digits, 10) };
}

/**
 * An instant of a time axis with its text: `1 Dec` at local midnight, otherwise the local time, such as `22:00`. Units: ms of wall time.
 */
export interface TimeTick {
  readonly atMs: WallMs;
  readonly label: Message;
}

/**
 * Returns at most about `most` instants of a period, rounded in local time. None is outside the period. If the clocks change in it: an
 * hour that is left out has none, and a repeated hour has them at most once.
 */
export function localTicks({ fromMs, toMs, timezone }: Pick<PlotFrame, 'fromMs' | 'toMs' | 'timezone'>, most: number): readonly TimeTick[] {
  const stepMs = TIME_STEPS_MS.find((each) => (toMs - fromMs) / each <= most) ?? (toMs - fromMs) / 4;
  const aheadMs = localMs(fromMs, timezone) - fromMs;
  const ticks: TimeTick[] = [];
  for (let tickMs = Math.ceil((fromMs + aheadMs) / stepMs) * stepMs; tickMs - aheadMs < toMs + HOUR_MS; tickMs += stepMs) {
    // When the clocks change, the offset differs after the change, and in spring an hour is missing.
    const atMs = tickMs - (localMs(tickMs - aheadMs, timezone) - (tickMs - aheadMs));
    if (localMs(atMs, timezone) !== tickMs || atMs < fromMs || atMs >= toMs) continue;
    const isMidnight = tickMs % DAY_MS === 0;
    ticks.push({ atMs, label: isMidnight ? dayOfMonth(atMs, timezone) : columnTime(atMs, timezone, { hasDay: false, hasSeconds: false }) });
  }
  return ticks;
}

/** Returns the axis and its times, rounded in local time of the cabinet. */
function timeAxis(frame: PlotFrame, cols: number): [axis: string, labels: string] {
  const { fromMs, toMs } = frame;
  const axis = Array<string>(cols).fill('-');
  let labels = '';
  for (const tick of localTicks(frame, cols / LABEL_COLS)) {
    const x = Math.floor(((tick.atMs - fromMs) / (toMs - fromMs)) * cols);
    const label = translated(tick.label, frame);
    if (x < 0 || x >= cols) continue;
    axis[x] = '+';
    if (x >= labels.length && x + label.length <= cols) labels = `${labels.padEnd(x)}${label} `;
  }
  return [`+${axis.join('')}`, ` ${labels.trimEnd()}`];
}
