/**
 * `receive FILE`: receives a file over the line that the session uses, into the folder of this console.
 *
 * It uses ZMODEM through the program `rz`, accepts one file that fits the free space, and resumes an interrupted transfer.
 */

import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Message, msg } from '../../core/message.ts';
import { ConsoleError } from '../console-error.ts';
import { formatDuration } from '../text/duration.ts';
import { formatBytes } from '../text/page.ts';
import { wrap } from '../text/text-lines.ts';
import type { CopyParts } from './copy-serial.ts';
import { dropPartial, hasPartial, openPartial, type PartialFile } from './partial-file.ts';
import { expectSessionRoom, receivedDir, sessionRoomBytes } from './session-files.ts';

/** The arguments of `receive`. `file`: the name with which the sender sends the file, without a folder. */
export interface ReceiveArgs {
  readonly file: string;
  /** Delete what was received under this name first. Otherwise a part is used as the beginning of the file; a complete file is an error. */
  readonly isRestart: boolean;
  /** Receive nothing; delete what was received under this name. */
  readonly isGone: boolean;
}

/** Resume, binary. `rz` reports the names that the sender sends. Source: rz(1) of lrzsz. */
const RZ = ['rz', '--zmodem', '--binary', '--resume', '--verbose'];
/** Removes rights of root, which could write into a closed folder. Source: setpriv(1), capabilities(7): CAP_DAC_OVERRIDE. */
const WITHOUT_RIGHTS = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
/**
 * `prlimit` found no such program, or `rz` refused a name. Source: prlimit(1), exit status as of env(1); rz exits with it for a name
 * outside its folder.
 */
const NO_PROGRAM = 127;
/** Longest name. Units: bytes. Source: Linux, limits.h, NAME_MAX, minus room for a suffix. */
const MAX_NAME_BYTES = 240;
/**
 * Longest text kept of the sender's file names. Units: characters. Source: assumed; one line of a terminal each. Confirmed by: the output
 * of `rz` for the senders in use.
 */
const MAX_REPORT = 8_192;
const MAX_NAME_SHOWN = 60;

/**
 * Receives a file over the line of the session into the folder of received files, or deletes what was received under this name. Resolves
 * with the lines to show afterwards.
 *
 * Errors: rejects with ConsoleError, for example if the name is invalid, the file exists or it did not arrive completely.
 */
export async function receiveSerial({ file, isRestart, isGone }: ReceiveArgs, parts: CopyParts): Promise<readonly string[]> {
  if (file !== basename(file) || file.startsWith('.')) throw new ConsoleError('usage', msg`name a file of this console, without a folder`);
  if (Buffer.byteLength(file) > MAX_NAME_BYTES) throw new ConsoleError('usage', msg`a name has ${MAX_NAME_BYTES} bytes at most`);
  const filesDir = parts.filesDir ?? process.cwd();
  const dir = receivedDir(filesDir);
  const notice = (text: Message): readonly string[] => wrap(parts.translate(text), parts.dialog.settings.widthCols);
  try {
    mkdirSync(dir, { recursive: true });
    if (isGone) return notice(takeAway(dir, file));
    clearFor(dir, file, isRestart);
    return await receiveInto(openPartial(dir, file), { filesDir, target: join(dir, file), notice }, parts);
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new ConsoleError('failed', msg`${dir}: ${cause.message}`, { cause });
  }
}

interface Reception {
  readonly filesDir: string;
  /** Final path of the complete file. */
  readonly target: string;
  readonly notice: (text: Message) => readonly string[];
}

