/**
 * The login at a console that anyone can reach: name, password, code; and the commands that need no login.
 *
 * The agent decides whether a user may log in. Secrets are never shown and are dropped after the answer.
 */

import { passwordProblem } from '../../access/password.ts';
import { type LoginAnswer, NO_USER, PASSWORD_RULE } from '../../core/access.ts';
import { type Clock, every, type Timer } from '../../core/clock.ts';
import { type Message, msg, type Said } from '../../core/message.ts';
import type { Language } from '../../core/words.ts';
import { askAgent, fetchAnswer } from '../ask-agent.ts';
import { SOCKET_OPTION } from '../command-tree.ts';
import { LOGIN, type LoginEnd } from '../commands/access/login.ts';
import { GREETING } from '../commands/cabinet/names.ts';
import { LIGHTS_ON } from '../commands/light/lights.ts';
import { ConsoleError } from '../console-error.ts';
import { callAgent } from '../protocol/socket-client.ts';
import type { SecretRule, Terminal } from '../terminal/terminal.ts';
import { formatDuration } from '../text/duration.ts';
import { wrap } from '../text/text-lines.ts';
import { translate } from '../text/translate.ts';
import type { Dialog } from './dialog.ts';
import { filterLines } from './filters.ts';
import { createTree } from './line-tree.ts';
import type { ConsoleSession, Login } from './session.ts';
import { speak } from './terminal-settings.ts';
import { readTypedLine, type TypedCommand } from './typed-command.ts';

/**
 * Without a key for this long the session ends and frees the line. Units: ms. Source: assumed; twice a slow typist. Confirmed by: pauses
 * before logins in a week of logs.
 */
const UNANSWERED_MS = 120_000;
const LOOK_MS = 5_000;
/** Failed attempts before the line is freed. Source: login(1), LOGIN_RETRIES. */
const TRIES = 5;
const HINT = msg`without a login: lights on 30m (all to 100 %), lights on 30m --zone ZONE, logout`;
/** Input at the name prompt that is a command, not a name. */
const LIGHTS_LINE = /^(luciole\s+)?lights(\s|\||$)/i;
const WITHOUT_LOGIN = createTree([LIGHTS_ON], []);

/** The socket at which the agent accepts logins, the key of this console, and what the commands without a login need. */
export interface ConsoleLoginParts {
  readonly socketPath: string;
  readonly clock: Clock;
  readonly surroundings: Pick<Terminal, 'version' | 'localFiles'>;
  /** Sent with each login: by it the agent recognises a console from which a user has logged in before. Empty for none. */
  readonly consoleKey: string;
}

/**
 * Returns a login that prompts for name and secrets. At the prompt for the name, `lights on` runs without a login. `open` resolves with
 * null if there is no session, for example after too many failed attempts.
 */
export function createConsoleLogin(parts: ConsoleLoginParts): Login {
  return {
    open: async (dialog) => {
      const watch = watchReturn(dialog, parts.clock);
      try {
        await speak(dialog.settings, await languageOf(parts));
        print(dialog, [parts.surroundings.version, HINT]);
        for (let left = TRIES; left > 0 && dialog.ended() === null; left--) {
          const name = await nameOf(dialog, parts);
          if (name === null) return null;
          const session = await logIn(name, dialog, parts);
          if (session !== null) return session;
        }
        return null;
      } finally {
        watch.cancel();
      }
    },
  };
}

/** Resolves with the language of the cabinet; English if the agent does not answer. */
async function languageOf({ socketPath }: ConsoleLoginParts): Promise<Language> {
  try {
    const { result } = await fetchAnswer(GREETING, {}, { socket: socketPath, terminal: { socketPath, user: 'console' } });
    return (result as { language?: unknown }).language === 'fr' ? 'fr' : 'en';
  } catch (error) {
    if (error instanceof ConsoleError) return 'en';
    throw error;
  }
}

/** Ends a session that is left at its first prompt, so that it uses no process. */
function watchReturn(dialog: Dialog, clock: Clock): Timer {
  return every(clock, LOOK_MS, () => {
    if (clock.monoMs() - dialog.lastKeyMono() > UNANSWERED_MS) dialog.end('idle');
  });
}

