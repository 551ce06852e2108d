/** `hours`: shows burning hours of lamps, and corrects them after a lamp is replaced. */

import type { HoursAnswer } from '../../../core/light-tools.ts';
import { msg } from '../../../core/message.ts';
import { ACT_TIMEOUT_MS, agentCommand, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import { formatNumber, type Page, translated } from '../../text/page.ts';
import { tableLines } from '../../text/text-table.ts';
import { findTarget } from './light-args.ts';

/** Units: h. Source: the limit of `burned.hours` in cabinet.yaml, over a century of light. */
const MAX_HOURS = 1_000_000;

/** `hours`: answers with the burning hours of lamps. With a target and a number it first sets the hours of the target's lamps. */
export const HOURS = agentCommand({
  name: 'hours',
  role: 'technician',
  group: 'Act:',
  summary: msg`burning hours of the lamps, for constant light`,
  arguments: [
    { name: 'target', summary: msg`a lamp or a zone (default: all lamps)`, required: false, names: 'target' },
    { name: 'hours', summary: msg`what each of them has burnt; 0 after a new one`, required: false },
  ],
  examples: ['luciole hours', 'luciole hours L07 12000', 'luciole hours rue-bressigny 0'],
  timeoutMs: ACT_TIMEOUT_MS,
  read: (args) => ({
    target: args['target'] === undefined ? null : textArg(args, 'target'),
    hours: args['hours'] === undefined ? null : readHours(textArg(args, 'hours')),
  }),
  answer: async (view, args): Promise<HoursAnswer> => {
    const target = args.target === null ? null : findTarget(view, args.target).id;
    if (target === null || args.hours === null) return { lamps: view.light.hours(target), isSaved: null };
    return await view.light.setHours(target, args.hours);
  },
  render: renderHours,
  succeeded: ({ isSaved }) => isSaved !== false,
});

/** Errors: throws ConsoleError 'usage'. */
function readHours(text: string): number {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= MAX_HOURS)) throw new ConsoleError('usage', msg`bad hours "${text}": write a whole number from 0 to ${MAX_HOURS}`);
  return value;
}

const COLUMNS = [
  { title: msg`Lamp`, maxCols: 20 },
  { title: msg`Hours`, align: 'right' },
] as const;

function renderHours({ lamps, isSaved }: HoursAnswer, page: Page): string {
  const rows = lamps.map(({ lamp, hours }) => [lamp, formatNumber(hours)]);
  const isUnknown = lamps.some(({ hours }) => hours === null);
  return [
    ...tableLines(COLUMNS, rows, page),
    ...(isUnknown ? [translated(msg`hours that are not known: constant light does not reduce these lamps`, page)] : []),
    ...(isSaved === false ? [translated(msg`in force until the agent stops, but not saved: check the disk of store.dir`, page)] : []),
  ].join('\n');
}
