/** Elements of HTML and SVG as text. Every text from outside goes through `escaped`. Pure. */

/**
 * Characters that HTML does not allow, and those that set the direction of text without an end: these could change the place of what is
 * written beside them. Source: HTML, "Preprocessing the input stream"; Unicode Bidirectional Algorithm, section 2.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]/g;
/** Letters that are written from right to left, and the marks that behave like them. Source: Unicode blocks of such scripts. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\u200f\ufb1d-\ufdfd\ufe70-\ufefc]/;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * Returns a text for the content or a quoted attribute of an element. Characters that HTML forbids, or that set the direction of text,
 * become U+FFFD. Letters from right to left do not change the order of what is beside them.
 */
export function escaped(text: string): string {
  const clean = text.toWellFormed().replace(FORBIDDEN, '\ufffd');
  const isolated = RIGHT_TO_LEFT.test(clean) ? `\u2068${clean}\u2069` : clean;
  return isolated.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}

/** The attributes of an element. Null and false leave one out, true writes its name only, and a number gets at most one decimal. */
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** Returns an element with its attributes escaped. `content`: markup, not escaped; without it the element is `<name/>`, for SVG. */
export function element(name: string, attributes: Attributes, ...content: readonly string[]): string {
  const head = `<${name}${attributesText(attributes)}`;
  return content.length === 0 ? `${head}/>` : `${head}>${content.join('')}</${name}>`;
}

function attributesText(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => {
      if (value === null || value === false) return '';
      if (value === true) return ` ${name}`;
      return ` ${name}="${typeof value === 'number' ? px(value) : escaped(value)}"`;
    })
    .join('');
}

/** Returns a coordinate as text, with at most one decimal; 0 for a value that is not finite. */
export function px(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value * 10) / 10 || 0) : '0';
}

/**
 * Returns a text with at most `most` characters (code points); `most` is 2 or more. A cut text ends in an ellipsis. Each run of white
 * space, such as a line break, becomes one blank.
 */
export function cutTo(text: string, most: number): string {
  const letters = Array.from(text.replace(/\s+/g, ' '));
  return letters.length <= most ? letters.join('') : `${letters.slice(0, Math.max(1, most - 1)).join('')}…`;
}

/**
 * Returns a text as a string of CSS, with its quotes; all but letters, digits and blanks is escaped. Characters that HTML forbids, or that
 * set the direction of text, become U+FFFD. Source: CSS Syntax Module Level 3, section 4.3.7.
 */
export function cssString(text: string): string {
  const safe = text.toWellFormed().replace(FORBIDDEN, '\ufffd');
  return `"${safe.replace(/[^\p{L}\p{N} ]/gu, (letter) => `\\${(letter.codePointAt(0) ?? 0xfffd).toString(16)} `)}"`;
}
