/** What all SVG plots share: sizes, scales, axes, legends, patterns and the accessible frame. Pure. */
import { type Message, msg, type Said } from '../../core/message.ts';
import type { Language } from '../../core/words.ts';
import { type RoundScale, roundScale } from '../text/plot.ts';
import { translate } from '../text/translate.ts';
import { cutTo, element, escaped, px } from './markup.ts';
import { numberText, saidText } from './report-words.ts';

/**
 * How a plot is drawn: its width, language and time zone (IANA name). `id`: no other plot of the document has it; ids of elements begin
 * with it. Units: px.
 */
export interface PlotSheet {
  readonly id: string;
  readonly widthPx: number;
  readonly language: Language;
  readonly timezone: string;
}

/**
 * Widths of the plots: of a page, and of a phone. Units: px. Source: assumed; text of 12 px is readable at 390 px. Confirmed by: a
 * screenshot.
 */
export const PLOT_WIDTHS_PX = { wide: 760, narrow: 350 } as const;

/**
 * Width of a letter, to estimate how wide a text is. Units: px at a font size of 12 px. Source: assumed; the mean of DejaVu Sans, a wide
 * font. Confirmed by: a screenshot without overlaps.
 */
export const LETTER_PX = 7;

/** Dark ink of axes, lines and texts. Source: WCAG 2.2, 1.4.3: at least 4.5:1 on white. */
export const INK = '#1c2530';
/** Ink of secondary texts, such as labels of a scale. Source: as `INK`. */
export const SOFT_INK = '#4a5765';
/** Ink of marks for failures. Source: as `INK`. */
export const ALERT_INK = '#a3201a';

/**
 * Fills from light to dark, for values on white paper. Source: assumed; one hue whose luminance falls from step to step, so that the order
 * remains in black and white. Confirmed by: a copy in grey.
 */
export const SHADES = ['#f0f4f8', '#cfdde9', '#a3c0d7', '#6c9abf', '#3a6f9c', '#143f66'] as const;

/**
 * Fills from dark to bright, for levels of light. Source: assumed; dark blue to yellow, whose luminance rises from step to step for all
 * kinds of colour vision. Confirmed by: a copy in grey.
 */
const LIGHTS = ['#10243f', '#1f4068', '#3a5a7d', '#5b738b', '#84929a', '#a2a392', '#bdb383', '#d8c66f', '#efd95f', '#fdec7e'];

/**
 * Returns the fill of a level of light, one of 10. `at`: its place, from 0, among `count` levels; the first is dark, the last or only one
 * bright.
 */
export function lightFill(at: number, count: number): string {
  const place = count < 2 ? LIGHTS.length - 2 : Math.round((at * (LIGHTS.length - 1)) / (count - 1));
  return LIGHTS[Math.min(Math.max(place, 0), LIGHTS.length - 1)] ?? INK;
}

/**
 * Returns the ink of a text on a fill `#rrggbb`: white up to a relative luminance of 0.18, otherwise dark. Source: WCAG 2.2, relative
 * luminance and contrast ratio.
 */
export function inkOn(fill: string): string {
  return luminance(fill) > 0.18 ? INK : '#ffffff';
}

/** Returns the relative luminance of a colour `#rrggbb`, 0 to 1. Source: WCAG 2.2, definition of relative luminance. */
export function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Patterns, so that areas differ without colour. `none`: an unknown value. */
const PATTERNS = {
  hatch: { size: 6, path: 'M-1 7L7 -1M-1 1L1 -1M5 7L7 5' },
  dots: { size: 5, path: 'M1.5 2.5h2' },
  rows: { size: 5, path: 'M0 2.5h5' },
  none: { size: 8, path: 'M0 0L8 8M8 0L0 8' },
} as const;
/** Name of a pattern that fills an area. `none`: for an unknown value. */
export type PatternName = keyof typeof PATTERNS;

/**
 * Returns the `pattern` element that `patternFill` refers to; the plot must contain it. `stroke`: colour of its strokes; `fill`: colour of
 * the area below them.
 */
export function patternDef(name: PatternName, { id }: PlotSheet, stroke: string, fill: string): string {
  const { size, path } = PATTERNS[name];
  return element(
    'pattern',
    { id: `${id}-${name}`, width: size, height: size, patternUnits: 'userSpaceOnUse' },
    element('rect', { width: size, height: size, fill }),
    element('path', { d: path, stroke, fill: 'none', 'stroke-width': name === 'none' ? 0.7 : 1.4 }),
  );
}

/** Returns the value of the attribute `fill` for a pattern of this plot. The plot must contain the `patternDef` of that name. */
export function patternFill(name: PatternName, { id }: PlotSheet): string {
  return `url(#${id}-${name})`;
}

/** Returns a whole plot as an SVG element with its title and description, for a screen reader. `content`: markup. */
export function plotSvg(sheet: PlotSheet, heightPx: number, about: { title: Message; desc: Message }, content: readonly string[]): string {
  const { id, widthPx, language } = sheet;
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      role: 'img',
      viewBox: `0 0 ${px(widthPx)} ${px(heightPx)}`,
      'aria-labelledby': `${id}-t ${id}-d`,
      'font-family': 'system-ui, "DejaVu Sans", Arial, sans-serif',
      'font-size': 12,
      fill: INK,
    },
    element('title', { id: `${id}-t` }, escaped(saidText(about.title, language))),
    element('desc', { id: `${id}-d` }, escaped(saidText(about.desc, language))),
    ...content,
  );
}

