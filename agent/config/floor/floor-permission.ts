/**
 * Decides who may apply a configuration that gives less light than the floor of the site: an admin at the cabinet who says so, or the
 * holder of a listed key by a signature. docs/adr/0025-two-owners-of-the-configuration.md has the reasons. Pure.
 */
import type { ConfigFiles } from '../../core/revisions.ts';
import type { RevisionKey } from '../revisions/revision-key.ts';
import { refusalText, verifyRevisionSignature } from '../revisions/revision-signature.ts';

export interface FloorPermissionRequest {
  /** An admin at the cabinet allows it expressly. */
  readonly lowersFloor: boolean;
  readonly by: string;
  readonly files: ConfigFiles;
  /** The signature that came with the files; null for none. */
  readonly signature: string | null;
  readonly keys: readonly RevisionKey[];
  readonly cabinetId: string;
  /** Null while the clock is not trusted. */
  readonly nowMs: number | null;
  /** Serial of the newest signature that was accepted; 0 for none. */
  readonly lastSerial: number;
}

/** Shape: `by` names who allowed it; `serial` is that of a signature, null for an admin. */
export type FloorPermission =
  | { readonly isGiven: true; readonly by: string; readonly serial: number | null }
  | { readonly isGiven: false; readonly reason: string };

const BELOW = 'it would give less light than the floor of the site';
const WAYS = 'sign it with `luciole config sign`, or let an admin at the cabinet commit it with --lower-floor';

/** Returns the permission, or the sentence with which the configuration is refused. */
export function floorPermission(request: FloorPermissionRequest): FloorPermission {
  const { lowersFloor, by, files, signature, keys, cabinetId, nowMs, lastSerial } = request;
  if (lowersFloor) return { isGiven: true, by, serial: null };
  if (signature === null) return { isGiven: false, reason: `${BELOW}: ${WAYS}` };
  // The newest signature stays valid for the same files: a revision that was returned may be tried again.
  const verdict = verifyRevisionSignature({ files, signature, keys, cabinetId, nowMs, lastSerial: lastSerial - 1 });
  if (verdict.ok) return { isGiven: true, by: `signature of ${verdict.keyId}`, serial: verdict.serial };
  return { isGiven: false, reason: `${BELOW}, and ${refusalText(verdict.code)}` };
}
