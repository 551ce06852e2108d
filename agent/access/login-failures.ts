/**
 * Counts of failed logins by console and name. Pure: state and attempt in, state out.
 *
 * A console from which this user has logged in before has counts of its own; it shows this with a key that no other program has. All other
 * attempts share one set of counts. So wrong passwords sent to the socket do not lock a user at the console of the cabinet, and keys that
 * somebody makes up give no further tries.
 *
 * Source: OWASP Authentication Cheat Sheet, device cookies, which are good for one user each.
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

/** One attempt. Shape: hashes; `console` null where the client has no key. */
export interface LoginAttempt {
  readonly user: string;
  readonly console: string | null;
  /** There is a user of this name. */
  readonly isKnown: boolean;
}

export interface LoginFailures {
  readonly shared: Lockout;
  /** By console. */
  readonly consoles: ReadonlyMap<string, Lockout>;
  /** The consoles from which each user has logged in, the newest last. */
  readonly seen: ReadonlyMap<string, readonly string[]>;
}

/** What is stored over a restart. A release without consoles reads the shared counts of it. */
export interface LoginFailureFacts extends LockoutFacts {
  readonly consoles: Readonly<Record<string, LockoutFacts>>;
  readonly seen: Readonly<Record<string, readonly string[]>>;
}

/** Consoles kept of each user. Source: assumed; the serial ports of a cabinet and two laptops. A user can replace only their own. */
const MAX_CONSOLES = 4;
/** Source: as of the users of a cabinet, twice. */
const MAX_USERS_SEEN = 64;

export const NO_ATTEMPTS: LoginFailures = { shared: NO_FAILURES, consoles: new Map(), seen: new Map() };

/** Units: ms; 0 for no wait. */
export function loginWaitMs(state: LoginFailures, attempt: LoginAttempt, nowMono: MonoMs): number {
  return lockoutWaitMs(lockoutOf(state, ownConsole(state, attempt)), attempt.user, nowMono);
}

/** The longest wait of this user, at any of their own consoles or elsewhere. Units: ms; 0 for no wait. */
export function longestLoginWaitMs(state: LoginFailures, user: string, nowMono: MonoMs): number {
  const consoles = [null, ...(state.seen.get(user) ?? [])];
  return Math.max(...consoles.map((console) => loginWaitMs(state, { user, console, isKnown: true }, nowMono)));
}

/** Counts an attempt as failed. */
export function loginAttempted(state: LoginFailures, attempt: LoginAttempt, nowMono: MonoMs): LoginFailures {
  return changed(state, attempt, (lockout) => attempted(lockout, attempt.user, attempt.isKnown, nowMono));
}

/** A step was right, but did not end the login. */
export function loginRefunded(state: LoginFailures, attempt: LoginAttempt): LoginFailures {
  return changed(state, attempt, (lockout) => refunded(lockout, attempt.user));
}

/** The login succeeded: clears the failures of the counts that applied, and keeps the console for this user. */
export function loginSucceeded(state: LoginFailures, attempt: LoginAttempt): LoginFailures {
  return withConsole(
    changed(state, attempt, (lockout) => succeeded(lockout, attempt.user)),
    attempt,
  );
}

export function loginFailureFacts({ shared, consoles, seen }: LoginFailures): LoginFailureFacts {
  const counts = [...consoles].map(([console, lockout]) => [console, lockoutFacts(lockout)] as const);
  return { ...lockoutFacts(shared), consoles: Object.fromEntries(counts), seen: Object.fromEntries(seen) };
}

/** Restores the counts of an earlier run; waits start again in full. Errors: none; invalid facts count as no attempts. */
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

/** The console whose counts apply; null for the shared ones. */
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

/** Counts of consoles that some user still has. */
function inUse({ consoles, seen }: LoginFailures): LoginFailures['consoles'] {
  const used = new Set([...seen.values()].flat());
  return new Map([...consoles].filter(([console]) => used.has(console)));
}

function asFields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
