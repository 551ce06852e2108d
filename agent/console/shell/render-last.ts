/**
 * The last state of an agent that does not answer, from files and the service manager.
 *
 * Owns the layout of `agent state`. Pure.
 */
import type { LastState } from '../../core/views.ts';
import { renderEvents } from '../commands/cabinet/events-page.ts';
import { dayTime, type Page, translated } from '../text/page.ts';
import { labelled, wrap } from '../text/text-lines.ts';

export function lastStateLines(state: LastState, page: Page): readonly string[] {
  const { configFile, service, log, store, problem } = state;
  const last = store?.lastReadingMs;
  return [
    // The service manager's own word.
    ...labelled(translated('Service', page), service, page.widthCols),
    ...labelled('File', problem === '' ? configFile : problem, page),
    ...(store === null ? [] : labelled('Store', store.dir, page)),
    ...(last === null || last === undefined ? [] : labelled('Reading', `the last one ${dayTime(last, page.timezone)}`, page)),
    ...(store?.problems ?? []).flatMap((text) => labelled('Trouble', text, page)),
    ...(store === null || store.events.length === 0 ? [] : ['', ...renderEvents(store.events, page, null).split('\n').slice(0, -2)]),
    '',
    translated('Its log:', page),
    ...log.filter((line) => line !== '').flatMap((line) => wrap(line, page.widthCols)),
  ];
}
