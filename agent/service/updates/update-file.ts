/**
 * Checks whether an update file may be installed: signature, architecture, age and hash, in that order. Unpacks nothing.
 */

import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Message, msg } from '../../core/message.ts';
import { READ_AT_ONCE, readRegularFileLater } from '../../core/regular-file.ts';
import { keyName, MAX_HEADER_BYTES, openHeader, type UpdateHeader } from '../../core/update-header.ts';
import { UpdateError } from './update-error.ts';

/** Folder of the makers' public keys, used if the starter specifies no other. */
export const UPDATE_KEYS_DIR = '/etc/luciole/update-keys';
/** Longest key file. Units: bytes. Source: assumed; an Ed25519 key in PEM has 113. Confirmed by: the key files of the makers. */
const MAX_KEY_BYTES = 65_536;

/**
 * Resolves with the public keys of the makers whose updates are accepted, by `keyName`, as an update header names its key. Reads the files
 * `*.pem`; ignores those that cannot be read as an Ed25519 key. Empty if the folder cannot be read.
 */
export async function readUpdateKeys(dir: string): Promise<ReadonlyMap<string, KeyObject>> {
  const keys = new Map<string, KeyObject>();
  for (const name of await namesIn(dir)) {
    const key = await readKey(join(dir, name));
    if (key?.asymmetricKeyType === 'ed25519') keys.set(keyName(key), key);
  }
  return keys;
}

/** What an update file is checked against: accepted keys, architecture and a serial. */
export interface CheckNeeds {
  readonly keys: ReadonlyMap<string, KeyObject>;
  /** Folder of the keys, for the text of a refusal. */
  readonly keysDir: string;
  /** Architecture that the update must have, as `process.arch` gives it. */
  readonly arch: string;
  /** The update must have a higher serial; the release `failed` may have this one. */
  readonly serial: number;
  /** Name of a failed release that may be installed again with this serial; null for none. */
  readonly failed: string | null;
}

/**
 * The header of an update file whose signature, architecture and serial are accepted. Only `checkUpdateFile` has checked the hash of the
 * content too. `payloadAt`: offset of the archive in the file, in bytes.
 */
export interface CheckedUpdate {
  readonly header: UpdateHeader;
  readonly payloadAt: number;
}

/**
 * Checks a whole update file, including the hash of its content. Resolves with its header. Errors: rejects with UpdateError if it is
 * refused, with the system's error if it cannot be read.
 */
export async function checkUpdateFile(path: string, needs: CheckNeeds): Promise<CheckedUpdate> {
  const found = await stat(path);
  if (!found.isFile()) throw new UpdateError('unsafe', msg`${path} is not a regular file`);
  const { size } = found;
  const checked = checkUpdateHead(await beginOf(path, MAX_HEADER_BYTES), size, needs);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { start: checked.payloadAt })) hash.update(chunk as Buffer);
  if (hash.digest('hex') !== checked.header.sha256)
    throw new UpdateError('damaged', msg`its content is not what was signed: it was damaged or changed on the way; send the file again`);
  return checked;
}

/**
 * Checks an update file by its size and its first bytes, not the hash of its content. `begin` must contain the whole header. Units: `size`
 * of the whole file in bytes. Errors: throws UpdateError if it is refused.
 */
export function checkUpdateHead(begin: Buffer, size: number, { keys, keysDir, arch, serial, failed }: CheckNeeds): CheckedUpdate {
  const opened = openHeader(begin);
  if (opened === undefined) throw new UpdateError('not-an-update', msg`this is no update file: take the one that ends in .update`);
  const { header, payloadAt } = opened;
  const key = keys.get(header.key);
  if (key === undefined) throw new UpdateError('no-key', unknownKey(header.key, keys, keysDir));
  if (!opened.isSignedBy(key))
    throw new UpdateError('signature', msg`its signature is wrong: it was changed after key ${header.key} signed it`);
  if (header.arch !== arch)
    throw new UpdateError('architecture', msg`it is for ${header.arch}, this gateway is ${arch}: take the other file`);
  const isSameAgain = header.serial === serial && releaseName(header) === failed;
  if (header.serial <= serial && !isSameAgain)
    throw new UpdateError(
      'older',
      msg`version ${header.version} (serial ${header.serial}) is not newer than what ran here already (serial ${serial})`,
    );
  if (size !== payloadAt + header.bytes)
    throw new UpdateError(
      'damaged',
      msg`${size} bytes instead of ${payloadAt + header.bytes}: it was cut or added to; send the file again`,
    );
  return { header, payloadAt };
}

/** Returns the name of a release and of its folder: serial and version, for example `12-1.4.0`. */
export function releaseName({ serial, version }: Pick<UpdateHeader, 'serial' | 'version'>): string {
  return `${serial}-${version}`;
}

/** Resolves with the first `bytes` bytes of a file; fewer if the file is shorter. Errors: rejects with the system's error. */
export async function beginOf(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, READ_AT_ONCE);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function unknownKey(key: string, keys: ReadonlyMap<string, KeyObject>, dir: string): Message {
  if (keys.size > 0)
    return msg`it is signed by key ${key}, known here: ${[...keys.keys()]}; put the maker's public key into ${dir} if you trust it`;
  return msg`it is signed by key ${key}, no key is known here; put the maker's public key into ${dir} if you trust it`;
}

/** Returns the message for a gateway without a maker's key. `dir`: the folder where the key must be put. */
export function noKey(dir: string): Message {
  return msg`no key is known here; put the maker's public key into ${dir} if you trust it`;
}

/** Empty for a missing folder. */
async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return (await readdir(dir)).filter((name) => name.endsWith('.pem'));
  } catch {
    return []; // No folder: no update is accepted.
  }
}

async function readKey(path: string): Promise<KeyObject | null> {
  try {
    return createPublicKey(await readRegularFileLater(path, { maxBytes: MAX_KEY_BYTES }));
  } catch {
    return null; // Not a key, or not readable; the status shows which keys are accepted.
  }
}
