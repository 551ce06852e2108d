/**
 * Chores of the night: compaction, checks, cleaning, at set times of UTC.
 *
 * Owns when a chore runs. Never lighting: a missed tick here costs a day, not a dark street. The only user of node-cron.
 * Called by `app.ts`.
 */
import { createTask, type ScheduledTask } from 'node-cron';
import type { Log } from '../core/ports.ts';

/** One chore. Shape: `cron` has five fields, minute first, in UTC. */
export interface Chore {
  readonly name: string;
  readonly cron: string;
  readonly run: () => Promise<void>;
}

export interface Housekeeping {
  start(): void;
  stop(): void;
}

/** The chores of an agent. A chore that still runs is not started again; one that fails is logged and runs again at its next time. */
export function createHousekeeping({ chores, log }: { readonly chores: readonly Chore[]; readonly log: Log }): Housekeeping {
  let tasks: readonly ScheduledTask[] = [];
  return {
    start() {
      if (tasks.length > 0) return;
      tasks = chores.map((chore) =>
        createTask(chore.cron, () => carryOut(chore, log), {
          name: chore.name,
          timezone: 'UTC',
          noOverlap: true,
          unref: true,
          suppressMissedWarning: true,
        }),
      );
      for (const task of tasks) void task.start();
    },
    stop() {
      for (const task of tasks) void task.destroy();
      tasks = [];
    },
  };
}

async function carryOut({ name, run }: Chore, log: Log): Promise<void> {
  try {
    await run();
    log.event('chore-done', { chore: name }, 'debug');
  } catch (error) {
    log.event('chore-failed', { chore: name, error }, 'warning');
  }
}
