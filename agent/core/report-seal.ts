/**
 * The signature block at the end of a report in HTML or JSON. Everything before the block is signed, byte by byte, so that what a person
 * sees is what was signed. Pure.
 *
 * An HTML report ends with a comment, a JSON report with one more member. The digest names the format: otherwise a signed JSON report could
 * be given the end of an HTML report and be shown as one.
 */
import { createHash } from 'node:crypto';
import {
  bareCertificates,
  type EvidenceVerdict,
  type SignedClaim,
  type SignerCertificate,
  signerCertificate,
  verifyEvidence,
} from './evidence-signature.ts';
import { isRecord } from './is-record.ts';

/** The `kind` of an `EvidenceClaim` about a report. */
export const REPORT_EVIDENCE = 'report';
/** The formats of a report that can be signed. */
export const SEALED_FORMATS = ['html', 'json'] as const;
/** A format of a report that can be signed. */
export type SealedFormat = (typeof SEALED_FORMATS)[number];

/** How the block of a format begins and ends. Base64 has no `-`, so it ends no comment. */
const BLOCK = {
  html: { begin: '<!-- luciole-signature-1 ', end: ' -->\n' },
  json: { begin: ',"luciole-signature-1":', end: '}\n' },
} as const;
const REPORT_FORM = 'luciole-report-1';
/** Attributes have a limit, so that a hostile file is searched in linear time. Source: HTML, elements `script` with data. */
const DATA_BLOCK = /<script\b[^<>]{0,200}\btype="application\/json"[^<>]{0,200}>([^<]*)<\/script>/gi;
/** Characters in which a format is recognized. */
const HEAD_CHARS = 20;
/** Last time of a date. Units: ms. Source: ECMA-262, time values. */
const MAX_TIME_MS = 8.64e15;
/** Longest block. Units: bytes. Source: assumed; a chain of four certificates has 8 kB. Confirmed by: certificates in use. */
const MAX_BLOCK_BYTES = 100_000;

/**
 * The verdict about a file. `changed`: the content does not have the digest in the block, or the file does not end with one readable block.
 * `other-key`: the key of the certificate in the file has not signed what is in the block. `other-node`: the certificate, the signature
 * and the report do not name the same node. `no-authority`: all is in order, but no authority was given. With an authority that has not
 * certified the key, the verdict is `not-certified`.
 */
export type ReportVerdict =
  | Exclude<EvidenceVerdict, 'bad-signature'>
  | 'changed'
  | 'other-key'
  | 'no-authority'
  | 'not-signed'
  | 'not-a-report';

/**
 * What a report says about itself, not checked. Where it says nothing, dates and times are null, and texts are empty. `cabinet` and `name`:
 * id and name of the cabinet. `from`, `to`: first and last night.
 */
export interface StatedReport {
  readonly kind: string;
  readonly cabinet: string;
  readonly name: string;
  readonly node: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly madeMs: number | null;
}

/**
 * The verdict with its reasons. `format` null: the file begins neither with an HTML doctype nor with `{`. `report` null: the file has none
 * that can be read. `signedMs`, `node`, `certificate`: of the signature, also of an invalid one; null if there is none that can be read.
 */
export interface ReportVerification {
  readonly verdict: ReportVerdict;
  readonly format: SealedFormat | null;
  readonly report: StatedReport | null;
  readonly node: string | null;
  readonly signedMs: number | null;
  readonly certificate: SignerCertificate | null;
  /** Only line ends were changed: with LF in place of each CR LF, the file is as it was signed. The certificate may still be wrong. */
  readonly hasOtherLineEnds: boolean;
}

/** Returns the digest of the content from `unsealedContent`. Shape: the format and SHA-256 in hex, as `html:9f86d0...`. */
export function reportDigest(format: SealedFormat, content: string | Uint8Array): string {
  return `${format}:${createHash('sha256').update(content).digest('hex')}`;
}

/**
 * Returns a rendered report, which has no block yet, as it is signed: JSON without its last brace, which the block adds. A `<` in JSON is
 * escaped, so that no program shows a name in it as HTML. Errors: throws a TypeError if the text has a block, or does not begin and end as
 * a whole HTML page or JSON object.
 */
export function unsealedContent(format: SealedFormat, text: string): string {
  const trimmed = text.trimEnd();
  const isWhole = formatOf(Buffer.from(trimmed.slice(0, HEAD_CHARS))) === format && trimmed.endsWith(format === 'html' ? '</html>' : '}');
  if (!isWhole || text.includes(BLOCK[format].begin)) throw new TypeError(`not a ${format} report that can be signed`);
  return format === 'html' ? `${trimmed}\n` : trimmed.slice(0, -1).replaceAll('<', '\\u003c');
}

/** Returns the whole file: the content from `unsealedContent` that was signed, and the block with its signature, `claim`. */
export function sealedReport(format: SealedFormat, content: string, claim: SignedClaim): string {
  return `${content}${blockOf(format, claim)}`;
}

/**
 * Returns the whole file without a signature: HTML unchanged, JSON with its last brace again and a line end. `content`: from
 * `unsealedContent`.
 */
export function unsignedReport(format: SealedFormat, content: string): string {
  return format === 'html' ? content : `${content}}\n`;
}

