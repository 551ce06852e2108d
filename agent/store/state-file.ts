import { crc32 } from 'node:zlib';
import type { AuditPage, AuditQuery, AuditRows } from '../core/audit-tools.ts';
import type { WallMs } from '../core/clock.ts';
import { type Message, msg } from '../core/message.ts';
import { withTexts } from '../core/message-wire.ts';
import type { BackupReport, EventQuery } from '../core/ports.ts';
import { KEPT_EVENTS } from '../core/store-port.ts';
import type { AgentEvent, Outcome } from '../core/words.ts';
import { earlierStateTraces } from './earlier-life.ts';
import { type Replaced, StoreFile } from './files/store-file.ts';
import type { Notice, Setup, StateWork } from './messages.ts';
import { PAGE_BYTES, STATE } from './schema.ts';
import { type Sqlite, setMeta } from './sqlite.ts';
import { adoptCopy, type StateTables } from './state/adopt-copy.ts';
import { REPLACED } from './state/audit-chain.ts';
import { createAuditTable } from './state/audit-table.ts';
import { type EventRow, toEvent, toEventRow, wholeMs } from './state/event-row.ts';
import { boundOf, dropOlder, hasOlder } from './state/people.ts';
import { createStateBackup } from './state/state-backup.ts';
import { readUndeliveredNote, UNDELIVERED_KEY, type UndeliveredNote } from './state/undelivered-note.ts';

/** Rows kept; the oldest are removed first. Source: years of a cabinet's commands; at most 1 MB. */
const KEPT_OUTCOMES = 2_000;
/** The hard stop of the file. Units: pages. Source: assumed; ten times what the events and outcomes can fill. Confirmed by: the size of `state.db` on cabinets after a year. */
const MAX_PAGES = (64 * 2 ** 20) / PAGE_BYTES;
/** Longest answer to one request. Units: events. */
const MAX_ANSWER = 2_000;
/** Longest answer to one request. Units: facts. Source: assumed; three times the facts under any prefix. Confirmed by: the number of facts in `state.db` of the largest cabinet. */
const MAX_FACTS = 4_096;
/** Sorts after every other character. Source: Unicode, its last code point. */
const LAST_CHARACTER = '\u{10ffff}';
/** The tables whose rows have a checksum. */
const STATE_TABLES = ['kv', 'event', 'outcome'] as const;
type StateTable = (typeof STATE_TABLES)[number];
/** The columns that the checksum covers; row numbers are only for ordering. */
const COVERED: Readonly<Record<StateTable, string>> = {
  kv: 'key, value, at_ms',
  event: 'id, code, source, severity, text, start_ms, end_ms',
  outcome: 'command_id, state, at_ms, detail',
};
/** Columns that contain JSON: their syntax is the only check for a row without a checksum. */
const JSON_COLUMN: Readonly<Record<StateTable, string | null>> = { kv: 'value', event: null, outcome: 'detail' };
/** The name of a row of each table, for messages. */
const NAMES: Readonly<Record<StateTable, string>> = { kv: 'key', event: 'id', outcome: 'command_id' };

/**
 * `state.db`: small durable facts, events, outcomes of commands and the audit log. Opened at its first use. In every method, `atMs` is
 * the wall time now. Errors: methods that use the file throw StoreError.
 */
export class StateFile {
  readonly #onNotice: (notice: Notice) => void;
  readonly #backup: ReturnType<typeof createStateBackup>;
  readonly #file: StoreFile<Handle>;

  constructor(setup: Pick<Setup, 'dir' | 'copyRules'> & Partial<Setup>, onNotice: (notice: Notice) => void) {
    const { dir, copyRules } = setup;
    const rowProblems = (db: Sqlite): readonly Message[] => attach(db).damaged.all().map(toDamageText);
    this.#onNotice = onNotice;
    this.#backup = createStateBackup({ dir, schema: STATE, maxPages: MAX_PAGES, rowProblems });
    const { restore } = this.#backup;
    const opened = (db: Sqlite, atMs: WallMs): Handle => {
      const handle = attach(db);
      const notice = copyRules === undefined ? null : adoptCopy(tablesOf(handle, atMs), copyRules, atMs);
      if (notice !== null) onNotice(notice);
      return handle;
    };
    const beginFile = (db: Sqlite, atMs: WallMs, { why }: Replaced): readonly Notice[] => begin(db, atMs, { why, setup });
    this.#file = new StoreFile({ dir, schema: STATE, maxPages: MAX_PAGES, begin: beginFile, attach: opened, onNotice, restore });
  }

