/** The user of a session, and the interface between shell and login. */
import type { LeastRole, Role } from '../../core/access.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Dialog } from './dialog.ts';

/** The user of a session, and the login if the user has logged in. */
export interface ConsoleSession {
  /** Sent with each request to the agent; also names the file of past lines. */
  readonly user: string;
  /** Null for a user of the machine, who needs no login, and with `isStranger`. */
  readonly login: AgentSession | null;
  /** This console requires a login, but no agent answered to check it. Shape: absent unless true. */
  readonly isStranger?: true;
}

/**
 * Returns the role that limits the files a session may name: `anyone` without a checked login. Null for a user of the machine, who may name
 * any file.
 */
export function filesRole({ login, isStranger }: Pick<ConsoleSession, 'login' | 'isStranger'>): LeastRole | null {
  return login?.role ?? (isStranger === true ? 'anyone' : null);
}

/** A session that the agent opened for a logged-in user. */
export interface AgentSession {
  readonly role: Role;
  readonly token: string;
  readonly socketPath: string;
  /** After this time without a key the console must end the session. Units: ms. */
  readonly idleMs: number;
  /** Resolves once the session has ended: by the agent, by a lost connection, or by `leave`. */
  readonly ended: Promise<unknown>;
  /**
   * Ends the session in the agent. `isLost`: the person did not end it, so the agent reverts the configuration that the session put on
   * trial, see `returnLostTrial`.
   */
  leave(isLost: boolean): void;
}

/** How a session finds its user. */
export interface Login {
  /** Resolves with the session of a user, after prompts if needed. Null: no user was found; the caller then ends the dialog. */
  open(dialog: Dialog): Promise<ConsoleSession | null>;
}

/**
 * Returns a login without prompts, for a user of the machine. Nothing is checked here: the permissions of the agent's socket decide whether
 * the requests of this user are accepted.
 */
export function machineLogin(user: string): Login {
  return { open: async () => ({ user, login: null }) };
}

/**
 * Returns a login without prompts, for a console that requires a login while no agent answers. Files of logged-in users stay inaccessible.
 */
export function strangerLogin(user: string): Login {
  return { open: async () => ({ user, login: null, isStranger: true }) };
}

/** Returns user, socket and token for the requests of this session. */
export function askerOf({ user }: ConsoleSession, { socketPath, token }: Pick<Terminal, 'socketPath' | 'token'>): Asker {
  return { user, socketPath, ...(token === undefined ? {} : { token }) };
}

/** The user and the socket of a request to the agent, and the token of a login. */
export type Asker = Pick<Terminal, 'user' | 'socketPath' | 'token'>;
