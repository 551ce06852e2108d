/**
 * Renders the manual page `luciole.1` from the command table. Pure.
 *
 * Source: man-pages(7) for the order of sections, groff_man(7) for the macros.
 */
import type { Message, Said } from '../../../core/message.ts';
import type { ConsoleCommand, Group } from '../../command-spec.ts';
import { optionsOf } from '../../command-tree.ts';
import { COMMANDS, FAMILIES } from '../../commands.ts';
import { CONSOLE_EXIT, EXIT_BAD_CONFIG } from '../../console-error.ts';
import { toAscii } from '../../text/plain-text.ts';

const GROUPS: readonly Group[] = ['Look:', 'Act:', 'Lines:', 'Store:', 'Uplink:', 'Access:', 'Agent:', 'Session:'];
const HEADINGS: Readonly<Record<Group, string>> = {
  'Look:': 'LOOKING',
  'Act:': 'ACTING',
  'Lines:': 'LINES AND DEVICES',
  'Store:': 'STORE',
  'Uplink:': 'UPLINK',
  'Access:': 'ACCESS',
  'Agent:': 'AGENT',
  'Session:': 'IN A SESSION',
};

const DESCRIPTION = [
  'The agent reads lamps and sensors on serial lines, lights the street on demand, keeps every reading and sends it to the platform. The commands reach it over a socket of this machine; they need no network.',
  'A word of a command may be shortened as long as it is the only one that begins so. Names of lamps, zones, devices and lines may be typed in any case.',
  'luciole console is the same commands in a session, also on a bare serial terminal: ? lists what may be typed, TAB completes, and an output may be filtered: | include TEXT, | exclude TEXT, | begin TEXT, | count, | json, | csv.',
];

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['LUCIOLE_SOCKET', 'where the agent answers'],
  ['LUCIOLE_CONFIG', 'the cabinet, instead of the usual file'],
  ['NO_COLOR', 'no colours'],
];

const EXITS: readonly (readonly [number, string])[] = [
  [0, 'done'],
  [CONSOLE_EXIT.failed, 'understood, and failed'],
  [CONSOLE_EXIT.usage, 'wrong usage'],
  [CONSOLE_EXIT.unreachable, 'no agent answers'],
  [EXIT_BAD_CONFIG, 'the configuration cannot be used'],
];

/** Returns the manual page `luciole.1` in roff, in English, without hidden commands. `version`: of the program, such as `0.1.0`. */
export function manualPage(version: string): string {
  const shown = COMMANDS.filter(({ isHidden }) => !isHidden);
  const known = new Set<string>(GROUPS);
  const groups = [...GROUPS, ...new Set(shown.map(({ group }) => group).filter((group) => !known.has(group)))];
  return [
    `.TH LUCIOLE 1 "" "luciole ${escaped(version)}" "User Commands"`,
    '.SH NAME',
    'luciole \\- agent of a street\\-lighting cabinet, and its console',
    '.SH SYNOPSIS',
    '.B luciole',
    '.I command',
    '.RI [ argument ...]',
    '.RI [ options ]',
    '.br',
    '.B luciole console',
    '.SH DESCRIPTION',
    ...DESCRIPTION.flatMap((text) => ['.PP', escaped(text)]),
    ...groups.flatMap((group) => section(group, shown)),
    '.SH EXIT STATUS',
    ...EXITS.flatMap(([code, text]) => ['.TP', `.B ${code}`, escaped(text)]),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, text]) => ['.TP', `.B ${name}`, escaped(text)]),
    '.SH FILES',
    '.TP',
    '.I /etc/luciole/cabinet.yaml',
    'the cabinet',
    '.SH SEE ALSO',
    '.BR systemctl (1),',
    '.BR journalctl (1)',
    '',
  ].join('\n');
}

function section(group: Group, commands: readonly ConsoleCommand[]): readonly string[] {
  const own = commands.filter((each) => each.group === group);
  if (own.length === 0) return [];
  const families = FAMILIES.filter((each) => each.group === group).map(({ name, summary }) => `${name}: ${summary}`);
  return [`.SH ${HEADINGS[group] ?? escaped(group)}`, ...families.flatMap((text) => ['.PP', escaped(text)]), ...own.flatMap(entry)];
}

function entry(command: ConsoleCommand): readonly string[] {
  const args = command.arguments.map(({ name, required, isRest }) => {
    const shown = `\\fI${escaped(name)}\\fR${isRest ? '...' : ''}`;
    return required ? shown : `[${shown}]`;
  });
  return [
    '.SS',
    `\\fB${escaped(command.name)}\\fR ${args.join(' ')}`.trimEnd(),
    `${escaped(sentence(command.summary))}`,
    ...command.arguments.flatMap(({ name, summary }) => ['.TP', `.I ${escaped(name)}`, escaped(summary)]),
    ...optionsOf(command).flatMap(({ name, value, summary }) => [
      '.TP',
      `\\fB\\-\\-${escaped(name)}\\fR${value === null ? '' : ` \\fI${escaped(value)}\\fR`}`,
      escaped(summary),
    ]),
    ...(command.examples.length === 0 ? [] : ['.PP', 'Examples:', '.RS -3n', '.nf', ...command.examples.map(escaped), '.fi', '.RE']),
  ];
}

/** Escapes a text for roff: no macro at the start of a line, hyphens that can be copied. */
function escaped(text: Said): string {
  return toAscii(String(text))
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
}

function sentence(said: Message): string {
  const text = String(said);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
