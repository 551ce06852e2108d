/**
 * Finds the groups of a TIC meter in a stream of bytes.
 *
 * Pure. The line has 7 bits and even parity, and is read as 8 bits without parity: the bits on the wire are the same. So the parity is checked
 * here, which also works on a pseudo-terminal.
 *
 *   frame  STX group … group ETX
 *   group  LF label SEP [time SEP] data SEP checksum CR
 *
 * Source: Enedis-NOI-CPT_54E. SEP is TAB in standard mode and a space in historic mode.
 */
import type { Parsed } from './frame-codec.ts';
import { type TicMode, ticForm } from './tic-labels.ts';

const [STX, ETX, TAB, LF, CR, SPACE] = [0x02, 0x03, 0x09, 0x0a, 0x0d, 0x20];
/**
 * The longest group is `PJOURF+1`: 8 characters, 98 of data, both separators, checksum and frame. One with a time is shorter. Units: bytes.
 */
const MAX_GROUP_BYTES = 128;
/** No group is longer than this, with the first and the last byte of a frame around it. Units: bytes. */
export const MAX_TIC_BYTES = MAX_GROUP_BYTES + 2;
/** Label, data and checksum of one character, and what is between. Units: bytes. */
const LEAST_GROUP_BYTES = 7;
const BAD = -1;

/** The character of each byte; -1 where the parity is wrong. */
const CHARACTERS = Int8Array.from({ length: 256 }, (_, byte) => (hasEvenParity(byte) ? byte & 0x7f : BAD));

function hasEvenParity(byte: number): boolean {
  let ones = 0;
  for (let rest = byte; rest > 0; rest >>= 1) ones += rest & 1;
  return ones % 2 === 0;
}

/**
 * Looks for a group at one position; `no` also for an unknown label, `more` until the byte after the group has arrived. The frame has one
 * entry in `values`, by the label of the group; null for a valid group without a number, such as a text.
 */
export function ticGroupAt(bytes: Buffer, at: number): Parsed {
  const isFirst = CHARACTERS[bytes[at] as number] === STX;
  const start = isFirst ? at + 1 : at;
  if (start >= bytes.length) return 'more';
  if (CHARACTERS[bytes[start] as number] !== LF) return 'no';
  const end = endOf(bytes, start);
  if (end === 'no' || end === 'more') return end;
  const behind = bytes[end + 1];
  // The byte behind the last group ends the frame.
  if (behind === undefined) return 'more';
  const values = valuesOf(bytes, start + 1, end);
  if (values === null) return 'no';
  const isLast = CHARACTERS[behind] === ETX;
  return { lengthBytes: end + 1 - at + (isLast ? 1 : 0), values, ...(isFirst ? { isFirst } : {}), ...(isLast ? { isLast } : {}) };
}

/** The index of the CR of the group that starts here. */
function endOf(bytes: Buffer, start: number): number | 'no' | 'more' {
  const last = Math.min(bytes.length, start + MAX_GROUP_BYTES);
  for (let i = start + 1; i < last; i++) {
    const character = CHARACTERS[bytes[i] as number] as number;
    if (character === CR) return i - start < LEAST_GROUP_BYTES ? 'no' : i;
    if (character < SPACE && character !== TAB) return 'no';
  }
  return last < start + MAX_GROUP_BYTES ? 'more' : 'no';
}

/** Null for a group with a wrong checksum, an unknown label or another form. The range ends before the CR. */
function valuesOf(bytes: Buffer, from: number, end: number): Readonly<Record<string, number | null>> | null {
  const separator = CHARACTERS[bytes[end - 2] as number];
  if (separator !== TAB && separator !== SPACE) return null;
  const mode: TicMode = separator === TAB ? 'standard' : 'historic';
  // The separator before the checksum counts in standard mode only.
  const sumEnd = mode === 'standard' ? end - 1 : end - 2;
  let sum = 0;
  for (let i = from; i < sumEnd; i++) sum += CHARACTERS[bytes[i] as number] as number;
  if ((sum & 0x3f) + SPACE !== CHARACTERS[bytes[end - 1] as number]) return null;
  const content = Array.from(bytes.subarray(from, end - 2), (byte) => String.fromCharCode(CHARACTERS[byte] as number)).join('');
  return valuesIn(content, mode);
}

function valuesIn(content: string, mode: TicMode): Readonly<Record<string, number | null>> | null {
  const cut = content.indexOf(mode === 'standard' ? '\t' : ' ');
  const label = content.slice(0, cut);
  const form = cut < 0 ? undefined : ticForm(mode, label);
  if (form === undefined) return null;
  const rest = content.slice(cut + 1);
  const timeEnd = form.isTimed ? rest.indexOf('\t') : -1;
  if (form.isTimed && timeEnd < 0) return null;
  const value = form.read(rest.slice(timeEnd + 1), form.isTimed ? rest.slice(0, timeEnd) : '');
  return value === undefined ? null : { [label]: value };
}
