import { join } from 'node:path';
import type { Message } from '../core/message.ts';
import type { StoredState } from '../core/views.ts';
import type { AgentEvent } from '../core/words.ts';
import { STATE, TELEMETRY } from './schema.ts';
import { openReadOnly, type Sqlite, toStoreError } from './sqlite.ts';
import { type EventRow, toEvent } from './state/event-row.ts';

/** Source: assumed; what fits on a screen. Confirmed by: a technician who reads the list on a terminal of 80 columns. */
const MAX_EVENTS = 10;

/**
 * Reads the last state from the files of a store, without the agent: the uncorrected time of the last frame, null if unknown, and at
 * most 10 events. Open events are chosen first, then the newest others; the oldest comes first. Errors: none; `problems` lists what
 * cannot be read.
 */
export function readStoredState(dir: string): StoredState {
  const problems: Message[] = [];
  const read = <T>(fileName: string, usual: T, work: (db: Sqlite) => T): T => {
    const path = join(dir, fileName);
    let db: Sqlite | null = null;
    try {
      db = openReadOnly(path);
      return work(db);
    } catch (error) {
      problems.push(toStoreError(error, path).said);
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

/** Events without an end, and the newest others; oldest first. Reads all columns, because a file of an earlier release has no templates. */
function lastEvents(db: Sqlite): readonly AgentEvent[] {
  return db
    .prepare<[number], EventRow>('SELECT *, start_ms AS startMs, end_ms AS endMs FROM event ORDER BY end_ms IS NULL DESC, n DESC LIMIT ?')
    .all(MAX_EVENTS)
    .map(toEvent)
    .sort((a, b) => a.startMs - b.startMs);
}
