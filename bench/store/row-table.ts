/**
 * The table that other gateways keep: one row a reading, everything as text, two indexes.
 *
 * Owns its file. Source: measured beside the store's own forms in the reliability study; the shape is that of the SQLite buffers of open gateways
 * (ThingsBoard's: one commit a message and no settings at all).
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { ReadingFrame } from '../../agent/core/ports.ts';
import type { PointId } from '../../agent/core/words.ts';

export interface RowTable {
  readonly file: string;
  /** Adds all readings of these frames in one transaction. */
  add(frames: readonly ReadingFrame[]): void;
  /** Returns the rows of one point, oldest first, from `fromMs` up to but not including `toMs`. */
  read(pointId: PointId, fromMs: number, toMs: number): readonly { atMs: number; value: number | null; quality: string }[];
  /** Units: bytes of the file and of the journal beside it. */
  bytes(): { readonly file: number; readonly journal: number };
  close(): void;
}

/** `tuned`: WAL and `synchronous = FULL`, as in the store; `default`: SQLite's own settings; `unsafe`: only to fill a table that is read later. */
export type RowSettings = 'tuned' | 'default' | 'unsafe';

const PRAGMAS: Readonly<Record<RowSettings, readonly string[]>> = {
  tuned: ['journal_mode = WAL', 'synchronous = FULL'],
  default: [],
  unsafe: ['journal_mode = OFF', 'synchronous = OFF'],
};

export function openRowTable(dir: string, settings: RowSettings): RowTable {
  const file = join(dir, 'rows.db');
  const db = new Database(file);
  for (const pragma of PRAGMAS[settings]) db.pragma(pragma);
  db.exec(`CREATE TABLE reading(id INTEGER PRIMARY KEY, device TEXT, metric TEXT, ts TEXT, value TEXT, synced INTEGER DEFAULT 0);
CREATE INDEX outbox ON reading(synced, ts);
CREATE INDEX history ON reading(device, metric, ts);`);
  const insert = db.prepare('INSERT INTO reading(device, metric, ts, value) VALUES(?, ?, ?, ?)');
  const select = db.prepare<[string, string, string, string], { ts: string; value: string }>(
    'SELECT ts, value FROM reading WHERE device = ? AND metric = ? AND ts >= ? AND ts < ? ORDER BY ts',
  );
  const add = db.transaction((frames: readonly ReadingFrame[]) => {
    for (const { readings } of frames) {
      for (const { pointId, value, quality, atMs } of readings) {
        const [device, metric] = pointId.split('.');
        insert.run(device, metric, new Date(atMs).toISOString(), JSON.stringify({ value, quality }));
      }
    }
  });
  return {
    file,
    add,
    read: (pointId, fromMs, toMs) => {
      const [device = '', metric = ''] = pointId.split('.');
      const rows = select.all(device, metric, new Date(fromMs).toISOString(), new Date(toMs).toISOString());
      return rows.map(({ ts, value }) => ({ atMs: Date.parse(ts), ...(JSON.parse(value) as { value: number | null; quality: string }) }));
    },
    bytes: () => ({ file: statSync(file).size, journal: sizeOf(`${file}-wal`) }),
    close: () => db.close(),
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
