/** Reads regular files of bounded size only: a pipe without a writer blocks its reader, and a device may have no end. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Source: assumed; the largest file that is read whole is a backup of a year's revisions. Units: bytes. */
const MAX_BYTES = 64 * 2 ** 20;

/** For opening: a pipe without a writer is no reason to wait. Source: open(2). */
export const READ_AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK;

/** What a name refers to is no file that can be read. `code` as of a system's error, for the messages that show one. */
class UnusableFileError extends Error {
  override readonly name = 'UnusableFileError';
  readonly code: 'EISDIR' | 'EFBIG' | 'not a regular file';

  constructor(code: UnusableFileError['code'], path: string) {
    super(`${path}: ${code}`);
    this.code = code;
  }
}

/**
 * The content, also of the target of a link. Units: bytes.
 *
 * Errors: throws the system's error (`code` ENOENT, EACCES, ...); one with `code` EISDIR, EFBIG or `not a regular file` for what is no file
 * of at most `maxBytes`.
 */
export function readRegularFile(path: string, maxBytes = MAX_BYTES): Buffer {
  const file = openSync(path, READ_AT_ONCE);
  try {
    const stats = fstatSync(file);
    expectRegular(stats, path);
    if (stats.size > maxBytes) throw new UnusableFileError('EFBIG', path);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Options of `readRegularFileLater`. */
export interface RegularFileOptions {
  /** Units: bytes. Default: the largest file that is read whole. */
  readonly maxBytes?: number;
  /** Further flags of open(2), as O_NOFOLLOW. Default: none. */
  readonly flags?: number;
}

/** As `readRegularFile`, without blocking the calling thread: for a disk that may stall. Errors: rejects as that one throws. */
export async function readRegularFileLater(path: string, { maxBytes = MAX_BYTES, flags = 0 }: RegularFileOptions = {}): Promise<Buffer> {
  const file = await open(path, READ_AT_ONCE | flags);
  try {
    const stats = await file.stat();
    expectRegular(stats, path);
    if (stats.size > maxBytes) throw new UnusableFileError('EFBIG', path);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Why a file that exists cannot be used, with its path; null for a file that does not exist. Shape: `error` of reading or parsing it. */
export function flawOfFile(path: string, error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'not valid JSON';
  return code === 'ENOENT' || code === 'ENOTDIR' ? null : `${path} (${code})`;
}

/** Errors: throws as `readRegularFile` for a folder, a pipe, a socket and a device. */
function expectRegular(stats: Pick<Stats, 'isFile' | 'isDirectory'>, path: string): void {
  if (!stats.isFile()) throw new UnusableFileError(stats.isDirectory() ? 'EISDIR' : 'not a regular file', path);
}

/** For a file that will be replaced: none, or a regular one. Errors: throws as `expectRegular`, and the system's error. */
export function expectReplaceable(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined) expectRegular(stats, path);
}
