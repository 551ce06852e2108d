/**
 * The texts that identify store rows on the wire: `Sync/Rows` on every message with rows, `Sync/Ack` from the platform.
 *
 * Pure. Errors: none; text that is not an acknowledgement gives undefined.
 */
import type { SeqRange } from './seq-ranges.ts';

/** The rows that one batch of messages carries together. */
export interface RowsMark extends SeqRange {
  /** As on the wire: the first characters of the store's epoch. */
  readonly epoch: string;
  /** Requested by the platform, which may have them already. */
  readonly isAsked?: boolean;
}

/**
 * An acknowledgement of the platform: it has stored all rows up to and including `seq`. `epoch`: as the platform sent it; not compared with
 * the store yet.
 */
export interface Ack {
  readonly epoch: string;
  readonly seq: number;
  /** The platform also has every gap record up to this one; null if it is not given. */
  readonly gapId: number | null;
}

/** Characters of an epoch on the wire. Source: 32 random bits distinguish the few stores of one cabinet and save 24 bytes per message. */
const EPOCH_LENGTH = 8;
/** Source: assumed; three numbers and an epoch are shorter. Confirmed by: the acknowledgements of a platform in use. */
const MAX_ACK_LENGTH = 80;

/** Returns the first 8 characters of an epoch, as sent to the platform. */
export function wireEpoch(epoch: string): string {
  return epoch.slice(0, EPOCH_LENGTH);
}

/**
 * Returns the text of `Sync/Rows`, for example `a1b2c3d4:1204-1210:2/3` for the second of three messages; with `:again` at the end if
 * `isAsked`. `part` counts from 1.
 */
export function rowsText({ epoch, from, to, isAsked }: RowsMark, part: number, parts: number): string {
  return `${epoch}:${from}-${to}:${part}/${parts}${isAsked === true ? ':again' : ''}`;
}

/** Parses `Sync/Ack`: `<epoch>:<row>`, or `<epoch>:<row>:<gap id>`. Returns undefined for a text that is not valid. */
export function readAck(text: string): Ack | undefined {
  if (text.length > MAX_ACK_LENGTH) return undefined;
  const match = /^(?<epoch>[0-9A-Za-z]{1,32}):(?<seq>\d{1,15})(?::(?<gap>\d{1,15}))?$/.exec(text);
  const { epoch, seq, gap } = match?.groups ?? {};
  if (epoch === undefined || seq === undefined) return undefined;
  return { epoch, seq: Number(seq), gapId: gap === undefined ? null : Number(gap) };
}
