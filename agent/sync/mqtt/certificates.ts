/**
 * Reads subject, issuer and dates of certificates for display. Verifies nothing: TLS does.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { WallMs } from '../../core/clock.ts';
import type { PeerCertificate } from '../../core/uplink-tools.ts';

/** Longest name that is read from a certificate. Source: assumed; usual ones have under 100. Confirmed by: the certificates of brokers in use. */
const MAX_NAME_CHARS = 200;
/** Source: RFC 7468 §5.1. */
const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Returns names and dates of the other end's certificate, verified or not; null if there is none yet, or if it cannot be parsed. */
export function readPeer(socket: Pick<TLSSocket, 'getPeerCertificate'>): PeerCertificate | null {
  // `getPeerX509Certificate` must not be called before Node has verified the names: Node then finds no names in the certificate and refuses
  // every broker. Measured on Node 24.21.
  const raw = (socket.getPeerCertificate() as { readonly raw?: Buffer } | null)?.raw;
  return raw === undefined ? null : readCertificate(raw);
}

/** Returns names and dates of the first certificate of a PEM file, or of one in DER; null if it cannot be parsed. Verifies nothing. */
export function readCertificate(bytes: Buffer): PeerCertificate | null {
  const certificate = parsed(bytes);
  if (certificate === null) return null;
  const { subject, issuer, validFrom, validTo } = certificate;
  return { subject: inLine(subject), issuer: inLine(issuer), fromMs: Date.parse(validFrom), untilMs: Date.parse(validTo) };
}

/** Returns names and dates of the certificates of a PEM file, or of one in DER, in order. Those that cannot be parsed are left out. */
export function readCertificates(bytes: Buffer): readonly PeerCertificate[] {
  const blocks = bytes.toString('latin1').match(PEM_BLOCK) ?? [];
  const each = blocks.length === 0 ? [bytes] : blocks.map((block) => Buffer.from(block, 'latin1'));
  return each.flatMap((block) => readCertificate(block) ?? []);
}

/** Whether a key belongs to a certificate; null if either cannot be read, also for a key with a passphrase. */
export function isKeyOfCertificate(cert: Buffer, key: Buffer): boolean | null {
  const certificate = parsed(cert);
  if (certificate === null) return null;
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    // Not a key that Node can read, or one with a passphrase; the caller reports it.
    return null;
  }
}

/**
 * Returns the day of a time in UTC as text, `2027-01-31`; `unknown` if `ms` is not a finite number. Only for the years 0 to 9999.
 */
export function certificateDay(ms: WallMs): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : 'unknown';
}

function parsed(bytes: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(bytes);
  } catch {
    // Not a certificate; the caller reports it.
    return null;
  }
}

/** `CN=broker, O=City`; Node returns one part per line. */
function inLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ').slice(0, MAX_NAME_CHARS);
}
