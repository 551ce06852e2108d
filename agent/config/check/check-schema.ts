import { isRecord } from '../../core/is-record.ts';
import type { JsonSchema } from '../../core/json-schema.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import { droppedKeys, schemaFindings, valueAt } from '../../core/schema-findings.ts';
import { type CabinetDocument, type CabinetInput, cabinetJsonSchema, cabinetSchema } from '../schema/schema.ts';
import type { Draft } from './draft.ts';
import type { Finding, Path } from './finding.ts';

/** The result of the schema check. */
export interface SchemaCheck {
  /** May have findings although `document` is given: each key `__proto__` is reported. */
  readonly findings: readonly Finding[];
  /** The document with the defaults of the schema; undefined if it does not fit the schema. */
  readonly document: CabinetDocument | undefined;
  /** The well-formed parts as written, without defaults; an ill-formed value is undefined. */
  readonly draft: Draft<CabinetInput>;
}

/**
 * Checks a document against its schema. Creates the messages about single values, and the draft of the well-formed parts for the other
 * checks.
 */
export function checkSchema(value: unknown): SchemaCheck {
  const result = cabinetSchema.safeParse(value);
  const dropped = droppedKeys(value).map((finding): Finding => ({ ...finding, mayGoOn: true }));
  if (result.success) return { findings: dropped, document: result.data, draft: value as Draft<CabinetInput> };
  const root = cabinetJsonSchema();
  // One finding per value, even if a number is wrong in two ways.
  const findings = new Map(dropped.map((finding): [string, Finding] => [JSON.stringify(finding.path), finding]));
  const draft = structuredClone(value);
  const hints = { found: quotedTimeHint, allowed: (path: Path) => looksSwapped(value, path) };
  for (const issue of result.error.issues) {
    const path = issue.path as Path;
    for (const finding of schemaFindings(root, value, issue, hints)) findings.set(JSON.stringify(finding.path), finding);
    if (issue.code !== 'unrecognized_keys') forget(draft, path);
  }
  const usable = isRecord(draft) ? draft : {};
  return { findings: [...findings.values()], document: undefined, draft: usable as Draft<CabinetInput> };
}

/** Sets the value to undefined but keeps the key, so that no default replaces it. */
function forget(value: unknown, path: Path): void {
  const parent = valueAt(value, path.slice(0, -1));
  const last = path.at(-1);
  if (typeof parent === 'object' && parent !== null && last !== undefined) (parent as Record<string | number, unknown>)[last] = undefined;
}

/** Times as people write them. */
function quotedTimeHint(found: unknown, schema: JsonSchema): Message | undefined {
  const isTime = /^(dusk|a time of day)/.test(schema.patternErrorMessage ?? '');
  return isTime && (typeof found === 'string' || typeof found === 'number') ? timeHint(String(found)) : undefined;
}

function timeHint(found: string): Message {
  const [, hours, minutes = '00', half] = /^\s*(\d{1,2})(?:[:h.]?(\d{2}))?\s*(am|pm|h)?\s*$/i.exec(found) ?? [];
  if (hours === undefined) return NO_TEXT;
  const twelve =
    half?.toLowerCase() === 'pm' ? (Number(hours) % 12) + 12 : half?.toLowerCase() === 'am' ? Number(hours) % 12 : Number(hours);
  const hour = twelve === 24 ? 0 : twelve;
  return hour > 23 || Number(minutes) > 59 ? NO_TEXT : msg`: write ${JSON.stringify(`${String(hour).padStart(2, '0')}:${minutes}`)}`;
}

/** A latitude above 90 is usually a longitude in the wrong place. */
function looksSwapped(value: unknown, path: Path): Message {
  if (path[0] !== 'cabinet' || path[1] !== 'latitudeDeg') return NO_TEXT;
  const [latitude, longitude] = [valueAt(value, path), valueAt(value, ['cabinet', 'longitudeDeg'])];
  const swapped = typeof latitude === 'number' && typeof longitude === 'number' && Math.abs(latitude) <= 180 && Math.abs(longitude) <= 90;
  return swapped ? msg`; latitude and longitude look swapped` : NO_TEXT;
}
