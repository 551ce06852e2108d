/**
 * The line a person types: keys in, the edited line and the bytes for the terminal out.
 *
 * Owns the line, its cursor and what of it is on the screen. Pure state: no stream, no clock. Called by the shell.
 */
import type { Control, Key } from './keys.ts';
import { change, EMPTY_VIEW, type LineView, viewOf } from './line-view.ts';

/** Longest line. Units: characters. Source: assumed; the longest honest command has 200. */
export const MAX_LINE_CHARS = 4_096;

/** `command`: with help, completion and history. `text`: a pasted file's lines. `secret`: nothing is shown. */
export type EditMode = 'command' | 'text' | 'secret';

export type EditEvent =
  /** `lostChars` were too many and are not in it. */
  | { readonly kind: 'line'; readonly text: string; readonly lostChars: number }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'eof' }
  | { readonly kind: 'help'; readonly before: string }
  | { readonly kind: 'complete'; readonly before: string };

export interface Pressed {
  readonly out: string;
  readonly event: EditEvent | null;
}

export interface EditorOptions {
  readonly prompt: string;
  /** Units: columns. */
  readonly widthCols: number;
  readonly mode: EditMode;
  /** Oldest first. */
  readonly history: readonly string[];
}

export interface LineEditor {
  readonly mode: EditMode;
  press(key: Key): Pressed;
  /** Puts text where the cursor is. */
  insert(text: string): string;
  /** Wipes prompt and line from the row, for a line of other text. */
  hide(): string;
  /** Prompt and line, from the left edge of an empty row. */
  show(): string;
}

const BELL = '\x07';

