/**
 * How long a user must wait after wrong passwords. Pure: state and attempt in, state out.
 *
 * Every attempt counts as failed before it is checked and is taken back if it was right, so cutting the power in between gains nothing. A
 * wait is measured in monotonic time and starts again at a restart: a clock step neither ends nor prolongs it. Wrong passwords for other
 * names never delay a user who made no mistake. Emergency light needs no login, so a lock never keeps a street dark.
 */
import type { MonoMs } from '../core/clock.ts';

interface Count {
  readonly failures: number;
  readonly untilMono: MonoMs;
  readonly lastMono: MonoMs;
}

interface UserCount extends Count {
  /** Unknown names are forgotten first: a flood of them must not clear the count of a user. */
  readonly isKnown: boolean;
}

/** Failures of each name, and of all known names together. */
export interface Lockout {
  readonly users: ReadonlyMap<string, UserCount>;
  readonly all: Count;
  /** `all` before its latest attempt. */
  readonly allBefore: Count;
}

/** What is stored over a restart. */
export interface LockoutFacts {
  readonly users: Readonly<Record<string, number>>;
  readonly all: number;
}

interface Pace {
  /** Tries without a wait. */
  readonly free: number;
  readonly firstMs: number;
  readonly maxMs: number;
  /** One failure that costs a wait is forgiven after this long without an attempt. */
  readonly decayMs: number;
  /** One of the free failures is forgiven after this long without an attempt. */
  readonly forgiveMs: number;
}

/**
 * Units: ms. Source: reference values of OWASP and IEC 62443-4-2 CR 1.11: five tries, then 30 s doubling to 15 min. `decayMs` is the longest
 * wait, so a guesser who pauses gets no more tries than one who does not, and a user who comes later does not pay for the guesser.
 */
const PER_USER: Pace = { free: 5, firstMs: 30_000, maxMs: 900_000, decayMs: 900_000, forgiveMs: 6 * 3_600_000 };
/**
 * All known users together. Units: ms. Source: assumed. With the one try in six hours that each of 32 users has beside it, it allows no more
 * guesses than twenty tries and then two minutes for everybody would, in whichever order names are tried.
 */
const OVER_ALL: Pace = { free: 8, firstMs: 10_000, maxMs: 300_000, decayMs: 300_000, forgiveMs: 300_000 };
/** Names counted. Source: assumed; twice as many as a cabinet has users. */
const MAX_NAMES = 64;

const NONE: Count = { failures: 0, untilMono: Number.NEGATIVE_INFINITY, lastMono: Number.NEGATIVE_INFINITY };
export const NO_FAILURES: Lockout = { users: new Map(), all: NONE, allBefore: NONE };

/** Returns how long this user must wait. Units: ms; 0 for no wait. */
export function lockoutWaitMs({ users, all }: Lockout, user: string, nowMono: MonoMs): number {
  const own = users.get(user) ?? NONE;
  const isBoundByAll = failuresAt(own, PER_USER, nowMono) > 0;
  return Math.max(0, own.untilMono - nowMono, isBoundByAll ? all.untilMono - nowMono : 0);
}

/** Counts an attempt as failed. `isKnown`: there is a user of this name; for any other nothing can be guessed. */
export function attempted({ users, all, allBefore }: Lockout, user: string, isKnown: boolean, nowMono: MonoMs): Lockout {
  const next = new Map(users).set(user, { ...failed(users.get(user) ?? NONE, PER_USER, nowMono), isKnown });
  if (next.size > MAX_NAMES) next.delete(leastOf(next, user));
  return isKnown ? { users: next, all: failed(all, OVER_ALL, nowMono), allBefore: all } : { users: next, all, allBefore };
}

/** After a correct login: clears the user's failures; of the total only this attempt is taken back. */
export function succeeded({ users, ...rest }: Lockout, user: string): Lockout {
  const next = new Map(users);
  next.delete(user);
  return { users: next, ...withoutLatest(rest) };
}

/** After a step that was correct but did not end the login: takes back only this attempt. */
export function refunded({ users, ...rest }: Lockout, user: string): Lockout {
  const count = users.get(user);
  const next = new Map(users);
  if (count !== undefined) next.set(user, { ...takenBack(count), isKnown: true });
  return { users: next, ...withoutLatest(rest) };
}

/** A right password ends no wait that failures of others have begun: who has one could guess at those of others without waits. */
function withoutLatest({ all, allBefore }: Omit<Lockout, 'users'>): Omit<Lockout, 'users'> {
  // Taken back once: of attempts at the same time the second only counts less.
  if (allBefore !== all) return { all: allBefore, allBefore };
  return { all: { ...all, failures: Math.max(0, all.failures - 1) }, allBefore };
}

export function lockoutFacts({ users, all }: Lockout): LockoutFacts {
  return { users: Object.fromEntries([...users].map(([name, { failures }]) => [name, failures])), all: all.failures };
}

/** Restores the counts of an earlier run; a wait starts again in full. Errors: none; invalid facts count as no failures. */
export function restoredLockout(facts: unknown, nowMono: MonoMs): Lockout {
  const { users, all } = (typeof facts === 'object' && facts !== null ? facts : {}) as Partial<Record<keyof LockoutFacts, unknown>>;
  const names = typeof users === 'object' && users !== null ? Object.entries(users).slice(0, MAX_NAMES) : [];
  return {
    // Which of them are users shows at the next attempt.
    users: new Map(names.map(([name, failures]) => [name, { ...restored(failures, PER_USER, nowMono), isKnown: true }])),
    all: restored(all, OVER_ALL, nowMono),
    allBefore: NONE,
  };
}

function failed(count: Count, pace: Pace, nowMono: MonoMs): Count {
  const failures = failuresAt(count, pace, nowMono) + 1;
  return { failures, lastMono: nowMono, untilMono: nowMono + delayMs(failures, pace) };
}

/** What is left of the failures after the time without an attempt. */
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

/** The name to forget: an unknown one where there is one, of these the one with the fewest failures. */
function leastOf(users: ReadonlyMap<string, UserCount>, kept: string): string {
  const others = [...users].filter(([name]) => name !== kept);
  const unknown = others.filter(([, { isKnown }]) => !isKnown);
  const [first = ['', { failures: 0 }] as const, ...rest] = unknown.length > 0 ? unknown : others;
  return rest.reduce<readonly [string, { readonly failures: number }]>(
    (least, each) => (each[1].failures < least[1].failures ? each : least),
    first,
  )[0];
}
