/**
 * Is a configuration of the revisions sound? The same checks as `luciole check`, ports aside.
 *
 * Owns the thread on which that is found out: the text comes from outside, and however long it keeps a processor busy, lines and light go on.
 * Part of `app.ts`; the revision desk asks.
 */
import { Worker } from 'node:worker_threads';
import type { Site } from './app-touched.ts';
import type { Clock } from './core/clock.ts';
import type { Problem } from './core/errors.ts';

/** Where it lies. Shape: `dir` holds `cabinet.yaml` and `profiles/`; other folders of profiles are seen from `siteDir`. */
export interface RevisionFolder {
  readonly dir: string;
  readonly siteDir: string;
}

/** Shape: files are named as seen from `dir`; `site` is null where there are problems. */
export interface CheckedRevision {
  readonly site: Site | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Longest look at one. Units: ms. Source: assumed; 988 devices take 2 s on a slow gateway. */
const PATIENCE_MS = 30_000;
/** Memory it may take. Units: MB. Source: assumed; 988 devices take 30. */
const MEMORY_MB = 96;

/** On a thread of its own. Errors: none; one that takes too long or too much memory is refused. */
export async function checkRevisionAside(folder: RevisionFolder, clock: Clock): Promise<CheckedRevision> {
  const worker = new Worker(new URL('./app-check-worker.ts', import.meta.url), {
    workerData: folder,
    name: 'luciole-check',
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  const answered = new Promise<CheckedRevision>((resolve) => {
    worker.once('message', resolve);
    worker.once('error', (error) => resolve(refused(`it cannot be checked: ${error instanceof Error ? error.message : String(error)}`)));
    worker.once('exit', () => resolve(refused('it cannot be checked: the check ended without an answer')));
  });
  const late = Promise.withResolvers<CheckedRevision>();
  const tooLong = (): void => late.resolve(refused(`checking it took longer than ${PATIENCE_MS / 1_000} s; make it smaller`));
  const timer = clock.after(PATIENCE_MS, tooLong);
  try {
    return await Promise.race([answered, late.promise]);
  } finally {
    timer.cancel();
    await worker.terminate();
  }
}

function refused(message: string): CheckedRevision {
  return { site: null, problems: [{ file: 'cabinet.yaml', line: 1, column: 1, path: '', message }], warnings: [] };
}
