/**
 * Syntax errors of the YAML library as sentences for an author who does not know YAML's grammar, at the place to repair.
 *
 * The library reports the token at which its grammar fails, which for a wrong indentation is the line before. Pure.
 */

import { type Document, isCollection, isScalar, visit, type YAMLError } from 'yaml';
import { type Message, msg } from '../../core/message.ts';

/** A flaw of the text. `offset`: its place, from the start of the text. Units: UTF-16 units. */
export interface TextFlaw {
  readonly offset: number;
  readonly message: Message;
}

/** Where a node begins and ends. */
type Span = readonly [start: number, end: number];
/** Parts that may be left open. Shape: in the order of the text. */
interface Spans {
  readonly quotes: readonly Span[];
  readonly brackets: readonly Span[];
}

type ErrorText = Pick<YAMLError, 'code' | 'message' | 'pos'>;
/** One error with everything that its sentence depends on. */
interface Case {
  readonly text: string;
  readonly spans: Spans;
  readonly error: ErrorText;
  /** Where the error begins, after blanks. */
  readonly at: number;
}

/** Errors about a text that is valid YAML syntax. */
const IS_SENTENCE: ReadonlySet<YAMLError['code']> = new Set(['DUPLICATE_KEY', 'MULTIPLE_DOCS']);
const WRONG_COLUMN = msg`begin all keys of a section, and all "-" of a list, in the same column`;
const NEEDS_COLON = msg`a key is followed by a colon and a blank, as in "id: L01"`;

/** By code; undefined keeps the library's own message. `isBroken`: the value continues in the next line. */
const SENTENCES: Partial<Record<YAMLError['code'], (found: Case, isBroken: boolean) => TextFlaw | undefined>> = {
  DUPLICATE_KEY: (found) => here(found, msg`this key is used twice in the same section; keep one of the two`),
  MULTIPLE_DOCS: (found) => here(found, msg`a second document begins here ("---"); one file holds one`),
  TAB_AS_INDENT: (found) => here(found, msg`there is a tab here; indent with spaces`),
  BAD_INDENT: (found) => {
    const offset = /[#\n]/.test(found.text[found.at] ?? '') ? nextLine(found) : found.at;
    return openBracket(found) ?? { offset, message: msg`indentation: ${WRONG_COLUMN}` };
  },
  BLOCK_AS_IMPLICIT_KEY: (found, isBroken) => {
    if (found.text[found.at] === '-') return here(found, msg`indentation: ${WRONG_COLUMN}`);
    if (isBroken)
      return { offset: nextLine(found), message: msg`indentation: this line is further right than its section; ${WRONG_COLUMN}` };
    return here(found, msg`a second ": " on one line; put a text that contains ": " in quotes`);
  },
  MULTILINE_IMPLICIT_KEY: (found) => here(found, NEEDS_COLON),
  BLOCK_IN_FLOW: (found) => here(found, msg`a "," is missing between the parts in brackets`),
  MISSING_CHAR: missing,
  UNEXPECTED_TOKEN: (found) => {
    const sign = found.text[found.at] ?? '';
    if (sign === '-') return here(found, msg`a list begins on a line of its own`);
    return here(
      found,
      sign !== '' && ']}'.includes(sign)
        ? msg`this "${sign}" closes nothing`
        : msg`this does not belong here; check indentation and quotes`,
    );
  },
  BAD_SCALAR_START: (found) => here(found, msg`a text that begins with "${found.text[found.at] ?? ''}" needs quotes`),
  BAD_DQ_ESCAPE: (found) =>
    here(found, msg`"${found.text.slice(found.at, found.at + 2)}" means nothing in double quotes; use single quotes`),
  TAG_RESOLVE_FAILED: (found) => here(found, msg`a text that begins with "!" needs quotes; tags are not used here`),
  BAD_ALIAS: (found) => here(found, msg`a "${found.text[found.at] ?? ''}" needs quotes or a name behind it`),
};

/**
 * Returns flaws for errors of the YAML library, each with a message for the author and the place to repair. Two errors at one place may
 * give one flaw.
 */
export function syntaxFlaws(text: string, document: Document.Parsed, errors: readonly ErrorText[]): TextFlaw[] {
  const nested = new Set(errors.filter(({ code }) => code === 'BLOCK_AS_IMPLICIT_KEY').map(({ pos }) => pos[0]));
  const spans: Spans = errors.length === 0 ? { quotes: [], brackets: [] } : spansIn(document);
  const broken = new Set(errors.filter(({ code }) => code === 'MULTILINE_IMPLICIT_KEY').map(({ pos }) => pos[0]));
  return errors
    .filter(({ code, pos }) => code !== 'MULTILINE_IMPLICIT_KEY' || !nested.has(pos[0]))
    .map((error) => {
      const found: Case = { text, spans, error, at: behindBlanks(text, error.pos[0]) };
      const flaw =
        SENTENCES[error.code]?.(found, broken.has(error.pos[0])) ?? here(found, msg`${error.message.replaceAll(/\s*\n\s*/g, ' ')}`);
      return { ...flaw, message: IS_SENTENCE.has(error.code) ? flaw.message : msg`not YAML: ${flaw.message}` };
    });
}

/** The library reports an open quote at the end of the text; the author needs the place where it begins. */
function missing(found: Case): TextFlaw | undefined {
  const { text, error, at, spans } = found;
  if (text[at] === '#') return here(found, msg`a "#" needs a blank before it`);
  const quote = innermost(spans.quotes, error.pos[0]);
  if (quote !== undefined) return { offset: quote, message: msg`this quote is not closed` };
  if (openBracket(found) !== undefined) return here(found, msg`a "," is missing between the parts in brackets`);
  return here(found, at > error.pos[0] ? msg`indentation: ${WRONG_COLUMN}` : NEEDS_COLON);
}

/** The innermost list or section in brackets around the error. */
function openBracket({ text, spans, error }: Case): TextFlaw | undefined {
  const start = innermost(spans.brackets, error.pos[0]);
  return start === undefined
    ? undefined
    : { offset: start, message: msg`this "${text[start] ?? ''}" is not closed, or its lines are not indented` };
}

/** Collected once: a hostile text has as many errors as lines. */
function spansIn(document: Document.Parsed): Spans {
  const spans: { readonly quotes: Span[]; readonly brackets: Span[] } = { quotes: [], brackets: [] };
  visit(document, {
    Node: (_, node) => {
      const [start, end] = node.range ?? [0, -1];
      if (isCollection(node) && node.flow === true) spans.brackets.push([start, end]);
      else if (isScalar(node) && node.type?.startsWith('QUOTE') === true) spans.quotes.push([start, end]);
    },
  });
  return spans;
}

/** Start of the last span that begins before this place and reaches it. */
function innermost(spans: readonly Span[], at: number): number | undefined {
  return spans.findLast(([start, end]) => start < at && at <= end)?.[0];
}

/** The first line after the error that is neither empty nor a comment. */
function nextLine({ text, at }: Case): number {
  const line = /\n[ \t]*(?=[^\s#])/g;
  line.lastIndex = at;
  return line.exec(text) === null ? at : line.lastIndex;
}

function here({ at }: Case, message: Message): TextFlaw {
  return { offset: at, message };
}

function behindBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ') at++;
  return at;
}
