/**
 * A store without a disk for the tests of the uplink.
 */

import type { AuditRow } from '../../../agent/core/audit-tools.ts';
import { NO_TEXT } from '../../../agent/core/message.ts';
import type { Committed, Gap, ReadingFrame, Store, StoredFrame } from '../../../agent/core/ports.ts';
import type { AgentEvent, Reading } from '../../../agent/core/words.ts';
import { chained, GENESIS } from '../../../agent/store/state/audit-chain.ts';

/** A store in memory. `append` reserves the next row, which can be read only after `commit`; `commit` returns the rows that it added. */
export interface MemoryStore {
  readonly port: Pick<
    Store,
    | 'save'
    | 'load'
    | 'loadAll'
    | 'audit'
    | 'auditAfter'
    | 'readAfter'
    | 'moveCursor'
    | 'status'
    | 'rowOf'
    | 'gapsAfter'
    | 'exportPage'
    | 'events'
  >;
  /** Recorded losses; a test adds its own. */
  readonly gaps: Gap[];
  /** The audit log; a test trims or replaces it. */
  readonly audits: AuditRow[];
  /** Adds an entry to it. */
  note(action: string): AuditRow;
  /** Events that an earlier run stored; a test adds them. */
  readonly events: AgentEvent[];
  readonly saved: Map<string, unknown>;
  readonly rows: readonly StoredFrame[];
  readonly cursor: number;
  append(frame: ReadingFrame): void;
  /** Loses readings of a row on the "disk" as a full or damaged store does; without `keep` the whole row. Returns how many. */
  lose(seq: number, keep?: (reading: Pick<Reading, 'pointId'>) => boolean): number;
  commit(): Committed;
}

interface Memory {
  readonly saved: Map<string, unknown>;
  readonly rows: StoredFrame[];
  readonly gaps: Gap[];
  readonly audits: AuditRow[];
  readonly events: AgentEvent[];
  readonly seqOfTicket: Map<number, number>;
  cursor: number;
}

/** A store without rows. `saved`: facts of an earlier run; the store changes this map. */
export function createMemoryStore(saved = new Map<string, unknown>()): MemoryStore {
  const memory: Memory = { saved, rows: [], gaps: [], audits: [], events: [], seqOfTicket: new Map(), cursor: 0 };
  const { rows, gaps, audits, events, seqOfTicket } = memory;
  let appended = 0;
  let waiting: ReadingFrame[] = [];
  return {
    saved,
    rows,
    gaps,
    audits,
    events,
    note: (action) => {
      const note = { user: 'ada', role: 'admin', door: 'login', action, detail: '', result: 'ok' } as const;
      const row = chained(audits.at(-1) ?? GENESIS, note, 1_795_600_000_000 + audits.length);
      audits.push(row);
      return row;
    },
    port: portOf(memory),
    get cursor() {
      return memory.cursor;
    },
    append: (frame) => {
      appended += 1;
      seqOfTicket.set(frame.ticket, appended);
      waiting.push(frame);
    },
    lose: (seq, keep = () => false) => {
      const at = rows.findIndex((row) => row.seq === seq);
      const row = rows[at];
      if (row === undefined) return 0;
      const readings = row.readings.filter(keep);
      rows.splice(at, 1, ...(readings.length === 0 ? [] : [{ ...row, readings }]));
      return row.readings.length - readings.length;
    },
    commit: () => {
      const tickets = waiting.map((frame) => {
        const seq = seqOfTicket.get(frame.ticket) ?? 0;
        rows.push({ seq, atMs: frame.atMs, clockQuality: frame.clockQuality, isCorrected: false, readings: frame.readings });
        return { ticket: frame.ticket, seq, readings: frame.readings.length };
      });
      waiting = [];
      return { tickets };
    },
  };
}

function portOf(memory: Memory): MemoryStore['port'] {
  const { saved, rows, gaps, audits, seqOfTicket } = memory;
  return {
    save: async (key, value) => {
      saved.set(key, value);
      return true;
    },
    audit: { note: () => {}, read: async () => undefined },
    auditAfter: async (n) => ({ rows: audits.filter((row) => row.n > n), head: audits.at(-1) ?? GENESIS }),
    load: async (key) => saved.get(key),
    loadAll: async (prefix) =>
      [...saved].filter(([key, value]) => key.startsWith(prefix) && value !== undefined).map(([key, value]) => ({ key, value })),
    rowOf: (ticket) => (seqOfTicket.has(ticket) ? { epoch: 'e1', seq: seqOfTicket.get(ticket) ?? 0 } : null),
    gapsAfter: async (id) => gaps.filter((gap) => gap.id > id),
    events: async ({ sinceMs, limit, skip = 0 }) => {
      const found = memory.events.filter(({ startMs, endMs }) => endMs === null || Math.max(startMs, endMs) >= sinceMs);
      return found.slice(Math.max(0, found.length - skip - limit), Math.max(0, found.length - skip));
    },
    exportPage: async ({ fromMs, toMs }) => ({
      epoch: 'e1',
      frames: rows.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
      nextSeq: null,
    }),
    readAfter: async (seq, maxFrames) => rows.filter((row) => row.seq > seq).slice(0, maxFrames),
    moveCursor: (seq) => {
      memory.cursor = Math.max(memory.cursor, seq);
    },
    status: async () => ({
      state: 'ok',
      reason: NO_TEXT,
      epoch: 'e1',
      frames: rows.length,
      readings: 0,
      bytes: 0,
      maxBytes: 0,
      journal: { readings: 0, bytes: 0 },
      segments: { count: 0, readings: 0, bytes: 0 },
      account: { produced: 0, delivered: 0, backlog: 0, gaps: 0, estimates: 0, isBalanced: true },
      written: null,
      oldestMs: null,
      lastSeq: rows.at(-1)?.seq ?? 0,
      cursorSeq: memory.cursor,
      backlogFrames: rows.filter(({ seq }) => seq > memory.cursor).length,
      readingsWaiting: 0,
      readingsStored: 0,
      readingsLost: 0,
      lossesEstimated: 0,
      gaps: gaps.length,
    }),
  };
}
