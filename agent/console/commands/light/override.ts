/**
 * The rows of the command table that change the light: override and release.
 *
 * Owns these rows. Called by the command table.
 */
import type { OverrideAnswer } from '../../../core/views.ts';
import type { Outcome } from '../../../core/words.ts';
import { agentCommand, type Command, textArg } from '../../command-spec.ts';
import { ACT_TIMEOUT_MS, JSON_OPTION } from '../common-words.ts';
import { findTarget, isTakenUp, overrideRequest, readOverride } from './override-args.ts';

const TARGET = { name: 'target', summary: 'a lamp or a zone', required: true, names: 'target' } as const;

const override = agentCommand({
  name: 'override',
  role: 'technician',
  group: 'Act:',
  summary: 'set a lamp or zone to a level for a time',
  arguments: [TARGET, { name: 'level', summary: 'in percent, 0 to 100', required: true }],
  options: [
    { name: 'for', value: 'DURATION', summary: 'how long, 1m to 24h, as 10m, 2h or 1h30m (default: 2h)' },
    { name: 'reason', value: 'TEXT', summary: 'why, for the record' },
    { name: 'maintenance', value: null, summary: 'lock it: outranks the platform and all automatics' },
    JSON_OPTION,
  ],
  examples: [
    'luciole override L07 80',
    'luciole override rue-bressigny 100 --for 30m --reason "accident"',
    'luciole override L07 0 --for 1h30m --maintenance',
  ],
  timeoutMs: ACT_TIMEOUT_MS,
  read: readOverride,
  answer: (view, args, { source }): Promise<OverrideAnswer> => view.override(overrideRequest(args, findTarget(view, args.target), source)),
  render: async (result, page) => (await import('./override-page.ts')).renderOutcome(result, page, result.untilMs),
  succeeded: isTakenUp,
});

const release = agentCommand({
  name: 'release',
  role: 'technician',
  group: 'Act:',
  summary: 'end the overrides of a lamp or zone',
  arguments: [TARGET],
  options: [{ name: 'at-next-step', value: null, summary: 'not now but when the programme has its next step' }, JSON_OPTION],
  examples: ['luciole release L07', 'luciole release rue-bressigny --at-next-step'],
  timeoutMs: ACT_TIMEOUT_MS,
  read: (args) => ({ target: textArg(args, 'target'), atNextStep: args['at-next-step'] === true }),
  answer: (view, { target, atNextStep }, { source }): Promise<Outcome> =>
    view.release({ target: findTarget(view, target), source, ...(atNextStep ? { atNextStep } : {}) }),
  render: async (result, page) => (await import('./override-page.ts')).renderOutcome(result, page, null),
  succeeded: ({ state }) => state === 'verified',
});

export const ACT_COMMANDS: readonly Command[] = [override, release];
