/** Draws bars with an interval and a line as SVG. Pure. */
import { msg, type Said } from '../../core/message.ts';
import type { ReportBars, ReportSeries } from '../../core/report.ts';
import type { Language } from '../../core/words.ts';
import { cutTo, element, px } from './markup.ts';
import {
  emptyPlot,
  INK,
  knownAt,
  knownOf,
  LETTER_PX,
  type LegendEntry,
  label,
  legend,
  type PatternName,
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
import { plotDecimals } from './plot-table.ts';
import { isDate, isMonth, numberText, saidText, shortDate } from './report-words.ts';

const SERIES_PATTERNS: readonly PatternName[] = ['hatch', 'dots', 'rows'];
const LINE_INK = '#8a1c17';
/** Bars of one group together are not wider than this. Units: px. */
const MOST_GROUP_PX = 110;
/** Groups up to this number get their value above the bar. */
const MOST_VALUES = 8;

/**
 * Draws bars as SVG, with the interval of the first series and a line over them if the plot has them. Without a finite value, the plot says
 * that there is no data.
 */
export function barsPlot(plot: ReportBars, sheet: PlotSheet): string {
  const { title, unit, labels, series, line, half } = plot;
  const first = series[0]?.values ?? [];
  const ends = labels.flatMap((_, at) => {
    const [value, error] = [first[at], half?.[at]];
    return typeof value === 'number' && typeof error === 'number' ? [value - error, value + error] : [];
  });
  const known = knownOf([...series.flatMap(({ values }) => values), ...(line?.values ?? []), ...ends]);
  if (known.length === 0) return emptyPlot(sheet, title);
  const entries = legend(legendOf(plot, sheet), 2, sheet);
  const topPx = entries.bottomPx + 26;
  const bottomPx = topPx + (sheet.widthPx < 500 ? 150 : 210);
  const vertical = verticalScale(known, topPx, bottomPx, sheet);
  const pitch = (sheet.widthPx - vertical.leftPx) / labels.length;
  const place: Place = { sheet, vertical, pitch, group: Math.min(pitch * 0.78, MOST_GROUP_PX) };
  const desc = msg`Bars for ${labels.length} places, from ${labels[0] ?? ''} to ${labels.at(-1) ?? ''}. The lowest value is ${leastOf(known)} ${unit}, the highest ${mostOf(known)} ${unit}. The table of the plot has all values.`;
  return plotSvg(sheet, bottomPx + 26, { title, desc }, [
    element('defs', {}, ...SERIES_PATTERNS.map((name) => patternDef(name, sheet, SHADES[4], '#ffffff'))),
    entries.markup,
    scaleMarks(vertical, unit, sheet),
    ...series.map((each, at) => bars(each, at, series.length, place)),
    ...(half === null ? [] : [whiskers(first, half, series.length, place)]),
    ...(line === null ? [] : [lineOver(line, place)]),
    ...(half === null && line === null && series.length === 1 && labels.length <= MOST_VALUES ? valuesAbove(first, place) : []),
    ...labelsBelow(labels, bottomPx, place),
  ]);
}

interface Place {
  readonly sheet: PlotSheet;
  readonly vertical: VerticalScale;
  /** Distance between two groups, and width of the bars of one. Units: px. */
  readonly pitch: number;
  readonly group: number;
}

function leastOf(values: readonly number[]): number {
  return rounded(values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY));
}

function mostOf(values: readonly number[]): number {
  return rounded(values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY));
}

function rounded(value: number): number {
  return Number(value.toFixed(plotDecimals([value])));
}

function fillOf(at: number, sheet: PlotSheet): string {
  return at === 0 ? SHADES[4] : patternFill(SERIES_PATTERNS[(at - 1) % SERIES_PATTERNS.length] ?? 'hatch', sheet);
}

function legendOf({ series, line, half }: ReportBars, sheet: PlotSheet): readonly LegendEntry[] {
  return [
    ...series.map(({ title }, at) => ({ title, swatch: swatchOf(fillOf(at, sheet), SHADES[4]) })),
    ...(half === null
      ? []
      : [{ title: msg`90 % interval`, swatch: element('path', { d: 'M9 0V12M5 0H13M5 12H13', stroke: INK, 'stroke-width': 1.4 }) }]),
    ...(line === null
      ? []
      : [
          {
            title: line.title,
            swatch:
              element('path', { d: 'M0 6H18', stroke: LINE_INK, 'stroke-width': 2.2 }) +
              element('circle', { cx: 9, cy: 6, r: 2.6, fill: LINE_INK }),
          },
        ]),
  ];
}

