/** Default paths of the sockets between agent and console. Both ends work it out from the same facts, so they find each other. */
import { accessSync, constants, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isLoginPlace, LOGIN_END, LOGIN_FOLDER } from '../../core/access.ts';
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
  throw new ConsoleError(
    'socket-refused',
    `${socketPath} is where consoles log in, and this socket asks for no login: choose another place`,
  );
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
    throw new ConsoleError('socket-refused', `${socketPath}: longer than ${MAX_PATH_BYTES} bytes; choose a shorter place with --socket`);
  const folder = dirname(socketPath);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new ConsoleError('socket-refused', `cannot make ${folder}: ${(cause as Error).message}; choose another place with --socket`, {
      cause,
    });
  }
  if (dirname(folder) !== tmpdir()) return;
  const { uid, mode } = lstatSync(folder);
  if (uid === process.getuid?.() && (mode & 0o022) === 0) return;
  throw new ConsoleError(
    'socket-refused',
    `${folder} belongs to another user or may be written by others; remove it, or choose another place with --socket`,
  );
}
