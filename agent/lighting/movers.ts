/**
 * Joins successive detections at different poles to movers (persons or vehicles) with direction and speed.
 *
 * Pure and without memory: the detections of the last minutes in, movers out. The wave computes the present place of each. Two detections can be one
 * cyclist or two walkers who meet, so a first join is a guess: both versions are kept until a third detection confirms it. A wrong guess then costs
 * some light and never removes any.
 */
import type { MonoMs } from '../core/clock.ts';
import type { Detection, LightingStreet } from './lighting.ts';
import type { StreetGraph } from './street-graph.ts';

/**
 * A stay of a person or vehicle at a pole, from the first detection to the last; the person may stay longer. Detections more than 2 s apart
 * are separate stays.
 */
export interface PoleVisit {
  /** As in `Detection`: the sensor's device, or the neighbour's edge node; of the first detection. */
  readonly source: string;
  readonly pole: string;
  readonly firstMono: MonoMs;
  readonly lastMono: MonoMs;
  /** Distance before the pole at `firstMono`; for relayed ones. Units: m. */
  readonly beforeM: number;
  /** Detected by a neighbour cabinet. */
  readonly isRelayed: boolean;
  /** The first reported speed, raised to at least 2 km/h or lowered to at most 130 km/h; null if none was reported. Units: m/s. */
  readonly speedMps: number | null;
  /** The reported direction, as in `Detection`; null if none was reported, or if it is in doubt. */
  readonly direction: 1 | -1 | null;
}

/** A person or vehicle that moves along the street, from one or more detections. */
export interface Mover {
  /** Its stay at the pole of its last detection. */
  readonly visit: PoleVisit;
  /** The visit before that; null for a mover detected at one place only. */
  readonly before: PoleVisit | null;
  /** From reports and from the times between poles; null if unknown. Units: m/s. */
  readonly speedMps: number | null;
  /** Used while the speed is not known. Units: m/s. */
  readonly assumedMps: number;
  /** It is not a guess which detections belong to this mover. For a single visit: its speed and direction were reported. */
  readonly isSure: boolean;
}

/**
 * Returns the people and vehicles of these detections, also those that have left since; empty if there are none. Evaluates only the newest
 * detections of the last `DETECTIONS_KEPT_MS`, at poles with a known place. One detection may be part of several movers. Shape:
 * `detections` must be oldest first.
 */
export type MoverReader = (detections: readonly Detection[], nowMono: MonoMs) => readonly Mover[];

/** How long detections must be kept. Units: ms. Source: 300 m at 2 km/h take 540 s; doubled. */
export const DETECTIONS_KEPT_MS = 1_080_000;

/** Speeds of people and vehicles in a street. Units: km/h. Source: issue 5, wave: 2 to 130. */
const SPEED_KMH = { min: 2, max: 130 };
/** Assumed if no zone specifies a speed. Units: km/h. Source: schema of `wave.speedKmh`, a brisk walk. */
const WALK_KMH = 6;
/**
 * Newest detections that are evaluated, own and relayed separately, so that a neighbour cannot displace our own. Source: assumed; bounds the work of
 * a tick. Confirmed by: the most detections within the kept time in logs of a busy street.
 */
const MOST = { own: 48, relayed: 16 };
/**
 * Two poles closer than this count as one place, such as poles across the street. Units: m. Source: assumed; half the width of a lane. Confirmed by:
 * the pole distances in the plans of the sites.
 */
const SAME_PLACE_M = 3;
/**
 * Detections of a sensor closer than this are one visit: some sensors repeat at each poll. Units: ms. Source: assumed; above any poll period of
 * presence. Confirmed by: repeated detections in a week of logs of each sensor type.
 */
const PAUSE_MS = 2_000;
/** Range of a sensor, before or after its pole. Units: m. Source: data sheets of street sensors, 5 to 20 m by type. */
export const SENSOR_RANGE_M = 8;
/**
 * Largest factor between the expected and the real time between two sensors: at all, and for a certain match. Source: assumed. Confirmed by: timed
 * walks and rides along an instrumented street.
 */
const STRAY = { most: 2, sure: 1.5 };
/**
 * How much better a join to a mover of unknown speed must be. Source: assumed; a matching speed is better evidence than an unknown one. Confirmed by:
 * recorded detections of a street with known movers.
 */
