/**
 * The command table as a tree of words, and the parser of options.
 *
 * `command-line.ts` uses it for words of a shell script, `shell/line-tree.ts` for a line of a session.
 */
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import type { ConsoleCommand, Group, OptionSpec } from './command-spec.ts';

/** The option `--socket PATH`, which names the agent's socket. */
export const SOCKET_OPTION: OptionSpec = {
  name: 'socket',
  value: 'PATH',
  summary: msg`where the agent answers (default: LUCIOLE_SOCKET, else the usual places)`,
};

/** A word that may be typed at one position of a command line, or a placeholder such as `<level>`, and its summary. */
export interface Choice {
  readonly word: string;
  readonly summary: Message;
  /** Cannot be abbreviated. */
  readonly isTypedWhole?: true;
}

/** A word of the command tree: a command, a family of commands, or both. `verbs`: the command words that may follow it; empty for none. */
export interface CommandNode extends Choice {
  /** All words up to this one: `bus scan`; empty at the root. */
  readonly name: string;
  readonly group: Group;
  /** Undefined if the word is only a family. */
  readonly command: ConsoleCommand | undefined;
  readonly verbs: readonly CommandNode[];
}

/** The first word of two-word commands, such as `bus` in `bus scan`, if it is no command by itself. `summary`: its text in the help. */
export interface Family {
  readonly name: string;
  readonly group: Group;
  readonly summary: Message;
}

/**
 * Builds the command tree: returns the first words of these commands in table order, each with its verbs. Hidden commands are left out.
 * `families`: group and summary of first words that are no commands. Default: those of the first verb.
 */
export function commandNodes(table: readonly ConsoleCommand[], families: readonly Family[]): readonly CommandNode[] {
  const commands = table.filter(({ isHidden }) => !isHidden);
  const words = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
  return words.map((word) => {
    const command = commands.find(({ name }) => name === word);
    const verbs = commands.filter(({ name }) => name.startsWith(`${word} `)).map((verb) => nodeOf(verb, []));
    const family = families.find(({ name }) => name === word) ?? verbs[0];
    if (command !== undefined) return nodeOf(command, verbs);
    return { word, name: word, summary: family?.summary ?? NO_TEXT, group: family?.group ?? 'Agent:', command, verbs };
  });
}

function nodeOf(command: ConsoleCommand, verbs: readonly CommandNode[]): CommandNode {
  const { name, summary, group, isTypedWhole } = command;
  const word = name.slice(name.indexOf(' ') + 1);
  return { word, name, summary, group, command, verbs, ...(isTypedWhole === undefined ? {} : { isTypedWhole }) };
}

/**
 * Returns the words with the command word and the verb, the first two, written in full where `match` finds exactly one. All others are
 * unchanged. The result has at least one word, which may be empty.
 */
export function expandWords(firsts: readonly CommandNode[], words: readonly string[]): readonly string[] {
  const [typed = '', second] = words;
  const found = match(typed, firsts);
  const node = found.length === 1 ? found[0] : firsts.find(({ word }) => word === typed);
  const verbs = second === undefined ? [] : match(second, node?.verbs ?? []);
  return [node?.word ?? typed, ...(verbs.length === 1 ? [verbs[0]?.word ?? ''] : words.slice(1, 2)), ...words.slice(2)];
}

/**
 * Returns the choices that a typed word can mean: the one with this word, otherwise those that it abbreviates. No word abbreviates a choice
 * with `isTypedWhole`; an empty one abbreviates all others. Capital and small letters are equal. Empty if nothing fits.
 */
export function match<Word extends Choice>(typed: string, choices: readonly Word[]): readonly Word[] {
  const wanted = typed.toLowerCase();
  const exact = choices.filter(({ word }) => word.toLowerCase() === wanted);
  return exact.length > 0 ? exact : choices.filter(({ word, isTypedWhole }) => !isTypedWhole && word.toLowerCase().startsWith(wanted));
}

/** Returns the options of a command, with `--socket` at the end for an agent command, and for a local command with `hasSocket`. */
export function optionsOf(command: ConsoleCommand): readonly OptionSpec[] {
  const speaksToAgent = command.kind === 'agent' || (command.kind === 'local' && command.hasSocket);
  return [...command.options, ...(speaksToAgent ? [SOCKET_OPTION] : [])];
}

/**
 * Collects the options of a command line, one word at a time. `args`, by option name: true for a switch, a list for an option that may
 * repeat, otherwise the last value.
 */
export interface OptionReader {
  readonly args: Record<string, string | boolean | readonly string[]>;
  /** Takes a word that is an option or the value of one; returns false for another word. Errors: those of `find`. */
  take(word: string): boolean;
  /** Returns the option that still needs its value as the next word; null for none. */
  waiting(): OptionSpec | null;
}

/**
 * Creates a reader for one command line. `find` returns the option that a word names, with its value if the word contains it (`--for=2h`).
 * It returns undefined if the word is not an option.
 */
export function createOptionReader(find: (word: string) => { option: OptionSpec; value: string | undefined } | undefined): OptionReader {
  const args: OptionReader['args'] = {};
  let waiting: OptionSpec | null = null;
  const put = ({ name, repeats }: OptionSpec, value: string): void => {
    const before = args[name];
    args[name] = repeats ? [...(Array.isArray(before) ? before : []), value] : value;
  };
  return {
    args,
    waiting: () => waiting,
    take(word) {
      if (waiting !== null) {
        put(waiting, word);
        waiting = null;
        return true;
      }
      const found = find(word);
      if (found === undefined) return false;
      if (found.option.value === null) args[found.option.name] = true;
      else if (found.value !== undefined) put(found.option, found.value);
      else waiting = found.option;
      return true;
    },
  };
}
