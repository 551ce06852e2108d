/** The user of a session, and the interface between the shell and a login. */
import type { LeastRole, Role } from '../../core/access.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Dialog } from './dialog.ts';

export interface ConsoleSession {
  /** Goes with each request to the agent, and names the lines typed before. */
  readonly user: string;
  /** Null for a user of the machine, who needs no login. */
  readonly login: AgentSession | null;
  /** This console requires a login, but no agent answered to check it. Shape: absent unless true. */
  readonly isStranger?: true;
}

/** The role by which a session names files of its console; null for a user of the machine, who may name any file. */
export function filesRole({ login, isStranger }: Pick<ConsoleSession, 'login' | 'isStranger'>): LeastRole | null {
  return login?.role ?? (isStranger === true ? 'anyone' : null);
}

/** A session that the agent has opened for a user who logged in. */
export interface AgentSession {
  readonly role: Role;
  readonly token: string;
  readonly socketPath: string;
  /** Without a key for so long it ends. Units: ms. */
  readonly idleMs: number;
  /** Resolves when the agent has ended it, or is gone. */
  readonly ended: Promise<unknown>;
  /** `isLost`: its person did not end it, so what it has put on trial returns. */
  leave(isLost: boolean): void;
}

export interface Login {
  /** Returns the session of a user, with questions where it needs them. Null: no user; the session is over. */
  open(dialog: Dialog): Promise<ConsoleSession | null>;
}

/** For a user who is logged in to the machine, over SSH or in its own shell: the rights of the agent's socket decide. */
export function machineLogin(user: string): Login {
  return { open: async () => ({ user, login: null }) };
}

/** At a console that asks for a login, while no agent answers: its files of users who logged in stay closed. */
export function strangerLogin(user: string): Login {
  return { open: async () => ({ user, login: null, isStranger: true }) };
}

/** User, socket and token for the requests of this session. */
export function askerOf({ user }: ConsoleSession, { socketPath, token }: Pick<Terminal, 'socketPath' | 'token'>): Asker {
  return { user, socketPath, ...(token === undefined ? {} : { token }) };
}

export type Asker = Pick<Terminal, 'user' | 'socketPath' | 'token'>;
