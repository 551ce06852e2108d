/** `devices` and `points`: what is on the lines, and what it measures now. */
import type { DeviceView } from '../../../core/ports.ts';
import type { PointView } from '../../../core/views.ts';
import { agentCommand } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import { nameHint } from '../find-name.ts';

/** That no device is silent is an answer, not a wrong name. */
const STATES: ReadonlySet<string> = new Set<DeviceView['state']>(['ok', 'flaky', 'silent', 'new']);

export const DEVICES = agentCommand({
  name: 'devices',
  role: 'viewer',
  group: 'Look:',
  summary: 'every device, its line, and when it last answered',
  arguments: [{ name: 'filter', summary: 'any part of a device, line, profile or state', required: false, names: 'device' }],
  examples: ['luciole devices', 'luciole devices L07', 'luciole devices street --json'],
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

export const POINTS = agentCommand({
  name: 'points',
  role: 'viewer',
  group: 'Look:',
  summary: 'the newest value of each point',
  arguments: [{ name: 'filter', summary: 'a device, or any part of a point id', required: false, names: 'point' }],
  examples: ['luciole points', 'luciole points L07', 'luciole points power --json'],
  read: ({ filter }) => ({ filter: typeof filter === 'string' ? filter : '' }),
  answer: (view, { filter }): readonly PointView[] => {
    const found = view.points(filter);
    if (found.length > 0 || filter === '') return found;
    const { devices: ids } = view.names();
    throw nothingMatches('point', filter, [...ids, ...view.points('').map(({ pointId }) => pointId)]);
  },
  render: async (result, page) => (await import('./devices-page.ts')).renderPoints(result, page),
});

function nothingMatches(noun: string, filter: string, known: readonly string[]): ConsoleError {
  return new ConsoleError('unknown-name', `no ${noun} matches ${JSON.stringify(filter)}; ${nameHint(filter, known, `luciole ${noun}s`)}`);
}
