/**
 * Makes an update file from the program's folder: its archive with a signed head. The counterpart of `agent/core/update-header.ts`.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyName, signedHeader, type UpdateHeader } from '../../agent/core/update-header.ts';
import { PackageError } from './package-error.ts';

/** The whole file. Units: `unpackedBytes` of all that is in the archive. */
export function updateOf(
  archive: Buffer,
  facts: Pick<UpdateHeader, 'version' | 'serial' | 'leastSerial' | 'arch' | 'unpackedBytes'>,
  key: KeyObject,
): Buffer {
  const sha256 = createHash('sha256').update(archive).digest('hex');
  return Buffer.concat([signedHeader({ ...facts, bytes: archive.length, sha256 }, key), archive]);
}

/** Errors: throws PackageError for a file that holds no private Ed25519 key. */
export function readSigningKey(path: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(path));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new PackageError('usage', `--sign ${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  throw new PackageError('usage', `--sign ${path}: not an Ed25519 key; make one with --new-key DIR`);
}

/** A pair of keys in a folder: the private one for the maker alone. Errors: throws PackageError rather than overwrite one. */
export function writeKeyPair(dir: string): { readonly name: string; readonly privateFile: string; readonly publicFile: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const publicKey = createPublicKey(privateKey);
  const name = keyName(publicKey);
  const [privateFile, publicFile] = [join(dir, 'luciole-update.key'), join(dir, `${name}.pem`)];
  if (existsSync(privateFile)) throw new PackageError('usage', `${privateFile} is there already; it is not overwritten`);
  writeFileSync(privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }));
  return { name, privateFile, publicFile };
}
