/** Debian's Mosquitto as a child process on a free port of the loopback. For the demo and the bench. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlatformFailure } from '../core/errors.ts';
import { endProcess, findFreePort, howItEnded, pathOfProgram, type ServerOptions } from './programs.ts';

/** A Mosquitto on 127.0.0.1, without TLS and accounts. */
export interface TemporaryMosquitto {
  readonly url: string;
  readonly port: number;
  /** The process id of the last start, even after that process has ended. */
  readonly pid: number | undefined;
  /** Starts it again on the same port, without its messages, after it has ended by itself. Rejects after `stop`, which removes its files. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** Units: ms. Source: assumed; it starts within milliseconds on a quiet machine. Confirmed by: starts on a loaded machine. */
const START_MS = 10_000;

/**
 * Starts a broker without TLS and accounts. `onEnd` is not called for an end by `stop`; `signal` has no effect. Errors: rejects with
 * PlatformFailure `program-missing`, and with Error when it does not start.
 */
export async function startTemporaryMosquitto({ onEnd, detached = false }: ServerOptions = {}): Promise<TemporaryMosquitto> {
  const program = pathOfProgram('mosquitto');
  if (program === undefined) throw new PlatformFailure('program-missing', 'Mosquitto is not installed: apt-get install mosquitto');
  const folder = mkdtempSync(join(tmpdir(), 'luciole-broker-'));
  const port = await findFreePort();
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(config, settingsOf(port));
  let child: ChildProcess | null = null;
  let isEnding = false;
  const stop = async (): Promise<void> => {
    isEnding = true;
    if (child !== null) await endProcess(child, 'SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  const start = async (): Promise<void> => {
    const started = spawn(program, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'], detached });
    child = started;
    await untilRunning(started);
    started.once('exit', () => {
      if (!isEnding) onEnd?.(howItEnded(started));
    });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...{ url: `mqtt://127.0.0.1:${port}`, port, start, stop },
    get pid() {
      return child?.pid;
    },
  };
}

function settingsOf(port: number): string {
  const user = process.getuid?.() === 0 ? ['user root'] : [];
  const log = ['log_dest stderr', 'log_type information', 'log_type error'];
  return [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'persistence false', ...log, 'max_queued_messages 0', ...user, ''].join(
    '\n',
  );
}

async function untilRunning(child: ChildProcess): Promise<void> {
  let said = '';
  const isRunning = await new Promise<boolean>((resolve) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-1_000);
      if (/mosquitto version \S+ running/.test(said)) resolve(true);
    });
    child.once('exit', () => resolve(false));
    setTimeout(resolve, START_MS, false).unref();
  });
  if (!isRunning) throw new Error(`Mosquitto does not start: ${said}`);
}
