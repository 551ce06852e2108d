/**
 * Finds dark moments with someone present, while a record is replayed with other settings.
 *
 * The yardstick is the recorded night: a detection needs the light that the lamp nearest to the sensor had then, or less if the caller asks for less.
 * Pure.
 */
import type { MonoMs, WallMs } from '../../core/clock.ts';
import type { LevelPct, PointId } from '../../core/words.ts';
import type { LightingSnapshot, LightingStreet } from '../../lighting/lighting.ts';
import { sensorPointOf, sensorReaches } from '../../lighting/presence.ts';

/**
 * `late`: while a sensor detects someone, the light is too low at some time after the allowed delay. `fell`: someone is detected shortly
 * after the light fell below what the last detection needed. The light is also below what this one needs. The dark counts from the fall.
 */
export type DarkKind = 'late' | 'fell';

/** One dark moment. `missingS`: its time, weighted by the missing share of the needed light. Units: s of full darkness. */
export interface DarkMoment {
  readonly kind: DarkKind;
  /**
   * For `late`: when the presence ends, or the last instant seen before `DarkMomentFinder.end` if that comes first. For `fell`: when the
   * presence begins.
   */
  readonly atMs: WallMs;
  readonly sensor: PointId;
  readonly missingS: number;
}

/** What a dark moment is measured by. */
export interface DarkLimits {
  /** A detection needs the recorded level, but not more light than this. */
  readonly needPct: LevelPct;
  /** How long light may take after a detection. Units: s. */
  readonly delayS: number;
  /** A detection within this time after the light fell counts as the same person. Units: s. */
  readonly samePersonS: number;
}

/**
 * The usual limits. `needPct`: the recorded level alone counts. `delayS`: Source: assumed; the tick of a second and a rise of a second, as
 * of the drivers in use. `samePersonS`: Source: assumed; 60 s are 70 m on foot, more than two poles. Confirmed by: walk tests with a
 * stopwatch, and the times between detections at real poles.
 */
export const DARK_LIMITS: DarkLimits = { needPct: 100, delayS: 2, samePersonS: 60 };

/**
 * The light at an instant of a replay, with the times of the record. `levelOf`: the level that is judged; undefined for an unknown lamp.
 * `recordedPct`: the recorded level of a lamp; undefined for an unknown lamp, and at an instant that was not recorded.
 */
export interface WatchedMoment {
  readonly nowMono: MonoMs;
  readonly nowMs: WallMs;
  readonly levelOf: (lampId: string) => LevelPct | undefined;
  readonly recordedPct: (lampId: string) => LevelPct | undefined;
  readonly sensors: LightingSnapshot['sensors'];
}

interface Watched {
  readonly pointId: PointId;
  readonly lampId: string;
  levelPct: LevelPct;
  /** What the last detection needed, or less once the record had less; 0 before the first. */
  needPct: LevelPct;
  isPresent: boolean;
  /** Light is due from here on. */
  dueMono: MonoMs;
  /** When the light fell below what was needed; null while it has not. */
  fellMono: MonoMs | null;
  /** Missing light of the running spell of presence. */
  missingS: number;
}

/**
 * Finds dark moments in a replay. Watches each sensor that raises light itself, with the nearest lamp that it raises; if several zones have
 * the sensor, with the nearest in the last of them.
 */
export class DarkMomentFinder {
  readonly #limits: DarkLimits;
  readonly #onDark: (moment: DarkMoment) => void;
  #watched: readonly Watched[] = [];
  #lastMono: MonoMs | null = null;
  #lastMs: WallMs = 0;

  constructor(limits: DarkLimits, onDark: (moment: DarkMoment) => void) {
    this.#limits = limits;
    this.#onDark = onDark;
  }

  /** Begins with the street of the record; what was seen before is forgotten. */
  begin(recorded: LightingStreet): void {
    const fresh = { levelPct: 0, needPct: 0, isPresent: false, dueMono: 0, fellMono: null, missingS: 0 };
    const found = new Map(witnessesOf(recorded).map(({ pointId, lampId }) => [pointId, { pointId, lampId, ...fresh }] as const));
    this.#watched = [...found.values()];
    this.#lastMono = null;
  }

