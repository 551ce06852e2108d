/** How far light reaches around one mover, and how long it stays: the rules of `poles` and `section`. Pure. */
import type { WaveConfig } from '../core/cabinet.ts';
import type { MonoMs } from '../core/clock.ts';
import { type Mover, SENSOR_RANGE_M } from './movers.ts';
import type { Outlook } from './outlook.ts';
import { ROUNDING_M } from './street-graph.ts';

/**
 * Light follows a mover (see `Mover`) for a limited time after a detection. The limit depends on the distance to the next sensor; these are
 * its lowest and highest value. The light may end before the limit, and a hold may extend it. Units: ms.
 * Source: assumed; about 50 m and 300 m at the slowest walk. Confirmed by: sensor distances at the sites and timed slow walks.
 */
export const AWAY_MS = { least: 120_000, longest: 600_000 };
/**
 * A mover is kept for at least this time, even if a sensor should have detected it: that sensor may still hold for another person. Units: ms. Source:
 * usual own hold of 5 s, doubled.
 */
const LEAST_AWAY_MS = 10_000;
/** A mover that is not detected within this many times its expected time is gone. Source: issue 5, wave. */
const OVERDUE = 2;
/**
 * People slow down: light stays at all places that this share of the speed would reach. Source: assumed. Confirmed by: timed walks with stops along
 * an instrumented street.
 */
const SLOWER = 0.6;
/**
 * Where light moves pole by pole, a mover of unknown speed may be the slowest walker, whatever speed is assumed. Units: m/s. Source: issue 5, wave: 2
 * km/h.
 */
const SLOWEST_MPS = 2 / 3.6;
/**
 * The constant data of a zone with a wave (light ahead of people who move). `followsRelays`: also for detections that a neighbour cabinet
 * sent. `lamps`: those that the wave may raise, also of other zones (`alsoLamps`), if their poles have a known place. `index`: the position
 * of a lamp in the arrays of an `Outlook`. `holdMs`: the hold after the last detection, for a mover of unknown speed. Units: ms.
 */
export interface ZoneWave {
  readonly wave: WaveConfig;
  readonly holdMs: number;
  readonly followsRelays: boolean;
  readonly lamps: readonly { readonly id: string; readonly index: number }[];
}

/** Light around a mover, along its way from where it was detected. Units: m, ms. */
interface Reach {
  readonly fromM: number;
  /** Its farthest possible place, and how far the light reaches from there. */
  readonly headM: number;
  readonly aheadM: number;
  readonly speedMps: number;
  readonly isKnown: boolean;
}

/** A mover of unknown speed may be anywhere between its detection and the place that the assumed speed reaches. */
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
  /** From where the mover is now, if its speed is known; otherwise from its farthest possible place, 0 up to there. */
  readonly distanceM: number;
}

/**
 * A mover (see `Mover`) at one instant, with the distances from the pole of its last visit. `isAhead`: whether the lamp with this index
 * may lie ahead of that pole.
 */
export interface LampsAround {
  readonly mover: Mover;
  readonly view: Outlook;
  readonly isAhead: (index: number) => boolean;
  readonly nowMono: MonoMs;
}

/**
 * Returns those of the lamps in `zone.lamps` that a mover lights now, each with the time when that is to end, and with the distance as in
 * `WaveRaise`. Empty if there are none.
 */
export function litLamps(zone: ZoneWave, around: LampsAround): readonly Lit[] {
  const reach = reachOf(around.mover, zone, around.nowMono);
  return zone.wave.mode === 'poles' ? litPoles(zone, reach, around) : litSection(zone, reach, around);
}

function litPoles(zone: ZoneWave, reach: Reach, around: LampsAround): readonly Lit[] {
  const farthestM = Math.max(reach.headM + reach.aheadM, -reach.fromM);
  const lit: Lit[] = [];
  for (const { id, index } of zone.lamps) {
    if (at(around.view.distanceM, index) > farthestM) continue;
    const place = placeOf(index, reach, around);
    if (place.atM < reach.fromM || place.atM > place.headM + reach.aheadM) continue;
    const untilMono = endOf(place.atM, index, { zone, reach, around });
    if (around.nowMono < untilMono) lit.push({ id, untilMono, distanceM: distanceTo(place, reach) });
  }
  return lit;
}

