/**
 * The table `audit` of `state.db`: the audit log. Only its oldest entries are removed, and an entry records that. If there are too many,
 * those of `isReserved` move to `audit_reserved`. The number and hash of the newest entry are also stored outside the table.
 */
import type { AuditEntry, AuditHead, AuditNote, AuditPage, AuditQuery, AuditRow, AuditRows } from '../../core/audit-tools.ts';
import type { WallMs } from '../../core/clock.ts';
import { getMeta, type Sqlite, setMeta } from '../sqlite.ts';
import { createAuditAges } from './audit-ages.ts';
import {
  type ChainFacts,
  chained,
  GENESIS,
  HEADLESS,
  isReserved,
  noteOf,
  RESERVED,
  reservedDetail,
  TRIMMED,
  trimDetail,
  verifyChain,
} from './audit-chain.ts';
import type { AgeBound } from './people.ts';

/** A note for the audit log, with the time when it was made. */
export interface TimedNote extends AuditNote {
  readonly atMs: WallMs;
}

/**
 * Entries kept; when there is one more, a block of the oldest is removed. `reserved`: how many entries of admins stay. Source: assumed; years of a
 * cabinet's visits and commands, 4 MB; a fifth for admins. Confirmed by: the audit logs of cabinets after a year.
 */
const KEEP = { entries: 10_000, block: 500, reserved: 2_000 };
/** Longest answer to one request. Units: entries. */
const MAX_ANSWER = 2_000;
/** Longest answer for the uplink, which requests the next part. Units: entries. Source: assumed; 50 KB. Confirmed by: a week of a platform that reads the audit log. */
const MAX_NEXT = 100;
const HEAD = 'audit_head';
/** Longest quote of a body that cannot be parsed. Units: characters. */
const SHOWN_CHARS = 80;
const SELF = { user: '', role: '', door: 'self' } as const;

/**
 * Creates the functions that append, read, verify and remove entries of the audit log in an open state file. Errors: throws SQLite errors,
 * and so do the functions.
 */
export function createAuditTable(db: Sqlite) {
  const { add, first, last, trim, newest, nextRows, all, upTo, reserved, reserve, trimReserved, isUsed } = statementsOf(db);
  const ages = createAuditAges(db);

  function appendOne(before: AuditHead, { atMs, ...note }: TimedNote): AuditHead {
    const row = chained(before, note, Number.isFinite(atMs) ? Math.round(atMs) : 0);
    add.run(row);
    return row;
  }

  const noteTrim = (head: AuditHead, gone: AuditHead, atMs: WallMs): AuditHead =>
    appendOne(head, { ...SELF, action: TRIMMED, detail: trimDetail(gone), result: 'ok', atMs });
  /** Records the entries that are currently kept separately. */
  const noteReserved = (head: AuditHead, atMs: WallMs): AuditHead =>
    appendOne(head, { ...SELF, action: RESERVED, detail: reservedDetail(reserved.all()), result: 'ok', atMs });

  /** The last entry to remove; undefined while there is room. */
  function lastToGo(head: AuditHead): AuditHead | undefined {
    const firstN = first.get() ?? head.n;
    return head.n - firstN + 1 > KEEP.entries ? last.get(firstN + KEEP.block - 1) : undefined;
  }

  /** The higher of the noted head and the last row: a truncated log must neither block new entries nor hide the truncation. A missing head is recorded. */
  function newestOf(atMs: WallMs): AuditHead {
    const [noted, found] = [headOf(db), last.get(Number.MAX_SAFE_INTEGER) ?? GENESIS];
    if (noted === null) return appendOne(found, { ...SELF, action: HEADLESS, detail: `found ${found.n}`, result: 'problem', atMs });
    return found.n > noted.n ? found : noted;
  }

  /** Removes the oldest entries up to this one, and records that. */
  function trimUpTo(head: AuditHead, gone: AuditHead, atMs: WallMs): AuditHead {
    const hadReserved = reserved.all().length > 0;
    for (const row of upTo.all(gone.n)) if (isReserved(row)) reserve.run(row);
    trimReserved.run(KEEP.reserved);
    trim.run(gone.n);
    const trimmed = noteTrim(head, gone, atMs);
    return hadReserved || reserved.all().length > 0 ? noteReserved(trimmed, atMs) : trimmed;
  }

  return {
    /** Adds these notes as entries of the chain, and may remove the oldest ones. Within the caller's transaction. */
    append: (notes: readonly TimedNote[]): void => {
      let head = newestOf(notes[0]?.atMs ?? 0);
      for (const note of notes) {
        head = appendOne(head, note);
        const gone = lastToGo(head);
        if (gone !== undefined) head = trimUpTo(head, gone, note.atMs);
      }
      setMeta(db, HEAD, `${head.n} ${head.hash}`);
    },
    isOlder: ages.isOlder,
    /** Removes the oldest entries by this bound, also those kept separately. Returns how many. Within the caller's transaction. */
    dropOlder: (bound: AgeBound, atMs: WallMs): number => {
      const head = newestOf(atMs);
      const gone = ages.lastOld(bound, atMs);
      const trimmed = gone === undefined ? 0 : trim.run(gone.n).changes;
      const unreserved = ages.dropReserved(bound);
      const noted = gone === undefined ? head : noteTrim(head, gone, atMs);
      // The removed part may include the entry that recorded those that are still kept separately.
      const next = unreserved > 0 || (gone !== undefined && reserved.all().length > 0) ? noteReserved(noted, atMs) : noted;
      setMeta(db, HEAD, `${next.n} ${next.hash}`);
      return trimmed + unreserved;
    },
    /** The next stored entries after this number, also those kept separately; limited in number. */
    after: (n: number): AuditRows => ({ rows: nextRows.all(n, MAX_NEXT), head: headOf(db) }),
    /** Returns the newest entries since `sinceMs`, at most `limit`, oldest first, and the verdict on the whole chain if `isVerified`. */
    read: ({ sinceMs, limit, isVerified, knownHead }: AuditQuery): AuditPage => {
      const head = headOf(db);
      const facts = (): ChainFacts => ({ head, known: knownHead, reserved: reserved.all(), isUsed: isUsed.get() === 1 });
      const rows = newest.all(sinceMs, Math.max(0, Math.min(limit, MAX_ANSWER))).reverse();
      const verdict = isVerified ? verifyChain(all.iterate(), facts()) : null;
      return { entries: rows.map(toEntry), head: head?.n === 0 ? null : head, verdict };
    },
  };
}

