/**
 * What a table would change in a cabinet: things that are new, and things that become another way. What stays is not named.
 *
 * Owns how rows become poles, devices, lamps and places in zones. Pure; touches no text.
 */
import { didYouMean } from '../../core/suggestions.ts';
import { listNames } from '../check/finding.ts';
import type { ImportFlaw, ImportRow } from './import-table.ts';

/** Values of one thing by key, in the order in which they are written. */
export type ImportFields = Readonly<Record<string, string | number>>;

/** The parts of a document that a table touches, as they are written there; anything else in it may be anything. */
export interface ImportTarget {
  readonly lines: readonly { readonly id: string; readonly devices: readonly ImportFields[] }[];
  readonly poles: readonly ImportFields[];
  readonly lamps: readonly ImportFields[];
  readonly zones: readonly { readonly id: string; readonly lamps: readonly string[] }[];
}

/** One step from the document to what the table says. Shape: indexes are those of the document before any step. */
export type ImportChange = { readonly id: string; readonly row: number } & (
  | { readonly kind: 'add'; readonly thing: 'pole' | 'lamp'; readonly fields: ImportFields }
  | { readonly kind: 'add'; readonly thing: 'device'; readonly line: number; readonly fields: ImportFields }
  | {
      readonly kind: 'set';
      readonly thing: 'pole' | 'lamp';
      readonly index: number;
      readonly fields: ImportFields;
      readonly before: ImportFields;
    }
  | {
      readonly kind: 'set';
      readonly thing: 'device';
      readonly line: number;
      readonly index: number;
      readonly fields: ImportFields;
      readonly before: ImportFields;
    }
  | {
      readonly kind: 'move';
      readonly thing: 'device';
      readonly from: number;
      readonly index: number;
      readonly line: number;
      readonly fields: ImportFields;
    }
  | { readonly kind: 'join'; readonly thing: 'zone'; readonly zone: number }
  | { readonly kind: 'leave'; readonly thing: 'zone'; readonly zone: number; readonly index: number }
);

export interface ImportPlan {
  readonly changes: readonly ImportChange[];
  readonly flaws: readonly ImportFlaw[];
}

/** What rows say of one thing, put together. */
interface Wanted {
  readonly row: number;
  readonly fields: Record<string, string | number>;
}

