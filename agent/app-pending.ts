/**
 * Device types in files of the site that have come or changed since the agent started, which it takes up at its next start.
 *
 * Owns what the folders looked like at the start. Reads a file only when a person asks and it has changed: the street shares this thread.
 * Part of `app.ts`; called for `luciole profile list` and `show`.
 */
import { readFileSync } from 'node:fs';
import { loadProfile } from '../drivers/profile-loader.ts';
import { siteProfileStamps } from '../drivers/registry.ts';
import { readPlacedYaml } from './config/places.ts';
import type { PendingProfile } from './core/bus-tools.ts';
import { ConfigError } from './core/errors.ts';
import type { Profile } from './core/profile.ts';

/** Shape: what it returns lists sound profiles only; `luciole check` tells what is wrong with the others. */
export function pendingProfiles(dirs: readonly string[], inUse: ReadonlyMap<string, Profile>): () => readonly PendingProfile[] {
  const atStart = siteProfileStamps(dirs);
  /** By file, as last read. */
  const read = new Map<string, { readonly stamp: string; readonly profile: Profile | null }>();
  return () =>
    [...siteProfileStamps(dirs)].flatMap(([file, stamp]) => {
      if (atStart.get(file) === stamp) return [];
      const known = read.get(file);
      const profile = known?.stamp === stamp ? known.profile : soundProfile(file);
      read.set(file, { stamp, profile });
      return profile === null ? [] : stateOf(profile, inUse.get(profile.id));
    });
}

/** A file that was only touched, or written anew with the same words, is no news. */
function stateOf(profile: Profile, inUse: Profile | undefined): PendingProfile[] {
  if (inUse === undefined) return [{ profile, state: 'new' }];
  return JSON.stringify(inUse) === JSON.stringify(profile) ? [] : [{ profile, state: 'changed' }];
}

function soundProfile(file: string): Profile | null {
  try {
    return loadProfile({ file, text: readFileSync(file, 'utf8') }, readPlacedYaml);
  } catch (error) {
    // Gone since it was listed, not allowed to be read, or wrong: nothing to show.
    if (error instanceof ConfigError || (error instanceof Error && 'code' in error)) return null;
    throw error;
  }
}
