/**
 * Counts of failed logins by console and name. Pure: state and attempt in, state out.
 *
 * A console from which this user has logged in before has separate counts; it identifies itself with a key that no other program has. All
 * other attempts share one set of counts. So wrong passwords sent to the socket do not lock a user at the console of the cabinet, and
 * invented keys give no additional tries.
 *
 * Source: OWASP Authentication Cheat Sheet, device cookies, each of which is valid for one user.
 */
import type { MonoMs } from '../core/clock.ts';
import {
  attempted,
  type Lockout,
  type LockoutFacts,
  lockoutFacts,
  lockoutWaitMs,
  NO_FAILURES,
  refunded,
  restoredLockout,
  succeeded,
} from './lockout.ts';

/** One attempt with a password. Shape: `user` is a hash of the name; `console` is a hash of the console's key, null without a key. */
export interface LoginAttempt {
  readonly user: string;
  readonly console: string | null;
  /** A user with this name exists. */
  readonly isKnown: boolean;
}

/** The counts of failed attempts to log in, and the latest consoles from which each user has logged in. */
export interface LoginFailures {
  /** The counts of all attempts that do not count in `consoles`. */
  readonly shared: Lockout;
  /** Counts by the hash of the console's key. An attempt counts here if `seen` has this console for its user. */
  readonly consoles: ReadonlyMap<string, Lockout>;
  /** By hash of the user's name: the latest consoles from which that user has logged in, newest last; at most four. At most 64 users. */
  readonly seen: ReadonlyMap<string, readonly string[]>;
}

/** The part of `LoginFailures` that is stored over a restart. Shape: `users` and `all` are the shared counts. Waits are not stored. */
export interface LoginFailureFacts extends LockoutFacts {
  /** Failures at known consoles, by hash of the key of the console. */
  readonly consoles: Readonly<Record<string, LockoutFacts>>;
  /** Hashes of the known consoles of each user, newest last, by hash of the name. */
  readonly seen: Readonly<Record<string, readonly string[]>>;
}

/** Most consoles kept for each user. Source: assumed; the serial ports of a cabinet and two laptops. A user can only displace their own. Confirmed by: a year of audit logs of a cabinet. */
const MAX_CONSOLES = 4;
/** Source: twice the number of users of a cabinet. */
const MAX_USERS_SEEN = 64;

/** The state without failed logins and without known consoles. */
export const NO_ATTEMPTS: LoginFailures = { shared: NO_FAILURES, consoles: new Map(), seen: new Map() };

/**
 * Returns how long this attempt must wait, by the counts of its console if `seen` has it for this user, otherwise by the shared ones.
 * Units: ms; 0 for no wait.
 */
export function loginWaitMs(state: LoginFailures, attempt: LoginAttempt, nowMono: MonoMs): number {
  return lockoutWaitMs(lockoutOf(state, ownConsole(state, attempt)), attempt.user, nowMono);
}

/**
 * Returns the longest of this user's waits: that at an unknown console, and that at each known one. `user`: a hash, as in `LoginAttempt`.
 * Units: ms; 0 for no wait.
 */
export function longestLoginWaitMs(state: LoginFailures, user: string, nowMono: MonoMs): number {
  const consoles = [null, ...(state.seen.get(user) ?? [])];
  return Math.max(...consoles.map((console) => loginWaitMs(state, { user, console, isKnown: true }, nowMono)));
}

/** Returns the state with this attempt counted as failed, in the counts that `loginWaitMs` uses. Call it before the password is checked. */
export function loginAttempted(state: LoginFailures, attempt: LoginAttempt, nowMono: MonoMs): LoginFailures {
  return changed(state, attempt, (lockout) => attempted(lockout, attempt.user, attempt.isKnown, nowMono));
}

/**
 * Returns the state after a correct password where a code or a new password is still required. The user's own count loses one failure, and
 * the wait caused by it ends. The attempt no longer counts among those of all users together.
 */
export function loginRefunded(state: LoginFailures, attempt: LoginAttempt): LoginFailures {
  return changed(state, attempt, (lockout) => refunded(lockout, attempt.user));
}

/**
 * Returns the state after a successful login: without the user's own count that `loginWaitMs` used, and with this console as a known one of
 * the user, if it has a key. The attempt no longer counts among those of all users together.
 */
export function loginSucceeded(state: LoginFailures, attempt: LoginAttempt): LoginFailures {
  return withConsole(
    changed(state, attempt, (lockout) => succeeded(lockout, attempt.user)),
    attempt,
  );
}

/**
 * Returns the part of the state that is stored over a restart, for `restoredLoginFailures`: numbers of failures, without waits, and the
 * known consoles.
 */
export function loginFailureFacts({ shared, consoles, seen }: LoginFailures): LoginFailureFacts {
  const counts = [...consoles].map(([console, lockout]) => [console, lockoutFacts(lockout)] as const);
  return { ...lockoutFacts(shared), consoles: Object.fromEntries(counts), seen: Object.fromEntries(seen) };
}

/**
 * Returns counts and known consoles of an earlier run. The wait of each count starts now, in full, even if it had ended. Errors: none;
 * invalid facts count as no attempts.
 */
export function restoredLoginFailures(facts: unknown, nowMono: MonoMs): LoginFailures {
  const { consoles, seen } = asFields(facts);
  const kept = Object.entries(asFields(seen)).flatMap(([user, value]) => {
    const names = Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
    return names.length === 0 ? [] : [[user, names.slice(-MAX_CONSOLES)] as const];
  });
  const state = {
    shared: restoredLockout(facts, nowMono),
    consoles: new Map(Object.entries(asFields(consoles)).map(([console, each]) => [console, restoredLockout(each, nowMono)] as const)),
    seen: new Map(kept.slice(-MAX_USERS_SEEN)),
  };
  return { ...state, consoles: inUse(state) };
}

/** The console with the counts that apply; null for the shared counts. */
function ownConsole({ seen }: LoginFailures, { user, console }: LoginAttempt): string | null {
  return console !== null && seen.get(user)?.includes(console) === true ? console : null;
}

function lockoutOf({ shared, consoles }: LoginFailures, own: string | null): Lockout {
  return own === null ? shared : (consoles.get(own) ?? NO_FAILURES);
}

function changed(state: LoginFailures, attempt: LoginAttempt, change: (lockout: Lockout) => Lockout): LoginFailures {
  const own = ownConsole(state, attempt);
  const next = change(lockoutOf(state, own));
  return own === null ? { ...state, shared: next } : { ...state, consoles: new Map(state.consoles).set(own, next) };
}

function withConsole(state: LoginFailures, { user, console }: LoginAttempt): LoginFailures {
  if (console === null) return state;
  const others = (state.seen.get(user) ?? []).filter((each) => each !== console);
  const seen = new Map(state.seen);
  seen.delete(user);
  seen.set(user, [...others, console].slice(-MAX_CONSOLES));
  const [oldest] = seen.keys();
  if (seen.size > MAX_USERS_SEEN && oldest !== undefined) seen.delete(oldest);
  return { ...state, seen, consoles: inUse({ ...state, seen }) };
}

/** The counts of consoles that still belong to a user. */
function inUse({ consoles, seen }: LoginFailures): LoginFailures['consoles'] {
  const used = new Set([...seen.values()].flat());
  return new Map([...consoles].filter(([console]) => used.has(console)));
}

function asFields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
