/**
 * Roles, logins and users of the cabinet and the folder of the login sockets, as console and access rooms share them.
 *
 * The table of commands names the least role of each command.
 */

import { normalize } from 'node:path';
import type { WallMs } from './clock.ts';
import { type Message, msg } from './message.ts';

/** Each role includes the rights of the one before it. Source: IEC 62443-4-2 CR 2.1; viewing, work at the street, ownership of the machine. */
export const ROLES = ['viewer', 'technician', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The least role that a command requires; `anyone` requires no login. */
export type LeastRole = 'anyone' | Role;

/** Returns whether a caller with this role may run a command; null is a caller without a login. */
export function mayUse(role: Role | null, least: LeastRole): boolean {
  if (least === 'anyone') return true;
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/**
 * The socket that a request arrives at: `agent`, for owners of the machine; `login`, for consoles that anyone can reach.
 *
 * Access to the first follows from its group; on the second a session identifies the caller.
 */
export type LoginSocket = 'agent' | 'login';

/** The caller of a request. `role` null: not logged in. */
export interface Caller {
  readonly user: string;
  readonly role: Role | null;
  readonly socketKind: LoginSocket;
}

/** A login attempt at a console. Passwords and codes stay in memory only as long as the request. */
export interface LoginRequest {
  readonly user: string;
  readonly password: string;
  /** One code, or two in a row; empty where none was asked for yet. */
  readonly code: string;
  /** The new password, with a login by one-time password; empty otherwise. */
  readonly newPassword: string;
  /** The key of the console that asks, by which a user is counted apart from other clients; empty for none. */
  readonly console: string;
}

/** Shows that it is still the user of a session who types. `code` null: the password alone; empty: no codes are in force. */
export interface AccountProof {
  readonly password: string;
  readonly code: string | null;
}

/** Limits of a password's length. Units: characters. Source: OWASP ASVS 5.0, 6.2.1 to 6.2.9: 8 at least, long ones must be allowed; 12 where no second factor is required. */
export const PASSWORD_LENGTH = { min: 12, max: 128 };
/** The rule for a new password, shown before the prompt. */
export const PASSWORD_RULE: Message = msg`${PASSWORD_LENGTH.min} to ${PASSWORD_LENGTH.max} characters, some of them letters; no common word, not the user's name`;

/** What became of it. Units: ms. */
export type LoginAnswer =
  | { readonly state: 'in'; readonly token: string; readonly user: string; readonly role: Role; readonly idleMs: number }
  /** Come again with a code: one, or two in a row while the cabinet's clock is not to be trusted. */
  | { readonly state: 'code-needed'; readonly codes: 1 | 2 }
  /** It was a one-time password: the login must be repeated with a new password. `problem` is why the last new one was refused. */
  | { readonly state: 'new-password-needed'; readonly problem: Message }
  | { readonly state: 'wrong'; readonly waitMs: number }
  | { readonly state: 'locked'; readonly waitMs: number }
  | { readonly state: 'expired' }
  | { readonly state: 'no-users' }
  /** The file of users cannot be read. */
  | { readonly state: 'unavailable'; readonly problem: Message };

export type SessionEnd = 'logout' | 'idle' | 'changed';

export interface UserView {
  readonly name: string;
  readonly role: Role;
  /** Set while the user has not logged in with the one-time password, which is valid until then. */
  readonly invitedUntilMs: WallMs | null;
  readonly hasCodes: boolean;
  /** Set for a person of the signed list, with the end of the right to log in. */
  readonly listedUntilMs?: WallMs;
  readonly sessions: number;
  /** What is left of a lock, of the longest one where several consoles count. Units: ms. */
  readonly lockedMs: number;
}

/** A person of the signed list that the platform sends. */
export interface ListedUser {
  readonly name: string;
  readonly role: Role;
  /** From then on the person is let in no longer. */
  readonly untilMs: WallMs;
  /** Hash of the password. */
  readonly password: string;
}

/** A signed list, verified. Its people are beside the users of the cabinet, never in their place. */
export interface UserList {
  /** When it was signed, which is also its version: a later one replaces it. Units: ms since 1970. */
  readonly serial: number;
  /** Id of the key in `trust.userKeys`. */
  readonly signedBy: string;
  readonly users: readonly ListedUser[];
}

/** A list whose signature counts. `role`: the highest that its key may give. */
export interface VerifiedUserList extends Pick<UserList, 'serial' | 'signedBy'> {
  /** Its text without the signature. */
  readonly list: string;
  readonly role: Role;
}

/** Why a signature does not count. */
export interface RefusedUserList {
  readonly refusal: Message;
}

/** The name under which the platform puts the list of users. */
export const USER_LIST_FILE = 'users.list';
/** Source: adduser's default pattern of Debian, shortened. */
export const USER_NAME = /^[a-z][a-z0-9_.-]{0,30}$/;

/** The lower of two roles. */
export function lowerRole(one: Role, other: Role): Role {
  return mayUse(one, other) ? other : one;
}

/** A one-time password. */
export interface Invitation {
  readonly user: string;
  readonly role: Role;
  readonly oneTimePassword: string;
  readonly untilMs: WallMs;
}

/** A secret for an authenticator app; shown only once. */
export interface CodeOffer {
  readonly user: string;
  /** Shape: base 32. */
  readonly secret: string;
  readonly uri: string;
}

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

/** A change of users that is refused; its message is for the person who requested it. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
  /** What to tell the person. */
  readonly said: Message;
  readonly code: AccessErrorCode;

  constructor(code: AccessErrorCode, said: Message, options?: ErrorOptions) {
    super(String(said), options);
    this.said = said;
    this.code = code;
  }
}

/** The users of the cabinet and their sessions. Errors: all changes reject with AccessError. */
export interface AccessTools {
  logIn(request: LoginRequest): Promise<LoginAnswer>;
  /** Resolves when the session of this token ends, at once where there is none. */
  ended(token: string): Promise<SessionEnd>;
  logOut(token: string): void;
  /** Null where the session does not exist or has ended. Resets the idle timeout. */
  callerOf(token: string): Pick<Caller, 'user' | 'role'> | null;
  users(): Promise<readonly UserView[]>;
  add(user: string, role: Role): Promise<Invitation>;
  /** Gives an existing user a new one-time password; the old password becomes invalid. */
  invite(user: string): Promise<Invitation>;
  remove(user: string): Promise<void>;
  setRole(user: string, role: Role): Promise<void>;
  /** `current` null: an admin sets it. */
  setPassword(user: string, password: string, current: string | null): Promise<void>;
  /** Codes are asked for only once one was confirmed; those in force before stay so until then. `proof` null: an admin does it. */
  offerCodes(user: string, proof: AccountProof | null): Promise<CodeOffer>;
  confirmCodes(user: string, code: string): Promise<void>;
  /** `proof` null: an admin does it. */
  dropCodes(user: string, proof: AccountProof | null): Promise<void>;
}

/** Source: tmpfiles.d/luciole.conf; its group may enter, and files in it are of that group. */
export const LOGIN_FOLDER = '/run/luciole-console';
/** Ending of a login socket's name where it lies in the folder of the machine's own socket. */
export const LOGIN_END = '-login.sock';

/**
 * Whether a socket of this path would be found by consoles that must log in. The machine's own socket asks nobody for a login, so it must
 * not be one. `/var/run` is `/run` (FHS 3.0 §5.13).
 */
export function isLoginPlace(socketPath: string): boolean {
  const path = normalize(socketPath).replace(/^\/var\/run\//, '/run/');
  return path === LOGIN_FOLDER || path.startsWith(`${LOGIN_FOLDER}/`) || path.endsWith(LOGIN_END);
}
