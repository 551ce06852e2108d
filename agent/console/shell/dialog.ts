/**
 * The dialog with a person at a terminal: prompts, lines, pages, and notices in between.
 *
 * It orders the output: one part writes to the screen at a time, and a half-typed line is redrawn afterwards. It runs no commands.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import { msg } from '../../core/message.ts';
import { ConsoleError } from '../console-error.ts';
import { Input } from './input.ts';
import { type EditMode, LineEditor } from './line-editor.ts';
import { createPager } from './pager.ts';
import { isSize, type TerminalSettings, usualSettings } from './terminal-settings.ts';
import type { Tty } from './tty.ts';
import { TtyWriter } from './tty-writer.ts';

/**
 * Longest wait for the terminal to report its size. Units: ms. Source: assumed; a round trip takes 40 at 9600 baud. Confirmed by: round
 * trips over the modems and converters in use.
 */
const PROBE_MS = 300;
/**
 * Saves the cursor, moves it far down and right, requests its position, restores it. Source: DEC VT100 user guide, DECSC, CUP, DSR 6,
 * DECRC.
 */
const PROBE = '\x1b7\x1b[999;999H\x1b[6n\x1b8';
/** Columns that a terminal may have printed if it does not understand the probe. Units: columns. */
const PROBE_COLS = PROBE.length;

/**
 * Why a session ended. `hang-up`: the terminal was disconnected, or the console failed. `idle`: no key for too long. `stopped`: the process
 * ends. `logout`: any other end, for example a failed login or a session that the agent ended.
 */
export type EndReason = 'logout' | 'idle' | 'hang-up' | 'stopped';

/**
 * A typed line, or why there is none: Ctrl-C (`interrupt`), Ctrl-D in an empty line (`eof`), or the wait for a key was ended (`end`).
 * `end`: the session has ended, or `Input.giveUp` was called, for example to stop a running command. `lostChars`: number of characters
 * dropped because the line was full, also if it was shortened afterwards.
 */
export type LineRead =
  | { readonly kind: 'line'; readonly text: string; readonly lostChars: number }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'eof' }
  | { readonly kind: 'end' };

/** A prompt, and how the line after it is edited. `history`, `help` and `complete` are used only in the mode `command`. */
export interface LineQuestion {
  /** Shown as it is; no colon or blank is added. */
  readonly prompt: string;
  readonly mode: EditMode;
  /** Lines that can be recalled, oldest first. Default: none. */
  readonly history?: readonly string[];
  /** Resolves with the lines to show for `?` after this text, the part of the line before the cursor. Default: none. */
  readonly help?: (before: string) => Promise<readonly string[]>;
  /** Resolves with the text to insert at the cursor for TAB; if it is empty, with lines to show. `before`: as for `help`. */
  readonly complete?: (before: string) => Promise<{ readonly insert: string; readonly lines: readonly string[] }>;
}

/** Prompts, pages and notices at one terminal, until the session ends. It runs no commands. */
export class Dialog {
  readonly settings: TerminalSettings = usualSettings();
  readonly writer: TtyWriter;
  readonly input: Input;
  readonly #clock: Pick<Clock, 'after' | 'monoMs'>;
  readonly #pagerHelp: () => string;
  /** Lines from `printAbove` that wait until a line is edited again or the session ends. */
  readonly #held: string[] = [];
  /** The line being typed; null while something else uses the screen. */
  #editor: LineEditor | null = null;
  #endReason: EndReason | null = null;
  #lastKeyMono: MonoMs;
  #isLent = false;
  #onCursorReport: ((row: number, col: number) => void) | null = null;

  /** `pagerHelp` returns the list of keys that the pager shows for `?`. */
  constructor(tty: Tty, clock: Pick<Clock, 'after' | 'monoMs'>, pagerHelp: () => string) {
    this.#clock = clock;
    this.#pagerHelp = pagerHelp;
    this.#lastKeyMono = clock.monoMs();
    this.writer = new TtyWriter(tty, clock);
    this.input = new Input(tty, {
      flow: (isStop) => this.writer.setStopped(isStop),
      report: (row, col) => this.#onCursorReport?.(row, col),
      alive: () => this.alive(),
    });
    tty.listen({ bytes: (bytes) => this.input.receive(bytes), hangUp: () => this.end('hang-up') });
  }

  /**
   * Edits one line and resolves with it, or with why there is none. One call at a time. Errors: rejects with what the question's `help` or
   * `complete` rejects with.
   */
  async ask(question: LineQuestion): Promise<LineRead> {
    const editor = new LineEditor({
      prompt: question.prompt,
      widthCols: this.settings.widthCols,
      mode: question.mode,
      history: question.history ?? [],
    });
    this.#resume(editor);
    try {
      for (;;) {
        const key = this.input.takeNow() ?? (await this.input.take());
        if (key === null) return { kind: 'end' };
        const { out, event } = editor.press(key);
        if (event?.kind === 'help') await this.#interrupt(out, async () => (await question.help?.(event.before)) ?? []);
        else this.writer.write(out);
        if (event === null || event.kind === 'help') continue;
        if (event.kind === 'complete') await this.#complete(editor, event.before, question);
        else return event;
      }
    } finally {
      this.#editor = null;
    }
  }

