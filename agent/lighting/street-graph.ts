/**
 * The street as distances: how far one pole is from another along the way, and which poles are beyond it.
 *
 * Handles main street and branches. Pure. A branch starts at a pole, so a street without rings is a tree and there is exactly one way between any two
 * poles.
 */
import type { LightingStreet } from './lighting.ts';

/** Distances and ways between the poles of one street and its branches. */
export interface StreetGraph {
  /** Distance along the street; null if a pole has no place in it. Units: m. */
  distanceM(a: string, b: string): number | null;
  /** The poles on the way from `a` to `b`, both included; empty if there is no way. */
  path(a: string, b: string): readonly string[];
  /**
   * The poles that may be ahead of a person who leaves `from` towards larger (1) or smaller (-1) distances of its street, nearest first,
   * without `from`. Empty for an unknown pole.
   */
  towards(from: string, direction: 1 | -1): readonly string[];
  /** Whether `to` may be ahead of a person who leaves `from` in this direction; `from` itself is. False if one is unknown. */
  isTowards(from: string, to: string, direction: 1 | -1): boolean;
  /** Whether the way from `from` to `to` leads through the place of `via`, or begins or ends there. False if one is unknown. */
  isBeyond(from: string, via: string, to: string): boolean;
}

/**
 * A pole as the list of streets that lead to it: where the way leaves each street, and the pole's place on the last one; `restM`: distance from there
 * to the pole. Units: m.
 */
type Place = readonly { readonly street: string | null; readonly atM: number; readonly restM: number }[];

/** Distances that differ by less than this are equal, because sums of distances differ by rounding. Units: m. */
export const ROUNDING_M = 0.001;

/**
 * Creates the graph of a street, for distances and ways between its poles. A pole has no place in it if its branch does not lead back to
 * the main street.
 */
export function createStreetGraph(street: Pick<LightingStreet, 'poles' | 'branches'>): StreetGraph {
  const places = placesOf(street);
  const ids = [...places.keys()];
  const distanceM = (a: string, b: string): number | null => {
    const [placeA, placeB] = [places.get(a), places.get(b)];
    return placeA === undefined || placeB === undefined ? null : apartM(placeA, placeB);
  };
  const isBeyond = (from: string, via: string, to: string): boolean => {
    const [wholeM, firstM, restM] = [distanceM(from, to), distanceM(from, via), distanceM(via, to)];
    return wholeM !== null && firstM !== null && restM !== null && firstM + restM - wholeM < ROUNDING_M;
  };
  const isTowards = (from: string, to: string, direction: 1 | -1): boolean => {
    const [here, there] = [places.get(from), places.get(to)];
    return here !== undefined && there !== undefined && leads(here, there, direction);
  };
  const nearestFirst = (from: string, chosen: readonly string[]): readonly string[] =>
    chosen.toSorted((a, b) => (distanceM(from, a) ?? 0) - (distanceM(from, b) ?? 0));
  return {
    distanceM,
    isBeyond,
    isTowards,
    path: (a, b) => {
      const between = ids.filter((id) => id !== a && id !== b && isBeyond(a, id, b));
      if (distanceM(a, b) === null) return [];
      return a === b ? [a] : [a, ...nearestFirst(a, between), b];
    },
    towards: (from, direction) =>
      nearestFirst(
        from,
        ids.filter((id) => id !== from && isTowards(from, id, direction)),
      ),
  };
}

function placesOf({ poles, branches }: Pick<LightingStreet, 'poles' | 'branches'>): ReadonlyMap<string, Place> {
  const poleOf = new Map(poles.map((pole) => [pole.id, pole]));
  const fromOf = new Map(branches.map(({ id, from }) => [id, from]));
  /** `left`: how many more branches may precede this one; a ring of branches exhausts it. */
  const placeOf = (id: string | undefined, left: number): Place | undefined => {
    const pole = id === undefined ? undefined : poleOf.get(id);
    if (pole === undefined || left < 0) return undefined;
    const own = { street: pole.branch, atM: pole.atM, restM: 0 };
    if (pole.branch === null) return [own];
    const parent = placeOf(fromOf.get(pole.branch), left - 1);
    return parent && [...parent.map((level) => ({ ...level, restM: level.restM + pole.atM })), own];
  };
  const placed = poles.map(({ id }) => [id, placeOf(id, branches.length)] as const);
  return new Map(placed.filter((entry): entry is readonly [string, Place] => entry[1] !== undefined));
}

/** The last street that both ways have in common. */
function lastShared(a: Place, b: Place): number {
  let level = 0;
  while (level + 1 < a.length && level + 1 < b.length && a[level + 1]?.street === b[level + 1]?.street) level += 1;
  return level;
}

function apartM(a: Place, b: Place): number {
  const level = lastShared(a, b);
  const [atA, atB] = [a[level], b[level]];
  return atA === undefined || atB === undefined ? 0 : Math.abs(atA.atM - atB.atM) + atA.restM + atB.restM;
}

/** A branch is left only at its start; a branch that starts at this pole may be entered in either direction. */
function leads(from: Place, to: Place, direction: 1 | -1): boolean {
  const level = lastShared(from, to);
  if (level < from.length - 1) return direction === -1 || apartM(from, to) === 0;
  return (atM(to, level) - atM(from, level)) * direction >= 0;
}

function atM(place: Place, level: number): number {
  return place[level]?.atM ?? 0;
}
