/**
 * How long a user must wait after wrong passwords. Pure: state and attempt in, state out.
 *
 * Every attempt counts as failed before it is checked and is taken back if it was right, so cutting the power in between gains nothing. A
 * wait is measured in monotonic time and starts again at a restart: a clock step neither ends nor prolongs it. Emergency light needs no
 * login, so a lock never keeps a street dark.
 */
import type { MonoMs } from '../core/clock.ts';

interface Count {
  readonly failures: number;
  readonly untilMono: MonoMs;
  readonly lastMono: MonoMs;
}

export interface Lockout {
  readonly users: ReadonlyMap<string, Count>;
  readonly all: Count;
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
  /** One failure is forgiven after this long. */
  readonly forgiveMs: number;
}

/** Units: ms. Source: reference values of OWASP and IEC 62443-4-2 CR 1.11: five tries, then 30 s doubling to 15 min. */
const PER_USER: Pace = { free: 5, firstMs: 30_000, maxMs: 900_000, forgiveMs: 6 * 3_600_000 };
/** All users together; its longest wait is short, so that an attacker cannot lock out the real users. Units: ms. Source: assumed. */
const OVER_ALL: Pace = { free: 20, firstMs: 10_000, maxMs: 120_000, forgiveMs: 300_000 };
/** Names counted; the one with the fewest failures goes first. Source: assumed; far more than a cabinet has users. */
const MAX_NAMES = 64;

const NONE: Count = { failures: 0, untilMono: Number.NEGATIVE_INFINITY, lastMono: Number.NEGATIVE_INFINITY };
export const NO_FAILURES: Lockout = { users: new Map(), all: NONE };

/** Returns how long this user must wait. Units: ms; 0 for no wait. */
export function lockoutWaitMs({ users, all }: Lockout, user: string, nowMono: MonoMs): number {
  return Math.max(0, (users.get(user) ?? NONE).untilMono - nowMono, all.untilMono - nowMono);
}

/** Counts an attempt as failed. */
export function attempted({ users, all }: Lockout, user: string, nowMono: MonoMs): Lockout {
  const next = new Map(users).set(user, failed(users.get(user) ?? NONE, PER_USER, nowMono));
  if (next.size > MAX_NAMES) next.delete(leastOf(next, user));
  return { users: next, all: failed(all, OVER_ALL, nowMono) };
}

/** After a correct login: clears the user's failures; of the total only this attempt is taken back. */
export function succeeded({ users, all }: Lockout, user: string): Lockout {
  const next = new Map(users);
  next.delete(user);
  return { users: next, all: takenBack(all) };
}

/** After a step that was correct but did not end the login: takes back only this attempt. */
export function refunded({ users, all }: Lockout, user: string): Lockout {
  const count = users.get(user);
  const next = new Map(users);
  if (count !== undefined) next.set(user, takenBack(count));
  return { users: next, all: takenBack(all) };
}

export function lockoutFacts({ users, all }: Lockout): LockoutFacts {
  return { users: Object.fromEntries([...users].map(([name, { failures }]) => [name, failures])), all: all.failures };
}

/** Restores the counts of an earlier run; a wait starts again in full. Errors: none; invalid facts count as no failures. */
export function restoredLockout(facts: unknown, nowMono: MonoMs): Lockout {
  const { users, all } = (typeof facts === 'object' && facts !== null ? facts : {}) as Partial<Record<keyof LockoutFacts, unknown>>;
  const names = typeof users === 'object' && users !== null ? Object.entries(users).slice(0, MAX_NAMES) : [];
  return {
    users: new Map(names.map(([name, failures]) => [name, restored(failures, PER_USER, nowMono)])),
    all: restored(all, OVER_ALL, nowMono),
  };
}

function failed(count: Count, pace: Pace, nowMono: MonoMs): Count {
  const forgiven = Math.floor(Math.max(0, nowMono - count.lastMono) / pace.forgiveMs);
  const failures = Math.max(0, count.failures - forgiven) + 1;
  return { failures, lastMono: nowMono, untilMono: nowMono + delayMs(failures, pace) };
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

function leastOf(users: ReadonlyMap<string, Count>, kept: string): string {
  let least = '';
  let fewest = Number.POSITIVE_INFINITY;
  for (const [name, { failures }] of users) {
    if (name === kept || failures >= fewest) continue;
    [least, fewest] = [name, failures];
  }
  return least;
}
