/**
 * Converts text to printable ASCII, which any terminal can show.
 *
 * Every answer is converted before it is laid out. So widths are correct, and no text from a device, a configuration or the platform can control a terminal.
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

/** Returns the text in printable ASCII: accents are dropped, units spelled out, anything else is a `?`. A line end becomes a blank. */
export function toAscii(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text
    .replace(/°\s?C/g, 'degC')
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/\s/g, ' ')
    .replace(/[^\x20-\x7e]/gu, (letter) => SPELT[letter] ?? '?');
}

/** Returns the text with letters beyond ASCII spelled in ASCII; line ends and cursor motions stay. */
export function spelt(text: string): string {
  return text.replace(/[\u0080-\uffff]+/g, toAscii);
}

/**
 * Control characters, except line ends, tabs and the colours of this program. Source: ECMA-48, C0 and C1 with DEL; SGR.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const STEERING = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]|\u001b(?!\[[\d;]{0,8}m)/g;

/** Returns text that is safe for a terminal: each control character from a file or a device becomes a `?`. */
export function withoutSteering(text: string): string {
  return text.replace(STEERING, '?');
}

/** Returns the message with its arguments in ASCII, line by line. */
export function plainMessage(message: Message): Message {
  const plainArg = (arg: Argument): Argument => {
    if (typeof arg === 'string') return arg.split('\n').map(toAscii).join('\n');
    if (typeof arg === 'number') return arg;
    return arg instanceof Message ? plainMessage(arg) : arg.map(plainArg);
  };
  return new Message(message.id, message.args.map(plainArg), message.plural);
}

/** Returns the same value with all its texts, including keys, in ASCII; of a message only the arguments. */
export function plain(value: unknown): unknown {
  if (typeof value === 'string') return toAscii(value);
  if (value instanceof Message) return new Message(value.id, value.args.map(plain) as Argument[], value.plural);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [toAscii(key), plain(item)]));
  }
  return value;
}
