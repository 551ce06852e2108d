/** Edits the line that a person types: keys in, edited line and bytes for the terminal out. Pure state, without stream or clock. */
import {
  deleted,
  EDITS,
  type EditBuffer,
  EMPTY_BUFFER,
  type HistoryPlace,
  type HistorySearch,
  isQuoted,
  recalled,
  sought,
  withLine,
  withText,
} from './edit-buffer.ts';
import type { ControlKey, Key } from './keys.ts';
import { EMPTY_VIEW, type PromptView, redrawBytes, viewOf } from './prompt-view.ts';

/** `command`: with help, completion and history. `text`: a plain line, such as a name. `secret`: the line is not shown. */
export type EditMode = 'command' | 'text' | 'secret';

/**
 * What a key means for the caller. `line`: ENTER. `interrupt`: Ctrl-C, unless it ends a search of the history. `eof`: Ctrl-D in an empty
 * line. `help` and `complete`: requested for the text `before` the cursor.
 */
export type EditEvent =
  /** `lostChars`: characters dropped because the line was full. */
  | { readonly kind: 'line'; readonly text: string; readonly lostChars: number }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'eof' }
  | { readonly kind: 'help'; readonly before: string }
  | { readonly kind: 'complete'; readonly before: string };

/**
 * The text to send to the terminal after a key (`out`), and what the key means for the caller. `event` is null if it means nothing more,
 * for example for a key that only edits.
 */
export interface Pressed {
  readonly out: string;
  readonly event: EditEvent | null;
}

/** The prompt, the width of the terminal, the mode and the history for the editing of one line. */
export interface EditorOptions {
  readonly prompt: string;
  /** Width of the terminal. Units: columns. */
  readonly widthCols: number;
  readonly mode: EditMode;
  /** Lines that can be recalled in the mode `command`, oldest first. */
  readonly history: readonly string[];
}

const BELL = '\x07';
const TAB_BLANKS = '  ';
const QUIET: Pressed = { out: '', event: null };

/** Draws the part of a line that fits its row. */
interface LineScreen {
  /** Returns the bytes that update the row. */
  draw(buffer: EditBuffer): string;
  hide(): string;
  show(buffer: EditBuffer): string;
  /** Sets the text before the line, used from the next `show` on. */
  label(text: string): void;
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

function shown(out: string): Pressed {
  return { out, event: null };
}

/** Edits one line of text, empty at first. It returns the text to send to the terminal and writes nothing itself. */
export class LineEditor {
  readonly mode: EditMode;
  readonly #prompt: string;
  readonly #history: readonly string[];
  readonly #screen: LineScreen;
  #buffer = EMPTY_BUFFER;
  #place: HistoryPlace;
  /** Set while Ctrl-R searches the history. */
  #search: HistorySearch | null = null;
  /** The line before the search. */
  #unsearched = '';
  /** After Ctrl-V the next `?` is text. */
  #isLiteral = false;

  constructor(options: EditorOptions) {
    this.mode = options.mode;
    this.#prompt = options.prompt;
    this.#history = options.history;
    this.#screen = createLineScreen(options);
    this.#place = { at: options.history.length, typed: '' };
  }

  /**
   * Applies a key and returns its effect. After an event `line`, `interrupt` or `eof`, a next line needs a new editor. After `help`, the
   * line must be drawn again with `show`.
   */
  press(key: Key): Pressed {
    if (this.#search !== null) return this.#pressInSearch(key, this.#search);
    if (key.kind === 'text') return this.#pressText(key.text, key.pasted);
    if (key.kind !== 'control') return QUIET;
    return key.pasted && key.name === 'tab' ? shown(this.insert(TAB_BLANKS)) : this.#pressControl(key.name);
  }

  /** Inserts text at the cursor; text that does not fit is dropped whole. Returns the text to send. */
  insert(text: string): string {
    const before = this.#buffer.lostChars;
    const out = this.#set(withText(this.#buffer, text));
    // The bell rings once, however much text is dropped.
    return before === 0 && this.#buffer.lostChars > 0 ? `${out}${BELL}` : out;
  }

  /** Returns the text that erases prompt and line from the row. */
  hide(): string {
    return this.#screen.hide();
  }

  /** Returns the text that draws prompt and line from the left edge of an empty row. */
  show(): string {
    return this.#screen.show(this.#buffer);
  }

  #set(next: EditBuffer | null): string {
    if (next === null) return BELL;
    this.#buffer = next;
    return this.#screen.draw(next);
  }

