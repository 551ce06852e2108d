/**
 * Access to the consoles: users, logins, sessions.
 *
 * Joins these parts, and ends the sessions of a user whose account changes. It checks no role: the gate does that.
 */

import { AccessError, type AccessTools, type AccountProof, type LoginAnswer, type UserList } from '../core/access.ts';
import type { Clock } from '../core/clock.ts';
import { createEventTracker } from '../core/event-tracker.ts';
import { Message, msg } from '../core/message.ts';
import type { Log, Store } from '../core/ports.ts';
import type { AgentEvent } from '../core/words.ts';
import { withListedUsers } from './listed-users.ts';
import { createLoginHandler, type LoginHandler } from './login-handler.ts';
import { type Cost, createHasher } from './password.ts';
import { createSessions, IDLE_MS, type Sessions } from './sessions.ts';
import { type CodeCheck, createCodeCheck } from './totp.ts';
import { createUserListStore, type UserListStore, type UserListStoreParts } from './user-list-store.ts';
import { createUserRegistry, type UserRegistry } from './user-registry.ts';
import { createUsersFile, type UserRecord } from './users-file.ts';

/** The settings and services that `createAccess` uses. */
export interface AccessParts {
  /** The folder of the store; the file of the users is in it. */
  readonly dir: string;
  /** Source of the events, and part of the account name in an authenticator app. */
  readonly cabinetId: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Keeps the counts of failed logins, and the signed list of users. */
  readonly store: Pick<Store, 'save' | 'load'>;
  /** Receives the events `login-locked`: a password or code was wrong, and the next attempt must wait. */
  readonly onEvent: (event: AgentEvent) => void;
  /** Verifies the list of users that the platform sends; without it no list is accepted. */
  readonly verifyUserList?: UserListStoreParts['verify'];
  /** Cost of new password hashes. Default: a setting of the OWASP Password Storage Cheat Sheet. */
  readonly passwordCost?: Cost;
}

const NO_LISTS = msg`started this way, the agent accepts no user list`;

/** The users, logins and sessions of the consoles, and `takeUserList` for the signed list of users from the platform. */
export interface Access extends AccessTools {
  /**
   * Verifies a list. If it is accepted, it replaces the previous one, and the sessions that people of a list have opened end. Resolves with
   * the new list, or with why it is refused.
   */
  takeUserList(text: string): Promise<UserList | Message>;
}

/**
 * Creates the access of the consoles: users, also those of the signed list, logins and sessions. Nothing is read from the disk before a
 * call. No session is open at first.
 */
export function createAccess({ dir, cabinetId, clock, log, store, onEvent, verifyUserList, passwordCost }: AccessParts): Access {
  const hasher = createHasher(passwordCost);
  const list = createUserListStore({ store, clock, log, verify: verifyUserList ?? (() => ({ refusal: NO_LISTS })) });
  const registry = withListedUsers(createUserRegistry({ file: createUsersFile(dir), hasher, clock, cabinetId }), list);
  const codeCheck = createCodeCheck({ clock, log });
  const sessions = createSessions(clock);
  const events = createEventTracker(clock, onEvent);
  const logins = createLoginHandler({
    ...{ users: registry, hasher, codeCheck, clock, log, store },
    onLocked: (user, waitMs) => {
      const waitS = Math.ceil(waitMs / 1_000);
      const text =
        user === null
          ? msg`Wrong passwords at the console for an unknown user: wait ${waitS} s`
          : msg`Wrong passwords at the console for ${user}: wait ${waitS} s`;
      events.notice({ code: 'login-locked', source: cabinetId, severity: 'warning', text });
    },
  });
  /** After a change, all sessions of this user end, so the user must log in again. */
  const andLogOut = async <T>(user: string, change: Promise<T>): Promise<T> => {
    const result = await change;
    sessions.endAllOf(user);
    return result;
  };

  return {
    ...sessionTools(logins, sessions, list),
    users: async () =>
      (await registry.all()).map(({ name, role, oneTime, codes, listedUntilMs }) => ({
        name,
        role,
        invitedUntilMs: oneTime?.untilMs ?? null,
        hasCodes: codes?.isConfirmed === true,
        sessions: sessions.countOf(name),
        lockedMs: logins.lockedMs(name),
        ...(listedUntilMs === undefined ? {} : { listedUntilMs }),
      })),
    add: registry.add,
    invite: (user) => andLogOut(user, registry.invite(user)),
    remove: (user) => andLogOut(user, registry.remove(user)),
    setRole: (user, role) => andLogOut(user, registry.setRole(user, role)),
    setPassword: async (user, password, current) => {
      await expectProof(logins, user, current === null ? null : { password: current, code: null });
      await andLogOut(user, registry.setPassword(user, password));
    },
    ...codeTools(registry, logins, codeCheck),
  };
}

