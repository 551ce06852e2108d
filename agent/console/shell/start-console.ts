/** `luciole console`: connects the shell with the terminal, files and signals of this process. */

import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { msg } from '../../core/message.ts';
import { createSystemClock } from '../../core/system-clock.ts';
import { ConsoleError } from '../console-error.ts';
import { createLocalActions } from '../local-actions.ts';
import { firstSocket } from '../protocol/socket-client.ts';
import { isLoginPath, loginPaths, usualSocketPaths } from '../protocol/socket-path.ts';
import { configFileOf, type LocalArgs, type LocalMachine, type Terminal, textOf } from '../terminal/terminal.ts';
import { consoleKey, terminalName } from './console-key.ts';
import { createConsoleLogin } from './console-login.ts';
import { createLineHistoryStore } from './past-lines.ts';
import { type Login, machineLogin, strangerLogin } from './session.ts';
import { createShell } from './shell.ts';
import { openTtyDevice } from './tty-device.ts';

/** Source: the rates of Linux termios. Units: bit/s. */
const BAUD = { min: 300, max: 4_000_000 };

/**
 * Runs a session on the terminal of this process. Resolves with 0 after the end of the session, whatever its reason. `own`: commands that
 * another module implements.
 *
 * Errors: rejects, for example with ConsoleError 'usage' if there is no terminal, or 'failed' if it cannot be opened.
 */
export async function startConsole(
  args: LocalArgs,
  screen: Terminal,
  own: Readonly<Record<'config import' | 'inventory import' | 'commission', (args: LocalArgs, terminal: Terminal) => Promise<number>>>,
): Promise<number> {
  const tty = await openTtyDevice(baudOf(args));
  const clock = createSystemClock({ quality: () => 'none' });
  const shell = createShell({
    tty,
    clock,
    login: await loginFor(args, screen, clock),
    historyStore: createLineHistoryStore(stateDir()),
    filesDir: stateDir(),
    surroundings: { version: screen.version, socketPath: textOf(args['socket']) ?? screen.socketPath, localFiles: screen.localFiles },
    machine: {
      lastState: async () => (await machine()).lastState(),
      language: async () => (await machine()).language(),
      restart: async () => (await machine()).restart(),
    },
    wanted: async (path) => (await import('../../config/edit/wanted-value.ts')).wantedAt(path),
    localActions: (terminal, signal, readInput) =>
      createLocalActions({
        screen: terminal,
        isTerminal: true,
        write: async (text) => terminal.out(text),
        readInput,
        signal: () => signal,
        filesDir: stateDir() ?? process.cwd(),
        commit: process.env['LUCIOLE_COMMIT'],
        own: {
          ...{ run: refuse, console: refuse, setup: refuse, erase: refuse, backup: refuse, restore: refuse },
          'config import': (typed) => own['config import'](typed, terminal),
          'inventory import': (typed) => own['inventory import'](typed, terminal),
          commission: (typed) => own.commission(typed, terminal),
          ...{
            'config keygen': refuse,
            'config sign': refuse,
            'config verify': refuse,
            'user hash': refuse,
            'user sign': refuse,
            'uplink renew': refuse,
          },
        },
      }),
    // A simple terminal would show the request as text.
    withProbe: args['no-probe'] !== true && process.env['TERM'] !== 'dumb',
  });
  process.on('SIGHUP', () => shell.end('hang-up'));
  process.on('SIGTERM', () => shell.end('stopped'));
  await shell.run();
  return 0;
}

/** Users of the machine need no login. A user who may not open its socket, or chooses so, logs in at the other one. */
async function loginFor(args: LocalArgs, screen: Terminal, clock: Clock): Promise<Login> {
  const named = textOf(args['socket']) ?? screen.socketPath;
  const mustLogIn = args['login'] === true || (named !== null && isLoginPath(named));
  const own = mustLogIn ? 'closed' : await firstSocket(named === null ? usualSocketPaths() : [named]);
  if (own !== 'closed') return machineLogin(screen.user);
  const socketPath = await firstSocket(loginPaths(named));
  if (socketPath === null || socketPath === 'closed') return mustLogIn ? strangerLogin(screen.user) : machineLogin(screen.user);
  const surroundings = { version: screen.version, localFiles: screen.localFiles };
  return createConsoleLogin({ socketPath, clock, surroundings, consoleKey: consoleKey(stateDir(), terminalName()) });
}

/** Loaded on demand because it needs the database library. */
async function machine(): Promise<LocalMachine> {
  return (await import('../local-machine.ts')).localMachine(configFileOf({}));
}

function refuse(): Promise<never> {
  return Promise.reject(new ConsoleError('usage', msg`this command cannot run in a console session`));
}

/** Returns the state folder of the service, otherwise of the person; null stores no lines. Source: systemd.exec(5), XDG Base Directory Specification. */
function stateDir(): string | null {
  const { STATE_DIRECTORY, XDG_STATE_HOME } = process.env;
  if (STATE_DIRECTORY) return STATE_DIRECTORY;
  if (XDG_STATE_HOME) return join(XDG_STATE_HOME, 'luciole');
  const home = homedir();
  return home === '' || home === '/' || home === '/nonexistent' ? null : join(home, '.local/state/luciole');
}

function baudOf(args: LocalArgs): number | null {
  const typed = textOf(args['baud']);
  if (typed === null) return null;
  const value = /^\d{3,7}$/.test(typed) ? Number(typed) : 0;
  if (value >= BAUD.min && value <= BAUD.max) return value;
  throw new ConsoleError('usage', msg`bad --baud "${typed}": write bits per second, as 9600`);
}
