/**
 * Counts failed logins, in memory and in the store. The counts survive a restart; `login-failures.ts` decides how long each user must wait.
 */
import { createHash } from 'node:crypto';
import { type Clock, sleep } from '../core/clock.ts';
import type { Log, Store } from '../core/ports.ts';
import { RetriedSave, recallStored } from '../core/retried-save.ts';
import {
  type LoginAttempt,
  type LoginFailures,
  loginAttempted,
  loginFailureFacts,
  loginRefunded,
  loginSucceeded,
  loginWaitMs,
  longestLoginWaitMs,
  NO_ATTEMPTS,
  restoredLoginFailures,
} from './login-failures.ts';

/** What the counter uses: the time, the log, the store for its counts, and the callback for a lock. */
export interface FailureCounterParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, 'save' | 'load'>;
  /** Called after a wrong attempt if the user must wait. Shape: `user` is null for a name that no user has. */
  readonly onLocked: (user: string | null, waitMs: number) => void;
}

/**
 * One attempt with a password. `user`: the name, which may be unknown. `console`: the secret key of the console, as the client sends it;
 * empty for none.
 */
export interface LoginTry {
  readonly user: string;
  readonly console: string;
  /** A user with this name exists. */
  readonly isKnown: boolean;
}

/**
 * Counts attempts that failed because of a password or code, and computes how long a user must wait because of them. Changes of the count
 * take effect at once; their promises resolve once the disk has answered, after 2 s at the latest.
 */
export interface FailureCounter {
  /** Reads the counts of earlier runs, unless this has succeeded; their waits start again in full. Waits at most 2 s for the disk. */
  restore(): Promise<void>;
  /** How long this attempt must wait. Units: ms; 0 for no wait. */
  waitMs(by: LoginTry): number;
  /** The longest wait of this user at any console. Units: ms; 0 for no wait. */
  longestWaitMs(user: string): number;
  /** Counts an attempt as failed; call it before the password is checked. */
  count(by: LoginTry): Promise<void>;
  /** Removes one attempt and its wait from the count: the password was correct, but a code or a new password is missing. */
  refund(by: LoginTry): Promise<void>;
  /**
   * Records a successful login: the failures of this user that `waitMs` uses no longer count, and the console, if it sent a key, is known
   * for this user.
   */
  clear(by: LoginTry): Promise<void>;
  /** Call after a wrong attempt. If the user must wait now, calls `onLocked`. Returns the wait. Units: ms; 0 for no wait. */
  lockIfDue(by: LoginTry): number;
}

const LOCKOUT_KEY = 'access.lockout';
/** Longest wait for the disk. Units: ms. Source: as for the id of a command. */
const DISK_MS = 2_000;
/** Length of a stored key in characters. Source: 64 bits distinguish any users. */
const KEY_CHARS = 16;

/** Most attempts that are counted again on counts that the disk gave late. Source: more than the waits allow in a day. */
const MAX_EARLY = 512;

/**
 * Creates a counter without failures. Call `restore` before the first login: until the counts of earlier runs are read, they cause no wait.
 */
export function createFailureCounter({ clock, log, store, onLocked }: FailureCounterParts): FailureCounter {
  type Change = (state: LoginFailures) => LoginFailures;
  let state: LoginFailures = NO_ATTEMPTS;
  /** Changes from before the stored counts could be read. */
  let early: readonly Change[] = [];
  const saves = new RetriedSave({
    clock,
    recall: () =>
      recallStored(store, LOCKOUT_KEY, (facts) => {
        state = early.reduce((counted, change) => change(counted), restoredLoginFailures(facts, clock.monoMs()));
        early = [];
      }),
    save: () => store.save(LOCKOUT_KEY, loginFailureFacts(state)),
    onFailed: () => {},
  });

  /** A disk that saves no count must not lock a technician out: the counts are then only in memory. */
  async function keep(change: Change): Promise<void> {
    state = change(state);
    if (!saves.isRecalled) early = [...early, change].slice(-MAX_EARLY);
    saves.now();
    if (await Promise.race([saves.latest, sleep(clock, DISK_MS).then(() => false)])) return;
    log.event('login-count-not-saved', { check: 'the disk of store.dir' }, 'warning');
  }

  const waitMs = (by: LoginTry): number => loginWaitMs(state, attemptOf(by), clock.monoMs());

  return {
    restore: async () => {
      if (!saves.isRecalled) await Promise.race([saves.restore(), sleep(clock, DISK_MS)]);
    },
    waitMs,
    longestWaitMs: (user) => longestLoginWaitMs(state, keyOf(user), clock.monoMs()),
    count: (by) => {
      const nowMono = clock.monoMs();
      return keep((counted) => loginAttempted(counted, attemptOf(by), nowMono));
    },
    refund: (by) => keep((counted) => loginRefunded(counted, attemptOf(by))),
    clear: (by) => keep((counted) => loginSucceeded(counted, attemptOf(by))),
    lockIfDue: (by) => {
      const wait = waitMs(by);
      if (wait > 0) onLocked(by.isKnown ? by.user : null, wait);
      return wait;
    },
  };
}

/** Stores hashes only: a typed name may be a password in the wrong field, and the key of a console is a secret. */
function attemptOf({ user, console, isKnown }: LoginTry): LoginAttempt {
  return { user: keyOf(user), console: console === '' ? null : keyOf(console), isKnown };
}

function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, KEY_CHARS);
}