/** Logins, and the sessions that they open. The session of a person of the list ends when that person may no longer log in. */
function sessionTools(
  logins: LoginHandler,
  sessions: Sessions,
  list: UserListStore,
): Pick<Access, 'logIn' | 'ended' | 'logOut' | 'callerOf' | 'takeUserList'> {
  /** People of the list who have logged in. */
  const listed = new Set<string>();
  return {
    logIn: async (request) => {
      const judged = await logins.judge(request);
      if ('state' in judged) return judged;
      const { name, role, listedUntilMs }: UserRecord = judged;
      if (listedUntilMs !== undefined) listed.add(name);
      // A user of the cabinet has taken the name: sessions that a list permitted would no longer end with the list.
      else if (listed.delete(name)) sessions.endAllOf(name);
      return { state: 'in', token: sessions.open(name, role), user: name, role, idleMs: IDLE_MS } satisfies LoginAnswer;
    },
    ended: sessions.ended,
    logOut: sessions.end,
    callerOf: (token) => {
      const caller = sessions.touch(token);
      if (caller === null || !listed.has(caller.user) || !list.isOver(caller.user)) return caller;
      sessions.endAllOf(caller.user);
      return null;
    },
    takeUserList: async (text) => {
      const taken = await list.take(text);
      if (!(taken instanceof Message)) for (const name of listed) sessions.endAllOf(name);
      return taken;
    },
  };
}

function codeTools(
  registry: UserRegistry,
  logins: LoginHandler,
  codeCheck: CodeCheck,
): Pick<AccessTools, 'offerCodes' | 'confirmCodes' | 'dropCodes'> {
  return {
    offerCodes: async (user, proof) => {
      await expectProof(logins, user, proof);
      return registry.offerCodes(user);
    },
    confirmCodes: async (user, code) => {
      const offered = (await registry.all()).find(({ name }) => name === user)?.offered;
      if (offered === undefined) throw new AccessError('wrong-code', msg`no codes were offered to ${user} yet`);
      const step = await codeCheck.stepOf(user, code, { ...offered, lastStep: -1 });
      if (step === null) throw new AccessError('wrong-code', wrongCode(codeCheck.codesNeeded()));
      await registry.offerTaken(user, { secret: offered.secret, lastStep: step });
    },
    dropCodes: async (user, proof) => {
      await expectProof(logins, user, proof);
      await registry.dropCodes(user);
    },
  };
}

/** Checks the proof; null needs none. Errors: rejects with AccessError for a wrong proof. */
async function expectProof({ isProven }: LoginHandler, user: string, proof: AccountProof | null): Promise<void> {
  if (proof === null || (await isProven(user, proof))) return;
  throw new AccessError('wrong-password', msg`the current password or code is not right, or the user is locked for a while`);
}

function wrongCode(needed: 1 | 2): Message {
  return needed === 1
    ? msg`this code does not belong to the key shown last, or one of the two clocks is wrong; see \`luciole status\``
    : msg`the clock of this cabinet is not trusted: type two codes in a row, with a space between`;
}
