/**
 * The signed list of users from the platform: verified when it arrives and again at each start, kept in the store, used without a network.
 *
 * It adds logins and never removes those of the cabinet. A list never replaces a later one.
 */

import { type ListedUser, lowerRole, mayUse, type RefusedUserList, type UserList, type VerifiedUserList } from '../core/access.ts';
import type { Clock } from '../core/clock.ts';
import { isRecord } from '../core/is-record.ts';
import { type Message, msg } from '../core/message.ts';
import type { Log, Store } from '../core/ports.ts';
import { UNREAD } from '../core/retried-save.ts';
import { DISK_WAIT_MS, within } from '../core/within.ts';
import { MAX_USER_LIST_BYTES, readUserList } from './user-list.ts';

/** Where the list is stored, the time, the log, and the check of signatures. */
export interface UserListStoreParts {
  readonly store: Pick<Store, 'save' | 'load'>;
  /** Decides whose right to log in has ended, and limits waits for the disk. */
  readonly clock: Pick<Clock, 'wallMs' | 'after'>;
  /** Receives an event if the stored list cannot be used. */
  readonly log: Log;
  /**
   * Verifies a text with the keys of the site. `lastSerial`: the highest accepted serial, 0 for none. Null: the list was accepted before;
   * its serial and the times of its signature are not compared.
   */
  readonly verify: (text: string, lastSerial: number | null) => VerifiedUserList | RefusedUserList;
}

/** The signed list of users from the platform, of which only the newest is kept. */
export interface UserListStore {
  /**
   * Verifies a list and stores it in place of the previous one, which must be older. Resolves with the new list once it is on disk, or with
   * why it is refused.
   */
  take(text: string): Promise<UserList | Message>;
  /** Resolves with the people whose right to log in has not ended. Empty without a list that could be read and verified. */
  users(): Promise<readonly ListedUser[]>;
  /** Returns whether this person is in the list read so far, and the right to log in has ended. */
  isOver(name: string): boolean;
}

const KEY = 'access.userList';

/**
 * Creates the store of the signed list of users. The stored list is read and verified at the first call of `take` or `users`, not before.
 */
export function createUserListStore({ store, clock, log, verify }: UserListStoreParts): UserListStore {
  /** Serial of the list, the highest accepted. */
  let serial = 0;
  let list: UserList | null = null;
  let restoring: Promise<void> | null = null;
  /** Before the store has been read, a list that is older than the last one cannot be recognised. */
  let isRestored = false;
  let taking: Promise<unknown> = Promise.resolve();

  /** Uses the latest known time: a clock that was never set may be behind the time of the signature. */
  const isOverAt = ({ untilMs }: ListedUser): boolean => Math.max(clock.wallMs(), serial) >= untilMs;

  async function restore(): Promise<void> {
    const kept = await store.load(KEY, UNREAD);
    if (kept === UNREAD) {
      restoring = null;
      return;
    }
    isRestored = true;
    const { text, serial: keptSerial } = isRecord(kept) ? kept : {};
    serial = Number.isSafeInteger(keptSerial) ? Number(keptSerial) : 0;
    if (typeof text !== 'string') return;
    const opened = verify(text, null);
    const read = 'refusal' in opened ? { flaw: opened.refusal } : readUserList(opened.list);
    if ('flaw' in read) log.event('user-list-not-used', { reason: String(read.flaw) }, 'warning');
    else if (!('refusal' in opened)) list = allowed(opened, read.users);
  }

  /** A hung disk must not prevent logins of the cabinet's own users. */
  async function restored(): Promise<void> {
    if (isRestored) return;
    restoring ??= restore();
    await within(clock, DISK_WAIT_MS, restoring);
  }

  async function take(text: string): Promise<UserList | Message> {
    await restored();
    if (!isRestored) return msg`the disk of store.dir does not answer: send it again`;
    if (Buffer.byteLength(text) > MAX_USER_LIST_BYTES) return msg`a list has at most ${MAX_USER_LIST_BYTES} bytes`;
    const opened = verify(text, serial);
    if ('refusal' in opened) return opened.refusal;
    const read = readUserList(opened.list);
    if ('flaw' in read) return read.flaw;
    const above = read.users.find(({ role }) => !mayUse(opened.role, role));
    if (above !== undefined) return msg`${above.name} would be ${above.role}: the key ${opened.signedBy} gives ${opened.role} at most`;
    if (!(await store.save(KEY, { text, serial: opened.serial }))) return msg`it cannot be kept: check the disk of store.dir`;
    serial = opened.serial;
    list = allowed(opened, read.users);
    return list;
  }

  return {
    // One at a time: otherwise an older list could be verified before a newer one is saved, and replace it afterwards.
    take: (text) => {
      const mine = taking.then(() => take(text));
      taking = mine.catch(() => {});
      return mine;
    },
    users: async () => {
      await restored();
      return (list?.users ?? []).filter((user) => !isOverAt(user));
    },
    isOver: (name) => list?.users.some((user) => user.name === name && isOverAt(user)) === true,
  };
}

/** The site may have lowered the role of the key since the list was accepted. */
function allowed({ serial, signedBy, role }: VerifiedUserList, users: readonly ListedUser[]): UserList {
  return { serial, signedBy, users: users.map((user) => ({ ...user, role: lowerRole(user.role, role) })) };
}
