/**
 * The signature of a list of users: the same statement as for a revision, over the hash of the list. Pure.
 *
 * Shape: the lines of the list, then one line with the signature.
 */

import { createHash } from 'node:crypto';
import type { RefusedUserList, VerifiedUserList } from '../../core/access.ts';
import type { Cabinet } from '../../core/cabinet.ts';
import { type Message, msg } from '../../core/message.ts';
import {
  type HashSigningOrder,
  refusalText,
  type SignatureRefusal,
  signHash,
  statementOf,
  verifyHashSignature,
} from './revision-signature.ts';

/** The input of the verification of a signed list of users. `keys`: the public keys that the site trusts for it, with their roles. */
export interface UserListCheck {
  readonly keys: Cabinet['trust']['userKeys'];
  /** The signature must be for this cabinet, or for every cabinet. */
  readonly cabinetId: string;
  /** Null while the clock is not trusted: then no list is accepted, unless `lastSerial` is null. Units: ms since 1970. */
  readonly nowMs: number | null;
  /** The highest accepted serial; 0 for none. Null for a list that was accepted before: its serial and validity are not compared. */
  readonly lastSerial: number | null;
}

/** The hash begins with this text, so that a signature on a revision is never valid for a list, nor the reverse. */
const DOMAIN = 'luciole-user-list-1\0';
const OWN_TEXT: Partial<Record<SignatureRefusal, Message>> = {
  'bad-format': msg`the last line is not a signature made by \`luciole user sign\``,
  'unknown-key': msg`the key that signed it is not one of trust.userKeys`,
  'other-text': msg`the list was changed after it was signed`,
  expired: msg`the signature has expired: sign the list again`,
  replayed: msg`a newer list was accepted before, or this one: sign the list again`,
};

/** The list with its signature as the last line. Shape: `list` ends with a line end. Errors: as `signHash`. */
export function signUserList(list: string, order: Omit<HashSigningOrder, 'hash'>): string {
  return `${list}${signHash({ ...order, hash: hashOf(list) })}\n`;
}

/**
 * Verifies the signature in the last line of a list, for this cabinet and time. Returns the list without its signature, the serial, the
 * id of the key and its role; or why it is refused. The time and the serial are not compared if `lastSerial` is null. Errors: none.
 */
export function verifyUserList(text: string, { keys, cabinetId, nowMs, lastSerial }: UserListCheck): VerifiedUserList | RefusedUserList {
  const whole = text.trimEnd();
  const cut = whole.lastIndexOf('\n') + 1;
  const [list, signature] = [whole.slice(0, cut), whole.slice(cut)];
  const age = lastSerial === null ? { nowMs: statementOf(signature)?.serial ?? 0, lastSerial: 0 } : { nowMs, lastSerial };
  const verdict = verifyHashSignature({ hash: hashOf(list), signature, keys, cabinetId, ...age });
  if (!verdict.ok) return { refusal: OWN_TEXT[verdict.code] ?? refusalText(verdict.code) };
  const role = keys.find(({ id }) => id === verdict.keyId)?.role ?? 'viewer';
  return { list, serial: verdict.serial, signedBy: verdict.keyId, role };
}

function hashOf(list: string): string {
  return createHash('sha256').update(DOMAIN).update(list).digest('hex');
}
