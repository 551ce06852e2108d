/** Names of lamps and zones as typed, and refusals of the street as console errors. */
import { Refusal } from '../../../core/refusal.ts';
import type { AgentView } from '../../../core/views.ts';
import type { Target } from '../../../core/words.ts';
import { textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { parseDuration, type SpanLimits } from '../../text/duration.ts';
import { findName } from '../find-name.ts';

/** Finds the lamp or zone with this name, in any case. Errors: throws ConsoleError 'unknown-name' with the nearest name. */
export function findTarget(view: AgentView, typed: string): Target {
  const { lamps, zones } = view.names();
  const id = findName(typed, [...lamps, ...zones], { noun: 'lamp or zone', listedBy: 'luciole status --json' });
  return { kind: lamps.includes(id) ? 'lamp' : 'zone', id };
}

export function findZone(view: AgentView, typed: string): string {
  return findName(typed, view.names().zones, { noun: 'zone', listedBy: 'luciole zones' });
}

export function findLamp(view: AgentView, typed: string): string {
  return findName(typed, view.names().lamps, { noun: 'lamp', listedBy: 'luciole status --json' });
}

export function spanArg(args: RawArgs, usual: string, span: SpanLimits): number {
  return parseDuration(args['for'] === undefined ? usual : textArg(args, 'for'), span);
}

/** Resolves with the result of `work`. Errors: rejects with ConsoleError 'failed' where the street refuses it. */
export async function onStreet<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) throw new ConsoleError('failed', error.message, { cause: error });
    throw error;
  }
}
