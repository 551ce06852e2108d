/** `predict`: shows which lamps should be replaced, within how many weeks, and why. */
import { msg } from '../../../core/message.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import { findName } from '../find-name.ts';
import type { PredictAnswer } from './predict-page.ts';

/**
 * `predict`: answers with the predictions of all lamps, or of one. While the time is not trusted, no stored night counts. Fails for an
 * unknown lamp, or if the disk cannot be read.
 */
export const PREDICT = agentCommand({
  name: 'predict',
  role: 'viewer',
  group: 'Look:',
  summary: msg`lamps to replace, within how many weeks, and why`,
  arguments: [{ name: 'lamp', summary: msg`only this lamp (default: those to replace)`, required: false, names: 'lamp' }],
  options: [
    { name: 'all', value: null, summary: msg`every lamp, also those without a sign` },
    { name: 'csv', value: null, summary: msg`print it as CSV` },
  ],
  examples: ['luciole predict', 'luciole predict L07', 'luciole predict --all --csv'],
  read: (args) => ({
    lamp: args['lamp'] === undefined ? null : textArg(args, 'lamp'),
    isAll: args['all'] === true,
    isCsv: args['csv'] === true,
  }),
  answer: async (view, args): Promise<PredictAnswer> => {
    const lamp = args.lamp === null ? null : findName(args.lamp, view.names().lamps, { noun: 'lamp', listedBy: 'luciole status' });
    const found = await view.predictions();
    if (found === undefined)
      throw new ConsoleError('failed', msg`the nights could not be read from the disk; \`luciole store\` shows what is wrong`);
    return { lamps: found.filter((each) => lamp === null || each.lamp === lamp) };
  },
  render: async (result, page, { lamp, isAll, isCsv }) =>
    (await import('./predict-page.ts')).renderPredict(result, page, { isAll: isAll || lamp !== null, isCsv }),
});
