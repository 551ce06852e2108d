import { allowedInWords, type JsonSchema, keysOf, sentenceOf, type WantedValue, withoutNull } from '../../core/json-schema.ts';
import { Message, msg, NO_TEXT } from '../../core/message.ts';
import { didYouMeanKey } from '../../core/suggestions.ts';
import { cabinetJsonSchema } from '../schema/schema.ts';
import { type PathStep, stepsOf } from './edit.ts';

/** Units by the end of a key, the longest first. Source: the names of the schema, which end in their unit. */
const UNITS: Readonly<Record<string, Message>> = {
  ...{ PerH: msg`vehicles an hour`, PerS: msg`a second`, Megabytes: msg`megabytes`, Seconds: msg`seconds`, Days: msg`days` },
  ...{ Pct: msg`percent`, Deg: msg`degrees`, Lux: msg`lux`, Kmh: msg`kilometres an hour`, Min: msg`minutes`, Ms: msg`milliseconds` },
  ...{ M2: msg`square metres`, Lm: msg`lumens`, K: msg`kelvins`, W: msg`watts`, M: msg`metres`, S: msg`seconds`, H: msg`hours` },
};
/** Example names of the console, by the key or by the list of the item. */
const NAMES: Readonly<Record<string, string>> = {
  ...{ lines: 'south', line: 'south', poles: 'P13', pole: 'P13', lamps: 'L13', lamp: 'L13', zones: 'rue', zone: 'rue', devices: 'L13' },
  ...{ device: 'L13', programmes: 'night', programme: 'night', calendars: 'weekends', calendar: 'weekends', profile: 'wirenboard-wb-led' },
  ...{ broker: 'mqtts://broker.angers.example:8883', otherBrokers: 'mqtts://broker2.angers.example:8883', primaryHost: 'scada' },
  ...{ port: '/dev/ttyUSB0', point: 'level', sensors: 'S01', timezone: 'Europe/Paris', node: 'ANG-0421', group: 'angers', tariff: 't1' },
};
/** Examples of texts with a certain form, by the message of the schema. */
const FORMS: readonly (readonly [says: RegExp, example: string])[] = [
  [/^dusk, middle/, '23:00'],
  [/^a time of day/, '23:00'],
  [/^a date/, '07-14'],
  [/^a day/, '2026-07-14'],
  [/^an Ed25519 public key/, 'MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='],
  [/^a point/, 'AIR1.pm25'],
  [/\.prom$/, '/run/luciole/cabinet.prom'],
];
/**
 * Example for a number without a default. Source: assumed; a lamp of 60 W, a minute, a level at night. Confirmed by: the examples that technicians
 * see in the console.
 */
const USUAL_NUMBER = 60;
const USUAL_NAME = 'name';

/**
 * Describes the value that belongs at a path such as `zones[rue].minPct`, from the schema alone. Returns `problem` if the path is malformed
 * or is not found in the schema.
 */
export function wantedAt(path: string): WantedValue | { readonly problem: Message } {
  const steps = stepsOf(path);
  if (steps instanceof Message) return { problem: steps };
  let [here, key, mustBeThere]: [JsonSchema, string, boolean] = [cabinetJsonSchema(), '', false];
  for (const step of steps) {
    const above = withoutNull(here);
    const next = partAt(above, step);
    if (next === undefined) return { problem: problemAt(above, step, key) };
    here = next;
    mustBeThere = step.kind === 'key' && above.required?.includes(step.name) === true;
    if (step.kind === 'key') key = step.name;
  }
  return wanted(here, key, mustBeThere);
}

function wanted(schema: JsonSchema, key: string, mustBeThere: boolean): WantedValue {
  const whole = withoutNull(schema);
  const isNumber = whole.type === 'integer' || whole.type === 'number';
  return {
    purpose: schema.description === undefined ? NO_TEXT : sentenceOf(schema.description),
    allowed: allowedInWords(schema),
    unit: isNumber ? unitOf(key) : NO_TEXT,
    choices: choicesOf(schema),
    usual: schema.default === undefined || schema.default === null ? null : inline(schema.default),
    mustBeThere,
    example: inline(exampleOf(schema, key)),
  };
}

