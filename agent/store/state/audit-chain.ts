/**
 * The chain of the audit log: each entry's hash covers the hash of the previous entry. Pure.
 *
 * It reveals changes by anyone who does not recompute all later hashes. To detect a complete recomputation, note a head
 * elsewhere: `luciole audit --verify --head` compares it.
 */

import { createHash } from 'node:crypto';
import type { AuditHead, AuditNote, AuditRow, AuditVerdict } from '../../core/audit-tools.ts';
import type { WallMs } from '../../core/clock.ts';
import { CHAIN_START, chainHash, nextInChain } from '../../core/hash-chain.ts';
import { type Message, msg } from '../../core/message.ts';

/** The head of an empty chain: number 0, and a hash of zeros. The first entry of a log follows it. */
export const GENESIS: AuditHead = CHAIN_START;
/**
 * The action of the agent's own entry (door `self`) that is added when the oldest rows of `audit` are removed; its detail: number and hash
 * of the last removed.
 */
export const TRIMMED = 'audit trimmed';
/** The action of the entry for trimmed entries that are kept separately; its detail says how many there are, and their digest. */
export const RESERVED = 'audit reserved';
/** The action of the entry for a log that was found without its head: the file no longer identified its newest entry. */
export const HEADLESS = 'audit head missing';
/** The action of the first entry of a log that replaces a lost one. */
export const REPLACED = 'audit log lost';
/** The action of the entry for a copy of `state.db` that was adopted. */
export const COPIED = 'state is a copy';
const OWN_ACTIONS = [TRIMMED, RESERVED, HEADLESS, REPLACED, COPIED];
/** These entries record that others are missing: they are kept when the rest is trimmed. */
const LASTING = [HEADLESS, REPLACED, COPIED];
/** Longest text of each field. Units: characters. Source: assumed; a command line of 80 columns fits several times. Confirmed by: the longest entries in the audit logs of cabinets. */
const MAX_CHARS = { user: 64, role: 16, action: 64, detail: 400, result: 200 };
/** Most problems in a report. */
const MAX_PROBLEMS = 20;

/**
 * Returns the next entry of the chain. The texts of the note are cut, and their characters of Unicode category C, such as a line end,
 * become `?`.
 */
export function chained(before: AuditHead, note: AuditNote, atMs: WallMs): AuditRow {
  return nextInChain(before, JSON.stringify(bounded(note)), atMs);
}

/** The detail of a `TRIMMED` entry: `through`, then the number and hash of the last removed entry. */
export function trimDetail({ n, hash }: AuditHead): string {
  return `through ${n} ${hash}`;
}

/**
 * The detail of a `RESERVED` entry: how many rows are kept separately, and their digest. `rows` must be these, in the order of their
 * numbers.
 */
export function reservedDetail(rows: readonly AuditRow[]): string {
  const digest = createHash('sha256');
  for (const { n, atMs, body, hash } of rows) digest.update(`${n}\n${atMs}\n${body}\n${hash}\n`);
  return `${rows.length} entries ${digest.digest('hex')}`;
}

/**
 * Returns whether an entry is kept separately when it is removed because the log has too many entries, for example a change by an admin.
 * The number of entries kept so is limited, and they are removed when they are too old. False for a body that is not JSON.
 */
export function isReserved({ body }: AuditRow): boolean {
  const note = noteOf(body);
  if (note === null) return false;
  return (note.role === 'admin' && note.isLook !== true && note.result !== 'denied') || LASTING.some((action) => isOwn(note, action));
}

/** The facts that the rows of the chain are checked against. */
export interface ChainFacts {
  /** The newest entry by the record of the file, `GENESIS` for an empty log. Null if the file does not identify it. */
  readonly head: AuditHead | null;
  /** The head that was noted elsewhere; null for none. */
  readonly known: AuditHead | null;
  /** Trimmed entries that are kept separately, in the order of their numbers. */
  readonly reserved: readonly AuditRow[];
  /** The store has events, so an agent has run with it. */
  readonly isUsed: boolean;
}

/**
 * Verifies the chain from its first entry. `rows`: all entries that are not kept separately, oldest first. The number of problems and
 * remarks in the verdict is limited. `known` can reveal a log whose hashes were all computed again, while its entry is still stored.
 */
export function verifyChain(rows: Iterable<AuditRow>, { head, known, reserved, isUsed }: ChainFacts): AuditVerdict {
  const problems: Message[] = [];
  const remarks = reserved.filter((row) => ownNoteOf(row)?.action === COPIED).map(copied);
  /** Ends of removed parts, as recorded by later entries. */
  const trims = new Map<number, AuditHead>();
  let reservedClaim: string | null = null;
  let first: AuditRow | null = null;
  let before = GENESIS;
  let count = 0;
  let isKnownSeen = false;
  for (const row of rows) {
    if (first !== null) problems.push(...linkProblems(before, row));
    first ??= row;
    const own = ownNoteOf(row);
    const trim = own === null ? null : trimOf(own);
    if (trim !== null) trims.set(trim.n, trim);
    if (own?.action === RESERVED) reservedClaim = own.detail;
    problems.push(...missingBefore(row, own));
    if (own?.action === COPIED) remarks.push(copied(row));
    if (row.n === known?.n) {
      isKnownSeen = true;
      if (row.hash !== known.hash) problems.push(otherHash(row.n));
    }
    before = row;
    count += 1;
  }
  problems.push(
    ...startProblems(first, trims),
    ...endProblems(before, head),
    ...reservedProblems(reserved, { claim: reservedClaim, known }),
  );
  if (head?.n === 0 && count === 0 && isUsed) problems.push(msg`the log is empty, though this store has events of earlier runs`);
  if (known !== null && !isKnownSeen) problems.push(...missingKnown(known, first, before));
  return {
    entries: count,
    firstN: first?.n ?? 0,
    reserved: reserved.length,
    problems: problems.slice(0, MAX_PROBLEMS),
    remarks: remarks.slice(-MAX_PROBLEMS),
  };
}

