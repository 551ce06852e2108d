/**
 * `login`: opens and ends a session. The shell sends it; no person types it.
 *
 * A session lasts as long as its connection. If a shell dies or loses its line, its user is logged out, and the configuration that it put on
 * trial is reverted.
 */

import type { Caller, LoginAnswer, LoginRequest } from '../../../core/access.ts';
import { DENIED } from '../../../core/audit-tools.ts';
import { msg } from '../../../core/message.ts';
import type { AgentView } from '../../../core/views.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { ConsoleCommand, Job } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { numberOnTrial, readerGone, returnLostTrial } from '../config/lost-trial.ts';

/** Longest silence of the agent during a login. Units: ms. Source: four password hashes in sequence on a slow processor, and the search for two codes. */
const LOGIN_TIMEOUT_MS = 60_000;
/** Answers that ask for another step of the login. */
const STEPS: readonly LoginAnswer['state'][] = ['code-needed', 'new-password-needed'];

/**
 * The end of a `login`. The agent sends it when a session ends. The shell makes one if the request fails, before a session or during one,
 * such as when the connection is lost. `how`: why it ended, for example `logout`, `idle` or `unreachable`.
 */
export interface LoginEnd {
  readonly state: 'ended';
  readonly how: string;
}

/**
 * `login`: checks a login. If it is correct, sends the session token as progress and answers when the session ends. Otherwise it answers
 * with what is wrong or still required.
 */
export const LOGIN = agentCommand<LoginRequest, LoginAnswer | LoginEnd, LoginAnswer>({
  name: 'login',
  role: 'anyone',
  group: 'Access:',
  summary: msg`open a session; it ends with the connection`,
  isHidden: true,
  isSelfNoted: true,
  arguments: [{ name: 'user', summary: msg`a user of the cabinet`, required: true }],
  secrets: [
    { name: 'password', prompt: msg`Password`, isNew: false },
    { name: 'code', prompt: msg`Code`, isNew: false },
    { name: 'new-password', prompt: msg`New password`, isNew: true },
    { name: 'console', prompt: msg`Key of the console`, isNew: false },
  ],
  examples: ['luciole login marie', 'luciole login'],
  timeoutMs: LOGIN_TIMEOUT_MS,
  read: (args) => ({
    user: textArg(args, 'user'),
    password: secretArg(args, 'password'),
    code: secretArg(args, 'code'),
    newPassword: secretArg(args, 'new-password'),
    console: secretArg(args, 'console'),
  }),
  answer: async (view, request, job) => {
    const answer = await view.access.logIn(request);
    if (!STEPS.includes(answer.state)) await note(view, job.caller, request, answer);
    if (answer.state !== 'in') return answer;
    const { user, role } = answer;
    const { socketKind } = job.caller;
    const before = numberOnTrial(view, `console:${user}`);
    const how = await lasting(view, answer.token, answer, job);
    view.audit.note({ user, role, door: socketKind, action: 'logout', detail: '', result: how });
    if (how === 'hang-up') await returnLostTrial(view, { user, role, socketKind }, before);
    return { state: 'ended', how };
  },
  render: async () => '',
  progress: { isLasting: false, load: async () => () => '' },
});

const STATE = agentCommand({
  name: 'login state',
  role: 'viewer',
  group: 'Access:',
  summary: msg`who is logged in here; counts as a sign of life`,
  isHidden: true,
  examples: ['luciole login state', 'luciole login state'],
  timeoutMs: LOGIN_TIMEOUT_MS,
  answer: (_view, _args, { caller }): Caller => caller,
  render: async ({ user, role }) => `${user}, ${role}`,
});

/** Resolves with how the session ended. */
async function lasting(view: AgentView, token: string, answer: LoginAnswer, job: Job): Promise<string> {
  const gone = readerGone(job);
  // A client that does not receive the token cannot use it.
  if (!job.report(answer)) view.access.logOut(token);
  const how = await Promise.race([view.access.ended(token), gone]);
  view.access.logOut(token);
  return how;
}

/** An unknown name is not logged: it may be a password typed at the wrong prompt. */
async function note(view: AgentView, { socketKind }: Caller, asked: LoginRequest, answer: LoginAnswer): Promise<void> {
  const known = await view.access.users().catch(() => []);
  const user = known.some(({ name }) => name === asked.user) ? asked.user : 'unknown';
  const result = answer.state === 'in' ? 'ok' : answer.state;
  const role = answer.state === 'in' ? answer.role : '';
  view.audit.note({ user, role, door: socketKind, action: 'login', detail: '', result });
}

function secretArg(args: RawArgs, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}

/** Longest text of a refused command. Units: characters. Source: an entry of the audit log has room for 400. */
const MAX_REFUSED_CHARS = 400;

/** `login refused`: writes an audit entry for a command that the shell of a session refused. */
export const LOGIN_REFUSED = agentCommand({
  name: 'login refused',
  role: 'viewer',
  group: 'Access:',
  summary: msg`a command that a console refused to its user`,
  isHidden: true,
  isSelfNoted: true,
  arguments: [{ name: 'command', summary: msg`the name of the command`, required: true }],
  options: [{ name: 'detail', value: 'TEXT', summary: msg`its arguments` }],
  examples: ['luciole login refused reload', 'luciole login refused reload'],
  read: (args) => {
    const command = textArg(args, 'command');
    if (!/^[a-z][a-z -]{0,40}$/.test(command))
      throw new ConsoleError('usage', msg`no command has the name ${JSON.stringify(command.slice(0, 40))}`);
    return { command, detail: typeof args['detail'] === 'string' ? args['detail'].slice(0, MAX_REFUSED_CHARS) : '' };
  },
  answer: (view, { command, detail }, { caller: { user, role, socketKind } }) => {
    view.audit.note({ user, role: role ?? '', door: socketKind, action: command, detail, result: DENIED });
    return {};
  },
  render: async () => '',
});

/** The hidden `login` commands. They are for consoles; no person types them. */
export const LOGIN_COMMANDS: readonly ConsoleCommand[] = [LOGIN, STATE, LOGIN_REFUSED];
