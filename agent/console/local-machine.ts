/**
 * The machine as seen by a console when no agent answers: service, log, store files.
 *
 * It reads files and runs the tools of the service manager.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Message, msg, type Said } from '../core/message.ts';
import { readStoredState } from '../store/last-state.ts';
import { readSiteFile } from './site-file.ts';
import type { LocalMachine } from './terminal/terminal.ts';

const run = promisify(execFile);
/** Units: ms. Source: assumed; a slower service manager counts as hung. Confirmed by: time of `systemctl restart` on a loaded gateway. */
const WAIT_MS = 20_000;
const UNIT = 'luciole.service';
/** Lines of the log to show. Source: assumed; the whole page fits a screen. Confirmed by: the page on a VT100 of 24 lines. */
const LOG_LINES = 8;

/**
 * Returns functions that read the state of the service, its log and the store files, and restart the service. A state or log that cannot
 * be read is a text with the reason. `restart` resolves with null, or with the reason of a failure. `configFile`: the cabinet file, which
 * names the store and the console's language.
 */
export function localMachine(configFile: string): LocalMachine {
  return {
    async lastState() {
      const { dir, timezone, problem } = cabinetOf(configFile);
      return {
        configFile,
        timezone,
        service: await outputOf('systemctl', ['is-active', UNIT]),
        log: linesOf(await outputOf('journalctl', ['--unit', UNIT, '--lines', String(LOG_LINES), '--output', 'cat', '--no-pager'])),
        store: dir === null ? null : readStoredState(dir),
        problem,
      };
    },
    language: async () => cabinetOf(configFile).language,
    restart: async () => {
      try {
        await run('systemctl', ['--no-ask-password', 'restart', UNIT], { timeout: WAIT_MS });
        return null;
      } catch (error) {
        return words(error);
      }
    },
  };
}

function cabinetOf(configFile: string) {
  const { cabinet, problem } = readSiteFile(configFile);
  if (cabinet === null) return { dir: null, timezone: 'UTC', language: 'en' as const, problem };
  return { dir: cabinet.store.dir, timezone: cabinet.timezone, language: cabinet.console.language, problem };
}

/** Resolves with the program's output even if it failed: `systemctl is-active` reports a stopped service with an exit code. */
async function outputOf(program: string, args: readonly string[]): Promise<Said> {
  try {
    return (await run(program, args, { timeout: WAIT_MS })).stdout.trim();
  } catch (error) {
    const { stdout = '' } = error as { stdout?: string };
    return stdout.trim() || msg`not known: ${words(error)}`;
  }
}

function linesOf(output: Said): readonly Said[] {
  return typeof output === 'string' ? output.split('\n') : [output];
}

function words(error: unknown): Message {
  const { code, stderr = '', message = '' } = error as { code?: unknown; stderr?: string; message?: string };
  if (code === 'ENOENT') return msg`this machine has no such program`;
  return msg`${(stderr.trim() || message).split('\n')[0] ?? ''}`;
}
