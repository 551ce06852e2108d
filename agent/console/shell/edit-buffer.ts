/** The line being edited, without its screen: text, cursor, and the effect of each editing key. Pure. */
import type { ControlKey } from './keys.ts';

/**
 * Longest line that can be typed. Units: characters. Source: assumed; usual commands have at most 200. Confirmed by: lengths of
 * lines in stored histories.
 */
export const MAX_LINE_CHARS = 4_096;

/**
 * The line being edited, the position of the cursor in it (in characters from 0), the text that Ctrl-Y inserts, and the number of dropped
 * characters.
 */
export interface EditBuffer {
  readonly line: string;
  readonly cursor: number;
  /** The text that Ctrl-Y inserts; empty for none. */
  readonly killed: string;
  /** Number of characters dropped because the line was full, also if it was shortened afterwards. */
  readonly lostChars: number;
}

/** A buffer with an empty line, with nothing to insert by Ctrl-Y and no dropped characters. */
export const EMPTY_BUFFER: EditBuffer = { line: '', cursor: 0, killed: '', lostChars: 0 };

/**
 * Returns the buffer with this text inserted at the cursor. Text that would exceed `MAX_LINE_CHARS` is dropped whole and counted in
 * `lostChars`.
 */
export function withText(buffer: EditBuffer, text: string): EditBuffer {
  const { line, cursor, lostChars } = buffer;
  if (text.length > MAX_LINE_CHARS - line.length) return { ...buffer, lostChars: lostChars + text.length };
  return { ...buffer, line: line.slice(0, cursor) + text + line.slice(cursor), cursor: cursor + text.length };
}

/** Returns the buffer with this line in place of the present one, and the cursor at the end of the line. `lostChars` stays. */
export function withLine(buffer: EditBuffer, line: string): EditBuffer {
  return { ...buffer, line, cursor: line.length };
}

/** Returns the buffer without the character under the cursor, which Ctrl-Y does not insert; null if the cursor is at the end. */
export function deleted(buffer: EditBuffer): EditBuffer | null {
  return cut(buffer, buffer.cursor, Math.min(buffer.cursor + 1, buffer.line.length));
}

/**
 * The editing keys that need only the buffer. A function returns the new buffer. Null means that the key has no effect; some keys without
 * effect return a buffer with the same line and cursor instead.
 */
export const EDITS: Readonly<Partial<Record<ControlKey, (buffer: EditBuffer) => EditBuffer | null>>> = {
  backspace: (buffer) => cut(buffer, Math.max(0, buffer.cursor - 1), buffer.cursor),
  delete: deleted,
  home: (buffer) => ({ ...buffer, cursor: 0 }),
  end: (buffer) => ({ ...buffer, cursor: buffer.line.length }),
  left: (buffer) => (buffer.cursor === 0 ? null : { ...buffer, cursor: buffer.cursor - 1 }),
  right: (buffer) => (buffer.cursor === buffer.line.length ? null : { ...buffer, cursor: buffer.cursor + 1 }),
  'word-left': (buffer) => ({ ...buffer, cursor: wordStart(buffer) }),
  'word-right': (buffer) => ({ ...buffer, cursor: wordEnd(buffer) }),
  'kill-end': (buffer) => kept(buffer, buffer.cursor, buffer.line.length),
  'kill-start': (buffer) => kept(buffer, 0, buffer.cursor),
  'kill-word': (buffer) => kept(buffer, wordStart(buffer), buffer.cursor),
  yank: (buffer) => withText(buffer, buffer.killed),
};

function cut(buffer: EditBuffer, from: number, to: number): EditBuffer | null {
  if (from >= to) return null;
  return { ...buffer, line: buffer.line.slice(0, from) + buffer.line.slice(to), cursor: from };
}

function kept(buffer: EditBuffer, from: number, to: number): EditBuffer | null {
  const left = cut(buffer, from, to);
  return left && { ...left, killed: buffer.line.slice(from, to) };
}

function wordStart({ line, cursor }: EditBuffer): number {
  return line.slice(0, cursor).replace(/\S+\s*$/, '').length;
}

function wordEnd({ line, cursor }: EditBuffer): number {
  return cursor + (/^\s*\S*/.exec(line.slice(cursor))?.[0].length ?? 0);
}

/**
 * Returns true if the text ends inside quotes, `"` or `'`. A character after a backslash is no quote, except inside `'` quotes.
 */
export function isQuoted(text: string): boolean {
  let open = '';
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? '';
    if (char === '\\' && open !== "'") index++;
    else if (open === '' && (char === '"' || char === "'")) open = char;
    else if (char === open) open = '';
  }
  return open !== '';
}

/** A place in the history, whose lines are ordered oldest first. */
export interface HistoryPlace {
  /** Index; the number of history lines means the line being typed. */
  readonly at: number;
  /** The line that was being typed before history lines were recalled. */
  readonly typed: string;
}

/** A backward search for `term` in the history. `at`: index of the line found last; the number of history lines while none was found. */
export interface HistorySearch {
  readonly term: string;
  readonly at: number;
}

/**
 * Returns the history line before (`step` -1) or after this place, and its place; null at either end. After the newest one comes the line
 * that was being typed. `line`: the line as it is now.
 */
export function recalled(
  history: readonly string[],
  { at, typed }: HistoryPlace,
  { step, line }: { readonly step: -1 | 1; readonly line: string },
): { readonly place: HistoryPlace; readonly line: string } | null {
  const to = at + step;
  if (to < 0 || to > history.length) return null;
  const place = { at: to, typed: at === history.length ? line : typed };
  return { place, line: history[to] ?? place.typed };
}

/**
 * Finds the newest line at or before index `from` that contains the term, in the same case. If there is none, `line` is null and `at` stays
 * as in `before`.
 */
export function sought(
  history: readonly string[],
  { term, from, before }: { readonly term: string; readonly from: number; readonly before: HistorySearch },
): { readonly search: HistorySearch; readonly line: string | null } {
  const found = history.findLastIndex((each, index) => index <= from && each.includes(term));
  return found < 0 ? { search: { term, at: before.at }, line: null } : { search: { term, at: found }, line: history[found] ?? '' };
}
