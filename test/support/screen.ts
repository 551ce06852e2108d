/**
 * A terminal for tests: bytes in, rows of text out. Dumb as a teletype, or a VT100 that moves its cursor and answers questions.
 *
 * It supports only the sequences that the console may use; any other is an error.
 */
/** Escape, where a regular expression may hold it. */
const ESC = '\u241b';
/** Source: ECMA-48 §8.3.117, parameters 30 to 37 of SGR. */
const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;

/** A colour of the terminal's palette. */
export type ScreenColour = (typeof COLOURS)[number];

/** Shape: `colour` is null for the terminal's own. */
export interface ScreenStyle {
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly colour: ScreenColour | null;
}

/** One character of the screen. */
export interface ScreenCell {
  readonly char: string;
  readonly style: ScreenStyle;
}

const PLAIN: ScreenStyle = { isBold: false, isDim: false, colour: null };
const BLANK: ScreenCell = { char: ' ', style: PLAIN };

export interface ScreenOptions {
  readonly cols?: number;
  readonly rows?: number;
  /** Receives the answers of a VT100; without it the terminal is dumb. */
  readonly answer?: (text: string) => void;
}

/** Errors: `write` throws on a VT100 sequence that is not supported. */
export class Screen {
  /** What a dumb terminal cannot show: control bytes but CR, LF, BS and BEL, and letters beyond ASCII. */
  readonly strange: string[] = [];
  readonly #cols: number;
  readonly #rows: number;
  readonly #answer: ((text: string) => void) | undefined;
  /** Rows that have scrolled off. */
  readonly #past: string[] = [];
  #grid: ScreenCell[][] = [[]];
  #style = PLAIN;
  #row = 0;
  #col = 0;
  #saved = { row: 0, col: 0 };
  /** The escape sequence so far; null outside one. */
  #sequence: string | null = null;

  constructor({ cols = 80, rows = 24, answer }: ScreenOptions = {}) {
    this.#cols = cols;
    this.#rows = rows;
    this.#answer = answer;
  }

  write(bytes: Uint8Array | string): void {
    for (const char of typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')) this.#take(char);
  }

  /** What is seen now, without trailing blanks. */
  rows(): readonly string[] {
    return this.#grid.map(textOf);
  }

  /** As `rows`, with the style of each character; rows may end with blanks. */
  cells(): readonly (readonly ScreenCell[])[] {
    return this.#grid.map((line) => [...line]);
  }

  /** Everything that was ever shown, scrolled-off rows first. */
  transcript(): readonly string[] {
    return [...this.#past, ...this.rows()];
  }

  #take(char: string): void {
    if (this.#sequence !== null) this.#takeInSequence(this.#sequence + char);
    else if (char === '\n') this.#feedLine();
    else if (char === '\r') this.#col = 0;
    else if (char === '\b') this.#col = Math.max(0, Math.min(this.#col, this.#cols) - 1);
    else if (char === '\x07') return;
    else if (char === '\x1b' && this.#answer !== undefined) this.#sequence = ESC;
    else {
      if (!/^[\x20-\x7e]$/.test(char)) this.strange.push(char);
      this.#put(char);
    }
  }

  #takeInSequence(sequence: string): void {
    const isWhole = /^\u241b(?:[78]|\[\??[\d;]*[A-Za-z])$/.test(sequence);
    this.#sequence = isWhole ? null : sequence;
    if (isWhole) this.#carryOut(sequence);
  }

  #carryOut(text: string): void {
    // DECTCEM shows and hides the cursor, which this screen does not draw.
    if (text === `${ESC}[?25l` || text === `${ESC}[?25h`) return;
    const [, parameters = '', final] = /^\u241b\[([\d;]*)([A-Za-z])$/.exec(text) ?? [];
    const [first, second] = parameters.split(';').map((each) => Number(each || 1));
    if (text === `${ESC}7`) this.#saved = { row: this.#row, col: this.#col };
    else if (text === `${ESC}8`) this.#moveTo(this.#saved.row, this.#saved.col);
    else if (final === 'H') this.#moveTo((first ?? 1) - 1, (second ?? 1) - 1);
    else if (final === 'n') this.#answer?.(`\x1b[${this.#row + 1};${this.#col + 1}R`);
    else if (final === 'K') this.#grid[this.#row]?.splice(this.#col);
    else if (final === 'J')
      this.#grid = this.#grid.slice(0, this.#row + 1).map((line, at) => (at < this.#row ? line : line.slice(0, this.#col)));
    else if (final === 'm') this.#style = parameters.split(';').map(Number).reduce(styled, this.#style);
    else throw new Error(`an unexpected VT100 sequence: ${JSON.stringify(text)}`);
    this.#fill();
  }

  #feedLine(): void {
    if (this.#row < this.#rows - 1) this.#row++;
    else this.#past.push(textOf(this.#grid.shift()));
    this.#fill();
  }

  #put(char: string): void {
    if (this.#col >= this.#cols) {
      this.#col = 0;
      this.#feedLine();
    }
    const line = this.#grid[this.#row] ?? [];
    while (line.length < this.#col) line.push(BLANK);
    line[this.#col] = { char, style: this.#style };
    this.#col++;
  }

  #moveTo(row: number, col: number): void {
    this.#row = Math.min(Math.max(row, 0), this.#rows - 1);
    this.#col = Math.min(Math.max(col, 0), this.#cols - 1);
    this.#fill();
  }

  /** The grid reaches down to the cursor. */
  #fill(): void {
    while (this.#grid.length <= this.#row) this.#grid.push([]);
  }
}

function textOf(line: readonly ScreenCell[] | undefined): string {
  return (line ?? [])
    .map(({ char }) => char)
    .join('')
    .trimEnd();
}

/** The style after one parameter of SGR; others change nothing here. Source: ECMA-48 §8.3.117. */
function styled(style: ScreenStyle, parameter: number): ScreenStyle {
  if (parameter === 0) return PLAIN;
  if (parameter === 1) return { ...style, isBold: true };
  if (parameter === 2) return { ...style, isDim: true };
  if (parameter === 22) return { ...style, isBold: false, isDim: false };
  if (parameter === 39) return { ...style, colour: null };
  const colour = COLOURS[parameter - 30];
  return colour === undefined ? style : { ...style, colour };
}
