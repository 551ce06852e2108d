/**
 * Checks logins: lockout, password, one-time password, codes.
 *
 * An unknown user costs the same time and gets the same answers as a wrong password.
 */
import { AccessError, type LoginAnswer, type LoginRequest } from '../core/access.ts';
import type { Clock } from '../core/clock.ts';
import type { CodeCheck } from './code-check.ts';
import { createFailureCounter, type FailureCounterParts } from './failure-counter.ts';
import { type Hasher, passwordProblem } from './password.ts';
import { isInvited, plainOneTime, type UserRegistry } from './user-registry.ts';
import type { UserRecord } from './users-file.ts';

/** What logins are checked with, and who is notified of a lock. */
export interface LoginHandlerParts extends FailureCounterParts {
  readonly users: UserRegistry;
  readonly hasher: Hasher;
  readonly codeCheck: CodeCheck;
}

/** Decides on logins. Errors: `isPassword` rejects with AccessError. */
export interface LoginHandler {
  /** Returns the user who may come in, or why not. */
  judge(request: LoginRequest): Promise<UserRecord | LoginAnswer>;
  /** Whether it is this user's password now. Counts like a login. */
  isPassword(user: string, password: string): Promise<boolean>;
  /** What is left of this user's lock. Units: ms. */
  lockedMs(user: string): number;
}

/** Longest name looked at. Units: characters. */
const MAX_NAME = 64;

/** The counts of earlier runs are read at the first login. */
export function createLoginHandler({ users, hasher, codeCheck, clock, log, store, onLocked }: LoginHandlerParts): LoginHandler {
  const failures = createFailureCounter({ clock, log, store, onLocked });

  /** The password is right so far: the attempt is taken back; the answer names what else is needed. */
  async function needsMore(user: string, answer: LoginAnswer): Promise<LoginAnswer> {
    await failures.refund(user);
    return answer;
  }

  async function codeRefusal({ name, codes }: UserRecord, { code }: LoginRequest): Promise<LoginAnswer | null> {
    if (codes === null || !codes.isConfirmed) return null;
    if (code === '') return needsMore(name, { state: 'code-needed', codes: codeCheck.codesNeeded() });
    const step = await codeCheck.stepOf(name, code, codes);
    if (step === null) return { state: 'wrong', waitMs: failures.lockIfDue(name, true) };
    await users.codeTaken(name, step).catch((error: unknown) => log.event('login-code-not-saved', { error }, 'warning'));
    return null;
  }

  async function judgeKnown(known: readonly UserRecord[], request: LoginRequest): Promise<UserRecord | LoginAnswer> {
    const user = known.find(({ name }) => name === request.user) ?? null;
    const isOnce = user !== null && user.oneTime !== null;
    const isRight = await hasher.matches(isOnce ? plainOneTime(request.password) : request.password, user?.password ?? null);
    if (user === null || !isRight) return { state: 'wrong', waitMs: failures.lockIfDue(request.user, user !== null) };
    const refusal = newPasswordRefusal(user, request, clock);
    if (refusal !== null) return needsMore(user.name, refusal);
    // A code is good once, so it is checked when nothing else can be wrong.
    const unproven = await codeRefusal(user, request);
    if (unproven !== null) return unproven;
    if (isOnce) await users.setPassword(user.name, request.newPassword);
    await failures.clear(user.name);
    return user;
  }

  return {
    judge: async (asked) => {
      const request = { ...asked, user: asked.user.slice(0, MAX_NAME) };
      await failures.restore();
      try {
        const known = await users.all();
        if (known.length === 0) return { state: 'no-users' };
        const waitMs = failures.waitMs(request.user);
        if (waitMs > 0) return { state: 'locked', waitMs };
        await failures.count(request.user);
        return await judgeKnown(known, request);
      } catch (error) {
        if (error instanceof AccessError) return { state: 'unavailable', problem: error.message };
        throw error;
      }
    },
    isPassword: async (name, password) => {
      await failures.restore();
      if (failures.waitMs(name) > 0) return false;
      await failures.count(name);
      const user = (await users.all()).find((each) => each.name === name);
      const isRight = await hasher.matches(password, user?.password ?? null);
      if (isRight) await failures.clear(name);
      else failures.lockIfDue(name, user !== undefined);
      return isRight;
    },
    lockedMs: failures.waitMs,
  };
}

/** Null where no new password is needed, or where the one in the request is good. */
function newPasswordRefusal(user: UserRecord, { newPassword }: LoginRequest, clock: Clock): LoginAnswer | null {
  if (user.oneTime === null) return null;
  if (!isInvited(user, clock)) return { state: 'expired' };
  const problem = newPassword === '' ? '' : passwordProblem(newPassword, user.name);
  return problem === null ? null : { state: 'new-password-needed', problem };
}
