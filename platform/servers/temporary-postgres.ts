/**
 * A PostgreSQL cluster of its own in a temporary folder, on a free port of the loopback and a Unix socket there. For the demo, tests and the bench.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PlatformFailure } from '../core/errors.ts';
import { endProcess, findFreePort, hasExited, pathOfProgram, postgresFolder } from './programs.ts';

/** A running cluster. `url` is that of its database `city`. */
export interface TemporaryPostgres {
  readonly url: string;
  readonly port: number;
  readonly socketFolder: string;
  readonly pid: number | undefined;
  /** SIGKILL, as a crash; the data stays. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Source: assumed; recovery after a kill and a slow disk included. Units: ms. Confirmed by: starts on a loaded machine. */
const START_MS = 60_000;
const USER = 'city';

/** PostgreSQL refuses to run as root, so root runs it as the user of Debian's package. */
function asUser(): {
  readonly command: (program: string, args: readonly string[]) => readonly [string, string[]];
  readonly owner: string | null;
} {
  if (process.getuid?.() !== 0) return { command: (program, args) => [program, [...args]], owner: null };
  const setpriv = pathOfProgram('setpriv') ?? 'setpriv';
  const become = ['--reuid=postgres', '--regid=postgres', '--clear-groups'];
  return { command: (program, args) => [setpriv, [...become, program, ...args]], owner: 'postgres' };
}

/** Starts a cluster. `settings`: further lines of postgresql.conf. Errors: rejects with PlatformFailure `program-missing`, or when it does not start. */
export async function startTemporaryPostgres(settings: readonly string[] = []): Promise<TemporaryPostgres> {
  const bin = postgresFolder();
  if (bin === undefined) throw new PlatformFailure('program-missing', 'PostgreSQL is not installed: apt-get install postgresql-17');
  const folder = mkdtempSync(join(tmpdir(), 'luciole-postgres-'));
  const data = join(folder, 'data');
  const { command, owner } = asUser();
  const execute = (program: string, args: readonly string[]): void => {
    const [file, words] = command(join(bin, program), args);
    execFileSync(file, words, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
  };
  if (owner !== null) execFileSync('chown', [owner, folder]);
  chmodSync(folder, 0o755);
  execute('initdb', ['--pgdata', data, '--username', USER, '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync']);
  const port = await findFreePort();
  const own = [`port = ${port}`, `listen_addresses = '127.0.0.1'`, `unix_socket_directories = '${folder}'`, 'max_connections = 50'];
  appendFileSync(join(data, 'postgresql.conf'), `${[...own, ...settings].join('\n')}\n`);
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const [file, words] = command(join(bin, 'postgres'), ['-D', data]);
    child = spawn(file, words, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
    await untilReady(child, join(bin, 'pg_isready'), port);
  };
  await start();
  execute('createdb', ['--host', folder, '--port', String(port), '--username', USER, 'city']);
  return {
    ...{ url: `postgres://${USER}@127.0.0.1:${port}/city`, port, socketFolder: folder, start },
    get pid() {
      return child?.pid;
    },
    kill: async () => {
      if (child !== null) await endProcess(child, 'SIGKILL');
    },
    stop: async () => {
      // SIGINT is the fast shutdown: it does not wait for clients.
      if (child !== null) await endProcess(child, 'SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess, isReady: string, port: number): Promise<void> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-2_000);
  });
  for (let waitedMs = 0; waitedMs < START_MS && !hasExited(child); waitedMs += 100) {
    try {
      execFileSync(isReady, ['--quiet', '--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' });
      return;
    } catch {
      // Not ready yet: the program ends with 1 or 2.
      await pause(100);
    }
  }
  throw new Error(`PostgreSQL does not start: ${said}`);
}
