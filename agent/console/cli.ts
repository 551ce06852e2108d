/**
 * The command line of `luciole`: words in, text and an exit code out.
 *
 * Owns usage, help and the order of things. Reads no environment and touches no stream: both come in as `Terminal`.
 * Called by `main.ts`.
 */
import { Command as Commander, CommanderError, Option } from 'commander';
import type { AgentCommand, Command, LocalCommand } from './command-spec.ts';
import { COMMANDS, SOCKET_OPTION } from './commands.ts';
import { CONSOLE_EXIT, ConsoleError } from './console-error.ts';
import { plain, toAscii } from './plain-text.ts';
import type { RawArgs } from './protocol.ts';
import { usualSocketPaths } from './socket-path.ts';
import { wrap } from './text-lines.ts';

/** Where the words come from and the text goes. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly widthCols: number;
  readonly colour: boolean;
  readonly user: string;
  /** What `--version` prints. */
  readonly version: string;
  /** A socket named in the environment. */
  readonly socketPath: string | null;
}

/** Arguments of a local command, as typed. */
export type LocalArgs = Readonly<Record<string, string | boolean | readonly string[]>>;
/** What `main.ts` does for the commands that need no agent. Each resolves with the exit code. */
export type LocalActions = Readonly<Record<LocalCommand['name'], (args: LocalArgs) => Promise<number>>>;

const INTRODUCTION = 'The agent of a street-lighting cabinet, and its console.';
const EPILOGUE = `
Exit codes: 0 done, 1 failed, 64 wrong usage, 69 no agent, 78 bad configuration.
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
  for (const command of COMMANDS) {
    addCommand(program, command, async (args) => {
      exitCode = command.kind === 'local' ? await actions[command.name](args) : await askAgent(command, args, terminal);
    });
  }
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : CONSOLE_EXIT.usage;
    if (!(error instanceof ConsoleError)) throw error;
    if (words.includes('--json')) terminal.out(`${JSON.stringify({ error: { code: error.code, message: error.message } })}\n`);
    else terminal.err(`${wrap(`luciole: ${toAscii(error.message)}`, terminal.widthCols).join('\n')}\n`);
    return CONSOLE_EXIT[error.code];
  }
}

function createProgram(terminal: Terminal): Commander {
  return new Commander('luciole')
    .description(INTRODUCTION)
    .exitOverride()
    .showSuggestionAfterError()
    .version(terminal.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpCommand(new Commander('help').argument('[command]').summary('help on one command').helpGroup('Agent:'))
    .configureHelp({ subcommandTerm: termOf })
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      getOutHelpWidth: () => terminal.widthCols,
      getErrHelpWidth: () => terminal.widthCols,
      outputError: (text, write) => write(text.replace(/^error: /, 'luciole: ')),
    })
    .addHelpText('after', EPILOGUE);
}

function addCommand(program: Commander, command: Command, act: (args: LocalArgs) => Promise<void>): void {
  const added = program
    .command(command.name)
    .summary(command.summary)
    .description(sentence(command.summary))
    .helpGroup(command.group)
    .helpOption('-h, --help', 'print this help');
  for (const { name, summary, required } of command.arguments) added.argument(required ? `<${name}>` : `[${name}]`, summary);
  const speaksToAgent = command.kind === 'agent' || command.name === 'run';
  for (const option of [...command.options, ...(speaksToAgent ? [SOCKET_OPTION] : [])]) {
    const words = new Option(`--${option.name}${option.value === null ? '' : ` <${option.value}>`}`, option.summary);
    if (option.repeats) words.argParser((value: string, before: readonly string[] = []) => [...before, value]);
    added.addOption(words);
  }
  added.addHelpText('after', `\nExamples:\n${command.examples.map((example) => `  ${example}`).join('\n')}`);
  added.action((...given: unknown[]) => act(collect(command, given.slice(0, command.arguments.length), added.opts())));
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

async function askAgent(command: AgentCommand, args: LocalArgs, terminal: Terminal): Promise<number> {
  const { json, socket, ...rest } = args;
  const asked = rest as RawArgs;
  command.check(asked);
  const named = typeof socket === 'string' ? socket : terminal.socketPath;
  const { callAgent } = await import('./socket-client.ts');
  const reply = await callAgent({
    socketPaths: named === null ? usualSocketPaths() : [named],
    request: { id: 1, command: command.name, args: asked, user: terminal.user },
    timeoutMs: command.timeoutMs,
  });
  const page = { widthCols: terminal.widthCols, colour: terminal.colour, atMs: reply.atMs, timezone: reply.timezone };
  const text = json === true ? JSON.stringify(reply.result) : await command.render(plain(reply.result), page, asked);
  terminal.out(`${text}\n`);
  return command.succeeded(reply.result) ? 0 : CONSOLE_EXIT.failed;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
