/**
 * Decides who may apply a configuration that gives less light than the floor of the site: an admin at the cabinet with an explicit option, or the
 * holder of a listed key by a signature. docs/adr/0025-two-owners-of-the-configuration.md has the reasons. Pure.
 */
import { type Message, msg, type Said } from '../../core/message.ts';
import type { CommitRequest } from '../../core/revisions.ts';
import { refusalText, type SignatureVerdict } from '../revisions/revision-signature.ts';

/** `lowersFloor`: an admin at the cabinet allows it explicitly. `verdict`: on the signature that came with the files; null for none. */
interface FloorPermissionRequest extends Pick<CommitRequest, 'lowersFloor' | 'by'> {
  readonly verdict: SignatureVerdict | null;
}

/** The decision of `floorPermission`. `by`: text that names the person at the cabinet, or `signature of` with the id of the key. */
export type FloorPermission = { readonly isGiven: true; readonly by: Said } | { readonly isGiven: false; readonly reason: Message };

const UNSIGNED = msg`it would give less light than the floor of the site: sign it with \`luciole config sign\`, or let an admin at the cabinet commit it with --lower-floor`;

/**
 * Decides whether a configuration with less light than the floor may run: with `lowersFloor` or a valid signature. Otherwise `reason` is
 * the text of the refusal.
 */
export function floorPermission({ lowersFloor, by, verdict }: FloorPermissionRequest): FloorPermission {
  if (lowersFloor) return { isGiven: true, by };
  if (verdict === null) return { isGiven: false, reason: UNSIGNED };
  if (verdict.ok) return { isGiven: true, by: msg`signature of ${verdict.keyId}` };
  return { isGiven: false, reason: msg`it would give less light than the floor of the site, and ${refusalText(verdict.code)}` };
}
