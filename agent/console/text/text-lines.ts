/** Splits text into lines that fit a width: wrapped, with a label, or only the first of many. Pure. */
import { stripVTControlCharacters } from 'node:util';
import { formatProblem, type Problem } from '../../core/errors.ts';
import type { Message, Said } from '../../core/message.ts';
import type { Language } from '../../core/words.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { translated } from './page.ts';
import { plainMessage } from './plain-text.ts';
import { translate } from './translate.ts';

/** Width of the labels at the left edge of a sheet. */
const LABEL_COLS = 10;
/** A text beside a label has at least this width; otherwise it stands below the label. Source: as wide as the labels. */
const LEAST_COLS = 10;

/**
 * The width that text must fit, in columns, and the language to translate it into; default: English. A plain number is a width, with
 * English.
 */
export type Sheet = number | { readonly widthCols: number; readonly language?: Language };

/** Returns the width in columns and the language of a sheet. A plain number is the width; the default language is English. */
export function sheetOf(sheet: Sheet): { readonly widthCols: number; readonly language: Language } {
  return typeof sheet === 'number'
    ? { widthCols: sheet, language: 'en' }
    : { widthCols: sheet.widthCols, language: sheet.language ?? 'en' };
}

/**
 * Returns a label and a text, translated, as lines for the sheet: beside each other, or below each other if too little width is left for
 * the text. Neither may contain line ends.
 */
export function labelled(label: Said, text: Said, sheet: Sheet): string[] {
  const { widthCols, language } = sheetOf(sheet);
  const shown = translate(language, label);
  const indent = Math.max(shown.length + 1, LABEL_COLS);
  if (widthCols - indent < LEAST_COLS)
    return [shown, translate(language, text)].flatMap((each) => (each === '' ? [] : wrap(each, widthCols)));
  return wrap(translate(language, text), widthCols - indent).map((line, index) =>
    `${index === 0 ? shown.padEnd(indent) : ' '.repeat(indent)}${line}`.trimEnd(),
  );
}

/** Returns a text in the language of the sheet, as lines that fit its width; at least one line. The text may not contain line ends. */
export function paragraph(text: Said, sheet: Sheet): string[] {
  const { widthCols, language } = sheetOf(sheet);
  return wrap(translate(language, text), widthCols);
}

/** Where a line may be broken: never before a separate sign such as in `40 %` and French punctuation. */
const BREAK = / (?![:;?!%][),.;:]*(?: |$))/;

/**
 * Breaks a text at blanks into lines of at most `widthCols`, but 1 column or more; at least one line. Longer words break too. Blanks at the
 * start are dropped. The text may not contain line ends.
 */
export function wrap(text: string, widthCols: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BREAK).flatMap((long) => pieces(long, Math.max(1, widthCols)))) {
    if (line !== '' && shownCols(line) + 1 + shownCols(word) > widthCols) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Returns the rows, at most `maxRows` (1 or more) of them. If some are missing, the last row is what `more` returns for their number. */
export function atMost(rows: readonly string[], maxRows: number, more: (missing: number) => string): readonly string[] {
  return rows.length <= maxRows ? rows : [...rows.slice(0, maxRows - 1), more(rows.length - maxRows + 1)];
}

function pieces(word: string, widthCols: number): string[] {
  if (shownCols(word) <= widthCols) return [word];
  if (word.includes(' ')) return word.split(' ').flatMap((part) => pieces(part, widthCols));
  const parts: string[] = [];
  let rest = word;
  while (shownCols(rest) > widthCols) {
    const at = breakIn(rest, widthCols);
    parts.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return [...parts, rest];
}

/**
 * Where a path, an address or a list without blanks may be broken. Source: `/dev/serial/by-path/platform-3f980000.usb-usb-0:1.1:1.0-port0`.
 */
const SEPARATOR = /[/,;:=-](?=[^/,;:=-]*$)/;

/** Returns the place after the last separator of the line, unless more than half the line would be empty; otherwise the end of the line. */
function breakIn(word: string, widthCols: number): number {
  const at = SEPARATOR.exec(word.slice(0, widthCols))?.index ?? -1;
  return at * 2 >= widthCols ? at + 1 : widthCols;
}

/** Returns the width of a text on a terminal, if a character takes one column; colours take none. Units: columns. */
export function shownCols(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Returns an error message for the terminal: translated and wrapped, with `luciole: ` in front and a line end. */
export function errorText(
  message: Message,
  { language, widthCols, charset }: Pick<Terminal, 'language' | 'widthCols' | 'charset'>,
): string {
  const text = `luciole: ${translate(language ?? 'en', plainMessage(message, charset))}`;
  return `${text
    .split('\n')
    .flatMap((line) => wrap(line, widthCols))
    .join('\n')}\n`;
}

/** Returns the problems as lines of text, wrapped for a person if `isWrapped`; empty for none. Without a final line end. */
export function problemLines(problems: readonly Problem[], screen: Pick<Terminal, 'language' | 'widthCols'>, isWrapped: boolean): string {
  const lines = problems.map((problem) => formatProblem(problem, (message) => translated(message, screen)));
  return (isWrapped ? lines.flatMap((line) => wrap(line, screen.widthCols)) : lines).join('\n');
}
