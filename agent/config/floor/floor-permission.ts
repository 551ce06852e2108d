/**
 * Decides who may apply a configuration that gives less light than the floor of the site: an admin at the cabinet who says so, or the
 * holder of a listed key by a signature. docs/adr/0025-two-owners-of-the-configuration.md has the reasons. Pure.
 */
import { type Message, msg, type Said } from '../../core/message.ts';
import type { CommitRequest } from '../../core/revisions.ts';
import { refusalText, type SignatureCheck, verifyRevisionSignature } from '../revisions/revision-signature.ts';

/** `lowersFloor`: an admin at the cabinet allows it expressly. `signature`: the one that came with the files; null for none. */
type FloorPermissionRequest = Pick<CommitRequest, 'lowersFloor' | 'by'> &
  Omit<SignatureCheck, 'signature'> & { readonly signature: string | null };

/** Shape: `by` names who allowed it; `serial` is that of a signature, null for an admin. */
export type FloorPermission =
  | { readonly isGiven: true; readonly by: Said; readonly serial: number | null }
  | { readonly isGiven: false; readonly reason: Message };

const UNSIGNED = msg`it would give less light than the floor of the site: sign it with \`luciole config sign\`, or let an admin at the cabinet commit it with --lower-floor`;

/** Returns the permission, or the sentence with which the configuration is refused. */
export function floorPermission({ lowersFloor, by, signature, lastSerial, ...check }: FloorPermissionRequest): FloorPermission {
  if (lowersFloor) return { isGiven: true, by, serial: null };
  if (signature === null) return { isGiven: false, reason: UNSIGNED };
  // The newest signature stays valid for the same files: a revision that was returned may be tried again.
  const verdict = verifyRevisionSignature({ ...check, signature, lastSerial: lastSerial - 1 });
  if (verdict.ok) return { isGiven: true, by: msg`signature of ${verdict.keyId}`, serial: verdict.serial };
  return { isGiven: false, reason: msg`it would give less light than the floor of the site, and ${refusalText(verdict.code)}` };
}
