/**
 * The content of the telemetry file and what it writes to the disk, for the status of the store.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import type { MonoMs, WallMs } from '../../core/clock.ts';
import type { TelemetryFacts } from '../../core/ports.ts';
import { getMeta, type Sqlite } from '../sqlite.ts';
import { accountOf, cursorOf, framesBeyond } from './account.ts';
import type { Handle } from './telemetry-handle.ts';

/** Source: proc_pid_io(5), `write_bytes`: bytes that this task caused to be sent to the storage layer. */
const ACCOUNT = '/proc/thread-self/io';

/**
 * Creates a meter of the bytes that this thread causes to be written, without the file system's own journal. It counts from its first
 * `read` that is not null.
 */
export function createWriteMeter() {
  let first: { readonly bytes: number; readonly atMono: MonoMs } | null = null;
  return {
    /**
     * Returns the bytes written since the first call that was not null, and the time since then. Null if the kernel reports none. Units:
     * bytes, ms.
     */
    read: (nowMono: MonoMs): { readonly bytes: number; readonly overMs: number } | null => {
      const bytes = writtenBytes();
      if (bytes === null) return null;
      first ??= { bytes, atMono: nowMono };
      return { bytes: bytes - first.bytes, overMs: nowMono - first.atMono };
    },
  };
}

function writtenBytes(): number | null {
  try {
    const found = /^write_bytes: (\d+)$/m.exec(readFileSync(ACCOUNT, 'utf8'));
    return found?.[1] === undefined ? null : Number(found[1]);
  } catch {
    return null; // A kernel without task accounting.
  }
}

/**
 * Returns the facts of an open file, without `record`. `path`: the file; its write-ahead log counts in `bytes`. `provenSeq`: no frame up to
 * and including this number remains to be delivered; the cursor in the file, by which `account` is computed, may be behind.
 */
export function telemetryFacts(handle: Handle, path: string, provenSeq: number): Omit<TelemetryFacts, 'maxBytes' | 'written'> {
  const { db, frames, segments, gaps } = handle;
  const [journal, packed] = [frames.tally(0), segments.tally(0)];
  const wal = `${path}-wal`;
  // The file gets the cursor up to a minute later than the platform.
  const cursorSeq = Math.max(cursorOf(db), Math.min(provenSeq, frames.lastSeq()));
  return {
    epoch: epochOf(db),
    frames: journal.frames + packed.frames,
    readings: journal.readings + packed.readings,
    bytes: pragma(db, 'page_count') * pragma(db, 'page_size') + (existsSync(wal) ? statSync(wal).size : 0),
    journal: { readings: journal.readings, bytes: journal.bytes },
    segments: { count: packed.rows, readings: packed.readings, bytes: packed.bytes },
    oldestMs: oldestOf(handle),
    lastSeq: frames.lastSeq(),
    cursorSeq,
    backlogFrames: framesBeyond(handle, cursorSeq),
    gaps: gaps.count(),
    account: accountOf(handle),
  };
}

/**
 * Returns the start of the oldest segment with a known time, otherwise the time of the oldest row of frames; null if there is neither. The
 * oldest has the lowest number. The time of a row may be that of an unset clock. Units: ms.
 */
export function oldestOf({ segments, frames, boots }: Handle): WallMs | null {
  const known = segments.labels().find(({ t0_ms: t0Ms }) => Math.abs(t0Ms) < 8.64e15);
  if (known !== undefined) return known.t0_ms;
  const row = frames.first();
  if (row === undefined) return null;
  const read = frames.read(row);
  const head = read.kind === 'frames' ? read.frames[0] : undefined;
  return head === undefined ? row.wall_ms : head.wallMs + boots.shiftMs(row.boot, head);
}

/** Returns the random identifier of this file, assigned when it was created. A new file has another. `undefined` as text if it is missing. */
export function epochOf(db: Sqlite): string {
  return String(getMeta(db, 'epoch'));
}

function pragma(db: Sqlite, name: string): number {
  return Number(db.pragma(name, { simple: true }));
}
