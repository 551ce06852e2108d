/** Imports a table of poles and lamps into the text of a cabinet. Does not access the disk. */
import { isRecord } from '../../core/is-record.ts';
import { type Message, msg } from '../../core/message.ts';
import { formatPath } from '../check/finding.ts';
import { readPlacedYaml } from '../load/places.ts';
import { readCsvTable } from './csv-table.ts';
import { changedFields, type ImportChange, type ImportFields, type ImportPlan, type ImportTarget, planImport } from './import-plan.ts';
import { readTable } from './import-table.ts';
import { planInventory } from './inventory-plan.ts';
import { inventoryFormat } from './inventory-table.ts';
import type { ImportFlaw } from './table-format.ts';
import { UneditableError, YamlEdits } from './yaml-edits.ts';

/** One change of the cabinet, for a report. */
export interface ReportedChange {
  /** `join` and `leave`: a lamp in the list of a zone. `move`: a device to another line. */
  readonly kind: ImportChange['kind'];
  readonly thing: ImportChange['thing'];
  /** Id of the thing; for the thing `zone`, that of the lamp that joins or leaves it. */
  readonly id: string;
  /** Line of the first row of the table that describes the thing; for the thing `zone`, that of the lamp. */
  readonly row: number;
  /** For people: `+ pole P14: atM 392`. */
  readonly text: Message;
}

/**
 * The result of an import. `ignored`: headings of the table that are not read. `otherRows`: number of rows that were skipped because they
 * name another cabinet.
 */
export interface ImportResult {
  /** Number of rows that were read from the table, without `otherRows`; 0 if the table cannot be used. */
  readonly rows: number;
  /** The changes; empty if the table has mistakes. If there are `flaws`, none of them is in `text`. */
  readonly changes: readonly ReportedChange[];
  /** Mistakes of the table, or places of the cabinet that cannot be edited. */
  readonly flaws: readonly ImportFlaw[];
  readonly ignored: readonly string[];
  readonly otherRows: number;
  /** The cabinet with the table applied; unchanged if there are flaws or no changes. */
  readonly text: string;
}

const NO_LISTS: ImportTarget = { id: '', lines: [], poles: [], lamps: [], zones: [] };

/**
 * The lists of a cabinet text that a table may change, and its id. Absent lists are empty, also `lines`, `poles`, `lamps` or `zones`
 * without a value. Undefined if the text is not YAML, has no key `lines`, or has another value in place of a list or of a map in it.
 * Nothing else is checked.
 */
export function importTarget(cabinet: string): ImportTarget | undefined {
  const value = readPlacedYaml(cabinet).value;
  if (!isRecord(value)) return undefined;
  const listOf = (key: string): unknown => value[key] ?? [];
  const [lines, poles, lamps, zones] = ['lines', 'poles', 'lamps', 'zones'].map(listOf);
  const isListed = isRecords(lines) && isRecords(poles) && isRecords(lamps) && isRecords(zones);
  if (!isListed || !('lines' in value)) return undefined;
  const filled = (items: readonly Readonly<Record<string, unknown>>[], key: string) =>
    items.map((each) => ({ ...each, id: String(each['id'] ?? '?'), [key]: each[key] ?? [] }));
  const hasLists = lines.every(({ devices = [] }) => isRecords(devices)) && zones.every(({ lamps: own = [] }) => Array.isArray(own));
  const site = value['cabinet'];
  return hasLists
    ? ({
        id: isRecord(site) ? String(site['id'] ?? '') : '',
        lines: filled(lines, 'devices'),
        poles,
        lamps,
        zones: filled(zones, 'lamps'),
      } as unknown as ImportTarget)
    : undefined;
}

function isRecords(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.every(isRecord);
}

/**
 * Applies a table to a cabinet text. Returns the new text and its changes, or the unchanged text and the flaws. `cabinet`: a text with an
 * `importTarget`; it need not pass other checks.
 */
export function importTable(table: string, cabinet: string): ImportResult {
  const { rows, flaws, ignored, heading } = readTable(table);
  const facts = { rows: rows.length, ignored, otherRows: 0 };
  if (flaws.length > 0) return { ...facts, changes: [], flaws, text: cabinet };
  const target = importTarget(cabinet) ?? NO_LISTS;
  return {
    ...facts,
    ...applied(
      planImport(rows, target, (column) => heading(column as Parameters<typeof heading>[0]) ?? column),
      target,
      cabinet,
    ),
  };
}

/**
 * Applies an inventory to the lamps of a cabinet text. Returns the new text and its changes, or the unchanged text and the flaws. Rows that
 * name another cabinet are skipped. `cabinet`: as for `importTable`.
 */
export function importInventory(table: string, cabinet: string): ImportResult {
  const target = importTarget(cabinet) ?? NO_LISTS;
  const read = readCsvTable(table, inventoryFormat(target.id));
  const otherRows = [...read.skipped.values()].reduce((sum, number) => sum + number, 0);
  const facts = { rows: read.rows.length, ignored: read.ignored, otherRows };
  const plan = planInventory(read, target);
  // A table whose columns are wrong has no rows, and rows can be wrong in two ways.
  const flaws = [...read.flaws, ...plan.flaws].toSorted((a, b) => a.line - b.line);
  return { ...facts, ...applied({ ...plan, flaws }, target, cabinet) };
}

