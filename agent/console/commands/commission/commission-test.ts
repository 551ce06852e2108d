/** `commission test`: tests lamps for the acceptance, with their power at each level. */
import type { AcceptedLamp } from '../../../core/acceptance.ts';
import { count } from '../../../core/counts.ts';
import { msg } from '../../../core/message.ts';
import type { Target } from '../../../core/words.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { type Page, translated } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { findTarget, onStreet } from '../light/light-args.ts';
import { renderTestProgress } from '../light/test.ts';
import type { CommissionTested, CommissionTestProgress } from './commission-job.ts';
import { NOT_SAVED } from './commission-words.ts';
import { lampTable } from './report-page.ts';

/**
 * `commission test`: tests the lamps of a target and stores the results. Without one: the lamps without a passed test, and those whose power
 * a meter still has to measure.
 */
export const COMMISSION_TEST = agentCommand<{ readonly typed: string | null }, CommissionTested, CommissionTestProgress>({
  name: 'commission test',
  role: 'technician',
  group: 'Act:',
  summary: msg`ramp the lamps, check their power, store it`,
  arguments: [
    { name: 'target', summary: msg`a lamp or a zone (default: all lamps that have not passed)`, required: false, names: 'target' },
  ],
  examples: ['luciole commission test', 'luciole commission test L07', 'luciole commission test rue --json'],
  read: (args) => ({ typed: args['target'] === undefined ? null : textArg(args, 'target') }),
  answer: async (view, { typed }, job) => {
    const target: Target | null = typed === null ? null : findTarget(view, typed);
    const { commissionLamps } = await import('./commission-job.ts');
    return onStreet(() => commissionLamps(view, target, job));
  },
  render: renderCommissionTested,
  succeeded: ({ lamps, isSaved }) => isSaved && lamps.every(hasPassed),
  progress: { isLasting: (progress) => 'states' in progress, load: async () => renderCommissionProgress },
  audit: ({ lamps }) => ({ lamps: lamps.length, bad: lamps.filter((lamp) => !hasPassed(lamp)).length }),
});

function hasPassed({ test }: AcceptedLamp): boolean {
  return test?.finding === 'ok';
}

/** Renders the progress of `commission test`. */
function renderCommissionProgress(progress: CommissionTestProgress, page: Page): string {
  if (!('waitsFor' in progress) || progress.waitsFor !== 'meter') return renderTestProgress(progress, page);
  const { lamp, at, of } = progress;
  return translated(msg`power at the meter: ${lamp}, ${at} of ${of}`, page);
}

/** Renders the answer of `commission test`: a table of the tested lamps, and a summary. */
function renderCommissionTested({ lamps, isSaved }: CommissionTested, page: Page): string {
  if (lamps.length === 0) return translated(msg`every lamp has passed its test already; \`commission test LAMP\` repeats one`, page);
  const bad = lamps.filter((lamp) => !hasPassed(lamp)).length;
  const sum = bad === 0 ? msg`${count(lamps.length, 'lamp')} passed` : msg`${bad} of ${count(lamps.length, 'lamp')} did not pass`;
  return [...lampTable(lamps, page), '', ...paragraph(sum, page), ...(isSaved ? [] : paragraph(NOT_SAVED, page))].join('\n');
}
