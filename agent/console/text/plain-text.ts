/**
 * Converts text to letters that a terminal can show: printable ASCII, and with UTF-8 all letters of one column.
 *
 * Every answer is converted before it is laid out. So widths are correct, and no text from a device, a configuration or the platform can
 * control a terminal.
 */

import { type Argument, Message } from '../../core/message.ts';

/**
 * Characters without a base letter in Unicode's decomposition. Source: assumed; characters of French labels and units. Confirmed by: the
 * characters in cabinet files and profiles.
 */
const SPELT: Readonly<Record<string, string>> = {
  '°': ' deg',
  μ: 'u',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ß: 'ss',
  ø: 'o',
  Ø: 'O',
  '€': 'EUR',
  '·': '.',
  '×': 'x',
  '–': '-',
  '—': '-',
  '−': '-',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '«': '"',
  '»': '"',
  '→': '->',
  '≤': '<=',
  '≥': '>=',
};

/**
 * Returns the text in printable ASCII, for example `degC` for `°C`. Accents are dropped; each character of white space becomes a blank;
 * what has no known spelling becomes `?`, or several.
 */
export function toAscii(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text
    .replace(/°\s?C/g, 'degC')
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/\s/g, ' ')
    .replace(/[^\x20-\x7e]/gu, (letter) => SPELT[letter] ?? '?');
}

/** Characters of one column, written from left to right. Source: Unicode 15, East Asian Width and Bidi_Class: before Hebrew, U+0590. */
const LETTER = /^[\p{L}\p{N}\p{P}\p{S}]$/u;

/**
 * Returns true for a letter, digit or sign that takes one column on usual UTF-8 terminals. False for a blank or a combining mark, and for
 * all from Hebrew (U+0590) on except a few signs such as the euro.
 */
export function isOneColumn(letter: string): boolean {
  return (letter < '\u0590' && LETTER.test(letter)) || letter in SPELT;
}

/** Keeps letters of one column; spells all others in ASCII. */
function toLetters(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text.normalize('NFC').replace(/[^\x20-\x7e]/gu, (letter) => (isOneColumn(letter) ? letter : toAscii(letter)));
}

/** The characters that a terminal shows. `ascii`: printable ASCII only. `utf-8`: also those for which `isOneColumn` is true. */
export type Charset = 'ascii' | 'utf-8';

function speller(charset: Charset): (text: string) => string {
  return charset === 'utf-8' ? toLetters : toAscii;
}

/** Returns the text with each run of characters beyond ASCII as `toAscii` writes that run alone: `°C` becomes ` degC`. ASCII stays. */
export function inAsciiLetters(text: string): string {
  return text.replace(/[\u0080-\uffff]+/g, toAscii);
}

/**
 * Control characters, except line ends, tabs and the colours of this program. Source: ECMA-48, C0 and C1 with DEL; SGR.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const STEERING = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]|\u001b(?!\[[\d;]{0,8}m)/g;

/**
 * Returns the text with `?` for control characters, which could steer a terminal. Line feeds, tabs, and short codes for colours and styles
 * stay.
 */
export function withoutControls(text: string): string {
  return text.replace(STEERING, '?');
}

/**
 * Returns the message with its arguments in characters of this charset; their line feeds stay. The template is not changed.
 * Default: ASCII.
 */
export function plainMessage(message: Message, charset: Charset = 'ascii'): Message {
  const spell = speller(charset);
  const plainArg = (arg: Argument): Argument => {
    if (typeof arg === 'string') return arg.split('\n').map(spell).join('\n');
    if (typeof arg === 'number') return arg;
    return arg instanceof Message ? plainMessage(arg, charset) : arg.map(plainArg);
  };
  return new Message(message.id, message.args.map(plainArg), message.plural);
}

/**
 * Returns a copy of the value whose texts, including keys, are in characters of this charset; their line feeds become blanks. The template
 * of a message is kept. The value must be JSON data, in which messages are allowed.
 */
export function plain(value: unknown, charset: Charset = 'ascii'): unknown {
  const spell = speller(charset);
  const inside = (item: unknown): unknown => plain(item, charset);
  if (typeof value === 'string') return spell(value);
  if (value instanceof Message) return new Message(value.id, value.args.map(inside) as Argument[], value.plural);
  if (Array.isArray(value)) return value.map(inside);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [spell(key), inside(item)]));
  }
  return value;
}
