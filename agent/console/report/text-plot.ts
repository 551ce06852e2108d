/** Renders the plots of a report with ASCII characters, at most as wide as the page. Pure. */
import { type Message, msg } from '../../core/message.ts';
import type { ReportBands, ReportBars, ReportHeat, ReportPlot } from '../../core/report.ts';
import { paragraph } from '../text/text-lines.ts';
import { tableLines } from '../text/text-table.ts';
import { axisTexts } from './plot-bars.ts';
import { knownAt, knownOf } from './plot-frame.ts';
import { localTime, plotDecimals, plotTable } from './plot-table.ts';
import { numberText, saidText, withUnit } from './report-words.ts';
import { plainBlanks, type TextPage, textTable } from './text-parts.ts';

/** Columns for bars, in a table and alone. */
const BAR_COLS = 20;
const BAND_COLS = 44;
const LEAST_COLS = 40;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
/** Lines of a plot over time at most. Source: a screen of 24 lines with its title and its letters. */
const MOST_LINES = 18;
const UNKNOWN = '?';

/**
 * Returns the lines of a plot, without its title. `bars`: a table, with bars for the first series if there is room. `bands`: letters for
 * the shares. `heat`: digits for the values. `map`: a table. A sentence instead if there is nothing to show.
 */
export function textPlot(plot: ReportPlot, page: TextPage): readonly string[] {
  switch (plot.kind) {
    case 'bars':
      return barLines(plot, page);
    case 'bands':
      return bandLines(plot, page);
    case 'heat':
      return heatLines(plot, page);
    case 'map':
      return textTable(plotTable(plot, page.timezone), page);
  }
}

/** The table of the plot, with a bar for the first series. */
function barLines(plot: ReportBars, page: TextPage): readonly string[] {
  const values = plot.series[0]?.values ?? [];
  const most = Math.max(0, ...knownOf(values));
  const bars = plot.labels.map((_, at) => {
    const value = knownAt(values, at) ?? 0;
    return value > 0 && most > 0 ? '#'.repeat(Math.max(1, Math.round((value / most) * BAR_COLS))) : '';
  });
  const table = plotTable(plot, page.timezone);
  const labels = axisTexts(plot.labels, page.language);
  const short = { ...table, rows: table.rows.map(([, ...row], at) => [labels[at] ?? '', ...row]) };
  return textTable(short, page, page.widthCols < LEAST_COLS || table.columns.length > 5 ? null : bars);
}

/** One line for each time, with the share of each series as letters. */
function bandLines({ instants, series, unit }: ReportBands, page: TextPage): readonly string[] {
  const shown = series.filter(({ values }) => knownOf(values).some((value) => value > 0)).slice(0, LETTERS.length);
  const steps = instants.slice(0, -1);
  if (shown.length === 0 || steps.length === 0) return paragraph(msg`No data.`, page);
  const sums = steps.map((_, at) => knownOf(shown.map(({ values }) => values[at])).reduce((sum, value) => sum + Math.max(value, 0), 0));
  const most = Math.max(...sums);
  const cols = Math.max(8, Math.min(BAND_COLS, page.widthCols - 24));
  const lineAt = (at: number): string => {
    let [sum, drawn] = [0, ''];
    shown.forEach(({ values }, index) => {
      sum += Math.max(knownAt(values, at) ?? 0, 0);
      drawn = drawn.padEnd(Math.round((sum / most) * cols), LETTERS[index] ?? '');
    });
    return shown.every(({ values }) => knownAt(values, at) === null) ? UNKNOWN : drawn;
  };
  const lines = steps.map((fromMs, at) => ({ fromMs, text: lineAt(at), sum: sums[at] ?? 0 }));
  const changes = lines.filter(({ text }, at) => text !== lines[at - 1]?.text);
  const every = Math.ceil(changes.length / MOST_LINES);
  const rows = changes
    .filter((_, at) => at % every === 0)
    .map(({ fromMs, text, sum }) => [
      plainBlanks(saidText(localTime(fromMs, instants, page.timezone), page.language)),
      text === UNKNOWN ? UNKNOWN : numberText(sum, plotDecimals(sums), page.language),
      text,
    ]);
  const letters = shown.map(({ title }, at) => msg`${LETTERS[at] ?? ''} = ${title}`);
  return [
    ...tableLines(
      [
        { title: msg`From` },
        { title: msg`${unit === '' ? saidText(msg`Sum`, page.language) : unit}`, align: 'right' },
        { title: msg`Shares` },
      ],
      rows,
      page,
    ),
    ...paragraph(saidText(msg`${letters}`, page.language), page),
    ...(every > 1 ? paragraph(msg`Only some of the changes are shown; --format csv has all.`, page) : []),
  ];
}

/** Digits 1 to 9 for shares of the highest value; a point for 0. */
function heatLines({ rows, columns, values, unit }: ReportHeat, page: TextPage): readonly string[] {
  const known = knownOf(values.flat());
  if (known.length === 0) return paragraph(msg`No data.`, page);
  const most = Math.max(0, ...known);
  const names = axisTexts(rows, page.language).map((name) => plainBlanks(name).slice(0, 10));
  const nameCols = Math.max(...names.map((name) => name.length), 1);
  const heads = axisTexts(columns, page.language, true).map(plainBlanks);
  const cellCols = Math.max(
    1,
    Math.min(Math.max(...heads.map((head) => head.length)) + 1, Math.floor((page.widthCols - nameCols) / columns.length)),
  );
  const fitting = Math.floor((page.widthCols - nameCols - 1) / cellCols);
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(nameCols)} ${cells
      .slice(0, fitting)
      .map((cell) => cell.slice(0, Math.max(1, cellCols - 1)).padEnd(cellCols))
      .join('')}`;
  const sign = (value: number | null | undefined): string => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return UNKNOWN;
    return value <= 0 || most === 0 ? '.' : String(Math.min(9, Math.max(1, Math.ceil((value / most) * 9))));
  };
  const highest = withUnit(numberText(most, plotDecimals(known), page.language), unit);
  const scale: Message = msg`. = 0, 9 = up to ${plainBlanks(highest)}, ? = not known`;
  return [
    line('', heads),
    ...rows.map((_, row) =>
      line(
        names[row] ?? '',
        columns.map((_each, column) => sign(values[row]?.[column])),
      ),
    ),
    ...paragraph(scale, page),
    ...(columns.length > fitting ? paragraph(msg`Only the first columns fit; --format csv has all.`, page) : []),
  ];
}
