/**
 * The line a person types: keys in, the edited line and the bytes for the terminal out.
 *
 * Owns what of the line is on the screen, and which key goes where. Pure state: no stream, no clock.
 */
import { deleted, EDITS, type EditBuffer, EMPTY_BUFFER, isQuoted, withLine, withText } from './edit-buffer.ts';
import type { ControlKey, Key } from './keys.ts';
import { type HistoryPlace, type HistorySearch, recalled, sought } from './line-history.ts';
import { EMPTY_VIEW, type PromptView, redrawBytes, viewOf } from './prompt-view.ts';

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
const TAB_BLANKS = '  ';
const QUIET: Pressed = { out: '', event: null };

/** What of a line is on its row. */
interface LineScreen {
  /** The bytes that bring the row up to date. */
  draw(buffer: EditBuffer): string;
  hide(): string;
  show(buffer: EditBuffer): string;
  /** What stands before the line from the next `show` on. */
  label(text: string): void;
}

/** An editor for one line. */
export function createLineEditor(options: EditorOptions): LineEditor {
  const { prompt, mode, history } = options;
  const screen = createLineScreen(options);
  let buffer = EMPTY_BUFFER;
  let place: HistoryPlace = { at: history.length, typed: '' };
  let search: HistorySearch | null = null;
  let isLiteral = false;

  return {
    mode,
    press(key) {
      if (search !== null) return inSearch(key, search);
      if (key.kind === 'text') return pressText(key.text, key.pasted);
      if (key.kind !== 'control') return QUIET;
      return key.pasted && key.name === 'tab' ? said(put(TAB_BLANKS)) : pressControl(key.name);
    },
    insert: put,
    hide: screen.hide,
    show: () => screen.show(buffer),
  };

  function set(next: EditBuffer | null): string {
    if (next === null) return BELL;
    buffer = next;
    return screen.draw(buffer);
  }

  function put(text: string): string {
    const before = buffer.lostChars;
    const out = set(withText(buffer, text));
    // Told once, however long it goes on.
    return before === 0 && buffer.lostChars > 0 ? `${out}${BELL}` : out;
  }

  function pressText(text: string, pasted: boolean): Pressed {
    const before = buffer.line.slice(0, buffer.cursor);
    if (isLiteral || pasted || text !== '?' || mode !== 'command' || isQuoted(before)) {
      isLiteral = false;
      return said(put(text));
    }
    return { out: '?\n', event: { kind: 'help', before } };
  }

  function pressControl(name: ControlKey): Pressed {
    if (name === 'enter') return finish(set(withLine(buffer, buffer.line)));
    if (name === 'interrupt') return { out: '^C\n', event: { kind: 'interrupt' } };
    if (name === 'eof') return buffer.line === '' ? { out: '', event: { kind: 'eof' } } : said(set(deleted(buffer)));
    if (name === 'tab') return pressTab();
    if (name === 'search') return said(beginSearch());
    if (name === 'up' || name === 'down') return said(recall(name === 'up' ? -1 : 1));
    if (name === 'redraw') return said(`\n${screen.show(buffer)}`);
    if (name === 'literal') {
      isLiteral = true;
      return QUIET;
    }
    return said(set(EDITS[name]?.(buffer) ?? null));
  }

  function pressTab(): Pressed {
    if (mode !== 'command') return said(put(TAB_BLANKS));
    return { out: '', event: { kind: 'complete', before: buffer.line.slice(0, buffer.cursor) } };
  }

  function finish(out: string): Pressed {
    return { out: `${out}\n`, event: { kind: 'line', text: buffer.line, lostChars: buffer.lostChars } };
  }

  function recall(step: -1 | 1): string {
    const found = mode === 'command' ? recalled(history, place, { step, line: buffer.line }) : null;
    if (found === null) return BELL;
    place = found.place;
    return set(withLine(buffer, found.line));
  }

  function beginSearch(): string {
    if (mode !== 'command' || history.length === 0) return BELL;
    place = { ...place, typed: buffer.line };
    return searchOn({ term: '', at: history.length });
  }

  function inSearch(key: Key, { term, at }: HistorySearch): Pressed {
    if (key.kind === 'text') return said(seek(term + key.text, at));
    if (key.kind !== 'control') return QUIET;
    if (key.name === 'search') return said(seek(term, at - 1));
    if (key.name === 'backspace') return said(seek(term.slice(0, -1), history.length - 1));
    const isGivenUp = key.name === 'abort' || key.name === 'interrupt';
    if (isGivenUp) buffer = withLine(buffer, place.typed);
    const left = leaveSearch();
    if (isGivenUp) return said(left);
    if (key.name === 'enter') return finish(left);
    const { out, event } = pressControl(key.name);
    return { out: left + out, event };
  }

  function seek(term: string, from: number): string {
    const { search: next, line } = sought(history, { term, from, before: search ?? { term, at: history.length - 1 } });
    if (line !== null) buffer = withLine(buffer, line);
    return `${searchOn(next)}${line === null ? BELL : ''}`;
  }

  function searchOn(next: HistorySearch): string {
    const wiped = screen.hide();
    search = next;
    screen.label(`(search: ${next.term}) `);
    return wiped + screen.show(buffer);
  }

  function leaveSearch(): string {
    const wiped = screen.hide();
    search = null;
    screen.label(prompt);
    buffer = withLine(buffer, buffer.line);
    return wiped + screen.show(buffer);
  }
}

function createLineScreen({ prompt, widthCols, mode }: EditorOptions): LineScreen {
  let label = prompt;
  let view: PromptView = EMPTY_VIEW;
  const viewFor = ({ line, cursor }: EditBuffer): PromptView =>
    mode === 'secret' ? EMPTY_VIEW : viewOf(line, cursor, widthCols - label.length - 1);
  return {
    draw(buffer) {
      const before = view;
      view = viewFor(buffer);
      return redrawBytes(before, view);
    },
    hide() {
      const cols = label.length + view.text.length;
      view = EMPTY_VIEW;
      return `\r${' '.repeat(cols)}\r`;
    },
    show(buffer) {
      view = viewFor(buffer);
      return `${label}${view.text}${'\b'.repeat(view.text.length - view.cursorCols)}`;
    },
    label(text) {
      label = text;
    },
  };
}

function said(out: string): Pressed {
  return { out, event: null };
}
