/** Draws the poles of each street as SVG, by their places along it. Pure. */
import { msg } from '../../core/message.ts';
import type { ReportMap, ReportPole } from '../../core/report.ts';
import { type RoundScale, roundScale } from '../text/plot.ts';
import { cutTo, element, px } from './markup.ts';
import {
  ALERT_INK,
  emptyPlot,
  INK,
  inkOn,
  knownOf,
  LETTER_PX,
  type LegendEntry,
  label,
  legend,
  type PlotSheet,
  patternDef,
  patternFill,
  plotSvg,
  SHADES,
  SOFT_INK,
  swatchOf,
} from './plot-frame.ts';
import { plotDecimals } from './plot-table.ts';
import { numberText, withUnit } from './report-words.ts';

/** Height of a row of poles, and of the name of a street. Units: px. */
const ROW_PX = 74;
const NAME_PX = 20;
/** Least mean distance between two poles of a row. Units: px. */
const POLE_PX = 30;
const EDGE_PX = 22;
const NO_SCALE = { low: 0, high: 0 };
const RADIUS_PX = { least: 5, most: 11 } as const;

/** Poles of one street in one row of the drawing. Units: m. */
interface Row {
  readonly street: string;
  readonly isFirst: boolean;
  readonly poles: readonly ReportPole[];
  readonly fromM: number;
  readonly toM: number;
}

/**
 * Draws the poles as SVG: a larger and darker circle has a higher value, one with a pattern an unknown value, and a triangle marks a
 * failure. A street with many poles has several rows. Without poles, the plot says that there is no data.
 */
export function mapPlot(plot: ReportMap, sheet: PlotSheet): string {
  const { title, unit, poles } = plot;
  if (poles.length === 0) return emptyPlot(sheet, title);
  const known = knownOf(poles.map(({ value }) => value));
  const scale = known.length === 0 ? null : roundScale(Math.min(0, ...known), Math.max(0, ...known), 0);
  const entries = legend(legendOf(plot, scale, sheet), 8, sheet);
  const rows = rowsOf(poles, sheet);
  let y = entries.bottomPx + 8;
  const drawn = rows.map((row) => {
    const top = y + (row.isFirst ? NAME_PX : 0);
    y = top + ROW_PX;
    return drawRow(row, top, { sheet, scale, unit, decimals: plotDecimals(known) });
  });
  const failed = poles.filter(({ mark }) => mark).length;
  const streets = new Set(poles.map(({ street }) => street)).size;
  const desc = msg`Map of ${poles.length} poles in ${streets} streets; ${failed} of them have a failure. The table of the plot has all values.`;
  return plotSvg(sheet, y, { title, desc }, [
    element('defs', {}, patternDef('none', sheet, '#9aa6b1', '#ffffff')),
    entries.markup,
    ...drawn,
  ]);
}

function legendOf({ poles, unit }: ReportMap, scale: RoundScale | null, sheet: PlotSheet): readonly LegendEntry[] {
  const values = scale === null ? [] : legendValues(poles, scale);
  const digits = plotDecimals(values);
  const circles = values.map((value) => ({
    title: withUnit(numberText(value, digits, sheet.language), unit),
    swatch: element('circle', {
      cx: 10,
      cy: 6,
      r: radiusOf(value, scale ?? NO_SCALE),
      fill: fillOf(value, scale ?? NO_SCALE),
      stroke: INK,
      'stroke-width': 0.8,
    }),
  }));
  return [
    ...circles,
    ...(poles.some(({ value }) => value === null) ? [{ title: msg`not known`, swatch: swatchOf(patternFill('none', sheet)) }] : []),
    ...(poles.some(({ mark }) => mark) ? [{ title: msg`failure`, swatch: failureSign(9, 12) }] : []),
  ];
}

/** The ends of the scale and its middle; for counts only where that is a count. */
function legendValues(poles: readonly ReportPole[], { low, high }: RoundScale): readonly number[] {
  const middle = (low + high) / 2;
  const areCounts = knownOf(poles.map(({ value }) => value)).every(Number.isInteger);
  return areCounts && !Number.isInteger(middle) ? [low, high] : [low, middle, high];
}

/** Sorted by place, and split so that the poles of a row have room. Streets keep the order of their first pole. */
function rowsOf(poles: readonly ReportPole[], { widthPx }: PlotSheet): readonly Row[] {
  const most = Math.max(2, Math.floor((widthPx - 2 * EDGE_PX) / POLE_PX));
  return [...Map.groupBy(poles, ({ street }) => street)].flatMap(([street, listed]) => {
    const sorted = [...listed].sort((a, b) => placeOf(a) - placeOf(b));
    const count = Math.ceil(sorted.length / most);
    const size = Math.ceil(sorted.length / count);
    return Array.from({ length: count }, (_, at) => {
      const part = sorted.slice(at * size, (at + 1) * size);
      const [first, last] = [part[0], part.at(-1)].map((pole) => (pole === undefined ? 0 : placeOf(pole)));
      return { street, isFirst: at === 0, poles: part, fromM: first ?? 0, toM: last ?? 0 };
    }).filter((row) => row.poles.length > 0);
  });
}

