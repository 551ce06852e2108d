/**
 * Registers → the text of a nameplate entry.
 *
 * Pure. The text comes from a device, so it is cut down to what a screen shows safely.
 */
import type { NameplateEntry } from '../../agent/core/profile.ts';
import { bytesOfValue, widthOf } from './register-types.ts';

/** Source: ASCII, the printable characters. Everything else could change what a terminal shows. */
const PRINTABLE = /^[\x20-\x7e]+$/;

/** Returns how many registers an entry has: `count` for a text, those of its type for a number. */
export function nameplateWidth({ type, count }: Pick<NameplateEntry, 'type' | 'count'>): number {
  return type === 'text' ? count : widthOf({ type, coils: 1 });
}

/**
 * Returns the text of an entry, or its number in decimal digits. Null for a number whose bits are all set, and for a text that is empty or
 * has a character outside printable ASCII. A text ends at its first zero; spaces at its ends are removed.
 *
 * Shape: `words` has at least `nameplateWidth(entry)` registers.
 */
export function nameplateText(entry: NameplateEntry, words: readonly number[]): string | null {
  if (entry.type !== 'text') {
    const hex = bytesOfValue({ ...entry, type: entry.type, coils: 1 }, words).toString('hex');
    return /^f+$/.test(hex) ? null : BigInt(`0x${hex}`).toString();
  }
  const bytes = Buffer.alloc(2 * entry.count);
  words.slice(0, entry.count).forEach((word, i) => {
    if (entry.byteOrder === 'low-first') bytes.writeUInt16LE(word, 2 * i);
    else bytes.writeUInt16BE(word, 2 * i);
  });
  // One character for each register: in its low byte.
  const characters = entry.perRegister === 2 ? bytes : bytes.filter((_, i) => i % 2 === 1);
  const end = characters.indexOf(0);
  const text = characters
    .subarray(0, end < 0 ? characters.length : end)
    .toString('latin1')
    .trim();
  return PRINTABLE.test(text) ? text : null;
}
