/** Default paths of the sockets between agent and console. Both ends work it out from the same facts, so they find each other. */

import { accessSync, constants, lstatSync, mkdirSync, realpathSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isLoginPlace, LOGIN_END, LOGIN_FOLDER } from '../../core/access.ts';
import { msg } from '../../core/message.ts';
import { ConsoleError } from '../console-error.ts';

/** Made by the service unit. Source: systemd.exec(5), RuntimeDirectory=luciole. */
const SERVICE_FOLDER = '/run/luciole';
/** Longest path of a Unix socket. Units: bytes. Source: unix(7), sun_path of 108 with its closing zero. */
const MAX_PATH_BYTES = 107;

/** The usual places, best first. */
export function usualSocketPaths(): readonly string[] {
  return [join(SERVICE_FOLDER, 'agent.sock'), join(tmpdir(), `luciole-${process.getuid?.() ?? 0}`, 'agent.sock')];
}

/** Default paths of the login socket, best first; for a named socket only its login socket, or itself where it is one. */
export function loginPaths(named: string | null): readonly string[] {
  if (named === null) return [join(LOGIN_FOLDER, 'agent.sock'), ...usualSocketPaths().map(loginPathOf)];
  return [isLoginPath(named) ? named : loginPathOf(named)];
}

/** Undefined where nothing is, or where this user may not look: then no client of this user connects either. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** The login socket of an agent: in the folder made for it when it may write there, else next to its own socket. */
export function loginSocketPath(socketPath: string): string {
  if (socketPath !== usualSocketPaths()[0] || !mayWrite(LOGIN_FOLDER)) return loginPathOf(socketPath);
  return join(LOGIN_FOLDER, 'agent.sock');
}

/** Whether a named socket is one where people log in. */
export function isLoginPath(socketPath: string): boolean {
  return socketPath === join(LOGIN_FOLDER, 'agent.sock') || socketPath.endsWith(LOGIN_END);
}

/**
 * The machine's own socket is not where consoles log in, however its path is written: by a link, from the present folder, in the environment.
 *
 * Errors: throws ConsoleError 'socket-refused'.
 */
export function refuseLoginPlace(socketPath: string): void {
  const place = join(realOf(resolve(dirname(socketPath))), basename(socketPath));
  if (!isLoginPlace(socketPath) && !isLoginPlace(place) && dirname(place) !== realOf(LOGIN_FOLDER)) return;
  throw new ConsoleError('socket-refused', msg`${socketPath} is the login socket, and this one has no login: choose another path`);
}

/** As it is where nothing is there yet. */
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

/** The socket of an agent: next to the service's other files when it may write there, else in a folder of its user. */
export function agentSocketPath(): string {
  const [service = '', own = ''] = usualSocketPaths();
  return mayWrite(SERVICE_FOLDER) ? service : own;
}

/** Not installed as a service, or another user's: both are plain facts here. */
function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Make the folder of a socket when it is missing, for this user alone.
 *
 * Errors: throws ConsoleError 'socket-refused' when the path is longer than the system takes, or when another user owns it in the shared temporary folder, where anyone could have placed a trap.
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

/** Writable for everybody; below such a folder, for a group too. Source: inode(7). */
const OPEN_TO = { everybody: 0o002, others: 0o022 };
/** Only its owner removes or renames a file in such a folder. Source: inode(7), S_ISVTX. */
const STICKY = 0o1000;

/**
 * The first part of a socket's path that an ordinary user other than this one could have placed, as in a shared temporary folder; null for
 * none. Who listens there may be anybody, so no agent is asked and none opens its socket there.
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
