/** Failed logins, counted in memory and in the store. The counts survive a restart; `lockout.ts` decides how long each user must wait. */
import { createHash } from 'node:crypto';
import { type Clock, sleep } from '../core/clock.ts';
import type { Log, Store } from '../core/ports.ts';
import { attempted, type Lockout, lockoutFacts, lockoutWaitMs, NO_FAILURES, refunded, restoredLockout, succeeded } from './lockout.ts';

export interface FailureCounterParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, 'save' | 'load'>;
  /** A lock began. Shape: `user` null for an unknown one. */
  readonly onLocked: (user: string | null, waitMs: number) => void;
}

/** Failed logins of each user, named as typed. */
export interface FailureCounter {
  /** Reads the counts of earlier runs, once. Resolves after a bounded wait where the disk does not respond. */
  restore(): Promise<void>;
  /** How long this user must wait. Units: ms; 0 for not at all. */
  waitMs(user: string): number;
  /** Counts an attempt as failed, before it is checked. */
  count(user: string): Promise<void>;
  /** Takes back one attempt: right as far as it went. */
  refund(user: string): Promise<void>;
  /** Forgets this user's failures: the login succeeded. */
  clear(user: string): Promise<void>;
  /** After a wrong attempt: reports a lock that began, and returns its wait. Units: ms. */
  lockIfDue(user: string, isKnown: boolean): number;
}

const LOCKOUT_KEY = 'access.lockout';
/** Longest wait for the disk. Units: ms. Source: as for the id of a command. */
const DISK_MS = 2_000;
/** Source: 64 bits tell any users apart. */
const KEY_CHARS = 16;

/** At first nothing is counted; call `restore` before the first login. */
export function createFailureCounter({ clock, log, store, onLocked }: FailureCounterParts): FailureCounter {
  let lockout: Lockout = NO_FAILURES;
  let restoring: Promise<void> | null = null;

  /** A disk that saves no count must not lock a technician out: the counts then live in memory. */
  async function keep(next: Lockout): Promise<void> {
    lockout = next;
    const saving = store.save(LOCKOUT_KEY, lockoutFacts(next));
    if (await Promise.race([saving, sleep(clock, DISK_MS).then(() => false)])) return;
    log.event('login-count-not-saved', { check: 'the disk of store.dir' }, 'warning');
  }

  const waitMs = (user: string): number => lockoutWaitMs(lockout, keyOf(user), clock.monoMs());

  return {
    restore: async () => {
      restoring ??= store.load(LOCKOUT_KEY).then((facts) => {
        lockout = restoredLockout(facts, clock.monoMs());
      });
      await Promise.race([restoring, sleep(clock, DISK_MS)]);
    },
    waitMs,
    count: (user) => keep(attempted(lockout, keyOf(user), clock.monoMs())),
    refund: (user) => keep(refunded(lockout, keyOf(user))),
    clear: (user) => keep(succeeded(lockout, keyOf(user))),
    lockIfDue: (user, isKnown) => {
      const wait = waitMs(user);
      if (wait > 0) onLocked(isKnown ? user : null, wait);
      return wait;
    },
  };
}

/** The key of a user's count. A typed name may be a password in the wrong place, so it is not stored as text. */
function keyOf(user: string): string {
  return createHash('sha256').update(user).digest('hex').slice(0, KEY_CHARS);
}
