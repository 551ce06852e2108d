/**
 * Debian's Mosquitto as a child process on a free port of the loopback: a real MQTT 5 broker. Nothing is persisted.
 *
 * Check for the program with `findProgram` first.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  /** The id of the running process; undefined while there is none. */
  readonly pid: number | undefined;
  /** SIGTERM; resolves when the process is gone and its folder removed. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash; the folder stays until `stop`. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
}

/** The path of a program, or undefined. Servers are in sbin, which is often not in a user's PATH. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Another process may take a free port before the broker does; then the broker ends. */
const PORTS_TO_TRY = 5;
/** The longest start of a broker. Units: ms. */
const START_MS = 5_000;

/**
 * Starts a broker without accounts. `settings`: more lines for its configuration file.
 *
 * Errors: rejects with the broker's output if it ends on each of five ports, or is not ready within 5 s.
 */
export async function startMosquitto(program: string, settings: readonly string[] = []): Promise<Mosquitto> {
  for (let tries = 1; ; tries += 1) {
    const mosquitto = brokerOn(await freePort(), program, settings);
    try {
      await mosquitto.start();
      return mosquitto;
    } catch (error) {
      const hasEnded = mosquitto.hasEnded();
      await mosquitto.stop();
      if (!hasEnded || tries === PORTS_TO_TRY) throw error;
    }
  }
}

function brokerOn(port: number, program: string, settings: readonly string[]): Mosquitto & { hasEnded(): boolean } {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-mosquitto-'));
  const config = join(folder, 'mosquitto.conf');
  const user = process.getuid?.() === 0 ? ['user root'] : [];
  const own = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'log_dest stderr',
    'log_type information',
    'log_type error',
  ];
  writeFileSync(config, [...own, ...settings, ...user, ''].join('\n'));
  let child: ChildProcess | null = null;
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || isOver(running)) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await gone;
  };
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    get pid() {
      return child?.pid;
    },
    start: async () => {
      if (child !== null) return;
      const started = spawn(program, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
      child = started;
      await untilRunning(started, port);
    },
    hasEnded: () => child !== null && isOver(child),
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether a process has ended, by itself or by a signal. */
function isOver({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Resolves once the broker has logged that it runs. A connection would not prove that: another program could answer on its port. */
async function untilRunning(child: ChildProcess, port: number): Promise<void> {
  let said = '';
  const runs = new Promise<boolean>((resolve) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-1_000);
      if (/mosquitto version \S+ running/.test(said)) resolve(true);
    });
    child.once('exit', () => resolve(false));
    setTimeout(resolve, START_MS, false).unref();
  });
  if (!(await runs))
    throw new Error(`${isOver(child) ? 'mosquitto has ended' : `mosquitto does not run after ${START_MS} ms`}, 127.0.0.1:${port}: ${said}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Missing or not accessible: try the next folder.
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