  /** Writes all of the work in one transaction. Without work and `probe`, only opens the file. */
  commit(work: StateWork, atMs: WallMs): null {
    const parts = [work.events, work.outcomes, work.saves, work.audits];
    if (parts.every(({ length }) => length === 0) && !work.probe) return this.#file.read(atMs, () => null);
    return this.#file.write(atMs, (handle) => writeDown(handle, work, atMs));
  }

  /** Null if the fact is missing or its bytes are damaged; damage is reported as a notice. */
  load(key: string, atMs: WallMs): string | null {
    const row = this.#file.read(atMs, ({ value }) => value.get(key));
    if (row === undefined) return null;
    if (row.sound === 1) return row.value;
    this.#report(toDamageText({ kind: 'kv', name: key }));
    return null;
  }

  /** The undamaged facts whose key starts with `prefix`, in the order of their keys; limited in number. */
  loadAll(prefix: string, atMs: WallMs): readonly { readonly key: string; readonly json: string }[] {
    return this.#file.read(atMs, ({ values }) => values.all(prefix, `${prefix}${LAST_CHARACTER}`, MAX_FACTS));
  }

  /** The recorded number of undelivered readings in `telemetry.db`; null if there is none. */
  undelivered(atMs: WallMs): UndeliveredNote | null {
    return readUndeliveredNote(this.load(UNDELIVERED_KEY, atMs));
  }

  /** Replaces the recorded number of undelivered readings. */
  noteUndelivered(note: UndeliveredNote, atMs: WallMs): void {
    this.#file.write(atMs, (handle) => putFact(handle, UNDELIVERED_KEY, JSON.stringify(note), Math.round(atMs)));
  }

  /**
   * The newest events that began or ended at or after `sinceMs`, or have not ended: at most `limit`, and at most 2,000, without the `skip`
   * newest. They are in the order in which they were first stored, the newest last. Damaged ones are left out.
   */
  events({ sinceMs, limit, skip = 0 }: EventQuery, atMs: WallMs): readonly AgentEvent[] {
    return this.#file.read(atMs, ({ events }) =>
      events
        .all(sinceMs, sinceMs, Math.max(0, Math.min(limit, MAX_ANSWER)), skip)
        .map(toEvent)
        .reverse(),
    );
  }

  /** The newest entries of the audit log since a time, at most 2,000, oldest first; with a verdict on the whole log if requested. */
  audit(query: AuditQuery, atMs: WallMs): AuditPage {
    return this.#file.read(atMs, ({ audit }) => audit.read(query));
  }

  /** At most 100 entries of the audit log after number `n`, and the newest entry of the log as `head`. */
  auditAfter(n: number, atMs: WallMs): AuditRows {
    return this.#file.read(atMs, ({ audit }) => audit.after(n));
  }

  /**
   * Reads the whole file; a file with damaged pages is replaced if possible, and damaged facts, events and outcomes are removed. Does not
   * verify the audit log. Shape: the problems, empty if there are none.
   */
  check(atMs: WallMs): readonly Message[] {
    return [...this.#file.check(atMs), ...this.#removeDamaged(atMs)];
  }

  /**
   * As `check`, but reports damage as notices; then makes a verified copy next to the file. The previous copy is kept too, unless it is
   * damaged.
   */
  backup(atMs: WallMs): BackupReport {
    // Damage is removed first: otherwise the copy would be damaged too.
    this.#file.check(atMs);
    for (const problem of this.#removeDamaged(atMs)) this.#report(problem);
    return this.#file.read(atMs, ({ db }) => this.#backup.make(db, atMs));
  }

  /**
   * Removes old ended events, outcomes and audit entries once one is older than `keepDays`, which must be more than 30. Those up to 30 days
   * younger may go with it. Returns how many.
   */
  forgetPeople(keepDays: number, atMs: WallMs): number {
    const bound = boundOf(keepDays, atMs);
    const isDue = this.#file.read(atMs, ({ db, audit }) => hasOlder(db, bound) || audit.isOlder(bound));
    return isDue ? this.#file.write(atMs, ({ db, audit }) => dropOlder(db, bound) + audit.dropOlder(bound, atMs)) : 0;
  }

  /** Marks a clean end and closes the file; the next use opens it again. */
  close(): void {
    this.#file.close();
  }

  #report(problem: Message): void {
    this.#onNotice({ kind: 'set-aside', file: STATE.fileName, message: msg`${this.#file.path}: ${problem}` });
  }

  #removeDamaged(atMs: WallMs): readonly Message[] {
    const damaged = this.#file.read(atMs, ({ damaged }) => damaged.all());
    if (damaged.length === 0) return [];
    // Selected by their damage, not by key: a key with flipped bytes may be one that a query cannot name.
    this.#file.write(atMs, ({ db }) => {
      for (const table of STATE_TABLES) db.exec(`DELETE FROM ${table} WHERE NOT ${isSound(table)}`);
    });
    return damaged.map(toDamageText);
  }
}

