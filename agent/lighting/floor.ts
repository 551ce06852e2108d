/**
 * The floor of a street (its minimum light), and where another plan for the same lamps would give less light.
 *
 * The floor is the street itself under the darkest programme that its own zones allow. The same `decide` as in the tick computes it, so the two
 * cannot diverge. Pure: two streets in, the lamps that would be too dark out.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Lamp, Zone } from '../core/cabinet.ts';
import type { WallMs } from '../core/clock.ts';
import type { Message } from '../core/message.ts';
import type { LevelPct } from '../core/words.ts';
import { createDecider } from './decide.ts';
import { casesFor, DARKEST, type LightCase } from './floor-cases.ts';
import { instantsToCompare, type PlannedStreet } from './floor-instants.ts';
import type { LightingStreet } from './lighting.ts';
import { sensorReaches } from './presence.ts';

/** A street whose minimum light is a floor for the lamps of another street. */
export interface Floor {
  readonly street: LightingStreet;
  /** By lamp of the judged street: the lamp of this street that is the same light point. A lamp without one is absent. */
  readonly lampOf: ReadonlyMap<string, string>;
}

/**
 * One lamp that would be too dark: at `atMs`, in the situation of `text`, its level is below `floorPct`. Shape: `lampId` is its id in the
 * judged street.
 */
export interface Shortfall {
  readonly lampId: string;
  readonly atMs: WallMs;
  readonly levelPct: LevelPct;
  readonly floorPct: LevelPct;
  /** The situation, as a part of a sentence. */
  readonly text: Message;
}

/** The question to `shortfallsOf`: which lamps of the street `after` would be darker than their floors permit. */
export interface FloorQuestion {
  readonly after: LightingStreet;
  /** A lamp must reach the lowest of the floors that contain it; a lamp in none is not judged. */
  readonly floors: readonly Floor[];
  readonly nowMs: WallMs;
  /** Number of nights, the present one included; some nights around special dates are added. */
  readonly nightsAhead: number;
}

/**
 * Returns a copy of a street that requests the least light that its zones permit, without calendars, event nights, rules and traffic. The
 * maximum of each lamp in a zone is lowered to the higher minimum of lamp and zone, at least 1 %.
 */
export function darkestStreet(street: LightingStreet): LightingStreet {
  const zoneOf = new Map(street.zones.flatMap((zone) => zone.lamps.map((id) => [id, zone] as const)));
  return {
    ...street,
    zones: street.zones.map(darkestZone),
    lamps: street.lamps.map((lamp) => darkestLamp(lamp, zoneOf.get(lamp.id))),
    programmes: [{ id: DARKEST, steps: [{ at: 'dusk', level: { pct: 0 }, boostPct: null }] }],
    calendars: [],
    eventNights: [],
    rules: [],
  };
}

function darkestZone(zone: Zone): Zone {
  const { presence, minPct } = zone;
  const boostPct = Math.max(1, minPct);
  return {
    ...zone,
    programme: DARKEST,
    calendar: null,
    traffic: null,
    presence: presence === null ? null : { ...presence, boostPct, wave: null, relayedPct: null },
  };
}

/** Without a trusted time a lamp has its maximum; here too only the minimum is required. */
function darkestLamp(lamp: Lamp, zone: Zone | undefined): Lamp {
  return zone === undefined ? lamp : { ...lamp, maxPct: Math.min(lamp.maxPct, Math.max(1, lamp.minPct, zone.minPct)) };
}

/**
 * Returns one shortfall for each lamp of `after` that would be too dark; empty if there is none. A lamp that no floor contains is not
 * judged. Slow: many instants are decided.
 */
export function shortfallsOf(question: FloorQuestion): Shortfall[] {
  const { after } = question;
  const zoned = new Set(after.zones.flatMap(({ lamps }) => lamps));
  const withoutZone = after.lamps.filter(({ id }) => !zoned.has(id)).map(({ id }) => id);
  return [...after.zones.map(({ lamps }) => lamps), withoutZone].flatMap((lampIds) =>
    [...Map.groupBy(lampIds, (id) => likenessOf(id, question)).values()].flatMap((alike) => shortfallOf(alike, question)),
  );
}

