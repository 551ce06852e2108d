/**
 * Reads certificates, key and password for one connection: finds credentials of the service manager, and checks the file permissions.
 *
 * They are not cached: a replaced file is used from the next connection on.
 */

import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { UplinkConfig } from '../../core/cabinet.ts';
import type { Clock } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import { READ_AT_ONCE } from '../../core/regular-file.ts';
import { inStateDir, isBelow, isCredential } from '../../core/secrets.ts';
import { within } from '../../core/within.ts';
import type { KeyPair } from './certificate-choice.ts';
import { isKeyOfCertificate } from './certificates.ts';
import type { ConnectOptions } from './mqtt-transport.ts';

/**
 * Reads a whole file; a `secret` one must not be open to others. Errors: rejects with UplinkError `secret`, whose message continues the
 * name of the file, or with Node's error.
 */
export type ReadFile = (path: string, kind: 'secret' | 'public') => Promise<Buffer>;

/** Password, certificates and key for one connection, from the configured and the renewed files. Null for a file that is not configured. */
export interface Secrets extends Pick<ConnectOptions, 'password' | 'ca' | 'cert' | 'key'> {
  /**
   * The pairs of certificate and key to try, a renewed one first; `cert` and `key` are the first pair. Never empty: if neither file is
   * configured, it is one pair of nulls.
   */
  readonly pairs: readonly KeyPair[];
  /** What is wrong with the renewed files; empty if nothing is to be reported. */
  readonly renewalFlaw: Message;
}

/** Appended to the configured file names for a renewed certificate and its key, also after an extension. */
export const RENEWED = '.new';

/** Longest wait for these files. Units: ms. Source: assumed; a stalled card answers within seconds, and the connection itself has 30 s. Confirmed by: bench `store device` on the gateway with a worn card. */
const READ_MS = 10_000;
/** Largest file that is read. Units: bytes. Source: assumed; all authorities of a system are under 300 KB. Confirmed by: the CA bundle of the gateway's system. */
const MAX_FILE_BYTES = 1_048_576;
/** Mode bits that must not be set on a secret. */
const FORBIDDEN_MODE = { file: 0o077, credential: 0o007 };

/**
 * Returns a reader for the files named in the configuration. `credentialsDir`: the folder for names without a folder; null if the service
 * has none. `stateDir`: the folder from which no secret is read; null for none.
 *
 * Source: systemd.exec(5), credentials; systemd 254 sets 0440 with an access list on tmpfs, 0400 without.
 */
