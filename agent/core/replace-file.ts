/**
 * Replaces a file, and optionally keeps the former one as a backup.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { asOwnerOf, replaceWhole } from './atomic-write.ts';
import { expectReplaceable } from './regular-file.ts';

/** How `replaceFile` replaces a file. */
export interface ReplaceOptions {
  /** Mode of the new file. */
  readonly mode: number;
  /** Path for a copy of the former file, with its mode; null for no backup. An older backup is replaced, if there is a former file. */
  readonly backup: string | null;
}

/**
 * Replaces a file as a whole, or creates it. If `backup` is set, a former file is copied there first. A link is replaced, not followed;
 * its backup is a copy of the file to which it leads. After a mains cut either the old or the new content is complete.
 *
 * Errors: throws an error with a `code`, for example ENOSPC, EACCES or EISDIR.
 */
export function replaceFile(path: string, text: string, { mode, backup }: ReplaceOptions): void {
  expectReplaceable(path);
  const former = backup === null ? null : asOwnerOf(dirname(path), () => formerOf(path));
  if (backup !== null && former !== null) replaceWhole(backup, former.content, former.mode);
  replaceWhole(path, text, mode);
}

/** Null if the file does not exist. */
function formerOf(path: string): { readonly content: Buffer; readonly mode: number } | null {
  if (!existsSync(path)) return null;
  const file = openSync(path, 'r');
  try {
    return { content: readFileSync(file), mode: fstatSync(file).mode & 0o777 };
  } finally {
    closeSync(file);
  }
}
