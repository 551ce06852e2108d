/**
 * The table `audit` of `state.db`: the audit log. Only its oldest entries are removed, and an entry records that. The number and hash of
 * the newest entry are also kept apart from the rows.
 */
import type { AuditEntry, AuditHead, AuditNote, AuditPage, AuditQuery } from '../../core/audit-tools.ts';
import type { WallMs } from '../../core/clock.ts';
import { getMeta, type Sqlite, setMeta } from '../sqlite.ts';
import { type AuditRow, chained, GENESIS, noteOf, TRIMMED, trimDetail, verifyChain } from './audit-chain.ts';

/** A note with the time when it was made. */
export interface TimedNote extends AuditNote {
  readonly atMs: WallMs;
}

/** Entries kept; a block of the oldest goes when there is one too many. Source: assumed; years of a cabinet's visits and commands, 4 MB. */
const KEEP = { entries: 10_000, block: 500 };
/** Longest answer to one question. Units: entries. */
const MAX_ANSWER = 2_000;
const HEAD = 'audit_head';
/** Of a body that makes no sense. Units: characters. */
const SHOWN_CHARS = 80;
const SELF = { user: '', role: '', door: 'self' } as const;

/** The table of an open file. Errors: both functions throw what SQLite throws. */
export function createAuditTable(db: Sqlite) {
  const add = db.prepare('INSERT INTO audit(n, at_ms, body, hash) VALUES(@n, @atMs, @body, @hash)');
  const first = db.prepare<[], number | null>('SELECT min(n) FROM audit').pluck();
  const last = db.prepare<[number], AuditHead>('SELECT n, hash FROM audit WHERE n <= ? ORDER BY n DESC LIMIT 1');
  const trim = db.prepare('DELETE FROM audit WHERE n <= ?');
  const columns = 'n, at_ms AS atMs, body, hash';
  const newest = db.prepare<[number, number], AuditRow>(`SELECT ${columns} FROM audit WHERE at_ms >= ? ORDER BY n DESC LIMIT ?`);
  const all = db.prepare<[], AuditRow>(`SELECT ${columns} FROM audit ORDER BY n`);

  function appendOne(before: AuditHead, { atMs, ...note }: TimedNote): AuditHead {
    const row = chained(before, note, Number.isFinite(atMs) ? Math.round(atMs) : 0);
    add.run(row);
    return row;
  }

  /** The last entry to remove; undefined while there is room. */
  function lastToGo(head: AuditHead): AuditHead | undefined {
    const firstN = first.get() ?? head.n;
    return head.n - firstN + 1 > KEEP.entries ? last.get(firstN + KEEP.block - 1) : undefined;
  }

  /** The higher of the noted head and the last row: a log that was cut must neither stop nor hide the cut. */
  function newestOf(): AuditHead {
    const [noted, found] = [headOf(db) ?? GENESIS, last.get(Number.MAX_SAFE_INTEGER) ?? GENESIS];
    return found.n > noted.n ? found : noted;
  }

  return {
    /** Within the caller's transaction. */
    append: (notes: readonly TimedNote[]): void => {
      let head = newestOf();
      for (const note of notes) {
        head = appendOne(head, note);
        const gone = lastToGo(head);
        if (gone === undefined) continue;
        trim.run(gone.n);
        head = appendOne(head, { ...SELF, action: TRIMMED, detail: trimDetail(gone), result: 'ok', atMs: note.atMs });
      }
      setMeta(db, HEAD, `${head.n} ${head.hash}`);
    },
    read: ({ sinceMs, limit, isVerified, knownHead }: AuditQuery): AuditPage => {
      const head = headOf(db);
      const rows = newest.all(sinceMs, Math.max(0, Math.min(limit, MAX_ANSWER))).reverse();
      return { entries: rows.map(toEntry), head, verdict: isVerified ? verifyChain(all.iterate(), head, knownHead) : null };
    },
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
