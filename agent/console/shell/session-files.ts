/**
 * The files that a session may name, and the room they may take.
 *
 * A user who logged in has the rights of the console's own system user for every file command: without a bound, anybody could read and
 * replace what that user can, the lines that others have typed among it.
 */
import { existsSync, lstatSync, readdirSync, statfsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ConsoleCommand } from '../command-spec.ts';
import { ConsoleError } from '../console-error.ts';
import type { LocalArgs } from '../terminal/terminal.ts';
import { isLineHistory } from './past-lines.ts';

/** A folder of their own, so that no name that a sender chooses is one of the console's files. */
const RECEIVED = 'received';
/** Stands for the input or output. */
const STREAM = '-';
/** What may be replaced: exports of readings, which can be made again. */
const REPLACEABLE = /\.(csv|jsonl)$/i;
/** All files of a console together: the largest is an update. Source: update-inbox.ts. Units: bytes. */
const MAX_BYTES = 256 * 2 ** 20;
/** Space that stays free for the store. Source: update-inbox.ts. Units: bytes. */
const FREE_BYTES = 32 * 2 ** 20;

/** Where received files lie, in the folder of a console. */
export function receivedDir(filesDir: string): string {
  return join(filesDir, RECEIVED);
}

/**
 * The arguments with each file in its place in the folder of the console; null for a console without one.
 *
 * Errors: throws ConsoleError 'denied' for any other file.
 */
export function sessionArgs(
  { arguments: positional, options }: Pick<ConsoleCommand, 'arguments' | 'options'>,
  args: LocalArgs,
  filesDir: string | null,
): LocalArgs {
  const files = [...positional, ...options].flatMap(({ name, file }) => (file === undefined ? [] : [[name, file] as const]));
  const placed = files.flatMap(([name, use]) => {
    const typed = args[name];
    return typeof typed !== 'string' || typed === STREAM ? [] : [[name, sessionFile(typed, use, filesDir)] as const];
  });
  return { ...args, ...Object.fromEntries(placed) };
}

/** The path of one file. Errors: throws ConsoleError 'denied'. */
export function sessionFile(typed: string, use: 'read' | 'write', filesDir: string | null): string {
  const name = basename(typed);
  const isReceived = typed === join(RECEIVED, name);
  const isPlace = name === typed || (isReceived && use === 'read');
  if (filesDir === null || !isPlace || name.startsWith('.') || isLineHistory(name))
    throw new ConsoleError('denied', 'name a file of this console, without a folder');
  const path = join(isReceived ? receivedDir(filesDir) : filesDir, name);
  if (use === 'write' && existsSync(path) && !REPLACEABLE.test(name))
    throw new ConsoleError('denied', `${name} is there already, and is no export: choose another name`);
  return path;
}

/** Room for a file, the bytes that it has already among them. Units: bytes; less than 0 for none. Errors: throws the system's error. */
export function sessionRoomBytes(filesDir: string, path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  const sizes = new Map<number, number>();
  for (const folder of [filesDir, receivedDir(filesDir)])
    for (const name of namesIn(folder)) {
      const found = lstatSync(join(folder, name), { throwIfNoEntry: false });
      // A file with two names takes its room once.
      if (found?.isFile() === true) sizes.set(found.ino, found.size);
    }
  const used = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  const own = lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return Math.min(MAX_BYTES - used, bavail * bsize - FREE_BYTES) + own;
}

/** Errors: throws ConsoleError 'failed' where a file of the console may not have so many bytes. */
export function expectSessionRoom(filesDir: string, path: string, bytes: number): void {
  if (sessionRoomBytes(filesDir, path) >= bytes) return;
  throw new ConsoleError(
    'failed',
    `no room in ${filesDir}: its files take ${MAX_BYTES / 2 ** 20} MB at most, and ${FREE_BYTES / 2 ** 20} MB stay free for the store`,
  );
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Nothing was received yet.
  }
}
