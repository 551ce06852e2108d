/** `events export`: one row for each warning or alarm, for work orders. */
import type { WallMs } from '../../../core/clock.ts';
import { msg } from '../../../core/message.ts';
import type { AgentView } from '../../../core/views.ts';
import type { AgentEvent } from '../../../core/words.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { parseDuration } from '../../text/duration.ts';
import { EVENT_SPAN, USUAL_EVENT_SPAN } from '../cabinet/events.ts';
import { askStore } from '../store/store.ts';
import type { PlacedEvent, WorkOrderForm } from './work-orders-page.ts';

/** Events in one request to the store. Source: the store returns no more. */
const PAGE_EVENTS = 2_000;
const FORMATS = ['csv', 'json'] as const;

/**
 * `events export`: answers with warnings and alarms for work orders: those that began or ended in a period, and those that have not ended.
 * With `--open` only the latter, without the disk; otherwise it fails if the disk does not respond. The events that report maintenance are
 * left out.
 */
export const EVENTS_EXPORT = agentCommand({
  name: 'events export',
  role: 'viewer',
  group: 'Store:',
  summary: msg`alarms as rows for work orders: CSV or JSON`,
  options: [
    { name: 'open', value: null, summary: msg`only what is going on now, whenever it began` },
    { name: 'since', value: 'DURATION', summary: msg`how far back, 1m to 90d, as 30m, 24h or 7d (default: 24h)` },
    { name: 'format', value: 'FORMAT', summary: msg`csv or json (default: csv)`, choices: FORMATS },
    { name: 'semicolon', value: null, summary: msg`CSV with ; between the fields, for a French spreadsheet` },
  ],
  examples: ['luciole events export --open --format csv > orders.csv', 'luciole events export --since 7d --format json'],
  read: (args) => ({
    openOnly: args['open'] === true,
    form: { format: formatArg(args), separator: args['semicolon'] === true ? ';' : ',' } satisfies WorkOrderForm,
    spanMs: parseDuration(args['since'] === undefined ? USUAL_EVENT_SPAN : textArg(args, 'since'), EVENT_SPAN),
  }),
  answer: async (view, { openOnly, spanMs }, { clock }): Promise<readonly PlacedEvent[]> => {
    const sinceMs = clock.wallMs() - spanMs;
    const events = openOnly ? await view.events({ sinceMs, activeOnly: true, limit: PAGE_EVENTS }) : await allEvents(view, sinceMs);
    return events
      .filter(({ severity, code }) => severity !== 'info' && code !== 'maintenance-mode')
      .map((event) => ({ ...event, place: view.alarms.placeOf(event.source) }));
  },
  render: async (result, page, { form }) => (await import('./work-orders-page.ts')).renderWorkOrders(result, page, form),
});

/**
 * The pages begin with the newest events. One that is stored meanwhile shifts the next page, so that an event may be in two of them.
 *
 * Errors: rejects with ConsoleError 'failed' if the disk does not respond for one of the pages.
 */
async function allEvents(view: AgentView, sinceMs: WallMs): Promise<AgentEvent[]> {
  const found = new Map<string, AgentEvent>();
  for (let [skip, before] = [0, -1]; found.size > before; skip += PAGE_EVENTS) {
    before = found.size;
    const page = await askStore(view, view.readEvents({ sinceMs, limit: PAGE_EVENTS, skip }));
    for (const event of page) if (!found.has(event.id)) found.set(event.id, event);
  }
  return [...found.values()].sort((a, b) => a.startMs - b.startMs);
}

function formatArg(args: RawArgs): WorkOrderForm['format'] {
  const text = args['format'] === undefined ? 'csv' : textArg(args, 'format');
  const found = FORMATS.find((each) => each === text.toLowerCase());
  if (found === undefined) throw new ConsoleError('usage', msg`no format "${text}": write csv or json`);
  return found;
}
