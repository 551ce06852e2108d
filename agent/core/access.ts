/**
 * Roles, logins and users of the cabinet, as console and access rooms share them.
 *
 * The table of commands names the least role of each command.
 */
import type { WallMs } from './clock.ts';

/** Each may all that the one before may. Source: IEC 62443-4-2 CR 2.1; look, work at the street, own the machine. */
export const ROLES = ['viewer', 'technician', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a command asks for at least; `anyone` needs no login. */
export type LeastRole = 'anyone' | Role;

/** Whether someone may, who is logged in as `role`, or not at all. */
export function mayUse(role: Role | null, least: LeastRole): boolean {
  if (least === 'anyone') return true;
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/**
 * Where a request comes in: `agent`, the socket of those who own the machine; `login`, the socket of consoles that anyone can reach.
 *
 * Who may open the first is the group's business; on the second a session says who asks.
 */
export type LoginSocket = 'agent' | 'login';

/** Who asks. `role` null: not logged in. */
export interface Caller {
  readonly user: string;
  readonly role: Role | null;
  readonly door: LoginSocket;
}

/** Someone at a console, or who wants to be. Passwords and codes live in memory only as long as the request. */
export interface LoginRequest {
  readonly user: string;
  readonly password: string;
  /** One code, or two in a row; empty where none was asked for yet. */
  readonly code: string;
  /** For who comes with a one-time password; empty otherwise. */
  readonly newPassword: string;
}

/** How long a password may be. Units: characters. Source: OWASP ASVS 5.0, 6.2.1 to 6.2.9: 8 at least, long ones must be allowed; 12 where no second factor is required. */
export const PASSWORD_LENGTH = { min: 12, max: 128 };
/** What a new password must be, said before it is asked for. */
export const PASSWORD_RULE = `${PASSWORD_LENGTH.min} to ${PASSWORD_LENGTH.max} characters, some of them letters; no common word, not the user's name`;

/** What became of it. Units: ms. */
export type LoginAnswer =
  | { readonly state: 'in'; readonly token: string; readonly user: string; readonly role: Role; readonly idleMs: number }
  /** Come again with a code: one, or two in a row while the cabinet's clock is not to be trusted. */
  | { readonly state: 'code-needed'; readonly codes: 1 | 2 }
  /** The password was one for one time: come again with a new one. `problem` is what was against the last one. */
  | { readonly state: 'new-password-needed'; readonly problem: string }
  | { readonly state: 'wrong'; readonly waitMs: number }
  | { readonly state: 'locked'; readonly waitMs: number }
  | { readonly state: 'expired' }
  | { readonly state: 'no-users' }
  /** The file of users cannot be read. */
  | { readonly state: 'unavailable'; readonly problem: string };

export type SessionEnd = 'logout' | 'idle' | 'changed';

export interface UserView {
  readonly name: string;
  readonly role: Role;
  /** Has not come yet with the one-time password, which is good until then. */
  readonly invitedUntilMs: WallMs | null;
  readonly hasCodes: boolean;
  readonly sessions: number;
  /** What is left of a lock. Units: ms. */
  readonly lockedMs: number;
}

/** A password for one time. */
export interface Invitation {
  readonly user: string;
  readonly role: Role;
  readonly oneTimePassword: string;
  readonly untilMs: WallMs;
}

/** What is shown once, to be put into an authenticator. */
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
  | 'file';

/** A change of users that cannot be made; its message is for the person who asked. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
  readonly code: AccessErrorCode;

  constructor(code: AccessErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The users of the cabinet and their sessions. Errors: all changes reject with AccessError. */
export interface AccessTools {
  logIn(request: LoginRequest): Promise<LoginAnswer>;
  /** Resolves when the session of this token is over, at once when there is none. */
  ended(token: string): Promise<SessionEnd>;
  logOut(token: string): void;
  /** Null: no such session, or no more. Counts as a sign of life. */
  callerOf(token: string): Pick<Caller, 'user' | 'role'> | null;
  users(): Promise<readonly UserView[]>;
  add(user: string, role: Role): Promise<Invitation>;
  /** A new one-time password for a user who is there; the old password is good no more. */
  invite(user: string): Promise<Invitation>;
  remove(user: string): Promise<void>;
  setRole(user: string, role: Role): Promise<void>;
  /** `current` null: an admin sets it. */
  setPassword(user: string, password: string, current: string | null): Promise<void>;
  /** Codes are asked for only once one was confirmed. */
  offerCodes(user: string): Promise<CodeOffer>;
  confirmCodes(user: string, code: string): Promise<void>;
  dropCodes(user: string): Promise<void>;
}
