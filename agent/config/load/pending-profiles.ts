/**
 * Device types in files of the site that were added or changed since the agent started. The agent uses them from its next start.
 *
 * A file is read only when a person requests it and the file has changed: the lines share this thread, and the parser would stay in memory.
 */
import { siteProfileStamps } from '../../../drivers/profile-folders.ts';
import type { PendingProfile } from '../../core/bus-tools.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Profile } from '../../core/profile.ts';
import { readRegularFile } from '../../core/regular-file.ts';

/**
 * Returns a function that resolves with the new and changed profiles in files of `dirs` that were added or changed since this call; empty
 * if there are none. Files without a valid profile are left out.
 */
export function pendingProfiles(dirs: readonly string[], inUse: ReadonlyMap<string, Profile>): () => Promise<readonly PendingProfile[]> {
  const atStart = siteProfileStamps(dirs);
  /** By file, as last read. */
  const read = new Map<string, { readonly stamp: string; readonly profile: Profile | null }>();
  const readAgain = async ([file, stamp]: readonly [file: string, stamp: string]): Promise<PendingProfile[]> => {
    if (atStart.get(file) === stamp) return [];
    const known = read.get(file);
    const profile = known?.stamp === stamp ? known.profile : await soundProfile(file);
    read.set(file, { stamp, profile });
    return profile === null ? [] : stateOf(profile, inUse.get(profile.id));
  };
  return async () => (await Promise.all([...siteProfileStamps(dirs)].map(readAgain))).flat();
}

/** A file with the same text as before is unchanged. */
function stateOf(profile: Profile, inUse: Profile | undefined): PendingProfile[] {
  if (inUse === undefined) return [{ profile, state: 'new' }];
  return JSON.stringify(inUse) === JSON.stringify(profile) ? [] : [{ profile, state: 'changed' }];
}

async function soundProfile(file: string): Promise<Profile | null> {
  const [{ loadProfile }, { readPlacedYaml }] = await Promise.all([import('../../../drivers/profile-loader.ts'), import('./places.ts')]);
  try {
    return loadProfile({ file, text: readRegularFile(file).toString('utf8') }, readPlacedYaml);
  } catch (error) {
    // Removed since it was listed, unreadable, or wrong: nothing to show.
    if (error instanceof ConfigError || (error instanceof Error && 'code' in error)) return null;
    throw error;
  }
}