/**
 * Returns a text element; the text is escaped. `x`, `y`: the left end of its base line. `more`: further attributes; with `text-anchor`, `x`
 * is another point of the base line. Units: px.
 */
export function label(x: number, y: number, text: string, more: Readonly<Record<string, string | number>> = {}): string {
  return element('text', { x, y, ...more }, escaped(text));
}

/** Returns a plot as SVG that says that there is no data. `title`: for screen readers, not drawn. */
export function emptyPlot(sheet: PlotSheet, title: Message): string {
  const text = translate(sheet.language, msg`No data for this plot.`);
  const frame = element('rect', {
    x: 0.5,
    y: 0.5,
    width: sheet.widthPx - 1,
    height: 59,
    fill: SHADES[0],
    stroke: SOFT_INK,
    'stroke-dasharray': '4 3',
  });
  return plotSvg(sheet, 60, { title, desc: msg`No data for this plot.` }, [
    frame,
    label(sheet.widthPx / 2, 34, text, { 'text-anchor': 'middle' }),
  ]);
}

/**
 * A vertical scale with its place on the sheet. `leftPx`: where its lines begin, right of the labels. `topPx`, `bottomPx`: the coordinates
 * of its highest and lowest value. `y`: returns the coordinate of a value. Units: px, `leftPx` from the left, the others from the top.
 */
export interface VerticalScale {
  readonly scale: RoundScale;
  readonly leftPx: number;
  readonly topPx: number;
  readonly bottomPx: number;
  y(value: number): number;
}

/** Returns the scale that contains 0 and these finite values, between two heights. The left margin has room for its labels. */
export function verticalScale(values: readonly number[], topPx: number, bottomPx: number, { language }: PlotSheet): VerticalScale {
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  const scale = roundScale(low, high, 0);
  const labels = [scale.low, scale.high].map((value) => numberText(value, scale.digits, language).length);
  const y = (value: number): number => bottomPx - ((value - scale.low) / (scale.high - scale.low)) * (bottomPx - topPx);
  return { scale, leftPx: Math.max(...labels) * LETTER_PX + 10, topPx, bottomPx, y };
}

/**
 * Returns the lines and labels of a vertical scale as markup, with the unit above them; the line at 0 is darker. `unit`: text; empty for
 * none.
 */
export function scaleMarks({ scale, leftPx, topPx, y }: VerticalScale, unit: string, { widthPx, language }: PlotSheet): string {
  const steps = Math.round((scale.high - scale.low) / scale.step);
  const values = Array.from({ length: steps + 1 }, (_, at) => scale.low + at * scale.step);
  const path = values.map((value) => `M${px(leftPx)} ${px(y(value))}H${px(widthPx)}`).join('');
  return [
    element('path', { d: path, stroke: '#cdd5dd', 'stroke-width': 1 }),
    element('path', { d: `M${px(leftPx)} ${px(y(0))}H${px(widthPx)}`, stroke: INK, 'stroke-width': 1.2 }),
    ...values.map((value) =>
      label(leftPx - 6, y(value) + 4, numberText(value, scale.digits, language), { 'text-anchor': 'end', fill: SOFT_INK }),
    ),
    ...(unit === '' ? [] : [label(0, topPx - 11, unit, { fill: SOFT_INK })]),
  ].join('');
}

/** Blank between two entries of a legend. Units: px. */
const LEGEND_GAP_PX = 16;

/** An entry of a legend. `swatch`: markup for a field of about 18 by 12 px at 0,0; the title begins 24 px from its left edge. */
export interface LegendEntry {
  readonly title: Said;
  readonly swatch: string;
}

/** Returns the markup of a legend from this height on, in as many lines as it needs, and its lower end. Long titles are cut. Units: px. */
export function legend(entries: readonly LegendEntry[], topPx: number, { widthPx, language }: PlotSheet) {
  let [x, y] = [0, topPx];
  const marks = entries.map(({ title, swatch }) => {
    const text = cutTo(saidText(title, language), Math.floor((widthPx - 24) / LETTER_PX));
    const long = 24 + text.length * LETTER_PX + LEGEND_GAP_PX;
    if (x > 0 && x + long - LEGEND_GAP_PX > widthPx) [x, y] = [0, y + 18];
    const mark = element('g', { transform: `translate(${px(x)} ${px(y)})` }, swatch, label(24, 10, text));
    x += long;
    return mark;
  });
  return { markup: marks.join(''), bottomPx: entries.length === 0 ? topPx : y + 18 };
}

/**
 * Returns the swatch of a legend entry as SVG. `fill` and `stroke`: values of the attributes, such as a colour, or `patternFill` for a
 * pattern.
 */
export function swatchOf(fill: string, stroke: string = INK): string {
  return element('rect', { width: 18, height: 12, fill, stroke, 'stroke-width': 0.8 });
}

/** Returns the value at index `at`; null if the list or the value is missing, or if the value is not finite. */
export function knownAt(values: readonly (number | null)[] | undefined, at: number): number | null {
  const value = values?.[at];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Returns the finite numbers of a list, in their order; the other values are left out. */
export function knownOf(values: readonly (number | null | undefined)[]): readonly number[] {
  return values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
}
