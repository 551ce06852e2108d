/**
 * Adopts a copy of `state.db`: the nightly copy, one from a backup, or one that a person placed in the folder.
 *
 * A copy has its time in `meta` (`copied_ms`); the file in use never has. So a copy is recognised whatever its origin, and adopted
 * once, in one transaction, before its first fact is read.
 */

import type { WallMs } from '../../core/clock.ts';
import { afterCopy, COPIED_STATE_KEY, type CopiedState, type CopyRule, copyAgeMs } from '../../core/copied-state.ts';
import { HOUR_MS } from '../../core/durations.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Notice } from '../messages.ts';
import { STATE } from '../schema.ts';
import { getMeta, type Sqlite, setMeta } from '../sqlite.ts';
import { COPIED as COPIED_ACTION } from './audit-chain.ts';
import type { TimedNote } from './audit-table.ts';
import { NO_READINGS_EXPECTED, UNDELIVERED_KEY } from './undelivered-note.ts';

const COPIED = 'copied_ms';
/** The key for the person who restored it. */
const BY = 'copied_by';
/** Written by releases that left `copied_ms` in the file in use. */
const FORMER = 'restored_ms';

/**
 * What an adoption uses of the open `state.db`: its facts by key, each as JSON text, and its audit log. The functions write within the
 * transaction of their caller. Errors: they throw SQLite errors.
 */
export interface StateTables {
  readonly db: Sqlite;
  /** Null if the fact is missing or damaged. */
  readonly factOf: (key: string) => string | null;
  /** `json` null removes the fact. */
  readonly putFact: (key: string, json: string | null) => void;
  readonly addAudits: (notes: readonly TimedNote[]) => void;
}

/** The time of this copy; null for the file in use. Errors: throws SQLite errors. */
function copiedMsOf(db: Sqlite): WallMs | null {
  const [copiedMs, formerMs] = [getMeta(db, COPIED), getMeta(db, FORMER)];
  const isFormer = typeof formerMs === 'number' && typeof copiedMs === 'number' && formerMs >= copiedMs;
  return typeof copiedMs === 'number' && !isFormer ? copiedMs : null;
}

/**
 * Marks a file as a copy made at `atMs`, and removes the name of an earlier restorer. A copy that is already marked stays as it is.
 * Errors: throws SQLite errors.
 */
export function markCopy(db: Sqlite, atMs: WallMs): void {
  if (copiedMsOf(db) !== null) return;
  db.prepare('DELETE FROM meta WHERE key IN (?, ?)').run(FORMER, BY);
  setMeta(db, COPIED, Math.round(atMs));
}

/**
 * Records in a copy who restores it, for the audit log. After the adoption of such a copy, a missing telemetry file is not a loss. Errors:
 * throws SQLite errors.
 */
export function signCopy(db: Sqlite, by: string): void {
  setMeta(db, BY, by);
}

/**
 * Adopts the open file if it is a copy: applies `rules` to its facts, records the adoption, and removes the mark of a copy. Returns the
 * notice to report; null if the file is not a copy. Errors: throws SQLite errors.
 */
export function adoptCopy(tables: StateTables, rules: readonly CopyRule[], atMs: WallMs): Notice | null {
  const { db } = tables;
  const copiedMs = copiedMsOf(db);
  if (copiedMs === null) return null;
  const adopted: CopiedState = { copiedMs, adoptedMs: Math.round(atMs) };
  const transaction = db.transaction(() => {
    for (const rule of rules) applyRule(tables, rule, copyAgeMs(adopted));
    tables.putFact(COPIED_STATE_KEY, JSON.stringify(adopted));
    // A restore sets the readings of the gateway aside, so a missing telemetry file is not a loss.
    if (getMeta(db, BY) !== undefined) tables.putFact(UNDELIVERED_KEY, JSON.stringify(NO_READINGS_EXPECTED));
    tables.addAudits([noteOfCopy(db, adopted)]);
    db.prepare('DELETE FROM meta WHERE key IN (?, ?, ?)').run(COPIED, FORMER, BY);
  });
  transaction.immediate();
  return { kind: 'copied', file: STATE.fileName, message: textOf(adopted) };
}

function applyRule({ factOf, putFact }: StateTables, rule: CopyRule, ageMs: number): void {
  const json = factOf(rule.key);
  if (json === null) return;
  const next = afterCopy(rule, JSON.parse(json), ageMs);
  putFact(rule.key, next === undefined ? null : JSON.stringify(next));
}

function noteOfCopy(db: Sqlite, { copiedMs, adoptedMs }: CopiedState): TimedNote {
  const by = getMeta(db, BY);
  const detail = `of ${new Date(copiedMs).toISOString()}${typeof by === 'string' ? `, restored by ${by}` : ''}`;
  return { user: '', role: '', door: 'self', action: COPIED_ACTION, detail, result: 'ok', atMs: adoptedMs };
}

function textOf(adopted: CopiedState): Message {
  const ageH = (copyAgeMs(adopted) / HOUR_MS).toFixed(1);
  return msg`${STATE.fileName} is a copy of ${new Date(adopted.copiedMs).toISOString()}, ${ageH} h old: what happened since is not in it; see docs/backup.md`;
}