function litSection(zone: ZoneWave, reach: Reach, around: LampsAround): readonly Lit[] {
  const places = zone.lamps.map(({ index }) => placeOf(index, reach, around));
  const isIn = places.some(({ atM }) => atM >= reach.fromM) && places.some(({ atM, headM }) => atM <= headM + reach.aheadM);
  if (!isIn) return [];
  const ends = zone.lamps.map(({ index }, i) => endOf(places[i]?.atM ?? 0, index, { zone, reach, around }));
  const untilMono = Math.max(...ends);
  if (around.nowMono >= untilMono) return [];
  return zone.lamps.map(({ id }, i) => ({ id, untilMono, distanceM: distanceTo(places[i] as LampPlace, reach) }));
}

/**
 * A lamp on the way of a mover: its distance from the detection, negative if behind; and the farthest place of the mover on the way to it. Units: m.
 */
interface LampPlace {
  readonly atM: number;
  readonly headM: number;
}

function placeOf(index: number, reach: Reach, { isAhead, view }: LampsAround): LampPlace {
  const farM = at(view.distanceM, index);
  // A mover of unknown speed has not passed a sensor that has not detected it.
  const headM = reach.isKnown ? reach.headM : Math.min(reach.headM, at(view.sensorM, index));
  return { atM: isAhead(index) ? farM : -farM, headM };
}

/** For a mover that may be anywhere up to its head, the distance is counted from the head. */
function distanceTo({ atM, headM }: LampPlace, { isKnown }: Reach): number {
  return isKnown ? Math.abs(atM - headM) : Math.max(0, atM - headM);
}

/**
 * Returns a function that states by index whether a lamp may lie ahead of the last pole of a mover. The reported direction decides;
 * without one, the way from the pole before; without both, every lamp may. `view`, `viewBefore`: distances from the last pole and from the
 * one before. `wayM`: distance between both. Units: m.
 */
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

/** When a mover has passed a lamp, or is dropped because it was not detected where expected. */
function endOf(
  atM: number,
  index: number,
  { zone, reach, around: { mover, view } }: { readonly zone: ZoneWave; readonly reach: Reach; readonly around: LampsAround },
): MonoMs {
  const { visit } = mover;
  const wayM = at(view.placeM, index) + visit.beforeM;
  const longestMs = awayMs(at(view.nextSensorM, index) + visit.beforeM);
  const mayStroll = !reach.isKnown && zone.wave.mode === 'poles';
  const dueMs = mayStroll ? slowestMs(wayM) : (1_000 * OVERDUE * wayM) / reach.speedMps;
  const forgottenMono = visit.firstMono + Math.min(longestMs, Math.max(LEAST_AWAY_MS, dueMs));
  if (!reach.isKnown) return Math.max(visit.lastMono + zone.holdMs, forgottenMono);
  const leftS = (atM + visit.beforeM + zone.wave.behindM) / (reach.speedMps * SLOWER);
  return Math.min(forgottenMono, visit.firstMono + leftS * 1_000);
}

/** How long the slowest walker needs to reach the next sensor; the shortest time if there is none, because the walker may have left. Units: ms, m. */
function awayMs(nextSensorM: number): number {
  if (!Number.isFinite(nextSensorM)) return AWAY_MS.least;
  return Math.min(AWAY_MS.longest, Math.max(AWAY_MS.least, slowestMs(nextSensorM)));
}

/** From one edge of a sensor's range to the far edge of the next one's. Units: ms, m. */
function slowestMs(wayM: number): number {
  return (1_000 * (wayM + 2 * SENSOR_RANGE_M)) / SLOWEST_MPS;
}
