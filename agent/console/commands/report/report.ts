/** `report night`, `month`, `savings`, `commission` and `verify`: their words. */

import { msg } from '../../../core/message.ts';
import { REPORT_FORMATS } from '../../../core/report.ts';
import { LANGUAGES } from '../../../core/words.ts';
import { JSON_OPTION } from '../../agent-command.ts';
import type { ArgumentSpec, ConsoleCommand, LocalCommand, OptionSpec } from '../../command-spec.ts';
import { AUTHORITY_OPTION } from '../authority-option.ts';
import { REPORT_MAKE } from './make-report.ts';

const NIGHTS: OptionSpec = { name: 'nights', value: 'FROM..TO', summary: msg`first and last night, as 2026-11-01..2026-11-30` };
const LAYOUT: readonly OptionSpec[] = [
  {
    name: 'format',
    value: 'FORMAT',
    summary: msg`text, html, json or csv (default: by the end of the file's name)`,
    choices: REPORT_FORMATS,
  },
  { name: 'language', value: 'LANGUAGE', summary: msg`en or fr (default: yours)`, choices: LANGUAGES },
  { name: 'semicolon', value: null, summary: msg`CSV with ; between the fields, for a French spreadsheet` },
  { name: 'out', value: 'FILE', summary: msg`output file (default: standard output)`, file: 'write' },
];
type Kind = Pick<LocalCommand, 'name' | 'summary' | 'examples'> & {
  readonly arguments: readonly ArgumentSpec[];
  readonly more: readonly OptionSpec[];
};

const KINDS: readonly Kind[] = [
  {
    name: 'report night',
    summary: msg`one night: energy, levels, presence, failures`,
    arguments: [{ name: 'date', summary: msg`its evening, as 2026-12-01 (default: the last night that ended at noon)`, required: false }],
    more: [],
    examples: ['luciole report night', 'luciole report night 2026-12-01 --out night.html'],
  },
  {
    name: 'report month',
    summary: msg`a month, or other nights, for the council`,
    arguments: [{ name: 'date', summary: msg`the month, as 2026-11 (default: the last whole month)`, required: false }],
    more: [NIGHTS],
    examples: ['luciole report month 2026-11 --out november.html', 'luciole report month --nights 2026-10-15..2026-11-14 --out bill.csv'],
  },
  {
    name: 'report savings',
    summary: msg`the saving with its error, and how it follows`,
    arguments: [],
    more: [{ ...NIGHTS, summary: msg`first and last night (default: all since the baseline)` }],
    examples: ['luciole report savings --out savings.html', 'luciole report savings --nights 2026-01-01..2026-12-31 --format json'],
  },
  {
    name: 'report commission',
    summary: msg`the acceptance of the installation`,
    arguments: [],
    more: [],
    examples: ['luciole report commission --out acceptance.html', 'luciole report commission --language fr'],
  },
];

const VERIFY: LocalCommand = {
  kind: 'local',
  name: 'report verify',
  role: 'viewer',
  hasSocket: false,
  group: 'Look:',
  summary: msg`check the signature of a report, on any machine`,
  arguments: [{ name: 'file', summary: msg`a report in HTML or JSON`, required: true, file: 'read' }],
  options: [AUTHORITY_OPTION, JSON_OPTION],
  examples: ['luciole report verify november.html --authority city.pem', 'luciole report verify savings.json --json'],
};

/** The commands `report night`, `month`, `savings`, `commission` and `verify`, which run in the client, and the hidden `report make`. */
export const REPORT_COMMANDS: readonly ConsoleCommand[] = [
  ...KINDS.map(
    ({ more, ...words }): LocalCommand => ({
      kind: 'local',
      role: 'viewer',
      hasSocket: true,
      group: 'Look:',
      ...words,
      options: [...more, ...LAYOUT, JSON_OPTION],
    }),
  ),
  VERIFY,
  REPORT_MAKE,
];
