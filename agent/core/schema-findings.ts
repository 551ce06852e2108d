/**
 * Findings of a schema in a document, as sentences: unknown, missing and wrong values, with what is allowed. Pure.
 */
import type * as z from 'zod';
import { allowedInWords, type JsonSchema, keysOf, schemaAt, withoutNull } from './json-schema.ts';
import { SECRET_KEY } from './secrets.ts';
import { didYouMean, didYouMeanKey } from './suggestions.ts';

type Path = readonly (string | number)[];

export interface SchemaFinding {
  readonly path: Path;
  readonly message: string;
  /** Point at the key instead of its value. */
  readonly atKey?: true;
}

/** Extra hints of one kind of document; each is appended to the finding, or to what is allowed. */
export interface MoreHints {
  found?(found: unknown, schema: JsonSchema): string | undefined;
  allowed?(path: Path): string;
}

/** A password in the file would be in each copy of it. */
const NO_SECRET = '; no secret stands in this file';

/** A number with a sign or a word behind it: `20%`, `30 min`. */
const WITH_UNIT = /^([+-]?\d+(?:[.,]\d+)?)\s*(%|\p{L}.*)$/u;

/** Longest text repeated in a message. Units: characters. */
const QUOTED_MAX = 40;

/** The findings of one issue of the schema library. `root` is the same schema as JSON Schema, `value` the whole document. */
export function schemaFindings(root: JsonSchema, value: unknown, issue: z.core.$ZodIssue, more: MoreHints = {}): SchemaFinding[] {
  const path = issue.path as Path;
  const schema = schemaAt(root, path) ?? root;
  if (issue.code === 'unrecognized_keys') {
    const keys = keysOf(schema);
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `unknown key "${key}"${SECRET_KEY.test(key) ? NO_SECRET : ''}${didYouMeanKey(key, keys, `; allowed here: ${keys.join(', ')}`)}`,
      atKey: true,
    }));
  }
  if (issue.code === 'custom') return [{ path, message: issue.message }];
  const found = valueAt(value, path);
  const allowed = allowedInWords(schema);
  if (found === undefined) return [{ path, message: `missing; needed: ${allowed}` }];
  const hint = more.found?.(found, schema) ?? usualSlip(found, withoutNull(schema));
  const link = hint.endsWith('?') ? ' Allowed' : '; allowed';
  return [{ path, message: `found ${inWords(found)}${hint}${link}: ${allowed}${more.allowed?.(path) ?? ''}` }];
}

/** Undefined where there is no value. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (here, part) => (typeof here === 'object' && here !== null ? (here as Record<string, unknown>)[part] : undefined),
    value,
  );
}

function inWords(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a section';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > QUOTED_MAX ? `${value.slice(0, QUOTED_MAX)}...` : value);
}

/** A whole number beyond what a number of JavaScript holds, as the reader of YAML leaves it. Source: 2^53 has 14 digits in hex. */
const WIDE = /^0x[\da-f]{14,}$/i;

/** Quoted numbers, decimal commas, units behind a number, bare numbers instead of a name, accents in an id, a word nearly right. */
function usualSlip(found: unknown, wanted: JsonSchema): string {
  if (typeof found === 'number') return wanted.type === 'string' && wanted.enum === undefined ? ', a number: write it in quotes' : '';
  if (typeof found !== 'string') return '';
  if (wanted.enum !== undefined) return didYouMean(found, wanted.enum.map(String));
  if (wanted.type === 'string') return withoutAccents(found, wanted);
  if (wanted.type !== 'number' && wanted.type !== 'integer') return '';
  if (WIDE.test(found)) return ', a number that is too large';
  if (/^-?\d+,\d+$/.test(found)) return ': write a decimal point';
  const [, number = '', unit] = WITH_UNIT.exec(found.trim()) ?? [];
  if (unit === '%') return `: write ${number.replace(',', '.')} without "%"`;
  if (unit !== undefined) return ': write the number alone, in the unit at the end of the key';
  return found.trim() !== '' && Number.isFinite(Number(found)) ? ': write it without quotes' : '';
}

/** Letters that Unicode does not compose of a letter of a to z and an accent. Source: Turkish, Polish, Nordic, German, French place names. */
const BASE_LETTERS: Readonly<Record<string, string>> = {
  ...{ ı: 'i', ł: 'l', Ł: 'L', ø: 'o', Ø: 'O', đ: 'd', Đ: 'D', ß: 'ss', æ: 'ae', Æ: 'AE', œ: 'oe', Œ: 'OE' },
};

/** `Köşe` as `Kose`, where that is allowed and the text itself is not. */
function withoutAccents(found: string, { pattern }: JsonSchema): string {
  const folded = found
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^\x20-\x7e]/gu, (letter) => BASE_LETTERS[letter] ?? letter);
  return pattern !== undefined && folded !== found && new RegExp(pattern).test(folded) ? `: write ${JSON.stringify(folded)}` : '';
}
