/**
 * The users of the cabinet: add, invite, change, remove.
 *
 * Checks names and passwords, and that an admin remains. It does not check whether the caller may make the change: the gate does that.
 */

import { randomBytes } from 'node:crypto';
import { AccessError, type CodeOffer, type Invitation, NO_USER, type Role, USER_NAME } from '../core/access.ts';
import { type Clock, isTrusted } from '../core/clock.ts';
import { msg } from '../core/message.ts';
import { type Hasher, passwordProblem } from './password.ts';
import { type CodeState, keyUri, newTotpSecret } from './totp.ts';
import type { UserRecord, UsersFile } from './users-file.ts';

/**
 * Where users are stored, how passwords are hashed, and the clock from which the validity of a new one-time password counts. `cabinetId` is
 * part of the account name in an authenticator app.
 */
export interface UserRegistryParts {
  readonly file: UsersFile;
  readonly hasher: Hasher;
  readonly clock: Pick<Clock, 'wallMs' | 'quality'>;
  readonly cabinetId: string;
}

/**
 * The users of the cabinet. `add` and `invite` resolve with a new one-time password; that of `invite` replaces the user's password. Codes
 * are those of an authenticator app, a second factor.
 *
 * Errors: methods reject with AccessError, for example if the file cannot be read or written.
 */
export interface UserRegistry {
  /** May also contain people of the signed list, see `listedUntilMs`; changes of them are refused. */
  all(): Promise<readonly UserRecord[]>;
  add(name: string, role: Role): Promise<Invitation>;
  invite(name: string): Promise<Invitation>;
  remove(name: string): Promise<void>;
  setRole(name: string, role: Role): Promise<void>;
  /** Also ends an invitation. Resolves with the new record. */
  setPassword(name: string, password: string): Promise<UserRecord>;
  /** Stores a new key, which replaces an earlier offer. The codes in force, if any, are not changed. */
  offerCodes(name: string): Promise<CodeOffer>;
  /** Stores this step as the last used one; no effect for a user without codes. */
  codeTaken(name: string, step: number): Promise<void>;
  /**
   * Puts the offered codes in force instead of the present ones, with their last used step. Rejects if this key is no longer the offered
   * one.
   */
  offerTaken(name: string, taken: CodeState): Promise<void>;
  /** Removes the codes in force and those offered, if any. */
  dropCodes(name: string): Promise<void>;
}

/** How long a one-time password is valid. Units: ms. Source: assumed; issued on a Friday, used on a Monday. Confirmed by: the time between invitation and first login in audit logs. */
const INVITED_MS = 72 * 3_600_000;
/** Without 0, 1, I, L, O, U, because it is read aloud and typed outdoors. Source: Crockford's base 32 without 0 and 1. 75 bits in 16 letters. */
const LETTERS = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const LETTER_COUNT = 16;
const GROUP = 4;
const MAX_USERS = 32;

/** Creates the registry on this file. Changes are applied one at a time, each to the present content. A refused change writes nothing. */
export function createUserRegistry({ file, hasher, clock, cabinetId }: UserRegistryParts): UserRegistry {
  const change = createChanges(file);
  const changeOne = (name: string, act: (user: UserRecord) => UserRecord): Promise<void> =>
    change(async (users) => [replaced(users, name, act(found(users, name))), undefined]);
  const invite = (user: string, role: Role): Promise<NewInvitation> => newInvitation(user, role, { hasher, clock });

  return {
    all: file.read,
    add: (name, role) =>
      change(async (users) => {
        checkName(name);
        if (users.some((user) => user.name === name)) throw new AccessError('user-exists', msg`there is a user ${name} already`);
        if (users.length >= MAX_USERS) throw new AccessError('user-exists', msg`there are ${MAX_USERS} users already; remove one first`);
        const { invitation, part } = await invite(name, role);
        return [[...users, { name, role, codes: null, ...part }], invitation];
      }),
    invite: (name) =>
      change(async (users) => {
        const user = found(users, name);
        const { invitation, part } = await invite(name, user.role);
        return [replaced(users, name, { ...user, ...part }), invitation];
      }),
    remove: (name) =>
      change(async (users) => {
        const user = found(users, name);
        const left = users.filter((each) => each !== user);
        keepAdmin(user, left);
        return [left, undefined];
      }),
    setRole: (name, role) =>
      change(async (users) => {
        const user = found(users, name);
        const next = replaced(users, name, { ...user, role });
        keepAdmin(user, next);
        return [next, undefined];
      }),
    setPassword: (name, password) =>
      change(async (users) => {
        const user = found(users, name);
        const problem = passwordProblem(password, name);
        if (problem !== null) throw new AccessError('weak-password', msg`this password cannot be used: ${problem}`);
        const next = { ...user, password: await hasher.hash(password), oneTime: null };
        return [replaced(users, name, next), next];
      }),
    offerCodes: async (name) => {
      const secret = newTotpSecret();
      await changeOne(name, (user) => ({ ...user, offered: { secret } }));
      return { user: name, secret, uri: keyUri(secret, name, cabinetId) };
    },
    codeTaken: (name, step) =>
      changeOne(name, (user) => ({ ...user, codes: user.codes === null ? null : { ...user.codes, lastStep: step } })),
    offerTaken: (name, taken) =>
      changeOne(name, ({ offered, ...user }) => {
        if (offered?.secret === taken.secret) return { ...user, codes: { ...taken, isConfirmed: true } };
        throw new AccessError('wrong-code', msg`the key offered to ${name} changed meanwhile: type a code of the key shown last`);
      }),
    dropCodes: (name) => changeOne(name, ({ offered: _, ...user }) => ({ ...user, codes: null })),
  };
}

