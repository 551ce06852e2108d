/**
 * The command table as a tree of words: what a typed word means, and which words may stand next.
 *
 * A session reads its lines with it, abbreviations and all; `command-line.ts` reads the words of a shell script with the same tree.
 */
import type { ArgumentSpec, Command, Group, NameKind, OptionSpec } from './command-spec.ts';
import { SOCKET_OPTION } from './commands/common-words.ts';
import { ConsoleError } from './console-error.ts';
import type { LocalArgs } from './terminal/terminal.ts';
import { nearest } from './text/suggest.ts';

/** A word that may stand somewhere, and what it does. */
export interface Choice {
  readonly word: string;
  readonly summary: string;
}

/** A word of the table: a command, a family of commands, or both. */
export interface CommandNode extends Choice {
  /** All words up to this one: `bus scan`; empty at the root. */
  readonly name: string;
  readonly group: Group;
  /** Undefined for a family alone. */
  readonly command: Command | undefined;
  readonly verbs: readonly CommandNode[];
}

/** The first word of commands of two words, where it is no command itself. */
export interface Family {
  readonly name: string;
  readonly group: Group;
  readonly summary: string;
}

/** What may stand at one place of a line. */
export interface Place {
  /** Known words. */
  readonly choices: readonly Choice[];
  /** Words that are understood or answered there, and listed only for who types them. */
  readonly unlisted?: readonly Choice[];
  /** Names of the cabinet that may stand there too. */
  readonly names: NameKind | null;
  /** A value that only the person knows: `<level>`, `DURATION`. */
  readonly value: Choice | null;
  /** A value of the configuration: the place that it is for. */
  readonly valueAt?: string;
  /** The line could end here. */
  readonly canEnd: boolean;
}

export interface Tree {
  /** The first words, in the order of the table. */
  readonly firsts: readonly CommandNode[];
  /** The command and its arguments. Errors: throws ConsoleError 'usage' that names the nearest right word. */
  read(words: readonly string[]): { readonly command: Command; readonly args: LocalArgs };
  /** The command alone, whatever stands behind it; undefined for a family. Errors: as `read`. */
  find(words: readonly string[]): Command | undefined;
  /** What may stand behind these words. Errors: as `read`, for a word among them that means nothing. */
  placeAfter(words: readonly string[]): Place;
  /** The words with every abbreviated command word written out; those that mean nothing stay as they are. */
  expand(words: readonly string[]): readonly string[];
}

/** Other consoles' words for the same. Source: Cisco IOS, Junos, a shell. */
const SYNONYMS: Readonly<Record<string, string>> = { exit: 'logout', quit: 'logout', man: 'help' };