/** Lamps with the same key get the same levels at every instant: one of them is judged for all. */
function likenessOf(lampId: string, { after, floors }: FloorQuestion): string {
  const places = [{ street: after, id: lampId }, ...floors.map(({ street, lampOf }) => ({ street, id: lampOf.get(lampId) }))];
  const facts = places.map(({ street, id }) => {
    const lamp = street.lamps.find((each) => each.id === id);
    const zone = street.zones.find(({ lamps }) => id !== undefined && lamps.includes(id));
    // Presence only raises, so it makes a difference only where the base may be dark.
    const mayBeDark = zone !== undefined && zone.dark !== null;
    const isReached = mayBeDark && id !== undefined && sensorReaches(street, zone).some(({ distanceM }) => distanceM.has(id));
    return [lamp?.minPct, lamp?.maxPct, zone?.id, isReached];
  });
  return JSON.stringify(facts);
}

/** Where the first of these lamps is first too dark, for each of them. */
function shortfallOf(alike: readonly string[], { after, floors, nowMs, nightsAhead }: FloorQuestion): Shortfall[] {
  const [lampId] = alike;
  if (lampId === undefined) return [];
  const having = floors.flatMap(({ street, lampOf }) => {
    const id = lampOf.get(lampId);
    return id === undefined ? [] : [lampOnly(street, id)];
  });
  const judged = lampOnly(after, lampId);
  // A street that equals one of the floors is never below the darkest programme that its zones allow.
  if (having.length === 0 || having.some((street) => isDeepStrictEqual(street, judged))) return [];
  const darkest = having.map(darkestStreet);
  const limits = darkest.filter((street, i) => !darkest.slice(0, i).some((other) => isDeepStrictEqual(other, street)));
  const streets = [judged, ...limits].map((street) => ({ street, decider: createDecider(street) }));
  const cases = casesFor(streets.map(({ street }) => street));
  for (const [atMs, { text, snapshotOf, floorSnapshotOf }] of moments(instantsToCompare(streets, nowMs, nightsAhead), cases)) {
    const [first, ...others] = streets;
    const levelPct = first === undefined ? 0 : levelAt(first, snapshotOf, atMs);
    const floorPct = Math.min(...others.map((street) => levelAt(street, floorSnapshotOf, atMs)));
    if (levelPct < floorPct) return alike.map((id) => ({ lampId: id, atMs, levelPct, floorPct, text }));
  }
  return [];
}

/** Each situation at each instant, those of the calendars first; those that do not depend on the time last, once. */
function* moments(instants: readonly WallMs[], cases: readonly LightCase[]): Generator<[WallMs, LightCase]> {
  const timed = Map.groupBy(
    cases.filter(({ isTimeless }) => !isTimeless),
    ({ isChosen }) => isChosen,
  );
  for (const group of [timed.get(false), timed.get(true)]) {
    for (const atMs of instants) for (const each of group ?? []) yield [atMs, each];
  }
  const [firstMs] = instants;
  if (firstMs !== undefined) for (const each of cases.filter(({ isTimeless }) => isTimeless)) yield [firstMs, each];
}

function levelAt({ street, decider }: PlannedStreet, snapshotOf: LightCase['snapshotOf'], atMs: WallMs): LevelPct {
  return decider.decide(snapshotOf(street, atMs)).decisions[0]?.levelPct ?? 0;
}

/** The part of the street that decides about one lamp. */
function lampOnly(street: LightingStreet, lampId: string): LightingStreet {
  const zones = street.zones.filter(({ lamps }) => lamps.includes(lampId)).map((zone) => ({ ...zone, lamps: [lampId] }));
  return { ...street, zones, lamps: street.lamps.filter(({ id }) => id === lampId) };
}