/** The users after one change, and the result of that change. */
type Change<T> = (users: readonly UserRecord[]) => Promise<readonly [readonly UserRecord[], T]>;

/** Serialises changes of the file; a refused one leaves the file unchanged. */
function createChanges(file: UsersFile): <T>(act: Change<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(act: Change<T>) => {
    const mine = last.then(async () => {
      const [users, result] = await act(await file.read());
      await file.write(users);
      return result;
    });
    last = mine.catch(() => {});
    return mine;
  };
}

interface NewInvitation {
  readonly invitation: Invitation;
  /** The part that is written to the file. */
  readonly part: Pick<UserRecord, 'password' | 'oneTime'>;
}

async function newInvitation(
  user: string,
  role: Role,
  { hasher, clock }: Pick<UserRegistryParts, 'hasher' | 'clock'>,
): Promise<NewInvitation> {
  const oneTimePassword = newOneTimePassword();
  const madeMs = clock.wallMs();
  const untilMs = madeMs + INVITED_MS;
  return {
    invitation: { user, role, oneTimePassword, untilMs },
    part: { password: await hasher.hash(plainOneTime(oneTimePassword)), oneTime: { madeMs, untilMs } },
  };
}

function replaced(users: readonly UserRecord[], name: string, next: UserRecord): readonly UserRecord[] {
  return users.map((each) => (each.name === name ? next : each));
}

/** Returns whether the user has a one-time password that may still be used. While the clock is not trusted, none expires. */
export function isInvited({ oneTime }: UserRecord, clock: Pick<Clock, 'wallMs' | 'quality'>): boolean {
  return oneTime !== null && (!isTrusted(clock.quality()) || clock.wallMs() <= oneTime.untilMs);
}

/** Returns a typed one-time password in the form that is hashed: upper case, without spaces and hyphens. */
export function plainOneTime(typed: string): string {
  return typed.toUpperCase().replace(/[\s-]/g, '');
}

function newOneTimePassword(): string {
  let text = '';
  while (text.length < LETTER_COUNT) {
    // Discarding the remaining byte values gives all letters the same probability.
    for (const byte of randomBytes(LETTER_COUNT)) if (byte < 240 && text.length < LETTER_COUNT) text += LETTERS[byte % LETTERS.length];
  }
  return (text.match(new RegExp(`.{${GROUP}}`, 'g')) ?? []).join('-');
}

function found(users: readonly UserRecord[], name: string): UserRecord {
  const user = users.find((each) => each.name === name);
  if (user !== undefined) return user;
  const [typed, known] = [JSON.stringify(name), users.map((each) => each.name)];
  throw new AccessError(
    'unknown-user',
    known.length === 0 ? msg`no user ${typed}; there are none yet` : msg`no user ${typed}; there are ${known}`,
  );
}

function checkName(name: string): void {
  if (name === NO_USER) throw new AccessError('bad-name', msg`the name ${name} stands for a person without a login; choose another`);
  if (USER_NAME.test(name)) return;
  throw new AccessError(
    'bad-name',
    msg`bad name ${JSON.stringify(name)}: write a small letter, then up to 30 small letters, digits, . _ -`,
  );
}

/** The last admin cannot be removed or get a lower role. Errors: throws AccessError 'last-admin'. */
function keepAdmin(changed: UserRecord, left: readonly UserRecord[]): void {
  const isLast = changed.role === 'admin' && !left.some(({ role }) => role === 'admin');
  if (isLast) throw new AccessError('last-admin', msg`${changed.name} is the last admin; make another one first`);
}
