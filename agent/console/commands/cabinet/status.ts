/** `status`: the cabinet on one screen. */

import type { StatusView } from '../../../core/views.ts';
import { agentCommand } from '../../command-spec.ts';
import { JSON_OPTION, LOOK_TIMEOUT_MS } from '../common-words.ts';

export const STATUS = agentCommand({
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
