/** Finds and ends the server programs that the demo and the bench start. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';

const DEBIAN_POSTGRES = '/usr/lib/postgresql';

/** The path of a program in PATH, else in /usr/sbin or /usr/local/sbin, where servers are. Undefined if none of them has it. */
export function pathOfProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find(canExecute);
}

/**
 * The folder with `initdb`, `postgres`, `createdb` and `pg_isready`: the newest version of Debian's packages, else the one in PATH.
 * Undefined if there is none.
 */
export function postgresFolder(): string | undefined {
  const inPath = pathOfProgram('initdb');
  const folders = [
    ...versionsIn(DEBIAN_POSTGRES).map((version) => join(DEBIAN_POSTGRES, version, 'bin')),
    ...(inPath === undefined ? [] : [dirname(inPath)]),
  ];
  return folders.find((folder) => ['initdb', 'postgres', 'createdb', 'pg_isready'].every((name) => canExecute(join(folder, name))));
}

function versionsIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort((a, b) => Number(b) - Number(a));
  } catch {
    // PostgreSQL is not installed.
    return [];
  }
}

/** Options of `startTemporaryPostgres` and `startTemporaryMosquitto`. */
export interface ServerOptions {
  /** Once aborted, a first start of PostgreSQL that is under way rejects, but not at once. Mosquitto and later starts ignore it. */
  readonly signal?: AbortSignal;
  /** Called when a running program ends by itself. `how`: as `howItEnded`. */
  readonly onEnd?: (how: string) => void;
  /** In a process group of its own: Ctrl-C in the terminal does not reach it, so that its user can end it after those that need it. */
  readonly detached?: boolean;
}

/**
 * Runs a program to its end. Resolves with what it wrote on standard output. Errors: rejects if it does not start or fails; the message has
 * what it wrote on standard error.
 */
export function runProgram(
  file: string,
  words: readonly string[],
  options: { readonly cwd?: string; readonly detached?: boolean } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    // execFile would ignore `detached`.
    const child = spawn(file, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.once('error', (error) => reject(new Error(`${file} failed: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${file} failed: ${err.trim() || howItEnded(child)}`));
    });
    // Without a free file descriptor there are no pipes.
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
  });
}

/** How a process ended, as text such as `SIGKILL` or `exit code 1`. Shape: a process that has ended. */
export function howItEnded({ exitCode, signalCode }: ChildProcess): string {
  return signalCode ?? `exit code ${exitCode}`;
}

/** Whether a process has ended, by itself or by a signal. */
export function hasExited({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/**
 * Sends a signal, and SIGKILL when the process has not ended within `withinMs`. Resolves when it is gone, immediately if it has ended
 * before. Units: `withinMs` ms.
 */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals, withinMs = 10_000): Promise<void> {
  if (hasExited(child)) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
  await gone;
  clearTimeout(late);
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function canExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Missing or not accessible.
    return false;
  }
}