async function receiveInto(partial: PartialFile, { filesDir, target, notice }: Reception, parts: CopyParts): Promise<readonly string[]> {
  const { dialog, tty, clock } = parts;
  const file = basename(target);
  const startMono = clock.monoMs();
  let sent: Sent;
  let found: ReturnType<PartialFile['check']>;
  try {
    expectSessionRoom(filesDir, partial.path, partial.bytes + 1);
    const maxBytes = sessionRoomBytes(filesDir, partial.path);
    const text = msg`send ${file} by ZMODEM now, ${formatBytes(maxBytes)} at most; Ctrl-X five times stops it; the same command continues`;
    dialog.writer.write(`${notice(text).join('\n')}\n`);
    await dialog.drained();
    sent = await dialog.lend(() => runRz(tty, maxBytes, partial.dir));
    found = partial.check(sent.code === 0);
  } finally {
    partial.keep();
  }
  if (found === 'other') dropPartial(receivedDir(filesDir), file);
  expectReceived(file, sent, found);
  partial.finish(target);
  const { size } = statSync(target);
  const others = sent.names.filter((name) => name !== file);
  const next = file.endsWith('.update')
    ? msg`to install: update install ${shownPath(target)}; the file is removed then`
    : msg`to remove the file: receive ${file} --remove`;
  const span = formatDuration(clock.monoMs() - startMono);
  return [
    ...notice(msg`${shownPath(target)}: ${formatBytes(size)} received in ${span}`),
    `sha256 ${await sha256Of(target)}`,
    ...(partial.bytes > 0 ? notice(msg`it was continued after a cut: compare the sha256 with that of the file you sent`) : []),
    ...(others.length > 0 ? notice(msg`not received: ${others}; one file at a time`) : []),
    ...notice(next),
  ];
}

/** Exit code of the program, and the names that the sender sent, safe for a terminal. */
interface Sent {
  readonly code: number | null;
  readonly names: readonly string[];
}

async function runRz(tty: CopyParts['tty'], maxBytes: number, dir: string): Promise<Sent> {
  let report = '';
  const listen = (text: string): void => {
    if (report.length < MAX_REPORT) report += text;
  };
  const rights = process.geteuid?.() === 0 ? WITHOUT_RIGHTS : [];
  const code = (await tty.lend?.([...rights, 'prlimit', `--fsize=${maxBytes}`, ...RZ], dir, listen)) ?? null;
  const names = [...report.matchAll(/Receiving: ([^\r\n]*)/g)].map(([, name = '']) =>
    name.replace(/[^ -~]/g, '?').slice(0, MAX_NAME_SHOWN),
  );
  return { code, names: [...new Set(names)] };
}

/** Errors: throws ConsoleError 'failed' if no complete file of this name was received. */
function expectReceived(file: string, { code, names }: Sent, found: ReturnType<PartialFile['check']>): void {
  if (code === null || (code === NO_PROGRAM && names.length === 0))
    throw new ConsoleError('failed', msg`no program rz here: install the Debian package lrzsz`);
  const others = names.filter((name) => name !== file);
  if (found === 'none' && others.length > 0)
    throw new ConsoleError('failed', msg`${file} not received, but ${others}: send one file of this name, without a folder`);
  if (found === 'other')
    throw new ConsoleError(
      'failed',
      msg`the part of ${file} received before does not match this file and is removed; the same command receives it whole`,
    );
  if (code !== 0) throw new ConsoleError('failed', msg`the file did not arrive whole; the same command goes on where it was cut`);
  if (found === 'none') throw new ConsoleError('failed', msg`no file ${file} arrived; a file keeps the name that it was sent with`);
  if (found === 'empty') throw new ConsoleError('failed', msg`${file} was received, but it is empty: nothing is kept`);
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

/** Returns the path as a command of this session accepts it. */
function shownPath(path: string): string {
  const shown = join(basename(dirname(path)), basename(path));
  return resolve(shown) === path ? shown : path;
}

/**
 * Prepares the place of the file; keeps the part received earlier. Errors: throws ConsoleError 'failed' for a complete file and for a
 * folder.
 */
function clearFor(dir: string, file: string, isRestart: boolean): void {
  const path = join(dir, file);
  const isCut = hasPartial(dir, file);
  if (isRestart) forget(dir, file);
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory() === true)
    throw new ConsoleError('failed', msg`${shownPath(path)} is a folder: --remove deletes it, with what is in it`);
  if (there !== undefined && !isCut) {
    throw new ConsoleError(
      'failed',
      msg`${shownPath(path)} was received before, ${formatBytes(there.size)}: --anew receives another in its place, --remove deletes it`,
    );
  }
}

function takeAway(dir: string, file: string): Message {
  const path = join(dir, file);
  if (!hasPartial(dir, file) && !existsSync(path)) throw new ConsoleError('failed', msg`${shownPath(path)} does not exist`);
  forget(dir, file);
  return msg`${shownPath(path)} is removed`;
}

/** Deletes the received part; the sender of an earlier release may have created folders. */
function forget(dir: string, file: string): void {
  rmSync(join(dir, file), { recursive: true, force: true });
  dropPartial(dir, file);
}
