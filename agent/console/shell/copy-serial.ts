/**
 * `copy FILE serial`: sends a file over the line that the session uses.
 *
 * It uses ZMODEM through the program `sz` if installed, otherwise lines of base64 with a checksum each. It shows the expected time first.
 * Both methods can resume an interrupted transfer.
 */

import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { LeastRole } from '../../core/access.ts';
import type { Clock } from '../../core/clock.ts';
import { counted, type Message, msg, type Said } from '../../core/message.ts';
import { ConsoleError } from '../console-error.ts';
import { formatDuration } from '../text/duration.ts';
import { formatBytes } from '../text/page.ts';
import { wrap } from '../text/text-lines.ts';
import type { Dialog } from './dialog.ts';
import { allDirs, sessionFile } from './session-files.ts';
import type { Tty } from './tty.ts';

/** The arguments of `copy`. */
export interface CopyArgs {
  /** Name of a file of this console; a user of the machine may also name a path. */
  readonly file: string;
  /** Send lines of base64 even if ZMODEM is available. */
  readonly isBase64: boolean;
  /** First line of base64 to send, from 1; used to resume a transfer. ZMODEM ignores it. */
  readonly fromLine: number;
}

/** What file transfers use of the session and its terminal. */
export interface CopyParts {
  readonly dialog: Dialog;
  /** `lend`: gives the line to a ZMODEM program; absent if it cannot be given away. `speedBaud`: null without a speed limit. */
  readonly tty: Pick<Tty, 'speedBaud' | 'lend'>;
  readonly clock: Pick<Clock, 'monoMs'>;
  /** Folder of the console; null: none, `receive` then uses the working directory. */
  readonly filesDir: string | null;
  /** Role of the session, which limits the files that it may read; null for a user of the machine, who has no such limit. */
  readonly role: LeastRole | null;
  readonly translate: (said: Said) => string;
}

/** Resume, binary, quiet: the terminal program shows its own ZMODEM progress. Source: sz(1) of lrzsz. */
const SZ = ['sz', '--zmodem', '--binary', '--resume', '--quiet'];
/** File bytes per base64 line. Source: a line of 80 columns with its number and checksum. Units: bytes. */
const LINE_BYTES = 45;
/**
 * Share of the line's bytes that is file content. Source: assumed for ZMODEM (subpackets and escapes cost some percent); computed for
 * base64. Confirmed by: a timed `sz` transfer at 9600 baud.
 */
const SHARE = { zmodem: 0.9, base64: LINE_BYTES / 78 };
/**
 * Largest file. Source: assumed; a larger file would take over a night at 9600 baud. Units: bytes. Confirmed by: sizes of files that
 * technicians copy.
 */
const MAX_BYTES = 32 * 2 ** 20;
/** Lines passed to the writer at a time, so that Ctrl-C acts soon. */
const LINES_AHEAD = 8;

/**
 * Sends a file over the line of the session by ZMODEM or as lines of base64, and resolves with the lines to show afterwards.
 *
 * Errors: rejects with ConsoleError, for example if the file is missing, too large or cannot be read, or ZMODEM fails.
 */
export async function copySerial(args: CopyArgs, parts: CopyParts): Promise<readonly string[]> {
  const path = pathOf(args.file, parts);
  const bytes = statSync(path).size;
  if (bytes > MAX_BYTES)
    throw new ConsoleError('failed', msg`${path} has ${formatBytes(bytes)}; ${formatBytes(MAX_BYTES)} at most go over a serial line`);
  if (!args.isBase64) {
    const sent = await byZmodem(path, bytes, parts);
    if (sent !== null) return sent;
    notice(parts, msg`no program sz here (Debian package lrzsz): lines of base64 instead`);
  }
  return byLines(path, args, parts);
}

