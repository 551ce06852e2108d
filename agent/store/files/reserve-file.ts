/**
 * A file that reserves space on the disk: it is removed when the disk is full, and made again when there is room.
 *
 * In WAL mode a full disk refuses deletions and checkpoints too, so nothing within SQLite could free a page (reliability measurement). The
 * file stays until the disk truly refuses a write: removed earlier, its space would go to the process that is filling the partition.
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
/** Made only where so much is free: a small partition needs its room for readings. Units: bytes. Source: assumed. */
const ROOMY_BYTES = 5 * RESERVE_BYTES;
/** Below this no commit begins, because its checkpoint might not end. Units: bytes. Source: twice the limit of a journal. */
const LOW_BYTES = 2 * JOURNAL_BYTES;
/** Between two measurements of free space. Units: ms. Source: assumed; a full journal is written in no less. */
const MEASURE_PERIOD_MS = 10_000;
const CHUNK_BYTES = 2 ** 20;
/** Units: bytes. Source: stat(2), `st_blocks`. */
const STAT_BLOCK_BYTES = 512;

/** How much an ordinary process may still write there. Units: bytes. Shape: null where the file system does not say. */
export type FreeBytes = (dir: string) => number | null;

export interface ReserveFileParts {
  readonly dir: string;
  readonly freeBytes: FreeBytes;
  readonly remark: (message: Message) => void;
}

/** The reserve file of a folder that need not exist yet. */
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

  /** Makes the file where it is missing and there is room. Errors: none. */
  keep(atMs: WallMs): void {
    if (this.#exists()) return;
    const free = this.#free(atMs);
    if (free === null || free < ROOMY_BYTES) return;
    const made = msg`${this.#path}: ${mega(RESERVE_BYTES)} are held in reserve for a full disk`;
    // Not measured again: where blocks are not counted, it would be made again and again.
    this.#isHeld = this.#change(() => makeFile(this.#parts.dir, this.#path), made);
    this.#measure(atMs);
  }

  /** Errors: throws StoreError `full` where neither free space nor the reserve covers a commit. */
  expectRoom(atMs: WallMs): void {
    const free = this.#exists() ? null : this.#free(atMs);
    if (free === null || free >= LOW_BYTES) return;
    throw storeError('full', msg`${this.#parts.dir}: ${mega(free)} are free, a commit needs ${mega(LOW_BYTES)}`);
  }

  /** Removes the file after a failed write, where the disk is truly full. Returns true when it is worth trying again. Errors: none. */
  release(code: StoreErrorCode, atMs: WallMs): boolean {
    if (code !== 'full' && code !== 'io') return false;
    const free = this.#measure(atMs);
    // Where free space is not known, only the disk's own error counts; a file at its own limit gives the same error and is no reason.
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

  /** A failure is reported once and tried again later. */
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

/** Reads the free space from the file system. Errors: none. */
export const askFreeBytes: FreeBytes = (dir) => {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  } catch {
    // No folder yet, or a file system that does not say: then only failed writes show that the disk is full.
    return null;
  }
};

/** Writes the file through, with bytes that no file system can compress: a sparse or compressed file frees nothing. */
function makeFile(dir: string, path: string): void {
  // All else of this name is replaced.
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) plainFileBytes(path);
  const draft = `${path}.new`;
  const chunk = randomFillSync(Buffer.allocUnsafe(CHUNK_BYTES));
  mkdirSync(dir, { recursive: true });
  // Left by a mains cut; a pipe of this name would block.
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
