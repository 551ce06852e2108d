/** `tech-support`: writes one packed file for remote support, and reports its size and its transfer time over the serial line. */

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';
import { cpus, freemem, loadavg, release, totalmem, uptime } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { LeastRole } from '../../../core/access.ts';
import type { WallMs } from '../../../core/clock.ts';
import { msg } from '../../../core/message.ts';
import { readRegularFileLater } from '../../../core/regular-file.ts';
import { ConsoleError } from '../../console-error.ts';
import type { ExpectRoom, LocalArgs, Terminal } from '../../terminal/terminal.ts';
import { formatDuration } from '../../text/duration.ts';
import { formatBytes } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { makeBundle } from './tech-support-bundle.ts';

/**
 * Lines of the journal, and longest wait for them. Source: assumed; a busy day of an agent. Confirmed by: a week of journals of a cabinet.
 */
const JOURNAL = { lines: 1_000, maxBytes: 1_000_000, timeoutMs: 10_000 };
/** Readable by its owner only: it contains no secrets, but details of a street. */
const NEW_FILE = { mode: 0o600, flag: 'wx', flush: true };
/**
 * Share of the line's bytes that is file content. Source: assumed; 1 KB ZMODEM subpackets cost 2 %, escapes and turnarounds more. Confirmed
 * by: a timed `sz` transfer at 9600 baud.
 */
const ZMODEM_SHARE = 0.9;
const pack = promisify(gzip);

/**
 * What `tech-support` uses. `configFile`: path of the cabinet file. `nowMs`: for the name of the file, in UTC. `expectRoom` is called
 * before the file is written, always with a path in `dir`; default: no check.
 */
export interface TechSupportParts {
  readonly terminal: Terminal;
  readonly configFile: string;
  /** Folder of the file if `--to` is not typed. */
  readonly dir: string;
  readonly nowMs: WallMs;
  readonly expectRoom?: ExpectRoom;
}

/**
 * `tech-support`: writes one packed file and prints its path, its size and which answers of the agent are missing. Resolves with 0, also if
 * the agent did not answer.
 *
 * Errors: rejects with ConsoleError, for example 'failed' if the place is not writable or has a file of this name.
 */
export async function techSupport(
  args: LocalArgs,
  { terminal, configFile, dir, nowMs, expectRoom = async () => {} }: TechSupportParts,
): Promise<number> {
  const { text, cabinetId, missing, needsRole } = await makeBundle(terminal, args['socket'], () => machineFacts(configFile, terminal));
  const bytes = await pack(text, { level: 9 });
  const name = `luciole-support-${cabinetId || 'cabinet'}-${new Date(nowMs).toISOString().slice(0, 19).replace(/[:-]/g, '')}Z.txt.gz`;
  await expectRoom(join(dir, name), bytes.length);
  const file = await written(bytes, typeof args['to'] === 'string' ? args['to'] : dir, name);
  const summary = { file, bytes: bytes.length, unpackedBytes: text.length, missing, needsRole };
  if (args['json'] === true) terminal.out(`${JSON.stringify(summary)}\n`);
  else terminal.out(`${summaryLines(summary, terminal).join('\n')}\n`);
  return 0;
}

interface Summary {
  readonly file: string;
  readonly bytes: number;
  readonly unpackedBytes: number;
  readonly missing: readonly string[];
  readonly needsRole: Readonly<Record<string, LeastRole>>;
}

function summaryLines({ file, bytes, unpackedBytes, missing, needsRole }: Summary, terminal: Terminal): readonly string[] {
  const size = msg`${formatBytes(bytes)}, ${formatBytes(unpackedBytes)} of text unpacked; at 9600 baud ${formatDuration(transferMs(bytes, 9_600))}: in a session \`copy FILE serial\``;
  const unread = missing.filter((name) => needsRole[name] === undefined);
  const without = unread.length === 0 ? [] : paragraph(msg`without: ${unread}`, terminal);
  const denied = Object.entries(needsRole).flatMap(([name, role]) =>
    paragraph(msg`without ${name}, which requires the role ${role}: if it matters, let such a user make the bundle`, terminal),
  );
  return [file, ...paragraph(size, terminal), ...without, ...denied];
}

/** Returns the transfer time over a serial line. Units: ms. Source: ten bits per byte (start, eight, stop), less protocol overhead. */
function transferMs(bytes: number, speedBaud: number): number {
  return (bytes / ((speedBaud / 10) * ZMODEM_SHARE)) * 1_000;
}

/**
 * Writes the file `name` in the folder `place`, or `place` itself if it is not a folder. It never overwrites a file; a failed write leaves
 * no file.
 */
async function written(bytes: Uint8Array, place: string, name: string): Promise<string> {
  for (const file of [join(place, name), place]) {
    try {
      await writeWhole(file, bytes);
      return file;
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const isNoFolder = code === 'ENOENT' || code === 'ENOTDIR';
      if (isNoFolder && file !== place) continue;
      const why = code === 'EEXIST' ? msg`a file of this name exists already` : (cause as Error).message;
      throw new ConsoleError('failed', msg`cannot write ${file}: ${why}; name another place with --to`, { cause });
    }
  }
  throw new ConsoleError('failed', msg`cannot write ${place}; name another place with --to`);
}

/** Errors of a file system without hard links, such as on a USB stick. Source: link(2). */
const WITHOUT_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

/**
 * Writes a file that has its name only once it is complete, if the file system has hard links. Replaces nothing, not even a link.
 *
 * Errors: rejects with the system's error, `EEXIST` if the name exists.
 */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  // Two runs must not use the same temporary file.
  const fresh = `${file}.${randomUUID().slice(0, 8)}.new`;
  try {
    await writeFile(fresh, bytes, NEW_FILE);
    await link(fresh, file).catch((error: NodeJS.ErrnoException) => {
      if (!WITHOUT_LINKS.has(error.code ?? '')) throw error;
      return writeExclusively(file, bytes);
    });
  } finally {
    await rm(fresh, { force: true });
  }
}

/** Errors: as `writeWhole`; an incomplete file is removed. */
async function writeExclusively(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes, NEW_FILE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(file, { force: true });
    throw error;
  }
}

async function machineFacts(configFile: string, { version }: Terminal): Promise<readonly (readonly [string, string])[]> {
  const mb = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
  const machine = [
    version,
    `Linux ${release()}, ${process.arch}, ${cpus().length} processors, load ${loadavg()
      .map((load) => load.toFixed(2))
      .join(' ')}`,
    `memory ${mb(freemem())} free of ${mb(totalmem())}, up ${formatDuration(uptime() * 1_000)}`,
  ];
  return [
    ['machine', machine.join('\n')],
    [configFile, await readRegularFileLater(configFile).then(String, (error: Error) => `not available: ${error.message}`)],
    ['journal', await journal()],
  ];
}

/** Uses fixed arguments only: no typed text reaches another program. */
function journal(): Promise<string> {
  const args = ['--unit=luciole', `--lines=${JOURNAL.lines}`, '--no-pager', '--output=short-iso'];
  return new Promise((resolve) => {
    execFile('journalctl', args, { timeout: JOURNAL.timeoutMs, maxBuffer: JOURNAL.maxBytes }, (error, stdout) => {
      resolve(error === null || stdout !== '' ? stdout : `not available: ${error.message}`);
    });
  });
}
