/**
 * A file that a sender writes over the line: it stays in its own folder until it is complete.
 *
 * The sender chooses the names of the files that it sends. While the program receives, no name can be added to the folder or removed from
 * it. So a batch of files, a name with a folder in it and the removal of a partial file all fail.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { syncPath } from '../../core/atomic-write.ts';

/** Folder of partial files. A session cannot name a file that begins with a dot. */
const PARTS = '.part';
/** Modes of a folder in which no file can be created, and in which one can. */
const MODES = { closed: 0o500, open: 0o700 };
/** The owner reads and writes a received file, whatever mode the sender requests. */
const OWN_RIGHTS = 0o600;
/**
 * The end of the earlier part is received again and compared. Units: bytes. Source: assumed; 9 s at 9600 baud, 8 ZMODEM blocks. Confirmed
 * by: interrupted transfers on a serial line.
 */
const OVERLAP_BYTES = 8_192;

/** The file that a transfer writes, in its own folder. It may begin with what an earlier transfer of the same name received. */
export interface PartialFile {
  readonly path: string;
  /** Folder in which the receiving program runs. */
  readonly dir: string;
  /** Length of the part received earlier, with the end that is received again; 0 for none. Units: bytes. */
  readonly bytes: number;
  /**
   * Compares what was received with the end of the earlier part. `ok`: no difference. `none`: nothing was written. `empty`: a file without
   * content. `other`: the earlier part is not the beginning of this file. `isWhole`: the sender reported that it sent everything.
   */
  check(isWhole: boolean): 'none' | 'empty' | 'other' | 'ok';
  /**
   * Keeps what is in the file now, so that the transfer can be resumed; an end of the earlier part that was not received again is lost.
   * Deletes an empty file. Errors: throws the system's error, as does `check`.
   */
  keep(): void;
  /** Moves the complete file to its target, where it replaces an existing file. Errors: throws the system's error. */
  finish(target: string): void;
}

/**
 * Prepares the partial file of this name in its own folder: empty, or with the part received earlier. The end of that part is cut off, to
 * be received again and compared. Errors: throws the system's error.
 */
export function openPartial(receivedDir: string, name: string): PartialFile {
  adoptFormer(receivedDir, name);
  const dir = join(receivedDir, PARTS, name);
  mkdirSync(dir, { recursive: true, mode: MODES.open });
  chmodSync(dir, MODES.open);
  for (const other of readdirSync(dir)) if (other !== name) rmSync(join(dir, other), { recursive: true, force: true });
  const path = join(dir, name);
  const { bytes, end } = withoutEnd(path);
  chmodSync(dir, MODES.closed);
  const before = statSync(path, { bigint: true }).ctimeNs;
  return {
    ...{ path, dir, bytes },
    check(isWhole) {
      const { size, ctimeNs } = statSync(path, { bigint: true });
      if (ctimeNs === before) return 'none';
      if (size === 0n) return 'empty';
      const again = partOf(path, bytes - end.length, end.length);
      if (!again.equals(end.subarray(0, again.length))) return 'other';
      // A shorter file overwrites the beginning of the earlier part.
      return isWhole && Number(size) < bytes ? 'other' : 'ok';
    },
    keep: () => void (statSync(path).size === 0 && dropPartial(receivedDir, name)),
    finish(target) {
      chmodSync(path, (statSync(path).mode & 0o777) | OWN_RIGHTS);
      syncPath(path);
      chmodSync(dir, MODES.open);
      renameSync(path, target);
      dropPartial(receivedDir, name);
      syncPath(receivedDir);
    },
  };
}

/**
 * Returns true if the folder of the partial file of this name exists. Moves a partial file of an earlier release there first. Errors:
 * throws the system's error.
 */
export function hasPartial(receivedDir: string, name: string): boolean {
  adoptFormer(receivedDir, name);
  return existsSync(join(receivedDir, PARTS, name));
}

/** Deletes the partial file of this name and its folder; no effect if there is none. Errors: throws the system's error. */
export function dropPartial(receivedDir: string, name: string): void {
  const [parts, dir] = [join(receivedDir, PARTS), join(receivedDir, PARTS, name)];
  if (!existsSync(dir)) return;
  chmodSync(dir, MODES.open);
  rmSync(dir, { recursive: true });
  if (readdirSync(parts).length === 0) rmdirSync(parts);
}

/** Cuts off the end, which is received again. */
function withoutEnd(path: string): { readonly bytes: number; readonly end: Buffer } {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) rmSync(path, { recursive: true });
  const fd = openSync(path, 'a', OWN_RIGHTS);
  try {
    const bytes = statSync(path).size;
    const end = partOf(path, Math.max(0, bytes - OVERLAP_BYTES), Math.min(bytes, OVERLAP_BYTES));
    ftruncateSync(fd, bytes - end.length);
    return { bytes, end };
  } finally {
    closeSync(fd);
  }
}

function partOf(path: string, from: number, length: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(fd, bytes, 0, length, from));
  } finally {
    closeSync(fd);
  }
}

/** Adopts a partial file of an earlier release: the file itself or its second name, and a mark. */
function adoptFormer(receivedDir: string, name: string): void {
  const [first, second, mark] = [join(receivedDir, name), join(receivedDir, `.${name}`), join(receivedDir, `.${name}${PARTS}`)];
  if (!existsSync(mark)) return;
  const dir = join(receivedDir, PARTS, name);
  const found = [first, second].find((path) => existsSync(path));
  if (found !== undefined && !existsSync(dir)) {
    mkdirSync(dir, { recursive: true, mode: MODES.open });
    renameSync(found, join(dir, name));
  }
  for (const path of [second, mark]) rmSync(path, { force: true });
}
