/** Draws a heat map as SVG: darker cells have higher values, also in black and white. Pure. */
import { msg, type Said } from '../../core/message.ts';
import type { ReportHeat } from '../../core/report.ts';
import { type RoundScale, roundScale } from '../text/plot.ts';
import { cutTo, element, px } from './markup.ts';
import { axisTexts } from './plot-bars.ts';
import {
  emptyPlot,
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
import { numberText } from './report-words.ts';

/** Height of all rows together, and of one row. Units: px. */
const MOST_HEIGHT_PX = 460;
const ROW_HEIGHT_PX = 16;
/** A plot with at most this many cells has their values in them. */
const MOST_VALUES = 400;
const MIN_CELL_PX = 24;
/** Hours have their minutes from this width of a cell on. */
const HOUR_PX = 44;

/** The cells of a heat map on a sheet. Units: px. */
interface Grid {
  readonly sheet: PlotSheet;
  readonly leftPx: number;
  readonly topPx: number;
  readonly cellPx: number;
  readonly rowPx: number;
}

/**
 * Draws a heat map as SVG: a darker cell has a higher value, and one with a pattern an unknown value. Without a finite value, the plot says
 * that there is no data.
 */
export function heatPlot(plot: ReportHeat, sheet: PlotSheet): string {
  const { title, unit, rows, columns, values } = plot;
  const known = knownOf(values.flat());
  if (known.length === 0 || rows.length === 0 || columns.length === 0) return emptyPlot(sheet, title);
  const classes = classesOf(known);
  const hasUnknown = rows.some((_, row) => columns.some((_each, column) => typeof values[row]?.[column] !== 'number'));
  const entries = legend(legendOf(classes, unit, hasUnknown, sheet), 2, sheet);
  const names = axisTexts(rows, sheet.language).map((text) => cutTo(text, sheet.widthPx < 500 ? 9 : 18));
  const leftPx = names.reduce((most, text) => Math.max(most, text.length), 1) * LETTER_PX + 8;
  const rowPx = Math.min(ROW_HEIGHT_PX, MOST_HEIGHT_PX / rows.length);
  const grid: Grid = { sheet, leftPx, topPx: entries.bottomPx + 24, cellPx: (sheet.widthPx - leftPx) / columns.length, rowPx };
  const heightPx = grid.topPx + rows.length * rowPx + 4;
  const decimals = plotDecimals(known);
  const most = known.reduce((highest, value) => Math.max(highest, value));
  const desc = msg`Heat map of ${rows.length} rows and ${columns.length} columns; a darker cell has a higher value. The highest value is ${Number(most.toFixed(decimals))} ${unit}. The table of the plot has all values.`;
  const hasValues = rows.length * columns.length <= MOST_VALUES && grid.cellPx >= MIN_CELL_PX && rowPx >= ROW_HEIGHT_PX;
  return plotSvg(sheet, heightPx, { title, desc }, [
    element('defs', {}, patternDef('none', sheet, '#9aa6b1', '#ffffff')),
    entries.markup,
    ...cells(plot, classes, grid),
    ...(hasValues ? cellValues(plot, classes, decimals, grid) : []),
    ...namesOfColumns(columns, grid),
    ...namesOfRows(names, grid),
  ]);
}

/** Classes of values: 0 alone, then one for each step of a round scale. */
function classesOf(known: readonly number[]): RoundScale {
  const low = known.reduce((least, value) => Math.min(least, value), 0);
  const high = known.reduce((most, value) => Math.max(most, value), 0);
  return roundScale(low, high, 0);
}

function classOf(value: number, { low, step }: RoundScale): number {
  return value <= low ? 0 : Math.min(Math.max(Math.ceil((value - low) / step - 1e-9), 1), SHADES.length - 1);
}

function shadeOf(value: number, classes: RoundScale): string {
  return SHADES[classOf(value, classes)] ?? SHADES[0];
}

function legendOf(classes: RoundScale, unit: string, hasUnknown: boolean, sheet: PlotSheet): readonly LegendEntry[] {
  const { low, high, step, digits } = classes;
  const steps = Math.min(Math.round((high - low) / step), SHADES.length - 1);
  const text = (value: number): string => numberText(value, digits, sheet.language);
  const ranges = Array.from({ length: steps }, (_, at) => {
    const isLast = at === steps - 1;
    return { title: `${text(low + at * step)}–${text(isLast ? high : low + (at + 1) * step)}`, swatch: swatchOf(SHADES[at + 1] ?? '') };
  });
  const entries = [{ title: text(low), swatch: swatchOf(SHADES[0]) }, ...ranges];
  const last = entries.length - 1;
  return [
    ...entries.map((entry, at) => (at === last && unit !== '' ? { ...entry, title: `${entry.title} ${unit}` } : entry)),
    ...(hasUnknown ? [{ title: msg`not known`, swatch: swatchOf(patternFill('none', sheet)) }] : []),
  ];
}

/** One path for each class: a month of hours is then a few kilobytes. */
function cells(
  { rows, columns, values }: ReportHeat,
  classes: RoundScale,
  { sheet, leftPx, topPx, cellPx, rowPx }: Grid,
): readonly string[] {
  const paths = new Map<string, string[]>();
  rows.forEach((_, row) => {
    columns.forEach((_each, column) => {
      const value = values[row]?.[column];
      const fill = typeof value === 'number' && Number.isFinite(value) ? shadeOf(value, classes) : patternFill('none', sheet);
      const path = paths.get(fill) ?? [];
      path.push(`M${px(leftPx + column * cellPx)} ${px(topPx + row * rowPx)}h${px(cellPx)}v${px(rowPx)}h${px(-cellPx)}z`);
      paths.set(fill, path);
    });
  });
  const stroke = rowPx < 4 ? 0.1 : 0.8;
  return [...paths].map(([fill, path]) => element('path', { d: path.join(''), fill, stroke: '#ffffff', 'stroke-width': stroke }));
}

function cellValues({ rows, columns, values }: ReportHeat, classes: RoundScale, decimals: number, grid: Grid): readonly string[] {
  const { sheet, leftPx, topPx, cellPx, rowPx } = grid;
  return rows.flatMap((_, row) =>
    columns.flatMap((_each, column) => {
      const value = values[row]?.[column];
      if (typeof value !== 'number' || !Number.isFinite(value)) return [];
      const text = numberText(value, decimals, sheet.language);
      if (text.length * LETTER_PX > cellPx) return [];
      const fill = inkOn(shadeOf(value, classes));
      return [
        label(leftPx + (column + 0.5) * cellPx, topPx + (row + 0.5) * rowPx + 4, text, { 'text-anchor': 'middle', 'font-size': 11, fill }),
      ];
    }),
  );
}

function namesOfColumns(columns: readonly Said[], { sheet, leftPx, topPx, cellPx }: Grid): readonly string[] {
  const texts = axisTexts(columns, sheet.language, cellPx < HOUR_PX);
  const letters = Math.min(
    texts.reduce((most, text) => Math.max(most, text.length), 1),
    12,
  );
  const every = Math.max(1, Math.ceil((letters * LETTER_PX + 4) / cellPx));
  return texts.flatMap((text, at) =>
    at % every > 0
      ? []
      : [
          label(leftPx + (at + 0.5) * cellPx, topPx - 6, cutTo(text, letters), {
            'text-anchor': columns.length * cellPx < 40 ? 'start' : 'middle',
            fill: SOFT_INK,
          }),
        ],
  );
}

function namesOfRows(names: readonly string[], { leftPx, topPx, rowPx }: Grid): readonly string[] {
  const every = Math.max(1, Math.ceil(13 / rowPx));
  return names.flatMap((text, at) =>
    at % every > 0 ? [] : [label(leftPx - 6, topPx + (at + 0.5) * rowPx + 4, text, { 'text-anchor': 'end', fill: SOFT_INK })],
  );
}
