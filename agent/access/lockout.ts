/**
 * How long a user must wait after wrong passwords. Pure: state and attempt in, state out.
 *
 * Every attempt is counted as failed before it is checked, and the count is corrected if it was right, so cutting the power in between
 * gains nothing. A wait is measured in monotonic time and starts again at a restart: a clock step neither ends nor prolongs it. Wrong
 * passwords for other names never delay a user who made no mistake. Emergency light needs no login, so a lock never keeps a street dark.
 */
import type { MonoMs } from '../core/clock.ts';

interface Count {
  readonly failures: number;
  readonly untilMono: MonoMs;
  readonly lastMono: MonoMs;
}

interface UserCount extends Count {
  /** When the table is full, unknown names are removed first: a flood of them must not clear the count of a user. */
  readonly isKnown: boolean;
}

/**
 * Counts of failed attempts, each as it was at its latest attempt, with their waits. `users`: by the name, or its hash, that the caller
 * gave; also unknown names. `all`: the failed attempts of existing users together.
 */
export interface Lockout {
  readonly users: ReadonlyMap<string, UserCount>;
  readonly all: Count;
  /** `all` before the latest attempt that counts in it, to undo that attempt. */
  readonly allBefore: Count;
}

/**
 * The part that is stored over a restart: numbers of failures, as in `Lockout` by name or hash (`users`), and of the existing users
 * together (`all`). Waits are not stored.
 */
export interface LockoutFacts {
  readonly users: Readonly<Record<string, number>>;
  readonly all: number;
}

interface Pace {
  /** Attempts without a wait. */
  readonly free: number;
  readonly firstMs: number;
  readonly maxMs: number;
  /** After this long without an attempt, one failure above `free` is removed. Units: ms. */
  readonly decayMs: number;
  /** After this long without an attempt, one of the free failures is removed. Units: ms. */
  readonly forgiveMs: number;
}

/**
 * Units: ms. Source: reference values of OWASP and IEC 62443-4-2 CR 1.11: five tries, then 30 s doubling to 15 min. `decayMs` equals the
 * longest wait, so a guesser who pauses gets no additional tries, and a later user does not have to wait because of the guesser.
 */
const PER_USER: Pace = { free: 5, firstMs: 30_000, maxMs: 900_000, decayMs: 900_000, forgiveMs: 6 * 3_600_000 };
/**
 * All known users together. Units: ms. Source: assumed. Each of 32 users also has one try in six hours without this wait. Together that
 * allows no more guesses than twenty tries followed by a wait of two minutes for all users, in any order of names. Confirmed by: the login
 * failures of a year of audit logs.
 */
const OVER_ALL: Pace = { free: 8, firstMs: 10_000, maxMs: 300_000, decayMs: 300_000, forgiveMs: 300_000 };
/** Most names counted. Source: assumed; twice as many as a cabinet has users. Confirmed by: the number of users of the cabinets in service. */
const MAX_NAMES = 64;

const NONE: Count = { failures: 0, untilMono: Number.NEGATIVE_INFINITY, lastMono: Number.NEGATIVE_INFINITY };
/** The state without any failed attempt, so without waits. `allBefore`: `all` before its latest attempt, to undo that attempt. */
export const NO_FAILURES: Lockout = { users: new Map(), all: NONE, allBefore: NONE };

/**
 * Returns how long this user must wait until the next attempt. The wait of `all` counts only for a user who has own failures. Units: ms;
 * 0 for no wait.
 */
export function lockoutWaitMs({ users, all }: Lockout, user: string, nowMono: MonoMs): number {
  const own = users.get(user) ?? NONE;
  const isBoundByAll = failuresAt(own, PER_USER, nowMono) > 0;
  return Math.max(0, own.untilMono - nowMono, isBoundByAll ? all.untilMono - nowMono : 0);
}

/**
 * Returns the state with this attempt counted as failed. Call it before the password is checked. Then call `succeeded` for a correct login,
 * or `refunded` for a correct password that is not enough; neither if password or code is wrong. `isKnown`: a user with this name exists;
 * only then the attempt counts in `all` too. At most 64 names are counted: one more removes the count of another name.
 */
export function attempted({ users, all, allBefore }: Lockout, user: string, isKnown: boolean, nowMono: MonoMs): Lockout {
  const next = new Map(users).set(user, { ...failed(users.get(user) ?? NONE, PER_USER, nowMono), isKnown });
  if (next.size > MAX_NAMES) next.delete(leastOf(next, user));
  return isKnown ? { users: next, all: failed(all, OVER_ALL, nowMono), allBefore: all } : { users: next, all, allBefore };
}