function pathOf(file: string, { filesDir, role }: CopyParts): string {
  const own = filesDir === null ? [] : allDirs(filesDir).map((dir) => join(dir, file));
  const candidates = role === null ? [...own, file] : [sessionFile(file, 'read', { filesDir, role })];
  const found = candidates.find((path) => existsSync(path) && statSync(path).isFile());
  if (found === undefined)
    throw new ConsoleError(
      'failed',
      filesDir === null ? msg`no file ${file}; tech-support makes one` : msg`no file ${file}, nor in ${filesDir}; tech-support makes one`,
    );
  return found;
}

/** Resolves with null if the program is not installed. */
async function byZmodem(path: string, bytes: number, parts: CopyParts): Promise<readonly string[] | null> {
  const { dialog, tty, clock, translate } = parts;
  const lend = tty.lend?.bind(tty);
  if (lend === undefined) return null;
  estimate(parts, bytes, SHARE.zmodem);
  notice(parts, msg`start receiving by ZMODEM now; Ctrl-X five times stops it; the same command continues`);
  await dialog.drained();
  const startMono = clock.monoMs();
  const code = await dialog.lend(() => lend([...SZ, '--', path]));
  if (code === null) return null;
  if (code !== 0) throw new ConsoleError('failed', msg`the file did not arrive whole; the same command goes on where it was cut`);
  return [translate(msg`${basename(path)}: sent in ${formatDuration(clock.monoMs() - startMono)}`)];
}

async function byLines(path: string, { fromLine }: CopyArgs, parts: CopyParts): Promise<readonly string[]> {
  const { dialog, translate } = parts;
  const content = await readFile(path).catch((error: Error) => {
    throw new ConsoleError('failed', msg`${basename(path)}: ${error.message}`, { cause: error });
  });
  const count = Math.ceil(content.length / LINE_BYTES);
  if (fromLine > Math.max(1, count)) throw new ConsoleError('usage', msg`${basename(path)} has ${count} lines; go on from one of them`);
  const left = content.subarray((fromLine - 1) * LINE_BYTES);
  estimate(parts, left.length, SHARE.base64);
  let isStopped = false;
  dialog.input.onInterrupt(() => {
    isStopped = true;
    dialog.writer.discard();
  });
  try {
    const sha256 = createHash('sha256').update(content).digest('hex');
    dialog.writer.write(`begin-base64-lines ${content.length} ${count} ${basename(path)}\n`);
    for (let line = fromLine; line <= count && !isStopped && dialog.ended() === null; line++) {
      dialog.writer.write(`${base64Line(content, line)}\n`);
      if (line % LINES_AHEAD !== 0) continue;
      await dialog.drained();
      dialog.alive();
    }
    await dialog.drained();
    if (isStopped || dialog.ended() !== null)
      throw new ConsoleError('failed', msg`stopped; --from LINE goes on from the first line that is missing`);
    dialog.writer.write(`end-base64-lines\nsha256 ${sha256}\n`);
  } finally {
    dialog.input.onInterrupt(null);
  }
  const sent = count - fromLine + 1;
  return [translate(counted(sent, msg`${sent} line sent`, msg`${sent} lines sent`))];
}

/** Returns number, base64, and CRC-32 of both. Source of the check: zlib. */
function base64Line(content: Uint8Array, line: number): string {
  const text = `${line} ${Buffer.from(content.subarray((line - 1) * LINE_BYTES, line * LINE_BYTES)).toString('base64')}`;
  return `${text} ${crc32(text).toString(16).padStart(8, '0')}`;
}

function estimate(parts: CopyParts, bytes: number, share: number): void {
  const { speedBaud } = parts.tty;
  const rate = speedBaud === null ? null : (speedBaud / 10) * share;
  notice(
    parts,
    speedBaud === null || rate === null
      ? formatBytes(bytes)
      : msg`${formatBytes(bytes)}, about ${formatDuration((bytes / rate) * 1_000)} at ${speedBaud} baud`,
  );
}

function notice({ dialog, translate }: CopyParts, text: Message): void {
  dialog.writer.write(`${wrap(translate(text), dialog.settings.widthCols).join('\n')}\n`);
}
