/**
 * Encodes a text as lines that can be pasted into a session. No line and no part of a line is a command, whatever the text contains.
 * Pure.
 *
 * Shape: each line is `!`, printable ASCII and `||`. A session ignores a line that begins with `!` and rejects a line that ends with an
 * empty filter. Other characters are `\uXXXX`; a backslash is doubled; a single one at the end joins the next line. The last line is
 * `end`, the SHA-256 of the text in hex, and `||`; an incomplete frame is not loaded.
 */

import { createHash } from 'node:crypto';
import { type Message, msg } from '../../../core/message.ts';

/** The result of `readFrame`: the decoded text, or in `flaw` what is wrong with the lines. */
export type FrameRead = { readonly text: string } | { readonly flaw: Message };

/** Units: characters. Source: with head and tail a line fits a terminal of 80 columns, also when copied from one. */
const LINE_CHARS = 72;
const LINE = /^!([\x20-\x7e]*)\|\|$/;
const END = /^end ([0-9a-f]{64})\|\|$/;
const PIECES = /\\\\|\\u[0-9a-f]{4}|\\$|[^\\]/g;

/**
 * Encodes a text as lines, without line ends, that can be pasted into a session; `readFrame` decodes them. A line has at most 75
 * characters; the last one has the SHA-256 of the text.
 */
export function framed(text: string): readonly string[] {
  const lines = text.split('\n').map(escaped);
  const last = lines.pop() ?? [];
  // A text without a final line end: its last line ends in a backslash that joins nothing.
  const all = last.length === 0 ? lines : [...lines, [...last, '\\']];
  return [...all.flatMap(folded).map((line) => `!${line}||`), `end ${sha256(text)}||`];
}

/** Returns true if the line has the form of the last line of an encoded text, `end <SHA-256>||`; blanks around it are ignored. */
export function isFrameEnd(line: string): boolean {
  return END.test(line.trim());
}

/** Decodes the lines that `framed` made, without any other line. Returns the text, or in `flaw` what is wrong with the lines. */
export function readFrame(lines: readonly string[]): FrameRead {
  let text = '';
  const [, wanted] = END.exec(lines.at(-1)?.trim() ?? '') ?? [];
  if (wanted === undefined) return { flaw: msg`its last line is missing` };
  for (const [i, line] of lines.slice(0, -1).entries()) {
    const [, body] = LINE.exec(line.trim()) ?? [];
    const pieces = body?.match(PIECES) ?? [];
    if (body === undefined || pieces.join('') !== body) return { flaw: msg`line ${i + 1} was changed in transfer` };
    text += `${pieces.map(unescaped).join('')}${pieces.at(-1) === '\\' ? '' : '\n'}`;
  }
  return sha256(text) === wanted ? { text } : { flaw: msg`its SHA-256 is different: something was lost or changed in transfer` };
}

function escaped(line: string): string[] {
  return line.split('').map((unit) => {
    if (unit === '\\') return '\\\\';
    return /[\x20-\x7e]/.test(unit) ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function unescaped(piece: string): string {
  if (piece === '\\') return '';
  if (piece === '\\\\') return '\\';
  return piece.length === 6 ? String.fromCharCode(Number.parseInt(piece.slice(2), 16)) : piece;
}

/** Folds pieces into lines; each line except the last joins the next one. */
function folded(pieces: readonly string[]): string[] {
  const lines = [''];
  for (const piece of pieces) {
    const line = lines.at(-1) ?? '';
    if (line.length + piece.length < LINE_CHARS) lines.splice(-1, 1, line + piece);
    else lines.splice(-1, 1, `${line}\\`, piece);
  }
  return lines;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
