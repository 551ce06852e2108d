/** A live view on a slow terminal: sends only changes, within a budget of bytes. Pure. */

/** A live view on a terminal. It writes nothing itself: it returns the text to write, and stores what the terminal shows. */
export interface LiveView {
  /** Returns the first frame as far as it fits the terminal, and the hint how to end the view. */
  start(frame: readonly string[], hint: string): string;
  /**
   * Returns the text for changes of this frame: about `budgetChars` characters at most, but at least one change or a part of it. What does
   * not fit is left for later calls. Empty if nothing is to be written.
   */
  next(frame: readonly string[], budgetChars: number): string;
  /** Returns the text that ends the view; the frame stays on the screen. */
  end(): string;
}

/** Shorter unchanged runs are sent again, because a cursor motion is longer. Source: `ESC [ 1 2 ; 3 4 H`, 8 characters. */
const MERGE_COLS = 7;

/**
 * Creates a view that changes characters in place, for a terminal with cursor motion. A frame with more than `rows - 1` rows or `cols`
 * columns is cut.
 * Source: DEC VT100 user guide, CUP, ED and EL.
 */
export function createCursorView(rows: number, cols: number): LiveView {
  let shown: string[] = [];
  const cut = (frame: readonly string[]): string[] => frame.slice(0, rows - 1).map((row) => row.slice(0, cols));

  return {
    start(frame, hint) {
      shown = cut(frame);
      return `\x1b[H\x1b[J${shown.join('\n')}\x1b[${rows};1H${hint.slice(0, cols - 1)}`;
    },
    next(frame, budgetChars) {
      const wanted = cut(frame);
      let out = '';
      for (let row = 0; row < Math.max(wanted.length, shown.length); row++) {
        for (const { from, text } of changes(shown[row] ?? '', wanted[row] ?? '')) {
          const motion = `\x1b[${row + 1};${from + 1}H`;
          if (out !== '' && out.length + motion.length + text.length > budgetChars) return out;
          // A change that is longer than the budget alone is sent in parts.
          const part = text.slice(0, Math.max(MERGE_COLS, budgetChars - motion.length));
          out += motion + part;
          while (shown.length <= row) shown.push('');
          shown[row] = patched(shown[row] ?? '', from, part);
          if (part.length < text.length) return out;
        }
      }
      return out;
    },
    end: () => `\x1b[${rows};1H\x1b[K`,
  };
}

/** Ages and durations; a row in which only these changed is not sent again. */
const SPAN = /(?<![\w.])\d+(?:\.\d+)? (?:ms|s|min|h|d|j)\b/g;

/**
 * Creates a view for a terminal without cursor motion. After the first frame it prints changed rows as new rows, without empty ones. A
 * changed age or duration alone does not count. A frame with more than `rows - 1` rows or `cols` columns is cut.
 */
export function createScrollingView(rows: number, cols: number): LiveView {
  let shown: string[] = [];
  const cut = (frame: readonly string[]): string[] => frame.slice(0, rows - 1).map((row) => row.slice(0, cols));

  return {
    start(frame, hint) {
      shown = cut(frame);
      return `${hint}\n${shown.join('\n')}\n`;
    },
    next(frame, budgetChars) {
      let out = '';
      for (const [row, text] of cut(frame).entries()) {
        if (isSame(text, shown[row] ?? '')) continue;
        if (out !== '' && out.length + text.length + 1 > budgetChars) return out;
        if (text !== '') out += `${text}\n`;
        shown[row] = text;
      }
      return out;
    },
    end: () => '',
  };
}

function isSame(text: string, shown: string): boolean {
  return text === shown || plainOf(text) === plainOf(shown);
}

function plainOf(text: string): string {
  return text.replace(SPAN, '').replaceAll(/ +/g, ' ').trimEnd();
}

/** Returns the runs of cells that differ. */
function changes(from: string, to: string): readonly { readonly from: number; readonly text: string }[] {
  const cols = Math.max(from.length, to.length);
  const [old, next] = [from.padEnd(cols), to.padEnd(cols)];
  const runs: { from: number; to: number }[] = [];
  for (let col = 0; col < cols; col++) {
    if (old[col] === next[col]) continue;
    const last = runs.at(-1);
    if (last !== undefined && col - last.to <= MERGE_COLS) last.to = col + 1;
    else runs.push({ from: col, to: col + 1 });
  }
  return runs.map((run) => ({ from: run.from, text: next.slice(run.from, run.to) }));
}

function patched(row: string, from: number, text: string): string {
  return `${row.padEnd(from).slice(0, from)}${text}${row.slice(from + text.length)}`.trimEnd();
}
