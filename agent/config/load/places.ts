import { type Document, isAlias, isCollection, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { type Message, msg } from '../../core/message.ts';
import type { Path } from '../check/finding.ts';
import { syntaxFlaws, type TextFlaw } from './syntax-flaws.ts';

/** A place in a text. Units: lines and columns count from 1, columns in UTF-16 units. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Problems of the text itself. */
interface Flaw extends TextPosition {
  readonly message: Message;
}

/** A document with the places of its values. */
export interface PlacedDocument {
  /**
   * Plain values; null for an empty text. Undefined if there is a flaw other than a key that is written twice. A whole number of 2^53 or
   * more, written without a sign in decimal digits or as 0x hex, is a text in hex. A tag such as `!!set` or `!!timestamp` gives an object
   * of its own class.
   */
  readonly value: unknown;
  readonly flaws: readonly Flaw[];
  /** The place of a value; for a missing one, that of its nearest parent. */
  place(path: Path): TextPosition;
  /** The place of the key of a value; for an item of a list its own, for a missing value that of its nearest parent. */
  keyPlace(path: Path): TextPosition;
}

/** Digits of a number that JavaScript may not store exactly. Source: 2^53 has 16 decimal digits and 14 in hex. */
const WIDE_NUMBER = /\d{16}|0x[\da-f]{14}/i;

/**
 * Parses YAML text into values, with the place of each value in the text. The version is 1.2, or 1.1 after the directive `%YAML 1.1`.
 * Mistakes in the text are in `flaws`.
 */
export function readPlacedYaml(text: string): PlacedDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, keepSourceTokens: true, logLevel: 'error' });
  const at = (offset: number): TextPosition => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const placed = ({ offset, message }: TextFlaw): Flaw => ({ ...at(offset), message });
  const intact = document.errors.every((e) => e.code === 'DUPLICATE_KEY');
  const complaints = syntaxFlaws(text, document, [...document.errors, ...document.warnings]).map(placed);
  const flaws = [
    ...unreadableBytes(text).map(placed),
    ...(intact ? complaints : firstOfEachLine(complaints)),
    ...(intact ? brokenNodes(document) : []).map(placed),
  ];
  const worthALook = intact && flaws.length === document.errors.length;
  if (WIDE_NUMBER.test(text)) keepWideIntegers(document);
  const { value, conversionFlaws } = worthALook ? toValues(document) : { value: undefined, conversionFlaws: [] };
  return {
    value,
    flaws: [...flaws, ...conversionFlaws.map(placed)],
    place: (path) => at(startOf(walk(document, path).node)),
    keyPlace: (path) => {
      const { node, key } = walk(document, path);
      return at(startOf(key ?? node));
    },
  };
}

/** Converts a document to values. The library reports some errors only here, for example a merge of a value that is not a map. */
function toValues(document: Document.Parsed): { readonly value: unknown; readonly conversionFlaws: readonly TextFlaw[] } {
  try {
    return { value: document.toJS({ maxAliasCount: -1 }), conversionFlaws: [] };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return {
      value: undefined,
      conversionFlaws: [{ offset: 0, message: msg`not valid YAML: ${error.message}; check each "<<" and each alias in the file` }],
    };
  }
}

/** A whole number above 2^53 becomes its text in hex, `0x7fffffffffffffff`: as a number it would change its value. */
function keepWideIntegers(document: Document.Parsed): void {
  visit(document, {
    Scalar: (_, scalar) => {
      const { value, source = '' } = scalar;
      if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^(0x[\da-f]+|\d+)$/i.test(source)) return;
      scalar.value = `0x${BigInt(source).toString(16)}`;
    },
  });
}

/** Follows a path as far as it exists, including through aliases. */
function walk(document: Document.Parsed, path: Path): { node: Node | null; key: Node | null } {
  let node: Node | null = document.contents;
  let key: Node | null = null;
  for (const part of path) {
    const next = childOf(isAlias(node) ? (node.resolve(document) ?? null) : node, part);
    if (next === null) return { node, key };
    ({ node, key } = next);
  }
  return { node, key };
}

/** If a key is written twice, the last one counts, as for the values. */
function childOf(parent: Node | null, part: string | number): { node: Node; key: Node | null } | null {
  if (isMap(parent)) {
    const pair = parent.items.findLast((item) => isScalar(item.key) && String(item.key.value) === String(part));
    if (pair === undefined) return null;
    const key = pair.key as Node;
    return { node: (pair.value ?? key) as Node, key };
  }
  const item = isSeq(parent) && typeof part === 'number' ? parent.items[part] : undefined;
  return item === undefined || item === null ? null : { node: item as Node, key: null };
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

/** One mistake causes several errors of the parser; the first of a line names the cause. */
function firstOfEachLine(flaws: readonly Flaw[]): Flaw[] {
  const lines = new Set<number>();
  return flaws.filter(({ line }) => !lines.has(line) && lines.add(line));
}

/** Source: Node decodes invalid UTF-8 as U+FFFD. */
function unreadableBytes(text: string): TextFlaw[] {
  const offset = text.indexOf('\uFFFD');
  return offset < 0 ? [] : [{ offset, message: msg`found a character that is not UTF-8; save the file as UTF-8` }];
}

/** Aliases without a target or to a section (never needed here, and a way to make a small file huge), and keys that are not plain words. */
function brokenNodes(document: Document.Parsed): TextFlaw[] {
  const found: TextFlaw[] = [];
  visit(document, {
    Alias: (_, alias) => {
      const target = alias.resolve(document);
      if (target === undefined)
        found.push({
          offset: startOf(alias),
          message: msg`"*${alias.source}" points to nothing; there is no "&${alias.source}" before it`,
        });
      else if (isCollection(target) && nestsAliases(target)) {
        found.push({
          offset: startOf(alias),
          message: msg`"*${alias.source}" repeats a part that itself holds "*" references; write it out`,
        });
      }
    },
    Pair: (_, pair) => {
      if (!isScalar(pair.key)) found.push({ offset: startOf(pair.key as Node | null), message: msg`a key must be a plain word` });
    },
  });
  return found;
}

function nestsAliases(node: Node): boolean {
  let nested = false;
  visit(node, {
    Alias: () => {
      nested = true;
      return visit.BREAK;
    },
  });
  return nested;
}
