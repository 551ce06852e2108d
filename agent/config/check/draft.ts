/**
 * The well-formed parts of a document, with an index of the things it names. Pure.
 *
 * Cross-checks work on a draft. They report nothing about missing parts: the schema already did.
 */
import { didYouMean } from '../../core/suggestions.ts';
import type { CabinetInput } from '../schema/schema.ts';
import { type Finding, listNames, type Path } from './finding.ts';

/** Any part may be missing because it was ill-formed. */
export type Draft<T> = T extends readonly (infer U)[]
  ? (Draft<U> | undefined)[]
  : T extends object
    ? { [K in keyof T]?: Draft<T[K]> | undefined }
    : T;

export type CabinetDraft = Draft<CabinetInput>;
type List =
  | 'lines'
  | 'poles'
  | 'branches'
  | 'lamps'
  | 'zones'
  | 'programmes'
  | 'calendars'
  | 'eventNights'
  | 'rules'
  | 'outputs'
  | 'neighbours';
type Item<K extends List> = NonNullable<NonNullable<CabinetDraft[K]>[number]>;
export type LineDraft = Item<'lines'>;
type DeviceDraft = NonNullable<NonNullable<LineDraft['devices']>[number]>;
export type LampDraft = Item<'lamps'>;
export type ZoneDraft = Item<'zones'>;
export type ProgrammeDraft = Item<'programmes'>;
export type CalendarDraft = Item<'calendars'>;
export type EventNightDraft = Item<'eventNights'>;
export type RuleDraft = Item<'rules'>;
export type OutputDraft = Item<'outputs'>;

/** An item of a list, with its place. */
export interface Placed<T> {
  readonly value: T;
  readonly path: Path;
}

/** Everything with an id; `null` where the list could not be read, so that no reference to it is called unknown. */
export interface Index {
  readonly lines: readonly Placed<LineDraft>[];
  readonly devices: readonly Placed<DeviceDraft>[];
  readonly poles: readonly Placed<Item<'poles'>>[];
  readonly branches: readonly Placed<Item<'branches'>>[];
  readonly lamps: readonly Placed<LampDraft>[];
  readonly zones: readonly Placed<ZoneDraft>[];
  readonly programmes: readonly Placed<ProgrammeDraft>[];
  readonly calendars: readonly Placed<CalendarDraft>[];
  readonly eventNights: readonly Placed<EventNightDraft>[];
  readonly rules: readonly Placed<RuleDraft>[];
  readonly outputs: readonly Placed<OutputDraft>[];
  readonly neighbours: readonly Placed<Item<'neighbours'>>[];
  readonly known: Known;
}

type Names = ReadonlySet<string> | null;

interface Known {
  readonly devices: Names;
  readonly poles: Names;
  readonly branches: Names;
  readonly lamps: Names;
  readonly zones: Names;
  readonly programmes: Names;
  readonly calendars: Names;
  readonly rules: Names;
}

/** The well-formed items of a list. */
export function placed<T>(list: readonly (T | undefined)[] | null | undefined, path: Path): Placed<NonNullable<T>>[] {
  return (list ?? []).flatMap((value, i) =>
    value === undefined || value === null ? [] : [{ value: value as NonNullable<T>, path: [...path, i] }],
  );
}

/** Makes the index of a draft. */
export function indexDraft(draft: CabinetDraft): Index {
  const lines = placed(draft.lines, ['lines']);
  const items = {
    lines,
    devices: lines.flatMap((line) => placed(line.value.devices, [...line.path, 'devices'])),
    poles: placed(draft.poles, ['poles']),
    branches: placed(draft.branches, ['branches']),
    lamps: placed(draft.lamps, ['lamps']),
    zones: placed(draft.zones, ['zones']),
    programmes: placed(draft.programmes, ['programmes']),
    calendars: placed(draft.calendars, ['calendars']),
    eventNights: placed(draft.eventNights, ['eventNights']),
    rules: placed(draft.rules, ['rules']),
    outputs: placed(draft.outputs, ['outputs']),
    neighbours: placed(draft.neighbours, ['neighbours']),
  };
  return { ...items, known: knownNames(draft, items) };
}

/** A list that must be there and is not could not be read; one that may be left out is then empty. */
function knownNames(draft: CabinetDraft, items: Omit<Index, 'known'>): Known {
  const allDevicesRead = draft.lines?.every((line) => line?.devices?.every((d) => d !== undefined) ?? false) ?? false;
  const needed = (key: 'poles' | 'lamps' | 'zones' | 'programmes'): Names => (draft[key] === undefined ? null : idsOf(items[key]));
  const optional = (key: 'branches' | 'calendars' | 'rules'): Names =>
    key in draft && draft[key] === undefined ? null : idsOf(items[key]);
  return {
    devices: allDevicesRead ? idsOf(items.devices) : null,
    poles: needed('poles'),
    branches: optional('branches'),
    lamps: needed('lamps'),
    zones: needed('zones'),
    programmes: needed('programmes'),
    calendars: optional('calendars'),
    rules: optional('rules'),
  };
}

/** A value, or its default where the key is absent; undefined where it is there but ill-formed. */
export function given<T extends object, K extends keyof T, D>(item: T, key: K, byDefault: D): T[K] | D {
  return key in item ? item[key] : byDefault;
}

/** A name that refers to something, with its place. */
export interface Reference {
  readonly what: string;
  readonly id: string | null | undefined;
  readonly known: ReadonlySet<string> | null;
  readonly path: Path;
}

/** A reference to nothing. */
export function unknownName({ what, id, known, path }: Reference): Finding[] {
  if (id === undefined || id === null || known === null || known.has(id)) return [];
  return [{ path, message: `unknown ${what} "${id}"${didYouMean(id, known, `; there are: ${listNames(known)}`)}` }];
}

/** Unknown zones of a list. */
export function unknownZones(zones: readonly (string | undefined)[] | null | undefined, path: Path, known: Names): Finding[] {
  return placed(zones, path).flatMap((zone) => unknownName({ what: 'zone', id: zone.value, known, path: zone.path }));
}

function idsOf(items: readonly Placed<{ id?: string | undefined }>[]): ReadonlySet<string> {
  return new Set(items.flatMap((item) => (item.value.id === undefined ? [] : [item.value.id])));
}
