/** The user of a session, and the interface between shell and login. */
import type { LeastRole, Role } from '../../core/access.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Dialog } from './dialog.ts';

/** A session of the console: the name that its commands use as user, which may be unchecked, and the login if there is one. */
export interface ConsoleSession {
  /** Sent with each request to the agent; also names the file of past lines. */
  readonly user: string;
  /** Null for a user of the machine, who needs no login, and with `isStranger`. */
  readonly login: AgentSession | null;
  /** This console requires a login, but could connect to no agent that checks it. Shape: absent unless true. */
  readonly isStranger?: true;
}

/**
 * Returns the role that limits the files a session may name: that of its login, or `anyone` with `isStranger`. Null: no limit, as for a
 * user of the machine.
 */
export function filesRole({ login, isStranger }: Pick<ConsoleSession, 'login' | 'isStranger'>): LeastRole | null {
  return login?.role ?? (isStranger === true ? 'anyone' : null);
}

/** A session that the agent opened for a logged-in user. */
export interface AgentSession {
  readonly role: Role;
  /** Sent with each request of the session; the agent finds the session by it. */
  readonly token: string;
  /** Path of the socket for the requests of the session. */
  readonly socketPath: string;
  /** The console must end the session after this time without a key. Units: ms. */
  readonly idleMs: number;
  /** Resolves once the session has ended, for example by `leave`, by the agent, or by a lost connection. */
  readonly ended: Promise<unknown>;
  /** Ends the session in the agent: as a hang-up if `isLost`, otherwise as a logout. */
  leave(isLost: boolean): void;
}

/** How a session finds its user. */
export interface Login {
  /** Resolves with the session of a user, after prompts if needed; null if there is no session, for example after failed attempts. */
  open(dialog: Dialog): Promise<ConsoleSession | null>;
}

/** Returns a login for a user of the machine, without prompts or checks: its session has `login` null. */
export function machineLogin(user: string): Login {
  return { open: async () => ({ user, login: null }) };
}

/**
 * Returns a login without prompts, for a user whose login no agent could check. Its session has `login` null and `isStranger`, and for
 * files the role `anyone`.
 */
export function strangerLogin(user: string): Login {
  return { open: async () => ({ user, login: null, isStranger: true }) };
}

/** Returns the user of the session, and the socket and the token of the second argument, for requests to the agent. */
export function askerOf({ user }: ConsoleSession, { socketPath, token }: Pick<Terminal, 'socketPath' | 'token'>): Asker {
  return { user, socketPath, ...(token === undefined ? {} : { token }) };
}

/** The user and the socket of a request to the agent, and the token of a login. */
export type Asker = Pick<Terminal, 'user' | 'socketPath' | 'token'>;
