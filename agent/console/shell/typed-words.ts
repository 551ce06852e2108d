/** Splits a typed line into words and filter stages: quotes, backslashes, bars. Pure. */

/** One word of a typed line. */
export interface TypedWord {
  /** Without its quotes and backslashes. */
  readonly text: string;
  /** Index in the line of its first character, which may be a quote or a backslash. */
  readonly from: number;
  /** A part of it, or all of it, was in quotes. */
  readonly isQuoted: boolean;
}

/** The words of a line, complete or still being typed. */
export interface TypedLine {
  /** The words of the command, then those of each filter. At least one stage, which may be empty. */
  readonly stages: readonly (readonly TypedWord[])[];
  /** The line ends in a word that may continue. */
  readonly isWordOpen: boolean;
  /** A quote is not closed. */
  readonly isQuoteOpen: boolean;
}

/**
 * Splits a typed line into words, and into stages at `|`. Quotes and backslashes protect characters. A line that begins with `!`, also
 * after blanks, is a remark and has no words.
 */
export function splitLine(line: string): TypedLine {
  const stages: TypedWord[][] = [[]];
  let text = '';
  let from = -1;
  let isQuoted = false;
  let quote = '';
  const close = (): void => {
    if (from >= 0) stages.at(-1)?.push({ text, from, isQuoted });
    [text, from, isQuoted] = ['', -1, false];
  };
  const add = (char: string, index: number): void => {
    if (from < 0) from = index;
    text += char;
  };
  if (line.trimStart().startsWith('!')) return { stages, isWordOpen: false, isQuoteOpen: false };
  for (let index = 0; index < line.length; index++) {
    const char = line[index] ?? '';
    if (char === '\\' && quote !== "'" && index + 1 < line.length) {
      add(line[index + 1] ?? '', index);
      index++;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else add(char, index);
    } else if (char === '"' || char === "'") {
      quote = char;
      isQuoted = true;
      if (from < 0) from = index;
    } else if (char === '|') {
      close();
      stages.push([]);
    } else if (char === ' ' || char === '\t') close();
    else add(char, index);
  }
  const isWordOpen = from >= 0;
  close();
  return { stages, isWordOpen, isQuoteOpen: quote !== '' };
}
