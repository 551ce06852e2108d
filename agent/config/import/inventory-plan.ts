import { msg } from '../../core/message.ts';
import { didYouMean, nearest } from '../../core/suggestions.ts';
import { shownCell } from './csv-table.ts';
import { changedFields, type ImportChange, type ImportFields, type ImportPlan, type ImportTarget } from './import-plan.ts';
import type { CsvTable, ImportFlaw, TableRow } from './table-format.ts';

type InventoryRow = TableRow<string>;

/** Most flaws with a suggestion: each compares its name with all names of the cabinet. Source: assumed; more are not read. Confirmed by: a city's file that was imported with wrong names. */
const MAX_HINTS = 50;

/**
 * Plans the changes that bring the lamps of a cabinet to an inventory. It adds no lamp, and removes no value: an empty cell changes
 * nothing. Errors: none; mistakes, such as an unknown lamp, a lamp in two rows or only rows of other cabinets, are flaws. The flaws of
 * `table` itself are not among them.
 */
export function planInventory(table: CsvTable<string>, { id: cabinetId, lamps }: ImportTarget): ImportPlan {
  const flaws: ImportFlaw[] = [];
  const report = (line: number, message: ImportFlaw['message']): void => {
    flaws.push({ line, column: table.heading('lamp'), message });
  };
  const ids = lamps.map((lamp) => String(lamp['id']));
  const places = new Map(ids.map((id, index) => [id, index]));
  const lines = new Map<string, number>();
  const changes = table.rows.flatMap((row) => {
    const id = lampOf(row);
    const before = id === undefined ? undefined : lines.get(id);
    const index = id === undefined ? undefined : places.get(id);
    if (id === undefined) report(row.line, msg`names no light point`);
    else if (before !== undefined) report(row.line, msg`${id} is in line ${before} too: each light point has one line`);
    else if (index === undefined)
      report(row.line, msg`no lamp "${shownCell(id)}" in cabinet ${cabinetId}${flaws.length < MAX_HINTS ? didYouMean(id, ids) : ''}`);
    if (id !== undefined && before === undefined) lines.set(id, row.line);
    return id === undefined || before !== undefined || index === undefined ? [] : changeOf(row, id, index, lamps[index] ?? {});
  });
  // A table whose columns are wrong has no rows either.
  if (table.rows.length === 0 && table.flaws.length === 0 && table.skipped.size > 0) flaws.push(otherCabinets(table, cabinetId));
  return { changes, flaws };
}

/** An id such as 0012 is a text in the table and in the cabinet. */
function lampOf({ values }: InventoryRow): string | undefined {
  return values['lamp'] === undefined ? undefined : String(values['lamp']);
}

function changeOf({ line, values }: InventoryRow, id: string, index: number, before: ImportFields): ImportChange[] {
  const { lamp: _lamp, cabinet: _cabinet, ...fields } = values;
  const changed = changedFields(before, fields as ImportFields);
  return changed === null ? [] : [{ kind: 'set', thing: 'lamp', id, row: line, index, before, fields: changed }];
}

function otherCabinets({ skipped, heading }: CsvTable<string>, cabinetId: string): ImportFlaw {
  const names = [...skipped.keys()];
  const hint = nearest(cabinetId, names) === undefined ? '' : didYouMean(cabinetId, names);
  return { line: 1, column: heading('cabinet'), message: msg`no row belongs to cabinet ${cabinetId}${hint}` };
}
