/** `bus stats`: how lines and units do. */
import type { LineStats } from '../../../core/bus-tools.ts';
import { agentCommand } from '../../agent-command.ts';
import { findLine } from './bus-args.ts';

export const BUS_STATS = agentCommand({
  name: 'bus stats',
  role: 'viewer',
  group: 'Lines:',
  summary: 'how lines and units do, what to look at',
  arguments: [{ name: 'line', summary: 'a line of the cabinet', required: false, names: 'line' }],
  examples: ['luciole bus stats', 'luciole bus stats street', 'luciole bus stats street --json'],
  read: ({ line }) => ({ line: typeof line === 'string' ? line : null }),
  answer: (view, args): readonly LineStats[] => {
    const line = args.line === null ? null : findLine(view, args.line);
    return view.bus.stats().filter((each) => line === null || each.line === line);
  },
  render: async (result, page) => (await import('./bus-stats-page.ts')).renderStats(result, page),
});
