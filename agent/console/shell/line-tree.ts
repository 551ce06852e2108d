/**
 * Parses a line of a session as words of the command table, and returns what may come next.
 *
 * Words may be abbreviated; for an unknown word the nearest known one is suggested. Pure.
 */
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import { nearest } from '../../core/suggestions.ts';
import type { ArgumentSpec, ConsoleCommand, NameKind } from '../command-spec.ts';
import {
  type Choice,
  type CommandNode,
  commandNodes,
  createOptionReader,
  expandWords,
  type Family,
  match,
  type OptionReader,
  optionsOf,
  SOCKET_OPTION,
} from '../command-tree.ts';
import { ConsoleError } from '../console-error.ts';
import type { LocalArgs } from '../terminal/terminal.ts';

/** What is allowed at one place of a line. */
export interface CompletionPlace {
  /** Known words. */
  readonly choices: readonly Choice[];
  /** Words that are accepted or explained there, but listed only once the person types them. */
  readonly unlisted?: readonly Choice[];
  /** Kind of names, such as those of lamps, that are also allowed; null for none. */
  readonly names: NameKind | null;
  /** Placeholder for a value: `<level>`, `DURATION`; null if no value can follow. */
  readonly value: Choice | null;
  /** For a configuration value: its key as typed; absent at any other place. */
  readonly valueAt?: string;
  /** False if a required word or option value is missing; also if a command has too many words. A filter may have too many. */
  readonly canEnd: boolean;
}

/** Parses the words of a session line and finds what may follow them. */
export interface Tree {
  /** Returns the command and its arguments. Errors: throws ConsoleError 'usage', for example for an unknown word or a missing argument. */
  read(words: readonly string[]): { readonly command: ConsoleCommand; readonly args: LocalArgs };
  /**
   * Returns the command, ignoring the words after it; undefined for a family without its verb. Errors: as `read`, for a wrong command word.
   */
  find(words: readonly string[]): ConsoleCommand | undefined;
  /** Returns what may follow these words. Errors: as `read`, for a wrong command word or option. */
  placeAfter(words: readonly string[]): CompletionPlace;
  /**
   * Returns the words with unambiguous abbreviations of command words completed. The result has at least one word, which may be empty.
   */
  expand(words: readonly string[]): readonly string[];
}

/** Words of other consoles with the same meaning. Source: Cisco IOS, Junos, a shell. */
const SYNONYMS: Readonly<Record<string, string>> = { exit: 'logout', quit: 'logout', man: 'help' };

/**
 * Other words that technicians type, and the command to use instead. Source: assumed; words of the trade and of other consoles. Confirmed
 * by: refused words in audit logs.
 */
const ELSEWHERE: Readonly<Record<string, string>> = {
  ...{ lamp: 'why', lamps: 'zones', dark: 'why', dead: 'devices', silent: 'devices', ping: 'bus scan' },
  ...{ alarm: 'events', alarms: 'events', logs: 'log on', dim: 'override', blink: 'identify', on: 'lights', off: 'lights' },
};

/** Creates the parser for these commands, without the hidden ones. `families`: summaries of first words that are no commands themselves. */
export function createTree(commands: readonly ConsoleCommand[], families: readonly Family[]): Tree {
  const shown = commands.filter(({ isHidden }) => !isHidden);
  const firsts = commandNodes(commands, families);

  /** Returns where a word is valid if it is not a first word: `bus scan` for `scan`. */
  const placesOf = (typed: string): string => {
    const wanted = typed.toLowerCase();
    const known = ELSEWHERE[wanted];
    return known ?? shown.flatMap(({ name }) => (name.split(' ')[1] === wanted ? [name] : [])).join(', ');
  };

  /** Returns the node of the first words, and how many words it used. */
  const locate = (words: readonly string[]): { node: CommandNode; taken: number } => {
    const [typed = '', second] = words;
    const node = pick(typed, firsts, '', placesOf(typed));
    const { command, verbs } = node;
    if (second === undefined || second.startsWith('-') || verbs.length === 0) return { node, taken: 1 };
    if (command !== undefined && command.arguments.length > 0 && match(second, verbs).length === 0) return { node, taken: 1 };
    return { node: pick(second, verbs, node.word), taken: 2 };
  };

  return {
    read(words) {
      const { node, taken } = locate(words);
      if (node.command === undefined) throw usage(msg`${node.word} needs a verb: ${list(node.verbs)}`);
      return { command: node.command, args: readArgs(node.command, words.slice(taken)) };
    },
    find: (words) => locate(words).node.command,
    placeAfter(words) {
      if (words.length === 0) return { choices: firsts, unlisted: unlistedFirsts(shown), names: null, value: null, canEnd: false };
      const { node, taken } = locate(words);
      if (node.name === 'help') return helpPlace(words.slice(1));
      const verbs = words.length === 1 ? node.verbs : [];
      if (node.command === undefined) return { choices: verbs, names: null, value: null, canEnd: false };
      const place = placeIn(node.command, words.slice(taken));
      return { ...place, choices: [...verbs, ...place.choices] };
    },
    expand: (words) => expandWords(firsts, words),
  };

  function helpPlace(words: readonly string[]): CompletionPlace {
    const choices = words.length === 0 ? firsts : words.length === 1 ? pick(words[0] ?? '', firsts, '').verbs : [];
    return { choices, names: null, value: null, canEnd: true };
  }
}

