/** The users file, read and written as a whole. It contains hashes, never passwords. */

import { constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AccessError, ROLES, type Role } from '../core/access.ts';
import { replaceWholeLater } from '../core/atomic-write.ts';
import type { WallMs } from '../core/clock.ts';
import { msg } from '../core/message.ts';
import { readRegularFileLater } from '../core/regular-file.ts';

/** One user as stored in the users file, or a person of the signed list in the same form. */
export interface UserRecord {
  readonly name: string;
  readonly role: Role;
  /** Hash of the password, or of the one-time password. */
  readonly password: string;
  /** When the one-time password was made, and the last time at which it is valid. Null without one. */
  readonly oneTime: { readonly madeMs: WallMs; readonly untilMs: WallMs } | null;
  /**
   * Null without codes. `lastStep`: the last used step, in periods of 30 s from 1970; -1 for none. `isConfirmed` false: no login requires
   * these codes.
   */
  readonly codes: { readonly secret: string; readonly lastStep: number; readonly isConfirmed: boolean } | null;
  /** End of the right to log in. Only for a person of the signed list, who is not in this file. */
  readonly listedUntilMs?: WallMs;
  /** A key for codes that has not been confirmed yet; `codes` stay in force until then. */
  readonly offered?: { readonly secret: string } | undefined;
}

/** Reads and replaces the list of all users. It does not serialise calls. */
export interface UsersFile {
  /** Resolves with all users; empty if the file does not exist. Errors: rejects with AccessError 'file' if it cannot be used. */
  read(): Promise<readonly UserRecord[]>;
  /** Replaces all users. Resolves once they are on disk. Errors: rejects with AccessError 'file' if they cannot be written. */
  write(users: readonly UserRecord[]): Promise<void>;
}

const USERS_FILE = 'users.json';
/** Only the agent can read it. */
const MODE = 0o600;
const VERSION = 1;
/** Source: assumed; a hundred users. Units: bytes. Confirmed by: the size of the file with `MAX_USERS` users. */
const MAX_BYTES = 65_536;

/** Returns functions that read and write `users.json` in the state folder `dir`. Nothing is read or created before a call. */
export function createUsersFile(dir: string): UsersFile {
  const path = join(dir, USERS_FILE);
  return {
    read: async () => {
      const text = await textOf(path);
      if (text === null) return [];
      const users = parsed(text);
      if (users === null) throw new AccessError('file', msg`${path} is damaged: restore a copy, or remove it and add the users again`);
      return users;
    },
    write: async (users) => {
      try {
        await mkdir(dir, { recursive: true, mode: 0o700 });
        await replaceWholeLater(path, `${JSON.stringify({ version: VERSION, users }, null, 1)}\n`, MODE);
      } catch (cause) {
        throw new AccessError('file', msg`cannot write ${path}: ${reasonOf(cause)}; check the disk of store.dir`, { cause });
      }
    },
  };
}

async function textOf(path: string): Promise<string | null> {
  try {
    return (await readRegularFileLater(path, { maxBytes: MAX_BYTES, flags: constants.O_NOFOLLOW })).toString('utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'EFBIG') return '';
    throw new AccessError('file', msg`cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}

/** Returns null for a text that is not in this program's format. */
function parsed(text: string): readonly UserRecord[] | null {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return null; // A damaged file is an expected result here.
  }
  const { version, users } = (document ?? {}) as Partial<Record<string, unknown>>;
  return version === VERSION && Array.isArray(users) && users.every(isUser) ? users : null;
}

function isUser(value: unknown): value is UserRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { name, role, password, oneTime, codes, offered } = value as Partial<Record<keyof UserRecord, unknown>>;
  const isText = typeof name === 'string' && typeof password === 'string';
  return isText && ROLES.some((known) => known === role) && isOneTime(oneTime) && isCodes(codes) && isOffer(offered);
}

function isOneTime(value: unknown): boolean {
  if (value === null) return true;
  const { madeMs, untilMs } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof madeMs === 'number' && typeof untilMs === 'number';
}

function isCodes(value: unknown): boolean {
  if (value === null) return true;
  const { secret, lastStep, isConfirmed } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof secret === 'string' && typeof lastStep === 'number' && typeof isConfirmed === 'boolean';
}

function isOffer(value: unknown): boolean {
  return value === undefined || typeof ((value ?? {}) as Partial<Record<string, unknown>>)['secret'] === 'string';
}

/** The system's code names the failure without a sentence of the system. */
function reasonOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
}