/** Returns the state after a correct login, without the user's own count. The attempt no longer counts in `all`. */
export function succeeded({ users, ...rest }: Lockout, user: string): Lockout {
  const next = new Map(users);
  next.delete(user);
  return { users: next, ...withoutLatest(rest) };
}

/**
 * Returns the state after a correct password where a code or a new password is still required. The user's own count loses one
 * failure, and the wait caused by it ends. The attempt no longer counts in `all`.
 */
export function refunded({ users, ...rest }: Lockout, user: string): Lockout {
  const count = users.get(user);
  const next = new Map(users);
  if (count !== undefined) next.set(user, { ...takenBack(count), isKnown: true });
  return { users: next, ...withoutLatest(rest) };
}

/** A correct password does not end a wait caused by failures of other users: otherwise its owner could guess their passwords without waits. */
function withoutLatest({ all, allBefore }: Omit<Lockout, 'users'>): Omit<Lockout, 'users'> {
  // Restores the state before the attempt only once: of two concurrent attempts the second only reduces the count.
  if (allBefore !== all) return { all: allBefore, allBefore };
  return { all: { ...all, failures: Math.max(0, all.failures - 1) }, allBefore };
}

/** Returns the part of the state that is stored over a restart, for `restoredLockout`: the numbers of failures, without waits and times. */
export function lockoutFacts({ users, all }: Lockout): LockoutFacts {
  return { users: Object.fromEntries([...users].map(([name, { failures }]) => [name, failures])), all: all.failures };
}

/**
 * Returns the counts of an earlier run. The wait of each count starts now, in full, even if it had ended. Errors: none; invalid facts count
 * as no failures.
 */
export function restoredLockout(facts: unknown, nowMono: MonoMs): Lockout {
  const { users, all } = (typeof facts === 'object' && facts !== null ? facts : {}) as Partial<Record<keyof LockoutFacts, unknown>>;
  const names = typeof users === 'object' && users !== null ? Object.entries(users).slice(0, MAX_NAMES) : [];
  return {
    // The next attempt shows which of them are users.
    users: new Map(names.map(([name, failures]) => [name, { ...restored(failures, PER_USER, nowMono), isKnown: true }])),
    all: restored(all, OVER_ALL, nowMono),
    allBefore: NONE,
  };
}

function failed(count: Count, pace: Pace, nowMono: MonoMs): Count {
  const failures = failuresAt(count, pace, nowMono) + 1;
  return { failures, lastMono: nowMono, untilMono: nowMono + delayMs(failures, pace) };
}

/** The failures that remain after the time without an attempt. */
function failuresAt({ failures, lastMono }: Count, { free, decayMs, forgiveMs }: Pace, nowMono: MonoMs): number {
  const idleMs = Math.max(0, nowMono - lastMono);
  const costly = Math.max(0, failures - free + 1);
  const decayed = Math.min(costly, Math.floor(idleMs / decayMs));
  if (decayed < costly) return failures - decayed;
  return Math.max(0, failures - costly - Math.floor((idleMs - costly * decayMs) / forgiveMs));
}

function delayMs(failures: number, { free, firstMs, maxMs }: Pace): number {
  if (failures < free) return 0;
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - free, 20));
}

function takenBack(count: Count): Count {
  return { ...count, failures: Math.max(0, count.failures - 1), untilMono: Number.NEGATIVE_INFINITY };
}

function restored(failures: unknown, pace: Pace, nowMono: MonoMs): Count {
  if (typeof failures !== 'number' || !Number.isSafeInteger(failures) || failures <= 0) return NONE;
  return { failures, lastMono: nowMono, untilMono: nowMono + delayMs(failures, pace) };
}

/** The name to remove: the unknown name with the fewest failures, or a known one if there is no unknown one. */
function leastOf(users: ReadonlyMap<string, UserCount>, kept: string): string {
  const others = [...users].filter(([name]) => name !== kept);
  const unknown = others.filter(([, { isKnown }]) => !isKnown);
  const [first = ['', { failures: 0 }] as const, ...rest] = unknown.length > 0 ? unknown : others;
  return rest.reduce<readonly [string, { readonly failures: number }]>(
    (least, each) => (each[1].failures < least[1].failures ? each : least),
    first,
  )[0];
}
