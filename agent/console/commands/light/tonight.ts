/** `tonight`: every change of level in the night ahead. */
import type { TonightView } from '../../../core/light-tools.ts';
import { agentCommand } from '../../agent-command.ts';
import { findZone } from './light-args.ts';

export const TONIGHT = agentCommand({
  name: 'tonight',
  role: 'viewer',
  group: 'Look:',
  summary: 'the night ahead: every change of level, and why',
  arguments: [{ name: 'zone', summary: 'only this zone', required: false, names: 'zone' }],
  options: [{ name: 'plot', value: null, summary: 'draw it as well' }],
  examples: ['luciole tonight', 'luciole tonight rue-bressigny --plot', 'luciole tonight --json'],
  read: ({ zone, plot }) => ({ zone: typeof zone === 'string' ? zone : null, plot: plot === true }),
  answer: (view, { zone }): readonly TonightView[] => view.light.tonight(zone === null ? null : findZone(view, zone)),
  render: async (result, page, { plot }) => (await import('./tonight-page.ts')).renderTonight(result, page, plot),
});