function linkProblems(before: AuditHead, row: AuditRow): Message[] {
  if (row.n !== before.n + 1) return [missing(before.n + 1, row.n - 1)];
  return row.hash === chainHash(before.hash, row) ? [] : [msg`entry ${row.n} was changed, or does not follow entry ${before.n}`];
}

/** A chain that does not start at 1 must have an entry about the removed part. */
function startProblems(first: AuditRow | null, trims: ReadonlyMap<number, AuditHead>): Message[] {
  if (first === null) return [];
  const before = first.n === 1 ? GENESIS : trims.get(first.n - 1);
  return before === undefined ? [msg`${missing(1, first.n - 1)}, and no entry records their removal`] : linkProblems(before, first);
}

function endProblems(last: AuditHead, head: AuditHead | null): Message[] {
  if (head === null) return [msg`the file does not say which entry is its newest`];
  if (last.n < head.n) return [msg`${missing(last.n + 1, head.n)} at the end`];
  return last.n === head.n && last.hash === head.hash ? [] : [msg`the newest entry should be ${head.n}, found ${last.n}`];
}

function reservedProblems(
  rows: readonly AuditRow[],
  { claim, known }: { readonly claim: string | null; readonly known: AuditHead | null },
): Message[] {
  const problems: Message[] = (claim === null ? rows.length === 0 : claim === reservedDetail(rows))
    ? []
    : [msg`the ${rows.length} entries of admins that were kept when older entries were removed have changed`];
  problems.push(...rows.flatMap((row) => missingBefore(row, ownNoteOf(row))));
  const noted = rows.find(({ n }) => n === known?.n);
  return noted === undefined || noted.hash === known?.hash ? problems : [...problems, otherHash(noted.n)];
}

/** What an entry records about missing entries. */
function missingBefore({ n }: AuditRow, own: AuditNote | null): Message[] {
  if (own?.action === HEADLESS) return [msg`entry ${n} says that the head was missing: entries before it may have been removed`];
  return own?.action === REPLACED ? [msg`entry ${n} says that the log before it is lost: ${own.detail}`] : [];
}

function copied({ n }: AuditRow): Message {
  return msg`entry ${n} says that a copy of state.db was taken into use: entries made after that copy are not in it`;
}

function otherHash(n: number): Message {
  return msg`entry ${n} is not the one that was noted: its hash was another`;
}

/** An older head may have been removed with a trimmed part; a newer one was never in this log. */
function missingKnown(known: AuditHead, first: AuditRow | null, last: AuditHead): Message[] {
  if (first !== null && known.n < first.n) return [];
  return [msg`entry ${known.n}, which was noted, is missing: the log ends at ${last.n}`];
}

function missing(from: number, to: number): Message {
  return from === to ? msg`entry ${from} is missing` : msg`entries ${from} to ${to} are missing`;
}

/** The agent's own note about the log itself; null for any other note. */
function ownNoteOf({ body }: AuditRow): AuditNote | null {
  if (!OWN_ACTIONS.some((action) => body.includes(action))) return null;
  const note = noteOf(body);
  return note !== null && OWN_ACTIONS.some((action) => isOwn(note, action)) ? note : null;
}

/** Only the agent's own note counts: a person may type the same text. */
function isOwn({ door, action }: AuditNote, wanted: string): boolean {
  return door === 'self' && action === wanted;
}

function trimOf({ action, detail }: AuditNote): AuditHead | null {
  const [, n, hash] = /^through (\d+) ([0-9a-f]{64})$/.exec(detail) ?? [];
  return action === TRIMMED && n !== undefined && hash !== undefined ? { n: Number(n), hash } : null;
}

/** Returns the parsed body of a row, whose form is not checked; null if the body is not JSON. */
export function noteOf(body: string): AuditNote | null {
  try {
    return JSON.parse(body) as AuditNote;
  } catch {
    return null; // The walk over the chain names it.
  }
}

/** One line per field, cut to its longest length; the order of the fields is that of the hash. */
function bounded(note: AuditNote): AuditNote {
  const text = (field: keyof typeof MAX_CHARS): string => note[field].replace(/\p{C}/gu, '?').slice(0, MAX_CHARS[field]);
  return {
    user: text('user'),
    role: text('role'),
    door: note.door,
    action: text('action'),
    detail: text('detail'),
    result: text('result'),
    ...(note.isLook === true ? { isLook: true } : {}),
  };
}