function choicesOf({ anyOf = [], ...schema }: JsonSchema): readonly string[] {
  const kinds = anyOf.length === 0 ? [schema] : anyOf.filter(({ type }) => type !== 'null');
  const choices = kinds.map(({ type, enum: words, const: only }) =>
    type === 'boolean' ? ['true', 'false'] : (words ?? (only === undefined ? null : [only])),
  );
  return choices.includes(null) ? [] : choices.flatMap((each) => (each ?? []).map(String));
}

function partAt({ items, properties, additionalProperties }: JsonSchema, step: PathStep): JsonSchema | undefined {
  if (step.kind !== 'key')
    return Array.isArray(items)
      ? items[step.kind === 'item' && /^\d+$/.test(step.name) ? Number(step.name) : 0]
      : (items as JsonSchema | undefined);
  const own = properties !== undefined && Object.hasOwn(properties, step.name) ? properties[step.name] : undefined;
  return own ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
}

function problemAt(schema: JsonSchema, step: PathStep, key: string): Message {
  if (step.kind !== 'key') return msg`${key} is not a list`;
  if (schema.items !== undefined) return msg`${key} is a list: name an item, as ${key}[0], ${key}[ID] or ${key}[+]`;
  const keys = keysOf(schema);
  return keys.length === 0
    ? msg`${key} holds no keys`
    : msg`unknown key "${step.name}"${didYouMeanKey(step.name, keys, msg`; allowed here: ${keys}`)}`;
}

function unitOf(key: string): Message {
  const end = Object.keys(UNITS).find((each) => key.endsWith(each));
  return end === undefined ? NO_TEXT : (UNITS[end] ?? NO_TEXT);
}

function exampleOf(schema: JsonSchema, key: string): unknown {
  const whole = withoutNull(schema);
  const { type, enum: choices, items, const: only } = whole;
  const usual = schema.default ?? whole.default;
  if (choices !== undefined) return choices[choices.indexOf(usual) + 1] ?? choices[0];
  if (only !== undefined) return only;
  if (type === 'boolean') return usual !== true;
  if (type === 'integer' || type === 'number') return numberFor(whole, usual);
  if (type === 'string') return textFor(whole, key, usual);
  if (Array.isArray(items)) return items.map((each: JsonSchema) => exampleOf(each, key));
  if (items !== undefined) return [exampleOf(items as JsonSchema, key)];
  return sectionFor(whole, key);
}

/** Example of a section: all required keys, otherwise the first key. */
function sectionFor({ properties = {}, required = [], additionalProperties }: JsonSchema, key: string): Readonly<Record<string, unknown>> {
  const keys = required.length > 0 ? required : Object.keys(properties).slice(0, 1);
  const own = keys.flatMap((each) => {
    const part = properties[each];
    return part === undefined ? [] : [[each, exampleOf(part, each === 'id' || key === 'sensors' ? key : each)] as const];
  });
  const free =
    own.length === 0 && typeof additionalProperties === 'object' ? [[USUAL_NAME, exampleOf(additionalProperties, key)] as const] : [];
  return Object.fromEntries([...own, ...free]);
}

function numberFor({ minimum, exclusiveMinimum, maximum = Number.POSITIVE_INFINITY, type }: JsonSchema, usual: unknown): number {
  if (typeof usual === 'number') return usual;
  const least = minimum ?? (exclusiveMinimum === undefined ? Number.NEGATIVE_INFINITY : exclusiveMinimum + (type === 'integer' ? 1 : 0.1));
  return Math.max(least, Math.min(USUAL_NUMBER, maximum));
}

function textFor({ patternErrorMessage, minLength = 0 }: JsonSchema, key: string, usual: unknown): string {
  const [, formed] = FORMS.find(([says]) => says.test(patternErrorMessage ?? '')) ?? [];
  const named = formed ?? NAMES[key] ?? usual;
  if (typeof named === 'string') return named;
  return patternErrorMessage === 'a path' ? '/etc/luciole/file' : USUAL_NAME.padEnd(minLength, '-');
}

/** As YAML on one line. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, each]) => `${key}: ${inline(each)}`)
      .join(', ')} }`;
  }
  if (typeof value !== 'string' || /^[A-Za-z/][\w./-]*$/.test(value)) return String(value);
  return `'${value}'`;
}