  /** Takes the light from now on, and counts the time since the moment before. Returns how many detections begin that need light. */
  look(moment: WatchedMoment): number {
    let began = 0;
    for (const watched of this.#watched) if (this.#lookAt(watched, moment)) began++;
    this.#lastMono = moment.nowMono;
    this.#lastMs = moment.nowMs;
    return began;
  }

  /** Ends the running spells of presence, and reports the dark moments in them. */
  end(nowMono: MonoMs): void {
    for (const watched of this.#watched) {
      this.#count(watched, nowMono);
      this.#leave(watched, this.#lastMs);
    }
    this.#lastMono = null;
  }

  /** Returns true if a detection begins that needs light. */
  #lookAt(watched: Watched, { nowMono, nowMs, levelOf, recordedPct, sensors }: WatchedMoment): boolean {
    const levelPct = levelOf(watched.lampId);
    if (levelPct === undefined) return false;
    this.#count(watched, nowMono);
    const isPresent = detects(sensors, watched.pointId);
    const begins = isPresent && !watched.isPresent;
    const neededPct = Math.min(recordedPct(watched.lampId) ?? watched.needPct, this.#limits.needPct);
    if (begins) {
      this.#returned(watched, neededPct, { nowMono, nowMs });
      watched.needPct = neededPct;
      watched.dueMono = nowMono + this.#limits.delayS * 1_000;
      watched.isPresent = true;
    } else if (!isPresent && watched.isPresent) this.#leave(watched, nowMs);
    // At dawn, for example, the recorded light ends while someone is present.
    if (isPresent) watched.needPct = Math.min(watched.needPct, neededPct);
    if (levelPct >= watched.needPct) watched.fellMono = null;
    else if (watched.levelPct >= watched.needPct) watched.fellMono = nowMono;
    watched.levelPct = levelPct;
    return begins && watched.needPct > 0;
  }

  /** A spell of presence begins: was the person in the dark just before? */
  #returned({ pointId, fellMono, levelPct }: Watched, neededPct: LevelPct, at: { readonly nowMono: MonoMs; readonly nowMs: WallMs }): void {
    if (fellMono === null || at.nowMono - fellMono > this.#limits.samePersonS * 1_000 || levelPct >= neededPct) return;
    const missingS = ((at.nowMono - fellMono) / 1_000) * missingShare(levelPct, neededPct);
    this.#onDark({ kind: 'fell', atMs: at.nowMs, sensor: pointId, missingS });
  }

  #count(watched: Watched, nowMono: MonoMs): void {
    if (this.#lastMono === null || !watched.isPresent || watched.levelPct >= watched.needPct) return;
    const ms = nowMono - Math.max(this.#lastMono, watched.dueMono);
    if (ms > 0) watched.missingS += (ms / 1_000) * missingShare(watched.levelPct, watched.needPct);
  }

  #leave(watched: Watched, atMs: WallMs): void {
    const { missingS, pointId: sensor } = watched;
    if (missingS > 0) this.#onDark({ kind: 'late', atMs, sensor, missingS });
    watched.isPresent = false;
    watched.missingS = 0;
  }
}

function missingShare(levelPct: LevelPct, neededPct: LevelPct): number {
  return neededPct <= 0 ? 0 : 1 - levelPct / neededPct;
}

function detects(sensors: LightingSnapshot['sensors'], pointId: PointId): boolean {
  const state = sensors.get(pointId);
  return state?.present === true && state.stuck !== true && (state.quality === 'good' || state.quality === 'stale');
}

/** Each sensor that raises light itself, with the nearest lamp that it raises. */
function witnessesOf(street: LightingStreet): readonly { readonly pointId: PointId; readonly lampId: string }[] {
  return street.zones
    .flatMap((zone) => sensorReaches(street, zone))
    .flatMap(({ sensor, distanceM }) => {
      const [nearest] = [...distanceM].toSorted(([, a], [, b]) => a - b);
      return sensor.listen === 'group' || nearest === undefined ? [] : [{ pointId: sensorPointOf(sensor), lampId: nearest[0] }];
    });
}
