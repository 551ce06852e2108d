/**
 * What a session has read from the agent: names of the cabinet, and overrides and trials in force.
 *
 * It is read again before each prompt.
 */
import type { WallMs } from '../../core/clock.ts';
import type { ConfigView } from '../../core/revisions.ts';
import { fetchAnswer } from '../ask-agent.ts';
import type { NameKind } from '../command-spec.ts';
import { NAMES, type Names } from '../commands/cabinet/names.ts';
import { CONFIG_RETURN } from '../commands/config/config-commit.ts';
import { CONFIG_PLACES } from '../commands/config/config-edit.ts';
import { CONFIG } from '../commands/config/config-view.ts';
import { ConsoleError } from '../console-error.ts';
import { plain } from '../text/plain-text.ts';
import type { Asker } from './session.ts';

/** What the agent said of itself, and when. */
export interface Known {
  readonly names: Names;
  readonly atMs: WallMs;
}

/** Null where no agent answers. */
export async function askNames(terminal: Asker): Promise<Known | null> {
  try {
    const { result, atMs } = await fetchAnswer(NAMES, {}, { socket: undefined, terminal });
    return { names: plain(result) as Names, atMs };
  } catch (error) {
    if (error instanceof ConsoleError) return null;
    throw error;
  }
}

/** How a place of the configuration goes on; none where no agent answers. */
export async function askPlaces(terminal: Asker, typed: string): Promise<readonly string[]> {
  try {
    const { result } = await fetchAnswer(CONFIG_PLACES, { typed }, { socket: undefined, terminal });
    return plain(result) as readonly string[];
  } catch (error) {
    if (error instanceof ConsoleError) return [];
    throw error;
  }
}

/** The names that may stand where one of this kind is wanted. */
export function namesOf(names: Names, kind: Exclude<NameKind, 'place'>): readonly string[] {
  const lists: Readonly<Record<typeof kind, readonly string[]>> = {
    lamp: names.lamps,
    zone: names.zones,
    target: [...names.lamps, ...names.zones],
    line: names.lines,
    'modbus-line': names.modbusLines ?? names.lines,
    device: names.devices,
    point: names.points,
    profile: names.profiles,
  };
  return lists[kind];
}

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
