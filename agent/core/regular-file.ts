/** Reads files that a person names: regular ones of bounded size only, as a pipe may never end and a device has no end. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';

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

/** Errors: throws as `readRegularFile` for a folder, a pipe, a socket and a device. */
function expectRegular(stats: Pick<Stats, 'isFile' | 'isDirectory'>, path: string): void {
  if (!stats.isFile()) throw new UnusableFileError(stats.isDirectory() ? 'EISDIR' : 'not a regular file', path);
}

/** For a file that will be replaced: none, or a regular one. Errors: throws as `expectRegular`, and the system's error. */
export function expectReplaceable(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined) expectRegular(stats, path);
}
