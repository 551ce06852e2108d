/**
 * Refuses a text before it is parsed as YAML: control characters, and too many nested parts. Pure.
 *
 * It uses no YAML library, because it runs in the agent itself. If it interprets an unusual text differently from the library, the memory limit of
 * the checking process still applies.
 */

import { type Message, msg, NO_TEXT } from '../../core/message.ts';

/**
 * The most lists and sections within each other that a text may have. Source: assumed; the deepest file of this program has 7. Confirmed by: the
 * cabinets of the sites.
 */
export const MAX_NESTING = 32;
/**
 * All but tab and newline; a carriage return counts only with the newline behind it. A mark of writing direction shows a name in another order
 * than it has. Source: ISO 6429, C0, DEL and C1; Unicode 16, Bidi_Control, U+2028 and U+2029.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\r(?!\n)/;

/** Source: the keys of a device profile that hold more than one line. */
const NOTES = /\.notes$/;

/**
 * Returns why a text must not be parsed, with the line: a control character, or too many nested parts. Empty if it has neither. Tab, LF
 * and CRLF are allowed. U+2028, U+2029 and marks of writing direction count as control characters.
 */
export function textRefusal(text: string): Message {
  const found = CONTROL.exec(text);
  if (found !== null) {
    const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return msg`line ${lineAt(text, found.index)} contains the control character U+${code}: remove it`;
  }
  const deep = tooDeepAt(text);
  return deep === null
    ? NO_TEXT
    : msg`line ${lineAt(text, deep)} has more than ${MAX_NESTING} lists or sections within each other: make it flatter`;
}

/**
 * The path of the first text in `value` with a character that `textRefusal` refuses, or with a line break. A line break is allowed in the
 * text of a key `notes` below the top level. Null if there is none. Keys are not checked. `path`: a path that precedes the returned one.
 *
 * Shape: keys and positions in `value`, `lamps[2].id`.
 */
export function controlledPlace(value: unknown, path = ''): string | null {
  if (typeof value === 'string') return CONTROL.test(value) || (value.includes('\n') && !NOTES.test(path)) ? path : null;
  if (typeof value !== 'object' || value === null) return null;
  const entries = Array.isArray(value) ? value.map((each, i) => [`[${i}]`, each] as const) : Object.entries(value);
  for (const [key, each] of entries) {
    const found = controlledPlace(each, key.startsWith('[') || path === '' ? `${path}${key}` : `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** Where a text exceeds the bound; null if it does not. Reads each character once. */
function tooDeepAt(text: string): number | null {
  /** Columns of the sections and lists that are open by their indentation. */
  const columns: number[] = [];
  let brackets = 0;
  let lineStart = 0;
  let isFirstOfLine = true;
  let at = 0;
  while (at < text.length) {
    const char = text[at] ?? '';
    if (char === '\n') {
      lineStart = at + 1;
      isFirstOfLine = true;
      at += 1;
    } else if (isBlank(char)) at += 1;
    else if (char === '#' && (at === 0 || isBlank(text[at - 1]))) at = lineEnd(text, at);
    else {
      if (brackets === 0 && (isFirstOfLine || isEntry(text, at))) {
        if (isFirstOfLine) while ((columns.at(-1) ?? -1) >= at - lineStart) columns.pop();
        if ((columns.at(-1) ?? -1) < at - lineStart) columns.push(at - lineStart);
      }
      // A block of text belongs to the dash or key before it; after a dash its own column was just counted.
      const indent = (brackets === 0 && isFirstOfLine && isBlockStart(char) ? columns.at(-2) : columns.at(-1)) ?? -1;
      // After a dash or question mark, the rest of the line begins a section of its own.
      isFirstOfLine = brackets === 0 && isEntry(text, at);
      if (char === '[' || char === '{') brackets += 1;
      if (columns.length + brackets > MAX_NESTING) return at;
      if (brackets > 0 && (char === ']' || char === '}')) brackets -= 1;
      at = isFirstOfLine || isMark(char, brackets) ? at + 1 : tokenEnd(text, at, { brackets, indent });
    }
  }
  return null;
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t' || char === '\n' || char === '\r' || char === undefined;
}

/** A dash or question mark that begins an entry. */
function isEntry(text: string, at: number): boolean {
  return (text[at] === '-' || text[at] === '?') && isBlank(text[at + 1]);
}

function isBlockStart(char: string): boolean {
  return char === '|' || char === '>';
}

function isMark(char: string, brackets: number): boolean {
  return char === '[' || char === '{' || (brackets > 0 && (char === ',' || char === ']' || char === '}'));
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** The position after a quoted text, a block of text, a YAML name (anchor, alias, tag), or plain words up to the next value. */
function tokenEnd(text: string, from: number, { brackets, indent }: { readonly brackets: number; readonly indent: number }): number {
  const char = text[from] ?? '';
  if (char === '"' || char === "'") return quoteEnd(text, from, char);
  if (brackets === 0 && isBlockStart(char)) return blockEnd(text, from, indent);
  if (char === '&' || char === '*' || char === '!') return wordEnd(text, from, brackets);
  let at = from;
  for (; at < text.length && text[at] !== '\n'; at += 1) {
    if (brackets > 0 && /[,[\]{}]/.test(text[at] ?? '')) return at;
    if (text[at] === '#' && at > from && isBlank(text[at - 1])) return at;
    if (text[at] === ':' && (isBlank(text[at + 1]) || (brackets > 0 && /[,[\]{}]/.test(text[at + 1] ?? '')))) return at + 1;
  }
  return at;
}

function wordEnd(text: string, from: number, brackets: number): number {
  let at = from + 1;
  while (at < text.length && !isBlank(text[at]) && !(brackets > 0 && /[,[\]{}]/.test(text[at] ?? ''))) at += 1;
  return at;
}

/** The position after the closing quote; the end of the text if there is none. */
function quoteEnd(text: string, from: number, quote: string): number {
  let at = from + 1;
  while (at < text.length) {
    if (text[at] === '\\' && quote === '"') at += 2;
    else if (text[at] !== quote) at += 1;
    else if (quote === "'" && text[at + 1] === quote) at += 2;
    else return at + 1;
  }
  return text.length;
}

/** The end of a block of text (`|`, `>`): its lines are indented more than the entry it belongs to. */
function blockEnd(text: string, from: number, indent: number): number {
  let end = lineEnd(text, from);
  while (end < text.length) {
    const next = lineEnd(text, end + 1);
    const line = text.slice(end + 1, next);
    const own = line.search(/[^ ]/);
    if (own >= 0 && own <= indent && line.trim() !== '') break;
    end = next;
  }
  return end;
}
