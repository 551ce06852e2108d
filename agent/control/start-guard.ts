/**
 * Prevents a start of the agent from darkening a street: a person may be walking where the previous run had raised the light, or a closed
 * emergency key may not have been read yet.
 *
 * Keeps the level at which each lamp was found, and the points that have not been read. Its effect ends by itself.
 */
import type { MonoMs } from '../core/clock.ts';
import { msg } from '../core/message.ts';
import type { Decision, LevelPct, PointId, Rank, Reading } from '../core/words.ts';
import type { LampHold, LightingStreet } from '../lighting/lighting.ts';
import { KEY_HOLD_MS, type LightContact } from './sensing/contact-tracker.ts';

const FOUND_TEXT = msg`as found at the start, until the contacts are read`;

/** What keeps a start from darkening lamps: the levels at which lamps were found, and the points that have not been read. */
export interface StartGuard {
  /** Takes a reading of a lamp. Returns its level if it is the first good one since the start, otherwise null. Units: %. */
  take(lampId: string, reading: Reading): number | null;
  /** Call it with each reading: with a good value, a point that is waited for counts as read. */
  takePoint(reading: Reading): void;
  /** The levels at which lamps were found and that are still kept, by lamp. */
  holds(nowMono: MonoMs): ReadonlyMap<string, LampHold>;
  /**
   * Returns true if decisions for the lamp must wait, because it has not been read and may be brighter. False for a lamp that was read or
   * need not wait, and for any lamp once the wait is over.
   */
  isWaiting(lampId: string, nowMono: MonoMs): boolean;
  /**
   * Returns the `floorPct` of the lamp for `notBelowFound`: the level at which it was found, or 100 if it has not been read. 0 once no
   * point is waited for. Units: %.
   */
  floorPct(lampId: string, nowMono: MonoMs): LevelPct;
}

/**
 * Longest wait for the first reading of a lamp. Units: ms. Source: assumed; a round of a full line at 19200 baud, and a driver holds its
 * level by itself during it. Confirmed by: the first round of a full line on the bench.
 */
const FIRST_READ_MS = 2_000;
/**
 * Longest wait for a point that may raise the light, and for the emergency key: as long as a closed key counts when its device becomes
 * silent. Units: ms. Source: assumed; six polls of the class `normal`. Confirmed by: the time from the start to the first readings in the
 * logs of a cabinet.
 */
const POINT_WAIT_MS = { raises: 30_000, emergency: KEY_HOLD_MS };

/**
 * Creates a guard for a start of the agent at `startMono`.
 *
 * `holdS`: lamps whose decisions wait for a first reading, with how long after the start a found level is kept, in s; 0 for no hold.
 * `waitMs`: longest wait for the first reading, by point, in ms from the start. As long as one of these points is waited for, `floorPct`
 * gives all lamps a lowest level, and the decisions of each lamp wait for its first reading. Decisions wait for 2 s after the start at
 * most. Which decisions wait, and which levels are raised: see `mustWait` and `notBelowFound`.
 */
export function createStartGuard(
  holdS: ReadonlyMap<string, number>,
  startMono: MonoMs,
  waitMs: ReadonlyMap<PointId, number> = new Map(),
): StartGuard {
  const found = new Map<string, LampHold>();
  const levels = new Map<string, LevelPct>();
  const unread = new Map(waitMs);
  const isPending = (nowMono: MonoMs): boolean => {
    for (const [pointId, ms] of unread) if (nowMono >= startMono + ms) unread.delete(pointId);
    return unread.size > 0;
  };
  return {
    take(lampId, { value, quality, atMono }) {
      if (levels.has(lampId) || quality !== 'good' || value === null || atMono < startMono) return null;
      const levelPct = Math.round(value);
      levels.set(lampId, levelPct);
      const holdMs = (holdS.get(lampId) ?? 0) * 1_000;
      if (holdMs > 0) found.set(lampId, { levelPct, untilMono: startMono + holdMs });
      return value;
    },
    takePoint({ pointId, value, quality }) {
      if (quality === 'good' && value !== null) unread.delete(pointId);
    },
    holds(nowMono) {
      for (const [lampId, { untilMono }] of found) if (nowMono >= untilMono) found.delete(lampId);
      return found;
    },
    isWaiting: (lampId, nowMono) => (holdS.has(lampId) || isPending(nowMono)) && !levels.has(lampId) && nowMono < startMono + FIRST_READ_MS,
    floorPct: (lampId, nowMono) => (isPending(nowMono) ? (levels.get(lampId) ?? 100) : 0),
  };
}

