/** `test lamp` and `test zone`: try lamps. */
import { agentCommand, textArg } from '../../agent-command.ts';
import type { ConsoleCommand } from '../../command-spec.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { findName } from '../find-name.ts';
import { type Tested, type TestStep, testTarget } from './test-job.ts';

type Kind = 'lamp' | 'zone';

function row(kind: Kind): ConsoleCommand {
  return agentCommand<string, Tested, TestStep>({
    name: `test ${kind}`,
    role: 'technician',
    group: 'Act:',
    summary: kind === 'lamp' ? 'ramp a lamp, read it back, weigh it' : 'ramp a zone, read each lamp back, weigh it',
    arguments: [{ name: kind, summary: `a ${kind}`, required: true, names: kind }],
    examples:
      kind === 'lamp'
        ? ['luciole test lamp L07', 'luciole test lamp L07 --json']
        : ['luciole test zone rue-bressigny', 'luciole test zone rue --json'],
    read: (args: RawArgs) => textArg(args, kind),
    answer: (view, typed, job) => {
      const { lamps, zones } = view.names();
      const id = findName(typed, kind === 'lamp' ? lamps : zones, { noun: kind, listedBy: 'luciole status --json' });
      return testTarget(view, { kind, id }, job);
    },
    render: async (result, page) => (await import('./test-page.ts')).renderTested(result, page),
    succeeded: ({ verdicts }) => verdicts.length > 0 && verdicts.every(({ verdict }) => verdict === 'ok'),
    progress: { isLasting: true, load: async () => (await import('./test-page.ts')).renderTestStep },
    audit: ({ target, verdicts }) => ({ target: target.id, bad: verdicts.filter(({ verdict }) => verdict !== 'ok').length }),
  });
}

export const TEST_COMMANDS: readonly ConsoleCommand[] = [row('lamp'), row('zone')];
