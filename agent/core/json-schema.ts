/**
 * JSON Schema lookups: which part of a schema applies to a path, which keys are allowed there, and the allowed values as text. Pure.
 */
import { type Argument, counted, Message, msg, NO_TEXT } from './message.ts';

type Path = readonly (string | number)[];

/** A JSON Schema, with the keywords that the agent reads. A schema may have more, such as `propertyNames`. */
export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  /** For a record: the schema of its values. */
  readonly additionalProperties?: JsonSchema | boolean;
  /** A list for a list of fixed length, with one schema for each item. */
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  /** For a text: a regular expression. */
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** The allowed values in words; editors show this too. */
  readonly patternErrorMessage?: string;
}

/**
 * Returns the part of the schema for the value at `path`. Of several alternatives on the way, only the first that is not null is followed,
 * and none within it. Undefined if this finds no part: the schema may still allow the value. A number in a path is a list index.
 */
export function schemaAt(root: JsonSchema, path: Path): JsonSchema | undefined {
  let here: JsonSchema | undefined = root;
  for (const part of path) here = here === undefined ? undefined : partOf(withoutNull(here), part);
  return here;
}

/** Returns the first alternative of `anyOf` whose type is not null. Without `anyOf` or such an alternative, returns the schema itself. */
export function withoutNull(schema: JsonSchema): JsonSchema {
  return schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
}

function partOf({ items, properties, additionalProperties }: JsonSchema, part: string | number): JsonSchema | undefined {
  if (typeof part === 'number') return Array.isArray(items) ? items[part] : (items as JsonSchema | undefined);
  const own = properties !== undefined && Object.hasOwn(properties, part) ? properties[part] : undefined;
  return own ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
}

/** Returns the keys that the schema of a section names; of several alternatives, those of the first that names keys. Empty for none. */
export function keysOf(schema: JsonSchema | undefined): readonly string[] {
  const section = schema?.anyOf?.find((s) => s.properties !== undefined) ?? schema;
  return Object.keys(section?.properties ?? {});
}

/** The values allowed for a boolean, as a message. */
export const TRUE_OR_FALSE = msg`true or false`;

/**
 * Describes the values that a schema allows, such as `a whole number from 0 to 100`. The alternative null and some limits are not named,
 * for example those for the entries of a list.
 */
export function allowedInWords(schema: JsonSchema): Message {
  if (schema.patternErrorMessage !== undefined) return sentenceOf(schema.patternErrorMessage);
  if (schema.enum !== undefined) return orList(schema.enum.map(String));
  if (schema.const !== undefined) return msg`${String(schema.const)}`;
  if (schema.anyOf !== undefined) return orList(schema.anyOf.filter((s) => s.type !== 'null').map(allowedInWords));
  if (schema.type === 'integer') return wholeNumber(schema);
  if (schema.type === 'number') return anyNumber(schema);
  if (schema.type === 'boolean') return TRUE_OR_FALSE;
  if (schema.type === 'string')
    return schema.maxLength === undefined ? msg`text` : msg`text of ${schema.minLength ?? 0} to ${schema.maxLength} characters`;
  if (schema.type === 'array') return listInWords(schema);
  const keys = keysOf(schema);
  return keys.length === 0 ? msg`a section of names and values` : msg`a section with the keys ${keys}`;
}

function listInWords({ items, minItems, maxItems }: JsonSchema): Message {
  if (Array.isArray(items)) return msg`a list of ${items.length} values`;
  if (maxItems !== undefined) return msg`a list of ${minItems ?? 0} to ${maxItems} entries`;
  if (minItems === undefined) return msg`a list`;
  return counted(minItems, msg`a list with at least ${minItems} entry`, msg`a list with at least ${minItems} entries`);
}

function wholeNumber({ minimum, exclusiveMinimum, maximum }: JsonSchema): Message {
  if (exclusiveMinimum !== undefined && maximum === undefined) return msg`a whole number above ${exclusiveMinimum}`;
  if (exclusiveMinimum !== undefined) return msg`a whole number above ${exclusiveMinimum} up to ${maximum ?? ''}`;
  if (minimum === undefined) return msg`a whole number`;
  return maximum === undefined ? msg`a whole number from ${minimum} up` : msg`a whole number from ${minimum} to ${maximum}`;
}

function anyNumber({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: JsonSchema): Message {
  if (exclusiveMinimum !== undefined && exclusiveMaximum !== undefined)
    return msg`a number above ${exclusiveMinimum} and below ${exclusiveMaximum}`;
  if (exclusiveMinimum !== undefined && maximum === undefined) return msg`a number above ${exclusiveMinimum}`;
  if (exclusiveMinimum !== undefined) return msg`a number above ${exclusiveMinimum} up to ${maximum ?? ''}`;
  if (minimum === undefined) return msg`a number`;
  return maximum === undefined ? msg`a number from ${minimum} up` : msg`a number from ${minimum} to ${maximum}`;
}

function orList(words: readonly Argument[]): Message {
  const last = words.at(-1);
  if (last === undefined) return NO_TEXT;
  return words.length === 1 ? msg`${last}` : msg`${words.slice(0, -1)} or ${last}`;
}

/** Returns the English text of a schema, such as its description, as a message without arguments. Braces in it are shown as they are. */
export function sentenceOf(text: string): Message {
  return new Message(text.replace(/[{}]/g, '$&$&'));
}

/** The values allowed at one place of a configuration, as help for its author. */
export interface WantedValue {
  /** Purpose of the value; empty if the schema has no description. */
  readonly purpose: Message;
  /** As `allowedInWords`: `a whole number from 0 to 100`. */
  readonly allowed: Message;
  /** Unit of a number, such as `percent`; empty for none. */
  readonly unit: Message;
  /** The allowed words or numbers, as text; empty if other values, apart from null, are allowed too. */
  readonly choices: readonly string[];
  /** The default in the schema, as YAML; null if it has none, or the default null. */
  readonly usual: string | null;
  /** The key is required. */
  readonly mustBeThere: boolean;
  /** An example value. Shape: YAML on one line. */
  readonly example: string;
}
