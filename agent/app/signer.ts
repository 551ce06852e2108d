/** Builds the signer of an agent: evidence is signed with the key of the uplink in force. */
import type { SigningAnswer } from '../core/evidence-signature.ts';
import { createCabinetSigner } from '../sync/mqtt/cabinet-signer.ts';
import { createFileReader } from '../sync/mqtt/secret-files.ts';
import type { Joined } from './parts.ts';

/**
 * Returns a function that signs a digest as evidence of the kind that is passed to it, with the key of the uplink in force. This function
 * resolves with a refusal if it cannot sign now.
 */
export function signerFor({
  parts,
  clock,
  state,
}: Pick<Joined, 'parts' | 'clock' | 'state'>): (kind: string, digest: string) => Promise<SigningAnswer> {
  return createCabinetSigner({
    clock,
    log: parts.log,
    config: () => state.site.cabinet.uplink,
    readFile: parts.readFile ?? createFileReader(null),
  });
}