/** An editor for one line. */
export function createLineEditor(options: EditorOptions): LineEditor {
  const { prompt, widthCols, mode, history } = options;
  let line = '';
  let cursor = 0;
  let lostChars = 0;
  let view: LineView = EMPTY_VIEW;
  let killed = '';
  /** Where in the history; its length is the line that is being typed. */
  let at = history.length;
  let typed = '';
  let search: { term: string; at: number } | null = null;
  let isLiteral = false;

  const label = (): string => (search === null ? prompt : `(search: ${search.term}) `);
  const nextView = (): LineView => viewOf(mode === 'secret' ? '' : line, mode === 'secret' ? 0 : cursor, widthCols - label().length - 1);
  const draw = (): string => {
    const next = nextView();
    const out = change(view, next);
    view = next;
    return out;
  };
  const hide = (): string => {
    const cols = label().length + view.text.length;
    view = EMPTY_VIEW;
    return `\r${' '.repeat(cols)}\r`;
  };
  const show = (): string => {
    view = nextView();
    return `${label()}${view.text}${'\b'.repeat(view.text.length - view.cursorCols)}`;
  };
  const set = (next: string, to = next.length): string => {
    line = next;
    cursor = to;
    return draw();
  };
  const put = (text: string): string => {
    const room = MAX_LINE_CHARS - line.length;
    if (text.length > room) {
      const out = lostChars === 0 ? BELL : '';
      lostChars += text.length;
      return out;
    }
    return set(line.slice(0, cursor) + text + line.slice(cursor), cursor + text.length);
  };
  const cut = (from: number, to: number, keep = false): string => {
    if (from >= to) return BELL;
    if (keep) killed = line.slice(from, to);
    return set(line.slice(0, from) + line.slice(to), from);
  };
  const recall = (to: number): string => {
    if (mode !== 'command' || to < 0 || to > history.length) return BELL;
    if (at === history.length) typed = line;
    at = to;
    return set(at === history.length ? typed : (history[at] ?? ''));
  };
  const finish = (kind: 'line'): Pressed => {
    const out = `${search === null ? set(line) : leaveSearch()}\n`;
    return { out, event: { kind, text: line, lostChars } };
  };
  const leaveSearch = (): string => {
    const wiped = hide();
    search = null;
    cursor = line.length;
    return wiped + show();
  };

  /** A step of the search back through the history. */
  const seek = (term: string, from: number): string => {
    const found = history.findLastIndex((each, index) => index <= from && each.includes(term));
    const wiped = hide();
    search = { term, at: found < 0 ? (search?.at ?? history.length - 1) : found };
    if (found >= 0) {
      line = history[found] ?? '';
      cursor = line.length;
    }
    return `${wiped}${show()}${found < 0 ? BELL : ''}`;
  };
  const searchKey = (key: Key): Pressed | null => {
    if (search === null) return null;
    if (key.kind === 'text') return said(seek(search.term + key.text, search.at));
    if (key.kind !== 'control') return QUIET;
    if (key.name === 'search') return said(seek(search.term, search.at - 1));
    if (key.name === 'backspace') return said(seek(search.term.slice(0, -1), history.length - 1));
    if (key.name === 'abort' || key.name === 'interrupt') line = typed;
    const left = leaveSearch();
    if (key.name === 'abort' || key.name === 'interrupt') return said(left);
    const { out, event } = pressControl(key.name);
    return { out: left + out, event };
  };

  const EDITS: Readonly<Partial<Record<Control, () => string>>> = {
    backspace: () => (cursor === 0 ? BELL : cut(cursor - 1, cursor)),
    delete: () => cut(cursor, Math.min(cursor + 1, line.length)),
    home: () => set(line, 0),
    end: () => set(line, line.length),
    left: () => (cursor === 0 ? BELL : set(line, cursor - 1)),
    right: () => (cursor === line.length ? BELL : set(line, cursor + 1)),
    'word-left': () => set(line, wordStart(line, cursor)),
    'word-right': () => set(line, wordEnd(line, cursor)),
    'kill-end': () => cut(cursor, line.length, true),
    'kill-start': () => cut(0, cursor, true),
    'kill-word': () => cut(wordStart(line, cursor), cursor, true),
    yank: () => put(killed),
    up: () => recall(at - 1),
    down: () => recall(at + 1),
    redraw: () => `\n${show()}`,
    abort: () => BELL,
    literal: () => {
      isLiteral = true;
      return '';
    },
  };

  const pressControl = (name: Control): Pressed => {
    if (name === 'enter') return finish('line');
    if (name === 'interrupt') return { out: '^C\n', event: { kind: 'interrupt' } };
    if (name === 'eof') return line === '' ? { out: '', event: { kind: 'eof' } } : said(cut(cursor, Math.min(cursor + 1, line.length)));
    if (name === 'tab')
      return mode === 'command' ? { out: '', event: { kind: 'complete', before: line.slice(0, cursor) } } : said(put('  '));
    if (name === 'search') {
      if (mode !== 'command' || history.length === 0) return said(BELL);
      typed = line;
      const wiped = hide();
      search = { term: '', at: history.length };
      return said(wiped + show());
    }
    return said(EDITS[name]?.() ?? BELL);
  };

  const pressText = (text: string, pasted: boolean): Pressed => {
    if (isLiteral || pasted || text !== '?' || mode !== 'command' || isQuoted(line.slice(0, cursor))) {
      isLiteral = false;
      return said(put(text));
    }
    return { out: '?\n', event: { kind: 'help', before: line.slice(0, cursor) } };
  };

  return {
    mode,
    press(key) {
      const searched = searchKey(key);
      if (searched !== null) return searched;
      if (key.kind === 'text') return pressText(key.text, key.pasted);
      if (key.kind !== 'control') return QUIET;
      if (key.pasted && key.name === 'tab') return said(put('  '));
      return pressControl(key.name);
    },
    insert: put,
    hide,
    show,
  };
  function said(out: string): Pressed {
    return { out, event: null };
  }
}

const QUIET: Pressed = { out: '', event: null };

/** Whether the text ends within quotes. */
function isQuoted(text: string): boolean {
  let open = '';
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? '';
    if (char === '\\' && open !== "'") index++;
    else if (open === '' && (char === '"' || char === "'")) open = char;
    else if (char === open) open = '';
  }
  return open !== '';
}

function wordStart(line: string, cursor: number): number {
  return line.slice(0, cursor).replace(/\S+\s*$/, '').length;
}

function wordEnd(line: string, cursor: number): number {
  return cursor + (/^\s*\S*/.exec(line.slice(cursor))?.[0].length ?? 0);
}
