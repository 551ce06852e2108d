/** `user`: manages the users of the console. Passwords and codes are typed without echo and are never typed as arguments. */

import {
  AccessError,
  type AccessErrorCode,
  type AccountProof,
  type CodeOffer,
  type Invitation,
  mayUse,
  ROLES,
  type Role,
  type UserView,
} from '../../../core/access.ts';
import { type Message, msg } from '../../../core/message.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { ConsoleCommand, Job, SecretOwner } from '../../command-spec.ts';
import { ConsoleError, type ConsoleErrorCode } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { formatDuration } from '../../text/duration.ts';
import { dayTime, NOTHING, type Page, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/** Longest silence of the agent. Units: ms. Source: several password hashes in sequence on a slow processor. */
const TIMEOUT_MS = 60_000;
const NAME = { name: 'name', summary: msg`a user of the cabinet`, required: true } as const;
const OWN_NAME = { name: 'name', summary: msg`another user, for admins (default: yourself)`, required: false } as const;

/** Result of a change of users. */
interface Done {
  readonly user: string;
  readonly done: Message;
}

/** Properties common to all user commands. */
const common = { group: 'Access:' as const, timeoutMs: TIMEOUT_MS };

const list = agentCommand({
  ...common,
  name: 'user list',
  role: 'admin',
  summary: msg`users of the console, roles, locks, sessions`,
  examples: ['luciole user list', 'luciole user list --json'],
  answer: (view): Promise<readonly UserView[]> => withAccessErrors(view.access.users()),
  render: renderUsers,
});

const add = agentCommand({
  ...common,
  name: 'user add',
  role: 'admin',
  summary: msg`a new user, with a one-time password`,
  arguments: [NAME],
  options: [{ name: 'role', value: 'ROLE', summary: msg`${ROLES.join(', ')} (default: technician)` }],
  examples: ['luciole user add marie', 'luciole user add luc --role admin'],
  read: (args) => ({ name: textArg(args, 'name'), role: roleArg(args, 'technician') }),
  answer: (view, { name, role }): Promise<Invitation> => withAccessErrors(view.access.add(name, role)),
  render: renderInvitation,
  audit: ({ user, role }) => ({ user, role }),
});

const enrol = agentCommand({
  ...common,
  name: 'user enrol',
  role: 'admin',
  summary: msg`a new one-time password; the old one ends`,
  arguments: [NAME],
  examples: ['luciole user enrol marie', 'luciole user enrol marie --json'],
  read: (args) => ({ name: textArg(args, 'name') }),
  answer: async (view, { name }, { caller }): Promise<Invitation> => {
    if (isOwnAccount(name, caller))
      throw new ConsoleError('denied', msg`another admin, or the machine, gives you a new password; to choose one yourself: user passwd`);
    return withAccessErrors(view.access.invite(name));
  },
  render: renderInvitation,
  audit: ({ user }) => ({ user }),
});

const remove = agentCommand({
  ...common,
  name: 'user remove',
  role: 'admin',
  summary: msg`remove a user, and end the sessions`,
  arguments: [NAME],
  examples: ['luciole user remove marie', 'luciole user remove marie --json'],
  read: (args) => ({ name: textArg(args, 'name') }),
  answer: (view, { name }): Promise<Done> => done(name, msg`${name} is removed`, view.access.remove(name)),
  render: ({ done }, page) => paragraph(done, page).join('\n'),
  audit: ({ user }) => ({ user }),
});

const role = agentCommand({
  ...common,
  name: 'user role',
  role: 'admin',
  summary: msg`give a user another role`,
  arguments: [NAME, { name: 'role', summary: msg`${ROLES.join(', ')}`, required: true }],
  examples: ['luciole user role marie admin', 'luciole user role luc viewer'],
  read: (args) => ({ name: textArg(args, 'name'), role: roleArg(args, undefined) }),
  answer: (view, { name, role }): Promise<Done> => done(name, msg`${name} is ${role} now`, view.access.setRole(name, role)),
  render: ({ done }, page) => paragraph(done, page).join('\n'),
  audit: ({ user }) => ({ user }),
});

const passwd = agentCommand({
  ...common,
  name: 'user passwd',
  role: 'viewer',
  summary: msg`a new password; asked for, never shown`,
  arguments: [OWN_NAME],
  secrets: [
    {
      name: 'current',
      prompt: msg`Current password`,
      isNew: false,
      isAsked: ({ name }, person) => name === undefined || isOwn(name, person),
    },
    { name: 'password', prompt: msg`New password`, isNew: true },
  ],
  examples: ['luciole user passwd', 'luciole user passwd marie'],
  read: (args) => ({ name: nameArg(args), current: args['current'], password: textArg(args, 'password') }),
  answer: (view, { name, current, password }, { caller }): Promise<Done> => {
    const user = whose(name, caller);
    const known = name === null || isOwnAccount(name, caller) ? String(current ?? '') : null;
    return done(user, msg`${user} has a new password`, view.access.setPassword(user, password, known));
  },
  render: ({ done }, page) => paragraph(done, page).join('\n'),
  audit: ({ user }) => ({ user }),
});

const totp = agentCommand<{ what: string; name: string | null; code: string; proof: AccountProof }, CodeOffer | Done>({
  ...common,
  name: 'user totp',
  role: 'viewer',
  summary: msg`one-time codes at login: on, confirm, off`,
  arguments: [{ name: 'what', summary: msg`on (shows the key), confirm (with a first code), off`, required: true }, OWN_NAME],
  secrets: [
    {
      name: 'current',
      prompt: msg`Current password`,
      isNew: false,
      isAsked: ({ what, name }, person) => what !== 'confirm' && isOwn(name, person),
    },
    {
      ...{ name: 'current-code', prompt: msg`Code in force, empty for none`, isNew: false },
      isAsked: ({ what, name }, person) => what !== 'confirm' && isOwn(name, person),
    },
    { name: 'code', prompt: msg`Code`, isNew: false, isAsked: ({ what }) => what === 'confirm' },
  ],
  examples: ['luciole user totp on', 'luciole user totp confirm', 'luciole user totp off marie'],
  read: (args) => ({
    what: whatArg(args),
    name: nameArg(args),
    code: args['what'] === 'confirm' ? textArg(args, 'code') : '',
    proof: { password: String(args['current'] ?? ''), code: String(args['current-code'] ?? '') },
  }),
  answer: (view, { what, name, code, proof }, { caller }) => {
    const user = whose(name, caller);
    const needed = isOwnAccount(user, caller) ? proof : null;
    if (what === 'on') return withAccessErrors(view.access.offerCodes(user, needed));
    if (what === 'confirm') return done(user, msg`${user} needs a code at each login from now on`, view.access.confirmCodes(user, code));
    return done(user, msg`${user} needs no code any more`, view.access.dropCodes(user, needed));
  },
  render: (result, page) => ('done' in result ? paragraph(result.done, page).join('\n') : renderOffer(result, page)),
  audit: ({ user }) => ({ user }),
});

async function done(user: string, text: Message, change: Promise<void>): Promise<Done> {
  await withAccessErrors(change);
  return { user, done: text };
}

const CODES: Readonly<Record<AccessErrorCode, ConsoleErrorCode>> = {
  'unknown-user': 'unknown-name',
  'user-exists': 'failed',
  'bad-name': 'usage',
  'weak-password': 'failed',
  'wrong-password': 'failed',
  'wrong-code': 'failed',
  'last-admin': 'failed',
  'listed-user': 'failed',
  file: 'failed',
};

/** Runs the work. Errors: rejects with ConsoleError instead of AccessError, with the same message. */
async function withAccessErrors<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AccessError) throw new ConsoleError(CODES[error.code], error.said, { cause: error });
    throw error;
  }
}

