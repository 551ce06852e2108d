/** Sends one command of the table to the running agent and prints its answer. */

import { PASSWORD_RULE } from '../core/access.ts';
import { type Message, msg } from '../core/message.ts';
import { withTexts } from '../core/message-wire.ts';
import type { AgentCommand, ProgressSpec } from './command-spec.ts';
import { CONSOLE_EXIT, ConsoleError } from './console-error.ts';
import type { ConsoleAnswer, Progress, RawArgs } from './protocol/protocol.ts';
import { usualSocketPaths } from './protocol/socket-path.ts';
import type { LocalArgs, SecretRule, Terminal } from './terminal/terminal.ts';
import type { Page } from './text/page.ts';
import { plain } from './text/plain-text.ts';
import { errorText } from './text/text-lines.ts';

/** Longest wait for an agent that may not run. Units: ms. */
const ABSENT_WAIT_MS = 3_000;
/** Stands for a secret while arguments are checked; it passes the checks of any secret. */
const PLACEHOLDER = '000000';

/**
 * Sends a command to the agent, prints the answer, and resolves with the exit code: 0, or 1 if the answer reports a failure. If no agent
 * answers this user and `args` names no socket, a command with `alone` is answered from local files.
 *
 * Errors: rejects with ConsoleError, for example 'usage' for wrong arguments.
 */
export async function askAgent(command: AgentCommand, args: LocalArgs, terminal: Terminal): Promise<number> {
  const { json, socket, ...rest } = args;
  const asked = await withSecrets(command, rest as RawArgs, terminal);
  const isJson = json === true;
  const onProgress = command.progress === null ? undefined : await shower(command.progress, asked, isJson, terminal);
  const enough = command.hasSummary ? terminal.enough?.() : undefined;
  const call = { socket, terminal, ...(enough === undefined ? {} : { enough }), ...(onProgress === undefined ? {} : { onProgress }) };
  try {
    const reply = await fetchAnswer(command, asked, call).catch((error: unknown) => withoutAgent(command, asked, call, error));
    terminal.status?.clear();
    const text = isJson
      ? JSON.stringify(withTexts(reply.result))
      : await command.render(plain(reply.result, terminal.charset), pageOf(reply, terminal), asked);
    terminal.out(`${text}\n`);
    return command.succeeded(reply.result) ? 0 : CONSOLE_EXIT.failed;
  } finally {
    terminal.status?.clear();
  }
}

/** Adds the secrets to the arguments. It checks the arguments first, so that no secret is typed for a wrong command. Errors: rejects with ConsoleError. */
async function withSecrets(command: AgentCommand, args: RawArgs, { askSecret, user, token }: Terminal): Promise<RawArgs> {
  const specs = command.secrets.filter(({ isAsked }) => isAsked?.(args, { user, hasSession: token !== undefined }) ?? true);
  command.check({ ...args, ...Object.fromEntries(specs.map(({ name }) => [name, PLACEHOLDER])) });
  const typed: Record<string, string> = {};
  for (const { name, prompt, isNew } of specs) {
    if (askSecret === undefined)
      throw new ConsoleError('usage', msg`${command.name} asks for a secret, and there is no terminal to ask on`);
    typed[name] = await askSecret(prompt, isNew ? await passwordRule(String(args['name'] ?? user)) : null);
  }
  return { ...args, ...typed };
}

/**
 * Resolves with the rule for a new password of this user. Its `problem` returns what is wrong with a typed password, or null. Shape: `user`
 * is not empty.
 */
export async function passwordRule(user: string): Promise<SecretRule> {
  const { passwordProblem } = await import('../access/password.ts');
  return { text: PASSWORD_RULE, problem: (typed) => passwordProblem(typed, user) };
}

