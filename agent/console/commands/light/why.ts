/** `why`: why a lamp or zone has its level, now or at another time. */
import type { WhyView } from '../../../core/views.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import { instantOf, typedInstant } from '../instant-arg.ts';
import { findTarget } from './light-args.ts';

export const WHY = agentCommand({
  name: 'why',
  role: 'viewer',
  group: 'Look:',
  summary: 'why a lamp or zone has its level',
  arguments: [{ name: 'target', summary: 'a lamp or a zone', required: true, names: 'target' }],
  options: [{ name: 'at', value: 'TIME', summary: 'at another time, as 23:30 (the next one) or 2026-12-01T23:30' }],
  examples: ['luciole why L07', 'luciole why rue-bressigny', 'luciole why L07 --at 03:00'],
  read: (args) => ({ target: textArg(args, 'target'), at: args['at'] === undefined ? null : typedInstant(textArg(args, 'at')) }),
  answer: (view, { target, at }, { clock, timezone }): WhyView => {
    const { id } = findTarget(view, target);
    const found = at === null ? view.why(id) : view.whyAt(id, instantOf(at, clock.wallMs(), timezone));
    if (found === undefined || found.lamps.length === 0)
      throw new ConsoleError('failed', `nothing has been decided for ${id} yet; ask again in a second`);
    return found;
  },
  render: async (result, page) => (await import('./why-page.ts')).renderWhy(result, page),
});
