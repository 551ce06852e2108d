/**
 * Text that a terminal can show: printable ASCII, and on one with UTF-8 all letters of one column.
 *
 * Every answer is made plain before it is laid out, so that widths are right and no text from a device, a config or the platform can steer a terminal.
 */

import { type Argument, Message } from '../../core/message.ts';

/** What has no base letter in Unicode's own decomposition. Source: assumed; what French labels and units need. */
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

/** The text in printable ASCII: accents dropped, units spelt, anything else a `?`. A line end becomes a blank. */
export function toAscii(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text
    .replace(/°\s?C/g, 'degC')
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/\s/g, ' ')
    .replace(/[^\x20-\x7e]/gu, (letter) => SPELT[letter] ?? '?');
}

/** Of one column each, and read from left to right. Source: Unicode 15, East Asian Width and Bidi_Class: before Hebrew, U+0590. */
const LETTER = /^[\p{L}\p{N}\p{P}\p{S}]$/u;

/** Whether every terminal with UTF-8 shows this letter in one column. */
export function isOneColumn(letter: string): boolean {
  return (letter < '\u0590' && LETTER.test(letter)) || letter in SPELT;
}

/** The text with the letters that take one column; anything else as `toAscii` spells it. */
function toLetters(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text.normalize('NFC').replace(/[^\x20-\x7e]/gu, (letter) => (isOneColumn(letter) ? letter : toAscii(letter)));
}

/** Letters that a terminal shows. */
export type Charset = 'ascii' | 'utf-8';

function speller(charset: Charset): (text: string) => string {
  return charset === 'utf-8' ? toLetters : toAscii;
}

/** The text with letters beyond ASCII spelt in it; line ends and what moves the cursor stay. */
export function spelt(text: string): string {
  return text.replace(/[\u0080-\uffff]+/g, toAscii);
}

/**
 * What steers a terminal, but for line ends, tabs and the colours that this program writes. Source: ECMA-48, C0 and C1 with DEL; SGR.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const STEERING = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]|\u001b(?!\[[\d;]{0,8}m)/g;

/** The text as a terminal may get it: what a file or a device has put in to steer it is a `?`. */
export function withoutSteering(text: string): string {
  return text.replace(STEERING, '?');
}

/** The message with what was typed or read made plain, line by line. */
export function plainMessage(message: Message, charset: Charset = 'ascii'): Message {
  const spell = speller(charset);
  const plainArg = (arg: Argument): Argument => {
    if (typeof arg === 'string') return arg.split('\n').map(spell).join('\n');
    if (typeof arg === 'number') return arg;
    return arg instanceof Message ? plainMessage(arg, charset) : arg.map(plainArg);
  };
  return new Message(message.id, message.args.map(plainArg), message.plural);
}

/** The same value with every text in it, keys included, made plain for a terminal with these letters; of a message its arguments. */
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
