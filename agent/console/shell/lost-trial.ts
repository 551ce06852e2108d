/** Returns the configuration that a lost session has put on trial: a person who has lost the cable cannot confirm it. */
import type { ConfigView } from '../../core/revisions.ts';
import { fetchAnswer } from '../ask-agent.ts';
import { CONFIG_RETURN } from '../commands/config/config-commit.ts';
import { CONFIG } from '../commands/config/config-view.ts';
import { ConsoleError } from '../console-error.ts';
import type { Asker } from './session.ts';

/** The number of the revision on trial; null where there is none, or no agent answers. */
export async function trialNumber(asker: Asker): Promise<number | null> {
  return (await viewOf(asker))?.trial?.number ?? null;
}

/** `before`: on trial when the session began, so not its own. One that confirms itself is left to do so. */
export async function giveBackTrial(asker: Asker, before: number | null): Promise<void> {
  const view = await viewOf(asker);
  const { trial, running } = view ?? {};
  if (trial == null || trial.mode !== 'asked' || trial.number === before || running?.by !== `console:${asker.user}`) return;
  await orNull(
    fetchAnswer(CONFIG_RETURN, { revision: String(trial.number), comment: 'the session was lost' }, { socket: undefined, terminal: asker }),
  );
}

async function viewOf(asker: Asker): Promise<ConfigView | null> {
  const answer = await orNull(fetchAnswer(CONFIG, {}, { socket: undefined, terminal: asker }));
  return (answer?.result as ConfigView | undefined) ?? null;
}

/** Whatever keeps the agent from answering: the trial ends by itself. */
async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ConsoleError) return null;
    throw error;
  }
}
