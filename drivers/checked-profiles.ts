/**
 * Profiles that were checked when the package was made, so that a start does not parse and check them again.
 *
 * Found by the hash of a profile's text: a file that was changed since is read as any other. A clone has none.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Profile } from '../agent/core/profile.ts';
import { SHIPPED_PROFILES_DIR } from './profile-folders.ts';

/** Its name in the folder of the shipped profiles. */
export const CHECKED_FILE = 'checked.json';

export type CheckedProfiles = ReadonlyMap<string, Profile>;

/** The profiles by the hash of their text; empty where the file is missing or damaged. */
export function readChecked(dir: string = SHIPPED_PROFILES_DIR): CheckedProfiles {
  try {
    const found: unknown = JSON.parse(readFileSync(join(dir, CHECKED_FILE), 'utf8'));
    return new Map(typeof found === 'object' && found !== null ? Object.entries(found as Record<string, Profile>) : []);
  } catch {
    return new Map();
  }
}

/** The file's text. Errors: throws TypeError for a profile that JSON changes. */
export function checkedText(profiles: readonly { readonly text: string; readonly profile: Profile }[]): string {
  const json = JSON.stringify(Object.fromEntries(profiles.map(({ text, profile }) => [hashOfText(text), profile])));
  const same = isDeepStrictEqual(
    Object.values(JSON.parse(json)),
    profiles.map(({ profile }) => profile),
  );
  if (!same) throw new TypeError('JSON changes a profile: leave out what it cannot carry');
  return json;
}

export function hashOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