/** One path for all bars of a series: a month of nights is then a few hundred bytes. */
function bars({ values }: ReportSeries, series: number, count: number, { sheet, vertical, pitch, group }: Place): string {
  const width = group / count;
  const path = values
    .map((value, at) => {
      if (value === null || !Number.isFinite(value)) return '';
      const x = vertical.leftPx + (at + 0.5) * pitch - group / 2 + series * width;
      return `M${px(x)} ${px(vertical.y(0))}V${px(vertical.y(value))}h${px(Math.max(width, 0.4))}V${px(vertical.y(0))}z`;
    })
    .join('');
  return path === ''
    ? ''
    : element('path', { d: path, fill: fillOf(series, sheet), stroke: SHADES[4], 'stroke-width': width > 3 ? 0.8 : 0.2 });
}

function whiskers(
  values: ReportSeries['values'],
  half: readonly (number | null)[],
  count: number,
  { vertical, pitch, group }: Place,
): string {
  const cap = pitch < 6 ? 0 : Math.min(4, pitch / 4);
  const path = values
    .map((value, at) => {
      const error = half[at];
      if (typeof value !== 'number' || typeof error !== 'number' || !Number.isFinite(value) || !Number.isFinite(error)) return '';
      const x = vertical.leftPx + (at + 0.5) * pitch - group / 2 + group / 2 / count;
      const [low, high] = [vertical.y(value - error), vertical.y(value + error)].map(px);
      return `M${px(x)} ${low}V${high}M${px(x - cap)} ${low}h${px(cap * 2)}M${px(x - cap)} ${high}h${px(cap * 2)}`;
    })
    .join('');
  return withHalo(path, INK, Math.min(1.4, pitch / 4));
}

/** A point without a known neighbour is drawn as a level over its group. */
function lineOver({ values }: ReportSeries, { vertical, pitch, group }: Place): string {
  const points = values.flatMap((_, at) => {
    const value = knownAt(values, at);
    return value === null ? [] : [{ at, x: vertical.leftPx + (at + 0.5) * pitch, y: vertical.y(value) }];
  });
  const isKnown = (at: number): boolean => knownAt(values, at) !== null;
  const path = points.map(({ at, x, y }) => {
    if (!isKnown(at - 1) && !isKnown(at + 1)) return `M${px(x - group / 2)} ${px(y)}H${px(x + group / 2)}`;
    return `${isKnown(at - 1) ? 'L' : 'M'}${px(x)} ${px(y)}`;
  });
  const dots =
    pitch < 9
      ? []
      : points.map(({ x, y }) => element('circle', { cx: x, cy: y, r: 2.4, fill: LINE_INK, stroke: '#fff', 'stroke-width': 0.8 }));
  return withHalo(path.join(''), LINE_INK, 2) + dots.join('');
}

/** White on both sides keeps a line visible on dark bars. */
function withHalo(d: string, stroke: string, width: number): string {
  if (d === '') return '';
  const line = (ink: string, wide: number) =>
    element('path', { d, stroke: ink, 'stroke-width': wide, fill: 'none', 'stroke-linejoin': 'round' });
  return line('#ffffff', width + 2) + line(stroke, width);
}

function valuesAbove(values: ReportSeries['values'], { sheet, vertical, pitch }: Place): readonly string[] {
  const decimals = plotDecimals(values);
  return values.flatMap((value, at) =>
    value === null || !Number.isFinite(value)
      ? []
      : [
          label(vertical.leftPx + (at + 0.5) * pitch, vertical.y(Math.max(value, 0)) - 5, numberText(value, decimals, sheet.language), {
            'text-anchor': 'middle',
          }),
        ],
  );
}

function labelsBelow(labels: readonly Said[], bottomPx: number, { sheet, vertical, pitch }: Place): readonly string[] {
  const texts = axisTexts(labels, sheet.language);
  const letters = Math.min(
    14,
    texts.reduce((most, text) => Math.max(most, text.length), 1),
  );
  const every = labels.length <= 1 ? 1 : everyOf((letters * LETTER_PX + 8) / pitch, labels.every(isCutLabel));
  const most = Math.max(3, Math.floor((pitch * every - 4) / LETTER_PX));
  return texts.flatMap((text, at) =>
    at % every > 0
      ? []
      : [label(vertical.leftPx + (at + 0.5) * pitch, bottomPx + 17, cutTo(text, most), { 'text-anchor': 'middle', fill: SOFT_INK })],
  );
}

/** Dates may be left out, as their neighbours name them; a name is cut first. */
function isCutLabel(text: Said): boolean {
  return !isDate(text) && !isMonth(text);
}

function everyOf(needed: number, isCut: boolean): number {
  return Math.max(1, Math.ceil(isCut ? needed / 2 : needed));
}

const FULL_HOUR = /^(\d{2}):00$/;

/**
 * Returns the labels of an axis in the language: dates such as `2026-12-01` without their year, others as `saidText` does. With `isShort`,
 * if all are full hours, `22:00` becomes `22`.
 */
export function axisTexts(labels: readonly Said[], language: Language, isShort = false): readonly string[] {
  if (isShort && labels.every((text) => typeof text === 'string' && FULL_HOUR.test(text)))
    return labels.map((text) => String(text).slice(0, 2));
  return labels.map((text) => (isDate(text) ? shortDate(text, language) : saidText(text, language)));
}
