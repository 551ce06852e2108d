import { type Message, msg } from '../../core/message.ts';
import { didYouMean, listNames } from '../../core/suggestions.ts';
import type { ImportRow } from './import-table.ts';
import type { ImportFlaw } from './table-format.ts';
import { type ReportFlaw, type TableThing, TableThings } from './table-things.ts';

/** Values of one pole, device or lamp, by key of the cabinet file. */
export type ImportFields = Readonly<Record<string, string | number>>;

/**
 * The parts of a document that a table may change, as they are written there. Their values are not checked and may have other types; only
 * `id` and the ids of lines and zones are always texts. A line or zone without an id has "?".
 */
export interface ImportTarget {
  /** Id of the cabinet; empty if the document has none. */
  readonly id: string;
  readonly lines: readonly { readonly id: string; readonly devices: readonly ImportFields[] }[];
  readonly poles: readonly ImportFields[];
  readonly lamps: readonly ImportFields[];
  readonly zones: readonly { readonly id: string; readonly lamps: readonly string[] }[];
}

/**
 * One change of the document. `join` adds lamp `id` to a zone, `leave` removes it; `move` takes a device from line `from` to `line`. `row`:
 * line of the table. `fields`: the values to write, for `set` only the changed ones, else all. `before`: all present values.
 * Shape: `line`, `from`, `zone` and `index` are positions in the lists of the document before any change.
 */
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
      readonly before: ImportFields;
    }
  | { readonly kind: 'join'; readonly thing: 'zone'; readonly zone: number }
  | { readonly kind: 'leave'; readonly thing: 'zone'; readonly zone: number; readonly index: number }
);

/** The changes that bring a cabinet to the values of a table. If there are flaws, `changes` must not be applied. */
export interface ImportPlan {
  readonly changes: readonly ImportChange[];
  readonly flaws: readonly ImportFlaw[];
}

/** The keys that a new thing lacks. */
const IS_NEW: Readonly<Record<'pole' | 'lamp', (id: string) => Message>> = {
  pole: (id) => msg`pole ${id} is new, so this is required`,
  lamp: (id) => msg`lamp ${id} is new, so this is required`,
};

/** Finds the changes that a cabinet needs, thing by thing. */
class ImportPlanner {
  readonly changes: ImportChange[] = [];
  readonly #target: ImportTarget;
  readonly #things: TableThings;
  readonly #report: ReportFlaw;

  constructor(target: ImportTarget, things: TableThings, report: ReportFlaw) {
    this.#target = target;
    this.#things = things;
    this.#report = report;
  }

  mergePole(id: string, thing: TableThing): void {
    this.#merge('pole', this.#target.poles, id, thing, ['atM']);
  }

  mergeDevice(id: string, { row, fields }: TableThing): void {
    const { lines } = this.#target;
    const at = lines.findIndex(({ devices }) => devices.some((each) => each['id'] === id));
    const line = this.#lineFor(id, row, at);
    if (line < 0) return;
    const index = lines[at]?.devices.findIndex((each) => each['id'] === id) ?? -1;
    const before = lines[at]?.devices[index];
    if (before === undefined) {
      for (const key of ['unit', 'profile'])
        if (fields[key] === undefined) this.#report(row, key, msg`device ${id} is new, so this is required`);
      this.changes.push({ kind: 'add', thing: 'device', id, row, line, fields: { id, ...fields } });
    } else if (line !== at) {
      this.changes.push({ kind: 'move', thing: 'device', id, row, from: at, index, line, fields: { ...before, ...fields }, before });
    } else {
      const changed = changedFields(before, fields);
      if (changed !== null) this.changes.push({ kind: 'set', thing: 'device', id, row, line, index, before, fields: changed });
    }
  }

  mergeLamp(id: string, { row, fields }: TableThing): void {
    const { pole, ...rest } = fields;
    const before = this.#target.lamps.find((each) => each['id'] === id);
    const device = String(rest['device'] ?? before?.['device'] ?? id);
    // A lamp at the pole of its device has no pole of its own.
    const isOwn = pole !== undefined && pole !== this.#poleOfDevice(device) && pole !== before?.['pole'];
    const isOther = before?.['pole'] !== undefined && pole !== undefined && before['pole'] !== pole;
    this.#merge('lamp', this.#target.lamps, id, { row, fields: isOwn || isOther ? { ...rest, pole } : rest }, ['ratedPowerW']);
    this.#joinZone(id, row, before === undefined);
  }

