/**
 * The configuration of a run, read by a process of its own that ends with it.
 *
 * Owns that process. Part of `app.ts`; called by `app-run.ts`. Parser and schema are needed for a moment and would stay in memory for
 * good: what they compile and leave behind, and the pages of Node that only they touch. Source: measured, docs/adr/0014-memory.md.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Beginning, RevisionsAtStart, StartParts } from './app-start.ts';
import { createRevisionDisk } from './config/revision-disk.ts';
import type { Clock } from './core/clock.ts';
import { ConfigError, type Problem } from './core/errors.ts';
import { within } from './core/within.ts';

/** A beginning, the disk of its revisions named by its folder. */
interface Begun {
  readonly site: Beginning['site'];
  readonly revisions: Omit<RevisionsAtStart, 'disk'> & { readonly dir: string };
}

export type AsideAnswer =
  | { readonly begun: Begun; readonly problems: readonly [] }
  | { readonly begun: null; readonly problems: readonly Problem[] };

/**
 * Node's flags for a process that is gone in a moment: what saves memory in the long run costs it time, and an optimizing compiler costs it
 * both. Source: measured, 74 MB at most and 340 ms; without any flag 102 MB and 400 ms, with those of the agent 74 MB and 400 ms.
 */
const BRIEF = ['--max-semi-space-size=1', '--no-opt', '--no-maglev'];
/** Longest wait for the disk of revisions: the street is dark meanwhile. Units: ms. Source: assumed; 988 devices take 2 s on a slow gateway. */
const PATIENCE_MS = 15_000;

/** Errors: as `beginConfiguration`. */
export async function beginAside(parts: StartParts, clock: Pick<Clock, 'after'>): Promise<Beginning> {
  const loader = fileURLToPath(new URL('./app-loader.ts', import.meta.url));
  const child = fork(loader, [JSON.stringify(parts)], {
    execArgv: [...BRIEF],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const answering = new Promise<AsideAnswer | null>((resolve) => {
    child.once('message', (message) => resolve(message as AsideAnswer));
    child.once('error', () => resolve(null));
    child.once('disconnect', () => resolve(null));
  });
  const answer = await within(clock, PATIENCE_MS, answering);
  if (answer === undefined) {
    // A disk that hangs holds it until it answers; this run needs no more of it.
    child.kill('SIGKILL');
    child.unref();
    return (await import('./app-start.ts')).beginWithoutRevisions(parts.configFile);
  }
  // No process to be had, or it was killed: rather too much memory than no light.
  if (answer === null) return (await import('./app-start.ts')).beginConfiguration(parts);
  if (answer.begun === null) throw new ConfigError(answer.problems);
  const { site, revisions } = answer.begun;
  const { dir, ...rest } = revisions;
  return { site, revisions: { ...rest, disk: createRevisionDisk(dir) } };
}
