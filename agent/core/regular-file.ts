/** Reads only regular files of limited size: a pipe without a writer blocks its reader, and a device may have no end. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Source: assumed; the largest file that is read as a whole is a backup of a year's revisions. Units: bytes. Confirmed by: the size of such a backup after a year at a site. */
const MAX_BYTES = 64 * 2 ** 20;

/** Flags of open(2) for reading. With them, opening a pipe without a writer does not wait. Source: open(2). */
export const READ_AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK;

/** The path is not a readable regular file. `code` as in a system error, for messages that show it. */
class UnusableFileError extends Error {
  override readonly name = 'UnusableFileError';
  readonly code: 'EISDIR' | 'EFBIG' | 'not a regular file';

  constructor(code: UnusableFileError['code'], path: string) {
    super(`${path}: ${code}`);
    this.code = code;
  }
}

/**
 * Returns the content of a regular file; follows links. Units: `maxBytes` in bytes. Default: 64 MiB.
 *
 * Errors: throws an error with a `code`, for example ENOENT, EISDIR for a folder, or EFBIG for a file larger than `maxBytes`.
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
  /** Files larger than this are refused. Units: bytes. Default: 64 MiB. */
  readonly maxBytes?: number;
  /** Further flags of open(2), as O_NOFOLLOW. Default: none. */
  readonly flags?: number;
}

/**
 * Resolves with the content of a regular file, as `readRegularFile`, without blocking the calling thread. Errors: rejects with an error
 * that has a `code`, for example EFBIG for a file larger than `maxBytes`.
 */
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

/**
 * Returns the path and the flaw of a file that could not be read or parsed, for a message: `/etc/x (EACCES)`, or `/etc/x (not valid JSON)`
 * for an error without a code. Null if the file does not exist. `error`: what reading or parsing threw.
 */
export function flawOfFile(path: string, error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'not valid JSON';
  return code === 'ENOENT' || code === 'ENOTDIR' ? null : `${path} (${code})`;
}

/** Errors: throws as `readRegularFile` for a folder, a pipe, a socket and a device. */
function expectRegular(stats: Pick<Stats, 'isFile' | 'isDirectory'>, path: string): void {
  if (!stats.isFile()) throw new UnusableFileError(stats.isDirectory() ? 'EISDIR' : 'not a regular file', path);
}

/**
 * Checks that a path leads to a regular file or to nothing; follows links. Does not check its folder or any rights. Errors: throws an error
 * with a `code`, for example EISDIR.
 */
export function expectReplaceable(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined) expectRegular(stats, path);
}
