import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { StoreError } from '../core/errors.ts';
import { type Message, msg } from '../core/message.ts';
import { bytesOfAll, moveAll, removeAll } from './files/db-files.ts';
import { storeError, toStoreError } from './sqlite.ts';

/** For all files together. Units: bytes. Source: assumed; the files help to recover data, but the flash is for the readings. Confirmed by: the sizes of damaged files from the field. */
const MAX_BYTES = 64 * 2 ** 20;
const MEGABYTE = 2 ** 20;

/**
 * Creates the functions for a file that may not be used: `take` moves it out of the way. `keep` then moves it into `quarantine/`, or
 * removes it if it is too large. There it replaces an earlier one of its name, and the oldest files are removed to make room.
 * `interrupted` finds a file that was set aside but not replaced.
 */
export function createQuarantine(path: string) {
  const setAsidePath = `${path}.aside`;
  const dir = join(dirname(path), 'quarantine');
  const keptPath = join(dir, basename(path));

  /** Moves the file that was set aside into the quarantine, if it fits. Returns the result as text. Errors: none. */
  function keep(): Message {
    try {
      return keepSetAside();
    } catch (error) {
      return msg`it is still ${setAsidePath} (${toStoreError(error, dir).said})`;
    }
  }

  function keepSetAside(): Message {
    if (!existsSync(setAsidePath)) {
      removeAll(setAsidePath);
      return msg`the file that was set aside is gone`;
    }
    const bytes = bytesOfAll(setAsidePath);
    if (bytes > MAX_BYTES) {
      removeAll(setAsidePath);
      return msg`removed: it has ${megabytes(bytes)} MB, and at most ${megabytes(MAX_BYTES)} MB are kept`;
    }
    mkdirSync(dir, { recursive: true });
    removeAll(keptPath);
    const dropped = makeRoom(dir, bytes);
    moveAll(setAsidePath, keptPath);
    return dropped.length === 0 ? msg`kept as ${keptPath}` : msg`kept as ${keptPath}; removed to make room: ${dropped}`;
  }

  return {
    /**
     * Why a file must be replaced that was set aside in an earlier run; null if none must be. If it was replaced, `keep` is called for it
     * and `report` receives the result. Errors: none.
     */
    interrupted: (report: (words: Message) => void): StoreError | null => {
      if (!existsSync(setAsidePath)) return null;
      if (!existsSync(path)) return storeError('corrupt', msg`${path}: it was being set aside when the agent ended`);
      report(msg`${path}: set aside before the agent ended; ${keep()}`);
      return null;
    },
    /** Moves the file, if it exists, out of the way. Returns its new path, in any case. Errors: throws system errors. */
    take: (): string => {
      // Remains of an earlier file must not become the journal of this one.
      if (existsSync(path)) removeAll(setAsidePath);
      moveAll(path, setAsidePath);
      return setAsidePath;
    },
    keep,
  };
}

/** Removes the oldest files until this many bytes fit. Returns their names. */
function makeRoom(dir: string, bytes: number): readonly string[] {
  const found = readdirSync(dir).map((name) => ({ name, stat: lstatSync(join(dir, name)) }));
  const oldestFirst = found.toSorted((a, b) => a.stat.mtimeMs - b.stat.mtimeMs);
  let total = found.reduce((sum, { stat }) => sum + stat.size, bytes);
  const dropped: string[] = [];
  for (const { name, stat } of oldestFirst) {
    if (total <= MAX_BYTES) break;
    rmSync(join(dir, name), { recursive: true, force: true });
    total -= stat.size;
    dropped.push(name);
  }
  return dropped;
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / MEGABYTE);
}
