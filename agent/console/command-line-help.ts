/** Renders the help of the program, of a family and of a command for one-shot commands. Pure. */
import { type Message, msg } from '../core/message.ts';
import { flagsOf } from './command-line.ts';
import type { ArgumentSpec, Group } from './command-spec.ts';
import { type CommandNode, optionsOf } from './command-tree.ts';
import type { Terminal } from './terminal/terminal.ts';
import { wrap } from './text/text-lines.ts';
import { translate } from './text/translate.ts';

const INTRODUCTION = msg`The agent of a street-lighting cabinet, and its console.`;
const EPILOGUE = msg`Exit codes: 0 done, 1 failed, 64 wrong usage, 69 no agent, 77 not allowed,
78 bad configuration.
Help on one command: luciole help COMMAND`;
const VERSION_OPTION = { flags: '-V, --version', summary: msg`print the version` } as const;
const HELP_OPTION = { flags: '-h, --help', summary: msg`print this help` } as const;
const HELP_ROW = { term: 'help [command]', summary: msg`help on one command`, group: 'Agent:' } as const;
/** Below this width a summary is not wrapped. Units: columns. */
const MIN_WRAP_COLS = 40;
/** Blanks around the term: two before it and two after it. Units: columns. */
const INDENT_COLS = 2;
const GAP_COLS = 2;

type Say = (message: Message) => string;
type ListName = Group | 'Verbs:';

const TITLES: Readonly<Record<ListName, Message>> = {
  'Look:': msg`Look:`,
  'Act:': msg`Act:`,
  'Lines:': msg`Lines:`,
  'Store:': msg`Store:`,
  'Uplink:': msg`Uplink:`,
  'Access:': msg`Access:`,
  'Agent:': msg`Agent:`,
  'Session:': msg`Session:`,
  'Verbs:': msg`Verbs:`,
};

interface Row {
  readonly term: string;
  readonly summary: Message;
}

/**
 * Returns the help of the program, a family or a command, with a line end. A node with an empty name is the program. The language is the
 * terminal's if it is loaded, otherwise English. Summaries are wrapped only if the terminal is wide enough.
 */
export function helpPage(node: CommandNode, { widthCols, language = 'en' }: Pick<Terminal, 'widthCols' | 'language'>): string {
  const { command, verbs } = node;
  const say: Say = (message) => translate(language, message);
  const args = (command?.arguments ?? []).map(({ name, summary }): Row => ({ term: name, summary }));
  const options = [...(node.name === '' ? [VERSION_OPTION] : []), ...ownOptions(node), HELP_OPTION];
  const optionRows = options.map(({ flags, summary }): Row => ({ term: flags, summary }));
  const groups = new Map<Message, Row[]>();
  for (const { group, ...row } of [...verbs.map((verb) => verbRow(node, verb)), ...(node.name === '' ? [HELP_ROW] : [])])
    groups.set(TITLES[group], [...(groups.get(TITLES[group]) ?? []), row]);
  const lists = [[msg`Arguments:`, args] as const, [msg`Options:`, optionRows] as const, ...groups];
  const termCols = Math.max(...lists.flatMap(([, rows]) => rows.map(({ term }) => term.length)));
  return [
    say(msg`Usage: ${usageOf(node)}`),
    '',
    ...within(node.name === '' ? say(INTRODUCTION) : sentence(say(node.summary)), widthCols),
    '',
    ...lists.flatMap(([title, rows]) =>
      rows.length === 0 ? [] : [say(title), ...rows.flatMap((row) => lines(row, termCols, widthCols, say)), ''],
    ),
    say(endOf(node)),
    '',
  ].join('\n');
}

function usageOf({ name, command, verbs }: CommandNode): string {
  if (name === '') return 'luciole [options] [command]';
  if (command === undefined) return `luciole ${name} VERB`;
  if (verbs.length > 0) return `luciole ${name} [options] [VERB]`;
  return ['luciole', name, '[options]', ...command.arguments.map(argumentTerm)].join(' ');
}

function ownOptions({ command }: CommandNode): readonly { readonly flags: string; readonly summary: Message }[] {
  return command === undefined ? [] : optionsOf(command).map((option) => ({ flags: flagsOf(option), summary: option.summary }));
}

/** Returns a command and its arguments; options are not shown. */
function verbRow(parent: CommandNode, { word, summary, command, group }: CommandNode): Row & { readonly group: ListName } {
  const term = [word, ...(command?.arguments ?? []).map(argumentTerm)].join(' ');
  return { term, summary, group: parent.name === '' ? group : 'Verbs:' };
}

function argumentTerm({ name, required }: ArgumentSpec): string {
  return required ? `<${name}>` : `[${name}]`;
}

function endOf({ name, command }: CommandNode): Message {
  if (name === '') return EPILOGUE;
  if (command === undefined) return msg`Help on one verb: luciole help ${name} VERB`;
  return msg`Examples:\n${command.examples.map((example) => `  ${example}`).join('\n')}`;
}

function lines({ term, summary }: Row, termCols: number, widthCols: number, say: Say): readonly string[] {
  const summaryCols = widthCols - INDENT_COLS - termCols - GAP_COLS;
  return within(say(summary), summaryCols).map(
    (line, index) => `${' '.repeat(INDENT_COLS)}${(index === 0 ? term : '').padEnd(termCols + GAP_COLS)}${line}`,
  );
}

function within(text: string, widthCols: number): readonly string[] {
  return widthCols < MIN_WRAP_COLS ? [text] : wrap(text, widthCols);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
