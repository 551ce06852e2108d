/**
 * The command line of `luciole`: words in, text and an exit code out.
 *
 * Owns usage, help and the order of things. Reads no environment and touches no stream: both come in as `Terminal`.
 * Called by `main.ts`.
 */
import { Command as Commander, CommanderError, Option } from 'commander';
import { askAgent } from './ask-agent.ts';
import type { AgentCommand, Command, LocalCommand } from './command-spec.ts';
import { COMMANDS as ALL_COMMANDS, FAMILIES } from './commands.ts';
import { SOCKET_OPTION } from './common-words.ts';
import { CONSOLE_EXIT, ConsoleError } from './console-error.ts';
import { toAscii } from './plain-text.ts';
import { failure } from './protocol.ts';
import { createTree } from './shell/command-tree.ts';
import { nearest } from './suggest.ts';
import type { LocalActions, LocalArgs, Terminal } from './terminal.ts';
import { wrap } from './text-lines.ts';

/** Those of a session mean nothing outside of one. */
const COMMANDS = ALL_COMMANDS.filter((command): command is AgentCommand | LocalCommand => command.kind !== 'shell');
const TREE = createTree(
  COMMANDS,
  FAMILIES.map(({ name, summary }) => ({ word: name, summary })),
);

const INTRODUCTION = 'The agent of a street-lighting cabinet, and its console.';
const EPILOGUE = `
Exit codes: 0 done, 1 failed, 64 wrong usage, 69 no agent, 77 not allowed,
78 bad configuration.
Help on one command: luciole help COMMAND`;

/**
 * Carry out one command line.
 *
 * Shape:  `words` without the program's own name.
 * Errors: resolves with an exit code for every failure a person can cause; rejects only on a programming error.
 */
