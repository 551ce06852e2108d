/**
 * Makes an update file from the program's folder: its archive with a signed head. The counterpart of `agent/core/update-header.ts`.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyName, signedHeader, type UpdateHeader } from '../../agent/core/update-header.ts';
import { PackageError } from './package-error.ts';

/**
 * Returns an update file: a header signed with `key`, which has the SHA-256 of the archive, then the archive. `unpackedBytes`: size of all
 * files in the archive. Units: bytes.
 */
export function updateOf(
  archive: Buffer,
  facts: Pick<UpdateHeader, 'version' | 'serial' | 'leastSerial' | 'arch' | 'unpackedBytes'>,
  key: KeyObject,
): Buffer {
  const sha256 = createHash('sha256').update(archive).digest('hex');
  return Buffer.concat([signedHeader({ ...facts, bytes: archive.length, sha256 }, key), archive]);
}

/**
 * Returns the private key in a PEM file. Errors: throws PackageError for a file that cannot be read or has no private Ed25519 key; an
 * encrypted key is not accepted.
 */
export function readSigningKey(path: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(path));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new PackageError('usage', `--sign ${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  throw new PackageError('usage', `--sign ${path}: not an Ed25519 key; make one with --new-key DIR`);
}

/**
 * Makes an Ed25519 key pair and writes it into an existing folder: `luciole-update.key`, the private key, and `<name>.pem` for the
 * cabinets. Errors: throws PackageError if the private file exists; it is not overwritten.
 */
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
