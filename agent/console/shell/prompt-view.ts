/**
 * One row of a terminal, edited with letters, blanks and backspaces only.
 *
 * It chooses the visible part of a long line and computes the bytes to redraw it. Pure. A backspace is the only cursor motion that every
 * terminal supports.
 */

/** The visible text after the prompt, with `<` and `>` where text is hidden, and the column of the cursor in it, from 0. */
export interface PromptView {
  readonly text: string;
  readonly cursorCols: number;
}

/** A row without text after its prompt. */
export const EMPTY_VIEW: PromptView = { text: '', cursorCols: 0 };

/**
 * Returns the part of a line around the cursor that fits `widthCols`, where one column stays free, with `<` and `>` where text is hidden. A
 * width below 8 counts as 8. Units: columns.
 */
export function viewOf(line: string, cursor: number, widthCols: number): PromptView {
  const cols = Math.max(8, widthCols);
  if (line.length < cols) return { text: line, cursorCols: cursor };
  // Scroll by half a row: scrolling with every letter would send the whole row each time.
  const step = Math.floor(cols / 2);
  const start = cursor < cols - 1 ? 0 : (Math.floor((cursor - cols + 1) / step) + 1) * step;
  const rest = line.slice(start);
  const shown = rest.length < cols ? rest : `${rest.slice(0, cols - 2)}>`;
  return { text: start === 0 ? shown : `<${shown.slice(1)}`, cursorCols: cursor - start };
}

/**
 * Returns the text to write so that a terminal that shows the view `from` then shows `to`, with its cursor: letters, blanks and backspaces.
 */
export function redrawBytes(from: PromptView, to: PromptView): string {
  const same = commonLength(from.text, to.text);
  const isSame = same === from.text.length && same === to.text.length;
  if (isSame) return move(to.text, from.cursorCols, to.cursorCols);
  const wipedCols = Math.max(0, from.text.length - to.text.length);
  return [
    move(from.text, from.cursorCols, same),
    to.text.slice(same),
    ' '.repeat(wipedCols),
    '\b'.repeat(wipedCols + to.text.length - to.cursorCols),
  ].join('');
}

/** To move right, the same letters are written again. */
function move(text: string, fromCols: number, toCols: number): string {
  return toCols < fromCols ? '\b'.repeat(fromCols - toCols) : text.slice(fromCols, toCols);
}

function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let index = 0;
  while (index < most && a[index] === b[index]) index++;
  return index;
}