function placeOf({ atM }: ReportPole): number {
  return Number.isFinite(atM) ? atM : 0;
}

interface Look {
  readonly sheet: PlotSheet;
  readonly scale: RoundScale | null;
  readonly unit: string;
  readonly decimals: number;
}

function drawRow({ street, isFirst, poles, fromM, toM }: Row, topPx: number, look: Look): string {
  const { sheet } = look;
  const y = topPx + 34;
  const xs = spread(
    poles.map((pole) => xOf(placeOf(pole), fromM, toM, sheet)),
    sheet,
  );
  const name = cutTo(street === '' ? '–' : street, Math.floor(sheet.widthPx / (LETTER_PX * 1.1)));
  return [
    ...(isFirst ? [label(0, topPx - 4, name, { 'font-weight': 700 })] : []),
    element('path', { d: `M0 ${px(y)}H${px(sheet.widthPx)}`, stroke: '#dbe1e7', 'stroke-width': 12 }),
    ...poles.map((pole, at) => drawPole(pole, xs[at] ?? 0, y, look)),
    ...poleNames(poles, xs, y, sheet),
  ].join('');
}

function xOf(atM: number, fromM: number, toM: number, { widthPx }: PlotSheet): number {
  return toM > fromM ? EDGE_PX + ((atM - fromM) / (toM - fromM)) * (widthPx - 2 * EDGE_PX) : widthPx / 2;
}

/** Moves places apart that are nearer than a circle, in their order. */
function spread(xs: readonly number[], { widthPx }: PlotSheet): readonly number[] {
  const least = Math.min(2 * RADIUS_PX.most + 1, (widthPx - 2 * EDGE_PX) / Math.max(1, xs.length - 1));
  const forward: number[] = [];
  for (const x of xs) forward.push(Math.max(x, (forward.at(-1) ?? -Infinity) + least));
  let limit = widthPx - EDGE_PX;
  return forward
    .reverse()
    .map((x) => {
      const placed = Math.min(x, limit);
      limit = placed - least;
      return placed;
    })
    .reverse();
}

function drawPole({ value, mark }: ReportPole, x: number, y: number, { sheet, scale, decimals }: Look): string {
  const isKnown = value !== null && Number.isFinite(value) && scale !== null;
  const radius = isKnown ? radiusOf(value, scale) : 7;
  const fill = isKnown ? fillOf(value, scale) : patternFill('none', sheet);
  const text = isKnown ? numberText(value, decimals, sheet.language) : '';
  return [
    element('circle', { cx: x, cy: y, r: radius, fill, stroke: INK, 'stroke-width': 1 }),
    ...(text.length * LETTER_PX < 2 * radius && isKnown
      ? [label(x, y + 3.5, text, { 'text-anchor': 'middle', 'font-size': 10, fill: inkOn(fill) })]
      : []),
    ...(mark ? [failureSign(x, y - radius - 2)] : []),
  ].join('');
}

function radiusOf(value: number, { low, high }: Pick<RoundScale, 'low' | 'high'>): number {
  return RADIUS_PX.least + (RADIUS_PX.most - RADIUS_PX.least) * shareOf(value, { low, high });
}

function fillOf(value: number, ends: Pick<RoundScale, 'low' | 'high'>): string {
  return SHADES[Math.round(shareOf(value, ends) * (SHADES.length - 1))] ?? SHADES[0];
}

function shareOf(value: number, { low, high }: Pick<RoundScale, 'low' | 'high'>): number {
  return high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0;
}

/** A triangle with an exclamation mark, whose lower edge is at this height. */
function failureSign(x: number, y: number): string {
  return (
    element('path', {
      d: `M${px(x)} ${px(y - 14)}l8 14h-16z`,
      fill: '#ffffff',
      stroke: ALERT_INK,
      'stroke-width': 1.8,
      'stroke-linejoin': 'round',
    }) + element('path', { d: `M${px(x)} ${px(y - 9)}v4.5m0 1.7v1.4`, stroke: ALERT_INK, 'stroke-width': 1.8 })
  );
}

/** Names of poles with a failure are placed first; names that have no room are left out. */
function poleNames(poles: readonly ReportPole[], xs: readonly number[], y: number, sheet: PlotSheet): readonly string[] {
  const place = ({ id }: ReportPole, at: number) => {
    const text = cutTo(id, 9);
    const half = (text.length * LETTER_PX) / 2;
    const x = Math.min(Math.max(xs[at] ?? 0, half), sheet.widthPx - half);
    return { text, x, left: x - half, right: x + half };
  };
  const placed: ReturnType<typeof place>[] = [];
  const order = [...poles.keys()].sort((a, b) => Number(poles[b]?.mark) - Number(poles[a]?.mark) || a - b);
  for (const at of order) {
    const pole = poles[at];
    if (pole === undefined) continue;
    const next = place(pole, at);
    if (!placed.some(({ left, right }) => next.left < right + 5 && left < next.right + 5)) placed.push(next);
  }
  return placed.map(({ text, x }) => label(x, y + 28, text, { 'text-anchor': 'middle', fill: SOFT_INK, 'font-size': 11 }));
}