/** Returns the caller's own name, or another one if the caller is an admin. Errors: throws ConsoleError 'denied'. */
function whose(name: string | null, { user, role }: Job['caller']): string {
  if (name === null || name === user || mayUse(role, 'admin')) return name ?? user;
  throw new ConsoleError('denied', msg`only an admin may change ${name}; leave the name out for yourself`);
}

/** Returns true for the account of the session, which may be unattended. On the machine's socket a name proves nothing, so it returns false. */
function isOwnAccount(name: string, { user, socketKind }: Job['caller']): boolean {
  return socketKind === 'login' && name === user;
}

/** As `isOwnAccount`, for the client that asks for secrets. */
function isOwn(name: RawArgs[string] | undefined, { user, hasSession }: SecretOwner): boolean {
  return hasSession && (name ?? user) === user;
}

function nameArg({ name }: RawArgs): string | null {
  return typeof name === 'string' ? name : null;
}

function whatArg(args: RawArgs): string {
  const what = textArg(args, 'what');
  if (['on', 'confirm', 'off'].includes(what)) return what;
  throw new ConsoleError('usage', msg`bad word "${what}": write on, confirm or off`);
}

function roleArg(args: RawArgs, usual: Role | undefined): Role {
  const typed = args['role'] ?? usual;
  const found = ROLES.find((each) => each === typed);
  if (found === undefined) throw new ConsoleError('usage', msg`bad role ${JSON.stringify(typed ?? '')}: write ${ROLES.join(', ')}`);
  return found;
}

