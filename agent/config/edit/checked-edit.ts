import type { Problem } from '../../core/errors.ts';
import { type JsonSchema, keysOf, schemaAt, withoutNull } from '../../core/json-schema.ts';
import { type Message, msg } from '../../core/message.ts';
import type { EditedText } from '../../core/revisions.ts';
import { valueAt } from '../../core/schema-findings.ts';
import { nearest } from '../../core/suggestions.ts';
import { checkSchema } from '../check/check-schema.ts';
import { type Finding, formatPath } from '../check/finding.ts';
import { readPlacedYaml } from '../load/places.ts';
import { cabinetJsonSchema } from '../schema/schema.ts';
import { editYaml } from './edit.ts';

/**
 * Sections listed for a misplaced key. Source: assumed; they fit on the line of the sentence. Confirmed by: the longest such sentence on a terminal
 * of 80 columns.
 */
const HOMES_SHOWN = 3;

/**
 * Returns the text that `editYaml` makes, or `reason`, for example if the change does not fit the schema. `missing`: required keys that a
 * new part of the text still lacks. Mistakes that the text already had are not reported. A removal (`value` null) is not checked here.
 */
export function editChecked(text: string, path: string, value: string | null): EditedText {
  const edited = editYaml(text, path, value);
  if ('reason' in edited || value === null) return edited;
  const known = new Set(checkSchema(readPlacedYaml(text).value).findings.map(findingKey));
  const after = readPlacedYaml(edited.text);
  const caused = checkSchema(after.value).findings.filter((finding) => !known.has(findingKey(finding)));
  const wrong = caused.filter(({ path: at }) => valueAt(after.value, at) !== undefined);
  const [first] = wrong;
  if (first !== undefined) {
    const [path, more] = [formatPath(first.path), wrong.length - 1];
    return { reason: more === 0 ? msg`${path}: ${withHomes(first)}` : msg`${path}: ${withHomes(first)} (and ${more} more)` };
  }
  const missing = caused.map(
    ({ path: at, message }): Problem => ({ file: 'cabinet.yaml', ...after.place(at), path: formatPath(at), message }),
  );
  return missing.length === 0 ? edited : { ...edited, missing };
}

function findingKey({ path, message }: Finding): string {
  return JSON.stringify([path, String(message)]);
}

/** The message of a finding; for an unknown key without a similar key in its section, also the sections that have it. */
function withHomes({ path, message, atKey }: Finding): Message {
  const key = path.at(-1);
  if (atKey !== true || typeof key !== 'string') return message;
  const root = cabinetJsonSchema();
  if (nearest(key, keysOf(schemaAt(root, path.slice(0, -1)))) !== undefined) return message;
  const homes = homesOf(root, key.toLowerCase(), '');
  const [first] = homes;
  if (first === undefined) return message;
  const places = [...new Set(homes.map(({ at }) => at))].slice(0, HOMES_SHOWN);
  return msg`unknown key "${key}"; ${first.name} belongs to ${places}`;
}

/** The sections below `at` that have a key, ignoring case: `zones[ID]`. */
function homesOf(schema: JsonSchema, key: string, at: string): readonly { readonly name: string; readonly at: string }[] {
  const { properties = {}, items } = withoutNull(schema);
  const own = at === '' ? [] : Object.keys(properties).filter((name) => name.toLowerCase() === key);
  const below = Object.entries(properties).flatMap(([name, part]) => homesOf(part, key, at === '' ? name : `${at}.${name}`));
  const inItems = items === undefined || Array.isArray(items) ? [] : homesOf(items as JsonSchema, key, `${at}[ID]`);
  return [...own.map((name) => ({ name, at })), ...below, ...inItems];
}
