/**
 * Parses the words of one command line: a command with arguments, a request for help, or an error.
 *
 * Unlike in a session, options must be written in full, `--` ends them, and each command has `--help`.
 * Source: error texts as in `commander`, which scripts and people already use.
 */
import { counted, type Message, msg } from '../core/message.ts';
import { closest, nearest } from '../core/suggestions.ts';
import type { AgentCommand, LocalCommand, OptionSpec } from './command-spec.ts';
import { type CommandNode, createOptionReader, expandWords, optionsOf } from './command-tree.ts';
import { ConsoleError } from './console-error.ts';
import type { LocalArgs } from './terminal/terminal.ts';

/** What the words of a command line mean: a command to run, the version, a help page, or an error message. */
export type CommandLine =
  | { readonly kind: 'act'; readonly command: AgentCommand | LocalCommand; readonly args: LocalArgs }
  | { readonly kind: 'version' }
  /** `isAsked`: the person requested help. False if a command word is missing, or the word after `help` is unknown. */
  | { readonly kind: 'help'; readonly node: CommandNode; readonly isAsked: boolean }
  | { readonly kind: 'wrong'; readonly message: Message };

const HELP_FLAGS = ['-h', '--help'];
const VERSION = /^(-V.*|--version)$/s;
/** An argument that starts with a dash: `-5`. */
const NEGATIVE_NUMBER = /^-(\d+|\d*\.\d+)(e[+-]?\d+)?$/;

/**
 * Parses the words after the program's name; argument values are not checked. `firsts`: the commands and families that may be the first
 * word. `sessionNames`: the commands that exist only in a session.
 *
 * Errors: may throw ConsoleError 'usage'; most mistakes give kind `wrong` or `help`.
 */
export function readCommandLine(
  firsts: readonly CommandNode[],
  words: readonly string[],
  sessionNames: readonly string[] = [],
): CommandLine {
  const asked = words[0] === 'help' ? words.slice(1) : words;
  const read = readProgramLine(firsts, words);
  const isUnknown = read.kind === 'wrong' || (read.kind === 'help' && !read.isAsked);
  const name = isUnknown ? sessionCommand(firsts, asked, sessionNames) : undefined;
  return name === undefined ? read : wrong(msg`'${name}' works only in a session: start one with \`luciole console\`, then type it there`);
}

/** Returns the session command that these words begin with, or its first word if the program has no such word; undefined for none. */
function sessionCommand(firsts: readonly CommandNode[], words: readonly string[], sessionNames: readonly string[]): string | undefined {
  const [first = ''] = words;
  const name = sessionNames.find((each) => each === words.slice(0, each.split(' ').length).join(' '));
  const isOfSession = sessionNames.some((each) => each.split(' ')[0] === first) && !firsts.some(({ word }) => word === first);
  return name ?? (isOfSession ? first : undefined);
}

function readProgramLine(firsts: readonly CommandNode[], words: readonly string[]): CommandLine {
  const root: CommandNode = { word: '', name: '', summary: msg``, group: 'Agent:', command: undefined, verbs: firsts };
  const [first = ''] = words;
  if (first !== 'help') return readFrom(root, [], first === '' || first.startsWith('-') ? words : expandWords(firsts, words));
  const [word = '', verb] = expandWords(firsts, words.slice(1));
  const isOfVerb = verb !== undefined && (firsts.find((node) => node.word === word)?.verbs.length ?? 0) > 0;
  return readFrom(root, [], isOfVerb ? [word, verb, '--help'] : words.length > 1 ? ['help', word] : ['help']);
}

/** `operands`: words before these that are not options. `parent`: the node whose verb this is. */
function readFrom(node: CommandNode, operands: readonly string[], words: readonly string[], parent?: CommandNode): CommandLine {
  const sorted = sort(node, words);
  if (sorted.isVersion) return { kind: 'version' };
  if (sorted.missing !== null) return wrong(msg`option '${flagsOf(sorted.missing)}' argument missing`);
  const given = [...operands, ...sorted.operands];
  const [first, ...others] = given;
  const verb = node.verbs.find(({ word }) => word === first);
  if (verb !== undefined) return readFrom(verb, others, sorted.unknown, node);
  if (node.name === '' && first === 'help') return helpOn(node, others[0] ?? '');
  const { unknown } = sorted;
  if (node.command === undefined && given.length + unknown.length === 0) return { kind: 'help', node, isAsked: false };
  if (unknown.some((word) => HELP_FLAGS.includes(word))) return { kind: 'help', node, isAsked: true };
  if (node.command === undefined && first !== undefined) return unknownCommand(node, first);
  if (unknown[0] !== undefined) return unknownOption(node, unknown[0]);
  return act(node, given, sorted.args, parent?.command !== undefined);
}

