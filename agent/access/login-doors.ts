/**
 * Counts of failed logins by door and name. Pure: state and attempt in, state out.
 *
 * A door is a console from which this user has logged in before; the console shows this with a key that no other program has. All other
 * attempts come through one shared door. So wrong passwords sent to the socket do not lock a user at the console of the cabinet, and keys
 * that somebody makes up give no further tries.
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

export interface LoginDoors {
  readonly shared: Lockout;
  /** By console. */
  readonly consoles: ReadonlyMap<string, Lockout>;
  /** The consoles from which each user has logged in, the newest last. */
  readonly seen: ReadonlyMap<string, readonly string[]>;
}

/** What is stored over a restart. A release without doors reads the shared counts of it. */
export interface LoginDoorFacts extends LockoutFacts {
  readonly consoles: Readonly<Record<string, LockoutFacts>>;
  readonly seen: Readonly<Record<string, readonly string[]>>;
}

/** Consoles kept of each user. Source: assumed; the serial ports of a cabinet and two laptops. A user can replace only their own. */
const MAX_CONSOLES = 4;
/** Source: as of the users of a cabinet, twice. */
const MAX_USERS_SEEN = 64;

export const NO_ATTEMPTS: LoginDoors = { shared: NO_FAILURES, consoles: new Map(), seen: new Map() };

/** Units: ms; 0 for no wait. */
export function loginWaitMs(doors: LoginDoors, attempt: LoginAttempt, nowMono: MonoMs): number {
  return lockoutWaitMs(lockoutOf(doors, doorOf(doors, attempt)), attempt.user, nowMono);
}

/** Counts an attempt as failed. */
export function loginAttempted(doors: LoginDoors, attempt: LoginAttempt, nowMono: MonoMs): LoginDoors {
  return changed(doors, attempt, (lockout) => attempted(lockout, attempt.user, attempt.isKnown, nowMono));
}

/** A step was right, but did not end the login. */
export function loginRefunded(doors: LoginDoors, attempt: LoginAttempt): LoginDoors {
  return changed(doors, attempt, (lockout) => refunded(lockout, attempt.user));
}

/** The login succeeded: clears the failures behind this door, and keeps the console for this user. */
export function loginSucceeded(doors: LoginDoors, attempt: LoginAttempt): LoginDoors {
  return withConsole(
    changed(doors, attempt, (lockout) => succeeded(lockout, attempt.user)),
    attempt,
  );
}

export function loginDoorFacts({ shared, consoles, seen }: LoginDoors): LoginDoorFacts {
  const counts = [...consoles].map(([console, lockout]) => [console, lockoutFacts(lockout)] as const);
  return { ...lockoutFacts(shared), consoles: Object.fromEntries(counts), seen: Object.fromEntries(seen) };
}

/** Restores the counts of an earlier run; waits start again in full. Errors: none; invalid facts count as no attempts. */
export function restoredLoginDoors(facts: unknown, nowMono: MonoMs): LoginDoors {
  const { consoles, seen } = asFields(facts);
  const kept = Object.entries(asFields(seen)).flatMap(([user, value]) => {
    const names = Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
    return names.length === 0 ? [] : [[user, names.slice(-MAX_CONSOLES)] as const];
  });
  const doors = {
    shared: restoredLockout(facts, nowMono),
    consoles: new Map(Object.entries(asFields(consoles)).map(([console, each]) => [console, restoredLockout(each, nowMono)] as const)),
    seen: new Map(kept.slice(-MAX_USERS_SEEN)),
  };
  return { ...doors, consoles: inUse(doors) };
}

/** Null: the shared one. */
function doorOf({ seen }: LoginDoors, { user, console }: LoginAttempt): string | null {
  return console !== null && seen.get(user)?.includes(console) === true ? console : null;
}

function lockoutOf({ shared, consoles }: LoginDoors, door: string | null): Lockout {
  return door === null ? shared : (consoles.get(door) ?? NO_FAILURES);
}

function changed(doors: LoginDoors, attempt: LoginAttempt, change: (lockout: Lockout) => Lockout): LoginDoors {
  const door = doorOf(doors, attempt);
  const next = change(lockoutOf(doors, door));
  return door === null ? { ...doors, shared: next } : { ...doors, consoles: new Map(doors.consoles).set(door, next) };
}

function withConsole(doors: LoginDoors, { user, console }: LoginAttempt): LoginDoors {
  if (console === null) return doors;
  const others = (doors.seen.get(user) ?? []).filter((each) => each !== console);
  const seen = new Map(doors.seen);
  seen.delete(user);
  seen.set(user, [...others, console].slice(-MAX_CONSOLES));
  const [oldest] = seen.keys();
  if (seen.size > MAX_USERS_SEEN && oldest !== undefined) seen.delete(oldest);
  return { ...doors, seen, consoles: inUse({ ...doors, seen }) };
}

/** Counts of consoles that some user still has. */
function inUse({ consoles, seen }: LoginDoors): LoginDoors['consoles'] {
  const used = new Set([...seen.values()].flat());
  return new Map([...consoles].filter(([console]) => used.has(console)));
}

function asFields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
