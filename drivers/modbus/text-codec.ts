/**
 * Texts ↔ registers of a text point: encoding, padding, characters in each register, and what does not fit.
 *
 * A text is written by one request and read back as a whole. The value of a text point is the checksum of its registers, so a panel that
 * shows something else is found as a lamp at another level is. Pure.
 */
import { crc32 } from 'node:zlib';
import type { PointProfile, TextFormat } from '../../agent/core/profile.ts';

/** A text as a panel can show it. */
export interface FittedText {
  /** One for each format given to `fitText`, in their order, without padding; empty where there is no text. */
  readonly lines: readonly string[];
  /** The words that are cut off or left out for lack of room, in their order. */
  readonly cut: readonly string[];
  /** Each character of the text that the panel cannot show as it is, once. */
  readonly replaced: readonly string[];
}

/** Signs without a decomposition in Unicode, as a panel with few characters can show them. */
const SIMILAR: Readonly<Record<string, string>> = {
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '«': '"',
  '»': '"',
  '–': '-',
  '—': '-',
  '…': '...',
  œ: 'oe',
  Œ: 'OE',
  æ: 'ae',
  Æ: 'AE',
  ß: 'ss',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  ı: 'i',
  '€': 'EUR',
  µ: 'u',
  μ: 'u',
  '\u00a0': ' ',
  '\u202f': ' ',
};

/** Returns how many registers a text point of this format has, however short its text: padding fills the rest. */
export function textRegisters({ length, perRegister }: TextFormat): number {
  return Math.ceil(length / perRegister);
}

/**
 * Fits a text to the lines of a panel, top line first; a `\n` in it begins the next line. It is cut off at the first word that has no line
 * left, or is longer than the line on which it begins. `formats`: one for each line; the first one decides which characters can be shown.
 * Without any, there are no lines and no cut words. If all formats have the same characters, a line of the result, fitted again to its
 * format, stays the same.
 */
export function fitText(formats: readonly TextFormat[], text: string): FittedText {
  const replaced = new Set<string>();
  const lines: string[] = [];
  const cut: string[] = [];
  const [first] = formats;
  if (first === undefined) return { lines, cut, replaced: [] };
  for (const paragraph of text.normalize('NFC').split('\n')) {
    let line: string | undefined;
    for (const word of wordsOf(paragraph)) {
      // A no-break space that the panel lacks becomes a space within the word.
      const shown = spaced([...word].map((character) => charactersFor(character, first, replaced)).join(''));
      if (shown === '') continue;
      const room = formats[lines.length]?.length ?? 0;
      const joined = line === undefined ? shown : `${line} ${shown}`;
      if (cut.length > 0 || room === 0) cut.push(word);
      else if (joined.length <= room) line = joined;
      else if (line === undefined) {
        lines.push(spaced(shown.slice(0, room)));
        cut.push(word);
      } else {
        lines.push(line);
        line = undefined;
        const next = formats[lines.length]?.length ?? 0;
        if (shown.length <= next) line = shown;
        else {
          if (next > 0) lines.push(spaced(shown.slice(0, next)));
          cut.push(word);
        }
      }
    }
    if (lines.length < formats.length) lines.push(line ?? '');
  }
  return { lines: formats.map((_, index) => lines[index] ?? ''), cut, replaced: [...replaced] };
}

function wordsOf(text: string): string[] {
  return text.split(' ').filter((each) => each !== '');
}

/** Returns a text with one space between its words and none at its edges. */
function spaced(text: string): string {
  return wordsOf(text).join(' ');
}

/** Returns the registers of a fitted line, aligned and filled up with padding. Shape: `line` is a line of `fitText`. */
export function textWords(format: TextFormat, line: string): number[] {
  const { length, perRegister, order, pad, encoding, align } = format;
  const padCode = pad === 'nul' ? 0 : pad.charCodeAt(0);
  const room = Math.max(0, length - line.length);
  const before = align === 'left' ? 0 : align === 'right' ? room : Math.floor(room / 2);
  const codes = Array.from({ length: textRegisters(format) * perRegister }, (_, index) => {
    const code = index < length ? line.charCodeAt(index - before) : Number.NaN;
    return Number.isNaN(code) ? padCode : code;
  });
  if (encoding === 'utf16') return codes;
  const isHighFirst = order === 'high-first';
  if (perRegister === 1) return codes.map((code) => (isHighFirst ? code << 8 : code));
  return Array.from({ length: codes.length / 2 }, (_, n) => {
    const [a = 0, b = 0] = [codes[2 * n], codes[2 * n + 1]];
    return isHighFirst ? (a << 8) | b : (b << 8) | a;
  });
}

/** Returns the text in registers, for display, without padding at both ends. A code that is no printable character is shown as `·`. */
export function textIn({ perRegister, order, encoding, pad, length }: TextFormat, words: readonly number[]): string {
  const isHighFirst = order === 'high-first';
  const codes = words.flatMap((word) => {
    if (encoding === 'utf16') return [word];
    const [high, low] = [word >> 8, word & 0xff];
    if (perRegister === 1) return [isHighFirst ? high : low];
    return isHighFirst ? [high, low] : [low, high];
  });
  const padCode = pad === 'nul' ? 0 : pad.charCodeAt(0);
  const used = codes.slice(0, length);
  while (used.length > 0 && used.at(-1) === padCode) used.pop();
  while (used.length > 0 && used[0] === padCode) used.shift();
  return used.map((code) => (/\p{C}/u.test(String.fromCharCode(code)) ? '·' : String.fromCharCode(code))).join('');
}

/** The value of a text point: the CRC-32 of its registers, big-endian. Range 0 to `MAX_TEXT_VALUE`. Source: ISO/IEC 13239, as in zlib. */
export function textValue(words: readonly number[]): number {
  return crc32(Buffer.from(words.flatMap((word) => [word >> 8, word & 0xff])));
}

/** The highest value of a text point, which is a CRC-32 of its registers. */
export const MAX_TEXT_VALUE = 0xffff_ffff;

/** Whether a panel can show a character as it is: always a space, never a control character. False for anything but one UTF-16 unit. */
export function hasCharacter({ encoding, characters }: TextFormat, character: string): boolean {
  const code = character.charCodeAt(0);
  if (character.length !== 1 || code < 0x20) return false;
  const isEncoded =
    encoding === 'ascii'
      ? code < 0x7f
      : encoding === 'latin1'
        ? code < 0x7f || (code >= 0xa0 && code <= 0xff)
        : !/[\p{C}]/u.test(character);
  return isEncoded && (character === ' ' || characters === null || characters.includes(character));
}

/** The format of a text point; null for another type, and for a text without a format. */
export function textFormatOf({ type, text = null }: Pick<PointProfile, 'type' | 'text'>): TextFormat | null {
  return type === 'text' ? text : null;
}

/** A character, or what the panel shows in its place. */
function charactersFor(character: string, format: TextFormat, replaced: Set<string>): string {
  if (hasCharacter(format, character)) return character;
  replaced.add(character);
  if (/^\p{M}$/u.test(character)) return '';
  const base = SIMILAR[character] ?? character.normalize('NFD').replace(/\p{M}/gu, '');
  const candidates = [base, base.toUpperCase(), base.toLowerCase()];
  const isShown = (text: string): boolean => text !== '' && [...text].every((each) => hasCharacter(format, each));
  return candidates.find(isShown) ?? format.replacement;
}
