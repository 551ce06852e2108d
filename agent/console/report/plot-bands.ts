/** Draws stacked areas over time as SVG, with local times also on the night on which the clocks change. Pure. */
import type { WallMs } from '../../core/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../../core/durations.ts';
import { msg, type Said } from '../../core/message.ts';
import type { ReportBands } from '../../core/report.ts';
import { columnTime, localMs } from '../text/page.ts';
import { localTicks } from '../text/plot.ts';
import { element, px } from './markup.ts';
import {
  emptyPlot,
  INK,
  inkOn,
  knownAt,
  knownOf,
  LETTER_PX,
  label,
  legend,
  lightFill,
  type PlotSheet,
  patternDef,
  patternFill,
  plotSvg,
  SHADES,
  SOFT_INK,
  scaleMarks,
  swatchOf,
  type VerticalScale,
  verticalScale,
} from './plot-frame.ts';
import { saidText } from './report-words.ts';

/** Longer periods show no change of the clocks: it would be narrower than a line. */
const MOST_CLOCK_MS = 72 * HOUR_MS;
/** Below this height a band has no label inside. Units: px. */
const LABEL_HEIGHT_PX = 15;

/** A series with its fill, and the sums below and above it at each instant; null where nothing is known. */
interface Band {
  readonly title: Said;
  readonly fill: string;
  readonly isHatched: boolean;
  readonly isUnknown: boolean;
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

/** Draws stacked areas over time as SVG. Series without a value above 0 are left out; if all are, the plot says that there is no data. */
export function bandsPlot(plot: ReportBands, sheet: PlotSheet): string {
  const { title, unit, instants } = plot;
  const bands = bandsOf(plot);
  const [fromMs, toMs] = [instants[0], instants.at(-1)];
  const tops = bands.at(-1)?.high.flatMap((value) => value ?? []) ?? [];
  if (fromMs === undefined || toMs === undefined || !(toMs > fromMs) || tops.length === 0) return emptyPlot(sheet, title);
  const hasUnknown = bands[0]?.low.includes(null) === true;
  const swatches = bands.map((band) => ({
    title: band.title,
    swatch: fillsOf(band, sheet)
      .map((fill) => swatchOf(fill))
      .join(''),
  }));
  const unknown = { title: msg`not known`, swatch: swatchOf(patternFill('none', sheet)) };
  const entries = legend(hasUnknown ? [...swatches, unknown] : swatches, 2, sheet);
  const topPx = entries.bottomPx + 26;
  const vertical = verticalScale(tops, topPx, topPx + (sheet.widthPx < 500 ? 150 : 210), sheet);
  const x = (ms: WallMs): number => vertical.leftPx + ((ms - fromMs) / (toMs - fromMs)) * (sheet.widthPx - vertical.leftPx - 4);
  const place = { sheet, vertical, instants, x };
  const desc = msg`Stacked areas of ${bands.map((band) => band.title)}, from ${clock(fromMs, sheet)} to ${clock(toMs, sheet)}. The table of the plot has all values.`;
  return plotSvg(sheet, vertical.bottomPx + 26, { title, desc }, [
    element('defs', {}, patternDef('hatch', sheet, 'rgba(255,255,255,.42)', 'none'), patternDef('none', sheet, '#b4bec8', SHADES[0])),
    entries.markup,
    scaleMarks(vertical, unit, sheet),
    unknownArea(bands, place),
    ...bands.map((band) => area(band, place)),
    ...timeMarks(fromMs, toMs, place),
    ...bands.map((band) => innerLabel(band, place)),
  ]);
}

interface Place {
  readonly sheet: PlotSheet;
  readonly vertical: VerticalScale;
  readonly instants: readonly WallMs[];
  x(ms: WallMs): number;
}

function clock(ms: WallMs, { timezone }: PlotSheet) {
  return columnTime(ms, timezone, { hasDay: true, hasSeconds: false });
}

function bandsOf({ instants, series }: ReportBands): readonly Band[] {
  const shown = series.map((each, at) => ({ ...each, at })).filter(({ values }) => knownOf(values).some((value) => value > 0));
  const steps = instants.slice(0, -1);
  let below: readonly (number | null)[] = steps.map((_, at) => (series.every(({ values }) => knownAt(values, at) === null) ? null : 0));
  const levels = series.filter(({ isUnknown }) => !isUnknown).length;
  return shown.map(({ title, values, at, isUnknown = false }, order) => {
    const low = below;
    const high = low.map((base, step) => (base === null ? null : base + Math.max(knownAt(values, step) ?? 0, 0)));
    below = high;
    const fill = isUnknown ? SHADES[0] : lightFill(at, levels);
    return { title, fill, isHatched: order % 2 === 1, isUnknown, low, high };
  });
}

/** Returns the fills of a band, each over the one before it. */
function fillsOf({ fill, isHatched, isUnknown }: Band, sheet: PlotSheet): readonly string[] {
  if (isUnknown) return [patternFill('none', sheet)];
  return isHatched ? [fill, patternFill('hatch', sheet)] : [fill];
}

/** One path: each run of known steps along its upper edge, and back along its lower one. */
function area(band: Band, place: Place): string {
  const { low, high } = band;
  const d = runsOf(high)
    .map(([first, last]) => `M${edge(high, first, last, place)}L${edge(low, first, last, place, true)}z`)
    .join('');
  if (d === '') return '';
  return fillsOf(band, place.sheet)
    .map((fill) => element('path', { d, fill, stroke: '#ffffff', 'stroke-width': 0.7 }))
    .join('');
}

/** Returns the first and last step of each run without an unknown one. */
function runsOf(values: readonly (number | null)[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  values.forEach((value, at) => {
    if (value === null) return;
    const run = runs.at(-1);
    if (run !== undefined && run[1] === at - 1) run[1] = at;
    else runs.push([at, at]);
  });
  return runs;
}

/** Returns the points of an edge; those where it does not change are left out. */
function edge(values: readonly (number | null)[], first: number, last: number, { vertical, instants, x }: Place, isBack = false): string {
  const points: string[] = [];
  for (let at = first; at <= last; at++) {
    const y = px(vertical.y(values[at] ?? 0));
    if (at > first && y === px(vertical.y(values[at - 1] ?? 0))) points.pop();
    else points.push(`${px(x(instants[at] ?? 0))} ${y}`);
    points.push(`${px(x(instants[at + 1] ?? 0))} ${y}`);
  }
  return (isBack ? points.reverse() : points).join('L');
}

function unknownArea(bands: readonly Band[], { sheet, vertical, instants, x }: Place): string {
  const low = bands[0]?.low ?? [];
  const [top, bottom] = [px(vertical.topPx), px(vertical.bottomPx)];
  const d = runsOf(low.map((value) => (value === null ? 0 : null)))
    .map(
      ([first, last]) =>
        `M${px(x(instants[first] ?? 0))} ${top}H${px(x(instants[last + 1] ?? 0))}V${bottom}H${px(x(instants[first] ?? 0))}z`,
    )
    .join('');
  return d === '' ? '' : element('path', { d, fill: patternFill('none', sheet) });
}

/** The name of a band, where the band is highest over the width of the name; none without such a place. */
function innerLabel({ title, fill, low, high }: Band, { sheet, vertical, instants, x }: Place): string {
  const text = saidText(title, sheet.language);
  const needed = text.length * LETTER_PX + 6;
  let [best, bestX, bestY] = [LABEL_HEIGHT_PX, 0, 0];
  for (let first = 0; first < high.length; first++) {
    const left = x(instants[first] ?? 0);
    let [top, bottom, right] = [vertical.topPx, vertical.bottomPx, left];
    for (let at = first; at < high.length && right - left < needed && bottom - top > best; at++) {
      const [over, under] = [high[at] ?? null, low[at] ?? null];
      if (over === null || under === null) break;
      [top, bottom, right] = [Math.max(top, vertical.y(over)), Math.min(bottom, vertical.y(under)), x(instants[at + 1] ?? 0)];
    }
    if (right - left >= needed && bottom - top > best) [best, bestX, bestY] = [bottom - top, (left + right) / 2, (top + bottom) / 2];
  }
  if (bestX === 0) return '';
  return label(bestX, bestY + 4, text, {
    'text-anchor': 'middle',
    fill: inkOn(fill),
    stroke: fill,
    'stroke-width': 3,
    'paint-order': 'stroke',
  });
}

function timeMarks(fromMs: WallMs, toMs: WallMs, { sheet, vertical, x }: Place): readonly string[] {
  const { language, timezone, widthPx } = sheet;
  const bottom = vertical.bottomPx;
  const ticks = localTicks({ fromMs, toMs, timezone }, (widthPx - vertical.leftPx) / 58).filter(
    ({ atMs }) => atMs >= fromMs && atMs <= toMs,
  );
  const path = ticks.map(({ atMs }) => `M${px(x(atMs))} ${px(bottom)}v5`).join('');
  const halfOf = (text: string): number => (text.length * LETTER_PX) / 2;
  return [
    ...(path === '' ? [] : [element('path', { d: path, stroke: INK })]),
    ...ticks.map((tick) => {
      const text = saidText(tick.label, language);
      const place = Math.min(Math.max(x(tick.atMs), halfOf(text)), widthPx - halfOf(text));
      return label(place, bottom + 18, text, { 'text-anchor': 'middle', fill: SOFT_INK });
    }),
    ...clockChange(fromMs, toMs, timezone).map((atMs) => changeMark(atMs, x(atMs), vertical, sheet)),
  ];
}

/** Returns the instants at which the clocks change, to the minute. */
function clockChange(fromMs: WallMs, toMs: WallMs, timezone: string): readonly WallMs[] {
  const aheadAt = (ms: WallMs): number => localMs(ms, timezone) - ms;
  if (toMs - fromMs > MOST_CLOCK_MS || aheadAt(fromMs) === aheadAt(toMs)) return [];
  let [low, high] = [fromMs, toMs];
  while (high - low > MINUTE_MS) {
    const middle = Math.floor((low + high) / 2);
    if (aheadAt(middle) === aheadAt(low)) low = middle;
    else high = middle;
  }
  return [high];
}

function changeMark(atMs: WallMs, x: number, { topPx, bottomPx }: VerticalScale, { language, timezone, widthPx }: PlotSheet): string {
  const text = saidText(msg`clocks change: ${columnTime(atMs, timezone, { hasDay: false, hasSeconds: false, hasZone: true })}`, language);
  const half = (text.length * LETTER_PX) / 2;
  return (
    element('path', { d: `M${px(x)} ${px(topPx - 4)}V${px(bottomPx)}`, stroke: INK, 'stroke-dasharray': '5 3' }) +
    label(Math.min(Math.max(x, half + 30), widthPx - half), topPx - 10, text, { 'text-anchor': 'middle' })
  );
}
