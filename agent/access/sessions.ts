/** Sessions of users who are logged in at a console. Tokens live in memory only, so a restart logs every user out. */
import { randomBytes } from 'node:crypto';
import type { Role, SessionEnd } from '../core/access.ts';
import type { Clock, Timer } from '../core/clock.ts';

/** A session ends after this time without a request. Units: ms. Source: OWASP ASVS 5.0, 7.3.1, and the values of obmc-console for serial consoles. */
export const IDLE_MS = 900_000;
/** Units: bytes. Source: OWASP ASVS 5.0, 7.2.3, at least 128 bits. */
const TOKEN_BYTES = 32;

interface Session {
  readonly user: string;
  readonly role: Role;
  readonly end: (how: SessionEnd) => void;
  readonly ended: Promise<SessionEnd>;
  idle: Timer;
}

/** The open sessions of logged-in users. A token identifies each session. */
export interface Sessions {
  /** Opens a session and returns its new token. Does not check the user; one user may have any number of sessions. */
  open(user: string, role: Role): string;
  /** Returns the user and role given to `open`, and restarts the idle timeout; null for an unknown token or an ended session. */
  touch(token: string): { readonly user: string; readonly role: Role } | null;
  /** Ends the session with `logout`. An unknown token has no effect. */
  end(token: string): void;
  /** Resolves with how the session ends, once it does; immediately with `logout` for an unknown token or a session that has already ended. */
  ended(token: string): Promise<SessionEnd>;
  /** Ends all sessions of a user with `changed`. */
  endAllOf(user: string): void;
  /** Returns the number of open sessions of a user. */
  countOf(user: string): number;
}

/**
 * Creates the registry of sessions, initially empty and only in memory. A session ends by `end`, `endAllOf`, or after `IDLE_MS` without
 * `touch`.
 */
export function createSessions(clock: Pick<Clock, 'after'>): Sessions {
  const open = new Map<string, Session>();
  const idleAfter = (end: Session['end']): Timer => clock.after(IDLE_MS, () => end('idle'));
  return {
    open: (user, role) => {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      let resolveEnd = (_how: SessionEnd): void => {};
      const ended = new Promise<SessionEnd>((resolve) => {
        resolveEnd = resolve;
      });
      const end = (how: SessionEnd): void => {
        open.get(token)?.idle.cancel();
        open.delete(token);
        resolveEnd(how);
      };
      open.set(token, { user, role, end, ended, idle: idleAfter(end) });
      return token;
    },
    touch: (token) => {
      const session = open.get(token);
      if (session === undefined) return null;
      session.idle.cancel();
      session.idle = idleAfter(session.end);
      return { user: session.user, role: session.role };
    },
    end: (token) => open.get(token)?.end('logout'),
    ended: (token) => open.get(token)?.ended ?? Promise.resolve('logout'),
    endAllOf: (user) => {
      for (const session of [...open.values()]) if (session.user === user) session.end('changed');
    },
    countOf: (user) => [...open.values()].filter((session) => session.user === user).length,
  };
}
