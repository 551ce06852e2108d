/**
 * `receive FILE`: receives a file over the line that the session runs on, into the folder of this console.
 *
 * It uses ZMODEM by the program `rz`, takes no more than there is room for, and continues a transfer that was cut.
 */

import { closeSync, existsSync, linkSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { syncPath } from '../../core/atomic-write.ts';
import { type Message, msg } from '../../core/message.ts';
import { ConsoleError } from '../console-error.ts';
import { formatDuration } from '../text/duration.ts';
import { formatBytes } from '../text/page.ts';
import { wrap } from '../text/text-lines.ts';
import type { CopyParts } from './copy-serial.ts';
import { expectSessionRoom, receivedDir, sessionRoomBytes } from './session-files.ts';

export interface ReceiveArgs {
  readonly file: string;
  /** What is there goes first; otherwise it is taken as the beginning of the file. */
  readonly isRestart: boolean;
  /** Nothing is received: what came under this name goes. */
  readonly isGone: boolean;
}

/** Resumes, binary, quiet. It takes no name outside its folder, and removes what has come of a cut file. Source: rz(1) of lrzsz. */
const RZ = ['rz', '--zmodem', '--binary', '--resume', '--quiet'];
/** `prlimit` found no such program. Source: prlimit(1), exit status as of env(1). */
const NO_PROGRAM = 127;

/** Resolves with the lines to show afterwards. Errors: rejects with ConsoleError. */
export async function receiveSerial({ file, isRestart, isGone }: ReceiveArgs, parts: CopyParts): Promise<readonly string[]> {
  const { dialog, tty, clock, translate } = parts;
  if (file !== basename(file) || file.startsWith('.')) throw new ConsoleError('usage', msg`name a file of this console, without a folder`);
  const notice = (text: Message): readonly string[] => wrap(translate(text), dialog.settings.widthCols);
  const filesDir = parts.filesDir ?? process.cwd();
  const dir = receivedDir(filesDir);
  mkdirSync(dir, { recursive: true });
  const path = join(dir, file);
  if (isGone) return notice(takeAway(path));
  clearFor(path, isRestart);
  expectSessionRoom(filesDir, path, sizeOf(path) + 1);
  const maxBytes = sessionRoomBytes(filesDir, path);
  const text = msg`send ${file} by ZMODEM now, ${formatBytes(maxBytes)} at most; Ctrl-X five times stops it; the same command continues`;
  dialog.writer.write(`${notice(text).join('\n')}\n`);
  await dialog.writer.drained();
  const startMono = clock.monoMs();
  const code = await kept(path, async () => (await tty.lend?.(['prlimit', `--fsize=${maxBytes}`, ...RZ], dir)) ?? NO_PROGRAM);
  if (code === NO_PROGRAM) throw new ConsoleError('failed', msg`no program rz here: install the Debian package lrzsz`);
  if (code !== 0) throw new ConsoleError('failed', msg`the file did not arrive whole; the same command goes on where it was cut`);
  const bytes = sizeOf(path);
  if (bytes === 0) throw new ConsoleError('failed', msg`no file ${file} arrived; a file keeps the name that it was sent with`);
  syncPath(path);
  rmSync(markOf(path), { force: true });
  syncPath(dir);
  const span = formatDuration(clock.monoMs() - startMono);
  const next = file.endsWith('.update')
    ? msg`to install: update install ${shownPath(path)}; the file is removed then`
    : msg`to remove the file: receive ${file} --remove`;
  return [...notice(msg`${shownPath(path)}: ${formatBytes(bytes)} received in ${span}`), ...notice(next)];
}

/** As a command of this session takes it. */
function shownPath(path: string): string {
  const shown = join(basename(dirname(path)), basename(path));
  return resolve(shown) === path ? shown : path;
}

/** Marks the file next to it as incomplete. */
function markOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.part`);
}

/** By this second name a file is there again when its first one was removed. */
function secondOf(path: string): string {
  return join(dirname(path), `.${basename(path)}`);
}

/** What is there stays as the beginning of a file that was cut. Errors: throws ConsoleError 'failed' for one that came whole. */
function clearFor(path: string, isRestart: boolean): void {
  const isCut = existsSync(markOf(path)) || existsSync(secondOf(path));
  if (isRestart) forget(path);
  else if (existsSync(path) && !isCut) {
    throw new ConsoleError(
      'failed',
      msg`${shownPath(path)} was received before, ${formatBytes(sizeOf(path))}: --anew receives another in its place, --remove deletes it`,
    );
  }
}

function takeAway(path: string): Message {
  const shown = shownPath(path);
  if (!existsSync(path) && !existsSync(secondOf(path))) throw new ConsoleError('failed', msg`no ${shown} is there`);
  forget(path);
  return msg`${shown} is removed`;
}

function forget(path: string): void {
  for (const each of [path, secondOf(path), markOf(path)]) rmSync(each, { force: true });
}

/** Runs it with a second name for the file, by which it is there again when its first name was removed. */
async function kept<T>(path: string, run: () => Promise<T>): Promise<T> {
  const second = secondOf(path);
  if (existsSync(path)) rmSync(second, { force: true });
  else if (existsSync(second)) renameSync(second, path);
  closeSync(openSync(path, 'a'));
  linkSync(path, second);
  writeFileSync(markOf(path), '');
  try {
    return await run();
  } finally {
    if (existsSync(path)) rmSync(second);
    else renameSync(second, path);
    if (sizeOf(path) === 0) forget(path);
  }
}

/** Units: bytes; 0 where there is none. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
