/** Finds the events that a request to acknowledge means. */
import { isSuppressed } from '../../core/event-handling.ts';
import { msg } from '../../core/message.ts';
import type { Store } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { AgentEvent } from '../../core/words.ts';

/** All events that are raised and not acknowledged. */
const ALL = 'all';
/** Longest id that is searched for on the disk. Units: UTF-16 units. Source: assumed; codes and names are shorter. Confirmed by: the ids in the stores of a year. */
const MAX_ID_LENGTH = 256;
/** Events that are read to find one that has ended. Source: the store returns no more. */
const MAX_READ = 2_000;

/**
 * Returns the open warnings and alarms that `wanted` means: an id, `all` or, with `mayName`, a source or `<code>:<source>`. May be empty.
 * `all` means those that are neither suppressed nor acknowledged. Errors: throws Refusal if `all` means none.
 */
export function findOpenEvents(wanted: string, open: readonly AgentEvent[], mayName: boolean): readonly AgentEvent[] {
  const worth = open.filter(({ severity }) => severity !== 'info');
  if (wanted === ALL) {
    const raised = worth.filter((event) => !isSuppressed(event) && event.acknowledged === undefined);
    if (raised.length === 0) throw new Refusal(msg`no event waits to be acknowledged`);
    return raised;
  }
  const named = worth.filter(({ id }) => id === wanted);
  if (named.length > 0 || !mayName) return named;
  const typed = wanted.toLowerCase();
  return worth.filter(({ code, source }) => [source, `${code}:${source}`].some((name) => name.toLowerCase() === typed));
}

/**
 * Resolves with the warning or alarm that has this id and has ended. Searches only the 2,000 newest stored events since the start time in
 * the id. Errors: rejects with Refusal if it is not found, also if the disk does not respond, and for a notice.
 */
export async function findEndedEvent(id: string, store: Pick<Store, 'events'>): Promise<AgentEvent> {
  const found = await storedEvent(id, store);
  const shown = id.slice(0, MAX_ID_LENGTH).replace(/\p{C}/gu, '?');
  if (found === undefined || found.endMs === null)
    throw new Refusal(msg`no event "${shown}" is known: \`luciole events --active --details\` lists their ids`);
  if (found.severity === 'info') throw new Refusal(msg`"${shown}" is a notice, which needs no acknowledgement`);
  return found;
}

async function storedEvent(id: string, store: Pick<Store, 'events'>): Promise<AgentEvent | undefined> {
  const [, start] = /:(\d{1,15})$/.exec(id) ?? [];
  if (start === undefined || id.length > MAX_ID_LENGTH) return undefined;
  const stored = await store.events({ sinceMs: Number(start), limit: MAX_READ });
  return stored.find((event) => event.id === id);
}
