/**
 * How rows of the store are named on the wire: `Sync/Rows` on every message that carries some, `Sync/Ack` in return.
 *
 * Owns both texts. Pure; reading never throws, whatever arrives.
 */
import type { SeqRange } from './seq-ranges.ts';

/** What one batch of messages holds together. */
export interface RowsMark extends SeqRange {
  /** As on the wire. */
  readonly epoch: string;
  /** Asked for by the platform though it may have them. */
  readonly isAsked?: boolean;
}

/** The platform has stored everything up to here. */
export interface Ack {
  readonly epoch: string;
  readonly seq: number;
  /** And every gap record up to this one; null where it does not say. */
  readonly gapId: number | null;
}

/** Characters of an epoch on the wire. Source: 32 random bits tell the few stores of one cabinet apart, and save 24 bytes a message. */
const EPOCH_LENGTH = 8;
/** Source: assumed; three numbers and an epoch are shorter. */
const MAX_ACK_LENGTH = 80;

/** The store's epoch as messages carry it. */
export function wireEpoch(epoch: string): string {
  return epoch.slice(0, EPOCH_LENGTH);
}

/** `a1b2c3d4:1204-1210:2/3`, the second of three messages that hold rows 1204 to 1210; with `:again` where it was asked for. */
export function rowsText({ epoch, from, to, isAsked }: RowsMark, part: number, parts: number): string {
  return `${epoch}:${from}-${to}:${part}/${parts}${isAsked === true ? ':again' : ''}`;
}

/** `a1b2c3d4:1204` or `a1b2c3d4:1204:17`; undefined for anything else. */
export function readAck(text: string): Ack | undefined {
  if (text.length > MAX_ACK_LENGTH) return undefined;
  const match = /^(?<epoch>[0-9A-Za-z]{1,32}):(?<seq>\d{1,15})(?::(?<gap>\d{1,15}))?$/.exec(text);
  const { epoch, seq, gap } = match?.groups ?? {};
  if (epoch === undefined || seq === undefined) return undefined;
  return { epoch, seq: Number(seq), gapId: gap === undefined ? null : Number(gap) };
}
