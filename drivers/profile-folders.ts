/**
 * Folders with device profiles: which files they contain, whether one has changed, and which were checked when the package was built.
 *
 * Imports no parser, so that the running agent can check for changes without one in its memory.
 */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../agent/core/errors.ts';
import { msg } from '../agent/core/message.ts';
import type { Profile } from '../agent/core/profile.ts';
import { readRegularFile } from '../agent/core/regular-file.ts';

/** A profile file that was read: its path and its text. */
export interface ProfileFile {
  readonly file: string;
  readonly text: string;
  /**
   * A file of the same id without this has precedence. True for a file that comes with the agent, and for a file of the site that another
   * one of the site replaces.
   */
  readonly isShipped?: true;
}

/** Path of the folder with the profiles that come with the agent. */
export const SHIPPED_PROFILES_DIR = join(import.meta.dirname, 'profiles');

/**
 * Returns the paths in `dirs` that exist and can be reached, in their order, without the folder of the shipped profiles. Of several paths
 * to one folder it returns only the first.
 */
export function ownFolders(dirs: readonly string[]): string[] {
  const seen = new Set([realpathSync(SHIPPED_PROFILES_DIR)]);
  return dirs.filter((dir) => {
    const path = existsSync(dir) ? realpathSync(dir) : SHIPPED_PROFILES_DIR;
    return !seen.has(path) && seen.add(path);
  });
}

/**
 * Returns a stamp (modification time, size and inode) for the profile files of the site, by path. What is not a regular file, or cannot be
 * examined, is left out.
 */
export function siteProfileStamps(dirs: readonly string[]): ReadonlyMap<string, string> {
  const unseen: Problem[] = [];
  const files = ownFolders(dirs).flatMap((dir) => profileNames(dir, unseen).map((name) => join(dir, name)));
  return new Map(
    files.flatMap((file) => {
      const found = readOrReport(file, unseen, () => statSync(file, { throwIfNoEntry: false }));
      return found?.isFile() ? [[file, `${found.mtimeMs} ${found.size} ${found.ino}`] as const] : [];
    }),
  );
}

/**
 * Longest profile file. Units: bytes. Source: assumed; the longest that comes with the agent has 13 kB. Confirmed by: the sizes of the profiles that
 * sites have written.
 */
const MAX_BYTES = 2 ** 20;

/**
 * Reads the profile files (YAML) of a folder, sorted by name; hidden files are left out. A folder that cannot be read is added to
 * `unreadable`, and so is a file that cannot be read or is larger than 1 MiB.
 */
export function profileFiles(dir: string, unreadable: Problem[]): ProfileFile[] {
  return profileNames(dir, unreadable).flatMap((name) => {
    const file = join(dir, name);
    const text = readOrReport(file, unreadable, () => readRegularFile(file, MAX_BYTES).toString('utf8'));
    return text === null ? [] : [{ file, text }];
  });
}

function profileNames(dir: string, unreadable: Problem[]): string[] {
  const names = readOrReport(dir, unreadable, () => readdirSync(dir)) ?? [];
  // Editors create hidden files next to the open one.
  return names.filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.')).sort();
}

/** One bad file of a site must not prevent the start of the agent, and with it the light. */
function readOrReport<T>(path: string, unreadable: Problem[], read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const cause = error.code === 'not a regular file' ? msg`not a regular file` : String(error.code);
    const message = msg`cannot be read (${cause}): check that it is a file of at most 1 MB in a folder, and that the agent's user may read both`;
    unreadable.push({ file: path, line: 1, column: 1, path: '', message });
    return null;
  }
}

/** Name of the file with the checked profiles in the folder of the shipped ones. */
export const CHECKED_FILE = 'checked.json';

/** The profiles that were checked when the package was built, by the `hashOfText` of their files. */
export type CheckedProfiles = ReadonlyMap<string, Profile>;

/**
 * Reads the profiles that were checked when the package was built. Their form is not checked again. Empty if `CHECKED_FILE` is missing,
 * unreadable or not JSON.
 */
export function readChecked(dir: string = SHIPPED_PROFILES_DIR): CheckedProfiles {
  try {
    const found: unknown = JSON.parse(readFileSync(join(dir, CHECKED_FILE), 'utf8'));
    return new Map(typeof found === 'object' && found !== null ? Object.entries(found as Record<string, Profile>) : []);
  } catch {
    return new Map();
  }
}

/**
 * Returns the text of the file `CHECKED_FILE` for these profiles. Errors: throws TypeError, for example for a profile that JSON would
 * change.
 */
export function checkedText(profiles: readonly { readonly text: string; readonly profile: Profile }[]): string {
  const json = JSON.stringify(Object.fromEntries(profiles.map(({ text, profile }) => [hashOfText(text), profile])));
  const same = isDeepStrictEqual(
    Object.values(JSON.parse(json)),
    profiles.map(({ profile }) => profile),
  );
  if (!same) throw new TypeError('JSON changes a profile: leave out what it cannot carry');
  return json;
}

/** Returns the SHA-256 hash of a text in UTF-8, as 64 hex digits in lower case. */
export function hashOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
