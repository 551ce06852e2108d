/**
 * The check of a configuration of the revisions, where it is carried out.
 *
 * Owns nothing. Part of `app.ts`; runs in the process that `app-revision-check.ts` starts, because parser and schema stay in the memory of
 * the process that loads them.
 */
import { join } from 'node:path';
import { loadSite } from './app-load.ts';
import { comparedWithOwners } from './app-owner.ts';
import { type CheckedRevision, NOTHING_COMPARED, type RevisionFolder } from './app-revision-check.ts';
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
    const site = { cabinet, profiles };
    return { site, problems: [], warnings: named(profileProblems), ...comparedWithOwners(site, folder) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { site: null, problems: named(error.problems), warnings: [], ...NOTHING_COMPARED };
  }
}