/** Writes the first entry of the audit log, which records why a new file was started. A missing file without traces of earlier runs gets no entry. */
function begin(
  db: Sqlite,
  atMs: WallMs,
  {
    why,
    setup: { dir, boot = '', traces: known = [] },
  }: { readonly why: Message | null; readonly setup: Partial<Setup> & Pick<Setup, 'dir'> },
): readonly Notice[] {
  const noteLoss = (detail: Message): void =>
    createAuditTable(db).append([{ user: '', role: '', door: 'self', action: REPLACED, detail: String(detail), result: 'problem', atMs }]);
  if (why !== null) {
    noteLoss(why);
    return [];
  }
  const traces = earlierStateTraces({ dir, boot, traces: known });
  if (traces.length === 0) return [];
  const found = msg`${STATE.fileName} was missing at a start, but there are traces of earlier runs (${traces})`;
  noteLoss(found);
  return [{ kind: 'set-aside', file: STATE.fileName, message: msg`${found}; the agent began a new file` }];
}

type Handle = ReturnType<typeof attach>;

interface DamagedRow {
  readonly kind: StateTable;
  readonly name: string;
}

function attach(db: Sqlite) {
  addRowCrc(db);
  return {
    db,
    audit: createAuditTable(db),
    value: db.prepare<[string], { value: string; sound: number }>(`SELECT value, ${isSound('kv')} AS sound FROM kv WHERE key = ?`),
    save: db.prepare(
      `INSERT INTO kv(key, value, at_ms) VALUES(?, ?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value, at_ms = excluded.at_ms`,
    ),
    values: db.prepare<[string, string, number], { key: string; json: string }>(
      `SELECT key, value AS json FROM kv WHERE key >= ? AND key < ? AND ${isSound('kv')} ORDER BY key LIMIT ?`,
    ),
    sealFact: db.prepare(`UPDATE kv SET crc = ${stateRowCrcSql('kv')} WHERE key = ?`),
    remove: db.prepare('DELETE FROM kv WHERE key = ?'),
    addEvent: db.prepare(
      `INSERT INTO event(id, code, source, severity, text, template, details, start_ms, end_ms)
       VALUES(@id, @code, @source, @severity, @text, @template, @details, @startMs, @endMs)
       ON CONFLICT(id) DO UPDATE SET code = excluded.code, source = excluded.source, start_ms = excluded.start_ms,
         severity = excluded.severity, text = excluded.text, template = excluded.template,
         details = coalesce(excluded.details, details),
         end_ms = coalesce(excluded.end_ms, end_ms)`,
    ),
    sealEvent: db.prepare(`UPDATE event SET crc = ${stateRowCrcSql('event')}, details_crc = row_crc(details) WHERE id = ?`),
    addOutcome: db.prepare(
      `INSERT INTO outcome(command_id, state, at_ms, detail) VALUES(?, ?, ?, ?)
       ON CONFLICT(command_id, state) DO UPDATE SET at_ms = excluded.at_ms, detail = excluded.detail`,
    ),
    sealOutcome: db.prepare(`UPDATE outcome SET crc = ${stateRowCrcSql('outcome')} WHERE command_id = ? AND state = ?`),
    // Counted: each later write of a row uses up a number too.
    trimEvents: db.prepare('DELETE FROM event WHERE n <= (SELECT n FROM event ORDER BY n DESC LIMIT 1 OFFSET ?)'),
    trimOutcomes: db.prepare('DELETE FROM outcome WHERE n <= (SELECT n FROM outcome ORDER BY n DESC LIMIT 1 OFFSET ?)'),
    events: db.prepare<[number, number, number, number], EventRow>(
      `SELECT id, code, source, severity, text, template, CASE WHEN details_crc = row_crc(details) THEN details END AS details,
         start_ms AS startMs, end_ms AS endMs FROM event
       WHERE (start_ms >= ? OR end_ms IS NULL OR end_ms >= ?) AND ${isSound('event')} ORDER BY n DESC LIMIT ? OFFSET ?`,
    ),
    damaged: db.prepare<[], DamagedRow>(
      `SELECT 'kv' AS kind, key AS name FROM kv WHERE NOT ${isSound('kv')}
       UNION ALL SELECT 'event', id FROM event WHERE NOT ${isSound('event')}
       UNION ALL SELECT 'outcome', command_id FROM outcome WHERE NOT ${isSound('outcome')}`,
    ),
  };
}

