/**
 * A document of which only the well-formed parts are left, and an index of the things it names.
 *
 * Owns the type the cross-checks work on. Pure. A check that misses a part says nothing about it: the schema already did.
 */

import { didYouMean } from '../core/suggestions.ts';
import type { Finding, Path } from './finding.ts';
import { listNames } from './finding.ts';
import type { CabinetInput } from './schema.ts';

/** Any part may be missing because it was ill-formed. */
export type Draft<T> = T extends readonly (infer U)[]
  ? (Draft<U> | undefined)[]
  : T extends object
    ? { [K in keyof T]?: Draft<T[K]> | undefined }
    : T;

export type CabinetDraft = Draft<CabinetInput>;
type Item<K extends 'lines' | 'poles' | 'lamps' | 'zones' | 'programmes'> = NonNullable<NonNullable<CabinetDraft[K]>[number]>;
export type LineDraft = Item<'lines'>;
type DeviceDraft = NonNullable<NonNullable<LineDraft['devices']>[number]>;
export type LampDraft = Item<'lamps'>;
export type ZoneDraft = Item<'zones'>;
export type ProgrammeDraft = Item<'programmes'>;

/** An item of a list and where it stands. */
export interface Placed<T> {
  readonly value: T;
  readonly path: Path;
}

/** Everything with an id; `null` where the list could not be read, so that nothing is called unknown on its account. */
export interface Index {
  readonly lines: readonly Placed<LineDraft>[];
  readonly devices: readonly Placed<DeviceDraft>[];
  readonly poles: readonly Placed<Item<'poles'>>[];
  readonly lamps: readonly Placed<LampDraft>[];
  readonly zones: readonly Placed<ZoneDraft>[];
  readonly programmes: readonly Placed<ProgrammeDraft>[];
  readonly known: {
    readonly devices: ReadonlySet<string> | null;
    readonly poles: ReadonlySet<string> | null;
    readonly lamps: ReadonlySet<string> | null;
    readonly programmes: ReadonlySet<string> | null;
  };
}

/** The items of a list that are there at all. */
export function placed<T>(list: readonly (T | undefined)[] | null | undefined, path: Path): Placed<NonNullable<T>>[] {
  return (list ?? []).flatMap((value, i) =>
    value === undefined || value === null ? [] : [{ value: value as NonNullable<T>, path: [...path, i] }],
  );
}

/** The list of lists a draft is, made flat and findable. */
export function indexDraft(draft: CabinetDraft): Index {
  const lines = placed(draft.lines, ['lines']);
  const devices = lines.flatMap((line) => placed(line.value.devices, [...line.path, 'devices']));
  const allDevicesRead = draft.lines?.every((line) => line?.devices?.every((d) => d !== undefined) ?? false) ?? false;
  const poles = placed(draft.poles, ['poles']);
  const lamps = placed(draft.lamps, ['lamps']);
  const programmes = placed(draft.programmes, ['programmes']);
  return {
    lines,
    devices,
    poles,
    lamps,
    zones: placed(draft.zones, ['zones']),
    programmes,
    known: {
      devices: allDevicesRead ? idsOf(devices) : null,
      poles: draft.poles === undefined ? null : idsOf(poles),
      lamps: draft.lamps === undefined ? null : idsOf(lamps),
      programmes: draft.programmes === undefined ? null : idsOf(programmes),
    },
  };
}

/** A value, or its default where the key is absent; undefined where it is there but ill-formed. */
export function given<T extends object, K extends keyof T, D>(item: T, key: K, byDefault: D): T[K] | D {
  return key in item ? item[key] : byDefault;
}

export interface Reference {
  readonly what: string;
  readonly id: string | null | undefined;
  readonly known: ReadonlySet<string> | null;
  readonly path: Path;
}

/** A name that stands for nothing. */
export function unknownName({ what, id, known, path }: Reference): Finding[] {
  if (id === undefined || id === null || known === null || known.has(id)) return [];
  return [{ path, message: `unknown ${what} "${id}"${didYouMean(id, known, `; there are: ${listNames(known)}`)}` }];
}

function idsOf(items: readonly Placed<{ id?: string | undefined }>[]): ReadonlySet<string> {
  return new Set(items.flatMap((item) => (item.value.id === undefined ? [] : [item.value.id])));
}
