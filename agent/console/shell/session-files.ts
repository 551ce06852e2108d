/**
 * The files that a session may name, the roles that may read them, and the space that they may use.
 *
 * For file commands, a logged-in user has the rights of the console's system user. Without limits, anybody could read and replace all files
 * of that user, including the lines that others typed. A command writes what its user may read, so each role has its own
 * folder, and a session reads that of its role and those of lower roles.
 */

import { existsSync, lstatSync, mkdirSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type LeastRole, mayUse, ROLES } from '../../core/access.ts';
import { msg } from '../../core/message.ts';
import type { ConsoleCommand, FileUse } from '../command-spec.ts';
import { ConsoleError } from '../console-error.ts';
import type { LocalArgs } from '../terminal/terminal.ts';
import { isLineHistory } from './past-lines.ts';

/** A separate folder, so that a name chosen by a sender cannot be one of the console's files. */
const RECEIVED = 'received';
/** Role of `receive` and `copy`. Source: commands/session/session.ts. */
const RECEIVED_ROLE = 'technician';
/** Lowest first. */
const LEAST_ROLES: readonly LeastRole[] = ['anyone', ...ROLES];
/** Means standard input or output. */
const STREAM = '-';
/** Files that may be replaced: exports of readings, which can be created again. */
const REPLACEABLE = /\.(csv|jsonl)$/i;
/** Limit for all files of a console; the largest is an update. Source: update-inbox.ts. Units: bytes. */
const MAX_BYTES = 256 * 2 ** 20;
/** Space kept free for the store. Source: update-inbox.ts. Units: bytes. */
const FREE_BYTES = 32 * 2 ** 20;

/** Returns the path of the folder of received files in the folder of a console; creates nothing. */
export function receivedDir(filesDir: string): string {
  return join(filesDir, RECEIVED);
}

/** The folder of a console, and the role of the session, which limits the files that it may name. `filesDir` null: it may name none. */
export interface SessionPlace {
  readonly filesDir: string | null;
  readonly role: LeastRole;
}

/**
 * Returns the folder for files that a session of this role writes, and creates it. Null is a user of the machine, who uses `filesDir`
 * itself.
 *
 * Errors: throws ConsoleError 'failed' if the folder cannot be created.
 */
export function sessionDir(filesDir: string, role: LeastRole | null): string {
  const dir = role === null ? filesDir : roleDir(filesDir, role);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new ConsoleError('failed', msg`${dir}: ${(cause as Error).message}`, { cause });
  }
  return dir;
}

/** Returns the folder of a console, then those in it for each role, which may be missing; not that of received files. Creates nothing. */
export function allDirs(filesDir: string): readonly string[] {
  return [filesDir, ...LEAST_ROLES.map((role) => roleDir(filesDir, role))];
}

function roleDir(filesDir: string, role: LeastRole): string {
  return join(filesDir, `for-${role}`);
}

/**
 * Returns the arguments with file names replaced by their paths for this session, as `sessionFile` does; lists and a `-` to read from or to
 * print stay.
 *
 * Errors: throws ConsoleError, for example 'denied' for a file that the session may not name.
 */
export function sessionArgs(
  { arguments: positional, options }: Pick<ConsoleCommand, 'arguments' | 'options'>,
  args: LocalArgs,
  place: SessionPlace,
): LocalArgs {
  const files = [...positional, ...options].flatMap(({ name, file }) => (file === undefined ? [] : [[name, file] as const]));
  const placed = files.flatMap(([name, use]) => {
    const typed = args[name];
    return typeof typed !== 'string' || (typed === STREAM && use !== 'write') ? [] : [[name, sessionFile(typed, use, place)] as const];
  });
  return { ...args, ...Object.fromEntries(placed) };
}

/**
 * Returns the path for a file name that a session of this role typed. The file may be missing. If it is to be written, creates
 * its folder.
 *
 * Errors: throws ConsoleError, for example 'denied' if the session may not use the file.
 */
