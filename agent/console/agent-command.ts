/** Makes the rows of the command table that the agent answers, and reads their arguments. It runs no command. */
import { msg } from '../core/message.ts';
import { nearest } from '../core/suggestions.ts';
import type { AgentView, LocalConfigView } from '../core/views.ts';
import type { AgentCommand, CommandWords, Job, OptionSpec, ProgressSpec, SecretSpec } from './command-spec.ts';
import { ConsoleError } from './console-error.ts';
import type { RawArgs } from './protocol/protocol.ts';
import type { Page } from './text/page.ts';

/** Longest silence before an answer from memory. Units: ms. Source: assumed; a serial operator gives up after 10 s. Confirmed by: response times on a loaded gateway. */
const LOOK_TIMEOUT_MS = 10_000;
/**
 * Longest silence of the agent that a client accepts while a command waits until lamps or a panel confirm. Units: ms. Source: the agent
 * ends such a command after 60 s; 15 s more for that answer to arrive.
 */
export const ACT_TIMEOUT_MS = 75_000;
/** The switch `--json`: print the raw answer, for scripts. */
export const JSON_OPTION: OptionSpec = { name: 'json', value: null, summary: msg`print the raw answer on one line, for scripts` };

/**
 * What `agentCommand` needs to make a command. Most fields are those of `AgentCommand`, with typed arguments and result. A missing one
 * without a stated default is false, empty or null there.
 */
export interface AgentCommandParts<Args, Result, Progress>
  extends Omit<CommandWords, 'arguments' | 'options' | 'examples'>,
    Partial<Pick<CommandWords, 'arguments' | 'options' | 'examples'>> {
  readonly secrets?: readonly SecretSpec[];
  readonly isSelfNoted?: true;
  readonly hasSummary?: true;
  /** Longest silence of the agent. Units: ms. Default: 10 s, for an answer from memory. */
  readonly timeoutMs?: number;
  /**
   * Converts and checks the arguments, in the client and in the agent. Before the client asks for a secret, it checks with `000000` in its
   * place. Default: an empty object. Errors: throws ConsoleError 'usage'.
   */
  readonly read?: (args: RawArgs) => Args;
  readonly answer: (view: AgentView, args: Args, job: Job) => Promise<Result> | Result;
  readonly alone?: (files: LocalConfigView, args: Args, report: (progress: Progress) => void) => Promise<Result> | Result;
  readonly render: (result: Result, page: Page, args: Args) => Promise<string> | string;
  /** Default: always true. */
  readonly succeeded?: (result: Result) => boolean;
  readonly progress?: ProgressSpec<Progress>;
  readonly audit?: (result: Result) => Readonly<Record<string, unknown>>;
}

/**
 * Makes a command for the table `COMMANDS` from parts with typed arguments and result. Adds the option `--json`, except to a hidden
 * command.
 */
export function agentCommand<Args, Result, Progress = never>(parts: AgentCommandParts<Args, Result, Progress>): AgentCommand {
  const { read, answer, alone, render, succeeded, timeoutMs, progress, audit, isSelfNoted, hasSummary, ...words } = parts;
  const { arguments: positional = [], options = [], examples = [], secrets = [] } = parts;
  const allOptions = words.isHidden ? options : [...options, JSON_OPTION];
  const readAll = (args: RawArgs): Args => {
    checkNames([...positional, ...allOptions, ...secrets], words.name, args);
    return read?.(args) ?? ({} as Args);
  };
  return {
    ...words,
    arguments: positional,
    options: allOptions,
    examples,
    kind: 'agent',
    isSelfNoted: isSelfNoted ?? false,
    hasSummary: hasSummary ?? false,
    secrets,
    timeoutMs: timeoutMs ?? LOOK_TIMEOUT_MS,
    check: (args) => void readAll(args),
    answer: async (view, args, job) => answer(view, readAll(args), job),
    alone: alone === undefined ? null : (files, args, report) => alone(files, readAll(args), report),
    render: async (result, page, args) => render(result as Result, page, readAll(args)),
    succeeded: (result) => succeeded?.(result as Result) ?? true,
    progress: progress === undefined ? null : (progress as ProgressSpec<unknown>),
    audit: audit === undefined ? null : (result) => audit(result as Result),
  };
}

/** Returns a required text argument unchanged. Errors: throws ConsoleError 'usage' if it is missing, empty or not a text. */
export function textArg(args: RawArgs, name: string): string {
  const value = args[name];
  if (typeof value !== 'string' || value === '') throw new ConsoleError('usage', msg`${name} is missing`);
  return value;
}

function checkNames(known: readonly { readonly name: string }[], command: string, args: RawArgs): void {
  const names = known.map((spec) => spec.name);
  for (const name of Object.keys(args)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw new ConsoleError(
      'usage',
      near === undefined ? msg`${command} has no "${name}"` : msg`${command} has no "${name}"; did you mean ${near}?`,
    );
  }
}

/** The allowed range of a whole number, both ends included. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Default if the argument is missing; without a default it is required. */
  readonly usual?: number;
}

/**
 * Returns an argument as a whole number, typed in decimal or as 0x hex; `usual` if the argument is missing. Errors: throws ConsoleError
 * 'usage', for example if the number is out of range.
 */
export function numberArg(args: RawArgs, name: string, { min, max, usual }: Bounds): number {
  if (args[name] === undefined && usual !== undefined) return usual;
  const text = textArg(args, name);
  const value = /^-?\d{1,10}$|^0x[0-9a-f]{1,8}$/i.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new ConsoleError('usage', msg`bad ${name} "${text}": write a whole number from ${min} to ${max}, or in hex as 0x1F`);
}
