/**
 * Text any terminal can show: printable ASCII and nothing else.
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
export function plainMessage(message: Message): Message {
  const plainArg = (arg: Argument): Argument => {
    if (typeof arg === 'string') return arg.split('\n').map(toAscii).join('\n');
    if (typeof arg === 'number') return arg;
    return arg instanceof Message ? plainMessage(arg) : arg.map(plainArg);
  };
  return new Message(message.id, message.args.map(plainArg), message.plural);
}

/** The same value with every text in it, keys included, made plain; of a message its arguments. */
export function plain(value: unknown): unknown {
  if (typeof value === 'string') return toAscii(value);
  if (value instanceof Message) return new Message(value.id, value.args.map(plain) as Argument[], value.plural);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [toAscii(key), plain(item)]));
  }
  return value;
}
