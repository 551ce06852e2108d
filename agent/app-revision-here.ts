/**
 * The check of a configuration of the revisions, where it is carried out.
 *
 * Owns nothing. Part of `app.ts`; runs on the thread that `app-revision-check.ts` starts, for parser and schema stay in the memory of
 * whoever loads them.
 */
import { join } from 'node:path';
import { loadSite } from './app-load.ts';
import type { CheckedRevision, RevisionFolder } from './app-revision-check.ts';
import { ConfigError, type Problem } from './core/errors.ts';

/** On this thread. Errors: none; all is in the answer. */
export function checkRevisionHere({ dir, siteDir }: RevisionFolder): CheckedRevision {
  const named = (problems: readonly Problem[]): Problem[] =>
    problems.map((problem) => ({
      ...problem,
      file: problem.file.startsWith(`${dir}/`) ? problem.file.slice(dir.length + 1) : problem.file,
    }));
  try {
    const { cabinet, profiles, profileProblems, warnings } = loadSite(join(dir, 'cabinet.yaml'), [], {
      siteDir,
      profilesDir: join(dir, 'profiles'),
    });
    return { site: { cabinet, profiles }, problems: [], warnings: named([...profileProblems, ...warnings]) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { site: null, problems: named(error.problems), warnings: [] };
  }
}
