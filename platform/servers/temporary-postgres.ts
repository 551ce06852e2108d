/**
 * A PostgreSQL cluster of its own in a temporary folder, on a free port of the loopback and a Unix socket there. For the demo, tests and the bench.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PlatformFailure } from '../core/errors.ts';
import {
  endProcess,
  findFreePort,
  hasExited,
  howItEnded,
  pathOfProgram,
  postgresFolder,
  runProgram,
  type ServerOptions,
} from './programs.ts';

/** A PostgreSQL cluster. `url`: its database `city`, for the user who owns it. `socketFolder` has its Unix socket and its data. */
export interface TemporaryPostgres {
  readonly url: string;
  readonly port: number;
  readonly socketFolder: string;
  /** The process id of the last start, even after that process has ended. */
  readonly pid: number | undefined;
  /** SIGKILL, as a crash; the data stays. */
  kill(): Promise<void>;
  /** Starts it again with its data after it has ended, and waits until it accepts connections; not after `stop`. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Source: assumed; recovery after a kill and a slow disk included. Units: ms. Confirmed by: starts on a loaded machine. */
const START_MS = 60_000;
/** Source: docs/city-database.md, "Run it": `is json` in the views came with version 16. */
const OLDEST_VERSION = 16;
const ADMIN = 'postgres';
/** Owns the database and has no further rights, as on a city's server. */
const USER = 'city';

type Command = (program: string, args: readonly string[]) => readonly [string, string[]];

/** PostgreSQL refuses to run as root, so root runs it as the user of Debian's package. */
function asUser(): { readonly command: Command; readonly owner: string | null } {
  if (process.getuid?.() !== 0) return { command: (program, args) => [program, [...args]], owner: null };
  const setpriv = pathOfProgram('setpriv') ?? 'setpriv';
  const become = ['--reuid=postgres', '--regid=postgres', '--clear-groups'];
  return { command: (program, args) => [setpriv, [...become, program, ...args]], owner: 'postgres' };
}

/**
 * Starts a cluster. `settings`: further lines of postgresql.conf. Errors: rejects with PlatformFailure `program-missing` if PostgreSQL is
 * missing or too old; with other errors, for example if it does not start.
 */
export async function startTemporaryPostgres(settings: readonly string[] = [], options: ServerOptions = {}): Promise<TemporaryPostgres> {
  const bin = await findPostgres();
  const folder = mkdtempSync(join(tmpdir(), 'luciole-postgres-'));
  const cluster = new Cluster(bin, folder, options);
  try {
    await cluster.create(settings);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function findPostgres(): Promise<string> {
  const bin = postgresFolder();
  const advice = 'Debian 13 has version 17: apt-get install postgresql-17';
  if (bin === undefined) throw new PlatformFailure('program-missing', `PostgreSQL is not installed. ${advice}`);
  const version = Number(/\) (\d+)/.exec(await runProgram(join(bin, 'postgres'), ['--version']))?.[1] ?? Number.NaN);
  if (version < OLDEST_VERSION)
    throw new PlatformFailure('program-missing', `PostgreSQL ${version} is too old: ${OLDEST_VERSION} or newer is required. ${advice}`);
  return bin;
}

class Cluster implements TemporaryPostgres {
  readonly socketFolder: string;
  readonly #bin: string;
  readonly #data: string;
  readonly #command = asUser().command;
  readonly #options: ServerOptions;
  #child: ChildProcess | null = null;
  #isEnding = false;
  port = 0;

  constructor(bin: string, folder: string, options: ServerOptions) {
    this.#bin = bin;
    this.#options = options;
    this.socketFolder = folder;
    this.#data = join(folder, 'data');
  }

  get url(): string {
    return `postgres://${USER}@127.0.0.1:${this.port}/city`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async create(settings: readonly string[]): Promise<void> {
    const { owner } = asUser();
    if (owner !== null) await runProgram('chown', [owner, this.socketFolder]);
    chmodSync(this.socketFolder, 0o755);
    const locale = ['--encoding', 'UTF8', '--locale', 'C.UTF-8'];
    await this.#execute('initdb', ['--pgdata', this.#data, '--username', ADMIN, '--auth', 'trust', ...locale, '--no-sync']);
    this.port = await findFreePort();
    const sockets = [`listen_addresses = '127.0.0.1'`, `unix_socket_directories = '${this.socketFolder}'`];
    appendFileSync(
      join(this.#data, 'postgresql.conf'),
      `${[`port = ${this.port}`, ...sockets, 'max_connections = 50', ...settings].join('\n')}\n`,
    );
    await this.start();
    const asAdmin = ['--host', this.socketFolder, '--port', String(this.port), '--username', ADMIN];
    await this.#execute('createuser', [...asAdmin, USER]);
    await this.#execute('createdb', [...asAdmin, '--owner', USER, 'city']);
  }

  async start(): Promise<void> {
    const [file, words] = this.#command(join(this.#bin, 'postgres'), ['-D', this.#data]);
    const { detached = false, onEnd } = this.#options;
    const child = spawn(file, words, { stdio: ['ignore', 'ignore', 'pipe'], cwd: this.socketFolder, detached });
    this.#child = child;
    this.#isEnding = false;
    await untilReady(child, join(this.#bin, 'pg_isready'), this.port);
    child.once('exit', () => {
      if (!this.#isEnding) onEnd?.(howItEnded(child));
    });
  }

  async kill(): Promise<void> {
    this.#isEnding = true;
    if (this.#child !== null) await endProcess(this.#child, 'SIGKILL');
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    // SIGINT is the fast shutdown: it does not wait for clients.
    if (this.#child !== null) await endProcess(this.#child, 'SIGINT');
    rmSync(this.socketFolder, { recursive: true, force: true });
  }

  async #execute(program: string, args: readonly string[]): Promise<void> {
    const [file, words] = this.#command(join(this.#bin, program), args);
    const { detached = false, signal } = this.#options;
    await runProgram(file, words, { cwd: this.socketFolder, detached });
    signal?.throwIfAborted();
  }
}

async function untilReady(child: ChildProcess, isReady: string, port: number): Promise<void> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-2_000);
  });
  for (let waitedMs = 0; waitedMs < START_MS && !hasExited(child); waitedMs += 100) {
    try {
      await runProgram(isReady, ['--quiet', '--host', '127.0.0.1', '--port', String(port)]);
      return;
    } catch {
      // Not ready yet: the program ends with 1 or 2.
      await pause(100);
    }
  }
  throw new Error(`PostgreSQL does not start: ${said}`);
}
