/**
 * How far light reaches around one mover, and how long it stays.
 *
 * Owns the rules of `poles` and `section`. Pure.
 */
import type { WaveConfig } from '../core/cabinet.ts';
import type { MonoMs } from '../core/clock.ts';
import type { Mover } from './movers.ts';
import type { Outlook } from './outlook.ts';
import { ROUNDING_M } from './street-graph.ts';

/** A mover is followed for so long at most without being seen. Units: ms. Source: assumed; 75 m at a slow walk of 2.3 km/h. */
export const AWAY_MS = 120_000;
/** Not forgotten before this, though a sensor should have seen it: that one may still hold for somebody else. Units: ms. Source: usual own hold of 5 s, doubled. */
const LEAST_AWAY_MS = 10_000;
/** Not seen where it should have been within so many times the time it takes: gone. Source: issue 5, wave. */
const OVERDUE = 2;
/** People slow down: light stays over all places where one at this share of the speed would be. Source: assumed. */
const SLOWER = 0.6;
/** Where light goes pole by pole, one of unknown speed may be a slow walker whatever is assumed. Units: m/s. Source: assumed, 4 km/h. */
const STROLL_MPS = 4 / 3.6;
/** What of a zone does not change: where its lamps stand in the list of all lamps that a wave may raise. */
export interface ZoneWave {
  readonly wave: WaveConfig;
  readonly holdMs: number;
  readonly hearsRelayed: boolean;
  readonly lamps: readonly { readonly id: string; readonly index: number }[];
}

/** Light around a mover, along its way from where it was seen. Units: m, ms. */
interface Reach {
  readonly fromM: number;
  /** Where it is at most, and how far light goes from there. */
  readonly headM: number;
  readonly aheadM: number;
  readonly speedMps: number;
  readonly isKnown: boolean;
}

/** One whose speed is not known may be anywhere between where it was seen and where the assumed speed has brought it. */
function reachOf({ visit, speedMps, assumedMps }: Mover, { wave }: ZoneWave, nowMono: MonoMs): Reach {
  const isKnown = speedMps !== null;
  const mps = speedMps ?? assumedMps;
  const wentM = (mps * (nowMono - visit.firstMono)) / 1_000;
  return {
    fromM: (isKnown ? wentM * SLOWER : 0) - visit.beforeM - wave.behindM,
    headM: wentM - visit.beforeM,
    aheadM: Math.max(wave.leastAheadM, mps * wave.lookAheadS),
    speedMps: mps,
    isKnown,
  };
}

interface Lit {
  readonly id: string;
  readonly untilMono: MonoMs;
  readonly distanceM: number;
}

/** The lamps as one mover has them around it. */
export interface LampsAround {
  readonly mover: Mover;
  readonly view: Outlook;
  readonly isAhead: (index: number) => boolean;
  readonly nowMono: MonoMs;
}

/** The lamps of a zone within reach of a mover; in a section all of them while one is, or while the mover is between them. */
export function litLamps(zone: ZoneWave, sight: LampsAround): readonly Lit[] {
  const reach = reachOf(sight.mover, zone, sight.nowMono);
  return zone.wave.mode === 'poles' ? litPoles(zone, reach, sight) : litSection(zone, reach, sight);
}

function litPoles(zone: ZoneWave, reach: Reach, sight: LampsAround): readonly Lit[] {
  const farthestM = Math.max(reach.headM + reach.aheadM, -reach.fromM);
  const lit: Lit[] = [];
  for (const { id, index } of zone.lamps) {
    if (at(sight.view.distanceM, index) > farthestM) continue;
    const place = placeOf(index, reach, sight);
    if (place.atM < reach.fromM || place.atM > place.headM + reach.aheadM) continue;
    const untilMono = endOf(place.atM, at(sight.view.placeM, index), { zone, reach, visit: sight.mover.visit });
    if (sight.nowMono < untilMono) lit.push({ id, untilMono, distanceM: distanceTo(place, reach) });
  }
  return lit;
}

function litSection(zone: ZoneWave, reach: Reach, sight: LampsAround): readonly Lit[] {
  const places = zone.lamps.map(({ index }) => placeOf(index, reach, sight));
  const isIn = places.some(({ atM }) => atM >= reach.fromM) && places.some(({ atM, headM }) => atM <= headM + reach.aheadM);
  if (!isIn) return [];
  const { visit } = sight.mover;
  const ends = zone.lamps.map(({ index }, i) => endOf(places[i]?.atM ?? 0, at(sight.view.placeM, index), { zone, reach, visit }));
  const untilMono = Math.max(...ends);
  if (sight.nowMono >= untilMono) return [];
  return zone.lamps.map(({ id }, i) => ({ id, untilMono, distanceM: distanceTo(places[i] as LampPlace, reach) }));
}

/** A lamp on the way of a mover: how far from where that was seen, negative behind; and where it is at most on the way to this lamp. Units: m. */
interface LampPlace {
  readonly atM: number;
  readonly headM: number;
}

function placeOf(index: number, reach: Reach, { isAhead, view }: LampsAround): LampPlace {
  const farM = at(view.distanceM, index);
  // A mover of unknown speed has not passed a sensor that has not seen it.
  const headM = reach.isKnown ? reach.headM : Math.min(reach.headM, at(view.sensorM, index));
  return { atM: isAhead(index) ? farM : -farM, headM };
}

/** Of a mover that may be anywhere up to its head: from there on. */
function distanceTo({ atM, headM }: LampPlace, { isKnown }: Reach): number {
  return isKnown ? Math.abs(atM - headM) : Math.max(0, atM - headM);
}

/** Whether a lamp, by its place in the outlooks, may lie before the mover. Units: m between its last two visits. */
export function aheadTest(
  { visit, before }: Mover,
  view: Outlook,
  viewBefore: Outlook | undefined,
  wayM: number,
): (index: number) => boolean {
  if (visit.direction !== null) {
    const side = visit.direction === 1 ? view.isUp : view.isDown;
    return (index) => at(side, index) === 1;
  }
  if (before === null || viewBefore === undefined) return () => true;
  return (index) => wayM + at(view.distanceM, index) - at(viewBefore.distanceM, index) < ROUNDING_M;
}

function at(values: Float64Array | Uint8Array, index: number): number {
  return values[index] ?? Number.POSITIVE_INFINITY;
}

/** When a mover has left a lamp behind, or is forgotten because it was not seen where it should have been. */
function endOf(
  atM: number,
  placeM: number,
  { zone, reach, visit }: { readonly zone: ZoneWave; readonly reach: Reach; readonly visit: Mover['visit'] },
): MonoMs {
  const wayM = placeM + visit.beforeM;
  const strollS = reach.isKnown || zone.wave.mode === 'section' ? 0 : wayM / STROLL_MPS;
  const dueMs = 1_000 * Math.max((OVERDUE * wayM) / reach.speedMps, strollS);
  const forgottenMono = visit.firstMono + Math.min(AWAY_MS, Math.max(LEAST_AWAY_MS, dueMs));
  if (!reach.isKnown) return Math.max(visit.lastMono + zone.holdMs, forgottenMono);
  const leftS = (atM + visit.beforeM + zone.wave.behindM) / (reach.speedMps * SLOWER);
  return Math.min(forgottenMono, visit.firstMono + leftS * 1_000);
}
