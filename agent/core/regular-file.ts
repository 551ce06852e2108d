/** Reads only regular files of limited size: a pipe without a writer blocks its reader, and a device may have no end. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Source: assumed; the largest file that is read as a whole is a backup of a year's revisions. Units: bytes. Confirmed by: the size of such a backup after a year at a site. */
const MAX_BYTES = 64 * 2 ** 20;

/** Open flags that do not wait for a pipe without a writer. Source: open(2). */
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
 * Returns the content; follows links. Units: bytes.
 *
 * Errors: throws the system's error (`code` ENOENT, EACCES, ...); one with `code` EISDIR, EFBIG or `not a regular file` if it is not a
 * regular file of at most `maxBytes`.
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
  /** Units: bytes. Default: the largest file that is read as a whole. */
  readonly maxBytes?: number;
  /** Further flags of open(2), as O_NOFOLLOW. Default: none. */
  readonly flags?: number;
}

/** As `readRegularFile`, without blocking the calling thread, for a disk that may stall. Errors: rejects with the same errors. */
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

/** Why an existing file cannot be used, with its path; null for a file that does not exist. Shape: `error` from reading or parsing it. */
export function flawOfFile(path: string, error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'not valid JSON';
  return code === 'ENOENT' || code === 'ENOTDIR' ? null : `${path} (${code})`;
}

/** Errors: throws as `readRegularFile` for a folder, a pipe, a socket and a device. */
function expectRegular(stats: Pick<Stats, 'isFile' | 'isDirectory'>, path: string): void {
  if (!stats.isFile()) throw new UnusableFileError(stats.isDirectory() ? 'EISDIR' : 'not a regular file', path);
}

/** Checks a file that will be replaced: it must be missing or regular. Errors: throws as `expectRegular`, and the system's error. */
export function expectReplaceable(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined) expectRegular(stats, path);
}
