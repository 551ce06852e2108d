/** `store`, `store check` and `store backup`: show what is stored, verify it, and copy it. */

import type { Timer } from '../../../core/clock.ts';
import { msg } from '../../../core/message.ts';
import type { BackupReport, StoreCheck } from '../../../core/ports.ts';
import type { AgentView, StoreView } from '../../../core/views.ts';
import { agentCommand } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { CheckProgress } from './store-page.ts';

/**
 * Interval of progress reports of a check. Units: ms. Source: assumed; it shows that the check still runs. Confirmed by: duration of a
 * check of a full store.
 */
const CHECK_WORD_MS = 1_000;

/** `store`: answers with what is stored, how much fits, what waits or was lost, and the results of the chores. */
export const STORE = agentCommand({
  name: 'store',
  role: 'viewer',
  group: 'Store:',
  summary: msg`what is kept, how much fits, and its chores`,
  examples: ['luciole store', 'luciole store --json', 'luciole store check'],
  answer: (view): Promise<StoreView> => view.store(),
  render: async (result, page) => (await import('./store-page.ts')).renderStore(result, page),
});

/**
 * `store check`: reads the two databases of the store and removes what is damaged: readings, parts of the record of decisions, events,
 * outcomes of commands and small values. A database that fails the integrity check of SQLite is replaced as a whole. Does not verify the
 * audit log. Exit code 1: damage, a database that cannot be read, or an account of readings that does not balance.
 */
export const STORE_CHECK = agentCommand<object, StoreCheck, CheckProgress>({
  name: 'store check',
  role: 'technician',
  group: 'Store:',
  summary: msg`read everything once and name all damage`,
  examples: ['luciole store check', 'luciole store check --json'],
  answer: (view, _args, job) => withWord(job, () => askStore(view, view.checkStore())),
  render: async (result, page) => (await import('./store-page.ts')).renderStoreCheck(result, page),
  succeeded: ({ files, account }) => files.every(({ ok }) => ok) && account?.isBalanced !== false,
  progress: { isLasting: false, load: async () => (await import('./store-page.ts')).renderCheckProgress },
});

/**
 * `store backup`: copies `state.db`, and answers with path, size and time of the copy. Before that, it removes damaged rows, or replaces
 * the whole file if it fails the integrity check of SQLite.
 */
export const STORE_BACKUP = agentCommand({
  name: 'store backup',
  role: 'technician',
  group: 'Store:',
  summary: msg`copy the state of the cabinet now`,
  examples: ['luciole store backup', 'luciole store backup --json'],
  answer: (view): Promise<BackupReport> => askStore(view, view.backupStore()),
  render: async (result, page) => (await import('./store-page.ts')).renderBackup(result, page),
  audit: ({ path, bytes }) => ({ path, bytes }),
});

/** Runs the work and reports the elapsed time each second. */
async function withWord<T>({ clock, report, signal }: Job, work: () => Promise<T>): Promise<T> {
  const startMono = clock.monoMs();
  let timer: Timer | null = null;
  const turn = (): void => {
    report({ forMs: clock.monoMs() - startMono } satisfies CheckProgress);
    timer = clock.after(CHECK_WORD_MS, () => {
      if (!signal.aborted) turn();
    });
  };
  turn();
  try {
    return await work();
  } finally {
    (timer as Timer | null)?.cancel();
  }
}

/**
 * Resolves with the answer of the store. Errors: rejects with ConsoleError 'failed' if the answer is undefined, with the reason that
 * `view.store` has, or without one that the store is busy.
 */
export async function askStore<T>(view: AgentView, answer: Promise<T | undefined>): Promise<T> {
  const found = await answer;
  if (found !== undefined) return found;
  const { reason } = await view.store();
  throw new ConsoleError(
    'failed',
    String(reason) === ''
      ? msg`the store did not answer: the storage thread is busy; try again, or request less`
      : msg`the store did not answer: ${reason}; see \`luciole store\``,
  );
}
