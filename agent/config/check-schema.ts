/**
 * The document against its schema: unknown keys, missing keys, wrong types, values out of range.
 *
 * Owns the sentences about single values and the pruned draft that the other checks work on. Pure. Called by `load.ts`.
 */
import type { z } from 'zod';
import type { Draft } from './draft.ts';
import type { Finding, Path } from './finding.ts';
import { allowedInWords, cabinetJsonSchema, type JsonSchema, keysOf, schemaAt } from './json-schema.ts';
import { type CabinetDocument, type CabinetInput, cabinetSchema } from './schema.ts';
import { didYouMean } from './suggestions.ts';

export interface SchemaCheck {
  readonly findings: readonly Finding[];
  /** Undefined when there are findings. */
  readonly document: CabinetDocument | undefined;
  /** Whatever of the document is well-formed; a key whose value is not stays with the value undefined. */
  readonly draft: Draft<CabinetInput>;
}

/** Longest text repeated in a message. Units: characters. */
const QUOTED_MAX = 40;

/** Judge every single value. */
export function checkSchema(value: unknown): SchemaCheck {
  const result = cabinetSchema.safeParse(value);
  if (result.success) return { findings: [], document: result.data, draft: value as Draft<CabinetInput> };
  const root = cabinetJsonSchema();
  // One finding a value, though a number may be wrong in two ways.
  const findings = new Map<string, Finding>();
  const draft = structuredClone(value);
  for (const issue of result.error.issues) {
    const path = issue.path as Path;
    for (const finding of findingsOf(root, value, issue)) findings.set(JSON.stringify(finding.path), finding);
    if (issue.code !== 'unrecognized_keys') forget(draft, path);
  }
  const usable = isRecord(draft) ? draft : {};
  return { findings: [...findings.values()], document: undefined, draft: usable as Draft<CabinetInput> };
}

function findingsOf(root: JsonSchema, value: unknown, issue: z.core.$ZodIssue): Finding[] {
  const path = issue.path as Path;
  const schema = schemaAt(root, path) ?? root;
  if (issue.code === 'unrecognized_keys') {
    const keys = keysOf(schema);
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `unknown key "${key}"${didYouMean(key, keys, `; allowed here: ${keys.join(', ')}`)}`,
      atKey: true,
    }));
  }
  const found = valueAt(value, path);
  const allowed = allowedInWords(schema);
  if (found === undefined) return [{ path, message: `missing; needed: ${allowed}` }];
  return [{ path, message: `found ${inWords(found)}${hint(found, schema)}; allowed: ${allowed}${looksSwapped(value, path)}` }];
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (here, part) => (typeof here === 'object' && here !== null ? (here as Record<string, unknown>)[part] : undefined),
    value,
  );
}

/** Keep the key, so that no default is taken for what was meant. */
function forget(value: unknown, path: Path): void {
  const parent = valueAt(value, path.slice(0, -1));
  const last = path.at(-1);
  if (typeof parent === 'object' && parent !== null && last !== undefined) (parent as Record<string | number, unknown>)[last] = undefined;
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inWords(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a section';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > QUOTED_MAX ? `${value.slice(0, QUOTED_MAX)}...` : value);
}

/** The usual slips: quoted numbers, decimal commas, bare numbers where a name is wanted, times as people say them. */
function hint(found: unknown, schema: JsonSchema): string {
  if (typeof found !== 'string' && typeof found !== 'number') return '';
  const wanted = schema.anyOf?.find((s) => s.type !== 'null') ?? schema;
  if (wanted.patternErrorMessage?.startsWith('dusk')) return timeHint(String(found));
  if (typeof found === 'number') return wanted.type === 'string' && wanted.enum === undefined ? ', a number: write it in quotes' : '';
  if (wanted.type !== 'number' && wanted.type !== 'integer') return '';
  if (/^-?\d+,\d+$/.test(found)) return ': write a decimal point';
  return found.trim() !== '' && Number.isFinite(Number(found)) ? ': write it without quotes' : '';
}

function timeHint(found: string): string {
  const [, hours, minutes = '00', half] = /^\s*(\d{1,2})(?:[:h.]?(\d{2}))?\s*(am|pm|h)?\s*$/i.exec(found) ?? [];
  if (hours === undefined) return '';
  const twelve =
    half?.toLowerCase() === 'pm' ? (Number(hours) % 12) + 12 : half?.toLowerCase() === 'am' ? Number(hours) % 12 : Number(hours);
  const hour = twelve === 24 ? 0 : twelve;
  return hour > 23 || Number(minutes) > 59 ? '' : `: write "${String(hour).padStart(2, '0')}:${minutes}"`;
}

/** A latitude beyond the pole is mostly a longitude in the wrong place. */
function looksSwapped(value: unknown, path: Path): string {
  if (path[0] !== 'cabinet' || path[1] !== 'latitudeDeg') return '';
  const [latitude, longitude] = [valueAt(value, path), valueAt(value, ['cabinet', 'longitudeDeg'])];
  const swapped = typeof latitude === 'number' && typeof longitude === 'number' && Math.abs(latitude) <= 180 && Math.abs(longitude) <= 90;
  return swapped ? '; latitude and longitude look swapped' : '';
}