  /** Shows lines, a page at a time. Resolves after the last page, or earlier if the person or the session ends it. */
  async page(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const pager = createPager(lines, this.settings, this.#pagerHelp());
    let step = pager.start();
    this.writer.write(step.out);
    while (!step.isDone) {
      const key = await this.input.take();
      if (key === null) return;
      step = pager.press(key, this.input.lineAhead());
      this.writer.write(step.out);
      if (step.isForLine) this.input.putBack(key);
    }
  }

  /**
   * Shows lines above the prompt; without one, above the next prompt, or when the session ends. Returns the number of characters, with
   * those of a redrawn prompt.
   */
  printAbove(lines: readonly string[]): number {
    const text = lines.map((line) => `${line}\n`).join('');
    if (this.#editor === null) {
      this.#held.push(text);
      return text.length;
    }
    const out = `${this.#editor.hide()}${text}${this.#editor.show()}`;
    this.writer.write(out);
    return out.length;
  }

  /** Returns true at a prompt for a command, not for a name or a secret. False also while output waits or is stopped by XOFF. */
  isAtPrompt(): boolean {
    return this.#editor?.mode === 'command' && this.writer.isClear();
  }

  /** Requests the terminal's size and applies it if it is within the limits. Resolves with true if the terminal answered in time. */
  async probe(): Promise<boolean> {
    const size = await new Promise<{ row: number; col: number } | null>((resolve) => {
      this.#onCursorReport = (row, col) => resolve({ row, col });
      this.writer.write(PROBE);
      void this.drained().then(() => this.#clock.after(PROBE_MS, () => resolve(null)));
    });
    this.#onCursorReport = null;
    if (size !== null && isSize(size.row, size.col)) {
      this.settings.rows = size.row;
      this.settings.widthCols = size.col;
    }
    if (size === null) this.writer.write(`\r${' '.repeat(PROBE_COLS)}\r`);
    return size !== null;
  }

  /** Applies a changed character set to the output. */
  apply(): void {
    const isUtf8 = this.settings.charset === 'utf-8';
    this.writer.setUtf8(isUtf8);
  }

  /** Returns why the session has ended; null while it lasts. */
  ended(): EndReason | null {
    return this.#endReason;
  }

  /** Errors: throws ConsoleError 'failed' if the session has ended. */
  expectOpen(): void {
    if (this.#endReason !== null) throw new ConsoleError('failed', msg`the session has ended`);
  }

  /** Resolves when no output waits, or when the session has ended: output that XOFF stopped does not delay the end. */
  drained(): Promise<void> {
    return this.#endReason === null ? this.writer.drained() : Promise.resolve();
  }

  /** Ends the session: shows what `printAbove` held; a pending `ask`, `page` or `drained` resolves. Only the first reason is kept. */
  end(reason: EndReason): void {
    if (this.#endReason !== null) return;
    // A page or a command may have left the cursor inside a line.
    if (this.#held.length > 0) this.writer.write(`\n${this.#held.splice(0).join('')}`);
    this.#endReason = reason;
    this.input.end();
    this.writer.giveUp();
  }

  /**
   * Returns when the terminal last sent anything, or when `alive` was last called; before that, when the dialog was created. The present
   * time while work of `lend` runs. Units: ms of monotonic time.
   */
  lastKeyMono(): MonoMs {
    return this.#isLent ? this.#clock.monoMs() : this.#lastKeyMono;
  }

  /** Counts as a key: a file is being received at the other end, so somebody waits for it. */
  alive(): void {
    this.#lastKeyMono = this.#clock.monoMs();
  }

  /**
   * Runs work to which the terminal belongs meanwhile, such as a program that receives a file. Its time is no time without a key. Errors:
   * rejects with ConsoleError 'failed' if the session has ended before; otherwise as `work`.
   */
  async lend<T>(work: () => Promise<T>): Promise<T> {
    this.expectOpen();
    this.#isLent = true;
    try {
      return await work();
    } finally {
      this.#isLent = false;
      this.alive();
    }
  }

  /** Gives the screen to `editor`. */
  #resume(editor: LineEditor | null): void {
    this.writer.write(this.#held.splice(0).join(''));
    this.#editor = editor;
    this.writer.write(editor?.show() ?? '');
  }

  /** Shows lines in the middle of a typed line, then redraws that line. */
  async #interrupt(out: string, lines: () => Promise<readonly string[]>): Promise<void> {
    const editor = this.#editor;
    this.#editor = null;
    this.writer.write(out);
    await this.page(await lines());
    this.#resume(editor);
  }

  async #complete(editor: LineEditor, before: string, question: LineQuestion): Promise<void> {
    const { insert, lines } = (await question.complete?.(before)) ?? { insert: '', lines: [] };
    if (insert !== '') this.writer.write(editor.insert(insert));
    else if (lines.length === 0) this.writer.write('\x07');
    else await this.#interrupt('\n', async () => lines);
  }
}
