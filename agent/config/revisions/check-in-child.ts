/**
 * Checks a revision in a child process, as `luciole check` does, without the ports. The text comes from outside: however long it occupies a
 * processor, lines and light continue.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock, WallMs } from '../../core/clock.ts';
import type { Problem } from '../../core/errors.ts';
import { Message, msg } from '../../core/message.ts';
import { withMessages } from '../../core/message-wire.ts';
import type { EditedText, EditOrder, SiteOwnedDifference } from '../../core/revisions.ts';
import type { FloorFlaw } from '../floor/floor-circuits.ts';
import type { CheckedFor } from '../load/load.ts';
import type { CabinetAndProfiles } from './touched-parts.ts';

/**
 * The input of a check: the folder of the revision, and what it is compared with. Shape: `dir` contains `cabinet.yaml` and `profiles/`;
 * other folders of profiles are relative to `siteDir`.
 */
export interface RevisionFolder {
  readonly dir: string;
  readonly siteDir: string;
  /** Folder with the file of the site as last loaded, and SHA-256 of that file. A file with another hash is not used. */
  readonly site: { readonly dir: string; readonly hash: string };
  /** Folder of the running revision. */
  readonly runningDir: string;
  /** `running` for a kept revision: it can run again with the findings that never prevented a run. */
  readonly checkedFor: CheckedFor;
  /** The comparison with the floor begins at this time. */
  readonly nowMs: WallMs;
}

/** The result of a check. Shape: problems and warnings name files in the folder of the revision relative to it. */
export interface CheckedRevision {
  /** Null if there are problems. Then nothing is compared: `siteOwned` and `belowFloor` are empty, `unlikeSite` is null. */
  readonly site: CabinetAndProfiles | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Site-owned keys whose value the revision may not set. */
  readonly siteOwned: readonly SiteOwnedDifference[];
  /** Site-owned keys that differ from the file of the site; null if that file is not available. */
  readonly unlikeSite: readonly SiteOwnedDifference[] | null;
  /**
   * What in it needs a permission: the result of `floorFlaws`, or one flaw if there is nothing to compare with. Not compared, and empty,
   * if `siteOwned` is not empty.
   */
  readonly belowFloor: readonly FloorFlaw[];
}

/** Longest check. Units: ms. Source: measured, a year of one zone takes 0.6 s here and 5 s on an eighth of a core; twenty zones there. */
const TIMEOUT_MS = 110_000;
/** Memory of the process. Units: MB. Source: assumed; 988 devices take 30. Confirmed by: memory of a check of the largest cabinet on the gateway. */
const MEMORY_MB = 96;

/**
 * Checks a revision in a child process. If there is no result, `site` is null and `problems` has the reason, for example that no process
 * could be started, or that the check took too long.
 */
export async function checkRevisionInChild(folder: RevisionFolder, clock: Clock, signal?: AbortSignal): Promise<CheckedRevision> {
  const answer = await runChecker<CheckedRevision>({ kind: 'check', folder }, clock, signal);
  if (answer instanceof Message) return refused(answer);
  const [problems, warnings, belowFloor] = [answer.problems, answer.warnings, answer.belowFloor].map(withMessages);
  return { ...answer, problems, warnings, belowFloor } as CheckedRevision;
}

/**
 * Changes one value in the text of the `cabinet.yaml` of a folder as `editChecked` does, in a child process. Resolves with the new text,
 * or with `reason` if there is none; the file is not written.
 */
export async function editInChild(edit: EditOrder, clock: Clock, signal?: AbortSignal): Promise<EditedText> {
  const answer = await runChecker<EditedText>({ kind: 'edit', edit }, clock, signal);
  return answer instanceof Message ? { reason: answer } : (withMessages(answer) as EditedText);
}

const INTERRUPTED = msg`the check was interrupted because a trial or the agent ended: check it again`;

/** The task of the child process: to check a revision, or to return the text of a `cabinet.yaml` with one value changed. */
export type CheckerOrder =
  | { readonly kind: 'check'; readonly folder: RevisionFolder }
  | { readonly kind: 'edit'; readonly edit: EditOrder };

/** Starts the process. Returns its answer, or why there is none. */
async function runChecker<T extends object>(order: CheckerOrder, clock: Clock, signal?: AbortSignal): Promise<T | Message> {
  if (signal?.aborted === true) return INTERRUPTED;
  const child = startChecker(order);
  if (child instanceof Message) return child;
  const answer = Promise.withResolvers<T | Message>();
  child.once('message', (message) => answer.resolve(message as T));
  child.once('error', (error) => answer.resolve(msg`it cannot be checked: ${error.message}`));
  child.once('exit', () => answer.resolve(msg`it cannot be checked: the check ended without an answer; make it smaller`));
  const interrupt = (): void => answer.resolve(INTERRUPTED);
  signal?.addEventListener('abort', interrupt);
  const timer = clock.after(TIMEOUT_MS, () => answer.resolve(msg`checking it took longer than ${TIMEOUT_MS / 1_000} s; make it smaller`));
  try {
    return await answer.promise;
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', interrupt);
    child.kill('SIGKILL');
  }
}

/** Returns why there is none, for example without memory for a process; other causes are its event `error`. */
function startChecker(order: CheckerOrder): ChildProcess | Message {
  try {
    return fork(fileURLToPath(new URL('./check-child.ts', import.meta.url)), [JSON.stringify(order)], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [...process.execArgv, `--max-old-space-size=${MEMORY_MB}`],
    });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return msg`it cannot be checked: ${error.message}`;
  }
}

/** The empty comparisons of a `CheckedRevision` whose `site` is null. */
export const NOTHING_COMPARED = { siteOwned: [], unlikeSite: [], belowFloor: [] } as const;

function refused(message: Message): CheckedRevision {
  return { site: null, problems: [{ file: 'cabinet.yaml', line: 1, column: 1, path: '', message }], warnings: [], ...NOTHING_COMPARED };
}