export function sessionFile(typed: string, use: FileUse, { filesDir, role }: SessionPlace): string {
  const name = basename(typed);
  const isReceived = typed === join(RECEIVED, name);
  const isPlace = name === typed || (isReceived && use === 'read');
  if (filesDir === null || !isPlace || typed === STREAM || name.startsWith('.') || isLineHistory(name))
    throw new ConsoleError('denied', msg`name a file of this console, without a folder`);
  if (isReceived) return readable({ path: join(receivedDir(filesDir), name), least: RECEIVED_ROLE }, typed, role);
  if (use === 'read') return readable(found(filesDir, name, role), name, role);
  const path = join(sessionDir(filesDir, role), name);
  if (existsSync(path) && !REPLACEABLE.test(name))
    throw new ConsoleError('denied', msg`${name} is there already, and is no export: choose another name`);
  return path;
}

interface FoundFile {
  readonly path: string;
  readonly least: LeastRole;
}

/**
 * Returns the file of this name that the role may read, its own before those of lower roles; otherwise one that it may not read, or none.
 */
function found(filesDir: string, name: string, role: LeastRole): FoundFile {
  const own = LEAST_ROLES.indexOf(role);
  const below = LEAST_ROLES.slice(0, own + 1).reverse();
  const searched = [...below, ...LEAST_ROLES.slice(own + 1)].map((least) => ({ path: join(roleDir(filesDir, least), name), least }));
  // Files of an earlier release are next to the folders of the roles. They may contain anything, so only admins may read them.
  const all = [...searched, { path: join(filesDir, name), least: 'admin' as const }];
  return (
    // A name may be too long for the file system.
    all.find(({ path }) => existsSync(path) && statSync(path).isFile()) ?? {
      path: join(roleDir(filesDir, role), name),
      least: role,
    }
  );
}

/** Errors: throws ConsoleError 'denied' for a file of a higher role. */
function readable({ path, least }: FoundFile, name: string, role: LeastRole): string {
  if (mayUse(role === 'anyone' ? null : role, least)) return path;
  throw new ConsoleError(
    'denied',
    role === 'anyone' ? msg`${name} needs a login as ${least}` : msg`${name} requires the role ${least}; you have the role ${role}`,
  );
}

/**
 * Returns how large the file at this path may become in total, within the limits of the console and the disk. Units: bytes; may be
 * negative. Errors: throws the system's error, for example if the folder of the path is missing.
 */
export function sessionRoomBytes(filesDir: string, path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  const sizes = new Map<number, number>();
  const [own, ...ofRoles] = allDirs(filesDir);
  const folders = [...ofRoles, receivedDir(filesDir)].flatMap(foldersIn);
  for (const folder of own === undefined ? folders : [own, ...folders])
    for (const name of namesIn(folder)) {
      const found = lstatSync(join(folder, name), { throwIfNoEntry: false });
      // Count a file with two names once.
      if (found?.isFile() === true) sizes.set(found.ino, found.size);
    }
  const used = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  const already = lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return Math.min(MAX_BYTES - used, bavail * bsize - FREE_BYTES) + already;
}

/**
 * Checks that there is room for a file of this size at this path. Units: bytes. Errors: throws ConsoleError 'failed' if there is not; the
 * system's error, for example if the folder of the path is missing.
 */
export function expectSessionRoom(filesDir: string, path: string, bytes: number): void {
  if (sessionRoomBytes(filesDir, path) >= bytes) return;
  throw new ConsoleError(
    'failed',
    msg`no room in ${filesDir}: its files take ${MAX_BYTES / 2 ** 20} MB at most, and ${FREE_BYTES / 2 ** 20} MB stay free for the store`,
  );
}

/** Returns the folder and all folders below it: partial files have their own, and a sender of an earlier release could create others. */
function foldersIn(folder: string): readonly string[] {
  const below = namesIn(folder).map((name) => join(folder, name));
  return [folder, ...below.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true).flatMap(foldersIn)];
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // No file was received yet.
  }
}
