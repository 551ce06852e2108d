/** All device types: those that come with the agent and those of the site. */
import type { Problem } from '../agent/core/errors.ts';
import { type CheckedProfiles, ownFolders, type ProfileFile, profileFiles, readChecked, SHIPPED_PROFILES_DIR } from './profile-folders.ts';
import { claimedId, type LoadedProfiles, loadProfiles, type ReadPlaced } from './profile-loader.ts';

/**
 * Reads and checks the profiles that come with the agent, and those in the folders `extraDirs` and `firstDirs`. For one id, a file in
 * `firstDirs` has precedence over all others, and one in `extraDirs` over a shipped one. Two files of one precedence, and invalid ones,
 * count as in `loadProfiles`. A folder that is missing or cannot be reached is skipped. Any other folder or profile file that cannot be
 * used is a problem in the result. `checked`: profiles that need no further check.
 */
export function readProfiles(
  extraDirs: readonly string[],
  readPlaced: ReadPlaced,
  firstDirs: readonly string[] = [],
  checked: CheckedProfiles = readChecked(),
): LoadedProfiles {
  const unreadable: Problem[] = [];
  const replaceable = (file: ProfileFile): ProfileFile => ({ ...file, isShipped: true });
  const shipped = profileFiles(SHIPPED_PROFILES_DIR, unreadable).map(replaceable);
  const first = ownFolders(firstDirs).flatMap((dir) => profileFiles(dir, unreadable));
  const claimed = new Set(first.flatMap(({ text }) => claimedId(text) ?? []));
  const own = ownFolders(extraDirs).flatMap((dir) => profileFiles(dir, unreadable));
  const site = own.map((file) => (claimed.has(claimedId(file.text) ?? '') ? replaceable(file) : file));
  const { problems, ...loaded } = loadProfiles([...shipped, ...site, ...first], readPlaced, checked);
  return { ...loaded, problems: [...unreadable, ...problems] };
}
