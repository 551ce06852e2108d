/**
 * The rows of the command table that only look: status, devices, points, events.
 *
 * Owns these rows. Renderers are loaded only where one is shown. Called by the command table.
 */
import type { DeviceView } from '../../../core/ports.ts';
import type { PointView, StatusView } from '../../../core/views.ts';
import type { AgentEvent } from '../../../core/words.ts';
import { agentCommand, type Command, textArg } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import { parseDuration, type SpanLimits } from '../../text/duration.ts';
import { JSON_OPTION, LOOK_TIMEOUT_MS } from '../common-words.ts';
import { didYouMean } from '../find-name.ts';

/** How far back events may be asked for. Units: ms. Source: assumed; a season, and more than the store keeps of a bad one. */
const EVENT_SPAN: SpanLimits = { minMs: 60_000, maxMs: 2_160 * 3_600_000 };
const USUAL_EVENT_SPAN = '24h';
/** Source: assumed; more than a person reads, less than a slow line bears. */
const MAX_EVENTS = 500;

const status = agentCommand({
  name: 'status',
  role: 'viewer',
  group: 'Look:',
  summary: 'the cabinet on one screen',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole status', 'luciole status --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view): Promise<StatusView> => view.status(),
  render: async (result, page) => (await import('./status-page.ts')).renderStatus(result, page),
});

/** That no device is silent is an answer, not a wrong name. */
const STATES: ReadonlySet<string> = new Set<DeviceView['state']>(['ok', 'flaky', 'silent', 'new']);

const devices = agentCommand({
  name: 'devices',
  role: 'viewer',
  group: 'Look:',
  summary: 'every device, its line, and when it last answered',
  arguments: [{ name: 'filter', summary: 'any part of a device, line, profile or state', required: false, names: 'device' }],
  options: [JSON_OPTION],
  examples: ['luciole devices', 'luciole devices L07', 'luciole devices street --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: ({ filter }) => ({ filter: typeof filter === 'string' ? filter : '' }),
  answer: (view, { filter }): readonly DeviceView[] => {
    const all = view.devices();
    const wanted = filter.toLowerCase();
    const found = all.filter(({ id, line, profile, state }) =>
      [id, line, profile, state].some((word) => word.toLowerCase().includes(wanted)),
    );
    if (found.length > 0 || filter === '' || STATES.has(wanted)) return found;
    throw nothingMatches('device', filter, [...all.map(({ id }) => id), ...view.names().lines]);
  },
  render: async (result, page, { filter }) => (await import('./devices-page.ts')).renderDevices(result, page, filter.toLowerCase()),
});

const points = agentCommand({
  name: 'points',
  role: 'viewer',
  group: 'Look:',
  summary: 'the newest value of each point',
  arguments: [{ name: 'filter', summary: 'a device, or any part of a point id', required: false, names: 'point' }],
  options: [JSON_OPTION],
  examples: ['luciole points', 'luciole points L07', 'luciole points power --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: ({ filter }) => ({ filter: typeof filter === 'string' ? filter : '' }),
  answer: (view, { filter }): readonly PointView[] => {
    const found = view.points(filter);
    if (found.length > 0 || filter === '') return found;
    const { devices: ids } = view.names();
    throw nothingMatches('point', filter, [...ids, ...view.points('').map(({ pointId }) => pointId)]);
  },
  render: async (result, page) => (await import('./devices-page.ts')).renderPoints(result, page),
});

const events = agentCommand({
  name: 'events',
  role: 'viewer',
  group: 'Look:',
  summary: 'what went wrong, since when, and what is over',
  arguments: [],
  options: [
    { name: 'active', value: null, summary: 'only what is going on now, whenever it began' },
    { name: 'since', value: 'DURATION', summary: 'how far back, 1m to 90d, as 30m, 24h or 7d (default: 24h)' },
    JSON_OPTION,
  ],
  examples: ['luciole events', 'luciole events --active', 'luciole events --since 72h --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({
    activeOnly: args['active'] === true,
    spanMs: parseDuration(args['since'] === undefined ? USUAL_EVENT_SPAN : textArg(args, 'since'), EVENT_SPAN),
  }),
  answer: (view, { activeOnly, spanMs }, { clock }): Promise<readonly AgentEvent[]> =>
    view.events({ sinceMs: clock.wallMs() - spanMs, activeOnly, limit: MAX_EVENTS }),
  render: async (result, page, { activeOnly, spanMs }) =>
    (await import('./events-page.ts')).renderEvents(result, page, activeOnly ? null : spanMs),
});

function nothingMatches(noun: string, filter: string, known: readonly string[]): ConsoleError {
  return new ConsoleError('unknown-name', `no ${noun} matches ${JSON.stringify(filter)}; ${didYouMean(filter, known, `luciole ${noun}s`)}`);
}

/** In the order of the help. */
export const LOOK_COMMANDS: readonly Command[] = [status, devices, points, events];