/** Returns words of other consoles, words of the trade, and verbs without their family. */
function unlistedFirsts(commands: readonly ConsoleCommand[]): readonly Choice[] {
  const verbs = commands.flatMap(({ name }) => (name.includes(' ') ? [[name.slice(name.indexOf(' ') + 1), name] as const] : []));
  return [...Object.entries(SYNONYMS), ...Object.entries(ELSEWHERE), ...verbs].map(([word, meant]) => ({
    word,
    summary: msg`type: ${meant}`,
  }));
}

/** Errors: throws ConsoleError 'usage'. */
function pick<Word extends Choice>(typed: string, choices: readonly Word[], within: string, elsewhere = ''): Word {
  const [found, ...others] = match(typed, choices);
  if (found !== undefined && others.length === 0) return found;
  if (found !== undefined) throw usage(msg`"${clip(typed)}" could be ${list([found, ...others])}`);
  const synonym = within === '' ? SYNONYMS[typed.toLowerCase()] : undefined;
  const meant = choices.find(({ word }) => word === synonym);
  if (meant !== undefined) return meant;
  const words = choices.map(({ word }) => word);
  const near = elsewhere === '' ? nearest(typed, words) : elsewhere;
  const shown = clip(typed);
  if (within === '')
    throw usage(near === undefined ? msg`no such word: "${shown}"; ? lists all` : msg`no such word: "${shown}"; nearest: ${near}`);
  const own = list(choices.filter(({ word }) => word !== SOCKET_OPTION.name));
  throw usage(near === undefined ? msg`${within} has no "${shown}"; it has ${own}` : msg`${within} has no "${shown}"; nearest: ${near}`);
}

function optionChoices(command: ConsoleCommand): readonly Choice[] {
  return command.options.map(({ name, value, summary }) => ({
    word: `--${name}`,
    summary: value === null ? summary : msg`${value}: ${summary}`,
  }));
}

/** Errors: throws ConsoleError 'usage' for an unknown option. */
function sort(command: ConsoleCommand, words: readonly string[]): { reader: OptionReader; positional: readonly string[] } {
  const choices = optionsOf(command).map((option) => ({ word: option.name, summary: option.summary, option }));
  const reader = createOptionReader((word) => {
    if (!/^--[a-z]/i.test(word)) return undefined;
    const [typed = '', ...rest] = word.slice(2).split('=');
    return { option: pick(typed, choices, command.name).option, value: rest.length > 0 ? rest.join('=') : undefined };
  });
  return { reader, positional: words.filter((word) => !reader.take(word)) };
}

/** Errors: throws ConsoleError 'usage' for too many or too few words. */
function readArgs(command: ConsoleCommand, words: readonly string[]): LocalArgs {
  const { reader, positional } = sort(command, words);
  const { args } = reader;
  const waiting = reader.waiting();
  if (waiting !== null) throw usage(msg`--${waiting.name} needs a value: ${waiting.value ?? ''}`);
  const extra = positional[command.arguments.length];
  const last = command.arguments.at(-1);
  if (extra !== undefined && !last?.isRest) {
    throw usage(msg`${command.name} does not take "${clip(extra)}"; \`help ${command.name}\` shows what it takes`);
  }
  command.arguments.forEach((spec, index) => {
    const value = spec.isRest ? positional.slice(index).join(' ') : positional[index];
    if (value !== undefined && value !== '') args[spec.name] = choice(spec, value);
    else if (spec.required) throw usage(msg`${command.name} needs <${spec.name}>: ${spec.summary}`);
  });
  return args;
}

/** Returns the value; one of a closed list may be abbreviated. */
function choice({ choices, name }: ArgumentSpec, typed: string): string {
  if (choices === undefined) return typed;
  return pick(
    typed,
    choices.map((word) => ({ word, summary: NO_TEXT })),
    name,
  ).word;
}

function placeIn(command: ConsoleCommand, words: readonly string[]): CompletionPlace {
  const { reader, positional } = sort(command, words);
  const waiting = reader.waiting();
  if (waiting !== null) return valuePlace(waiting.value ?? '', waiting);
  const index = Math.min(positional.length, command.arguments.length);
  const spec = command.arguments[index];
  const missing = command.arguments.some(({ required }, at) => required && at >= positional.length);
  const options = optionChoices(command).filter(({ word }) => reader.args[word.slice(2)] === undefined);
  if (spec === undefined) {
    const isTooMany = positional.length > index && command.arguments.at(-1)?.isRest !== true;
    return { choices: options, names: null, value: null, canEnd: !isTooMany };
  }
  const own = valuePlace(`<${spec.name}>`, spec);
  const at = positional[command.arguments.findIndex(({ name }) => name === spec.placeIn)];
  return { ...own, choices: [...own.choices, ...options], canEnd: !missing, ...(at === undefined ? {} : { valueAt: at }) };
}

function valuePlace(word: string, { names, choices, summary }: Pick<ArgumentSpec, 'names' | 'choices' | 'summary'>): CompletionPlace {
  const known = (choices ?? []).map((each) => ({ word: each, summary: NO_TEXT }));
  return { choices: known, names: names ?? null, value: { word, summary }, canEnd: false };
}

function list(choices: readonly Choice[]): string {
  return choices.map(({ word }) => word).join(', ');
}

/** Returns typed text, shortened for use in a sentence. */
function clip(typed: string): string {
  return typed.length > 30 ? `${typed.slice(0, 29)}~` : typed;
}

function usage(message: Message): ConsoleError {
  return new ConsoleError('usage', message);
}