function toDamageText({ kind, name }: Pick<DamagedRow, 'kind' | 'name'>): Message {
  return msg`${kind} ${NAMES[kind]} ${JSON.stringify(name)}: its bytes were damaged, so it is ignored; check the storage card`;
}

function writeDown(handle: Handle, work: StateWork, atMs: WallMs): null {
  const writtenMs = Math.round(atMs);
  for (const { key, json } of work.saves) putFact(handle, key, json, writtenMs);
  for (const event of work.events) {
    handle.addEvent.run(toEventRow(event));
    handle.sealEvent.run(event.id);
  }
  for (const outcome of work.outcomes) {
    handle.addOutcome.run(...toOutcomeRow(outcome));
    handle.sealOutcome.run(outcome.commandId, outcome.state);
  }
  if (work.events.length > 0) handle.trimEvents.run(KEPT_EVENTS);
  if (work.outcomes.length > 0) handle.trimOutcomes.run(KEPT_OUTCOMES);
  if (work.audits.length > 0) handle.audit.append(work.audits);
  if (work.probe) setMeta(handle.db, 'probed_ms', writtenMs);
  return null;
}

function putFact({ remove, save, sealFact }: Handle, key: string, json: string | null, writtenMs: WallMs): void {
  if (json === null) remove.run(key);
  else {
    save.run(key, json, writtenMs);
    sealFact.run(key);
  }
}

function tablesOf(handle: Handle, atMs: WallMs): StateTables {
  return {
    db: handle.db,
    factOf: (key) => {
      const row = handle.value.get(key);
      return row?.sound === 1 ? row.value : null;
    },
    putFact: (key, json) => putFact(handle, key, json, Math.round(atMs)),
    addAudits: (notes) => handle.audit.append(notes),
  };
}

function toOutcomeRow(outcome: Outcome): [string, string, number, string] {
  return [outcome.commandId, outcome.state, wholeMs(outcome.atMs), JSON.stringify(withTexts(outcome))];
}

/** Registers on a connection the function that `rowCrc` and `isSound` call. Errors: throws SQLite errors. */
function addRowCrc(db: Sqlite): void {
  const options = { varargs: true, deterministic: true, directOnly: true };
  db.function('row_crc', options, (...values: unknown[]) => crc32(JSON.stringify(values)));
}

/** The checksum of a row, as SQL. */
function stateRowCrcSql(table: StateTable): string {
  return `row_crc(${COVERED[table]})`;
}

/** Whether a row is unchanged since it was written, as SQL. Shape: 1 or 0; a row of version 1 has no checksum, so only its JSON is checked. */
function isSound(table: StateTable): string {
  const column = JSON_COLUMN[table];
  return `(CASE WHEN crc IS NULL THEN ${column === null ? '1' : `json_valid(${column})`} ELSE crc = ${stateRowCrcSql(table)} END)`;
}