/** What a technician asks for in other words, and where it is here. Source: assumed; words of trade and of other consoles. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  ...{ lamp: 'why', lamps: 'zones', dark: 'why', dead: 'devices', silent: 'devices', ping: 'bus scan' },
  ...{ alarm: 'events', alarms: 'events', logs: 'log on', dim: 'override', blink: 'identify', on: 'lights', off: 'lights' },
};

/** The tree of these commands, without the hidden ones. */
export function createTree(commands: readonly Command[], families: readonly Family[]): Tree {
  const shown = commands.filter(({ isHidden }) => !isHidden);
  const firsts = firstNodes(shown, families);
  const verbsOf = (first: string): readonly CommandNode[] => firsts.find(({ word }) => word === first)?.verbs ?? [];

  /** Where a word that is no first one has its place: `bus scan` for `scan`. */
  const placesOf = (typed: string): string => {
    const wanted = typed.toLowerCase();
    const known = ELSEWHERE[wanted];
    return known ?? shown.flatMap(({ name }) => (name.split(' ')[1] === wanted ? [name] : [])).join(', ');
  };

  /** The node of the first words and how many of them it took. */
  const locate = (words: readonly string[]): { node: CommandNode; taken: number } => {
    const [typed = '', second] = words;
    const node = pick(typed, firsts, '', placesOf(typed));
    const { command, verbs } = node;
    if (second === undefined || second.startsWith('-') || verbs.length === 0) return { node, taken: 1 };
    if (command !== undefined && command.arguments.length > 0 && match(second, verbs).length === 0) return { node, taken: 1 };
    return { node: pick(second, verbs, node.word), taken: 2 };
  };

  return {
    firsts,
    read(words) {
      const { node, taken } = locate(words);
      if (node.command === undefined) throw usage(`${node.word} needs a verb: ${list(node.verbs)}`);
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
    expand(words) {
      const [typed = '', second] = words;
      const found = match(typed, firsts);
      const first = found.length === 1 ? (found[0]?.word ?? typed) : typed;
      const verbs = second === undefined ? [] : match(second, verbsOf(first));
      return [first, ...(verbs.length === 1 ? [verbs[0]?.word ?? ''] : words.slice(1, 2)), ...words.slice(2)];
    },
  };

  function helpPlace(words: readonly string[]): Place {
    const choices = words.length === 0 ? firsts : words.length === 1 ? pick(words[0] ?? '', firsts, '').verbs : [];
    return { choices, names: null, value: null, canEnd: true };
  }
}

function firstNodes(commands: readonly Command[], families: readonly Family[]): readonly CommandNode[] {
  const words = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
  return words.map((word) => {
    const command = commands.find(({ name }) => name === word);
    const verbs = commands.filter(({ name }) => name.startsWith(`${word} `)).map((verb) => nodeOf(verb, []));
    const family = families.find(({ name }) => name === word) ?? verbs[0];
    if (command !== undefined) return nodeOf(command, verbs);
    return { word, name: word, summary: family?.summary ?? '', group: family?.group ?? 'Agent:', command, verbs };
  });
}

function nodeOf(command: Command, verbs: readonly CommandNode[]): CommandNode {
  const { name, summary, group } = command;
  return { word: name.slice(name.indexOf(' ') + 1), name, summary, group, command, verbs };
}

/** Other consoles' words, words of the trade, and verbs without their family. */
function unlistedFirsts(commands: readonly Command[]): readonly Choice[] {
  const verbs = commands.flatMap(({ name }) => (name.includes(' ') ? [[name.slice(name.indexOf(' ') + 1), name] as const] : []));
  return [...Object.entries(SYNONYMS), ...Object.entries(ELSEWHERE), ...verbs].map(([word, meant]) => ({ word, summary: `say: ${meant}` }));
}

/** The word itself, in any case, else all that begin with it. */
function match<Word extends Choice>(typed: string, choices: readonly Word[]): readonly Word[] {
  const wanted = typed.toLowerCase();
  const exact = choices.filter(({ word }) => word.toLowerCase() === wanted);
  return exact.length > 0 ? exact : choices.filter(({ word }) => word.toLowerCase().startsWith(wanted));
}

/** Errors: throws ConsoleError 'usage'. */
function pick<Word extends Choice>(typed: string, choices: readonly Word[], within: string, elsewhere = ''): Word {
  const [found, ...others] = match(typed, choices);
  if (found !== undefined && others.length === 0) return found;
  if (found !== undefined) throw usage(`"${clip(typed)}" could be ${list([found, ...others])}`);
  const synonym = within === '' ? SYNONYMS[typed.toLowerCase()] : undefined;
  const meant = choices.find(({ word }) => word === synonym);
  if (meant !== undefined) return meant;
  const words = choices.map(({ word }) => word);
  const near = elsewhere === '' ? nearest(typed, words) : elsewhere;
  const advice =
    near === undefined
      ? within === ''
        ? '? lists all'
        : `it has ${list(choices.filter(({ word }) => word !== SOCKET_OPTION.name))}`
      : `nearest: ${near}`;
  throw usage(within === '' ? `no such word: "${clip(typed)}"; ${advice}` : `${within} has no "${clip(typed)}"; ${advice}`);
}

/** The options of a command, with the one that all of them have which speak to an agent. */
export function optionsOf(command: Command): readonly OptionSpec[] {
  const speaksToAgent = command.kind === 'agent' || (command.kind === 'local' && command.hasSocket);
  return [...command.options, ...(speaksToAgent ? [SOCKET_OPTION] : [])];
}

function optionChoices(command: Command): readonly Choice[] {
  return command.options.map(({ name, value, summary }) => ({
    word: `--${name}`,
    summary: value === null ? summary : `${value}: ${summary}`,
  }));
}

/** Options as they are read, word by word. */
export interface OptionReader {
  readonly args: Record<string, string | boolean | readonly string[]>;
  /** False for a word that is neither an option nor its value. Errors: those of `find`. */
  take(word: string): boolean;
  /** The option that the next word is the value of. */
  waiting(): OptionSpec | null;
}

/** `find` says which option a word is; undefined for none. */
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

/** Errors: throws ConsoleError 'usage' for an option that is none. */
function sort(command: Command, words: readonly string[]): { reader: OptionReader; positional: readonly string[] } {
  const choices = optionsOf(command).map((option) => ({ word: option.name, summary: option.summary, option }));
  const reader = createOptionReader((word) => {
    if (!/^--[a-z]/i.test(word)) return undefined;
    const [typed = '', ...rest] = word.slice(2).split('=');
    return { option: pick(typed, choices, command.name).option, value: rest.length > 0 ? rest.join('=') : undefined };
  });
  return { reader, positional: words.filter((word) => !reader.take(word)) };
}

/** Errors: throws ConsoleError 'usage' for a word too many or too few. */
function readArgs(command: Command, words: readonly string[]): LocalArgs {
  const { reader, positional } = sort(command, words);
  const { args } = reader;
  const waiting = reader.waiting();
  if (waiting !== null) throw usage(`--${waiting.name} needs a value: ${waiting.value}`);
  const extra = positional[command.arguments.length];
  const last = command.arguments.at(-1);
  if (extra !== undefined && !last?.isRest) {
    throw usage(`${command.name} does not take "${clip(extra)}"; \`help ${command.name}\` shows what it takes`);
  }
  command.arguments.forEach((spec, index) => {
    const value = spec.isRest ? positional.slice(index).join(' ') : positional[index];
    if (value !== undefined && value !== '') args[spec.name] = choice(spec, value);
    else if (spec.required) throw usage(`${command.name} needs <${spec.name}>: ${spec.summary}`);
  });
  return args;
}

/** One of a few words may be abbreviated as well. */
function choice({ choices, name }: ArgumentSpec, typed: string): string {
  if (choices === undefined) return typed;
  return pick(
    typed,
    choices.map((word) => ({ word, summary: '' })),
    name,
  ).word;
}

function placeIn(command: Command, words: readonly string[]): Place {
  const { reader, positional } = sort(command, words);
  const waiting = reader.waiting();
  if (waiting !== null) return valuePlace(waiting.value ?? '', waiting);
  const index = Math.min(positional.length, command.arguments.length);
  const spec = command.arguments[index];
  const missing = command.arguments.some(({ required }, at) => required && at >= positional.length);
  const options = optionChoices(command).filter(({ word }) => reader.args[word.slice(2)] === undefined);
  if (spec === undefined) return { choices: options, names: null, value: null, canEnd: true };
  const own = valuePlace(`<${spec.name}>`, spec);
  const at = positional[command.arguments.findIndex(({ name }) => name === spec.placeIn)];
  return { ...own, choices: [...own.choices, ...options], canEnd: !missing, ...(at === undefined ? {} : { valueAt: at }) };
}

function valuePlace(word: string, { names, choices, summary }: Pick<ArgumentSpec, 'names' | 'choices' | 'summary'>): Place {
  const known = (choices ?? []).map((each) => ({ word: each, summary: '' }));
  return { choices: known, names: names ?? null, value: { word, summary }, canEnd: false };
}

function list(choices: readonly Choice[]): string {
  return choices.map(({ word }) => word).join(', ');
}

/** What a person typed, short enough for a sentence. */
function clip(typed: string): string {
  return typed.length > 30 ? `${typed.slice(0, 29)}~` : typed;
}

function usage(message: string): ConsoleError {
  return new ConsoleError('usage', message);
}
