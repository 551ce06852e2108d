/**
 * The check of a configuration of the revisions, where it is carried out.
 *
 * Owns nothing. Part of `app.ts`; runs in the process that `app-revision-check.ts` starts, because parser and schema stay in the memory of
 * the process that loads them.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadSite } from './app-load.ts';
import type { CheckedRevision, RevisionFolder } from './app-revision-check.ts';
import { cabinetIn } from './config/load.ts';
import { siteOwnedDifferences } from './config/site-owned.ts';
import type { Cabinet } from './core/cabinet.ts';
import { ConfigError, type Problem } from './core/errors.ts';

/** On this thread. Errors: none; all is in the answer. */
export function checkRevisionHere(folder: RevisionFolder): CheckedRevision {
  const { dir, siteDir } = folder;
  const named = (problems: readonly Problem[]): Problem[] =>
    problems.map((problem) => ({
      ...problem,
      file: problem.file.startsWith(`${dir}/`) ? problem.file.slice(dir.length + 1) : problem.file,
    }));
  try {
    const cabinetFile = join(dir, 'cabinet.yaml');
    const { cabinet, profiles, profileProblems } = loadSite(cabinetFile, [], { siteDir, profilesDir: join(dir, 'profiles') });
    return { site: { cabinet, profiles }, problems: [], warnings: named(profileProblems), ...ownedBySite(cabinet, folder) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { site: null, problems: named(error.problems), warnings: [], siteOwned: [], unlikeSite: [] };
  }
}

function ownedBySite(candidate: Cabinet, { siteDir, site, runningDir }: RevisionFolder): Pick<CheckedRevision, 'siteOwned' | 'unlikeSite'> {
  const siteText = textAt(site.dir);
  const isTakenUp = createHash('sha256').update(siteText).digest('hex') === site.hash;
  const ofSite = isTakenUp ? allowedBy(siteText, siteDir) : [];
  const unlikeSite = siteOwnedDifferences(candidate, ofSite);
  // One of them is enough: each further one only allows more.
  const siteOwned = unlikeSite.length === 0 ? [] : siteOwnedDifferences(candidate, [...ofSite, ...allowedBy(textAt(runningDir), siteDir)]);
  return { siteOwned, unlikeSite };
}

/** Empty for a text that cannot be used: it allows nothing. Shape: folders of profiles are absolute. */
function allowedBy(text: string, siteDir: string): Cabinet[] {
  const cabinet = cabinetIn(text);
  return cabinet === undefined ? [] : [{ ...cabinet, profileDirs: cabinet.profileDirs.map((dir) => resolve(siteDir, dir)) }];
}

/** Empty where it cannot be read. */
function textAt(dir: string): string {
  try {
    return readFileSync(join(dir, 'cabinet.yaml'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}
