/** Breaks text into lines that fit a width: wrapped, with a label, or only the first of many. Pure. */
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

/** How wide, or also in which language: then label and text are translated. Units: columns. */
export type Sheet = number | { readonly widthCols: number; readonly language?: Language };

export function sheetOf(sheet: Sheet): { readonly widthCols: number; readonly language: Language } {
  return typeof sheet === 'number'
    ? { widthCols: sheet, language: 'en' }
    : { widthCols: sheet.widthCols, language: sheet.language ?? 'en' };
}

/** Each line of a long text, none wider than the sheet; the following ones start under the text, not under the label. */
export function labelled(label: Said, text: Said, sheet: Sheet): string[] {
  const { widthCols, language } = sheetOf(sheet);
  const shown = translate(language, label);
  const indent = Math.max(shown.length + 1, LABEL_COLS);
  return wrap(translate(language, text), widthCols - indent).map((line, index) =>
    `${index === 0 ? shown.padEnd(indent) : ' '.repeat(indent)}${line}`.trimEnd(),
  );
}

/** A sentence in the language of the sheet, as lines that fit it. */
export function paragraph(text: Said, sheet: Sheet): string[] {
  const { widthCols, language } = sheetOf(sheet);
  return wrap(translate(language, text), widthCols);
}

/** Where a line may end: never before a sign that stands alone, as `40 %` and French punctuation have it. */
const BREAK = / (?![:;?!%][),.;:]*(?: |$))/;

/** Breaks a text at blanks; a word longer than the line is broken where the line ends. */
export function wrap(text: string, widthCols: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BREAK).flatMap((long) => pieces(long, widthCols))) {
    if (line !== '' && shownCols(line) + 1 + shownCols(word) > widthCols) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The first rows that fit, and a last one that says how many are missing. */
export function atMost(rows: readonly string[], maxRows: number, more: (missing: number) => string): readonly string[] {
  return rows.length <= maxRows ? rows : [...rows.slice(0, maxRows - 1), more(rows.length - maxRows + 1)];
}

function pieces(word: string, widthCols: number): string[] {
  if (shownCols(word) <= widthCols) return [word];
  if (word.includes(' ')) return word.split(' ').flatMap((part) => pieces(part, widthCols));
  const parts: string[] = [];
  let rest = word;
  while (shownCols(rest) > widthCols) {
    const at = breakIn(rest, Math.max(1, widthCols));
    parts.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return [...parts, rest];
}

/** Where a path, an address or a list without blanks may go on in the next line. Source: `/dev/serial/by-path/platform-3f980000.usb-usb-0:1.1:1.0-port0`. */
const SEPARATOR = /[/,;:=-](?=[^/,;:=-]*$)/;

/** Behind the last separator of the line, unless that leaves more than half of it empty; else where the line ends. */
function breakIn(word: string, widthCols: number): number {
  const at = SEPARATOR.exec(word.slice(0, widthCols))?.index ?? -1;
  return at * 2 >= widthCols ? at + 1 : widthCols;
}

/** Columns a text takes on a terminal: colours take none. */
export function shownCols(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** What a one-shot command reports about itself, as lines with an end. Of what was typed only what any terminal can show. */
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

/** One problem a line, for scripts and editors. `isWrapped`: a person reads, so long ones are broken between words. */
export function problemLines(problems: readonly Problem[], screen: Pick<Terminal, 'language' | 'widthCols'>, isWrapped: boolean): string {
  const lines = problems.map((problem) => formatProblem(problem, (message) => translated(message, screen)));
  return (isWrapped ? lines.flatMap((line) => wrap(line, screen.widthCols)) : lines).join('\n');
}
