/**
 * Public keys of people who may sign revisions, as the site file lists them, and their text form. Pure.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';

/** A public key and its id, as in `trust.revisionKeys`. Shape: `key` is base64 of the 32 bytes of an Ed25519 key, or of its SPKI in DER. */
export interface RevisionKey {
  readonly id: string;
  readonly key: string;
}

/** DER before the 32 bytes of an Ed25519 public key. Source: RFC 8410 §4 and §10.1. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
/** Units: bytes. Source: RFC 8032 §5.1.5. */
const RAW_BYTES = 32;
/**
 * The key object of a text in the form of `RevisionKey.key`; undefined for any other text. Whether the bytes are a point of the curve is not
 * checked.
 */
export function readRevisionKey(text: string): KeyObject | undefined {
  const raw = rawOf(Buffer.from(text, 'base64'));
  // Only one spelling of these bytes is accepted: base64 decoders skip unknown characters.
  if (raw === undefined || ![raw, Buffer.concat([SPKI_PREFIX, raw])].some((bytes) => bytes.toString('base64') === text)) return undefined;
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
}

/**
 * The text of a public key for `trust.revisionKeys`: base64 of its 32 bytes. For a private key, that of its public half. Errors: throws
 * TypeError for a key that is not Ed25519.
 */
export function revisionKeyText(key: KeyObject): string {
  return spkiOf(key).subarray(SPKI_PREFIX.length).toString('base64');
}

function spkiOf(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('revisions are signed with Ed25519 keys only');
  return (key.type === 'public' ? key : createPublicKey(key)).export({ type: 'spki', format: 'der' });
}

function rawOf(bytes: Buffer): Buffer | undefined {
  if (bytes.length === RAW_BYTES) return bytes;
  const isSpki = bytes.length === SPKI_PREFIX.length + RAW_BYTES && bytes.subarray(0, SPKI_PREFIX.length).equals(SPKI_PREFIX);
  return isSpki ? bytes.subarray(SPKI_PREFIX.length) : undefined;
}
