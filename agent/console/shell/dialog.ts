/**
 * A talk with a person at a terminal: questions, lines, pages, and words in between.
 *
 * Owns the order on the screen: who may write now, what is drawn again afterwards. Knows no command.
 */
import type { Clock } from '../../core/clock.ts';
import { createInput, type Input } from './input.ts';
import { createLineEditor, type EditMode, type LineEditor } from './line-editor.ts';
import { createPager } from './pager.ts';
import { isSize, type TerminalSettings, usualSettings } from './terminal-settings.ts';
import type { Tty } from './tty.ts';
import { createTtyWriter, type TtyWriter } from './tty-writer.ts';

/** Longest wait for the terminal's answer about its size. Units: ms. Source: the console's rules; a round trip at 9600 takes 40. */
const PROBE_MS = 300;
/** Save the cursor, go far down to the right, ask where that is, go back. Source: DEC VT100 user guide, DECSC, CUP, DSR 6, DECRC. */
const PROBE = '\x1b7\x1b[999;999H\x1b[6n\x1b8';
/** What a terminal may have shown of it that does not understand it. Units: columns. */
const PROBE_COLS = PROBE.length;

export type EndReason = 'logout' | 'idle' | 'hang-up' | 'stopped';

/** A typed line, or why there is none. */
export type LineRead =
  | { readonly kind: 'line'; readonly text: string; readonly lostChars: number }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'eof' }
  | { readonly kind: 'end' };

export interface LineQuestion {
  readonly prompt: string;
  readonly mode: EditMode;
  readonly history?: readonly string[];
  /** Lines to show for `?` at the end of this text. */
  readonly help?: (before: string) => Promise<readonly string[]>;
  /** What to put at the cursor, and lines to show, for TAB. */
  readonly complete?: (before: string) => Promise<{ readonly insert: string; readonly lines: readonly string[] }>;
}

export interface Dialog {
  readonly settings: TerminalSettings;
  readonly writer: TtyWriter;
  readonly input: Input;
  ask(question: LineQuestion): Promise<LineRead>;
  /** Lines as they are, at most a page at a time. */
  page(lines: readonly string[]): Promise<void>;
  /** Lines between: above the prompt and what is half typed. Units: characters that it took, those drawn again included. */
  tell(lines: readonly string[]): number;
  /** A command may be typed, and all that was said before is out: nothing else holds the screen. */
  isAtPrompt(): boolean;
  /** Asks the terminal for its size; true when it answered. */
  probe(): Promise<boolean>;
  /** Puts changed settings into force. */
  apply(): void;
  /** Why the talk is over; null while it goes on. */
  ended(): EndReason | null;
  end(reason: EndReason): void;
  /** Units: ms of monotonic time at which the person last did something. */
  lastKeyMono(): number;
}

/** `pagerHelp`: what the pager shows for a key that it does not have. */
export function createDialog(tty: Tty, clock: Pick<Clock, 'after' | 'monoMs'>, pagerHelp: () => string): Dialog {
  const settings = usualSettings();
  const writer = createTtyWriter(tty, clock);
  let endReason: EndReason | null = null;
  let editor: LineEditor | null = null;
  let keyMono = clock.monoMs();
  let hearReport: ((row: number, col: number) => void) | null = null;
  const held: string[] = [];

  const input = createInput(tty, {
    flow: (isStop) => writer.setStopped(isStop),
    report: (row, col) => hearReport?.(row, col),
    alive: () => {
      keyMono = clock.monoMs();
    },
  });
  const end = (reason: EndReason): void => {
    if (endReason !== null) return;
    endReason = reason;
    input.end();
  };
  tty.listen({ bytes: input.bytes, hangUp: () => end('hang-up') });

  const showHeld = (): void => writer.write(held.splice(0).join(''));

  const aside = async (out: string, work: () => Promise<readonly string[]>): Promise<void> => {
    const shown = editor;
    editor = null;
    writer.write(out);
    await page(await work());
    showHeld();
    editor = shown;
    writer.write(shown?.show() ?? '');
  };

  async function ask(question: LineQuestion): Promise<LineRead> {
    const own = createLineEditor({
      prompt: question.prompt,
      widthCols: settings.widthCols,
      mode: question.mode,
      history: question.history ?? [],
    });
    showHeld();
    editor = own;
    writer.write(own.show());
    try {
      for (;;) {
        const key = input.takeNow() ?? (await input.take());
        if (key === null) return { kind: 'end' };
        const { out, event } = own.press(key);
        if (event?.kind === 'help') await aside(out, async () => (await question.help?.(event.before)) ?? []);
        else writer.write(out);
        if (event === null || event.kind === 'help') continue;
        if (event.kind === 'complete') await complete(own, event.before, question);
        else return event;
      }
    } finally {
      editor = null;
    }
  }

  async function complete(own: LineEditor, before: string, question: LineQuestion): Promise<void> {
    const { insert, lines } = (await question.complete?.(before)) ?? { insert: '', lines: [] };
    if (insert !== '') writer.write(own.insert(insert));
    else if (lines.length === 0) writer.write('\x07');
    else await aside('\n', async () => lines);
  }

  async function page(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const pager = createPager(lines, settings, pagerHelp());
    let step = pager.start();
    writer.write(step.out);
    while (!step.isDone) {
      const key = await input.take();
      if (key === null) return;
      step = pager.press(key);
      writer.write(step.out);
    }
  }

  return {
    settings,
    writer,
    input,
    ask,
    page,
    tell(lines) {
      const text = lines.map((line) => `${line}\n`).join('');
      if (editor === null) {
        held.push(text);
        return text.length;
      }
      const out = `${editor.hide()}${text}${editor.show()}`;
      writer.write(out);
      return out.length;
    },
    isAtPrompt: () => editor?.mode === 'command' && writer.isClear(),
    async probe() {
      const size = await new Promise<{ row: number; col: number } | null>((resolve) => {
        hearReport = (row, col) => resolve({ row, col });
        writer.write(PROBE);
        void writer.drained().then(() => clock.after(PROBE_MS, () => resolve(null)));
      });
      hearReport = null;
      if (size !== null && isSize(size.row, size.col)) {
        settings.rows = size.row;
        settings.widthCols = size.col;
      }
      if (size === null) writer.write(`\r${' '.repeat(PROBE_COLS)}\r`);
      return size !== null;
    },
    apply() {
      const isUtf8 = settings.charset === 'utf-8';
      writer.setUtf8(isUtf8);
      input.setUtf8(isUtf8);
    },
    ended: () => endReason,
    end,
    lastKeyMono: () => keyMono,
  };
}
