/**
 * An export file that is written page by page, and its state, from which an interrupted export continues.
 *
 * Until it is complete, FILE.part and FILE.part.json exist. The second describes the first correctly at every instant at which the
 * program may be killed.
 */

import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { asOwnerOf, replaceWhole } from '../../../core/atomic-write.ts';
import { type Message, msg } from '../../../core/message.ts';
import { expectReplaceable } from '../../../core/regular-file.ts';
import { ConsoleError } from '../../console-error.ts';
import type { ExpectRoom } from '../../terminal/terminal.ts';

/** Readable by others, like the export itself. */
const NOTE_MODE = 0o644;

/**
 * State of an export, saved so that it can continue. `since` and `until` are as typed, `until` null if it was not. `fromMs` and `toMs` are
 * the period as instants, `toMs` excluded. `epoch`: identifies the store; frame numbers of another one do not continue this export.
 * `frames`, `readings`: how many are in the file.
 */
export interface ExportState {
  readonly since: string;
  readonly until: string | null;
  readonly format: string;
  readonly epoch: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Time of the first frame, or `fromMs` if the first page had none. */
  readonly beganMs: number;
  /** Frames up to this one are in the file. */
  readonly afterSeq: number;
  readonly frames: number;
  readonly readings: number;
  /** Length of the file with these frames. Units: bytes. */
  readonly bytes: number;
}

/** The target of a running export: a file, or the standard output, where only `append` has an effect. */
export interface ExportFile {
  /** State of the interrupted export; null for a new file. */
  readonly state: ExportState | null;
  /**
   * Appends the text; for a file, it also saves the state `next`. Errors: for a file, rejects with ConsoleError, for example 'failed' if
   * the disk is full.
   */
  append(text: string, next: Omit<ExportState, 'bytes'>): Promise<void>;
  /** Gives the file its final name and removes the saved state. An existing file of this name is replaced. Errors: as `append`. */
  finish(): Promise<void>;
  /** Closes the file. Without `finish` a partial file is kept for a later run; it is removed if no run has appended text to it. */
  close(): Promise<void>;
}

/**
 * Opens `FILE.part` for an export, and continues an interrupted one with the same `wanted`. The caller checks its `epoch`, and closes the
 * file, also after `finish`. `expectRoom`: called before each page is written; default: no check.
 *
 * Errors: rejects with ConsoleError, for example 'failed' if the place is not writable or has a part of another export.
 */
export async function openExportFile(
  file: string,
  wanted: Pick<ExportState, 'since' | 'until' | 'format'>,
  expectRoom: ExpectRoom = async () => {},
): Promise<ExportFile> {
  const [part, note] = [`${file}.part`, `${file}.part.json`];
  return withFileErrors(file, async () => {
    if (existsSync(file) && (await stat(file)).isDirectory()) throw new ConsoleError('failed', msg`${file} is a folder; name a file in it`);
    for (const place of [file, part]) expectReplaceable(place);
    const state = existsSync(part) ? await goOn(part, note, wanted) : null;
    if (state === null) rmSync(note, { force: true });
    // As root, do not follow a link further than the owner of the folder could.
    const handle = await asOwnerOf(dirname(part), () => open(part, state === null ? 'w' : 'r+'));
    // What was written after the last saved state is written again.
    if (state !== null) await handle.truncate(state.bytes);
    return exportFile({ file, part, note, expectRoom }, handle, state);
  });
}

/** The paths of an export, and the check for free space. */
interface ExportPlace {
  readonly file: string;
  readonly part: string;
  readonly note: string;
  readonly expectRoom: ExpectRoom;
}

function exportFile({ file, part, note, expectRoom }: ExportPlace, handle: FileHandle, state: ExportState | null): ExportFile {
  let bytes = state?.bytes ?? 0;
  const remember = (reached: ExportState): void => replaceWhole(note, JSON.stringify(reached), NOTE_MODE);
  return {
    state,
    append: (text, next) =>
      withFileErrors(file, async () => {
        // If the first page is cut, its state still identifies the export.
        if (bytes === 0) remember({ ...next, afterSeq: 0, frames: 0, readings: 0, bytes });
        const data = Buffer.from(text);
        await expectRoom(part, bytes + data.length);
        for (let done = 0; done < data.length; ) done += (await handle.write(data, done, data.length - done, bytes + done)).bytesWritten;
        bytes += data.length;
        // Flush before the state is saved, because it relies on these bytes.
        await handle.datasync();
        remember({ ...next, bytes });
      }),
    finish: () =>
      withFileErrors(file, async () => {
        await handle.sync();
        await handle.close();
        asOwnerOf(dirname(part), () => {
          renameSync(part, file);
          rmSync(note, { force: true });
        });
      }),
    close: async () => {
      await handle.close();
      if (bytes === 0) rmSync(part, { force: true });
    },
  };
}

/** Errors: throws ConsoleError 'failed' if the partial file belongs to another export. */
async function goOn(part: string, note: string, wanted: Pick<ExportState, 'since' | 'until' | 'format'>): Promise<ExportState | null> {
  const { size } = await stat(part);
  const state = existsSync(note) ? readState(readFileSync(note, 'utf8')) : null;
  // The program was killed before the first page was written.
  if (state === null && size === 0) return null;
  const restart = msg`to start again remove ${part} and ${basename(note)}`;
  if (state === null) throw new ConsoleError('failed', msg`${part} exists and is not the beginning of an export; ${restart}`);
  if (state.since !== wanted.since || state.until !== wanted.until || state.format !== wanted.format) {
    const words = `--since ${state.since}${state.until === null ? '' : ` --until ${state.until}`} --format ${state.format}`;
    throw new ConsoleError('failed', msg`${part} is the beginning of an export ${words}: give the same to continue it; ${restart}`);
  }
  if (size < state.bytes) throw new ConsoleError('failed', msg`${part} is shorter than it was left; ${restart}`);
  return state;
}

function readState(json: string): ExportState | null {
  try {
    const { since, until, format, epoch, ...rest } = JSON.parse(json) as ExportState;
    const numbers = [rest.fromMs, rest.toMs, rest.beganMs, rest.afterSeq, rest.frames, rest.readings, rest.bytes];
    const isSound =
      [since, format, epoch].every((word) => typeof word === 'string') &&
      (until === null || typeof until === 'string') &&
      numbers.every((number) => Number.isSafeInteger(number) && number >= 0);
    return isSound ? { since, until, format, epoch, ...rest } : null;
  } catch {
    return null;
  }
}

const ADVICE: Readonly<Record<string, Message>> = {
  'not a regular file': msg`it or its .part is a pipe or a device; name another file`,
  EISDIR: msg`its .part is a folder; name another file`,
  ENOSPC: msg`its disk is full; make room, or write to another one`,
  EDQUOT: msg`your share of its disk is full; make room, or write to another one`,
  EACCES: msg`you may not write there; choose another folder, or use sudo`,
  EPERM: msg`you may not write there; choose another folder, or use sudo`,
  EROFS: msg`its disk is read-only; choose another folder`,
  ENOENT: msg`there is no such folder; make it first`,
  ENOTDIR: msg`there is no such folder; make it first`,
  EIO: msg`its disk fails; is it still plugged in?`,
};

/** Converts a system error to a message with what to check. */
async function withFileErrors<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConsoleError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new ConsoleError('failed', msg`cannot write ${file}: ${ADVICE[code] ?? message}`, { cause: error });
  }
}
