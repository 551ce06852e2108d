/**
 * A terminal's screen as a picture: a dark window with the text, colours and weights of the screen.
 *
 * Pure: cells in, SVG out. Each word has its own place and width, so that another font of the reader does not move a column.
 */
import type { ScreenCell, ScreenColour, ScreenStyle } from '../../test/support/screen.ts';

/** Units: px. The cell is as wide as most monospaced fonts draw a letter of this size. Source: 0.6 em, the advance of Courier and, within 1 %, of Menlo and DejaVu Sans Mono. */
const CELL = { width: 8.4, height: 18, font: 14 } as const;
/** Units: px. Source: one cell of space around the text, rounded up, and room for the buttons of a window. */
const WINDOW = { margin: 16, bar: 32, baseline: 14 } as const;
const FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const TEXT = '#d1d7e0';
const DIM = '#9198a1';
/** Source: the palette of GitHub's dark theme; each has a contrast of 4.5 or more on the window. */
const PALETTE: Readonly<Record<ScreenColour, string>> = {
  black: '#7d8590',
  red: '#ff7b72',
  green: '#3fb950',
  yellow: '#e3b341',
  blue: '#58a6ff',
  magenta: '#bc8cff',
  cyan: '#39c5cf',
  white: '#f0f6fc',
};
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Shape: `cols` is the width of the terminal; `command` is written in the window's bar. */
export interface TerminalPictureOptions {
  readonly title: string;
  readonly command: string;
  readonly cols: number;
}

/** The picture as the text of an SVG document. */
export function terminalPicture(rows: readonly (readonly ScreenCell[])[], { title, command, cols }: TerminalPictureOptions): string {
  const width = Math.round(cols * CELL.width + 2 * WINDOW.margin);
  const height = WINDOW.bar + rows.length * CELL.height + WINDOW.margin;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(title)}</title>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="#0d1117" stroke="#484f58"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map((fill, at) => `<circle cx="${18 + at * 18}" cy="16" r="5.5" fill="${fill}"/>`),
    `<g font-family="${FONTS}" font-size="${CELL.font}" fill="${TEXT}">`,
    `<text text-anchor="middle" x="${width / 2}" y="20" font-size="12" fill="${DIM}">${escaped(command)}</text>`,
    ...rows.flatMap((row, at) => wordsIn(row).map((word) => wordElement(word, WINDOW.bar + at * CELL.height + WINDOW.baseline))),
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}

/** The rows of text that a picture of `terminalPicture` shows, without trailing blanks. */
export function rowsOfTerminalPicture(svg: string): readonly string[] {
  const rows: string[] = [];
  for (const [, x, y, text = ''] of svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" textLength[^>]*>([^<]*)<\/text>/g)) {
    const row = Math.round((Number(y) - WINDOW.bar - WINDOW.baseline) / CELL.height);
    const col = Math.round((Number(x) - WINDOW.margin) / CELL.width);
    while (rows.length <= row) rows.push('');
    rows[row] = (rows[row] ?? '').padEnd(col) + unescaped(text);
  }
  return rows;
}

interface Word {
  readonly col: number;
  readonly text: string;
  readonly style: ScreenStyle;
}

/** Characters without a blank between them and with one style. */
function wordsIn(row: readonly ScreenCell[]): readonly Word[] {
  const words: Word[] = [];
  for (const [col, { char, style }] of row.entries()) {
    const last = words.at(-1);
    if (char === ' ') continue;
    if (last !== undefined && last.col + last.text.length === col && isSameStyle(last.style, style)) {
      words[words.length - 1] = { ...last, text: last.text + char };
    } else words.push({ col, text: char, style });
  }
  return words;
}

function isSameStyle(a: ScreenStyle, b: ScreenStyle): boolean {
  return a.isBold === b.isBold && a.isDim === b.isDim && a.colour === b.colour;
}

function wordElement({ col, text, style }: Word, y: number): string {
  const fill = style.colour === null ? (style.isDim ? DIM : null) : PALETTE[style.colour];
  const weight = style.isBold ? ' font-weight="700"' : '';
  const colour = fill === null ? '' : ` fill="${fill}"`;
  const x = rounded(WINDOW.margin + col * CELL.width);
  return `<text x="${x}" y="${y}" textLength="${rounded(text.length * CELL.width)}" lengthAdjust="spacingAndGlyphs"${weight}${colour}>${escaped(text)}</text>`;
}

function rounded(px: number): number {
  return Math.round(px * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>]/g, (char) => ENTITIES[char] ?? char);
}

function unescaped(text: string): string {
  return Object.entries(ENTITIES).reduceRight((rest, [char, entity]) => rest.replaceAll(entity, char), text);
}