  #merge(
    thing: 'pole' | 'lamp',
    present: readonly ImportFields[],
    id: string,
    { row, fields }: TableThing,
    required: readonly string[],
  ): void {
    const index = present.findIndex((each) => each['id'] === id);
    const before = present[index];
    if (before === undefined) {
      for (const key of required) if (fields[key] === undefined) this.#report(row, key, IS_NEW[thing](id));
      this.changes.push({ kind: 'add', thing, id, row, fields: { id, ...fields } });
      return;
    }
    const changed = changedFields(before, fields);
    if (changed !== null) this.changes.push({ kind: 'set', thing, id, row, index, before, fields: changed });
  }

  /** The named line, otherwise the present one, otherwise the only one. -1, with a flaw, if it is not known. */
  #lineFor(id: string, row: number, at: number): number {
    const named = this.#things.lineOf.get(id);
    const ids = this.#target.lines.map((each) => each.id);
    if (named !== undefined) {
      const found = ids.indexOf(named);
      if (found < 0) this.#report(row, 'line', msg`no line "${named}"${didYouMean(named, ids, msg`; the cabinet has ${listNames(ids)}`)}`);
      return found;
    }
    if (at >= 0 || ids.length === 1) return Math.max(at, 0);
    this.#report(row, 'line', msg`device ${id} is new, so its line is required; the cabinet has ${listNames(ids)}`);
    return -1;
  }

  #poleOfDevice(id: string): string | number | undefined {
    const present = this.#target.lines.flatMap(({ devices }) => devices).find((each) => each['id'] === id);
    return this.#things.devices.get(id)?.fields['pole'] ?? present?.['pole'];
  }

  #joinZone(id: string, row: number, isNew: boolean): void {
    const { zones } = this.#target;
    const ids = zones.map((zone) => zone.id);
    const at = zones.findIndex(({ lamps }) => lamps.includes(id));
    const named = this.#things.zoneOf.get(id) ?? (isNew && ids.length === 1 ? ids[0] : undefined);
    if (named === undefined) {
      if (isNew) this.#report(row, 'zone', msg`lamp ${id} is new, so its zone is required; the cabinet has ${listNames(ids)}`);
      return;
    }
    const zone = ids.indexOf(named);
    if (zone < 0) {
      const hint = didYouMean(named, ids, msg`; the cabinet has ${listNames(ids)}.`);
      this.#report(row, 'zone', msg`no zone "${named}"${hint} New zones are written into the cabinet first`);
    }
    if (zone < 0 || zone === at) return;
    if (at >= 0) this.changes.push({ kind: 'leave', thing: 'zone', id, row, zone: at, index: zones[at]?.lamps.indexOf(id) ?? 0 });
    this.changes.push({ kind: 'join', thing: 'zone', id, row, zone });
  }
}

/**
 * Plans the changes that bring a cabinet to the values of a table. What the table does not name stays as it is. Mistakes that prevent this
 * are flaws. `heading`: the heading of a column in the table; null if the table does not have it.
 * Errors: none, if all lines and zones have an id that is a text.
 */
export function planImport(rows: readonly ImportRow[], target: ImportTarget, heading: (column: string) => string | null): ImportPlan {
  const flaws: ImportFlaw[] = [];
  const report: ReportFlaw = (row, column, message) => {
    flaws.push({ line: row, column: column === null ? null : heading(column), message });
  };
  const things = new TableThings(report);
  for (const row of rows) things.add(row);
  const planner = new ImportPlanner(target, things, report);
  for (const [id, thing] of things.poles) planner.mergePole(id, thing);
  for (const [id, thing] of things.devices) planner.mergeDevice(id, thing);
  for (const [id, thing] of things.lamps) planner.mergeLamp(id, thing);
  return { changes: planner.changes, flaws };
}

/** Returns the fields of `fromTable` that `before` lacks or has with another value; null for none. */
export function changedFields(before: ImportFields, fromTable: ImportFields): ImportFields | null {
  const changed = Object.entries(fromTable).filter(([key, value]) => before[key] !== value);
  return changed.length === 0 ? null : Object.fromEntries(changed);
}
