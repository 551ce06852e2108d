/**
 * The header of an update file: three lines that describe the rest, signed by its maker. Pure.
 *
 * Shape: `luciole-update 1`, a line of JSON, the Ed25519 signature of these two lines in base64; then the program's folder as .tar.zst.
 * The JSON contains the length and SHA-256 of the archive. So nothing unsigned is ever unpacked.
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { isRecord } from './is-record.ts';

/**
 * What an update file states about itself. `serial`: a higher number is a newer release. `bytes` and `sha256` (in hex): of the archive
 * after the header. `unpackedBytes`: size of all files in the archive.
 */
export interface UpdateHeader {
  readonly version: string;
  readonly serial: number;
  /** Releases below this serial have a vulnerability; 0 for no limit. */
  readonly leastSerial: number;
  readonly arch: 'x64' | 'arm64';
  readonly bytes: number;
  readonly unpackedBytes: number;
  readonly sha256: string;
  /** Name of the key that signed it: 16 hex digits. */
  readonly key: string;
}

const LINE_END = 10;
const MAGIC = 'luciole-update 1';
/**
 * Longest header that is accepted. Source: assumed; a header by `signedHeader` has less than 400. Units: bytes. Confirmed by: the headers
 * of all published releases.
 */
export const MAX_HEADER_BYTES = 2_048;

/**
 * Returns the name of a public key: the first 16 hex digits of the SHA-256 of its SPKI form. A private key has the name of its public key.
 */
export function keyName(key: KeyObject): string {
  const spki = (key.type === 'public' ? key : createPublicKey(key)).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 16);
}

/**
 * Returns the header of an update file: three lines, the last of them the signature of the others. The archive must follow directly.
 * `privateKey`: an Ed25519 key, whose name is added to the header.
 */
export function signedHeader(facts: Omit<UpdateHeader, 'key'>, privateKey: KeyObject): Buffer {
  const signed = `${MAGIC}\n${JSON.stringify({ ...facts, key: keyName(privateKey) })}\n`;
  return Buffer.from(`${signed}${sign(null, Buffer.from(signed), privateKey).toString('base64')}\n`);
}

/** The parsed start of an update file, not verified yet. */
export interface OpenedHeader {
  readonly header: UpdateHeader;
  /** Offset of the archive. Units: bytes. */
  readonly payloadAt: number;
  /** Returns whether the header names this key and its signature is valid. */
  isSignedBy(key: KeyObject): boolean;
}

/**
 * Parses the start of an update file. Returns undefined if the bytes are not a complete, valid header. Does not check the signature: call
 * `isSignedBy` before the content is used.
 */
export function openHeader(bytes: Buffer): OpenedHeader | undefined {
  const first = bytes.indexOf(LINE_END);
  const second = bytes.indexOf(LINE_END, first + 1);
  const third = bytes.indexOf(LINE_END, second + 1);
  if (first < 0 || second <= first || third <= second || third >= MAX_HEADER_BYTES) return undefined;
  if (bytes.subarray(0, first).toString('latin1') !== MAGIC) return undefined;
  const header = toHeader(bytes.subarray(first + 1, second).toString('utf8'));
  if (header === undefined) return undefined;
  const [signed, signature] = [bytes.subarray(0, second + 1), Buffer.from(bytes.subarray(second + 1, third).toString('latin1'), 'base64')];
  return {
    header,
    payloadAt: third + 1,
    isSignedBy: (key) => key.asymmetricKeyType === 'ed25519' && keyName(key) === header.key && verify(null, signed, key, signature),
  };
}

function toHeader(text: string): UpdateHeader | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { version, serial, leastSerial = 0, arch, bytes, unpackedBytes, sha256, key } = value;
  const isText = typeof version === 'string' && /^[0-9A-Za-z][0-9A-Za-z.+~-]{0,40}$/.test(version);
  const isHash = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) && typeof key === 'string' && /^[0-9a-f]{16}$/.test(key);
  const areNumbers = [serial, bytes, unpackedBytes].every((number) => Number.isSafeInteger(number) && Number(number) > 0);
  const isBound = Number.isSafeInteger(leastSerial) && Number(leastSerial) >= 0 && Number(leastSerial) <= Number(serial);
  if (!isText || !isHash || !areNumbers || !isBound || (arch !== 'x64' && arch !== 'arm64')) return undefined;
  const numbers = { serial: Number(serial), leastSerial: Number(leastSerial), bytes: Number(bytes), unpackedBytes: Number(unpackedBytes) };
  return { version, arch, ...numbers, sha256, key };
}
