/**
 * Encodes a text as lines that can be pasted into a session: whatever the text holds, no line of it, and no rest of a line, is a command.
 * Pure.
 *
 * Shape: each line is `!`, printable ASCII and `||`; a session takes what begins with `!` for a remark, and refuses what ends with an
 * empty filter. Other characters are written as `\uXXXX`, a backslash doubled; one alone at the end joins the next line. The last line is
 * `end`, the SHA-256 of the text in hex, and `||`: nothing is loaded unless all of it arrived.
 */

import { createHash } from 'node:crypto';
import { type Message, msg } from '../../../core/message.ts';

export type FrameRead = { readonly text: string } | { readonly flaw: Message };

/** Units: characters. Source: with head and tail it fits a terminal of 80 columns, and what a screen of those is copied from. */
const LINE_CHARS = 72;
const LINE = /^!([\x20-\x7e]*)\|\|$/;
const END = /^end ([0-9a-f]{64})\|\|$/;
const PIECES = /\\\\|\\u[0-9a-f]{4}|\\$|[^\\]/g;

/** The lines that paste this text, the last one included. */
export function framed(text: string): readonly string[] {
  const lines = text.split('\n').map(escaped);
  const last = lines.pop() ?? [];
  // A text that ends within a line is joined to nothing.
  const all = last.length === 0 ? lines : [...lines, [...last, '\\']];
  return [...all.flatMap(folded).map((line) => `!${line}||`), `end ${sha256(text)}||`];
}

/** Whether a pasted line is the last one. */
export function isFrameEnd(line: string): boolean {
  return END.test(line.trim());
}

/** The text of pasted lines, the last one included; or what is wrong with them. */
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

/** Pieces that fit a line, all lines but the last joined to the next. */
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