export function createFileReader(credentialsDir: string | null, stateDir: string | null = null): ReadFile {
  return async (path, kind) => {
    const isHandedOver = isCredential(path);
    if (isHandedOver && credentialsDir === null) {
      throw new UplinkError(
        'secret',
        msg`is a name without a folder, so a credential of the service, and none were handed over: add LoadCredential= to the service, or write the whole path`,
      );
    }
    const realFile = await realpath(isHandedOver ? join(credentialsDir ?? '', path) : path);
    // Otherwise users and revisions could be sent as a password.
    if (kind === 'secret' && stateDir !== null && isBelow(realFile, await realOrSame(stateDir)))
      throw new UplinkError('secret', inStateDir(stateDir));
    // The path that was checked, not a link that has replaced it since.
    const file = await open(realFile, READ_AT_ONCE | constants.O_NOFOLLOW);
    try {
      const found = await file.stat();
      // Reading a folder fails by itself.
      if (!found.isFile() && !found.isDirectory()) throw new UplinkError('secret', msg`is a pipe or a device: put a regular file there`);
      const { mode, size } = found;
      // systemd grants access to a credential by an access list, whose mask appears as group permissions. Elsewhere the group is that of the
      // technicians, who must not read keys.
      const open = mode & (isHandedOver ? FORBIDDEN_MODE.credential : FORBIDDEN_MODE.file);
      if (kind === 'secret' && open !== 0) {
        const rights = (mode & 0o777).toString(8).padStart(4, '0');
        throw new UplinkError(
          'secret',
          msg`can be read by others (its mode is ${rights}): run chmod 0400 on it, and if they may have read it, renew it`,
        );
      }
      if (size > MAX_FILE_BYTES) throw new UplinkError('secret', msg`is larger than 1 MB: check that it is the right file`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  };
}

async function realOrSame(dir: string): Promise<string> {
  try {
    return await realpath(dir);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return resolve(dir);
    throw error;
  }
}

/**
 * Returns a function that reads the configured files and the renewed ones (`RENEWED`); calls during a read share it.
 *
 * Errors: rejects with UplinkError `secret`, for example if a configured file cannot be used, or if the disk does not answer.
 */
export function createSecretReader({
  config,
  readFile,
  clock,
}: {
  readonly config: UplinkConfig;
  readonly readFile: ReadFile;
  readonly clock: Pick<Clock, 'after'>;
}): () => Promise<Secrets> {
  let reading: Promise<Secrets> | null = null;
  return async () => {
    // A read that hangs blocks one of Node's few threads.
    reading ??= readSecrets(config, readFile).finally(() => {
      reading = null;
    });
    const secrets = await within(clock, READ_MS, reading);
    if (secrets !== undefined) return secrets;
    const names = (['passwordFile', 'caFile', 'certFile', 'keyFile'] as const).filter((name) => config[name] !== null);
    throw new UplinkError(
      'secret',
      msg`${names.map((name) => `uplink.${name}`)}: the disk does not answer; see dmesg, and df for the folder`,
    );
  };
}

async function readSecrets(config: UplinkConfig, readFile: ReadFile): Promise<Secrets> {
  const read = async (setting: string, path: string | null, kind: 'secret' | 'public'): Promise<Buffer | null> => {
    if (path === null) return null;
    try {
      return await readFile(path, kind);
    } catch (error) {
      throw new UplinkError('secret', msg`uplink.${setting}: ${fileErrorText(path, error)}`, { cause: error });
    }
  };
  const password = await read('passwordFile', config.passwordFile, 'secret');
  const ca = await read('caFile', config.caFile, 'public');
  const cert = await read('certFile', config.certFile, 'public');
  const key = await read('keyFile', config.keyFile, 'secret');
  const renewed = await readRenewed(config, readFile);
  const pairs = pairsOf({ cert, key }, renewed);
  const [first] = pairs;
  if (first === undefined) {
    throw new UplinkError(
      'secret',
      msg`uplink.keyFile ${config.keyFile ?? ''} is not the key of uplink.certFile ${config.certFile ?? ''}: replace both together`,
    );
  }
  const isUsed = renewed.cert === null || pairs.some(({ isRenewed }) => isRenewed);
  const renewalFlaw = isUsed || String(renewed.flaw) !== '' ? renewed.flaw : unusedText(config, key, renewed);
  return { password: password === null ? null : withoutNewline(password), ca, cert: first.cert, key: first.key, pairs, renewalFlaw };
}

interface Renewed {
  readonly cert: Buffer | null;
  readonly key: Buffer | null;
  /** Why one of them cannot be read; empty also if it is absent. */
  readonly flaw: Message;
}

/** Errors: none; a flaw of the renewed files must not cost the connection. */
async function readRenewed({ certFile, keyFile }: UplinkConfig, readFile: ReadFile): Promise<Renewed> {
  const flaws: Message[] = [];
  const read = async (path: string | null, kind: 'secret' | 'public'): Promise<Buffer | null> => {
    if (path === null) return null;
    try {
      return await readFile(`${path}${RENEWED}`, kind);
    } catch (error) {
      if (!isMissingFile(error)) flaws.push(fileErrorText(`${path}${RENEWED}`, error));
      return null;
    }
  };
  const [cert, key] = [await read(certFile, 'public'), await read(keyFile, 'secret')];
  const [first, ...others] = flaws;
  return { cert, key, flaw: others.reduce((flaw, other) => msg`${flaw}; ${other}`, first ?? NO_TEXT) };
}

/** Why a renewed certificate is not used although its files were read. */
function unusedText({ certFile, keyFile }: UplinkConfig, key: Buffer | null, { cert, key: renewedKey }: Renewed): Message {
  const isUnknown = (each: Buffer | null): boolean => cert !== null && each !== null && isKeyOfCertificate(cert, each) === null;
  const [certName, keyName] = [`${certFile}${RENEWED}`, `${keyFile}${RENEWED}`];
  return isUnknown(key) || isUnknown(renewedKey)
    ? msg`${certName} or its key cannot be used: check both files; the key must have no passphrase`
    : msg`${certName} belongs to no key: put its key to ${keyName}`;
}

/** Returns whether an error of `ReadFile` means that there is no such file (ENOENT). False for a file that may not be read. */
export function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/**
 * Each certificate with the key that belongs to it: two files can be renamed one after the other, in any order. A damaged file in use does
 * not prevent a renewed pair.
 */
function pairsOf(inUse: Omit<KeyPair, 'isRenewed'>, renewed: Renewed): readonly KeyPair[] {
  const { cert, key } = inUse;
  if (cert === null || key === null) return [{ cert, key, isRenewed: false }];
  const keyOf = (each: Buffer): Buffer | undefined =>
    [key, renewed.key].find((candidate) => candidate !== null && isKeyOfCertificate(each, candidate) === true) ?? undefined;
  const pair = (each: Buffer | null, isRenewed: boolean): readonly KeyPair[] => {
    const own = each === null ? undefined : keyOf(each);
    return own === undefined ? [] : [{ cert: each, key: own, isRenewed }];
  };
  const former = pair(cert, false);
  // TLS decides what Node cannot compare.
  const isUndecided = former.length === 0 && isKeyOfCertificate(cert, key) === null;
  return [...pair(renewed.cert, true), ...(isUndecided ? [{ cert, key, isRenewed: false }] : former)];
}

function fileErrorText(path: string, error: unknown): Message {
  if (error instanceof UplinkError) return msg`${path} ${error.said}`;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return msg`${path} is missing: check the path, or copy the file to it`;
  if (code === 'EACCES' || code === 'EPERM')
    return msg`the agent has no permission to read ${path}: give it to the agent's user (chown luciole), then chmod 0400`;
  return msg`${path} cannot be read (${typeof code === 'string' ? code : String(error)}): check that it exists and is readable for the agent`;
}

/** Removes the newline that editors add at the end, which is not part of the password. */
function withoutNewline(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end -= 1;
  return bytes.subarray(0, end);
}
