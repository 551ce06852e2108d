/**
 * Checks logins: lockout, password, one-time password, codes.
 *
 * An unknown user takes the same time and gets the same answers as a wrong password.
 */

import { AccessError, type AccountProof, type LoginAnswer, type LoginRequest } from '../core/access.ts';
import type { Clock } from '../core/clock.ts';
import { NO_TEXT } from '../core/message.ts';
import { createFailureCounter, type FailureCounterParts, type LoginTry } from './failure-counter.ts';
import { type Hasher, passwordProblem } from './password.ts';
import type { CodeCheck } from './totp.ts';
import { isInvited, plainOneTime, type UserRegistry } from './user-registry.ts';
import type { UserRecord } from './users-file.ts';

/** The users, the hasher and the check of codes with which logins are checked, and what the counter of failed logins uses. */
export interface LoginHandlerParts extends FailureCounterParts {
  readonly users: UserRegistry;
  readonly hasher: Hasher;
  readonly codeCheck: CodeCheck;
}

/** Checks logins, and proofs that a user who is logged in is at the keyboard. */
export interface LoginHandler {
  /**
   * Resolves with the user's record after the login if it is correct, otherwise with the answer: what is wrong or still required.
   * `unavailable`: the users cannot be read or the new password not stored. A wrong password or code counts as a failed login, and a login
   * is wrong too if the user was removed or got another password during it. A login with a one-time password stores the new password.
   */
  judge(request: LoginRequest): Promise<UserRecord | LoginAnswer>;
  /**
   * Resolves with whether the password is correct, and also the code if it is not null and codes are in force. Also false while a login
   * of this user from an unknown console must wait. A wrong proof counts as a failed login; a correct code is used up. Errors: rejects
   * with AccessError if the users cannot be read.
   */
  isProven(user: string, proof: AccountProof): Promise<boolean>;
  /** The longest remaining wait of this user that is known now. Units: ms; 0 for no wait. */
  lockedMs(user: string): number;
}

/** Longest name that is checked. Units: characters. */
const MAX_NAME = 64;

/** Creates the check of logins, with its own counter of failed logins. The counts of earlier runs are read at the first check. */
export function createLoginHandler({ users, hasher, codeCheck, clock, log, store, onLocked }: LoginHandlerParts): LoginHandler {
  const failures = createFailureCounter({ clock, log, store, onLocked });

  /** The password is correct so far, so the attempt is not counted; the answer contains what else is required. */
  async function needsMore(by: LoginTry, answer: LoginAnswer): Promise<LoginAnswer> {
    await failures.refund(by);
    return answer;
  }

  const takeCode = (user: UserRecord, code: string): Promise<boolean> => takenCode({ users, codeCheck, log }, user, code);

  async function judgeKnown(user: UserRecord | null, request: LoginRequest, by: LoginTry): Promise<UserRecord | LoginAnswer> {
    const isOnce = user !== null && user.oneTime !== null;
    const isRight = await hasher.matches(isOnce ? plainOneTime(request.password) : request.password, user?.password ?? null);
    const wrong = (): LoginAnswer => ({ state: 'wrong', waitMs: failures.lockIfDue(by) });
    if (user === null || !isRight) return wrong();
    const refusal = newPasswordRefusal(user, request, clock);
    if (refusal !== null) return needsMore(by, refusal);
    if (user.codes?.isConfirmed === true && request.code === '')
      return needsMore(by, { state: 'code-needed', codes: codeCheck.codesNeeded() });
    // A code works only once, so it is checked last, when nothing else can fail.
    if (!(await takeCode(user, request.code))) return wrong();
    if (isOnce && (await presentIn(users, user)) === undefined) return wrong();
    const loggedIn = isOnce ? await users.setPassword(user.name, request.newPassword) : user;
    await failures.clear(by);
    return (await presentIn(users, loggedIn)) ?? wrong();
  }

  async function isProven(name: string, { password, code }: AccountProof): Promise<boolean> {
    await failures.restore();
    const user = (await users.all()).find((each) => each.name === name) ?? null;
    const by: LoginTry = { user: name, console: '', isKnown: user !== null };
    if (failures.waitMs(by) > 0) return false;
    await failures.count(by);
    const isRight = (await hasher.matches(password, user?.password ?? null)) && user !== null;
    const isProven = isRight && (code === null || (await takeCode(user, code)));
    if (isProven) await failures.clear(by);
    else failures.lockIfDue(by);
    return isProven;
  }

  return {
    judge: async (asked) => {
      const request = { ...asked, user: asked.user.slice(0, MAX_NAME) };
      await failures.restore();
      try {
        const known = await users.all();
        if (known.length === 0) return { state: 'no-users' };
        const user = known.find(({ name }) => name === request.user) ?? null;
        const by: LoginTry = { user: request.user, console: request.console, isKnown: user !== null };
        const waitMs = failures.waitMs(by);
        if (waitMs > 0) return { state: 'locked', waitMs };
        await failures.count(by);
        return await judgeKnown(user, request, by).catch(async (error: unknown) => {
          // The users are needed again only after the proof was correct.
          await failures.refund(by);
          throw error;
        });
      } catch (error) {
        if (error instanceof AccessError) return { state: 'unavailable', problem: error.said };
        throw error;
      }
    },
    isProven,
    lockedMs: (user) => failures.longestWaitMs(user),
  };
}

/** Accepts a code if it is correct; true if the user has no codes in force. */
async function takenCode(
  { users, codeCheck, log }: Pick<LoginHandlerParts, 'users' | 'codeCheck' | 'log'>,
  { name, codes }: UserRecord,
  code: string,
): Promise<boolean> {
  if (codes === null || !codes.isConfirmed) return true;
  const step = await codeCheck.stepOf(name, code, codes);
  if (step === null) return false;
  await users.codeTaken(name, step).catch((error: unknown) => log.event('login-code-not-saved', { error }, 'warning'));
  return true;
}

/** Resolves with the present record; undefined if the user was removed or got another password after this record was read. */
async function presentIn(users: UserRegistry, { name, password }: UserRecord): Promise<UserRecord | undefined> {
  return (await users.all()).find((each) => each.name === name && each.password === password);
}

/** Null if no new password is needed, or if the one in the request is acceptable. */
function newPasswordRefusal(user: UserRecord, { newPassword }: LoginRequest, clock: Clock): LoginAnswer | null {
  if (user.oneTime === null) return null;
  if (!isInvited(user, clock)) return { state: 'expired' };
  const problem = newPassword === '' ? NO_TEXT : passwordProblem(newPassword, user.name);
  return problem === null ? null : { state: 'new-password-needed', problem };
}
