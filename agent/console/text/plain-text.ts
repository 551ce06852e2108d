/**
 * Text any terminal can show: printable ASCII and nothing else.
 *
 * Owns the replacement of accents, units and control characters. Called once on every answer before it is laid out,
 * so that widths are right and no text from a device, a config or the platform can steer a terminal.
 */

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

/** The same value with every text in it, keys included, made plain. */
export function plain(value: unknown): unknown {
  if (typeof value === 'string') return toAscii(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [toAscii(key), plain(item)]));
  }
  return value;
}