const NOT_AS_SIGNED: readonly ReportVerdict[] = ['changed', 'other-key', 'not-a-report'];

/**
 * Returns the verdict about the bytes of a file. `authority`: trusted certificates in PEM; null if none are given. The certificate must
 * have been valid at the time of the signature, not at present.
 */
export function verifyReport(file: Uint8Array, authority: string | null): ReportVerification {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const found = verified(bytes, authority);
  if (found.verdict !== 'changed' || !bytes.includes('\r\n')) return found;
  // As after a transfer as text.
  const original = verified(Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'), null);
  return { ...found, hasOtherLineEnds: original.certificate !== null && !NOT_AS_SIGNED.includes(original.verdict) };
}

function verified(bytes: Buffer, authority: string | null): ReportVerification {
  const format = formatOf(bytes);
  const none = { format, node: null, signedMs: null, certificate: null, hasOtherLineEnds: false };
  if (format === null) return { ...none, verdict: 'not-a-report', report: null };
  const { begin } = BLOCK[format];
  const at = bytes.lastIndexOf(begin);
  if (at < 0) {
    const report = factsIn(format, bytes);
    return { ...none, verdict: report === null ? 'not-a-report' : 'not-signed', report };
  }
  const content = bytes.subarray(0, at);
  const report = factsIn(format, format === 'json' ? Buffer.concat([content, Buffer.from('}')]) : content);
  const claim = bytes.length - at > MAX_BLOCK_BYTES ? null : readBlock(format, bytes.toString('utf8', at));
  // The content of a report has no block.
  if (claim === null || bytes.indexOf(begin) !== at) return { ...none, verdict: 'changed', report };
  const { node, atMs, certificates } = claim;
  const signed = { ...none, report, node, signedMs: atMs, certificate: signerCertificate(certificates) };
  if (reportDigest(format, content) !== claim.digest) return { ...signed, verdict: 'changed' };
  return { ...signed, verdict: report === null ? 'not-a-report' : judged(claim, report, authority) };
}

function judged(claim: SignedClaim, report: StatedReport, authority: string | null): ReportVerdict {
  // Without an authority the certificate itself is trusted, for the other questions.
  const verdict = verifyEvidence(claim, claim, authority ?? claim.certificates);
  if (verdict === 'bad-signature') return 'other-key';
  if (verdict === 'valid' && report.node !== claim.node) return 'other-node';
  return verdict === 'valid' && authority === null ? 'no-authority' : verdict;
}

function formatOf(bytes: Buffer): SealedFormat | null {
  const head = bytes.toString('latin1', 0, HEAD_CHARS).toLowerCase();
  return head.startsWith('<!doctype html') ? 'html' : head.startsWith('{') ? 'json' : null;
}

function blockOf(format: SealedFormat, { node, digest, atMs, certificates, signature }: SignedClaim): string {
  const { begin, end } = BLOCK[format];
  // One way to write it, so that a file with any other block was changed.
  const signatureText = Buffer.from(signature, 'base64').toString('base64');
  const json = JSON.stringify({ node, digest, atMs, certificates: bareCertificates(certificates), signature: signatureText });
  return `${begin}${format === 'html' ? Buffer.from(json).toString('base64') : json.replaceAll('<', '\\u003c')}${end}`;
}

/** Null unless the text is exactly what `blockOf` returns for a claim, to the end of the file. */
function readBlock(format: SealedFormat, text: string): SignedClaim | null {
  const { begin, end } = BLOCK[format];
  if (!text.endsWith(end)) return null;
  const inner = text.slice(begin.length, -end.length);
  const found = parsed(format === 'html' ? Buffer.from(inner, 'base64').toString('utf8') : inner);
  if (!isRecord(found)) return null;
  const { node, digest, atMs, certificates, signature } = found;
  if (typeof node !== 'string' || typeof digest !== 'string' || typeof atMs !== 'number' || typeof signature !== 'string') return null;
  if (typeof certificates !== 'string' || !(Math.abs(atMs) <= MAX_TIME_MS)) return null;
  const claim = { kind: REPORT_EVIDENCE, node, digest, atMs, certificates, signature };
  return blockOf(format, claim) === text ? claim : null;
}

/** Null if the content is not a report. */
function factsIn(format: SealedFormat, content: Buffer): StatedReport | null {
  const text = content.toString('utf8');
  const candidates = format === 'json' ? [text] : [...text.matchAll(DATA_BLOCK)].map(([, json]) => json ?? '');
  for (const candidate of candidates) {
    const found = parsed(candidate);
    if (isRecord(found) && found['form'] === REPORT_FORM && isRecord(found['cabinet'])) return factsOf(found, found['cabinet']);
  }
  return null;
}

function factsOf(report: Readonly<Record<string, unknown>>, cabinet: Readonly<Record<string, unknown>>): StatedReport {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  const { kind, node, from, to, madeMs } = report;
  return {
    ...{ kind: text(kind), cabinet: text(cabinet['id']), name: text(cabinet['name']), node: text(node) },
    ...{ from: textOrNull(from), to: textOrNull(to), madeMs: typeof madeMs === 'number' ? madeMs : null },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Not JSON.
  }
}
