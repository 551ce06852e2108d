/** The parts of a report in HTML: key figures, tables, and plots with their data. Pure. */
import { msg } from '../../core/message.ts';
import type { ReportCell, ReportColumn, ReportFigure, ReportPlot, ReportTable } from '../../core/report.ts';
import type { Language } from '../../core/words.ts';
import { translate } from '../text/translate.ts';
import { element, escaped } from './markup.ts';
import { PLOT_WIDTHS_PX } from './plot-frame.ts';
import { drawPlot } from './plot-svg.ts';
import { plotTable } from './plot-table.ts';
import { cellText, isNumeric, numberText, saidText, withUnit } from './report-words.ts';

/** Tables with more columns have smaller letters. */
const DENSE_COLUMNS = 9;
/** More key figures are smaller, so that they leave room for the rest of the first page. */
const MANY_FIGURES = 6;
/** A longer text is a sentence and gets a wider column. */
const SENTENCE_LETTERS = 40;
/** Such a word may be broken anywhere, so that its column does not leave the page. */
const LONG_WORD = /\S{25}/;

/** Language and time zone (IANA name) of the page, and an id that no other part of it has; ids of elements begin with it. */
export interface HtmlPart {
  readonly id: string;
  readonly language: Language;
  readonly timezone: string;
}

/**
 * Returns a text, escaped. Spaces between numbers and some units, such as `kWh`, become no-break spaces; in French also those at its
 * punctuation.
 */
export function htmlText(text: string, language: Language): string {
  const units = text.replace(/(\d) (?=(?:%|[kM]?Wh?|h|min|s|kg|t|m|EUR|€)(?![\p{L}\d]))/gu, '$1\u00a0');
  const spaced = language === 'fr' ? units.replace(/ (?=[:;?!»%])/g, '\u00a0').replace(/« /g, '«\u00a0') : units;
  return escaped(spaced);
}

/**
 * Returns the key figures of the first page as HTML, each with its error and note if it has them; empty for no figures. A figure without a
 * value is shown as not known.
 */
export function figureCards(figures: readonly ReportFigure[], language: Language): string {
  if (figures.length === 0) return '';
  return element(
    'dl',
    { class: figures.length > MANY_FIGURES ? 'figures many' : 'figures' },
    ...figures.map((figure) => card(figure, language)),
  );
}

function card({ label, value, half, unit, decimals, note }: ReportFigure, language: Language): string {
  const isKnown = value !== null && Number.isFinite(value);
  const shown = isKnown
    ? `${escaped(numberText(value, decimals, language))}${unit === '' ? '' : `\u00a0${element('small', {}, escaped(unit))}`}`
    : element('small', {}, htmlText(translate(language, msg`not known`), language));
  const error = half !== null && Number.isFinite(half) && isKnown ? withUnit(`± ${numberText(half, decimals, language)}`, unit) : null;
  return element(
    'div',
    {},
    element('dt', {}, htmlText(saidText(label, language), language)),
    element('dd', { class: 'value' }, shown),
    ...(error === null ? [] : [element('dd', { class: 'half' }, htmlText(saidText(msg`${error} (90 %)`, language), language))]),
    ...(note === null ? [] : [element('dd', { class: 'note' }, htmlText(saidText(note, language), language))]),
  );
}

/**
 * Returns a table as HTML, with its caption; its first column names the rows, unless it has numbers. A table that is too wide scrolls
 * sideways, without the rest of the page.
 */
export function htmlTable({ title, columns, rows, total }: ReportTable, part: HtmlPart): string {
  const { id, language } = part;
  const numeric = columns.map((column, at) => isNumeric(at, column, rows));
  const caption = element('caption', { id }, htmlText(saidText(title, language), language));
  const head = element('thead', {}, element('tr', {}, ...columns.map((column, at) => headCell(column, numeric[at] === true, language))));
  const row = (cells: readonly ReportCell[], name: string | null): string =>
    element('tr', { class: name }, ...columns.map((column, at) => bodyCell(cells[at], column, at, numeric[at] === true, language)));
  const empty = element(
    'tr',
    {},
    element('td', { colspan: Math.max(1, columns.length) }, htmlText(translate(language, msg`No data.`), language)),
  );
  const body = element('tbody', {}, ...(rows.length === 0 ? [empty] : rows.map((cells) => row(cells, null))));
  const foot = total === null ? '' : element('tfoot', {}, row(total, 'total'));
  const table = element('table', { class: columns.length > DENSE_COLUMNS ? 'dense' : null }, caption, head, body, foot);
  return element('div', { class: 'scroll', role: 'region', 'aria-labelledby': id, tabindex: 0 }, table);
}

function headCell({ title, unit }: ReportColumn, isNumber: boolean, language: Language): string {
  const name = htmlText(saidText(title, language), language);
  const shown = unit === '' ? name : `${name} ${element('span', { class: 'unit' }, escaped(unit))}`;
  return element('th', { scope: 'col', class: isNumber ? 'n' : null }, shown);
}

function bodyCell(cell: ReportCell | undefined, column: ReportColumn, at: number, isNumber: boolean, language: Language): string {
  const text = cellText(cell, column, language);
  const shown = text === null ? unknownCell(language) : htmlText(text, language);
  const name = isNumber ? 'n' : textClass(text ?? '');
  return at === 0 && !isNumber ? element('th', { scope: 'row', class: name }, shown) : element('td', { class: name }, shown);
}

function textClass(text: string): string | null {
  if (LONG_WORD.test(text)) return 'long';
  return text.length > SENTENCE_LETTERS ? 'words' : null;
}

/** A dash that a screen reader reads as words. */
function unknownCell(language: Language): string {
  const words = escaped(translate(language, msg`not known`));
  return `${element('span', { 'aria-hidden': 'true' }, '–')}${element('span', { class: 'vh' }, words)}`;
}

/**
 * Returns a plot twice, for wide and for narrow screens, with its data in a table that can be opened. The style sheet hides one of the two
 * plots.
 */
export function htmlFigure(plot: ReportPlot, part: HtmlPart): string {
  const { id, language, timezone } = part;
  const drawn = (name: keyof typeof PLOT_WIDTHS_PX): string =>
    element('div', { class: name }, drawPlot(plot, { id: `${id}-${name}`, widthPx: PLOT_WIDTHS_PX[name], language, timezone }));
  const summary = element('summary', {}, htmlText(translate(language, msg`Data of this plot`), language));
  return element(
    'figure',
    { id },
    element('figcaption', {}, htmlText(saidText(plot.title, language), language)),
    drawn('wide'),
    drawn('narrow'),
    element('details', {}, summary, htmlTable(plotTable(plot, timezone), { ...part, id: `${id}-data` })),
  );
}