function statementsOf(db: Sqlite) {
  const columns = 'n, at_ms AS atMs, body, hash';
  const everything = '(SELECT * FROM audit UNION ALL SELECT * FROM audit_reserved)';
  return {
    add: db.prepare('INSERT INTO audit(n, at_ms, body, hash) VALUES(@n, @atMs, @body, @hash)'),
    first: db.prepare<[], number | null>('SELECT min(n) FROM audit').pluck(),
    last: db.prepare<[number], AuditHead>('SELECT n, hash FROM audit WHERE n <= ? ORDER BY n DESC LIMIT 1'),
    trim: db.prepare('DELETE FROM audit WHERE n <= ?'),
    newest: db.prepare<[number, number], AuditRow>(`SELECT ${columns} FROM ${everything} WHERE at_ms >= ? ORDER BY n DESC LIMIT ?`),
    nextRows: db.prepare<[number, number], AuditRow>(`SELECT ${columns} FROM ${everything} WHERE n > ? ORDER BY n LIMIT ?`),
    all: db.prepare<[], AuditRow>(`SELECT ${columns} FROM audit ORDER BY n`),
    upTo: db.prepare<[number], AuditRow>(`SELECT ${columns} FROM audit WHERE n <= ? ORDER BY n`),
    reserved: db.prepare<[], AuditRow>(`SELECT ${columns} FROM audit_reserved ORDER BY n`),
    reserve: db.prepare('INSERT INTO audit_reserved(n, at_ms, body, hash) VALUES(@n, @atMs, @body, @hash)'),
    trimReserved: db.prepare('DELETE FROM audit_reserved WHERE n NOT IN (SELECT n FROM audit_reserved ORDER BY n DESC LIMIT ?)'),
    isUsed: db.prepare<[], number>('SELECT EXISTS (SELECT 1 FROM event)').pluck(),
  };
}

function headOf(db: Sqlite): AuditHead | null {
  const [, n, hash] = /^(\d+) ([0-9a-f]{64})$/.exec(String(getMeta(db, HEAD))) ?? [];
  return n === undefined || hash === undefined ? null : { n: Number(n), hash };
}

function toEntry({ n, atMs, body, hash }: AuditRow): AuditEntry {
  const note = noteOf(body) ?? { ...SELF, action: 'unreadable', detail: body.slice(0, SHOWN_CHARS), result: 'damaged' };
  return { ...note, n, atMs, hash };
}