const UNKNOWN_COST = 0.5;
/**
 * A join that is worse by less than this counts as equally likely. Source: assumed; twice as far from the expected time. Confirmed by: recorded
 * detections of a street with known movers.
 */
const RIVAL_COST = Math.log(2);
/** For two sensors that report at the same time. Units: s. */
const LEAST_S = 0.05;

/**
 * Creates the function that joins the detections of a street to movers. It has no state: each call gets all detections again. `graph` must
 * be that of the same street.
 */
export function createMoverReader(street: LightingStreet, graph: StreetGraph): MoverReader {
  const context = { graph, assumedMps: assumedSpeeds(street) };
  return (detections, nowMono) => {
    let movers: readonly Mover[] = [];
    for (const visit of visitsOf(detections, graph, nowMono)) movers = afterVisit(movers, visit, context);
    return movers;
  };
}

/** The street data that joining depends on. */
interface MoverContext {
  readonly graph: StreetGraph;
  /** By pole. Units: m/s. */
  readonly assumedMps: (pole: string) => number;
}

/**
 * Whether a mover may still reach this pole, by the reported direction or, without one, by its way from the pole before. True also for the
 * pole of its last visit, and if neither is known.
 */
export function isAhead({ visit, before }: Mover, pole: string, graph: StreetGraph): boolean {
  if (visit.direction !== null) return graph.isTowards(visit.pole, pole, visit.direction);
  return before === null || graph.isBeyond(before.pole, visit.pole, pole);
}

function toMps(speedKmh: number): number {
  return Math.min(SPEED_KMH.max, Math.max(SPEED_KMH.min, speedKmh)) / 3.6;
}

function assumedSpeeds({ zones, lamps, lines = [] }: LightingStreet): (pole: string) => number {
  const poleOf = new Map(lines.flatMap((line) => line.devices).map(({ id, pole }) => [id, pole]));
  const poleOfLamp = new Map(lamps.map(({ id, pole }) => [id, pole]));
  const waves = zones.flatMap(({ presence, lamps: members }) => {
    const wave = presence?.wave ?? null;
    if (presence === null || wave === null) return [];
    const poles = [...members.map((id) => poleOfLamp.get(id)), ...presence.sensors.map(({ device }) => poleOf.get(device))];
    return [{ mps: toMps(wave.speedKmh), poles }];
  });
  const byPole = new Map(waves.flatMap(({ mps, poles }) => poles.map((pole) => [pole, mps] as const)));
  const elsewhere = waves[0]?.mps ?? toMps(WALK_KMH);
  return (pole) => byPole.get(pole) ?? elsewhere;
}

/** Detections at known poles, oldest first. Repeated ones of a sensor, or those of two sensors at one place, become one visit. */
function visitsOf(detections: readonly Detection[], graph: StreetGraph, nowMono: MonoMs): readonly PoleVisit[] {
  const recent = detections.filter(({ atMono, pole }) => {
    return atMono <= nowMono && nowMono - atMono <= DETECTIONS_KEPT_MS && graph.distanceM(pole, pole) !== null;
  });
  const own = recent.filter(({ isRelayed }) => !isRelayed).slice(-MOST.own);
  const relayed = recent.filter(({ isRelayed }) => isRelayed).slice(-MOST.relayed);
  const visits: PoleVisit[] = [];
  for (const detection of [...own, ...relayed].sort((a, b) => a.atMono - b.atMono)) {
    const open = visits.findLastIndex((visit) => continues(visit, detection, graph));
    const visit = visits[open];
    if (visit === undefined) visits.push(visitOf(detection));
    else visits[open] = goingOn(visit, visitOf(detection));
  }
  return visits;
}

function continues(visit: PoleVisit, { atMono, pole, isRelayed, direction }: Detection, graph: StreetGraph): boolean {
  if (isRelayed !== visit.isRelayed || atMono - visit.lastMono > PAUSE_MS) return false;
  const turned = direction !== null && visit.direction !== null && direction !== visit.direction;
  return !turned && apartM(graph, visit.pole, pole) <= SAME_PLACE_M;
}

function goingOn(visit: PoleVisit, { lastMono, speedMps, direction }: PoleVisit): PoleVisit {
  return { ...visit, lastMono, speedMps: visit.speedMps ?? speedMps, direction: visit.direction ?? direction };
}

