/**
 * A short proof that two places have the same readings of a cabinet: their number, and a sum over their hashes that does not depend on
 * the order.
 */
import { createHash } from 'node:crypto';

/** The readings of one cabinet. `sum`: of the first 48 bits of the MD5 of each, as a decimal number. */
export interface StoreDigest {
  readonly node: string;
  readonly readings: number;
  readonly sum: string;
}

/** One reading. Units: `atMs` ms since 1970. */
export interface DigestReading {
  readonly pointId: string;
  readonly atMs: number;
  readonly value: number | null;
  readonly quality: string;
}

/** Hexadecimal digits of a hash that are added. Source: `bigint` of PostgreSQL has 64 bits, so sums of 48 bits of 65,000 rows fit; larger sums are `numeric`. */
export const DIGEST_HEX = 12;
/** Source: Sparkplug codes of quality, as the host stores them. */
const QUALITY_CODE: Readonly<Record<string, number>> = { good: 192, stale: 500 };

/** Writes a reading as both places write it: point, time, value and quality. The time and point alone are the part before the `=`. */
export function readingText({ pointId, atMs, value, quality }: DigestReading): string {
  return `${pointId}@${Math.round(atMs)}=${value ?? ''}/${QUALITY_CODE[quality] ?? 0}`;
}

/** Returns the digest of these texts. A second text of the same point and time does not count, as in a database with that key. */
export function digestOf(node: string, texts: Iterable<string>): StoreDigest {
  const seen = new Set<string>();
  let sum = 0n;
  for (const text of texts) {
    const key = text.slice(0, text.indexOf('='));
    if (seen.has(key)) continue;
    seen.add(key);
    sum += BigInt(`0x${createHash('md5').update(text).digest('hex').slice(0, DIGEST_HEX)}`);
  }
  return { node, readings: seen.size, sum: String(sum) };
}

/** How the readings of two places differ. */
export interface ReadingDifferences {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  /** Same point and time, another value. */
  readonly changed: readonly string[];
}

/** Compares the readings of a cabinet's store with those of the database. */
export function compareReadings(stored: readonly string[], inDatabase: readonly string[]): ReadingDifferences {
  const keyed = (texts: readonly string[]): Map<string, string> => new Map(texts.map((text) => [text.slice(0, text.indexOf('=')), text]));
  const [want, have] = [keyed(stored), keyed(inDatabase)];
  return {
    missing: [...want.keys()].filter((key) => !have.has(key)),
    extra: [...have.keys()].filter((key) => !want.has(key)),
    changed: [...want].filter(([key, text]) => have.has(key) && have.get(key) !== text).map(([, text]) => text),
  };
}
