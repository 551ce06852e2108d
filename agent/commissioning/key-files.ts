/** Creates the cabinet's key and its certificate request as files next to the cabinet file. It never replaces an existing key. */

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Set as AsnSet, BitString, Constructed, fromBER, Integer, ObjectIdentifier, Sequence, Utf8String } from 'asn1js';
import { ConsoleError } from '../console/console-error.ts';
import { createFile, type Owner } from '../core/atomic-write.ts';
import { msg } from '../core/message.ts';
import { replaceFile } from '../core/replace-file.ts';

/** Paths of a private key, of the certificate request for it and of its certificate. The files need not exist. */
export interface KeyFiles {
  readonly keyFile: string;
  readonly requestFile: string;
  /** Path where the certificate must be installed. */
  readonly certFile: string;
}

/** User that owns the key: the user of the service. Source: the unit file. */
const SERVICE_USER = 'luciole';

/**
 * Returns the usual paths in this folder: `cabinet.key`, the request `cabinet.csr` and the certificate `cabinet.pem`. They need not exist.
 */
export function keyFilesIn(folder: string): KeyFiles {
  return { keyFile: join(folder, 'cabinet.key'), requestFile: join(folder, 'cabinet.csr'), certFile: join(folder, 'cabinet.pem') };
}

/**
 * Creates a key if there is none, and a certificate request for the key in the name of the edge node. The request replaces an earlier one.
 * Returns true for a new key.
 *
 * Errors: throws, for example ConsoleError 'failed' if the existing key is not an EC key.
 */
export function makeKeyRequest({ keyFile, requestFile }: KeyFiles, node: string): boolean {
  const isNew = !existsSync(keyFile);
  if (isNew) {
    createFile(keyFile, newKeyPem(), 0o400, serviceUser());
  }
  try {
    replaceFile(requestFile, certificateRequest(readFileSync(keyFile, 'utf8'), node), { mode: 0o644, backup: null });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ConsoleError(
      'failed',
      msg`no certificate request from ${keyFile}: ${error.message}; move the file away and run the command again`,
      {
        cause: error,
      },
    );
  }
  return isNew;
}

/** Returns the owner for a new key: the user `luciole`. Null if this process does not run as root, or `/etc/passwd` has no such user. */
export function serviceUser(): Owner | null {
  return process.getuid?.() === 0 ? idsOf(SERVICE_USER) : null;
}

/** Returns null for an unknown user. Source: passwd(5). */
function idsOf(user: string): Owner | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

/** Source: RFC 5758 §3.2, ecdsa-with-SHA256. */
const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
/** Source: X.520, id-at-commonName. */
const COMMON_NAME = '2.5.4.3';

/** Returns a new private key on the curve P-256, as PEM (PKCS #8), not encrypted. Source: NIST SP 800-186. */
export function newKeyPem(): string {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * Returns a certificate request for this key with this common name, as PEM.
 *
 * Shape: `commonName` is the id of the edge node.
 * Errors: throws if the text is not a private key of type EC; an Ed25519 key is not.
 * Source: RFC 2986 (PKCS #10) §4.
 */
export function certificateRequest(keyPem: string, commonName: string): string {
  const key = createPrivateKey(keyPem);
  if (key.asymmetricKeyType !== 'ec') throw new TypeError('only keys on an elliptic curve are made here');
  const info = requestInfo(key, commonName);
  const signature = sign('sha256', Buffer.from(info.toBER()), key);
  const request = new Sequence({
    value: [
      info,
      new Sequence({ value: [new ObjectIdentifier({ value: ECDSA_SHA256 })] }),
      new BitString({ valueHex: new Uint8Array(signature).buffer }),
    ],
  });
  return pem('CERTIFICATE REQUEST', Buffer.from(request.toBER()));
}

function requestInfo(key: KeyObject, commonName: string): Sequence {
  const publicKey = fromBER(createPublicKey(key).export({ type: 'spki', format: 'der' })).result;
  const name = new Sequence({ value: [new ObjectIdentifier({ value: COMMON_NAME }), new Utf8String({ value: commonName })] });
  const noAttributes = new Constructed({ idBlock: { tagClass: 3, tagNumber: 0 }, value: [] });
  return new Sequence({
    value: [new Integer({ value: 0 }), new Sequence({ value: [new AsnSet({ value: [name] })] }), publicKey, noAttributes],
  });
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
