/** Reads the value that a person types for one place of the configuration. Pure. */

import { CST, type Document, isScalar, Lexer, parseDocument, visit } from 'yaml';
import { type Message, msg } from '../../core/message.ts';

/** The parts of a typed value that YAML reads but does not keep, by the name of their token. */
const NOT_KEPT: Readonly<Record<string, Message>> = {
  comment: msg`a comment (#)`,
  anchor: msg`an anchor (&)`,
  tag: msg`a tag (!)`,
  'directive-line': msg`a directive (%)`,
  'doc-start': msg`a mark of a document (---)`,
  'doc-end': msg`a mark of a document (...)`,
};
/** Longest value that a refusal repeats. Units: characters. Source: two lines of a terminal of 80 columns. */
const SHOWN_CHARS = 160;

/**
 * Returns the value of a typed text, read as YAML, in `plain`; there null for an empty text. Returns a message if the text cannot be used,
 * for example because part of it would be lost.
 */
export function readTypedValue(typed: string): { readonly plain: unknown } | Message {
  const parsed = parseDocument(typed, { logLevel: 'error' });
  const lost = notKept(typed);
  const isText = parsed.contents === null || isScalar(parsed.contents);
  if (lost !== null && isText && typed.length <= SHOWN_CHARS)
    return msg`YAML reads ${lost} in the value and would not store it: write the text in both quotes, as ${inBothQuotes(typed)}`;
  if (lost !== null) return msg`YAML reads ${lost} in the value and would not store it: remove it, or write the text in quotes`;
  if (parsed.errors.length > 0) return msg`the value is not YAML: ${parsed.errors[0]?.message.split('\n')[0] ?? ''}`;
  if (hasAlias(parsed)) return msg`the value repeats another part (*), which it does not have: write it out`;
  return { plain: parsed.toJS({ maxAliasCount: 0 }) as unknown };
}

/** Returns the first part that would not be stored; null if all of the text is. A block (`|`, `>`) keeps its lines, other texts do not. */
function notKept(typed: string): Message | null {
  const before = ['', ''];
  for (const token of new Lexer().lex(typed)) {
    const [header, mark] = before;
    // The lexer returns this mark before the content of a text; the content may look like another token.
    const type = mark === CST.SCALAR ? 'scalar-content' : (CST.tokenType(token) ?? '');
    const isBlock = type === 'scalar-content' && /^[|>]/.test(header ?? '');
    const isText = type === 'scalar-content' || type.endsWith('-quoted-scalar');
    if (isText && !isBlock && token.includes('\n')) return msg`a line break`;
    const lost = NOT_KEPT[type];
    if (lost !== undefined) return lost;
    if (!/^[ \n]+$/.test(token)) before.splice(0, 2, mark ?? '', token);
  }
  return null;
}

/** The text as a quoted text of YAML, in the quotes that shell and session remove. */
function inBothQuotes(text: string): string {
  return `'${JSON.stringify(text).replaceAll("'", '\\u0027')}'`;
}

function hasAlias(document: Document.Parsed): boolean {
  let found = false;
  visit(document, {
    Alias: () => {
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}