function visitOf({ source, pole, atMono, isRelayed, speedKmh, direction, beforeM }: Detection): PoleVisit {
  return {
    source,
    pole,
    firstMono: atMono,
    lastMono: atMono,
    beforeM: beforeM ?? 0,
    isRelayed,
    speedMps: speedKmh === null ? null : toMps(speedKmh),
    direction,
  };
}

function afterVisit(movers: readonly Mover[], visit: PoleVisit, context: MoverContext): readonly Mover[] {
  const newcomer: Mover = {
    visit,
    before: null,
    speedMps: visit.speedMps,
    assumedMps: context.assumedMps(visit.pole),
    isSure: visit.speedMps !== null && visit.direction !== null,
  };
  const fit = bestFit(movers, visit, context);
  if (fit === null) return [...movers, newcomer];
  const { mover, isSure } = fit;
  // A person that a neighbour detects without a direction may be one who has just left our street.
  const mayBeOurs = visit.isRelayed && visit.speedMps === null;
  const onward: PoleVisit = mayBeOurs ? { ...visit, direction: null } : visit;
  const joined: Mover = { ...newcomer, visit: onward, before: mover.visit, speedMps: visit.speedMps ?? fit.speedMps, isSure };
  if (!isSure) return [...movers, newcomer, joined];
  const explained = new Set([visit, mover.visit, mover.before]);
  return [...movers.filter((other) => other !== mover && !(other.before === null && explained.has(other.visit))), joined];
}

interface Fit {
  readonly mover: Mover;
  readonly cost: number;
  readonly speedMps: number;
  readonly isSure: boolean;
}

/** The mover that this visit most likely continues; not a sure one if another matches nearly as well. */
function bestFit(movers: readonly Mover[], visit: PoleVisit, context: MoverContext): Fit | null {
  let best: Fit | null = null;
  const fits: Fit[] = [];
  for (const mover of movers) {
    const fit = fitOf(mover, visit, context);
    if (fit === null) continue;
    fits.push(fit);
    if (best === null || fit.cost < best.cost) best = fit;
  }
  if (best === null || !best.isSure) return best;
  const { mover, cost } = best;
  const isRival = (fit: Fit): boolean =>
    fit.cost - cost < RIVAL_COST && fit.mover.visit !== mover.visit && fit.mover.visit !== mover.before;
  return { ...best, isSure: !fits.some(isRival) };
}

/** How well a visit continues from a mover's last place; null if it cannot be the same one. */
function fitOf(mover: Mover, visit: PoleVisit, { graph }: MoverContext): Fit | null {
  if (mover.visit.isRelayed && visit.isRelayed) return null;
  // A person that a neighbour detected is outside the street: the way continues from there.
  const distanceM = apartM(graph, mover.visit.pole, visit.pole) + mover.visit.beforeM + visit.beforeM;
  if (distanceM <= SAME_PLACE_M) return null;
  const tookS = Math.max(LEAST_S, (visit.firstMono - mover.visit.firstMono) / 1_000);
  const [least, most] = [(distanceM - 2 * SENSOR_RANGE_M) / tookS, (distanceM + 2 * SENSOR_RANGE_M) / tookS];
  if (least > SPEED_KMH.max / 3.6 || most < SPEED_KMH.min / 3.6 || !isAhead(mover, visit.pole, graph)) return null;
  const measuredMps = toMps((distanceM / tookS) * 3.6);
  const { speedMps } = mover;
  if (speedMps === null) {
    const cost = UNKNOWN_COST + Math.abs(Math.log(measuredMps / mover.assumedMps));
    return { mover, cost, speedMps: measuredMps, isSure: false };
  }
  const stray = strayOf(tookS, distanceM / speedMps, SENSOR_RANGE_M / speedMps);
  if (stray > STRAY.most) return null;
  return { mover, cost: Math.log(stray), speedMps: (speedMps + measuredMps) / 2, isSure: stray <= STRAY.sure };
}

/** The factor between the real and the expected time, 1 for a match. A difference that the sensors' range explains does not count. */
function strayOf(tookS: number, expectedS: number, slackS: number): number {
  if (tookS > expectedS) return Math.max(1, (tookS - slackS) / Math.max(expectedS, LEAST_S));
  return Math.max(1, expectedS / (tookS + slackS));
}

function apartM(graph: StreetGraph, a: string, b: string): number {
  return graph.distanceM(a, b) ?? Number.POSITIVE_INFINITY;
}
