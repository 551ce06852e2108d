/** Debian's Mosquitto as a child process on a free port of the loopback. For the demo and the bench. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlatformFailure } from '../core/errors.ts';
import { endProcess, findFreePort, pathOfProgram } from './programs.ts';

/** A running broker without accounts. */
export interface TemporaryMosquitto {
  readonly url: string;
  readonly port: number;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** Units: ms. Source: assumed; it starts within milliseconds on a quiet machine. Confirmed by: starts on a loaded machine. */
const START_MS = 10_000;

/** Starts a broker with the settings that docs/platform.md gives. Errors: rejects with PlatformFailure `program-missing`, or when it does not start. */
export async function startTemporaryMosquitto(): Promise<TemporaryMosquitto> {
  const program = pathOfProgram('mosquitto');
  if (program === undefined) throw new PlatformFailure('program-missing', 'Mosquitto is not installed: apt-get install mosquitto');
  const folder = mkdtempSync(join(tmpdir(), 'luciole-broker-'));
  const port = await findFreePort();
  const user = process.getuid?.() === 0 ? ['user root'] : [];
  const settings = [
    'allow_anonymous true',
    'persistence false',
    'log_dest stderr',
    'log_type information',
    'log_type error',
    'max_queued_messages 0',
  ];
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(config, [`listener ${port} 127.0.0.1`, ...settings, ...user, ''].join('\n'));
  const child = spawn(program, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  const isRunning = await new Promise<boolean>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-1_000);
      if (/mosquitto version \S+ running/.test(said)) resolve(true);
    });
    child.once('exit', () => resolve(false));
    setTimeout(resolve, START_MS, false).unref();
  });
  if (!isRunning) throw new Error(`Mosquitto does not start: ${said}`);
  return {
    ...{ url: `mqtt://127.0.0.1:${port}`, port, pid: child.pid },
    stop: async () => {
      await endProcess(child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
