/** What a session has read from the agent: names of the cabinet, and overrides and trials in force. */
import type { WallMs } from '../../core/clock.ts';
import type { ConfigView, ValueInForce } from '../../core/revisions.ts';
import { fetchAnswer } from '../ask-agent.ts';
import type { AgentCommand, NameKind } from '../command-spec.ts';
import { NAMES, type Names } from '../commands/cabinet/names.ts';
import { CONFIG_IN_FORCE, CONFIG_PLACES } from '../commands/config/config-edit.ts';
import { CONFIG } from '../commands/config/config-view.ts';
import { ConsoleError } from '../console-error.ts';
import type { ConsoleAnswer, RawArgs } from '../protocol/protocol.ts';
import { plain } from '../text/plain-text.ts';
import type { Asker } from './session.ts';

/**
 * The names of the cabinet, the intents in force that console users have set (`overrides`), the configuration on trial, and the agent's
 * time when it sent them.
 */
export interface Known {
  readonly names: Names;
  readonly atMs: WallMs;
}

/**
 * Resolves with the names of the cabinet, the intents that console users have set, and the configuration on trial. Null if no agent
 * answers, or it refuses.
 */
export async function askNames(asker: Asker): Promise<Known | null> {
  const answer = await askOrNull(NAMES, {}, asker);
  return answer && { names: plain(answer.result) as Names, atMs: answer.atMs };
}

/**
 * Resolves with the texts to which one more step completes a partly typed configuration key, such as `zones[rue].`. Empty if there are
 * none, no agent answers, or it refuses.
 */
export async function askPlaces(asker: Asker, typed: string): Promise<readonly string[]> {
  const answer = await askOrNull(CONFIG_PLACES, { typed }, asker);
  return answer === null ? [] : (plain(answer.result) as readonly string[]);
}

/** Resolves with the value in force of a configuration key; null if it is null or missing, or if no agent sends it. */
export async function askInForce(asker: Asker, path: string): Promise<ValueInForce | null> {
  const answer = await askOrNull(CONFIG_IN_FORCE, { path }, asker);
  return answer && (plain(answer.result) as ValueInForce | null);
}

/**
 * Returns the names to offer for one kind; `target` means lamps and zones. Without `modbusLines`, all lines are offered as `modbus-line`.
 */
export function namesOf(names: Names, kind: Exclude<NameKind, 'place'>): readonly string[] {
  const lists: Readonly<Record<typeof kind, readonly string[]>> = {
    lamp: names.lamps,
    zone: names.zones,
    target: [...names.lamps, ...names.zones],
    panel: names.panels ?? [],
    line: names.lines,
    'modbus-line': names.modbusLines ?? names.lines,
    device: names.devices,
    point: names.points,
    profile: names.profiles,
  };
  return lists[kind];
}

/** Resolves with the number of the revision on trial; null if there is none, no agent answers, or it refuses. */
export async function trialNumber(asker: Asker): Promise<number | null> {
  return (await configView(asker))?.trial?.number ?? null;
}

async function configView(asker: Asker): Promise<ConfigView | undefined> {
  return (await askOrNull(CONFIG, {}, asker))?.result as ConfigView | undefined;
}

/** Resolves with null if no agent answers, or it refuses. */
async function askOrNull(command: AgentCommand, args: RawArgs, terminal: Asker): Promise<ConsoleAnswer | null> {
  try {
    return await fetchAnswer(command, args, { terminal });
  } catch (error) {
    if (error instanceof ConsoleError) return null;
    throw error;
  }
}
