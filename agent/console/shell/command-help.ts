/**
 * Renders the help page of one command, or the list of a family's verbs, from the command table.
 *
 * `command-line-help.ts` renders the help of one-shot commands. Pure.
 */
import type { Said } from '../../core/message.ts';
import type { ConsoleCommand } from '../command-spec.ts';
import { type Choice, optionsOf } from '../command-tree.ts';
import { labelled } from '../text/text-lines.ts';

/** Returns the syntax, with optional parts in brackets. */
function usageOf(command: ConsoleCommand): string {
  const args = command.arguments.map(({ name, required, isRest }) => {
    const shown = `${name}${isRest ? '...' : ''}`;
    return required ? `<${shown}>` : `[${shown}]`;
  });
  return [command.name, ...args, ...(command.options.length > 0 ? ['[options]'] : [])].join(' ');
}

/** Width of the names of arguments and options. Units: columns. */
const NAME_COLS = 20;

/**
 * Returns the lines of the help of a command in a session, with arguments, options and examples. The option `--socket` is left out.
 * Examples are not wrapped.
 */
export function commandHelp(command: ConsoleCommand, widthCols: number, translate: (said: Said) => string): readonly string[] {
  const row = (word: string, summary: Said): string[] => labelled(`  ${word}`.padEnd(NAME_COLS), translate(summary), widthCols);
  const options = optionsOf(command).filter(({ name }) => name !== 'socket');
  return [
    ...labelled(usageOf(command), '', widthCols),
    ...labelled('', translate(command.summary), widthCols).map((line) => line.trimStart()),
    '',
    ...command.arguments.flatMap(({ name, summary }) => row(`<${name}>`, summary)),
    ...options.flatMap(({ name, value, summary }) => row(`--${name}${value === null ? '' : ` ${value}`}`, summary)),
    ...(command.arguments.length + options.length > 0 ? [''] : []),
    ...command.examples.map((example) => `  ${example.replace(/^luciole /, '')}`),
  ];
}

/** Returns the lines of a list of words with their summaries, wrapped to the width. `name`: the family, as title; empty for none. */
export function familyHelp(
  name: string,
  verbs: readonly Choice[],
  widthCols: number,
  translate: (said: Said) => string,
): readonly string[] {
  return [
    ...(name === '' ? [] : [`${name} ...`, '']),
    ...verbs.flatMap(({ word, summary }) => labelled(`  ${word}`.padEnd(NAME_COLS), translate(summary), widthCols)),
  ];
}
