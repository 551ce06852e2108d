/**
 * What certificates say of themselves, for people: whose, from whom, from when until when.
 *
 * Owns the reading of these words. Judges nothing: TLS does.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { PeerCertificate } from '../../core/uplink-tools.ts';

/**
 * As shown by the other end; null when it showed none.
 *
 * `getPeerX509Certificate` must not be asked before Node has judged the names: afterwards it finds none in the certificate and
 * refuses every broker. Source: measured on Node 24.21.
 */
export function readPeer(socket: Pick<TLSSocket, 'getPeerCertificate'>): PeerCertificate | null {
  const { raw } = socket.getPeerCertificate();
  return raw === undefined ? null : readCertificate(raw);
}

/** The first certificate of a PEM file, or the one in DER; null when it cannot be read as one. */
export function readCertificate(bytes: Buffer): PeerCertificate | null {
  const certificate = parsed(bytes);
  return certificate === null ? null : inWords(certificate);
}

/** Whether a key is the one of a certificate; null when either cannot be read. */
export function isKeyOfCertificate(cert: Buffer, key: Buffer): boolean | null {
  const certificate = parsed(cert);
  if (certificate === null) return null;
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    // Not a key that this machine can read, or one with a pass phrase: said by the caller.
    return null;
  }
}

function parsed(bytes: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(bytes);
  } catch {
    // No certificate: said by the caller.
    return null;
  }
}

function inWords(certificate: X509Certificate): PeerCertificate {
  const { subject, issuer, validFrom, validTo } = certificate;
  return { subject: inLine(subject), issuer: inLine(issuer), fromMs: Date.parse(validFrom), untilMs: Date.parse(validTo) };
}

/** `CN=broker, O=City`: Node has one part a line. */
function inLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ').slice(0, MAX_NAME_CHARS);
}

/** Longest name that is kept of a stranger's certificate. Source: assumed; honest ones have under 100. */
const MAX_NAME_CHARS = 200;
