/** Searches the prose of the tree for the words of the rules, and the exports of agent and drivers for missing docstrings. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { undocumentedIn } from './docstrings.ts';
import type { ProseException } from './exceptions.ts';
import { paragraphsIn } from './paragraphs.ts';
import { PROSE_RULES } from './rules.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDERS = ['agent', 'drivers', 'config', 'test', 'bench', 'systemd', 'docs', 'platform'];
const PAGES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];
/** Generated, or in French. */
const LEFT_OUT = ['docs/assumed.md', 'docs/glossaire.md'];
/** A longer sentence is counted. Units: words. Source: assumed; half as much again as the 20 that we aim at. Confirmed by: readers of the pages. */
const LONG_SENTENCE = 30;
const SENTENCE_END = /(?<=[.!?]["')]*)\s+(?=["'(]?[\p{Lu}~])/u;
const SENTENCE_START = '(?<=^\\s*|[.!?]["\')]*\\s+)';

const NO_DOCSTRING = { name: 'no docstring', advice: 'say what the caller gets, when it fails, and in which unit' };

/** Shape: `text` is the whole line. */
export interface ProseHit {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  readonly advice: string;
  readonly text: string;
}

const searches = PROSE_RULES.map(({ pattern, name, advice }) => {
  const source = pattern.replaceAll(/(?<![\\[])\^/g, SENTENCE_START).replaceAll(' ', '\\s+');
  return { name, advice, search: new RegExp(source, pattern.includes('^') ? 'g' : 'gi') };
});

/** What the rules report of one file, in the order of its lines. For a file of agent or drivers also each export without a docstring. */
export function proseHitsIn(file: string, text: string): ProseHit[] {
  const lines = text.split('\n');
  const words = paragraphsIn(file, text).flatMap((paragraph) =>
    searches.flatMap(({ name, advice, search }) =>
      [...paragraph.text.matchAll(search)].map(({ index }) => ({ name, advice, place: paragraph.start + index })),
    ),
  );
  return [...words, ...undocumentedIn(file, text).map((place) => ({ ...NO_DOCSTRING, place }))]
    .sort((a, b) => a.place - b.place)
    .map(({ name, advice, place }) => {
      const line = text.slice(0, place).split('\n').length;
      return { file, line, rule: name, advice, text: lines[line - 1] ?? '' };
    });
}

/** How many sentences of a file have more words than `LONG_SENTENCE`. */
export function longSentencesIn(file: string, text: string): number {
  const sentences = paragraphsIn(file, text).flatMap((paragraph) => paragraph.text.split(SENTENCE_END));
  return sentences.filter((sentence) => (sentence.match(/[\p{L}~]\S*/gu) ?? []).length > LONG_SENTENCE).length;
}

/** The hits that no exception covers, and the exceptions that cover none. */
export function withExceptions(hits: readonly ProseHit[], exceptions: readonly ProseException[]) {
  const covers = (exception: ProseException, hit: ProseHit): boolean =>
    exception.file === hit.file && exception.rule === hit.rule && hit.text.includes(exception.text);
  return {
    left: hits.filter((hit) => !exceptions.some((exception) => covers(exception, hit))),
    unused: exceptions.filter((exception) => !hits.some((hit) => covers(exception, hit))),
  };
}

/** Every file with prose that this check reads. */
export function proseFiles(): { readonly file: string; readonly text: string }[] {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => `${folder}/${name}`),
  ).filter(
    (file) => /\.(?:ts|mjs|js)$|^docs\/.*\.md$|\/fr\.po$/.test(file) && !LEFT_OUT.includes(file) && !file.includes('/node_modules/'),
  );
  return [...PAGES, ...inFolders].map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));
}