export function planImport(rows: readonly ImportRow[], target: ImportTarget, heading: (column: string) => string | null): ImportPlan {
  const flaws: ImportFlaw[] = [];
  const changes: ImportChange[] = [];
  const wanted = { poles: new Map<string, Wanted>(), devices: new Map<string, Wanted>(), lamps: new Map<string, Wanted>() };
  /** Where devices and lamps are to be, by their ids. */
  const lineOf = new Map<string, string>();
  const zoneOf = new Map<string, string>();
  const say = (row: number, column: string | null, message: string): void =>
    void flaws.push({ line: row, column: column === null ? null : heading(column), message });
  const want = (
    things: Map<string, Wanted>,
    id: string,
    row: number,
    fields: Readonly<Record<string, string | number | undefined>>,
  ): void => {
    const known = things.get(id) ?? { row, fields: {} };
    things.set(id, known);
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      const before = known.fields[key];
      if (before !== undefined && before !== value)
        say(row, key, `${id} has ${key} ${before} in line ${known.row}, and ${value} here: say it once`);
      else known.fields[key] = value;
    }
  };

  for (const { line: row, texts, numbers } of rows) readRow(row, texts, numbers);
  for (const [id, thing] of wanted.poles) mergeInto('pole', target.poles, id, thing, ['atM']);
  for (const [id, thing] of wanted.devices) mergeDevice(id, thing);
  for (const [id, thing] of wanted.lamps) mergeLamp(id, thing);
  return { changes, flaws };

  function readRow(row: number, texts: ImportRow['texts'], numbers: ImportRow['numbers']): void {
    const { pole, branch, lamp } = texts;
    if (pole === undefined && lamp === undefined && texts.device === undefined) say(row, null, 'names no pole, lamp or device');
    else if (pole !== undefined) want(wanted.poles, pole, row, { atM: numbers.atM, branch });
    else if (numbers.atM !== undefined || branch !== undefined) say(row, 'pole', 'a distance or branch is that of a pole: name the pole');
    readDevice(row, texts, numbers);
    readLamp(row, texts, numbers);
  }

  function readDevice(row: number, texts: ImportRow['texts'], { unit }: ImportRow['numbers']): void {
    const { pole, line, profile } = texts;
    if (texts.device === undefined && unit === undefined && line === undefined && profile === undefined) return;
    const device = texts.device ?? texts.lamp;
    if (device === undefined) {
      say(row, 'lamp', 'a line, unit or profile is that of a device: name the lamp or device');
      return;
    }
    // Where several lamps hang on one device, the device stands where the first of them does.
    const isFirst = !wanted.devices.has(device);
    want(wanted.devices, device, row, { unit, profile, pole: isFirst ? pole : undefined });
    if (line !== undefined) placeIn(lineOf, device, line, row);
  }

  function readLamp(row: number, texts: ImportRow['texts'], numbers: ImportRow['numbers']): void {
    const { pole, lamp, device, point, zone } = texts;
    const { ratedPowerW, minPct, maxPct } = numbers;
    if (lamp !== undefined) {
      want(wanted.lamps, lamp, row, { device: device === lamp ? undefined : device, point, pole, ratedPowerW, minPct, maxPct });
      if (zone !== undefined) placeIn(zoneOf, lamp, zone, row);
    } else if (zone !== undefined || ratedPowerW !== undefined) say(row, 'lamp', 'a zone or power is that of a lamp: name the lamp');
  }

  function placeIn(places: Map<string, string>, id: string, place: string, row: number): void {
    const before = places.get(id);
    if (before !== undefined && before !== place)
      say(row, places === zoneOf ? 'zone' : 'line', `${id} is in ${before} too, further up: say it once`);
    places.set(id, place);
  }

  function mergeInto(
    thing: 'pole' | 'lamp',
    present: readonly ImportFields[],
    id: string,
    { row, fields }: Wanted,
    needed: readonly string[],
  ): void {
    const index = present.findIndex((each) => each['id'] === id);
    const before = present[index];
    if (before === undefined) {
      for (const key of needed) if (fields[key] === undefined) say(row, key, `${thing} ${id} is new, so this must be said`);
      changes.push({ kind: 'add', thing, id, row, fields: { id, ...fields } });
      return;
    }
    const changed = differences(before, fields);
    if (changed !== null) changes.push({ kind: 'set', thing, id, row, index, before, fields: changed });
  }

  function mergeDevice(id: string, { row, fields }: Wanted): void {
    const at = target.lines.findIndex(({ devices }) => devices.some((each) => each['id'] === id));
    const line = lineFor(id, row, at);
    if (line < 0) return;
    const index = target.lines[at]?.devices.findIndex((each) => each['id'] === id) ?? -1;
    const before = target.lines[at]?.devices[index];
    if (before === undefined) {
      for (const key of ['unit', 'profile']) if (fields[key] === undefined) say(row, key, `device ${id} is new, so this must be said`);
      changes.push({ kind: 'add', thing: 'device', id, row, line, fields: { id, ...fields } });
    } else if (line !== at) {
      changes.push({ kind: 'move', thing: 'device', id, row, from: at, index, line, fields: { ...before, ...fields } });
    } else {
      const changed = differences(before, fields);
      if (changed !== null) changes.push({ kind: 'set', thing: 'device', id, row, line, index, before, fields: changed });
    }
  }

  /** The only line where none is named; -1, and said, where it cannot be known. */
  function lineFor(id: string, row: number, at: number): number {
    const named = lineOf.get(id);
    const ids = target.lines.map((each) => each.id);
    if (named !== undefined) {
      const found = ids.indexOf(named);
      if (found < 0) say(row, 'line', `no line "${named}"${didYouMean(named, ids, `; the cabinet has ${listNames(ids)}`)}`);
      return found;
    }
    if (at >= 0 || ids.length === 1) return Math.max(at, 0);
    say(row, 'line', `device ${id} is new, so its line must be said; the cabinet has ${listNames(ids)}`);
    return -1;
  }

  function mergeLamp(id: string, { row, fields }: Wanted): void {
    const { pole, ...rest } = fields;
    const before = target.lamps.find((each) => each['id'] === id);
    const device = String(rest['device'] ?? before?.['device'] ?? id);
    // A pole that is the device's own is said there alone.
    const isOwn = pole !== undefined && pole !== polesOfDevice(device) && pole !== before?.['pole'];
    const isOther = before?.['pole'] !== undefined && pole !== undefined && before['pole'] !== pole;
    mergeInto('lamp', target.lamps, id, { row, fields: isOwn || isOther ? { ...rest, pole } : rest }, ['ratedPowerW']);
    joinZone(id, row, before === undefined);
  }

  function polesOfDevice(id: string): string | number | undefined {
    const present = target.lines.flatMap(({ devices }) => devices).find((each) => each['id'] === id);
    return wanted.devices.get(id)?.fields['pole'] ?? present?.['pole'];
  }

  function joinZone(id: string, row: number, isNew: boolean): void {
    const ids = target.zones.map((zone) => zone.id);
    const at = target.zones.findIndex(({ lamps }) => lamps.includes(id));
    const named = zoneOf.get(id) ?? (isNew && ids.length === 1 ? ids[0] : undefined);
    if (named === undefined) {
      if (isNew) say(row, 'zone', `lamp ${id} is new, so its zone must be said; the cabinet has ${listNames(ids)}`);
      return;
    }
    const zone = ids.indexOf(named);
    if (zone < 0)
      say(
        row,
        'zone',
        `no zone "${named}"${didYouMean(named, ids, `; the cabinet has ${listNames(ids)}`)} New zones are written into the cabinet first`,
      );
    if (zone < 0 || zone === at) return;
    if (at >= 0) changes.push({ kind: 'leave', thing: 'zone', id, row, zone: at, index: target.zones[at]?.lamps.indexOf(id) ?? 0 });
    changes.push({ kind: 'join', thing: 'zone', id, row, zone });
  }
}

/** Null when all is as it should be. */
function differences(before: ImportFields, wanted: ImportFields): ImportFields | null {
  const changed = Object.entries(wanted).filter(([key, value]) => before[key] !== value);
  return changed.length === 0 ? null : Object.fromEntries(changed);
}
