/**
 * Renders a report as one CSV table that a spreadsheet and a program can read. Pure.
 *
 * Shape: all lines have the same number of fields. The first names the table of the line, such as `figures` or `zones-1`; the first line of
 * each table has its titles. Dates are as `2026-12-01`.
 */
import { Message, msg, type Said } from '../../core/message.ts';
import type { Report, ReportCell, ReportColumn, ReportTable } from '../../core/report.ts';
import type { Language } from '../../core/words.ts';
import { csvLine, csvText } from '../text/text-table.ts';
import { translate } from '../text/translate.ts';
import { plotTable } from './plot-table.ts';
import { type ReportPage, saidText } from './report-words.ts';

/** With it, spreadsheets read a file as UTF-8. */
const BYTE_ORDER_MARK = '\ufeff';
/** Digits after the decimal point; more are noise of binary fractions. */
const MOST_DECIMALS = 9;

/**
 * Returns a report as CSV with a byte order mark, in pieces; in French or with `hasSemicolons`, with semicolons and decimal commas. Source:
 * RFC 4180; French spreadsheets expect semicolons and decimal commas.
 */
export function* csvPieces(report: Report, { language = 'en', hasSemicolons = false }: ReportPage): Generator<string> {
  const isComma = hasSemicolons || language === 'fr';
  const tables = tablesOf(report);
  const width = tables.reduce((most, { table }) => Math.max(most, table.columns.length + 1), 0);
  const field = (cell: string | number | null): string => {
    if (cell === null) return '';
    if (typeof cell === 'string') return csvText(cell);
    return Number.isFinite(cell) ? plainNumber(cell).replace('.', isComma ? ',' : '.') : '';
  };
  yield BYTE_ORDER_MARK;
  for (const { id, table } of tables) {
    const lines = linesOf(id, table, language).map((line) => {
      const fields = [...line, ...Array<null>(width - line.length).fill(null)].map(field);
      return `${csvLine(fields, isComma ? ';' : ',')}\r\n`;
    });
    yield lines.join('');
  }
}

/** A table of the report with the name that its lines begin with. */
interface NamedTable {
  readonly id: string;
  readonly table: ReportTable;
}

function tablesOf(report: Report): readonly NamedTable[] {
  const parts = report.sections.flatMap(({ id, parts: each }) =>
    each.map((part, at) => ({ id: `${id}-${at + 1}`, table: part.kind === 'table' ? part : plotTable(part, report.timezone) })),
  );
  const notes = report.sections.flatMap(({ id, notes: each }) => each.map((note) => [id, note]));
  return [
    { id: 'report', table: textTable(report.title, [msg`Key`, msg`Value`], factsOf(report)) },
    { id: 'figures', table: figureTable(report) },
    {
      id: 'notes',
      table: textTable(msg`Notes`, [msg`Section`, msg`Text`], [...report.summary.map((text) => ['summary', text]), ...notes]),
    },
    ...parts,
  ];
}

function factsOf({ form, kind, cabinet, node, timezone, version, madeMs, isTimeTrusted, by, title, from, to }: Report) {
  const made = new Date(madeMs);
  const facts: Readonly<Record<string, Said | null>> = {
    form,
    kind,
    title,
    cabinet: cabinet.id,
    name: cabinet.name,
    node,
    from,
    to,
    timezone,
    made: Number.isNaN(made.getTime()) ? null : made.toISOString(),
    time_trusted: isTimeTrusted ? 'yes' : 'no',
    by,
    version,
  };
  return Object.entries(facts);
}

function textTable(title: Said, titles: readonly Said[], rows: readonly (readonly ReportCell[])[]): ReportTable {
  const columns = titles.map((each, at) => ({ id: `c${at}`, title: each, unit: '', decimals: 0 }));
  return { kind: 'table', title: msg`${title}`, columns, rows, total: null };
}

/** The figures have one unit each, so that it has a column of its own. */
function figureTable({ figures }: Report): ReportTable {
  const titles = [msg`Id`, msg`Figure`, msg`Value`, msg`± (90 %)`, msg`Unit`, msg`Note`];
  const rows = figures.map(({ id, label, value, half, unit, note }) => [id, label, value, half, unit, note]);
  return textTable(msg`Key figures`, titles, rows);
}

function linesOf(id: string, { columns, rows, total }: ReportTable, language: Language): readonly (readonly (string | number | null)[])[] {
  const said = (cell: ReportCell | undefined): string | number | null =>
    cell instanceof Message ? saidText(cell, language) : (cell ?? null);
  const cellsOf = (row: readonly ReportCell[]) => [id, ...columns.map((_, at) => said(row[at]))];
  const head = [id, ...columns.map((column) => titleOf(column, language))];
  return [head, ...[...rows, ...(total === null ? [] : [total])].map(cellsOf)];
}

function titleOf({ title, unit }: ReportColumn, language: Language): string {
  const text = translate(language, title);
  return unit === '' ? text : `${text} (${unit})`;
}

/** Without exponent, which a spreadsheet with decimal commas may read as text. */
function plainNumber(value: number): string {
  const text = value.toFixed(MOST_DECIMALS);
  return text.includes('e') ? String(value) : text.replace(/\.?0+$/, '').replace(/^-0$/, '0');
}