  #beforeCursor(): string {
    return this.#buffer.line.slice(0, this.#buffer.cursor);
  }

  #pressText(text: string, pasted: boolean): Pressed {
    const before = this.#beforeCursor();
    if (this.#isLiteral || pasted || text !== '?' || this.mode !== 'command' || isQuoted(before)) {
      this.#isLiteral = false;
      return shown(this.insert(text));
    }
    return { out: '?\n', event: { kind: 'help', before } };
  }

  #pressControl(name: ControlKey): Pressed {
    if (name === 'enter') return this.#finish(this.#set(withLine(this.#buffer, this.#buffer.line)));
    if (name === 'interrupt') return { out: '^C\n', event: { kind: 'interrupt' } };
    if (name === 'eof') return this.#buffer.line === '' ? { out: '', event: { kind: 'eof' } } : shown(this.#set(deleted(this.#buffer)));
    if (name === 'tab')
      return this.mode === 'command'
        ? { out: '', event: { kind: 'complete', before: this.#beforeCursor() } }
        : shown(this.insert(TAB_BLANKS));
    if (name === 'search') return shown(this.#beginSearch());
    if (name === 'up' || name === 'down') return shown(this.#recall(name === 'up' ? -1 : 1));
    if (name === 'redraw') return shown(`\n${this.show()}`);
    if (name === 'literal') {
      this.#isLiteral = true;
      return QUIET;
    }
    return shown(this.#set(EDITS[name]?.(this.#buffer) ?? null));
  }

  #finish(out: string): Pressed {
    return { out: `${out}\n`, event: { kind: 'line', text: this.#buffer.line, lostChars: this.#buffer.lostChars } };
  }

  #recall(step: -1 | 1): string {
    const found = this.mode === 'command' ? recalled(this.#history, this.#place, { step, line: this.#buffer.line }) : null;
    if (found === null) return BELL;
    this.#place = found.place;
    return this.#set(withLine(this.#buffer, found.line));
  }

  #beginSearch(): string {
    if (this.mode !== 'command' || this.#history.length === 0) return BELL;
    this.#unsearched = this.#buffer.line;
    return this.#showSearch({ term: '', at: this.#history.length });
  }

  #pressInSearch(key: Key, { term, at }: HistorySearch): Pressed {
    if (key.kind === 'text') return shown(this.#seek(term + key.text, at));
    if (key.kind !== 'control') return QUIET;
    if (key.name === 'search') return shown(this.#seek(term, at - 1));
    if (key.name === 'backspace') return shown(this.#seek(term.slice(0, -1), this.#history.length - 1));
    const isGivenUp = key.name === 'abort' || key.name === 'interrupt';
    const left = this.#leaveSearch(isGivenUp ? this.#unsearched : this.#buffer.line);
    if (isGivenUp) return shown(left);
    if (key.name === 'enter') return this.#finish(left);
    const { out, event } = this.#pressControl(key.name);
    return { out: left + out, event };
  }

  #seek(term: string, from: number): string {
    const before = this.#search ?? { term, at: this.#history.length - 1 };
    const { search: next, line } = sought(this.#history, { term, from, before });
    if (line !== null) this.#buffer = withLine(this.#buffer, line);
    return `${this.#showSearch(next)}${line === null ? BELL : ''}`;
  }

  #showSearch(next: HistorySearch): string {
    this.#search = next;
    return this.#relabel(`(search: ${next.term}) `);
  }

  #leaveSearch(line: string): string {
    this.#search = null;
    this.#buffer = withLine(this.#buffer, line);
    return this.#relabel(this.#prompt);
  }

  #relabel(label: string): string {
    const wiped = this.#screen.hide();
    this.#screen.label(label);
    return wiped + this.show();
  }
}
