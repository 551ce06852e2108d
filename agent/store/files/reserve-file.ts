/**
 * Room in reserve: a file that is given up when the disk is full, and made again when there is room.
 *
 * Owns that file and the look at free space. Runs on the storage thread.
 *
 * In WAL mode a full disk refuses deletions and checkpoints too, so nothing within SQLite could free a page (reliability measurement).
 * The ballast is held until the disk truly refuses: given up sooner, it would go to whoever else is filling the partition.
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { WallMs } from '../../core/clock.ts';
import type { StoreErrorCode } from '../../core/errors.ts';
import { JOURNAL_BYTES } from '../schema.ts';
import { storeError, toStoreError } from '../sqlite.ts';
import { syncFolder } from './db-files.ts';

/** Units: bytes. Source: twice the longest journal of both files. */
const BALLAST_BYTES = 8 * 2 ** 20;
/** Made only where so much is free: a small partition needs its room for readings. Units: bytes. Source: assumed. */
const ROOMY_BYTES = 5 * BALLAST_BYTES;
/** Below this nothing is begun, since its checkpoint might not end. Units: bytes. Source: twice the limit of a journal. */
const LOW_BYTES = 2 * JOURNAL_BYTES;
/** Between two looks at free space. Units: ms. Source: assumed; a full journal is written in no less. */
const LOOK_MS = 10_000;
const CHUNK_BYTES = 2 ** 20;
/** Units: bytes. Source: stat(2), `st_blocks`. */
const STAT_BLOCK_BYTES = 512;

export interface ReserveFile {
  /** Makes it where it is missing and there is room. Errors: none. */
  keep(atMs: WallMs): void;
  /** Errors: throws StoreError `full` where neither free space nor ballast covers a commit. */
  expectRoom(atMs: WallMs): void;
  /** After a refusal: gives the ballast up where the disk is truly full. Shape: true when it is worth trying again. Errors: none. */
  release(code: StoreErrorCode, atMs: WallMs): boolean;
}

/** How much an ordinary process may still write there. Units: bytes. Shape: null where nobody can say. */
export type FreeBytes = (dir: string) => number | null;

/** The ballast of a folder that need not exist yet. */
export function createReserveFile({
  dir,
  freeBytes,
  remark,
}: {
  readonly dir: string;
  readonly freeBytes: FreeBytes;
  readonly remark: (message: string) => void;
}): ReserveFile {
  const path = join(dir, 'ballast');
  let looked: { readonly atMs: WallMs; readonly free: number | null } | null = null;
  let isHeld: boolean | null = null;
  let lastRemark = '';

  function lookNow(atMs: WallMs): number | null {
    looked = { atMs, free: freeBytes(dir) };
    return looked.free;
  }

  /** The wall clock may step back. */
  function look(atMs: WallMs): number | null {
    return looked !== null && Math.abs(atMs - looked.atMs) < LOOK_MS ? looked.free : lookNow(atMs);
  }

  function isThere(): boolean {
    isHeld ??= isWhole(path);
    return isHeld;
  }

  function tell(message: string): void {
    if (message !== lastRemark) remark(message);
    lastRemark = message;
  }

  /** What fails is told once and tried again later. */
  function change(act: () => void, done: string): boolean {
    try {
      act();
      tell(`${path}: ${done}`);
      return true;
    } catch (error) {
      tell(toStoreError(error, path).message);
      return false;
    }
  }

  return {
    keep: (atMs) => {
      if (isThere()) return;
      const free = look(atMs);
      if (free === null || free < ROOMY_BYTES) return;
      // Not measured again: where blocks are not counted, it would be made again and again.
      isHeld = change(() => make(dir, path), `${mega(BALLAST_BYTES)} are held in reserve for a full disk`);
      lookNow(atMs);
    },
    expectRoom: (atMs) => {
      const free = isThere() ? null : look(atMs);
      if (free === null || free >= LOW_BYTES) return;
      throw storeError('full', `${dir}: ${mega(free)} are free, a commit needs ${mega(LOW_BYTES)}`);
    },
    release: (code, atMs) => {
      if (code !== 'full' && code !== 'io') return false;
      const free = lookNow(atMs);
      // Where free space is not known, only the disk's own word counts; a file at its own limit has the same word and is no reason.
      if (free === null ? code !== 'full' : free >= LOW_BYTES) return false;
      if (!isThere()) return false;
      isHeld = !change(() => rmSync(path, { force: true }), `the disk is full (${mega(free ?? 0)} free); the reserve was given up`);
      lookNow(atMs);
      return !isHeld;
    },
  };
}

/** Asks the file system. Errors: none. */
export const askFreeBytes: FreeBytes = (dir) => {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  } catch {
    // No folder yet, or a file system that does not say: then the disk's refusals are all there is to go by.
    return null;
  }
};

/** Written through, of bytes that no file system can compress: a sparse or packed file frees nothing. */
function make(dir: string, path: string): void {
  const draft = `${path}.new`;
  const chunk = randomFillSync(Buffer.allocUnsafe(CHUNK_BYTES));
  mkdirSync(dir, { recursive: true });
  try {
    const fd = openSync(draft, 'w');
    try {
      for (let bytes = 0; bytes < BALLAST_BYTES; ) bytes += writeSync(fd, chunk);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
    syncFolder(dir);
  } finally {
    rmSync(draft, { force: true });
  }
}

function isWhole(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.size >= BALLAST_BYTES && found.blocks * STAT_BLOCK_BYTES >= BALLAST_BYTES;
}

function mega(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
