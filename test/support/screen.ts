/**
 * A terminal for tests: bytes in, rows of text out. Dumb as a teletype, or a VT100 that moves its cursor and answers questions.
 *
 * Owns the picture and what scrolled off it. Knows no more than the console may use; anything else is an error.
 */
/** Escape, where a regular expression may hold it. */
const ESC = '\u241b';

export interface Screen {
  write(bytes: Uint8Array | string): void;
  /** What is seen now, trailing blanks taken off. */
  rows(): readonly string[];
  /** All that was ever shown, scrolled off rows first. */
  transcript(): readonly string[];
  /** What a dumb terminal cannot show: control bytes but CR, LF, BS and BEL, and letters beyond ASCII. */
  readonly strange: string[];
}

export interface ScreenOptions {
  readonly cols?: number;
  readonly rows?: number;
  /** Hears the answers of a VT100; without it the terminal is dumb. */
  readonly answer?: (text: string) => void;
}

export function createScreen({ cols = 80, rows = 24, answer }: ScreenOptions = {}): Screen {
  const past: string[] = [];
  let grid: string[][] = [[]];
  let [row, col] = [0, 0];
  let saved = { row: 0, col: 0 };
  let sequence: string | null = null;
  const strange: string[] = [];

  const feedLine = (): void => {
    if (row < rows - 1) row++;
    else past.push(textOf(grid.shift()));
    while (grid.length <= row) grid.push([]);
  };
  const put = (char: string): void => {
    if (col >= cols) {
      col = 0;
      feedLine();
    }
    const line = grid[row] ?? [];
    while (line.length < col) line.push(' ');
    line[col] = char;
    col++;
  };
  const moveTo = (toRow: number, toCol: number): void => {
    row = Math.min(Math.max(toRow, 0), rows - 1);
    col = Math.min(Math.max(toCol, 0), cols - 1);
    while (grid.length <= row) grid.push([]);
  };
  const carryOut = (text: string): void => {
    const [, parameters = '', final] = /^\u241b\[([\d;]*)([A-Za-z])$/.exec(text) ?? [];
    const [first, second] = parameters.split(';').map((each) => Number(each || 1));
    if (text === `${ESC}7`) saved = { row, col };
    else if (text === `${ESC}8`) moveTo(saved.row, saved.col);
    else if (final === 'H') moveTo((first ?? 1) - 1, (second ?? 1) - 1);
    else if (final === 'n') answer?.(`\x1b[${row + 1};${col + 1}R`);
    else if (final === 'K') grid[row]?.splice(col);
    else if (final === 'J') grid = grid.slice(0, row + 1).map((line, at) => (at < row ? line : line.slice(0, col)));
    else if (final !== 'm') throw new Error(`a VT100 sequence that nobody expected: ${JSON.stringify(text)}`);
    while (grid.length <= row) grid.push([]);
  };
  const one = (char: string): void => {
    if (sequence !== null) {
      sequence += char;
      if (/^\u241b(?:[78]|\[[\d;]*[A-Za-z])$/.test(sequence)) {
        const whole = sequence;
        sequence = null;
        carryOut(whole);
      }
    } else if (char === '\n') feedLine();
    else if (char === '\r') col = 0;
    else if (char === '\b') col = Math.max(0, Math.min(col, cols) - 1);
    else if (char === '\x07') return;
    else if (char === '\x1b' && answer !== undefined) sequence = ESC;
    else {
      if (!/^[\x20-\x7e]$/.test(char)) strange.push(char);
      put(char);
    }
  };

  return {
    strange,
    write(bytes) {
      for (const char of typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')) one(char);
    },
    rows: () => grid.map(textOf),
    transcript: () => [...past, ...grid.map(textOf)],
  };
}

function textOf(line: readonly string[] | undefined): string {
  return (line ?? []).join('').trimEnd();
}