function applied(plan: ImportPlan, target: ImportTarget, cabinet: string): Pick<ImportResult, 'changes' | 'flaws' | 'text'> {
  if (plan.flaws.length > 0) return { changes: [], flaws: plan.flaws, text: cabinet };
  const changes = plan.changes.map((change) => reported(change, target));
  const edits = new YamlEdits(cabinet);
  const failed: ImportFlaw[] = [];
  const tryEdit = <T>(row: number, edit: () => T): T | undefined => {
    try {
      return edit();
    } catch (error) {
      if (!(error instanceof UneditableError)) throw error;
      failed.push({ line: row, column: null, message: error.said });
      return undefined;
    }
  };
  for (const change of plan.changes) tryEdit(change.row, () => apply(change, edits));
  const text = failed.length > 0 ? undefined : tryEdit(plan.changes.at(-1)?.row ?? 1, () => edits.text());
  return { changes, flaws: failed, text: text ?? cabinet };
}

/**
 * Returns the first line of the table that describes the pole, lamp or device at a path such as `lamps[2].pole`. Undefined for another
 * path, or if nothing of it changes; a change of its zone does not count. `text`: the cabinet after the import that made `changes`.
 */
export function rowOf(path: string, text: string, changes: readonly ReportedChange[]): number | undefined {
  const target = importTarget(text) ?? NO_LISTS;
  const things = [
    ...target.poles.map((pole, i) => ({ thing: 'pole', at: formatPath(['poles', i]), id: String(pole['id']) })),
    ...target.lamps.map((lamp, i) => ({ thing: 'lamp', at: formatPath(['lamps', i]), id: String(lamp['id']) })),
    ...target.lines.flatMap(({ devices }, i) =>
      devices.map((device, j) => ({ thing: 'device', at: formatPath(['lines', i, 'devices', j]), id: String(device['id']) })),
    ),
  ];
  const found = things.find(({ at }) => path === at || path.startsWith(`${at}.`));
  return changes.find(({ thing, id }) => thing === found?.thing && id === found.id)?.row;
}

function apply(change: ImportChange, edits: YamlEdits): void {
  if (change.thing === 'zone') {
    const list = ['zones', change.zone, 'lamps'];
    if (change.kind === 'join') edits.append(list, change.id);
    else edits.remove(list, change.index);
    return;
  }
  const list = change.thing === 'device' ? ['lines', change.line, 'devices'] : [`${change.thing}s`];
  if (change.kind === 'set') edits.set([...list, change.index], change.fields);
  else {
    if (change.kind === 'move') edits.remove(['lines', change.from, 'devices'], change.index);
    edits.append(list, inOrder(change.fields));
  }
}

/** The order in which people write the keys. */
const ORDER = ['id', 'device', 'unit', 'profile', 'point', 'pole', 'atM', 'branch', 'ratedPowerW', 'minPct', 'maxPct'];

function inOrder(fields: ImportFields): ImportFields {
  const place = (key: string): number => (ORDER.indexOf(key) + ORDER.length) % ORDER.length;
  return Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => place(a) - place(b)));
}

function reported(change: ImportChange, { lines, zones }: ImportTarget): ReportedChange {
  const { kind, thing, id, row } = change;
  return { kind, thing, id, row, text: textOf(change, lines, zones) };
}

function textOf(change: ImportChange, lines: ImportTarget['lines'], zones: ImportTarget['zones']): Message {
  const { id } = change;
  if (change.thing === 'zone') {
    const zone = zones[change.zone]?.id ?? '';
    return change.kind === 'join' ? msg`+ zone ${zone}: lamp ${id}` : msg`- zone ${zone}: lamp ${id}`;
  }
  const line = change.thing === 'device' ? (lines[change.line]?.id ?? '') : '';
  if (change.kind === 'add') {
    const values = Object.entries(change.fields).flatMap(([key, value]) => (key === 'id' ? [] : [`${key} ${value}`]));
    if (change.thing === 'device') return msg`+ device ${id} on ${line}: ${values}`;
    return change.thing === 'pole' ? msg`+ pole ${id}: ${values}` : msg`+ lamp ${id}: ${values}`;
  }
  const changed = Object.entries(changedFields(change.before, change.fields) ?? {});
  const values = changed.map(([key, value]) => `${key} ${change.before[key] ?? '-'} -> ${value}`);
  if (change.kind === 'move') values.unshift(`line ${lines[change.from]?.id ?? '-'} -> ${line}`);
  if (change.thing === 'device') return msg`~ device ${id} on ${line}: ${values}`;
  return change.thing === 'pole' ? msg`~ pole ${id}: ${values}` : msg`~ lamp ${id}: ${values}`;
}