/**
 * Returns the guard of the street's lamps for a start of the agent, or of a new configuration, at `startMono`. It waits for the first good
 * readings of the photocells, of the points of rules, and of `contacts`, each for a limited time.
 */
export function startGuardOf(street: LightingStreet, contacts: ReadonlyMap<PointId, LightContact>, startMono: MonoMs): StartGuard {
  // A lamp that several zones raise has the longest of their holds: the last one written.
  const byHold = street.zones.flatMap(guarded).toSorted(([, a], [, b]) => a - b);
  return createStartGuard(new Map(byHold), startMono, awaited(street, contacts));
}

/**
 * Returns true if a decision must not be written yet, because its lamp has not been read since the start. False also for an unread lamp
 * that need not wait or has waited for some seconds, and for the ranks maintenance, emergency, override, presence and traffic.
 */
export function mustWait({ lampId, rank }: Decision, guard: Pick<StartGuard, 'isWaiting'>, nowMono: MonoMs): boolean {
  return !isByPerson(rank) && rank !== 'presence' && rank !== 'traffic' && guard.isWaiting(lampId, nowMono);
}

/**
 * Returns the decision, raised to `floorPct` if it is lower, but not above `maxPct`. A decision of rank maintenance, emergency or override
 * is not changed. Units: %.
 */
export function notBelowFound(decision: Decision, floorPct: LevelPct, maxPct: LevelPct = 100): Decision {
  const { rank } = decision;
  const leastPct = Math.min(floorPct, maxPct);
  if (isByPerson(rank) || decision.levelPct >= leastPct) return decision;
  const line = { rank, source: 'start', levelPct: leastPct, applied: true, text: FOUND_TEXT, untilMs: null };
  return { ...decision, levelPct: leastPct, trace: [line, ...decision.trace.map((each) => ({ ...each, applied: false }))] };
}

/** A start never delays what a person requests. */
function isByPerson(rank: Rank): boolean {
  return rank === 'maintenance' || rank === 'emergency' || rank === 'override';
}

/** Points that may raise the light as soon as they are read. Presence has its own hold, and an unknown flow gives full light. */
function awaited({ zones, rules }: LightingStreet, contacts: ReadonlyMap<PointId, LightContact>): ReadonlyMap<PointId, number> {
  const cells = zones.flatMap(({ photocell }) => (photocell === null ? [] : [`${photocell.device}.${photocell.point}` as PointId]));
  const ofRules = rules.flatMap(({ when }) => ('point' in when ? [when.point] : []));
  return new Map<PointId, number>([
    ...[...cells, ...ofRules].map((pointId) => [pointId, POINT_WAIT_MS.raises] as const),
    ...[...contacts].map(([pointId, kind]) => [pointId, kind === 'emergency' ? POINT_WAIT_MS.emergency : POINT_WAIT_MS.raises] as const),
  ]);
}

/** Lamps that presence may have raised before the start, each with the hold of its zone, and those that may be dark. */
function guarded({ presence, dark, lamps }: LightingStreet['zones'][number]): (readonly [string, number])[] {
  if (presence === null && dark === null) return [];
  return [...lamps, ...(presence?.alsoLamps ?? [])].map((id) => [id, presence?.holdS ?? 0] as const);
}
