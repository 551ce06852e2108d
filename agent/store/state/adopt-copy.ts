/**
 * Takes a copy of `state.db` into use: the nightly one, one from a backup, or one that a person put there.
 *
 * A copy says in `meta` when it was made (`copied_ms`); the file in use never does. So it is recognised however it came there, and adopted
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
/** Who restored it. */
const BY = 'copied_by';
/** Written by releases that left `copied_ms` in the file in use. */
const FORMER = 'restored_ms';

/** The tables of the open file, as far as an adoption needs them. */
export interface StateTables {
  readonly db: Sqlite;
  /** Null where there is no sound fact. */
  readonly factOf: (key: string) => string | null;
  /** `json` null removes the fact. */
  readonly putFact: (key: string, json: string | null) => void;
  readonly addAudits: (notes: readonly TimedNote[]) => void;
}

/** When this copy was made; null for the file in use. Errors: throws what SQLite throws. */
function copiedMsOf(db: Sqlite): WallMs | null {
  const [copiedMs, formerMs] = [getMeta(db, COPIED), getMeta(db, FORMER)];
  const isFormer = typeof formerMs === 'number' && typeof copiedMs === 'number' && formerMs >= copiedMs;
  return typeof copiedMs === 'number' && !isFormer ? copiedMs : null;
}

/** Marks a copy. A copy of a copy that was never in use is as old as the first. Errors: throws what SQLite throws. */
export function markCopy(db: Sqlite, atMs: WallMs): void {
  if (copiedMsOf(db) !== null) return;
  db.prepare('DELETE FROM meta WHERE key IN (?, ?)').run(FORMER, BY);
  setMeta(db, COPIED, Math.round(atMs));
}

/** Says in a copy who restores it. Errors: throws what SQLite throws. */
export function signCopy(db: Sqlite, by: string): void {
  setMeta(db, BY, by);
}

/** Adopts the open file where it is a copy. Returns what to report; null where it is none. Errors: throws what SQLite throws. */
export function adoptCopy(tables: StateTables, rules: readonly CopyRule[], atMs: WallMs): Notice | null {
  const { db } = tables;
  const copiedMs = copiedMsOf(db);
  if (copiedMs === null) return null;
  const adopted: CopiedState = { copiedMs, adoptedMs: Math.round(atMs) };
  const transaction = db.transaction(() => {
    for (const rule of rules) applyRule(tables, rule, copyAgeMs(adopted));
    tables.putFact(COPIED_STATE_KEY, JSON.stringify(adopted));
    // A restore sets the readings of the gateway aside: an absent file is then no loss.
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
