/** `energy`: shows hours, levels, kWh and savings of past nights. */
import { msg } from '../../../core/message.ts';
import type { EnergyQuery } from '../../../core/views.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { findName } from '../find-name.ts';
import { RANGE_OPTIONS, rangeOf, readRange, type TypedRange } from '../time-range.ts';
import type { EnergyAnswer, EnergyForm } from './energy-page.ts';

/**
 * The arguments of `energy`. `by`: whether a zone has a row per night or per month; null for one row for all nights. `zone`: as typed; null
 * for all zones.
 */
export interface EnergyArgs extends TypedRange {
  readonly by: EnergyQuery['by'];
  readonly zone: string | null;
  readonly form: EnergyForm;
}

const USUAL_SINCE = '30d';
const STEPS = ['night', 'month'] as const;

/**
 * Returns the arguments of `energy`, with defaults for missing ones; whether the zone exists is not checked. Errors: throws ConsoleError
 * 'usage' for an argument that cannot be read.
 */
export function readEnergy(args: RawArgs): EnergyArgs {
  return {
    ...readRange(args, USUAL_SINCE),
    by: args['by'] === undefined ? null : readBy(textArg(args, 'by')),
    zone: args['zone'] === undefined ? null : textArg(args, 'zone'),
    form: args['csv'] === true ? 'csv' : 'table',
  };
}

function readBy(text: string): EnergyQuery['by'] {
  const found = STEPS.find((each) => each === text.toLowerCase());
  if (found === undefined) throw new ConsoleError('usage', msg`bad --by "${text}": write night or month`);
  return found;
}

/**
 * `energy`: answers with hours, levels, energy and savings of the nights that began in a period. Fails, for example, for an unknown zone
 * or if the disk cannot be read.
 */
export const ENERGY = agentCommand({
  name: 'energy',
  role: 'viewer',
  group: 'Look:',
  summary: msg`hours, levels, kWh and saving of past nights`,
  options: [
    { ...RANGE_OPTIONS.since, summary: msg`nights begun since, as 30d or 2026-12-01 (default: 30d)` },
    RANGE_OPTIONS.until,
    { name: 'by', value: 'STEP', summary: msg`night or month (default: all as one)`, choices: ['night', 'month'] },
    { name: 'zone', value: 'ID', summary: msg`only this zone`, names: 'zone' },
    { name: 'csv', value: null, summary: msg`print it as CSV` },
  ],
  examples: ['luciole energy', 'luciole energy --since 7d --by night', 'luciole energy --since 2026-01-01 --by month --csv'],
  read: readEnergy,
  answer: async (view, args, { clock, timezone }): Promise<EnergyAnswer> => {
    const { zones } = view.names();
    const zone = args.zone === null ? null : findName(args.zone, zones, { noun: 'zone', listedBy: 'luciole status' });
    const found = await view.energy({ ...rangeOf(args, clock.wallMs(), timezone), by: args.by, zone });
    if (found !== undefined) return { ...found, by: args.by, zone };
    throw new ConsoleError('failed', msg`the nights could not be read from the disk; \`luciole store\` shows what is wrong`);
  },
  render: async (result, page, { form }) => (await import('./energy-page.ts')).renderEnergy(result, page, form),
});
