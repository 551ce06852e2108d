/** Encrypts keys and users in a backup with a passphrase. */

import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { ConsoleError } from '../../console/console-error.ts';
import { msg } from '../../core/message.ts';
import { type ArchiveFile, packArchive, unpackArchive } from './archive.ts';

const CIPHER = 'aes-256-gcm';
/** Source: OWASP Password Storage Cheat Sheet, the scrypt setting that takes 32 MB. */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 2 ** 20 };
/** Units: bytes. Source: NIST SP 800-38D §8.2, nonce of 96 bits; SP 800-132, salt of 128 bits. */
const BYTES = { salt: 16, nonce: 12, tag: 16, key: 32 };

/**
 * Encrypts the files with a passphrase. `openSealed` needs the same passphrase and `purpose`.
 *
 * Shape: salt, nonce, tag, encrypted archive. Errors: as `packArchive`.
 */
export function sealFiles(files: readonly ArchiveFile[], passphrase: string, purpose: string): Buffer {
  const [salt, nonce] = [randomBytes(BYTES.salt), randomBytes(BYTES.nonce)];
  const cipher = createCipheriv(CIPHER, keyOf(passphrase, salt), nonce).setAAD(Buffer.from(purpose));
  const encrypted = Buffer.concat([cipher.update(packArchive(files)), cipher.final()]);
  return Buffer.concat([salt, nonce, cipher.getAuthTag(), encrypted]);
}

/**
 * Returns the files from the result of `sealFiles`. Errors: throws ConsoleError 'failed' for a wrong passphrase, changed bytes or another
 * purpose.
 */
export function openSealed(sealed: Buffer, passphrase: string, purpose: string): readonly ArchiveFile[] {
  const [nonceAt, tagAt, dataAt] = [BYTES.salt, BYTES.salt + BYTES.nonce, BYTES.salt + BYTES.nonce + BYTES.tag];
  try {
    const decipher = createDecipheriv(CIPHER, keyOf(passphrase, sealed.subarray(0, nonceAt)), sealed.subarray(nonceAt, tagAt));
    decipher.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(tagAt, dataAt));
    return unpackArchive(Buffer.concat([decipher.update(sealed.subarray(dataAt)), decipher.final()]));
  } catch (cause) {
    throw new ConsoleError('failed', msg`the passphrase does not open the keys in this backup; nothing was changed`, { cause });
  }
}

function keyOf(passphrase: string, salt: Buffer): Buffer {
  return scryptSync(passphrase.normalize('NFKC'), salt, BYTES.key, COST);
}