/** Answers from local files if no agent was reachable and the caller named no socket. Errors: rejects with the agent's error. */
async function withoutAgent(
  command: AgentCommand,
  args: RawArgs,
  call: CallOptions & { terminal: Terminal },
  error: unknown,
): Promise<Own> {
  const isAbsent = error instanceof ConsoleError && error.code === 'unreachable' && typeof call.socket !== 'string';
  if (!isAbsent || command.alone === null) throw error;
  const localFiles = await call.terminal.localFiles();
  call.terminal.err(errorText(localFiles.about, call.terminal));
  const result = await command.alone(localFiles, args, (progress) => call.onProgress?.({ id: 1, atMs: 0, timezone: 'UTC', progress }));
  return { result, atMs: 0, timezone: 'UTC' };
}

type Own = Pick<ConsoleAnswer, 'result' | 'atMs' | 'timezone'>;

/** The socket and the terminal of a request, and optionally what receives progress or ends the job early. */
export interface CallOptions {
  /** Socket named on the command line. If it is not a text, `terminal.socketPath` applies, or the usual paths if that is null. */
  readonly socket?: LocalArgs[string] | undefined;
  readonly terminal: Pick<Terminal, 'socketPath' | 'user' | 'signal' | 'token'>;
  readonly onProgress?: (progress: Progress) => void;
  /** When aborted, the job ends now. A command with `hasSummary` then sends its answer, another long one fails. */
  readonly enough?: AbortSignal;
}

/**
 * Sends one request and resolves with the agent's answer. Prints nothing and does not check the arguments.
 *
 * Errors: rejects with ConsoleError, for example with the agent's refusal, or 'unreachable' if no agent answers. Also with what
 * `onProgress` throws.
 */
export async function fetchAnswer(
  command: Pick<AgentCommand, 'name' | 'timeoutMs'>,
  args: RawArgs,
  { socket, terminal, onProgress, enough }: CallOptions,
): Promise<ConsoleAnswer> {
  const named = typeof socket === 'string' ? socket : terminal.socketPath;
  const { callAgent } = await import('./protocol/socket-client.ts');
  return callAgent({
    socketPaths: named === null ? usualSocketPaths() : [named],
    request: {
      id: 1,
      command: command.name,
      args,
      user: terminal.user,
      ...(terminal.token === undefined ? {} : { token: terminal.token }),
    },
    timeoutMs: command.timeoutMs,
    ...(terminal.signal === undefined ? {} : { signal: terminal.signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(enough === undefined ? {} : { enough }),
  });
}

/**
 * Resolves if no agent answers a request for its status in time. An agent may still run: one that is too slow, that uses another
 * socket, or to which this user may not connect.
 *
 * Errors: rejects with ConsoleError 'busy' and `advice` if an agent answers, also with a refusal; also if the request is aborted while an
 * agent has it.
 */
export async function refuseWhileAgentRuns({ socket }: LocalArgs, terminal: Terminal, advice: Message): Promise<void> {
  try {
    await fetchAnswer({ name: 'status', timeoutMs: ABSENT_WAIT_MS }, {}, { socket, terminal });
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    if (error.code === 'unreachable') return;
  }
  throw new ConsoleError('busy', advice);
}

/** Shows progress before the answer: as lines of the output, or the newest in the status line of a terminal. */
async function shower(
  spec: ProgressSpec<unknown>,
  asked: RawArgs,
  isJson: boolean,
  terminal: Terminal,
): Promise<(progress: Progress) => void> {
  const render = await spec.load();
  let stage: string | null = null;
  return (message) => {
    const text = (): string => render(plain(message.progress, terminal.charset), pageOf(message, terminal));
    const isLasting = typeof spec.isLasting === 'function' ? spec.isLasting(message.progress) : spec.isLasting;
    if (isLasting) {
      terminal.status?.clear();
      return (terminal.live ?? terminal.out)(`${isJson ? JSON.stringify(withTexts(message.progress)) : text()}\n`);
    }
    if (terminal.status !== null) return terminal.status.show(text());
    const next = spec.stage?.(message.progress, asked) ?? null;
    if (next !== null && next !== stage) terminal.err(`${text()}\n`);
    stage = next;
  };
}

function pageOf({ atMs, timezone }: Pick<ConsoleAnswer, 'atMs' | 'timezone'>, { widthCols, colour, language = 'en' }: Terminal): Page {
  return { widthCols, colour, language, atMs, timezone };
}
