/** Builds the tables of reports so that the numbers that are shown add up. Pure. */
import { type Message, msg, type Said } from '../../core/message.ts';
import type { ReportCell, ReportColumn, ReportTable } from '../../core/report.ts';
import { roundedParts } from '../../core/rounded-parts.ts';

/** A column of `reportTable`. `isSum`: the numbers of the rows are parts of a total. */
export interface SummedColumn extends ReportColumn {
  readonly isSum?: true;
}

/** A cell for a column that does not apply to its row. */
export const BLANK: ReportCell = '';

/** Returns a column of texts, which has no unit and no sum. */
export function textColumn(id: string, title: Said): SummedColumn {
  return { id, title, unit: '', decimals: 0 };
}

/** Returns a column of numbers that `reportTable` does not sum up. */
export function numberColumn(id: string, title: Said, unit: string, decimals: number): SummedColumn {
  return { id, title, unit, decimals };
}

/** Returns a column of numbers that `reportTable` sums up. */
export function sumColumn(id: string, title: Said, unit: string, decimals: number): SummedColumn {
  return { id, title, unit, decimals, isSum: true };
}

/** Returns a number rounded to decimals, as a report shows it. Null stays null. */
export function shown(value: number, decimals: number): number;
export function shown(value: number | null, decimals: number): number | null;
export function shown(value: number | null, decimals: number): number | null {
  const unit = 10 ** decimals;
  // Without the negative zero.
  return value === null ? null : Math.round(value * unit) / unit + 0;
}

/**
 * Returns a table. Numbers are rounded to the decimals of their column; those of a sum column so that they add up to the rounded sum. The
 * total has the sum of each sum column, null if no row has a number. Without a sum column, or with fewer than two rows, there is no total.
 */
export function reportTable(title: Message, columns: readonly SummedColumn[], rows: readonly (readonly ReportCell[])[]): ReportTable {
  const byColumn = columns.map(({ decimals, isSum }, at) => {
    const cells = rows.map((row) => row[at] ?? null);
    return isSum ? roundedCells(cells, decimals) : cells.map((cell) => (typeof cell === 'number' ? shown(cell, decimals) : cell));
  });
  const hasTotal = rows.length > 1 && columns.some(({ isSum }) => isSum);
  return {
    ...{ kind: 'table', title },
    columns: columns.map(({ id, title: name, unit, decimals }) => ({ id, title: name, unit, decimals })),
    rows: rows.map((_, row) => byColumn.map((cells) => cells[row] ?? null)),
    total: hasTotal ? columns.map((column, at) => totalOf(column, byColumn[at] ?? [], at === 0)) : null,
  };
}

function roundedCells(cells: readonly ReportCell[], decimals: number): readonly ReportCell[] {
  const rounded = roundedParts(cells.filter(isNumber), decimals);
  let next = 0;
  return cells.map((cell) => (isNumber(cell) ? (rounded[next++] ?? null) : cell));
}

function totalOf({ isSum, decimals }: SummedColumn, cells: readonly ReportCell[], isFirst: boolean): ReportCell {
  if (!isSum) return isFirst ? msg`all` : BLANK;
  const numbers = cells.filter(isNumber);
  return numbers.length === 0 ? null : shown(numbersSum(numbers), decimals);
}

/** Returns the sum of numbers; 0 for none. */
export function numbersSum(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}

function isNumber(cell: ReportCell): cell is number {
  return typeof cell === 'number';
}
