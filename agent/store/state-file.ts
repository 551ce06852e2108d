/**
 * `state.db`: small durable facts, events and outcomes of commands.
 *
 * Owns the rows of `kv`, `event` and `outcome` and how many are kept. Called by the database, on the storage thread.
 */
import type { WallMs } from '../core/clock.ts';
import type { AgentEvent, Outcome } from '../core/words.ts';
import type { Notice, Setup, StateWork } from './messages.ts';
import { PAGE_BYTES, STATE } from './schema.ts';
import type { Sqlite } from './sqlite.ts';
import { createStoreFile, setMeta } from './store-file.ts';

export interface StateFile {
  /** Errors: these throw StoreError. */
  commit(work: StateWork, atMs: WallMs): null;
  load(key: string, atMs: WallMs): string | null;
  /** The newest `limit` that began or ended at or after `sinceMs`, or still last; oldest first. */
  events(query: { readonly sinceMs: WallMs; readonly limit: number }, atMs: WallMs): readonly AgentEvent[];
  close(): void;
}

/** Rows kept, oldest go first. Source: years of a cabinet's events; 4 MB at most. */
const KEEP = { events: 10_000, outcomes: 2_000 };
/** The hard stop of the file. Units: pages. Source: assumed; ten times what `KEEP` can fill. */
const MAX_PAGES = (64 * 2 ** 20) / PAGE_BYTES;
/** Longest answer to one question. Units: events. */
const MAX_ANSWER = 2_000;

/** The file on its folder; opened at first use. */
export function createStateFile(setup: Setup, onNotice: (notice: Notice) => void): StateFile {
  const file = createStoreFile({ dir: setup.dir, schema: STATE, maxPages: MAX_PAGES, begin: () => [], attach, onNotice });
  return {
    commit: (work, atMs) => {
      const idle = work.events.length === 0 && work.outcomes.length === 0 && work.saves.length === 0 && !work.probe;
      if (idle) return file.read(atMs, () => null);
      return file.write(atMs, (handle) => writeDown(handle, work, atMs));
    },
    load: (key, atMs) => file.read(atMs, ({ value }) => value.get(key) ?? null),
    events: ({ sinceMs, limit }, atMs) =>
      file.read(atMs, ({ events }) => events.all(sinceMs, sinceMs, Math.max(0, Math.min(limit, MAX_ANSWER))).reverse()),
    close: file.close,
  };
}

type Handle = ReturnType<typeof attach>;

function attach(db: Sqlite) {
  return {
    db,
    value: db.prepare<[string], string>('SELECT value FROM kv WHERE key = ?').pluck(),
    save: db.prepare(
      'INSERT INTO kv(key, value, at_ms) VALUES(?, ?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value, at_ms = excluded.at_ms',
    ),
    remove: db.prepare('DELETE FROM kv WHERE key = ?'),
    addEvent: db.prepare(
      `INSERT INTO event(id, code, source, severity, text, start_ms, end_ms) VALUES(@id, @code, @source, @severity, @text, @startMs, @endMs)
       ON CONFLICT(id) DO UPDATE SET severity = excluded.severity, text = excluded.text, end_ms = coalesce(excluded.end_ms, end_ms)`,
    ),
    addOutcome: db.prepare(
      `INSERT INTO outcome(command_id, state, at_ms, detail) VALUES(?, ?, ?, ?)
       ON CONFLICT(command_id, state) DO UPDATE SET at_ms = excluded.at_ms, detail = excluded.detail`,
    ),
    trimEvents: db.prepare('DELETE FROM event WHERE n <= (SELECT max(n) FROM event) - ?'),
    trimOutcomes: db.prepare('DELETE FROM outcome WHERE n <= (SELECT max(n) FROM outcome) - ?'),
    events: db.prepare<[number, number, number], AgentEvent>(
      `SELECT id, code, source, severity, text, start_ms AS startMs, end_ms AS endMs FROM event
       WHERE start_ms >= ? OR end_ms IS NULL OR end_ms >= ? ORDER BY n DESC LIMIT ?`,
    ),
  };
}

function writeDown(handle: Handle, work: StateWork, atMs: WallMs): null {
  const writtenMs = Math.round(atMs);
  for (const { key, json } of work.saves) {
    if (json === null) handle.remove.run(key);
    else handle.save.run(key, json, writtenMs);
  }
  for (const event of work.events) handle.addEvent.run(toEventRow(event));
  for (const outcome of work.outcomes) handle.addOutcome.run(...toOutcomeRow(outcome));
  if (work.events.length > 0) handle.trimEvents.run(KEEP.events);
  if (work.outcomes.length > 0) handle.trimOutcomes.run(KEEP.outcomes);
  if (work.probe) setMeta(handle.db, 'probed_ms', writtenMs);
  return null;
}

function toEventRow(event: AgentEvent): AgentEvent {
  return { ...event, startMs: wholeMs(event.startMs), endMs: event.endMs === null ? null : wholeMs(event.endMs) };
}

function toOutcomeRow(outcome: Outcome): [string, string, number, string] {
  return [outcome.commandId, outcome.state, wholeMs(outcome.atMs), JSON.stringify(outcome)];
}

/** A time that is none must not keep a whole commit from the disk. */
function wholeMs(ms: number): number {
  return Number.isFinite(ms) ? Math.round(ms) : 0;
}
