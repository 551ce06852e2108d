/** Parses one typed line as a command of the tree with its arguments and filters. Pure. */
import { msg } from '../../core/message.ts';
import type { ConsoleCommand } from '../command-spec.ts';
import { ConsoleError } from '../console-error.ts';
import type { LocalArgs } from '../terminal/terminal.ts';
import { type Filter, readFilters, wantsJson } from './filters.ts';
import type { Tree } from './line-tree.ts';
import { splitLine } from './typed-words.ts';

/** The command of a typed line with its arguments, and the filters for its answer in the order in which they apply. */
export interface TypedCommand {
  readonly command: ConsoleCommand;
  /** By name of the argument or option. `json` is true also if a filter requires the raw answer. */
  readonly args: LocalArgs;
  readonly filters: readonly Filter[];
}

/**
 * Returns the command of a typed line. If a word is `--help` or `-h`, returns the words that are no options, in `help`. Null if there is
 * nothing to run.
 *
 * Errors: throws ConsoleError, for example 'usage' for an open quote.
 */
export function readTypedLine(
  line: string,
  tree: Tree,
): TypedCommand | (Pick<TypedCommand, 'filters'> & { readonly help: readonly string[] }) | null {
  const { stages, isQuoteOpen } = splitLine(line);
  const [first = [], ...rest] = stages;
  const typed = first.map(({ text }) => text);
  // Examples are often pasted with the program's name.
  const words = typed[0] === 'luciole' ? typed.slice(1) : typed;
  if (words.length === 0 && rest.length === 0) return null;
  if (words.length === 0) throw new ConsoleError('usage', msg`there is no command before |`);
  if (isQuoteOpen) throw new ConsoleError('usage', msg`a quote is not closed`);
  if (words[0] === 'show' && words.length > 1) {
    throw new ConsoleError('usage', msg`no such word: "show"; type it without: ${words.slice(1).join(' ')}`);
  }
  const filters = readFilters(rest);
  if (words.some((word) => word === '--help' || word === '-h')) return { help: words.filter((word) => !word.startsWith('-')), filters };
  const { command, args } = tree.read(words);
  if (!wantsJson(filters)) return { command, args, filters };
  if (!command.options.some(({ name }) => name === 'json')) throw new ConsoleError('usage', msg`${command.name} has no raw answer`);
  return { command, args: { ...args, json: true }, filters };
}
