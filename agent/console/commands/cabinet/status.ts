/** `status`: the cabinet on one screen. */
import type { StatusView } from '../../../core/views.ts';
import { agentCommand } from '../../agent-command.ts';

export const STATUS = agentCommand({
  name: 'status',
  role: 'viewer',
  group: 'Look:',
  summary: 'the cabinet on one screen',
  examples: ['luciole status', 'luciole status --json'],
  answer: (view): Promise<StatusView> => view.status(),
  render: async (result, page) => (await import('./status-page.ts')).renderStatus(result, page),
});
