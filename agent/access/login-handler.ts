/**
 * Lets people in: lockout, password, one-time password, codes.
 *
 * Owns the order of a login. An unknown user costs the same time and leads to the same answers as a wrong password. Called by the access desk.
 */
import { createHash } from 'node:crypto';
import type { LoginAnswer, LoginRequest } from '../core/access.ts';
import { AccessError } from '../core/access.ts';
import { type Clock, sleep } from '../core/clock.ts';
import type { Log, Store } from '../core/ports.ts';
import type { CodeCheck } from './code-check.ts';
import { attempted, type Lockout, lockoutFacts, lockoutWaitMs, NO_FAILURES, refunded, restoredLockout, succeeded } from './lockout.ts';
import { type Hasher, passwordProblem } from './password.ts';
import { isInvited, plainOneTime, type UserRegistry } from './user-registry.ts';
import type { UserRecord } from './users-file.ts';

export interface LoginHandlerParts {
  readonly book: UserRegistry;
  readonly hasher: Hasher;
  readonly codeCheck: CodeCheck;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, 'save' | 'load'>;
  /** A lock began. Shape: `user` null for one who is not there. */
  readonly onLocked: (user: string | null, waitMs: number) => void;
}

export interface LoginHandler {
  /** The user who may come in, or why not. */
  judge(request: LoginRequest): Promise<UserRecord | LoginAnswer>;
  /** Whether it is this user's password now. Counts like a login. */
  isPassword(user: string, password: string): Promise<boolean>;
  lockedMs(user: string): number;
}

const LOCKOUT_KEY = 'access.lockout';
/** Longest wait for a count to be on disk. Units: ms. Source: as for the id of a command. */
const SAVE_MS = 2_000;
/** Longest name looked at. Units: characters. */
const MAX_NAME = 64;
/** Source: 64 bits tell any users apart. */
const KEY_CHARS = 16;

/** A desk; the counts of earlier runs are read at the first login. */
export function createLoginHandler({ book, hasher, codeCheck, clock, log, store, onLocked }: LoginHandlerParts): LoginHandler {
  let lockout: Lockout = NO_FAILURES;
  let restoring: Promise<void> | null = null;

  async function restored(): Promise<void> {
    restoring ??= store.load(LOCKOUT_KEY).then((facts) => {
      lockout = restoredLockout(facts, clock.monoMs());
    });
    await Promise.race([restoring, sleep(clock, SAVE_MS)]);
  }

  /** A disk that takes no count must not keep a technician out: it then counts in memory. */
  async function counted(next: Lockout): Promise<void> {
    lockout = next;
    const saving = store.save(LOCKOUT_KEY, lockoutFacts(next));
    if (await Promise.race([saving, sleep(clock, SAVE_MS).then(() => false)])) return;
    log.event('login-count-not-saved', { check: 'the disk of store.dir' }, 'warning');
  }

  function wrong(name: string, isKnown: boolean): LoginAnswer {
    const wait = lockoutWaitMs(lockout, keyOf(name), clock.monoMs());
    if (wait > 0) onLocked(isKnown ? name : null, wait);
    return { state: 'wrong', waitMs: wait };
  }

  /** Right so far: the attempt is taken back, the answer says what else is needed. */
  async function more(user: string, answer: LoginAnswer): Promise<LoginAnswer> {
    await counted(refunded(lockout, keyOf(user)));
    return answer;
  }

  /** Null where no new password is needed, or the one that came will do. */
  function newPasswordRefusal(user: UserRecord, { newPassword }: LoginRequest): LoginAnswer | null {
    if (user.oneTime === null) return null;
    if (!isInvited(user, clock)) return { state: 'expired' };
    const problem = newPassword === '' ? '' : passwordProblem(newPassword, user.name);
    return problem === null ? null : { state: 'new-password-needed', problem };
  }

  async function codeRefusal({ name, codes }: UserRecord, { code }: LoginRequest): Promise<LoginAnswer | null> {
    if (codes === null || !codes.isConfirmed) return null;
    if (code === '') return more(name, { state: 'code-needed', codes: codeCheck.codesNeeded() });
    const step = await codeCheck.stepOf(name, code, codes);
    if (step === null) return wrong(name, true);
    await book.codeTaken(name, step).catch((error: unknown) => log.event('login-code-not-saved', { error }, 'warning'));
    return null;
  }

  async function judgeKnown(users: readonly UserRecord[], request: LoginRequest): Promise<UserRecord | LoginAnswer> {
    const user = users.find(({ name }) => name === request.user) ?? null;
    const isOnce = user !== null && user.oneTime !== null;
    const isRight = await hasher.matches(isOnce ? plainOneTime(request.password) : request.password, user?.password ?? null);
    if (user === null || !isRight) return wrong(request.user, user !== null);
    const refusal = newPasswordRefusal(user, request);
    if (refusal !== null) return more(user.name, refusal);
    // A code is good once: it is looked at when nothing else can be wrong.
    const unproven = await codeRefusal(user, request);
    if (unproven !== null) return unproven;
    if (isOnce) await book.setPassword(user.name, request.newPassword);
    await counted(succeeded(lockout, keyOf(user.name)));
    return user;
  }

  return {
    judge: async (asked) => {
      const request = { ...asked, user: asked.user.slice(0, MAX_NAME) };
      await restored();
      try {
        const users = await book.all();
        if (users.length === 0) return { state: 'no-users' };
        const wait = lockoutWaitMs(lockout, keyOf(request.user), clock.monoMs());
        if (wait > 0) return { state: 'locked', waitMs: wait };
        await counted(attempted(lockout, keyOf(request.user), clock.monoMs()));
        return await judgeKnown(users, request);
      } catch (error) {
        if (error instanceof AccessError) return { state: 'unavailable', problem: error.message };
        throw error;
      }
    },
    isPassword: async (name, password) => {
      await restored();
      if (lockoutWaitMs(lockout, keyOf(name), clock.monoMs()) > 0) return false;
      await counted(attempted(lockout, keyOf(name), clock.monoMs()));
      const user = (await book.all()).find((each) => each.name === name);
      const isRight = await hasher.matches(password, user?.password ?? null);
      if (isRight) await counted(succeeded(lockout, keyOf(name)));
      else wrong(name, user !== undefined);
      return isRight;
    },
    lockedMs: (user) => lockoutWaitMs(lockout, keyOf(user), clock.monoMs()),
  };
}

/** What is counted under: a name that was typed may be a password in the wrong place, which must not be kept. */
function keyOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, KEY_CHARS);
}
