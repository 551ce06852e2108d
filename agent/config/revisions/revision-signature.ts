/**
 * Signatures on revisions: a second role approves the exact files of a revision, offline, for named cabinets and a limited time. Pure; the caller
 * keeps the highest accepted serial.
 *
 * Shape: `luciole-sig1.<statement>.<signature>`, both base64url, in one printable line. The statement is five lines of ASCII: `key`, `cabinets`,
 * `hash`, `serial`, `until`. Ed25519 signs a domain string, a zero byte and the statement, so that no other signature of the same key can pass for
 * one of these.
 */

import { type KeyObject, sign, verify } from 'node:crypto';
import { type Message, msg } from '../../core/message.ts';
import { type ConfigFiles, MAX_SIGNATURE_CHARS } from '../../core/revisions.ts';
import { revisionHash } from './revision-disk.ts';
import { type RevisionKey, readRevisionKey, revisionKeyText } from './revision-key.ts';

/** What a signer states about the files of a revision, or about another text with a hash. */
export interface RevisionStatement {
  /** The signer's public key. Shape: base64 of its 32 bytes. */
  readonly key: string;
  /** Ids of the cabinets for which it is valid. Shape: `['*']` alone for every cabinet. */
  readonly cabinets: readonly string[];
  /** `revisionHash` of all files, or the hash of the other text. Shape: 64 hex digits. */
  readonly hash: string;
  /** When it was signed. Units: ms since 1970. */
  readonly serial: number;
  /** The last instant of its validity. Units: ms since 1970. */
  readonly untilMs: number;
}

const REFUSAL_TEXT = {
  'bad-format': msg`this is not a signature of \`luciole config sign\``,
  'unknown-key': msg`the key that signed it is not one of trust.revisionKeys`,
  'bad-signature': msg`the signature was changed, or made with another key`,
  'other-text': msg`the signature is for other files: sign exactly what is sent, with its profiles`,
  'other-cabinet': msg`the signature is for other cabinets`,
  'time-unknown': msg`the clock is not trusted, so the end of the signature cannot be judged: try again once it is`,
  'not-yet': msg`the signature was made in the future: check the clocks of the cabinet and of the computer that signs`,
  expired: msg`the signature has expired: sign the files again`,
  replayed: msg`a newer signature was accepted before, or this one is used up: sign the files again, which gives a higher serial`,
} as const;

/** The code for why a signature is not accepted; `refusalText` has its text for a signature on files. */
export type SignatureRefusal = keyof typeof REFUSAL_TEXT;

/** Whether a signature is valid, and if not, why. `keyId`: the id of the trusted key that signed. `serial`: as in `statement`. */
export type SignatureVerdict =
  | { readonly ok: true; readonly keyId: string; readonly serial: number; readonly statement: RevisionStatement }
  | { readonly ok: false; readonly code: SignatureRefusal };

/** The input of a verification over files. */
export interface SignatureCheck extends Omit<HashSignatureCheck, 'hash'> {
  /** All files that the signature must cover. */
  readonly files: ConfigFiles;
}

/** The input of a verification over a hash. */
export interface HashSignatureCheck {
  /** The hash that the statement must have. */
  readonly hash: string;
  readonly signature: string;
  /** The keys that the site trusts for this purpose. */
  readonly keys: readonly RevisionKey[];
  /** The signature must be for this cabinet, or for every cabinet. */
  readonly cabinetId: string;
  /** Null while the clock is not trusted: the end cannot be judged then, and no signature is accepted. Units: ms since 1970. */
  readonly nowMs: number | null;
  /** This and lower serials are refused; 0 for none. */
  readonly lastSerial: number;
}

/** Every cabinet. */
const ANY_CABINET = '*';
/**
 * Most cabinets in one statement. Source: assumed; more are signed in groups, or for `*`. Confirmed by: how many cabinets one signer releases at
 * once.
 */
const MAX_CABINETS = 100;
/**
 * How far the signer's clock may be ahead of the cabinet's. Units: ms. Source: assumed; an office computer that is wrong by the hour of summer time.
 * Confirmed by: the clocks of the signers' computers.
 */
const CLOCK_SKEW_MS = 3_600_000;
const FORM = 'luciole-sig1';
const DOMAIN = 'luciole-revision-signature-1\0';
/** Units: bytes. Source: RFC 8032 §5.1.6. */
const SIGNATURE_BYTES = 64;
/** Ids of cabinets as in `cabinet.yaml`, numbers without leading zeros: each statement has one spelling. */
const STATEMENT =
  /^key ([A-Za-z0-9+/]{43}=)\ncabinets (\*|[A-Za-z0-9][A-Za-z0-9._-]{0,31}(?:,[A-Za-z0-9][A-Za-z0-9._-]{0,31})*)\nhash ([0-9a-f]{64})\nserial ([1-9]\d{0,14})\nuntil ([1-9]\d{0,14})\n$/;

/** The input of a signature over files. Units: `signedMs` in ms since 1970, also the serial; `validMs` in ms from then. */
export interface SigningOrder extends Omit<HashSigningOrder, 'hash'> {
  readonly files: ConfigFiles;
}

