/**
 * Turns schema errors of a document into sentences: unknown, missing and wrong values, with what is allowed. Pure.
 */

import type * as z from 'zod';
import { isRecord } from './is-record.ts';
import { allowedInWords, type JsonSchema, keysOf, schemaAt, sentenceOf, withoutNull } from './json-schema.ts';
import { type Argument, Message, msg, NO_TEXT } from './message.ts';
import { SECRET_KEY } from './secrets.ts';
import { didYouMean, didYouMeanKey } from './suggestions.ts';

type Path = readonly (string | number)[];

/** One mistake in a document: its path, and a message. */
export interface SchemaFinding {
  readonly path: Path;
  readonly message: Message;
  /** Point at the key instead of its value. */
  readonly atKey?: true;
}

/**
 * Additional hints for values that are present and wrong. Not used for a `custom` error, which has its own message. `found`: text added
 * after the value that was found, such as `: write 5`; undefined for the usual text. `allowed`: text added after the list of allowed
 * values. Both begin with their punctuation; `NO_TEXT` adds none.
 */
export interface MoreHints {
  found?(found: unknown, schema: JsonSchema): Message | undefined;
  allowed?(path: Path): Message;
}

/** A number followed by a sign or a word: `20%`, `30 min`. */
const WITH_UNIT = /^([+-]?\d+(?:[.,]\d+)?)\s*(%|\p{L}.*)$/u;

/**
 * Unknown keys of one section that are named; each is searched for in the text. Source: assumed; a person does not read more of them. Confirmed by: the
 * longest list of errors of an integrator's file.
 */
const MOST_UNKNOWN = 100;

/** Longest text repeated in a message. Units: characters. */
const QUOTED_MAX = 40;

/**
 * Turns one error of the schema library into findings for a person: for unknown keys one each, up to a limit, otherwise one. `root`: the
 * schema of the document, as JSON Schema. `value`: the whole document.
 */
export function schemaFindings(root: JsonSchema, value: unknown, issue: z.core.$ZodIssue, more: MoreHints = {}): SchemaFinding[] {
  const path = issue.path as Path;
  const schema = schemaAt(root, path) ?? root;
  if (issue.code === 'unrecognized_keys') {
    const keys = keysOf(schema);
    const named = issue.keys.slice(0, MOST_UNKNOWN);
    const more = issue.keys.length - named.length;
    return [
      ...named.map((key) => ({ path: [...path, key], message: unknownKey(key, keys), atKey: true as const })),
      ...(more > 0 ? [{ path, message: msg`${more} more unknown keys here` }] : []),
    ];
  }
  if (issue.code === 'custom') {
    const said: unknown = issue.params?.['said'];
    return [{ path, message: said instanceof Message ? said : sentenceOf(issue.message) }];
  }
  const found = valueAt(value, path);
  const allowed = allowedInWords(schema);
  if (found === undefined) return [{ path, message: msg`missing; needed: ${allowed}` }];
  const hint = more.found?.(found, schema) ?? usualSlip(found, withoutNull(schema));
  const also = more.allowed?.(path) ?? NO_TEXT;
  const message = hint.id.endsWith('?')
    ? msg`found ${inWords(found)}${hint} Allowed: ${allowed}${also}`
    : msg`found ${inWords(found)}${hint}; allowed: ${allowed}${also}`;
  return [{ path, message }];
}

/** The key that the schema library removes from an object with free keys instead of reporting it. */
const DROPPED_KEY = '__proto__';

/** Returns findings for the keys `__proto__` of a document, which the schema library may silently remove; empty if there are none. */
export function droppedKeys(value: unknown): SchemaFinding[] {
  const seen = new Set<unknown>();
  const walk = (here: unknown, path: Path): SchemaFinding[] => {
    if (typeof here !== 'object' || here === null || seen.has(here)) return [];
    seen.add(here);
    const children = Array.isArray(here) ? [...here.entries()] : Object.entries(here);
    const found = children.flatMap(([key, child]) => walk(child, [...path, key]));
    if (!isRecord(here) || !Object.hasOwn(here, DROPPED_KEY)) return found;
    return [{ path: [...path, DROPPED_KEY], message: msg`unknown key "${DROPPED_KEY}"${NO_TEXT}`, atKey: true }, ...found];
  };
  return walk(value, []);
}

/** A password in the file would be in every copy of the file. */
function unknownKey(key: string, keys: readonly string[]): Message {
  const hint = didYouMeanKey(key, keys, msg`; allowed here: ${keys}`);
  return SECRET_KEY.test(key) ? msg`unknown key "${key}"; this file holds no secrets${hint}` : msg`unknown key "${key}"${hint}`;
}

/** Returns what a path leads to in a parsed document; undefined if it leads to nothing. Never throws for plain data. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (here, part) =>
      typeof here === 'object' && here !== null && Object.hasOwn(here, part) ? (here as Record<string, unknown>)[part] : undefined,
    value,
  );
}

function inWords(value: unknown): Argument {
  if (value === null) return msg`nothing`;
  if (Array.isArray(value)) return value.length === 0 ? msg`an empty list` : msg`a list`;
  if (typeof value === 'object') return msg`a section`;
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > QUOTED_MAX ? `${value.slice(0, QUOTED_MAX)}...` : value);
}

/** A whole number beyond the range of a JavaScript number, as the YAML reader returns it. Source: 2^53 has 14 digits in hex. */
const WIDE = /^0x[\da-f]{14,}$/i;

/** Hints for quoted numbers, decimal commas, units after a number, numbers instead of a name, accents in an id, and misspelt words. */
function usualSlip(found: unknown, wanted: JsonSchema): Message {
  if (typeof found === 'number')
    return wanted.type === 'string' && wanted.enum === undefined ? msg`, a number: write it in quotes` : NO_TEXT;
  if (typeof found !== 'string') return NO_TEXT;
  if (wanted.enum !== undefined) return didYouMean(found, wanted.enum.map(String));
  if (wanted.type === 'string') return withoutAccents(found, wanted);
  if (wanted.type !== 'number' && wanted.type !== 'integer') return NO_TEXT;
  if (WIDE.test(found)) return msg`, a number that is too large`;
  if (/^-?\d+,\d+$/.test(found)) return msg`: write a decimal point`;
  const [, number = '', unit] = WITH_UNIT.exec(found.trim()) ?? [];
  if (unit === '%') return msg`: write ${number.replace(',', '.')} without "%"`;
  if (unit !== undefined) return msg`: write the number alone, in the unit at the end of the key`;
  return found.trim() !== '' && Number.isFinite(Number(found)) ? msg`: write it without quotes` : NO_TEXT;
}

/** Letters that Unicode does not decompose into a letter a to z and an accent. Source: Turkish, Polish, Nordic, German, French place names. */
const BASE_LETTERS: Readonly<Record<string, string>> = {
  ...{ ı: 'i', ł: 'l', Ł: 'L', ø: 'o', Ø: 'O', đ: 'd', Đ: 'D', ß: 'ss', æ: 'ae', Æ: 'AE', œ: 'oe', Œ: 'OE' },
};

/** Suggests `Kose` for `Köşe`, if the former is allowed and the latter is not. */
function withoutAccents(found: string, { pattern }: JsonSchema): Message {
  const folded = found
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^\x20-\x7e]/gu, (letter) => BASE_LETTERS[letter] ?? letter);
  return pattern !== undefined && folded !== found && new RegExp(pattern).test(folded) ? msg`: write ${JSON.stringify(folded)}` : NO_TEXT;
}
