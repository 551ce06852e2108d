/** `events`: what went wrong, since when, and what is over. */
import type { AgentEvent } from '../../../core/words.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { parseDuration, type SpanLimits } from '../../text/duration.ts';

/** How far back events may be asked for. Units: ms. Source: assumed; a season, and more than the store keeps of a bad one. */
const EVENT_SPAN: SpanLimits = { minMs: 60_000, maxMs: 2_160 * 3_600_000 };
const USUAL_EVENT_SPAN = '24h';
/** Source: assumed; more than a person reads, less than a slow line bears. */
const MAX_EVENTS = 500;

export const EVENTS = agentCommand({
  name: 'events',
  role: 'viewer',
  group: 'Look:',
  summary: 'what went wrong, since when, and what is over',
  options: [
    { name: 'active', value: null, summary: 'only what is going on now, whenever it began' },
    { name: 'since', value: 'DURATION', summary: 'how far back, 1m to 90d, as 30m, 24h or 7d (default: 24h)' },
  ],
  examples: ['luciole events', 'luciole events --active', 'luciole events --since 72h --json'],
  read: (args) => ({
    activeOnly: args['active'] === true,
    spanMs: parseDuration(args['since'] === undefined ? USUAL_EVENT_SPAN : textArg(args, 'since'), EVENT_SPAN),
  }),
  answer: (view, { activeOnly, spanMs }, { clock }): Promise<readonly AgentEvent[]> =>
    view.events({ sinceMs: clock.wallMs() - spanMs, activeOnly, limit: MAX_EVENTS }),
  render: async (result, page, { activeOnly, spanMs }) =>
    (await import('./events-page.ts')).renderEvents(result, page, activeOnly ? null : spanMs),
});
