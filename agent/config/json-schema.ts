/**
 * The schema as JSON Schema: for editors (config/cabinet.schema.json) and for the sentences of our own messages.
 *
 * Owns the translation. Pure.
 */
import { z } from 'zod';
import type { Path } from './finding.ts';
import { cabinetSchema } from './schema.ts';

/** The keywords our schema uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly patternErrorMessage?: string;
}

/** What config/cabinet.schema.json holds. */
export function cabinetJsonSchema(): JsonSchema {
  return { title: 'Luciole cabinet', ...(z.toJSONSchema(cabinetSchema, { io: 'input', target: 'draft-7' }) as JsonSchema) } as JsonSchema;
}

/** The part of the schema that rules the value at `path`; undefined where no value may stand. */
export function schemaAt(root: JsonSchema, path: Path): JsonSchema | undefined {
  let here: JsonSchema | undefined = root;
  for (const part of path) {
    const section: JsonSchema | undefined = here?.anyOf?.find((s) => s.type !== 'null') ?? here;
    here = typeof part === 'number' ? section?.items : section?.properties?.[part];
  }
  return here;
}

/** The keys a section may have. */
export function keysOf(schema: JsonSchema | undefined): readonly string[] {
  const section = schema?.anyOf?.find((s) => s.properties !== undefined) ?? schema;
  return Object.keys(section?.properties ?? {});
}

/** What is allowed, in words: `a whole number from 0 to 100`. */
export function allowedInWords(schema: JsonSchema): string {
  if (schema.patternErrorMessage !== undefined) return schema.patternErrorMessage;
  if (schema.enum !== undefined) return orList(schema.enum.map(String));
  if (schema.const !== undefined) return String(schema.const);
  if (schema.anyOf !== undefined) return orList(schema.anyOf.filter((s) => s.type !== 'null').map(allowedInWords));
  if (schema.type === 'integer') return `a whole number${range(schema)}`;
  if (schema.type === 'number') return `a number${range(schema)}`;
  if (schema.type === 'string') return `text of ${schema.minLength ?? 0} to ${schema.maxLength} characters`;
  if (schema.type === 'array') return schema.minItems === undefined ? 'a list' : `a list with at least ${schema.minItems} entry`;
  return `a section with the keys ${keysOf(schema).join(', ')}`;
}

function range({ minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}${maximum === undefined ? '' : ` up to ${maximum}`}`;
  return minimum === undefined ? '' : ` from ${minimum} to ${maximum}`;
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
