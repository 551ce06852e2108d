/**
 * The checksum of each row of `state.db`, and the SQL that computes it.
 */
import { crc32 } from 'node:zlib';
import type { Sqlite } from '../sqlite.ts';

/** The tables whose rows have a checksum. */
export const STATE_TABLES = ['kv', 'event', 'outcome'] as const;
export type StateTable = (typeof STATE_TABLES)[number];

/** The columns of the checksum; the numbers of rows only order them. */
const COVERED: Readonly<Record<StateTable, string>> = {
  kv: 'key, value, at_ms',
  event: 'id, code, source, severity, text, start_ms, end_ms',
  outcome: 'command_id, state, at_ms, detail',
};
/** Columns that hold JSON, by which a row without a checksum can be judged a little. */
const JSON_COLUMN: Readonly<Record<StateTable, string | null>> = { kv: 'value', event: null, outcome: 'detail' };

/** Teaches a connection the function that `rowCrc` and `isSound` call. Errors: throws what SQLite throws. */
export function addRowCrc(db: Sqlite): void {
  const options = { varargs: true, deterministic: true, directOnly: true };
  db.function('row_crc', options, (...values: unknown[]) => crc32(JSON.stringify(values)));
}

/** The checksum of a row as SQL. */
export function stateRowCrcSql(table: StateTable): string {
  return `row_crc(${COVERED[table]})`;
}

/** Whether a row is as it was written, as SQL. Shape: 1 or 0; a row of version 1 has no checksum and counts as sound where it can be. */
export function isSound(table: StateTable): string {
  const column = JSON_COLUMN[table];
  return `(CASE WHEN crc IS NULL THEN ${column === null ? '1' : `json_valid(${column})`} ELSE crc = ${stateRowCrcSql(table)} END)`;
}
