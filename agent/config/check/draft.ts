/**
 * The well-formed parts of a document, with an index of the names in it. Pure.
 *
 * Cross-checks work on a draft. They report nothing about missing parts: the schema already did.
 */
import { type Argument, type Message, msg } from '../../core/message.ts';
import { didYouMean, listNames } from '../../core/suggestions.ts';
import type { CabinetInput } from '../schema/schema.ts';
import type { Finding, Path } from './finding.ts';

/** A document as written, without defaults, with every part optional. An ill-formed value is undefined, and its key is kept. */
export type Draft<T> = T extends readonly (infer U)[]
  ? (Draft<U> | undefined)[]
  : T extends object
    ? { [K in keyof T]?: Draft<T[K]> | undefined }
    : T;

/** The well-formed parts of a cabinet document, as `checkSchema` returns them, without defaults. An ill-formed value is undefined. */
export type CabinetDraft = Draft<CabinetInput>;
const LISTS = [
  'lines',
  'poles',
  'branches',
  'lamps',
  'zones',
  'programmes',
  'calendars',
  'holidays',
  'eventNights',
  'rules',
  'outputs',
  'panels',
  'neighbours',
] as const;
type List = (typeof LISTS)[number];
type Item<K extends List> = NonNullable<NonNullable<CabinetDraft[K]>[number]>;
/** An item of `lines` of a draft: its well-formed parts, without defaults. */
export type LineDraft = Item<'lines'>;
type DeviceDraft = NonNullable<NonNullable<LineDraft['devices']>[number]>;
/** An item of `lamps` of a draft: its well-formed parts, without defaults. */
export type LampDraft = Item<'lamps'>;
/** An item of `zones` of a draft: its well-formed parts, without defaults. */
export type ZoneDraft = Item<'zones'>;
/** An item of `programmes` of a draft: its well-formed parts, without defaults. */
export type ProgrammeDraft = Item<'programmes'>;
/** An item of `calendars` of a draft: its well-formed parts, without defaults. */
export type CalendarDraft = Item<'calendars'>;
/** An item of `eventNights` of a draft: its well-formed parts, without defaults. */
export type EventNightDraft = Item<'eventNights'>;
/** An item of `rules` of a draft: its well-formed parts, without defaults. */
export type RuleDraft = Item<'rules'>;
/** An item of `outputs` of a draft: its well-formed parts, without defaults. */
export type OutputDraft = Item<'outputs'>;
/** An item of `panels` of a draft: its well-formed parts, without defaults. */
export type PanelDraft = Item<'panels'>;

/** An item of a list. `path`: that of the list in the document, then the position of the item, from 0. */
export interface Placed<T> {
  readonly value: T;
  readonly path: Path;
}

type Items = { readonly [K in List]: readonly Placed<Item<K>>[] } & { readonly devices: readonly Placed<DeviceDraft>[] };
type Names = ReadonlySet<string> | null;

/**
 * The items of the main lists of a draft, each with its well-formed parts and its path. `known`: the ids of most kinds that others refer
 * to; null, for example, for a kind whose list could not be read.
 */
export type Index = Items & { readonly known: ReturnType<typeof knownNames> };

/**
 * Returns the items of a list without those that are undefined or null, each with `path` plus its index in the list. Empty for a missing
 * list. Parts of an item may be undefined.
 */
export function placed<T>(list: readonly (T | undefined)[] | null | undefined, path: Path): Placed<NonNullable<T>>[] {
  return (list ?? []).flatMap((value, i) =>
    value === undefined || value === null ? [] : [{ value: value as NonNullable<T>, path: [...path, i] }],
  );
}

/** Returns the items of the main lists of a draft and the devices of its lines, with their paths, and the known ids; see `Index`. */
export function indexDraft(draft: CabinetDraft): Index {
  const lists = Object.fromEntries(LISTS.map((list) => [list, placed<unknown>(draft[list], [list])])) as unknown as Omit<Items, 'devices'>;
  const devices = lists.lines.flatMap((line) => placed(line.value.devices, [...line.path, 'devices']));
  const items = { ...lists, devices };
  return { ...items, known: knownNames(draft, items) };
}

