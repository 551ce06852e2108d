/**
 * Roles, logins and users of the cabinet, and the folder of the login sockets, for the console and access modules.
 *
 * The command table specifies the least role of each command.
 */

import { normalize } from 'node:path';
import type { WallMs } from './clock.ts';
import { type Message, msg } from './message.ts';

/**
 * The roles of users, from the fewest rights to the most. Source: IEC 62443-4-2 CR 2.1; viewing, work at the street, ownership of the
 * machine.
 */
export const ROLES = ['viewer', 'technician', 'admin'] as const;
/** The role of one user; it determines which commands the user may run. */
export type Role = (typeof ROLES)[number];

/** The least role that a command requires; `anyone` requires no login. */
export type LeastRole = 'anyone' | Role;

/** Returns true if a caller with this role may run a command that requires `least`. `role` null: a caller without a login. */
export function mayUse(role: Role | null, least: LeastRole): boolean {
  if (least === 'anyone') return true;
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/** The socket that a request arrives at: `agent`, without a login, for users of the machine; `login`, for consoles that anyone reaches. */
export type LoginSocket = 'agent' | 'login';

/**
 * The caller of a request. `role`: `admin` for each caller at socket `agent`; at `login` that of the session, null for a request without a
 * session token. `user`: at `agent` the name that the client states, which is not verified. At `login` that of the session, or `NO_USER`.
 */
export interface Caller {
  readonly user: string;
  readonly role: Role | null;
  readonly socketKind: LoginSocket;
}

/** A login attempt at a console. */
export interface LoginRequest {
  readonly user: string;
  /** The password, or the one-time password. */
  readonly password: string;
  /** One code of the authenticator app, or two consecutive ones with a space between; empty for none. */
  readonly code: string;
  /** The new password, for a login by one-time password; empty for none. */
  readonly newPassword: string;
  /**
   * Secret key of the console; empty for none. Failed logins of a user are counted apart for each of the latest consoles from which that
   * user has logged in, otherwise together.
   */
  readonly console: string;
}

/**
 * Password and code that a user types again before a change of the own account. `code`: as in `LoginRequest`; null if only the password is
 * checked.
 */
export interface AccountProof {
  readonly password: string;
  readonly code: string | null;
}

/**
 * Shortest and longest new password, both included. Units: characters. Source: OWASP ASVS 5.0, 6.2.1 to 6.2.9: 8 at least, long ones must
 * be allowed; 12 where no second factor is required.
 */
export const PASSWORD_LENGTH = { min: 12, max: 128 };
/** The main rules for a new password, as text for a person. */
export const PASSWORD_RULE: Message = msg`${PASSWORD_LENGTH.min} to ${PASSWORD_LENGTH.max} characters, some of them letters; no common word, not the user's name`;

/**
 * The result of a login attempt; `in` opens a session. Units: ms. `idleMs`: the session ends after this time without a request. `waitMs`:
 * wait before the next attempt, 0 for none.
 */
export type LoginAnswer =
  | { readonly state: 'in'; readonly token: string; readonly user: string; readonly role: Role; readonly idleMs: number }
  /** Repeat the login with this number of consecutive codes. */
  | { readonly state: 'code-needed'; readonly codes: 1 | 2 }
  /** Repeat the login with a new password. `problem`: why the last new one was refused; empty if none was given. */
  | { readonly state: 'new-password-needed'; readonly problem: Message }
  /** User name, password or code is wrong. */
  | { readonly state: 'wrong'; readonly waitMs: number }
  /** Not checked, because the user must wait. */
  | { readonly state: 'locked'; readonly waitMs: number }
  /** The one-time password is correct, but no longer valid. */
  | { readonly state: 'expired' }
  /** No user is known, of the cabinet or of the signed list. */
  | { readonly state: 'no-users' }
  /** The users cannot be read, or the new password cannot be stored. */
  | { readonly state: 'unavailable'; readonly problem: Message };

/**
 * Why a session ended: by `logOut`, or it had ended before (`logout`), no request for too long (`idle`), or a change of account, user list
 * or right to log in (`changed`).
 */
export type SessionEnd = 'logout' | 'idle' | 'changed';

/** One user for display. `sessions`: number of open sessions. */
export interface UserView {
  readonly name: string;
  readonly role: Role;
  /** End of the validity of the one-time password, also if it is over; null if there is none. */
  readonly invitedUntilMs: WallMs | null;
  /** A login requires a code besides the password. */
  readonly hasCodes: boolean;
  /** Present for a person of the signed list: the end of the right to log in. */
  readonly listedUntilMs?: WallMs;
  readonly sessions: number;
  /** Longest known wait until the next attempt, over all consoles; 0 for none. Units: ms. */
  readonly lockedMs: number;
}

/** A person of the signed list that the platform sends. */
export interface ListedUser {
  readonly name: string;
  readonly role: Role;
  /** The right to log in ends at this time. */
  readonly untilMs: WallMs;
  /** Hash of the password, as `luciole user hash` prints it. */
  readonly password: string;
}

/** A verified signed list of people who may log in besides the users of the cabinet. */
export interface UserList {
  /** Time of the signature, also used as the version. Units: ms since 1970. */
  readonly serial: number;
  /** Id of the key in `trust.userKeys`. */
  readonly signedBy: string;
  /** Also those whose right to log in has ended. No role is above that of the key. */
  readonly users: readonly ListedUser[];
}

/** A list of users with a valid signature. `role`: the highest role that the key of the signature may grant. */
export interface VerifiedUserList extends Pick<UserList, 'serial' | 'signedBy'> {
  /** Its text without the signature. */
  readonly list: string;
  readonly role: Role;
}

/** A list of users that was not accepted. `refusal`: why. */
export interface RefusedUserList {
  readonly refusal: Message;
}

/** File name of the list of users when the platform sends it. */
export const USER_LIST_FILE = 'users.list';
/** User name of a client of the login socket without a login, as sender of its requests and in audit entries except those of logins. */
export const NO_USER = 'nobody';
/** Pattern of allowed login names; `NO_USER` matches it too. Source: adduser of Debian; here also dots, only small letters, 31 at most. */
export const USER_NAME = /^[a-z][a-z0-9_.-]{0,30}$/;

/** Returns the role with fewer rights of the two. */
export function lowerRole(one: Role, other: Role): Role {
  return mayUse(one, other) ? other : one;
}

/**
 * A one-time password, with which a user logs in once and sets a password. `untilMs`: its end; at a login while the time is not trusted it
 * is still accepted.
 */
export interface Invitation {
  readonly user: string;
  readonly role: Role;
  readonly oneTimePassword: string;
  readonly untilMs: WallMs;
}

/** A new secret for an authenticator app, not in force until a code from it is confirmed. `uri`: the secret as an `otpauth:` address. */
export interface CodeOffer {
  readonly user: string;
  /** Shape: base 32. */
  readonly secret: string;
  readonly uri: string;
}

/**
 * Why a request about users was refused or failed. `user-exists`: also if there are too many users. `wrong-password`: the password or code
 * typed as a proof is wrong, or the user must wait. `wrong-code`: a code does not confirm the offered secret, or none was offered.
 * `listed-user`: a person of the signed list cannot be changed here. `file`: the users cannot be read or written.
 */
export type AccessErrorCode =
  | 'unknown-user'
  | 'user-exists'
  | 'bad-name'
  | 'weak-password'
  | 'wrong-password'
  | 'wrong-code'
  | 'last-admin'
  | 'listed-user'
  | 'file';

/** A request about users or their passwords and codes was refused or failed. `said` is for a person, `code` for programs. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
  readonly said: Message;
  readonly code: AccessErrorCode;

  constructor(code: AccessErrorCode, said: Message, options?: ErrorOptions) {
    super(String(said), options);
    this.said = said;
    this.code = code;
  }
}

/**
 * The users of the cabinet, the people of the signed list, and their sessions. The caller checks the role. `invite`, `remove`, `setRole`
 * and `setPassword` end the open sessions of the user. Errors: `users` and changes reject with AccessError, for example for a damaged file
 * or if a change is refused.
 */
export interface AccessTools {
  logIn(request: LoginRequest): Promise<LoginAnswer>;
  /** Resolves when the session of this token ends; at once with `logout` if it has ended before or never existed. */
  ended(token: string): Promise<SessionEnd>;
  /** Ends the session; no effect if there is none. */
  logOut(token: string): void;
  /** Null if the session does not exist or has ended. Resets the idle timeout. */
  callerOf(token: string): Pick<Caller, 'user' | 'role'> | null;
  users(): Promise<readonly UserView[]>;
  add(user: string, role: Role): Promise<Invitation>;
  /** Gives an existing user a new one-time password in place of the password. */
  invite(user: string): Promise<Invitation>;
  remove(user: string): Promise<void>;
  setRole(user: string, role: Role): Promise<void>;
  /** `current` null: an admin sets the password. */
  setPassword(user: string, password: string, current: string | null): Promise<void>;
  /** Offers a new secret, which is in force once a code from it is confirmed. `proof` null: an admin does it. */
  offerCodes(user: string, proof: AccountProof | null): Promise<CodeOffer>;
  /** Puts the offered secret in force. Errors: rejects with AccessError, for example `wrong-code`. */
  confirmCodes(user: string, code: string): Promise<void>;
  /** Logins of this user then require no code. `proof` null: an admin does it. */
  dropCodes(user: string, proof: AccountProof | null): Promise<void>;
}

/** Usual folder of the socket on which users log in. Source: tmpfiles.d/luciole.conf. */
export const LOGIN_FOLDER = '/run/luciole-console';
/** Suffix of a login socket's name when it is in the folder of the machine's own socket. */
export const LOGIN_END = '-login.sock';

/**
 * Returns true if a path is `LOGIN_FOLDER`, is inside it, or ends with `LOGIN_END`. `/var/run/` counts as `/run/`. Judges the text alone:
 * no link is followed. The socket that requires no login must not have such a path.
 */
export function isLoginPlace(socketPath: string): boolean {
  const path = normalize(socketPath).replace(/^\/var\/run\//, '/run/');
  return path === LOGIN_FOLDER || path.startsWith(`${LOGIN_FOLDER}/`) || path.endsWith(LOGIN_END);
}
