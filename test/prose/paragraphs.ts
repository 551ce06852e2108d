/** The prose of a file: comments of source, paragraphs of pages, English templates of a catalogue. */
import ts from 'typescript';

/** Text without marks, with code and quotations as `~`; each character is where it is in the file, `start` is the place of the first. */
export interface Paragraph {
  readonly text: string;
  readonly start: number;
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
const asCode = (text: string): string => text.replace(/[^\n]/g, '~');
const withoutCode = (text: string): string => text.replace(/`[^`]+`|"[^"]{1,300}"|“[^”]{1,300}”|https?:\S+/g, asCode);

/** Errors: none; a kind of file without prose is read as source. */
export function paragraphsIn(file: string, text: string): Paragraph[] {
  if (file.endsWith('.po')) return templatesIn(text);
  return file.endsWith('.md') ? partsOfPage(text) : commentsIn(file, text);
}

function split(text: string, start: number, border: RegExp): Paragraph[] {
  const ends = [...text.matchAll(border)].map(({ index, 0: mark }) => ({ from: index, to: index + mark.length }));
  return [{ from: 0, to: 0 }, ...ends]
    .map(({ to }, index) => ({ text: text.slice(to, ends[index]?.from), start: start + to }))
    .filter((paragraph) => paragraph.text.trim() !== '');
}

/** Consecutive `//` lines are one comment. Directives of the tools are no prose. */
function commentsIn(file: string, text: string): Paragraph[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const ends = new Map<number, number>();
  const visit = (node: ts.Node): void => {
    const comments = [...(ts.getLeadingCommentRanges(text, node.pos) ?? []), ...(ts.getTrailingCommentRanges(text, node.end) ?? [])];
    for (const { pos, end } of comments) ends.set(pos, end);
    for (const child of node.getChildren(source)) visit(child);
  };
  visit(source);
  const joined: { pos: number; end: number }[] = [];
  for (const [pos, end] of [...ends].sort(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (/^\/[/*]+ *(?:biome-|oxlint-|@ts-|@type)/.test(text.slice(pos, end))) continue;
    if (last !== undefined && text.startsWith('//', last.pos) && /^\n[ \t]*\/\/$/.test(text.slice(last.end, pos + 2))) last.end = end;
    else joined.push({ pos, end });
  }
  return joined.flatMap(({ pos, end }) => {
    const bare = text.slice(pos, end).replace(/^\s*\/\/|^\/\*+|\*\/$|^\s*\*(?!\/)/gm, blank);
    return split(withoutCode(bare), pos, /\n[ \t]*\n|\n\s+- /g);
  });
}

/** Paragraphs, items, headings and cells, without blocks of code. */
function partsOfPage(text: string): Paragraph[] {
  const bare = text
    .replace(/^( *)(```|~~~)[\s\S]*?^ *\2.*$|<!--[\s\S]*?-->/gm, blank)
    .replace(/(?<=\])\([^)\s]*\)|^\[[^\]]+\]: .*$/gm, blank);
  const parts = split(withoutCode(bare), 0, /\n[ \t]*(?=\n)|\n[ \t]*(?:[-+*]|\d+\.) |\||(?<=^#.*)\n/gm);
  return parts.map(({ text: part, start }) => ({ text: part.replace(/[*_]{1,2}|^[ >]*#+/gm, blank), start }));
}

function templatesIn(text: string): Paragraph[] {
  return [...text.matchAll(/(?<=^msgid(?:_plural)? )(?:".*"\n)+/gm)].map(({ 0: strings, index }) => ({
    text: strings.replace(/^"|"$|\\[n"]/gm, blank),
    start: index,
  }));
}
