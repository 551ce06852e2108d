/** `zones`: what acts in each zone. */
import type { ZoneLightView } from '../../../core/light-tools.ts';
import { agentCommand } from '../../agent-command.ts';
import { findZone } from './light-args.ts';

export const ZONES = agentCommand({
  name: 'zones',
  role: 'viewer',
  group: 'Look:',
  summary: 'what acts in each zone: step, wishes, sensors',
  arguments: [{ name: 'filter', summary: 'any part of a zone', required: false, names: 'zone' }],
  examples: ['luciole zones', 'luciole zones bressigny', 'luciole zones --json'],
  read: ({ filter }) => ({ filter: typeof filter === 'string' ? filter : '' }),
  answer: (view, { filter }): readonly ZoneLightView[] => {
    const found = view.light.zones().filter(({ id }) => id.toLowerCase().includes(filter.toLowerCase()));
    if (found.length === 0 && filter !== '') findZone(view, filter);
    return found;
  },
  render: async (result, page) => (await import('./zones-page.ts')).renderZones(result, page),
});