/** Resolves with the typed name; null when the dialog ends. Commands that need no login run in between. */
async function nameOf(dialog: Dialog, parts: ConsoleLoginParts): Promise<string | null> {
  for (;;) {
    const read = await dialog.ask({ prompt: questionOf(dialog, msg`User`), mode: 'text' });
    if (read.kind === 'interrupt') continue;
    const typed = read.kind === 'line' ? read.text.trim() : 'logout';
    if (typed === 'logout' || typed === 'exit') return null;
    if (LIGHTS_LINE.test(typed)) await lights(typed, dialog, parts);
    else if (/^([?]|help(\s|$))/.test(typed)) print(dialog, [HINT]);
    else if (typed !== '') return typed;
  }
}

async function lights(typed: string, dialog: Dialog, parts: ConsoleLoginParts): Promise<void> {
  let shown = '';
  const out = (text: string): void => {
    shown += text;
  };
  const { widthCols, colour, charset, language } = dialog.settings;
  const { surroundings, socketPath } = parts;
  const terminal: Terminal = {
    ...surroundings,
    socketPath,
    out,
    err: out,
    widthCols,
    colour,
    charset,
    language,
    user: NO_USER,
    status: null,
  };
  try {
    const work = readLightsOn(typed);
    if (work === null) return print(dialog, [HINT]);
    await askAgent(LIGHTS_ON, work.args, terminal);
    await dialog.page(filterLines(shown.trimEnd().split('\n'), work.filters));
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    printProblem(dialog, error.said);
  }
}

/** Returns null if help is requested. Errors: throws ConsoleError 'usage', as in a session. */
function readLightsOn(typed: string): TypedCommand | null {
  const [, verb = ''] = WITHOUT_LOGIN.expand(typed.replace(/^luciole\s+/i, '').split(/[\s|]+/));
  if (/^(--help|-h)$/.test(verb)) return null;
  if (verb !== 'on') throw new ConsoleError('usage', msg`without a login there is only lights on, as lights on 30m`);
  const work = readTypedLine(typed, WITHOUT_LOGIN);
  if (work === null || 'help' in work) return null;
  // A caller without a login must not choose the agent to which this process connects.
  if ('socket' in work.args) throw new ConsoleError('usage', msg`without a login there is no --${SOCKET_OPTION.name}`);
  return work;
}

/** Resolves with null if the login failed. */
async function logIn(user: string, dialog: Dialog, parts: ConsoleLoginParts): Promise<ConsoleSession | null> {
  const asked: Record<string, string> = { user, console: parts.consoleKey };
  const password = await askSecret(dialog, msg`Password`);
  if (password === null) return null;
  asked['password'] = password;
  for (;;) {
    const answer = await entered(asked, parts, dialog);
    if (answer === 'without-key') {
      delete asked['console'];
      continue;
    }
    if (answer === null) return null;
    if ('session' in answer) return answer.session;
    const more = await furtherSecret(answer.refusal, { user, hasTypedCode: asked['code'] !== undefined }, dialog);
    if (more === null) return null;
    Object.assign(asked, more);
  }
}

interface Try {
  readonly user: string;
  readonly hasTypedCode: boolean;
}

/** The same text for every cause: it must not show which secret was correct. */
const CODE_ADVICE = msg`each code works once; if a clock was changed (cabinet or phone), wait for the next code and type both with a space between`;

/** Resolves with the secret that the answer requests; null if the attempt has ended. */
async function furtherSecret(answer: LoginAnswer, { user, hasTypedCode }: Try, dialog: Dialog): Promise<Record<string, string> | null> {
  if (answer.state === 'code-needed') {
    if (answer.codes === 2)
      print(dialog, [msg`the cabinet's clock may be wrong: wait for the next code, and type both with a space between`]);
    const code = await askSecret(dialog, answer.codes === 1 ? msg`Code` : msg`Two codes in a row`);
    return code === null ? null : { code };
  }
  if (answer.state === 'new-password-needed') {
    if (String(answer.problem) === '') print(dialog, [msg`one-time password used: choose a new one`]);
    else printProblem(dialog, answer.problem);
    const rule = { text: PASSWORD_RULE, problem: (typed: string) => passwordProblem(typed, user) };
    const chosen = await askNewSecret(dialog, msg`New password`, rule);
    return chosen === null ? null : { 'new-password': chosen };
  }
  printProblem(dialog, refusal(answer));
  if (answer.state === 'wrong' && hasTypedCode) print(dialog, [CODE_ADVICE]);
  return null;
}