/**
 * The input of a signature over a hash. `cabinets`: as in `RevisionStatement`. Shape: `hash` has 64 hex digits in small letters. Units:
 * `signedMs` in ms since 1970, also the serial; `validMs` in ms from then.
 */
export interface HashSigningOrder {
  readonly hash: string;
  readonly privateKey: KeyObject;
  readonly cabinets: readonly string[];
  readonly signedMs: number;
  readonly validMs: number;
}

/**
 * Signs the files of a revision. Returns the signature as one line. Errors: throws TypeError, for example for a key that is not Ed25519.
 */
export function signRevision({ files, ...order }: SigningOrder): string {
  return signHash({ ...order, hash: revisionHash(files) });
}

/**
 * Signs a hash as `signRevision` signs files. The hash must differ from that of any files of a revision, which is not checked. Errors:
 * throws TypeError, for example for a hash that is not 64 hex digits in small letters.
 */
export function signHash({ hash, privateKey, cabinets, signedMs, validMs }: HashSigningOrder): string {
  const key = revisionKeyText(privateKey);
  const statement = Buffer.from(
    `key ${key}\ncabinets ${cabinets.join(',')}\nhash ${hash}\nserial ${signedMs}\nuntil ${signedMs + validMs}\n`,
  );
  const text = [FORM, statement.toString('base64url'), sign(null, signedBytes(statement), privateKey).toString('base64url')].join('.');
  // Parsed as a cabinet will parse it: lists and numbers must have kept their values.
  const read = opened(text)?.statement;
  if (read === undefined || read.cabinets.length !== cabinets.length || read.untilMs !== signedMs + validMs)
    throw new TypeError('such cabinets or times cannot be signed for');
  return text;
}

/**
 * Verifies a signature for these files, this cabinet and this time; it must be newer than `lastSerial`. Its serial may be up to an
 * hour after `nowMs`. The caller stores the serial. Errors: none; a flaw is returned as the code of the refusal.
 */
export function verifyRevisionSignature({ files, ...check }: SignatureCheck): SignatureVerdict {
  return verifyHashSignature({ ...check, hash: revisionHash(files) });
}

/**
 * Verifies a signature as `verifyRevisionSignature` does, but over a given hash: 64 hex digits in small letters. `nowMs` null: the clock is
 * not trusted, so no signature is accepted. Serials up to `lastSerial` are refused.
 */
export function verifyHashSignature({ hash, signature, keys, cabinetId, nowMs, lastSerial }: HashSignatureCheck): SignatureVerdict {
  const parts = opened(signature);
  if (parts === undefined) return refused('bad-format');
  const { statement } = parts;
  const known = keys.flatMap(({ id, key }) => {
    const object = readRevisionKey(key);
    return object !== undefined && revisionKeyText(object) === statement.key ? [{ id, object }] : [];
  });
  const [signer] = known;
  if (signer === undefined) return refused('unknown-key');
  if (!verify(null, signedBytes(parts.bytes), signer.object, parts.signature)) return refused('bad-signature');
  if (statement.hash !== hash) return refused('other-text');
  if (![ANY_CABINET, cabinetId].some((id) => statement.cabinets.includes(id))) return refused('other-cabinet');
  if (statement.serial <= lastSerial) return refused('replayed');
  if (nowMs === null) return refused('time-unknown');
  if (statement.serial > nowMs + CLOCK_SKEW_MS) return refused('not-yet');
  if (nowMs > statement.untilMs) return refused('expired');
  return { ok: true, keyId: signer.id, serial: statement.serial, statement };
}

/** Returns the text for a person that says why a signature on files was refused. */
export function refusalText(code: SignatureRefusal): Message {
  return REFUSAL_TEXT[code];
}

/** Returns the statement of a signature without verifying it; undefined if the text does not have the form of a signature. */
export function statementOf(signature: string): RevisionStatement | undefined {
  return opened(signature)?.statement;
}

interface Opened {
  readonly statement: RevisionStatement;
  readonly bytes: Buffer;
  readonly signature: Buffer;
}

function opened(text: string): Opened | undefined {
  if (text.length > MAX_SIGNATURE_CHARS) return undefined;
  const [form, statement64 = '', signed = '', ...more] = text.split('.');
  const [bytes, signature] = [Buffer.from(statement64, 'base64url'), Buffer.from(signed, 'base64url')];
  if (form !== FORM || more.length > 0 || signature.length !== SIGNATURE_BYTES) return undefined;
  // Base64url has several spellings of the same bytes: only one is accepted.
  if (bytes.toString('base64url') !== statement64 || signature.toString('base64url') !== signed) return undefined;
  const [, key = '', list = '', hash = '', serial = '', until = ''] = STATEMENT.exec(bytes.toString('latin1')) ?? [];
  const cabinets = list.split(',');
  const [signedMs, untilMs] = [Number(serial), Number(until)];
  if (key === '' || cabinets.length > MAX_CABINETS || untilMs <= signedMs) return undefined;
  return { statement: { key, cabinets, hash, serial: signedMs, untilMs }, bytes, signature };
}

function signedBytes(statement: Buffer): Buffer {
  return Buffer.concat([Buffer.from(DOMAIN), statement]);
}

function refused(code: SignatureRefusal): SignatureVerdict {
  return { ok: false, code };
}
