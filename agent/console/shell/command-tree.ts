/**
 * The command table as a tree of words: what a typed word means, and which words may stand next.
 *
 * Owns abbreviations, "did you mean" and the reading of options. Pure. Called by the shell, and by the command line for abbreviations.
 */
import type { ArgumentSpec, Command, NameKind, OptionSpec } from '../command-spec.ts';
import { SOCKET_OPTION } from '../common-words.ts';
import { ConsoleError } from '../console-error.ts';
import { nearest } from '../suggest.ts';
import type { LocalArgs } from '../terminal.ts';

/** A word that may stand somewhere, and what it does. */
export interface Choice {
  readonly word: string;
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

/** The tree of these commands. `families` are first words that are no command themselves. */
export function createTree(commands: readonly Command[], families: readonly Choice[]): Tree {
  const shown = commands.filter(({ isHidden }) => !isHidden);
  const firsts = firstWords(shown, families);

  const verbsOf = (first: string): readonly Choice[] =>
    shown.flatMap(({ name, summary }) => (name.startsWith(`${first} `) ? [{ word: name.slice(first.length + 1), summary }] : []));
  const byName = (name: string): Command | undefined => shown.find((each) => each.name === name);

  /** Where a word that is no first one has its place: `bus scan` for `scan`. */
  const placesOf = (typed: string): string => {
    const wanted = typed.toLowerCase();
    const known = ELSEWHERE[wanted];
    return known ?? shown.flatMap(({ name }) => (name.split(' ')[1] === wanted ? [name] : [])).join(', ');
  };

  /** The command of the first words and how many of them it took; a family alone is none. */
  const locate = (words: readonly string[]): { command: Command | undefined; first: string; taken: number } => {
    const [typed = '', second] = words;
    const first = pick(typed, firsts, '', placesOf(typed));
    const verbs = verbsOf(first);
    const own = byName(first);
    if (second === undefined || second.startsWith('-') || verbs.length === 0) return { command: own, first, taken: 1 };
    if (own !== undefined && own.arguments.length > 0 && match(second, verbs).length === 0) return { command: own, first, taken: 1 };
    const verb = pick(second, verbs, first);
    return { command: byName(`${first} ${verb}`), first, taken: 2 };
  };

  return {
    read(words) {
      const { command, first, taken } = locate(words);
      if (command === undefined) throw usage(`${first} needs a verb: ${list(verbsOf(first))}`);
      return { command, args: readArgs(command, words.slice(taken)) };
    },
    find: (words) => locate(words).command,
    placeAfter(words) {
      if (words.length === 0) return { choices: firsts, unlisted: unlistedFirsts(shown), names: null, value: null, canEnd: false };
      const { command, first, taken } = locate(words);
      if (first === 'help') return helpPlace(words.slice(1));
      const verbs = words.length === 1 ? verbsOf(first) : [];
      if (command === undefined) return { choices: verbs, names: null, value: null, canEnd: false };
      const place = placeIn(command, words.slice(taken));
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
    const choices = words.length === 0 ? firsts : words.length === 1 ? verbsOf(pick(words[0] ?? '', firsts, '')) : [];
    return { choices, names: null, value: null, canEnd: true };
  }
}

function firstWords(commands: readonly Command[], families: readonly Choice[]): readonly Choice[] {
  const found = new Map<string, string>();
  for (const { name, summary } of commands) {
    const [first = '', verb] = name.split(' ');
    const family = families.find(({ word }) => word === first)?.summary;
    if (verb === undefined || !found.has(first)) found.set(first, verb === undefined ? summary : (family ?? summary));
  }
  return [...found].map(([word, summary]) => ({ word, summary }));
}

/** Other consoles' words, words of the trade, and verbs without their family. */
function unlistedFirsts(commands: readonly Command[]): readonly Choice[] {
  const verbs = commands.flatMap(({ name }) => (name.includes(' ') ? [[name.slice(name.indexOf(' ') + 1), name] as const] : []));
  return [...Object.entries(SYNONYMS), ...Object.entries(ELSEWHERE), ...verbs].map(([word, meant]) => ({ word, summary: `say: ${meant}` }));
}

/** The word itself, in any case, else all that begin with it. */
function match(typed: string, choices: readonly Choice[]): readonly Choice[] {
  const wanted = typed.toLowerCase();
  const exact = choices.filter(({ word }) => word.toLowerCase() === wanted);
  return exact.length > 0 ? exact : choices.filter(({ word }) => word.toLowerCase().startsWith(wanted));
}

/** Errors: throws ConsoleError 'usage'. */
function pick(typed: string, choices: readonly Choice[], within: string, elsewhere = ''): string {
  const [found, ...others] = match(typed, choices);
  if (found !== undefined && others.length === 0) return found.word;
  if (found !== undefined) throw usage(`"${clip(typed)}" could be ${list([found, ...others])}`);
  const synonym = within === '' ? SYNONYMS[typed.toLowerCase()] : undefined;
  if (synonym !== undefined && choices.some(({ word }) => word === synonym)) return synonym;
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

interface Read {
  readonly args: Record<string, string | boolean | readonly string[]>;
  readonly positional: readonly string[];
  /** The last word is an option that waits for its value. */
  readonly waiting: OptionSpec | null;
}

/** Errors: throws ConsoleError 'usage' for an option that is none. */
function sort(command: Command, words: readonly string[]): Read {
  const options = optionsOf(command);
  const args: Read['args'] = {};
  const positional: string[] = [];
  let waiting: OptionSpec | null = null;
  for (const word of words) {
    if (waiting !== null) {
      put(args, waiting, word);
      waiting = null;
    } else if (/^--[a-z]/i.test(word)) {
      const [typed = '', ...rest] = word.slice(2).split('=');
      const name = pick(
        typed,
        options.map(({ name, summary }) => ({ word: name, summary })),
        command.name,
      );
      const option = options.find((each) => each.name === name);
      if (option === undefined) continue;
      if (option.value === null) args[option.name] = true;
      else if (rest.length > 0) put(args, option, rest.join('='));
      else waiting = option;
    } else positional.push(word);
  }
  return { args, positional, waiting };
}

function put(args: Read['args'], { name, repeats }: OptionSpec, value: string): void {
  const before = args[name];
  args[name] = repeats ? [...(Array.isArray(before) ? before : []), value] : value;
}

/** Errors: throws ConsoleError 'usage' for a word too many or too few. */
function readArgs(command: Command, words: readonly string[]): LocalArgs {
  const { args, positional, waiting } = sort(command, words);
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
  );
}

function placeIn(command: Command, words: readonly string[]): Place {
  const { positional, waiting, args } = sort(command, words);
  if (waiting !== null) return valuePlace(waiting.value ?? '', waiting);
  const index = Math.min(positional.length, command.arguments.length);
  const spec = command.arguments[index];
  const missing = command.arguments.some(({ required }, at) => required && at >= positional.length);
  const options = optionChoices(command).filter(({ word }) => args[word.slice(2)] === undefined);
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