function refusal(answer: LoginAnswer): Message {
  if (answer.state === 'wrong' && answer.waitMs > 0)
    return msg`wrong name, password or code; the next try in ${formatDuration(answer.waitMs)}`;
  if (answer.state === 'wrong') return msg`wrong name, password or code`;
  if (answer.state === 'locked') return msg`too many failed logins; the next try in ${formatDuration(answer.waitMs)}`;
  if (answer.state === 'expired') return msg`this one-time password has expired; ask an admin: user enrol NAME`;
  if (answer.state === 'no-users') return msg`there are no users yet; on the machine: luciole user add NAME --role admin`;
  if (answer.state === 'unavailable') return answer.problem;
  return msg`login refused`;
}

/** `without-key`: an agent of an earlier release does not support console keys. */
type Entered = { readonly session: ConsoleSession } | { readonly refusal: LoginAnswer } | 'without-key';

const UNKNOWN_WORD = 'usage';

/** Sends the login as one request that stays open while the session lasts. Resolves with null if the agent does not answer. */
async function entered(args: Readonly<Record<string, string>>, { socketPath }: ConsoleLoginParts, dialog: Dialog): Promise<Entered | null> {
  const [lose, leave] = [new AbortController(), new AbortController()];
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<LoginAnswer | LoginEnd>();
  const opened = Promise.withResolvers<Entered | null>();
  callAgent({
    socketPaths: [socketPath],
    request: { id: 1, command: LOGIN.name, args, user: 'console' },
    timeoutMs: LOGIN.timeoutMs,
    signal: lose.signal,
    leave: leave.signal,
    onProgress: ({ progress }) => {
      const answer = progress as LoginAnswer;
      if (answer.state !== 'in') return;
      const { user, role, token, idleMs } = answer;
      const end = (isLost: boolean): void => (isLost ? lose : leave).abort();
      opened.resolve({ session: { user, login: { role, token, idleMs, socketPath, ended, leave: end } } });
    },
  })
    .then(({ result }) => result as LoginAnswer | LoginEnd)
    .catch(asEnd)
    .then(end, fail);
  void ended.then((answer) => {
    if (answer.state === 'ended' && answer.how === UNKNOWN_WORD && 'console' in args) return opened.resolve('without-key');
    if (answer.state === 'ended' && (answer.how === 'unreachable' || answer.how === UNKNOWN_WORD))
      printProblem(dialog, msg`the agent does not answer; try again in a moment`);
    opened.resolve(answer.state === 'ended' ? null : { refusal: answer });
  });
  return opened.promise;
}

function asEnd(error: unknown): LoginEnd {
  if (error instanceof ConsoleError && error.code === UNKNOWN_WORD) return { state: 'ended', how: UNKNOWN_WORD };
  if (error instanceof ConsoleError) return { state: 'ended', how: error.code === 'failed' ? 'logout' : 'unreachable' };
  throw error;
}

/**
 * Prompts for a secret without echo. Adds a colon to the prompt. Resolves with null if it was not entered, for example after Ctrl-C; empty
 * for an empty line.
 */
export async function askSecret(dialog: Dialog, prompt: Message): Promise<string | null> {
  const read = await dialog.ask({ prompt: questionOf(dialog, prompt), mode: 'secret' });
  return read.kind === 'line' ? read.text : null;
}

/**
 * Shows the rule and prompts for a new secret until it is valid and typed twice. Resolves with null if it was not entered, for example
 * after Ctrl-C.
 */
export async function askNewSecret(dialog: Dialog, prompt: Message, rule: SecretRule): Promise<string | null> {
  print(dialog, [rule.text]);
  for (;;) {
    const first = await askSecret(dialog, prompt);
    if (first === null) return null;
    const problem = rule.problem(first);
    const again = problem === null ? await askSecret(dialog, msg`Once more`) : null;
    if (problem === null && (again === null || again === first)) return again;
    printProblem(dialog, problem ?? msg`the two are not the same`);
  }
}

/** Returns the prompt with a colon, spaced as the language requires. */
function questionOf({ settings }: Dialog, prompt: Message): string {
  return `${translate(settings.language, msg`${prompt}:`)} `;
}

function print({ settings, writer }: Dialog, lines: readonly Said[]): void {
  for (const line of lines) writer.write(`${wrap(translate(settings.language, line), settings.widthCols).join('\n')}\n`);
}

function printProblem({ settings, writer }: Dialog, problem: Message): void {
  writer.write(`${wrap(`% ${translate(settings.language, problem)}`, settings.widthCols).join('\n')}\n`);
}
