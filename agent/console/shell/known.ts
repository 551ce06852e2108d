/**
 * What a session has read from the agent: names of the cabinet, and overrides and trials in force.
 *
 * It is read again before each prompt.
 */
import type { WallMs } from '../../core/clock.ts';
import { fetchAnswer } from '../ask-agent.ts';
import type { NameKind } from '../command-spec.ts';
import { NAMES, type Names } from '../commands/cabinet/names.ts';
import { CONFIG_PLACES } from '../commands/config/config-edit.ts';
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
