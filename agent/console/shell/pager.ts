/** Shows long output a page at a time, with the keys of `--More--`. Pure state. */
import { shownCols } from '../text/text-lines.ts';
import type { Key } from './keys.ts';
import type { TerminalSettings } from './terminal-settings.ts';

/** What to write to the terminal now, and whether the pager has ended. */
export interface PagerStep {
  readonly out: string;
  readonly isDone: boolean;
  /** The pager did not use the key: it is the first key of the next command line. */
  readonly isForLine?: boolean;
}

/** The pages of one output. It writes nothing itself. */
export interface Pager {
  /** Returns the first page. */
  start(): PagerStep;
  /** Returns the effect of a key; call it until a step `isDone`. `ahead`: keys that arrived after this key, up to the end of their line. */
  press(key: Key, ahead?: readonly Key[]): PagerStep;
}

/** Next page (space, f), next line, quit, next match, list of keys. */
const KEYS = ' fjqn?';
const MORE = '--More--';
const WIPE = `\r${' '.repeat(MORE.length)}\r`;

/** Creates a pager that returns these lines a page at a time, or all at once if `rows` is 0. `help`: the list of keys, shown for `?`. */
export function createPager(
  lines: readonly string[],
  { rows, widthCols }: Pick<TerminalSettings, 'rows' | 'widthCols'>,
  help: string,
): Pager {
  let next = 0;
  let isSearching = false;
  let term = '';

  const show = (maxRows: number, before = ''): PagerStep => {
    const shown = lines.slice(next, fittingEnd(lines, { from: next, maxRows, widthCols }));
    next += shown.length;
    const isDone = next >= lines.length;
    return { out: `${before}${shown.map((line) => `${line}\n`).join('')}${isDone ? '' : MORE}`, isDone };
  };
  const page = (before = ''): PagerStep => show(rows === 0 ? Number.POSITIVE_INFINITY : Math.max(1, rows - 1), before);
  const stay = (out: string): PagerStep => ({ out, isDone: false });

  const find = (): PagerStep => {
    const wipe = `\r${' '.repeat(term.length + 1)}\r`;
    const at = lines.findIndex((line, index) => index >= next && line.toLowerCase().includes(term.toLowerCase()));
    isSearching = false;
    if (term === '' || at < 0) return stay(`${wipe}\x07${MORE}`);
    next = at;
    return page(`${wipe}...\n`);
  };

  const inSearch = (key: Key): PagerStep => {
    if (key.kind === 'text') {
      term += key.text;
      return stay(key.text);
    }
    if (key.kind !== 'control') return stay('');
    if (key.name === 'enter') return find();
    if (key.name === 'backspace' && term !== '') {
      term = term.slice(0, -1);
      return stay('\b \b');
    }
    if (key.name !== 'backspace') return stay('');
    isSearching = false;
    return stay(`\r${' '.repeat(term.length + 1)}\r${MORE}`);
  };

  return {
    start: () => page(),
    press(key, ahead = []) {
      if (isSearching) return inSearch(key);
      if (beginsLine(key, ahead)) return { out: WIPE, isDone: true, isForLine: true };
      const char = key.kind === 'text' ? key.text.toLowerCase() : key.kind === 'control' ? key.name : '';
      if (char === ' ' || char === 'f') return page(WIPE);
      if (char === 'enter' || char === 'j') return show(1, WIPE);
      if (char === 'q' || char === 'interrupt' || char === 'eof') return { out: WIPE, isDone: true };
      if (char === '/') {
        [isSearching, term] = [true, ''];
        return stay(`${WIPE}/`);
      }
      if (char === 'n' && term !== '') return find();
      if (char === '?') return stay(`${WIPE}${help}\n${MORE}`);
      return stay(char === '' ? '' : '\x07');
    },
  };
}

/** Whether this is the first key of a command. If the pager took the first letters of a pasted line, the rest could be another command. */
function beginsLine(key: Key, ahead: readonly Key[]): boolean {
  if (key.kind !== 'text' || key.text === '/') return false;
  return [key, ...ahead].some((each) => each.kind === 'text' && (each.pasted || !KEYS.includes(each.text.toLowerCase())));
}

/** Returns where a page that begins at line `from` ends: as many lines as fit `maxRows`, at least one. */
function fittingEnd(
  lines: readonly string[],
  { from, maxRows, widthCols }: { readonly from: number; readonly maxRows: number; readonly widthCols: number },
): number {
  let left = maxRows;
  for (let end = from; end < lines.length; end++) {
    left -= Math.max(1, Math.ceil(shownCols(lines[end] ?? '') / widthCols));
    if (left < 0 && end > from) return end;
  }
  return lines.length;
}
