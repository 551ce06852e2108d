import type { PointId } from '../../core/words.ts';
import type { Setup } from '../messages.ts';
import type { Sqlite } from '../sqlite.ts';
import { EXACT, MAX_STORED_DECIMALS } from './cell.ts';

interface Row {
  readonly id: number;
  readonly point: PointId;
  readonly decimals: number;
}

/**
 * Creates the access to the table `series` of an open file, which assigns numbers to points. A point has one number for each setting of its
 * decimals. Create it again after a rollback, which may remove numbers. Errors: throws SQLite errors, and so does `idOf`.
 */
export function createSeriesTable(db: Sqlite, { decimals, counters }: Pick<Setup, 'decimals' | 'counters'>) {
  const insert = db.prepare('INSERT INTO series(point, decimals) VALUES(?, ?)');
  const byId = new Map<number, Row>();
  const current = new Map<string, number>();
  const decimalsFor = (point: string): number => {
    const requested = decimals.get(point) ?? EXACT;
    return Number.isInteger(requested) && requested >= 0 && requested <= MAX_STORED_DECIMALS ? requested : EXACT;
  };
  const know = (row: Row): number => {
    byId.set(row.id, row);
    if (row.decimals === decimalsFor(row.point)) current.set(row.point, row.id);
    return row.id;
  };
  const begin = (point: PointId): number => {
    const own = decimalsFor(point);
    return know({ id: Number(insert.run(point, own).lastInsertRowid), point, decimals: own });
  };
  for (const row of db.prepare<[], Row>('SELECT id, point, decimals FROM series').all()) know(row);
  return {
    /** The id of the point's current series; inserted at first use, within the caller's transaction. */
    idOf: (point: PointId): number => current.get(point) ?? begin(point),
    decimalsOf: (id: number): number | undefined => byId.get(id)?.decimals,
    /** The point of a series; `unknown.unknown` if the id is not known. */
    pointOf: (id: number): PointId => byId.get(id)?.point ?? 'unknown.unknown',
    /** All series of the point. */
    idsOf: (point: PointId): readonly number[] => [...byId.values()].flatMap((row) => (row.point === point ? [row.id] : [])),
    /** Whether the point of a series is a counter. */
    isCounter: (id: number): boolean => counters.has(byId.get(id)?.point ?? ''),
  };
}

/**
 * The numbers that an open file uses for points, in its table `series`; a point has one for each setting of its decimals. Not valid after a
 * rollback; see `createSeriesTable`.
 */
export type SeriesTable = ReturnType<typeof createSeriesTable>;