/** Sorts words into options and operands up to the first verb; words after the verb belong to it. */
function sort(node: CommandNode, words: readonly string[]) {
  const options = node.command === undefined ? [] : optionsOf(node.command);
  const reader = createOptionReader((word) => optionOf(word, options));
  const [operands, unknown]: [string[], string[]] = [[], []];
  const sorted = { operands, unknown, args: reader.args, isVersion: false };
  for (const [index, word] of words.entries()) {
    const rest = words.slice(index + 1);
    const isFirst = operands.length === 0 && unknown.length === 0;
    if (reader.take(word)) continue;
    if (word === '--') {
      if (unknown.length > 0) unknown.push(word, ...rest);
      else operands.push(...rest);
      break;
    }
    if (node.name === '' && VERSION.test(word)) return { ...sorted, isVersion: true, missing: null };
    if (isFirst && node.verbs.some((verb) => verb.word === word)) return { ...sorted, operands: [word], unknown: rest, missing: null };
    if (isFirst && node.name === '' && word === 'help') return { ...sorted, operands: [word, ...rest], missing: null };
    const isOption = word.length > 1 && word.startsWith('-') && (node.verbs.length > 0 || !NEGATIVE_NUMBER.test(word));
    (isOption || unknown.length > 0 ? unknown : operands).push(word);
  }
  return { ...sorted, missing: reader.waiting() };
}

function optionOf(word: string, options: readonly OptionSpec[]): { option: OptionSpec; value: string | undefined } | undefined {
  const whole = options.find(({ name }) => word === `--${name}`);
  if (whole !== undefined) return { option: whole, value: undefined };
  const [, name, value] = /^--([^=]+)=(.*)$/s.exec(word) ?? [];
  const option = options.find((each) => each.value !== null && each.name === name);
  return option === undefined ? undefined : { option, value };
}

function helpOn(root: CommandNode, word: string): CommandLine {
  const node = word === '' ? root : root.verbs.find((each) => each.word === word);
  return { kind: 'help', node: node ?? root, isAsked: node !== undefined };
}

/** `isLax`: extra words are ignored, as the verbs of `store` and `uplink` have always done. */
function act({ command, word, verbs }: CommandNode, given: readonly string[], options: LocalArgs, isLax: boolean): CommandLine {
  // The command-line tree contains no session commands.
  if (command === undefined || command.kind === 'shell') return wrong(msg`unknown command '${word}'`);
  const missing = command.arguments.find(({ required }, index) => required && given[index] === undefined);
  if (missing !== undefined) return wrong(msg`missing required argument '${missing.name}'`);
  if (verbs.length > 0 && given[0] !== undefined) throw noVerb(command.name, given[0], verbs);
  const most = command.arguments.length;
  if (given.length > most && !isLax)
    return wrong(
      counted(
        most,
        msg`too many arguments for '${word}'. Expected ${most} argument but got ${given.length}.`,
        msg`too many arguments for '${word}'. Expected ${most} arguments but got ${given.length}.`,
      ),
    );
  const positional = Object.fromEntries(given.slice(0, most).map((value, index) => [command.arguments[index]?.name ?? '', value]));
  const absent = Object.fromEntries(command.options.filter(({ name }) => name.startsWith('no-')).map(({ name }) => [name, false]));
  return { kind: 'act', command, args: { ...positional, ...absent, ...options } };
}

function noVerb(name: string, typed: string, verbs: readonly CommandNode[]): ConsoleError {
  const words = verbs.map(({ word }) => word);
  const near = nearest(typed, words);
  return new ConsoleError(
    'usage',
    near === undefined ? msg`${name} has no verb "${typed}"; it has ${words}` : msg`${name} has no verb "${typed}"; did you mean ${near}?`,
  );
}

function unknownCommand({ name, verbs }: CommandNode, typed: string): CommandLine {
  const near = closest(typed, [...verbs.map(({ word }) => word), ...(name === '' ? ['help'] : [])]);
  return wrong(withAdvice(msg`unknown command '${typed}'`, near));
}

function unknownOption({ name, command }: CommandNode, typed: string): CommandLine {
  const own = command === undefined ? [] : optionsOf(command).map((option) => option.name);
  const known = [...own, 'help', ...(name === '' ? ['version'] : [])];
  const near = typed.startsWith('--') ? closest(typed.slice(2), known).map((word) => `--${word}`) : [];
  return wrong(withAdvice(msg`unknown option '${typed}'`, near));
}

function withAdvice(problem: Message, near: readonly string[]): Message {
  if (near.length === 0) return problem;
  return near.length > 1 ? msg`${problem}\n(Did you mean one of ${near}?)` : msg`${problem}\n(Did you mean ${near}?)`;
}

/** Returns an option as it is typed, with a placeholder if it has a value: `--for <DURATION>`. */
export function flagsOf({ name, value }: OptionSpec): string {
  return `--${name}${value === null ? '' : ` <${value}>`}`;
}

function wrong(message: Message): CommandLine {
  return { kind: 'wrong', message };
}