export async function runCommandLine(words: readonly string[], terminal: Terminal, actions: LocalActions): Promise<number> {
  let exitCode = 0;
  const program = createProgram(terminal);
  for (const command of COMMANDS.filter(({ isHidden }) => !isHidden)) {
    addCommand(parentOf(command, program), command, async (args) => {
      exitCode = command.kind === 'local' ? await actions[command.name](args) : await askAgent(command, args, terminal);
    });
  }
  try {
    await program.parseAsync(helpFirst(written(words)), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : CONSOLE_EXIT.usage;
    if (!(error instanceof ConsoleError)) throw error;
    if (words.includes('--json')) terminal.out(`${JSON.stringify({ error: failure(null, error).error })}\n`);
    else {
      const lines = `luciole: ${error.message}`.split('\n').flatMap((line) => wrap(toAscii(line), terminal.widthCols));
      terminal.err(`${lines.join('\n')}\n`);
    }
    return CONSOLE_EXIT[error.code];
  }
}

function createProgram(terminal: Terminal): Commander {
  return (
    new Commander('luciole')
      .description(INTRODUCTION)
      .exitOverride()
      .showSuggestionAfterError()
      // What stands after a command is its own; else `store` would take the options of `store check`.
      .enablePositionalOptions()
      .version(terminal.version, '-V, --version', 'print the version')
      .helpOption('-h, --help', 'print this help')
      .addHelpCommand(new Commander('help').argument('[command...]').summary('help on one command').helpGroup('Agent:'))
      .configureHelp({ subcommandTerm: termOf })
      .configureOutput({
        writeOut: terminal.out,
        writeErr: terminal.err,
        getOutHelpWidth: () => terminal.widthCols,
        getErrHelpWidth: () => terminal.widthCols,
        outputError: (text, write) => write(text.replace(/^error: /, 'luciole: ')),
      })
      .addHelpText('after', EPILOGUE)
  );
}

/** Abbreviated words of the table written out: `stat` is `status`. */
function written(words: readonly string[]): readonly string[] {
  const [first = ''] = words;
  if (first === '' || first.startsWith('-')) return words;
  return first === 'help' ? [first, ...TREE.expand(words.slice(1))].slice(0, Math.max(1, words.length)) : TREE.expand(words);
}

/** `help bus scan` is `bus scan --help`: the library knows the help of one word only. */
function helpFirst(words: readonly string[]): string[] {
  const [first, family = '', verb] = words;
  return first === 'help' && verb !== undefined && verbsOf(family).length > 0 ? [family, verb, '--help'] : [...words];
}

/** The second words that may stand after this one. */
function verbsOf(family: string): readonly string[] {
  return COMMANDS.flatMap(({ name, isHidden }) => (!isHidden && name.startsWith(`${family} `) ? [name.slice(family.length + 1)] : []));
}

/** The program itself, or the family of a command of two words. Errors: throws TypeError for a family that is not in the table. */
function parentOf({ name }: Command, program: Commander): Commander {
  const [first, verb] = name.split(' ');
  if (verb === undefined) return program;
  const known = program.commands.find((each) => each.name() === first);
  if (known !== undefined) return known;
  const family = FAMILIES.find((each) => each.name === first);
  if (family === undefined) throw new TypeError(`no family for the command ${name}`);
  return addFamily(program, family);
}

/** The first word of several commands; alone it lists them. */
function addFamily(program: Commander, { name, group, summary }: (typeof FAMILIES)[number]): Commander {
  return program
    .command(name)
    .summary(summary)
    .description(sentence(summary))
    .usage('VERB')
    .helpGroup(group)
    .helpCommand(false)
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', `\nHelp on one verb: luciole help ${name} VERB`);
}

function addCommand(parent: Commander, command: Command, act: (args: LocalArgs) => Promise<void>): void {
  const added = parent
    .command(command.name.split(' ').at(-1) ?? command.name)
    .summary(command.summary)
    .description(sentence(command.summary))
    .helpGroup(parent.parent === null ? command.group : 'Verbs:')
    .helpOption('-h, --help', 'print this help');
  for (const { name, summary, required } of command.arguments) added.argument(required ? `<${name}>` : `[${name}]`, summary);
  const speaksToAgent = command.kind === 'agent' || (command.kind === 'local' && command.hasSocket);
  for (const option of [...command.options, ...(speaksToAgent ? [SOCKET_OPTION] : [])]) {
    const words = new Option(`--${option.name}${option.value === null ? '' : ` <${option.value}>`}`, option.summary);
    if (option.repeats) words.argParser((value: string, before: readonly string[] = []) => [...before, value]);
    added.addOption(words);
  }
  const verbs = verbsOf(command.name);
  if (verbs.length > 0) added.usage('[options] [VERB]').helpCommand(false).enablePositionalOptions().allowExcessArguments();
  added.addHelpText('after', `\nExamples:\n${command.examples.map((example) => `  ${example}`).join('\n')}`);
  added.action((...given: unknown[]) => {
    const [word] = added.args;
    if (verbs.length > 0 && word !== undefined) throw noVerb(command.name, word, verbs);
    return act(collect(command, given.slice(0, command.arguments.length), added.opts()));
  });
}

function noVerb(name: string, typed: string, verbs: readonly string[]): ConsoleError {
  const near = nearest(typed, verbs);
  return new ConsoleError(
    'usage',
    `${name} has no verb "${typed}"; ${near === undefined ? `it has ${verbs.join(', ')}` : `did you mean ${near}?`}`,
  );
}

/** A command and its arguments; that it has options goes without saying. */
function termOf(command: Commander): string {
  const shown = command.registeredArguments.map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`));
  return [command.name(), ...shown].join(' ');
}

/** Commander's own forms, put back under the names of the table. `--no-x` is stored by it as `x: false`. */
function collect(command: Command, positional: readonly unknown[], options: Readonly<Record<string, unknown>>): LocalArgs {
  const args: Record<string, string | boolean | readonly string[]> = {};
  command.arguments.forEach(({ name }, index) => {
    const value = positional[index];
    if (typeof value === 'string') args[name] = value;
  });
  for (const { name } of [...command.options, SOCKET_OPTION]) {
    const negated = name.startsWith('no-');
    const key = name.replace(/^no-/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const value = options[key];
    if (negated) args[name] = value === false;
    else if (value !== undefined) args[name] = value as string | boolean | readonly string[];
  }
  return args;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