/** The `user` commands that the agent answers, in the order of the help. */
export const USER_COMMANDS: readonly ConsoleCommand[] = [list, add, enrol, remove, role, passwd, totp];

/** Renders `user list`: a table of the users with role, codes, sessions, wait and kind of password. If there are none, one sentence. */
export function renderUsers(users: readonly UserView[], page: Page): string {
  if (users.length === 0) return translated(msg`no users yet; \`luciole user add NAME --role admin\` makes the first one`, page);
  const columns = [
    { title: msg`User`, maxCols: 31 },
    { title: msg`Role` },
    { title: msg`Codes` },
    { title: msg`Logged in`, align: 'right' },
    { title: msg`Waits`, align: 'right' },
    { title: msg`Password` },
  ] as const;
  const rows = users.map(({ name, role, hasCodes, sessions, lockedMs, invitedUntilMs, listedUntilMs }) => [
    name,
    role,
    wordOf(hasCodes ? 'yes' : 'no'),
    sessions === 0 ? NOTHING : String(sessions),
    lockedMs === 0 ? NOTHING : formatDuration(lockedMs),
    listedUntilMs !== undefined
      ? msg`from the list, until ${dayTime(listedUntilMs, page.timezone)}`
      : invitedUntilMs === null
        ? msg`own`
        : msg`one-time, until ${dayTime(invitedUntilMs, page.timezone)}`,
  ]);
  return tableLines(columns, rows, page).join('\n');
}

/** Renders the one-time password of a user with the role and, in the time zone of the cabinet, until when it is valid. */
export function renderInvitation({ user, role, oneTimePassword, untilMs }: Invitation, page: Page): string {
  const what = msg`${user} (${role}) logs in once with this password, until ${dayTime(untilMs, page.timezone)}, and then chooses another:`;
  return [...paragraph(what, page), '', `  ${oneTimePassword}`, '', translated(msg`It is shown this once only.`, page)].join('\n');
}

/** Renders the key for one-time codes as text, in groups of four and as its `otpauth:` address, and what to type next. */
export function renderOffer({ user, secret, uri }: CodeOffer, page: Page): string {
  const grouped = (secret.match(/.{1,4}/g) ?? []).join(' ');
  const next = msg`Put it into an authenticator app, then \`user totp confirm\` with its first code: from then on ${user} needs one at each login.`;
  return [translated(msg`Key for ${user}, shown this once only:`, page), '', `  ${grouped}`, `  ${uri}`, '', ...paragraph(next, page)].join(
    '\n',
  );
}
