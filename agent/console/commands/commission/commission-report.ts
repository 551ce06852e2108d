/** `commission report` and `commission restart`: the acceptance report, and a new beginning. */
import type { AcceptanceReport } from '../../../core/acceptance.ts';
import { msg } from '../../../core/message.ts';
import { agentCommand } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import { translated } from '../../text/page.ts';
import { onStreet } from '../light/light-args.ts';
import { NOT_SAVED } from './commission-words.ts';

/** `commission report`: answers with the acceptance report. It counts as failed unless the result of the report is `pass`. */
export const COMMISSION_REPORT = agentCommand<Record<string, never>, AcceptanceReport>({
  name: 'commission report',
  role: 'viewer',
  group: 'Look:',
  summary: msg`acceptance report: each lamp, sensor, what is open`,
  examples: ['luciole commission report', 'luciole commission report --json > acceptance.json'],
  answer: (view) => onStreet(() => view.acceptance.report()),
  render: async (report, page) => (await import('./report-page.ts')).renderAcceptance(report, page),
  succeeded: ({ result }) => result === 'pass',
});

/** `commission restart`: removes the results so far. The references that passed tests have set for lamps stay. */
export const COMMISSION_RESTART = agentCommand<Record<string, never>, { readonly isSaved: boolean }>({
  name: 'commission restart',
  role: 'technician',
  group: 'Act:',
  summary: msg`forget all results, to begin again`,
  options: [{ name: 'yes', value: null, summary: msg`really forget them` }],
  examples: ['luciole commission restart --yes', 'luciole commission restart --yes --json'],
  read: (args) => {
    if (args['yes'] !== true) throw new ConsoleError('usage', msg`this forgets all results of the commissioning: repeat it with --yes`);
    return {};
  },
  answer: (view) => onStreet(async () => ({ isSaved: await view.acceptance.restart() })),
  render: ({ isSaved }, page) => translated(isSaved ? msg`all results were removed` : NOT_SAVED, page),
  succeeded: ({ isSaved }) => isSaved,
  audit: () => ({}),
});
