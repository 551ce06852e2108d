/**
 * Checks a revision on the calling thread. For the checking process only: parser and schema stay in the memory of the process that loads
 * them.
 */
import { join } from 'node:path';
import { ConfigError, type Problem } from '../../core/errors.ts';
import { floorFlaws } from '../floor/floor-check.ts';
import { loadSite } from '../load/load-site.ts';
import { type CheckedRevision, NOTHING_COMPARED, type RevisionFolder } from './check-in-child.ts';
import { isSiteFileCurrent, ownedBySite, refuseHiddenControls } from './compare-with-site.ts';
import type { CabinetAndProfiles } from './touched-parts.ts';

/** Errors: none; all is in the answer. */
export function checkRevisionHere(folder: RevisionFolder): CheckedRevision {
  const { dir, siteDir } = folder;
  const named = (problems: readonly Problem[]): Problem[] =>
    problems.map((problem) => ({
      ...problem,
      file: problem.file.startsWith(`${dir}/`) ? problem.file.slice(dir.length + 1) : problem.file,
    }));
  try {
    const loaded = loadSite(join(dir, 'cabinet.yaml'), [], { siteDir, profilesDir: join(dir, 'profiles') });
    const { cabinet, profiles, profileProblems, warnings } = loaded;
    refuseHiddenControls(cabinet);
    const site = { cabinet, profiles };
    const owned = ownedBySite(cabinet, folder);
    // A configuration that is refused for its keys need not be compared night by night.
    const belowFloor = owned.siteOwned.length > 0 ? [] : floorOf(site, folder);
    return { site, problems: [], warnings: named([...profileProblems, ...warnings]), ...owned, belowFloor };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { site: null, problems: named(error.problems), warnings: [], ...NOTHING_COMPARED };
  }
}

/** Compares with the running revision and the file of the site, or with one of them where the other cannot be read. */
function floorOf(after: CabinetAndProfiles, { siteDir, site, runningDir, nowMs }: RevisionFolder): CheckedRevision['belowFloor'] {
  const ofFile = isSiteFileCurrent(site) ? siteIn(site.dir, siteDir) : undefined;
  const running = siteIn(runningDir, siteDir) ?? ofFile;
  if (running === undefined)
    return [{ path: '', message: 'there is no configuration to compare its light with: check the disk of store.dir' }];
  return floorFlaws({ after, running, site: ofFile ?? running, nowMs });
}

/** The configuration in a folder; undefined where it cannot be used any more. */
function siteIn(dir: string, siteDir: string): CabinetAndProfiles | undefined {
  try {
    return loadSite(join(dir, 'cabinet.yaml'), [], { siteDir, profilesDir: join(dir, 'profiles') });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return undefined;
  }
}