/** A missing required list could not be read; a missing optional list is empty. */
function knownNames(draft: CabinetDraft, items: Items) {
  const allDevicesRead = draft.lines?.every((line) => line?.devices?.every((d) => d !== undefined) ?? false) ?? false;
  const needed = (key: 'poles' | 'lamps' | 'zones' | 'programmes'): Names => (draft[key] === undefined ? null : idsOf(items[key]));
  const optional = (key: 'branches' | 'calendars' | 'holidays' | 'rules'): Names =>
    key in draft && draft[key] === undefined ? null : idsOf(items[key]);
  return {
    devices: allDevicesRead ? idsOf(items.devices) : null,
    poles: needed('poles'),
    branches: optional('branches'),
    lamps: needed('lamps'),
    zones: needed('zones'),
    programmes: needed('programmes'),
    calendars: optional('calendars'),
    holidays: optional('holidays'),
    rules: optional('rules'),
  };
}

/**
 * A value, or its default if the key is absent; undefined if it is present but ill-formed. A required key that the file lacks counts as
 * ill-formed.
 */
export function given<T extends object, K extends keyof T, D>(item: T, key: K, byDefault: D): T[K] | D {
  return key in item ? item[key] : byDefault;
}

/** By kind, because articles and endings differ by kind in other languages. */
const UNKNOWN = {
  branch: (id: string, hint: Argument) => msg`unknown branch "${id}"${hint}`,
  calendar: (id: string, hint: Argument) => msg`unknown calendar "${id}"${hint}`,
  'counting device': (id: string, hint: Argument) => msg`unknown counting device "${id}"${hint}`,
  device: (id: string, hint: Argument) => msg`unknown device "${id}"${hint}`,
  lamp: (id: string, hint: Argument) => msg`unknown lamp "${id}"${hint}`,
  'list of holidays': (id: string, hint: Argument) => msg`unknown list of holidays "${id}"${hint}`,
  'photocell device': (id: string, hint: Argument) => msg`unknown photocell device "${id}"${hint}`,
  pole: (id: string, hint: Argument) => msg`unknown pole "${id}"${hint}`,
  programme: (id: string, hint: Argument) => msg`unknown programme "${id}"${hint}`,
  rule: (id: string, hint: Argument) => msg`unknown rule "${id}"${hint}`,
  'sensor device': (id: string, hint: Argument) => msg`unknown sensor device "${id}"${hint}`,
  zone: (id: string, hint: Argument) => msg`unknown zone "${id}"${hint}`,
} satisfies Readonly<Record<string, (id: string, hint: Argument) => Message>>;

interface Reference {
  readonly what: keyof typeof UNKNOWN;
  readonly id: string | null | undefined;
  readonly known: Names;
  readonly path: Path;
}

/**
 * Returns a finding at `path` if `id` is not in `known`. Empty if the id is known, missing or ill-formed, and if `known` is null. `what`:
 * what the id names.
 */
export function unknownName({ what, id, known, path }: Reference): Finding[] {
  if (id === undefined || id === null || known === null || known.has(id)) return [];
  return [{ path, message: UNKNOWN[what](id, didYouMean(id, known, msg`; there are: ${listNames(known)}`)) }];
}

/** Returns a finding for each zone id of a list that is not in `known`, by the rules of `unknownName`. `path`: that of the list. */
export function unknownZones(zones: readonly (string | undefined)[] | null | undefined, path: Path, known: Names): Finding[] {
  return placed(zones, path).flatMap((zone) => unknownName({ what: 'zone', id: zone.value, known, path: zone.path }));
}

function idsOf(items: readonly Placed<{ id?: string | undefined }>[]): ReadonlySet<string> {
  return new Set(items.flatMap((item) => (item.value.id === undefined ? [] : [item.value.id])));
}
