/** The hash that links the entries of an append-only log, for the audit log and the ledger of savings. Pure. */
import { createHash } from 'node:crypto';

/** Number and hash (SHA-256, in hex) of an entry of a chain. The first entry has the number 1; 0 stands for none. */
export interface ChainHead {
  readonly n: number;
  readonly hash: string;
}

/** An entry of a chain. Shape: `body` is JSON. Units: ms of wall time. */
export interface ChainEntry extends ChainHead {
  readonly atMs: number;
  readonly body: string;
}

/** The head of a chain without entries. */
export const CHAIN_START: ChainHead = { n: 0, hash: '0'.repeat(64) };

/**
 * Returns the hash of an entry that follows the one with `hashBefore`: SHA-256, in hex, of the lines previous hash, number, time and body.
 * Shape: the lines are joined by `\n`, without one at the end. Source: FIPS 180-4.
 */
export function chainHash(hashBefore: string, { n, atMs, body }: Omit<ChainEntry, 'hash'>): string {
  return createHash('sha256').update(`${hashBefore}\n${n}\n${atMs}\n${body}`).digest('hex');
}

/**
 * Returns the entry that follows `before`, with the next number, and with a hash that includes that of `before`. Its `atMs` is rounded to a
 * whole number, 0 if it is not finite.
 */
export function nextInChain(before: ChainHead, body: string, atMs: number): ChainEntry {
  const entry = { n: before.n + 1, atMs: Number.isFinite(atMs) ? Math.round(atMs) : 0, body };
  return { ...entry, hash: chainHash(before.hash, entry) };
}
