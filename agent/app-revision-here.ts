/**
 * The check of a configuration of the revisions, where it is carried out.
 *
 * Owns nothing. Part of `app.ts`; runs in the process that `app-revision-check.ts` starts, because parser and schema stay in the memory of
 * the process that loads them.
 */
import { join } from 'node:path';
import { loadSite } from './app-load.ts';
import { ownedBySite } from './app-owner.ts';
import type { CheckedRevision, RevisionFolder } from './app-revision-check.ts';
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
