/**
 * A file that reserves space on the disk: it is removed when the disk is full, and created again when there is room.
 *
 * In WAL mode a full disk also refuses deletions and checkpoints, so nothing within SQLite could free a page (reliability measurement). The
 * file stays until the disk actually refuses a write: if removed earlier, its space would be taken by the process that fills the partition.
 */

import { randomFillSync } from 'node:crypto';
import { closeSync, fsyncSync, lstatSync, mkdirSync, openSync, renameSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { syncPath } from '../../core/atomic-write.ts';
import type { WallMs } from '../../core/clock.ts';
import type { StoreErrorCode } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import { JOURNAL_BYTES } from '../schema.ts';
import { storeError, toStoreError } from '../sqlite.ts';
import { plainFileBytes } from './db-files.ts';

/** Units: bytes. Source: twice the longest journal of both files. */
const RESERVE_BYTES = 8 * 2 ** 20;
/** Created only if this much is free: a small partition needs its room for readings. Units: bytes. Source: assumed. Confirmed by: the partition sizes of the gateways in use. */
const ROOMY_BYTES = 5 * RESERVE_BYTES;
/** Below this no commit starts, because its checkpoint might not finish. Units: bytes. Source: twice the limit of a journal. */
const LOW_BYTES = 2 * JOURNAL_BYTES;
/** Time between two measurements of free space. Units: ms. Source: assumed; writing a full journal takes at least this long. Confirmed by: bench `store device` on the gateway. */
const MEASURE_PERIOD_MS = 10_000;
const CHUNK_BYTES = 2 ** 20;
/** Units: bytes. Source: stat(2), `st_blocks`. */
const STAT_BLOCK_BYTES = 512;

/** Returns how much an ordinary process may still write on the file system of a folder; null if this is not known. Units: bytes. */
export type FreeBytes = (dir: string) => number | null;

/**
 * The folder of a `ReserveFile` and how its free space is read. `remark` receives a text for the log when the file was created or removed,
 * or this failed; not the same text twice in a row.
 */
export interface ReserveFileParts {
  readonly dir: string;
  readonly freeBytes: FreeBytes;
  readonly remark: (message: Message) => void;
}

/**
 * A file that reserves space on the disk for the agent: removed when the disk is full, and created again when there is room. The folder may
 * be missing. `atMs`: the present time, for the age of the last measurement of free space.
 */
export class ReserveFile {
  readonly #parts: ReserveFileParts;
  readonly #path: string;
  /** The last measurement of free space. */
  #measured: { readonly atMs: WallMs; readonly free: number | null } | null = null;
  #isHeld: boolean | null = null;
  #lastRemark = '';

  constructor(parts: ReserveFileParts) {
    this.#parts = parts;
    this.#path = join(parts.dir, 'ballast');
  }

  /** Creates the file if it is not known to exist and there is room. Errors: none; a failure is remarked. */
  keep(atMs: WallMs): void {
    if (this.#exists()) return;
    const free = this.#free(atMs);
    if (free === null || free < ROOMY_BYTES) return;
    const made = msg`${this.#path}: ${mega(RESERVE_BYTES)} are held in reserve for a full disk`;
    // Not measured again: on a file system that does not count blocks, it would be created repeatedly.
    this.#isHeld = this.#change(() => makeFile(this.#parts.dir, this.#path), made);
    this.#measure(atMs);
  }

  /**
   * Checks before a commit that there is room for it; unknown free space passes. Errors: throws StoreError `full` if neither the free space
   * last measured nor the reserve covers a commit.
   */
  expectRoom(atMs: WallMs): void {
    const free = this.#exists() ? null : this.#free(atMs);
    if (free === null || free >= LOW_BYTES) return;
    throw storeError('full', msg`${this.#parts.dir}: ${mega(free)} are free, a commit needs ${mega(LOW_BYTES)}`);
  }

  /** Removes the file after a failed write if the disk is full. Returns true if a retry makes sense. Errors: none. */
  release(code: StoreErrorCode, atMs: WallMs): boolean {
    if (code !== 'full' && code !== 'io') return false;
    const free = this.#measure(atMs);
    // If free space is unknown, only the disk's own error counts. A file at its own limit gives the same error and is no reason to remove the reserve.
    if (free === null ? code !== 'full' : free >= LOW_BYTES) return false;
    if (!this.#exists()) return false;
    const removed = msg`${this.#path}: the disk is full (${mega(free ?? 0)} free), so the agent released its reserve`;
    this.#isHeld = !this.#change(() => rmSync(this.#path, { force: true }), removed);
    this.#measure(atMs);
    return !this.#isHeld;
  }

  #measure(atMs: WallMs): number | null {
    const free = this.#parts.freeBytes(this.#parts.dir);
    this.#measured = { atMs, free };
    return free;
  }

  /** The wall clock may step back. */
  #free(atMs: WallMs): number | null {
    const isFresh = this.#measured !== null && Math.abs(atMs - this.#measured.atMs) < MEASURE_PERIOD_MS;
    return isFresh ? (this.#measured?.free ?? null) : this.#measure(atMs);
  }

  #exists(): boolean {
    this.#isHeld ??= isWhole(this.#path);
    return this.#isHeld;
  }

  /** Reports a failure once; the next attempt is later. */
  #change(act: () => void, done: Message): boolean {
    try {
      act();
      this.#remark(done);
      return true;
    } catch (error) {
      this.#remark(toStoreError(error, this.#path).said);
      return false;
    }
  }

  #remark(message: Message): void {
    if (String(message) !== this.#lastRemark) this.#parts.remark(message);
    this.#lastRemark = String(message);
  }
}

/** Reads the free space from the file system; see `FreeBytes`. Errors: none; null for a failure. */
export const askFreeBytes: FreeBytes = (dir) => {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  } catch {
    // No folder so far, or a file system that does not report it: then only failed writes show that the disk is full.
    return null;
  }
};

/** Writes the file completely, with bytes that no file system can compress: removing a sparse or compressed file frees nothing. */
function makeFile(dir: string, path: string): void {
  // Anything except a folder of this name is replaced.
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) plainFileBytes(path);
  const draft = `${path}.new`;
  const chunk = randomFillSync(Buffer.allocUnsafe(CHUNK_BYTES));
  mkdirSync(dir, { recursive: true });
  // Left after a power cut; a pipe of this name would block.
  rmSync(draft, { force: true, recursive: true });
  try {
    const fd = openSync(draft, 'wx');
    try {
      for (let bytes = 0; bytes < RESERVE_BYTES; ) bytes += writeSync(fd, chunk);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
    syncPath(dir);
  } finally {
    rmSync(draft, { force: true });
  }
}

function isWhole(path: string): boolean {
  try {
    const found = lstatSync(path);
    return found.isFile() && found.size >= RESERVE_BYTES && found.blocks * STAT_BLOCK_BYTES >= RESERVE_BYTES;
  } catch {
    return false; // None yet, or no folder for it.
  }
}

function mega(bytes: number): Message {
  return msg`${(bytes / 2 ** 20).toFixed(1)} MB`;
}
