/** Which values of the configuration change so that each lamp is on the pole where it was found. Pure. */
import type { AcceptanceLamp, AcceptedLamp, Placement } from '../../../core/acceptance.ts';

/** A lamp of the acceptance report with a `placement`: the pole on which it was found. `pole`: the configured one, maybe the same. */
export type PlacedLamp = AcceptedLamp & { readonly placement: Placement };

/** One value to set; null removes it. Shape: the place is a path, and the value is YAML, as for `config set`. */
export type PoleEdit = readonly [place: string, value: string | null];

/**
 * What the edits are made from: the results, a row for each lamp (`rows`), and the configuration in force. `devices`: also those without
 * lamps. `inForce` returns the value at a place, such as `poles[P1].atM`, as JSON, also a default value; null if there is none.
 */
export interface PoleFacts {
  readonly rows: readonly AcceptedLamp[];
  readonly lamps: readonly AcceptanceLamp[];
  readonly devices: readonly { readonly id: string; readonly pole: string | null }[];
  inForce(place: string): string | null;
  /** Whether the file names the pole of the lamp itself, and not only that of its driver. */
  hasOwnPole(lamp: string): boolean;
}

/**
 * `moved`: lamps that were found on another pole. `emptied`: their former poles that no lamp or device is on afterwards; the edits do not
 * remove them.
 */
export interface PoleEdits {
  readonly moved: readonly PlacedLamp[];
  /** To apply in this order. They also have new places of poles on which lamps were found. */
  readonly edits: readonly PoleEdit[];
  readonly emptied: readonly string[];
}

/**
 * Returns the edits for the lamps that were found: new poles and places first, then the poles of drivers and lamps. A driver moves with its
 * lamps, if all of them are on one pole; a lamp that was not found counts as on its configured pole.
 */
export function poleEdits({ rows, lamps, devices, inForce, hasOwnPole }: PoleFacts): PoleEdits {
  const placed = rows.filter((row): row is PlacedLamp => row.placement !== null);
  const moved = placed.filter(({ pole, placement }) => placement.pole !== pole);
  const poleOf = new Map(rows.map(({ lamp, pole, placement }) => [lamp, placement?.pole ?? pole]));
  const drivers = moved.flatMap(({ lamp }) => {
    const { device = '', line = '' } = lamps.find(({ id }) => id === lamp) ?? {};
    const poles = new Set(lamps.filter((each) => each.device === device).map(({ id }) => poleOf.get(id)));
    return poles.size === 1 ? [{ device, place: `lines[${line}].devices[${device}].pole`, pole: poleOf.get(lamp) ?? '' }] : [];
  });
  const driven = new Map(drivers.map(({ device, pole }) => [device, pole]));
  const deviceOf = (lamp: string): string => lamps.find(({ id }) => id === lamp)?.device ?? '';
  const used = new Set([...poleOf.values(), ...devices.flatMap(({ id, pole }) => driven.get(id) ?? pole ?? [])]);
  const needsOwnPole = (lamp: string): boolean => hasOwnPole(lamp) || !driven.has(deviceOf(lamp));
  const edits: readonly PoleEdit[] = [
    ...placeEdits(placed, inForce),
    ...drivers.map(({ place, pole }) => [place, textOf(pole)] as const),
    ...moved
      .filter(({ lamp }) => needsOwnPole(lamp))
      .map(({ lamp, placement }) => [`lamps[${lamp}].pole`, textOf(placement.pole)] as const),
  ];
  // Two lamps of one driver give the same edit twice.
  const unique = [...new Map(edits.map((edit) => [edit.join(' '), edit])).values()];
  return { moved, edits: unique, emptied: [...new Set(moved.map(({ pole }) => pole))].filter((pole) => !used.has(pole)) };
}

function placeEdits(placed: readonly PlacedLamp[], inForce: PoleFacts['inForce']): readonly PoleEdit[] {
  const measured = placed.filter(({ placement: { atM } }) => atM !== null);
  // Lamps of one pole may have been given different places: the newest counts.
  const newest = new Map(measured.toSorted((a, b) => a.placement.atMs - b.placement.atMs).map((row) => [row.placement.pole, row]));
  return [...newest.values()].flatMap(({ pole: from, placement: { pole, atM } }): readonly PoleEdit[] => {
    const present = inForce(`poles[${pole}].atM`);
    if (present === String(atM)) return [];
    return [present === null ? addedPole(pole, String(atM), inForce(`poles[${from}].branch`)) : [`poles[${pole}].atM`, String(atM)]];
  });
}

/** Returns the edit that adds a pole. Shape: `pole` is the plain id, `atM` and `branch` are JSON; `branch` null for none. */
export function addedPole(pole: string, atM: string, branch: string | null): PoleEdit {
  return ['poles[+]', `{ id: ${textOf(pole)}, atM: ${atM}${branch === null ? '' : `, branch: ${branch}`} }`];
}

/** In quotes, as `12` alone would be read as a number. */
function textOf(pole: string): string {
  return JSON.stringify(pole);
}
