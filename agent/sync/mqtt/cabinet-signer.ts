/** Signs evidence with the cabinet's key, which is the key of the uplink: the authority of the platform has certified it. */
import type { UplinkConfig } from '../../core/cabinet.ts';
import { type Clock, isTrusted } from '../../core/clock.ts';
import { bareCertificates, isKeyOf, type SigningAnswer, signEvidence } from '../../core/evidence-signature.ts';
import type { Log } from '../../core/ports.ts';
import { createSecretReader, type ReadFile } from './secret-files.ts';

/**
 * What `createCabinetSigner` requires. `config`: returns the uplink in force, whose key signs; null without one. `readFile`: reads its key
 * and certificate.
 */
export interface CabinetSignerParts {
  readonly clock: Clock;
  readonly log: Pick<Log, 'event'>;
  readonly config: () => UplinkConfig | null;
  readonly readFile: ReadFile;
}

/**
 * Returns a function that signs a digest as evidence of the kind that is passed to it. It resolves with a refusal if it cannot sign now.
 * The key is read for each signature and not kept.
 */
export function createCabinetSigner(parts: CabinetSignerParts): (kind: string, digest: string) => Promise<SigningAnswer> {
  const { clock, log, readFile } = parts;
  return async (kind, digest) => {
    const config = parts.config();
    if (config === null || config.certFile === null || config.keyFile === null) return { ok: false, why: 'no-key' };
    if (!isTrusted(clock.quality())) return { ok: false, why: 'no-time' };
    const claim = { kind, node: config.node, digest, atMs: Math.round(clock.wallMs()) };
    try {
      const { pairs } = await createSecretReader({ config, readFile, clock })();
      // The certificate in use first: a renewed one may be refused by the broker.
      for (const { cert, key } of pairs.toReversed()) {
        // The file may also have the key.
        const certificates = bareCertificates(cert?.toString('latin1') ?? '');
        if (key !== null && isKeyOf(key, certificates))
          return { ok: true, signed: { ...claim, ...signEvidence(claim, key, certificates) } };
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      log.event('evidence-not-signed', { kind, error: error.message }, 'warning');
    }
    return { ok: false, why: 'unusable-key' };
  };
}
