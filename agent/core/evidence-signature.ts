/**
 * Signatures of the cabinet over its own evidence, such as the ledger of savings and reports. The certificate lies beside the signature, so
 * that it can be verified after the key was renewed. Pure.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify, X509Certificate } from 'node:crypto';
import type { WallMs } from './clock.ts';

/**
 * What is signed: the kind of evidence, the edge node, a digest of the content, and the time of the signature. Shape: `digest` is text in a
 * form that depends on `kind`.
 */
export interface EvidenceClaim {
  readonly kind: string;
  readonly node: string;
  readonly digest: string;
  readonly atMs: WallMs;
}

/** A signature with its certificates. Shape: `certificates` in PEM, that of the key first; `signature` in base64. */
export interface EvidenceSignature {
  readonly certificates: string;
  readonly signature: string;
}

/** A claim with its signature. Whether that is valid, `verifyEvidence` finds. */
export type SignedClaim = EvidenceClaim & EvidenceSignature;

/**
 * Why the cabinet cannot sign now. `no-key`: it has no uplink, or one without certificate or key. `no-time`: its time is not trusted.
 * `unusable-key`: a file of the uplink cannot be read, or the key cannot be used or is not that of the certificate.
 */
export type SigningRefusal = 'no-key' | 'no-time' | 'unusable-key';

/** A claim that the cabinet has signed, or why it cannot sign now. */
export type SigningAnswer = { readonly ok: true; readonly signed: SignedClaim } | { readonly ok: false; readonly why: SigningRefusal };

/**
 * The certificate of a signature, for people. `node`: its common name. `issuer`: that of its issuer, or the whole name. Both may be empty.
 * `from`, `to`: it is valid between these.
 * Shape: `serial` and `fingerprint` (SHA-256, with colons) in hex; dates in ISO 8601, UTC.
 */
export interface SignerCertificate {
  readonly node: string;
  readonly issuer: string;
  readonly serial: string;
  readonly from: string;
  readonly to: string;
  readonly fingerprint: string;
}

/**
 * The verdict about a signature. `not-certified`: no chain from the key's certificate to a trusted one was found. `other-node`: the
 * certificate's common name, as Node writes it but without its escapes, is not the node of the claim. `not-valid-then`: the time of the
 * claim is not within the certificate's dates.
 */
export type EvidenceVerdict = 'valid' | 'bad-signature' | 'not-certified' | 'other-node' | 'not-valid-then';

/** Separates these signatures from all others of the same key. */
const DOMAIN = 'luciole-evidence-1';
/** Longest chain of certificates. Source: assumed; authorities of a city have one or two levels. Confirmed by: the certificates in use. */
const MAX_CHAIN = 8;
/** Source: RFC 7468 §5.1. */
const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Signs a claim. `key`: a private key in PEM without a passphrase. `certificates`: returned unchanged; whether the key is theirs is not
 * checked. Errors: throws Node's error if the key cannot be used.
 */
export function signEvidence(claim: EvidenceClaim, key: Buffer, certificates: string): EvidenceSignature {
  const privateKey = createPrivateKey(key);
  return { certificates, signature: sign(digestFor(privateKey), signedBytes(claim), privateKey).toString('base64') };
}

/**
 * Returns the verdict about a signature. `authority`: certificates that are trusted, in PEM. Unreadable certificates are ignored. The dates
 * of certificates other than that of the key are not checked.
 */
export function verifyEvidence(claim: EvidenceClaim, { certificates, signature }: EvidenceSignature, authority: string): EvidenceVerdict {
  const [own, ...between] = certificatesIn(certificates);
  if (own === undefined) return 'not-certified';
  if (!isSignedBy(own, claim, signature)) return 'bad-signature';
  if (!isCertified(own, between, certificatesIn(authority))) return 'not-certified';
  if (commonName(own.subject) !== claim.node) return 'other-node';
  return claim.atMs >= Date.parse(own.validFrom) && claim.atMs <= Date.parse(own.validTo) ? 'valid' : 'not-valid-then';
}

/** Returns the readable certificates of a PEM text in their order, without what is around them; empty if there are none. */
export function bareCertificates(pem: string): string {
  return certificatesIn(pem).join('');
}

/**
 * Returns a description of the first readable certificate of a PEM text; null if there is none. In a signature it should be that of the
 * key, which is not checked here.
 */
export function signerCertificate(certificates: string): SignerCertificate | null {
  const [own] = certificatesIn(certificates);
  if (own === undefined) return null;
  const [from, to] = [own.validFrom, own.validTo].map((date) => (Number.isNaN(Date.parse(date)) ? date : new Date(date).toISOString()));
  return {
    node: commonName(own.subject) ?? '',
    issuer: commonName(own.issuer) ?? (own.issuer ?? '').replaceAll('\n', ', '),
    serial: own.serialNumber,
    from: from ?? '',
    to: to ?? '',
    fingerprint: own.fingerprint256,
  };
}

/** Returns the bytes that are signed. Shape: domain and JSON, with a zero byte between them. */
function signedBytes({ kind, node, digest, atMs }: EvidenceClaim): Buffer {
  return Buffer.from(`${DOMAIN}\0${JSON.stringify({ kind, node, digest, atMs })}`);
}

function isSignedBy(certificate: X509Certificate, claim: EvidenceClaim, signature: string): boolean {
  try {
    const key = certificate.publicKey;
    return verify(digestFor(key), signedBytes(claim), key, Buffer.from(signature, 'base64'));
  } catch {
    return false; // A key of an unknown kind, or a signature of another form, has signed nothing.
  }
}

/** Ed25519 and Ed448 hash by themselves. Source: RFC 8032. */
function digestFor(key: KeyObject): 'sha256' | null {
  return key.asymmetricKeyType === 'ed25519' || key.asymmetricKeyType === 'ed448' ? null : 'sha256';
}

function isCertified(own: X509Certificate, between: readonly X509Certificate[], roots: readonly X509Certificate[]): boolean {
  let current = own;
  for (let depth = 0; depth < MAX_CHAIN; depth++) {
    if (roots.some((root) => root.fingerprint256 === current.fingerprint256 || isIssuedBy(current, root))) return true;
    const next = between.find((each) => each.fingerprint256 !== current.fingerprint256 && isIssuedBy(current, each));
    if (next === undefined) return false;
    current = next;
  }
  return false;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** `name`: a subject or issuer as Node returns it, with escapes; undefined if it is empty. Source: RFC 4514 §2.4. */
function commonName(name: string | undefined): string | undefined {
  const escaped = /^CN=(.*)$/m.exec(name ?? '')?.[1];
  return escaped?.replace(/\\([0-9A-F]{2}|.)/g, (_, one: string) =>
    one.length === 1 ? one : String.fromCharCode(Number.parseInt(one, 16)),
  );
}

function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(PEM_BLOCK) ?? []).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return []; // Not a certificate.
    }
  });
}

/**
 * Returns whether a private key in PEM belongs to the first readable certificate of a PEM text. False if there is none, or if the key
 * cannot be read.
 */
export function isKeyOf(key: Buffer, certificates: string): boolean {
  const [own] = certificatesIn(certificates);
  try {
    return own !== undefined && createPublicKey(createPrivateKey(key)).equals(own.publicKey);
  } catch {
    return false; // Not a key that can be read.
  }
}
