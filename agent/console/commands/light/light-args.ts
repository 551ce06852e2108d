/** Finds lamps and zones by typed name, and converts refusals of the lighting module to console errors. */

import { count } from '../../../core/counts.ts';
import { msg } from '../../../core/message.ts';
import { Refusal } from '../../../core/refusal.ts';
import type { AgentView } from '../../../core/views.ts';
import type { Target } from '../../../core/words.ts';
import { textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { parseDuration, type SpanLimits } from '../../text/duration.ts';
import { findName } from '../find-name.ts';

/**
 * Returns the lamp or zone with this name, otherwise the only lamp on the pole with this name. Capital and small letters may differ if only
 * one name fits. Errors: throws ConsoleError 'unknown-name' with advice.
 */
export function findTarget(view: AgentView, typed: string): Target {
  const { lamps, zones } = view.names();
  const id = findOnStreet(view, typed, [...lamps, ...zones], 'lamp or zone');
  return { kind: lamps.includes(id) ? 'lamp' : 'zone', id };
}

/**
 * Returns the id of the zone with this name; capital and small letters may differ if only one name fits. Errors: throws ConsoleError
 * 'unknown-name' with advice.
 */
export function findZone(view: AgentView, typed: string): string {
  return findName(typed, view.names().zones, { noun: 'zone', listedBy: 'luciole zones' });
}

/**
 * Returns the id of the lamp with this name, otherwise of the only lamp on the pole with this name. Capital and small letters may differ if
 * only one name fits. Errors: throws ConsoleError 'unknown-name' with advice.
 */
export function findLamp(view: AgentView, typed: string): string {
  return findOnStreet(view, typed, view.names().lamps, 'lamp');
}

/** A pole name means its lamp; a lamp or zone with the same name takes precedence. */
function findOnStreet(view: AgentView, typed: string, known: readonly string[], noun: 'lamp' | 'lamp or zone'): string {
  const isTyped = (name: string): boolean => name.toLowerCase() === typed.toLowerCase();
  const { poles } = view.names();
  const meant = known.some(isTyped) ? [] : poles.filter(({ id }) => isTyped(id));
  const pole = meant.find(({ id }) => id === typed) ?? (meant.length === 1 ? meant[0] : undefined);
  if (pole === undefined) return findName(typed, known, { noun, listedBy: 'luciole status --json', alsoNear: poles.map(({ id }) => id) });
  const [only, ...others] = pole.lamps;
  if (only !== undefined && others.length === 0) return only;
  throw new ConsoleError(
    'unknown-name',
    only === undefined
      ? msg`pole ${pole.id} has no lamp; \`luciole devices ${pole.id}\` shows what is on it`
      : msg`pole ${pole.id} has ${count(pole.lamps.length, 'lamp')}; type one of them: ${pole.lamps}`,
  );
}

/**
 * Returns the duration of `--for`; `usual`, such as `10m`, if none was typed. Units: ms. Errors: throws ConsoleError 'usage' if it is
 * invalid or outside `span`, whose limits are allowed.
 */
export function spanArg(args: RawArgs, usual: string, span: SpanLimits): number {
  return parseDuration(args['for'] === undefined ? usual : textArg(args, 'for'), span);
}

/**
 * Runs `work` and resolves with its result. Errors: rejects with ConsoleError 'failed' instead of a Refusal, with the same message; other
 * errors of `work` are unchanged.
 */
export async function onStreet<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) throw new ConsoleError('failed', error.said, { cause: error });
    throw error;
  }
}
