/** Default paths of the sockets between agent and console. Both ends compute them from the same facts. */

import { accessSync, constants, lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isLoginPlace, LOGIN_END, LOGIN_FOLDER } from '../../core/access.ts';
import { msg } from '../../core/message.ts';
import { ConsoleError } from '../console-error.ts';

/** Folder that the service unit creates. Source: systemd.exec(5), RuntimeDirectory=luciole. */
const SERVICE_FOLDER = '/run/luciole';
/** Longest path of a Unix socket. Units: bytes. Source: unix(7), sun_path of 108 with its closing zero. */
const MAX_PATH_BYTES = 107;

/**
 * Returns the default paths of the agent's own socket: that of the service, then that of an agent that this user runs. No file is
 * accessed.
 */
export function usualSocketPaths(): readonly string[] {
  return [join(SERVICE_FOLDER, 'agent.sock'), join(tmpdir(), `luciole-${process.getuid?.() ?? 0}`, 'agent.sock')];
}

/**
 * Returns the paths at which a client tries the login socket, in this order. `named` null: the default paths. If `isLoginPath` is true for
 * a named path, only this path. For any other: the login path beside it. For the service's own socket, the one in `LOGIN_FOLDER` comes
 * before that.
 */
export function loginPaths(named: string | null): readonly string[] {
  if (named === null) return [join(LOGIN_FOLDER, 'agent.sock'), ...usualSocketPaths().map(loginPathOf)];
  if (isLoginPath(named)) return [named];
  return [...(named === usualSocketPaths()[0] ? [join(LOGIN_FOLDER, 'agent.sock')] : []), loginPathOf(named)];
}

/** Returns undefined if nothing exists or this user may not look; then no client of this user can connect either. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/**
 * Returns where an agent with its own socket at `socketPath` opens its login socket. For the service's path this is in `LOGIN_FOLDER`, if
 * the calling process may write there. Otherwise it is beside the agent's own socket.
 */
export function loginSocketPath(socketPath: string): string {
  if (socketPath !== usualSocketPaths()[0] || !mayWrite(LOGIN_FOLDER)) return loginPathOf(socketPath);
  return join(LOGIN_FOLDER, 'agent.sock');
}

/** Returns true if the path is that of the usual login socket, or ends with `LOGIN_END`; no file is accessed. */
export function isLoginPath(socketPath: string): boolean {
  return socketPath === join(LOGIN_FOLDER, 'agent.sock') || socketPath.endsWith(LOGIN_END);
}

/**
 * Checks a path for the machine's own socket, which requires no login.
 *
 * Errors: throws ConsoleError 'socket-refused' if the path is in `LOGIN_FOLDER` or ends with `LOGIN_END`. The path is checked as typed, and
 * with the links of its folder followed if the folder exists.
 */
export function refuseLoginPlace(socketPath: string): void {
  const place = join(realOf(resolve(dirname(socketPath))), basename(socketPath));
  if (!isLoginPlace(socketPath) && !isLoginPlace(place) && dirname(place) !== realOf(LOGIN_FOLDER)) return;
  throw new ConsoleError('socket-refused', msg`${socketPath} is the login socket, and this one has no login: choose another path`);
}

/** Returns the real path, also for a file that does not exist yet. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function loginPathOf(socketPath: string): string {
  return `${socketPath.replace(/\.sock$/, '')}${LOGIN_END}`;
}

/**
 * Returns the default path for the agent's own socket. It is in the folder of the service if that is writable, otherwise in one of this
 * user below the temporary folder. Creates nothing.
 */
export function agentSocketPath(): string {
  const [service = '', own = ''] = usualSocketPaths();
  return mayWrite(SERVICE_FOLDER) ? service : own;
}

/** Returns false if the agent is not installed as a service, or the folder belongs to another user; neither is an error. */
function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Creates the folder of a socket, for this user only, if it is missing.
 *
 * Errors: throws ConsoleError 'socket-refused', for example if the folder cannot be created, or if `foreignPart` finds a part that another
 * user could have created.
 */
export function prepareSocketFolder(socketPath: string): void {
  if (Buffer.byteLength(socketPath) > MAX_PATH_BYTES)
    throw new ConsoleError('socket-refused', msg`${socketPath}: longer than ${MAX_PATH_BYTES} bytes; choose a shorter place with --socket`);
  const folder = dirname(socketPath);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new ConsoleError('socket-refused', msg`cannot make ${folder}: ${(cause as Error).message}; choose another place with --socket`, {
      cause,
    });
  }
  const foreign = foreignPart(socketPath);
  if (foreign === null) return;
  throw new ConsoleError(
    'socket-refused',
    msg`${foreign} belongs to another user or may be written by others; remove it, or choose another place with --socket`,
  );
}

/** Writable for everybody; inside such a folder, also for a group. Source: inode(7). */
const OPEN_TO = { everybody: 0o002, others: 0o022 };
/** In such a folder only the owner of a file may remove or rename it. Source: inode(7), S_ISVTX. */
const STICKY = 0o1000;

/**
 * Returns a socket's path up to the first part that another user, except root, could have created or could replace; null for none. Only
 * parts in folders that everybody may write are checked, and below such a folder also those in folders that a group may write. Checks the
 * path as it is, then with the links of its folder followed.
 */
export function foreignPart(socketPath: string): string | null {
  const path = resolve(socketPath);
  const real = join(realOf(dirname(path)), basename(path));
  return foreignPartOf(path) ?? (real === path ? null : foreignPartOf(real));
}

function foreignPartOf(path: string): string | null {
  let folder = '/';
  let openTo = OPEN_TO.everybody;
  for (const name of path.split('/').slice(1)) {
    const at = join(folder, name);
    const [above, found] = [statsOf(folder), statsOf(at)];
    if (above?.isDirectory() === true && (above.mode & openTo) !== 0) {
      openTo = OPEN_TO.others;
      const isOurs = found === undefined || found.uid === 0 || found.uid === process.getuid?.();
      if ((above.mode & STICKY) === 0 || !isOurs) return at;
    }
    if (found === undefined) return null;
    folder = at;
  }
  return null;
}
