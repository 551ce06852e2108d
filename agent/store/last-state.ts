import { join } from 'node:path';
import type { StoredState } from '../core/views.ts';
import type { AgentEvent } from '../core/words.ts';
import { STATE, TELEMETRY } from './schema.ts';
import { openReadOnly, type Sqlite, toStoreError } from './sqlite.ts';

/** Source: assumed; what fits a screen. */
const MAX_EVENTS = 10;

/** Reads the last state from the files of a store while no agent runs. Errors: none; what cannot be read is in `problems`. */
export function readStoredState(dir: string): StoredState {
  const problems: string[] = [];
  const read = <T>(fileName: string, usual: T, work: (db: Sqlite) => T): T => {
    const path = join(dir, fileName);
    let db: Sqlite | null = null;
    try {
      db = openReadOnly(path);
      return work(db);
    } catch (error) {
      problems.push(toStoreError(error, path).message);
      return usual;
    } finally {
      db?.close();
    }
  };
  return {
    dir,
    lastReadingMs: read(TELEMETRY.fileName, null, lastReadingMs),
    events: read(STATE.fileName, [], lastEvents),
    problems,
  };
}

function lastReadingMs(db: Sqlite): number | null {
  const frame = db.prepare<[], number>('SELECT wall_ms FROM frame ORDER BY seq DESC LIMIT 1').pluck().get();
  return frame ?? db.prepare<[], number | null>('SELECT max(t1_ms) FROM segment').pluck().get() ?? null;
}

/** Events without an end, and the newest others; oldest first. */
function lastEvents(db: Sqlite): readonly AgentEvent[] {
  return db
    .prepare<[number], AgentEvent>(
      'SELECT id, code, source, severity, text, start_ms AS startMs, end_ms AS endMs FROM event ORDER BY end_ms IS NULL DESC, n DESC LIMIT ?',
    )
    .all(MAX_EVENTS)
    .sort((a, b) => a.startMs - b.startMs);
}
