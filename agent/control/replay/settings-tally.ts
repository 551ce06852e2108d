/** Sums energy and hours per level of one set of settings, night by night, while a record is replayed. Pure. */

import type { Lamp, Zone } from '../../core/cabinet.ts';
import type { MonoMs, WallMs } from '../../core/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../../core/durations.ts';
import type { LevelPct } from '../../core/words.ts';

/** A night from noon to noon of the cabinet's time zone, `toMs` excluded. `date`: the day on which it begins, `2026-12-01`. */
export interface NightWindow {
  readonly date: string;
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
}

/** The light of a street from an instant on. Shape: `levelsPct` has one level per lamp, in the order of the street. */
export interface LightMoment {
  readonly nowMono: MonoMs;
  readonly nowMs: WallMs;
  readonly levelsPct: readonly LevelPct[];
  /** By zone, in the order of the street. `night`: as in `ZoneState`. */
  readonly zones: readonly { readonly night: boolean }[];
}

/**
 * The sums of all lamps for one night from noon to noon, over the time that was replayed. Units: `levelLampH` in hours of one lamp, by
 * level in %; hours at 0 % by day of the lamp's zone are left out.
 */
export interface NightSums {
  /** The day on which the night begins, as in `NightWindow`. */
  readonly date: string;
  readonly kwh: number;
  readonly levelLampH: Readonly<Record<number, number>>;
  /** Mean power over the replayed time of each quarter of an hour, from noon on; null where nothing was replayed. Units: W. */
  readonly quarterW: readonly (number | null)[];
}

/** The mains power of a lamp at a level; at 0 % its standby power. Units: W, %. */
export type PowerOf = (ratedW: number, levelPct: LevelPct) => number;

const LEVELS = 101;
const QUARTER_MS = 15 * MINUTE_MS;

interface OpenNight {
  readonly window: NightWindow;
  wh: number;
  readonly levelMs: Float64Array;
  readonly quarterWh: Float64Array;
  readonly quarterMs: Float64Array;
}

/** Sums energy and lamp hours by night, for one street after another; each begins with `begin` and ends with `end`. */
export class SettingsTally {
  readonly #powerOf: PowerOf;
  readonly #nights: readonly OpenNight[];
  #lamps: readonly Pick<Lamp, 'ratedPowerW'>[] = [];
  /** By lamp: index of its zone; -1 for a lamp without a zone. */
  #zoneOf: readonly number[] = [];
  #since: { readonly nowMono: MonoMs; readonly nowMs: WallMs } | null = null;
  #powerW = 0;
  readonly #lampsAt = new Int32Array(LEVELS);

  constructor(windows: readonly NightWindow[], powerOf: PowerOf) {
    this.#powerOf = powerOf;
    this.#nights = windows.map((window) => {
      const quarters = Math.ceil((window.toMs - window.fromMs) / QUARTER_MS);
      return {
        ...{ window, wh: 0, levelMs: new Float64Array(LEVELS) },
        ...{ quarterWh: new Float64Array(quarters), quarterMs: new Float64Array(quarters) },
      };
    });
  }

  /** Counts the lamps of this street from the next moment on. */
  begin({ lamps, zones }: { readonly lamps: readonly Lamp[]; readonly zones: readonly Zone[] }): void {
    const zoneOf = new Map(zones.flatMap((zone, at) => zone.lamps.map((id) => [id, at] as const)));
    this.#lamps = lamps;
    this.#zoneOf = lamps.map(({ id }) => zoneOf.get(id) ?? -1);
    this.#since = null;
  }

  /** The light changes to this; what was before it is counted up to now. */
  change({ nowMono, nowMs, levelsPct, zones }: LightMoment): void {
    this.#countUpTo(nowMono);
    this.#since = { nowMono, nowMs };
    this.#powerW = 0;
    this.#lampsAt.fill(0);
    levelsPct.forEach((levelPct, lamp) => {
      this.#powerW += this.#powerOf(this.#lamps[lamp]?.ratedPowerW ?? 0, levelPct);
      const isNight = zones[this.#zoneOf[lamp] ?? -1]?.night ?? true;
      if (levelPct > 0 || isNight) this.#lampsAt[levelPct] = (this.#lampsAt[levelPct] ?? 0) + 1;
    });
  }

  /** Counts up to `nowMono`; nothing is counted until the next moment. */
  end(nowMono: MonoMs): void {
    this.#countUpTo(nowMono);
    this.#since = null;
  }

  /** Returns the sums up to the last `change` or `end`, in the order of `windows`. */
  sums(): readonly NightSums[] {
    return this.#nights.map(({ window, wh, levelMs, quarterWh, quarterMs }) => ({
      date: window.date,
      kwh: wh / 1_000,
      levelLampH: Object.fromEntries([...levelMs].flatMap((ms, level) => (ms > 0 ? [[level, ms / HOUR_MS]] : []))),
      quarterW: [...quarterMs].map((ms, at) => (ms > 0 ? ((quarterWh[at] ?? 0) * HOUR_MS) / ms : null)),
    }));
  }

  #countUpTo(nowMono: MonoMs): void {
    const since = this.#since;
    if (since === null || nowMono <= since.nowMono) return;
    const [fromMs, toMs] = [since.nowMs, since.nowMs + (nowMono - since.nowMono)];
    for (const night of this.#nights) {
      const [startMs, endMs] = [Math.max(fromMs, night.window.fromMs), Math.min(toMs, night.window.toMs)];
      if (startMs < endMs) this.#add(night, startMs, endMs);
    }
  }

  #add(night: OpenNight, fromMs: WallMs, toMs: WallMs): void {
    night.wh += (this.#powerW * (toMs - fromMs)) / HOUR_MS;
    this.#lampsAt.forEach((lamps, level) => {
      if (lamps > 0) night.levelMs[level] = (night.levelMs[level] ?? 0) + lamps * (toMs - fromMs);
    });
    const startMs = night.window.fromMs;
    for (let atMs = fromMs; atMs < toMs; ) {
      const quarter = Math.floor((atMs - startMs) / QUARTER_MS);
      const untilMs = Math.min(toMs, startMs + (quarter + 1) * QUARTER_MS);
      night.quarterMs[quarter] = (night.quarterMs[quarter] ?? 0) + untilMs - atMs;
      night.quarterWh[quarter] = (night.quarterWh[quarter] ?? 0) + (this.#powerW * (untilMs - atMs)) / HOUR_MS;
      atMs = untilMs;
    }
  }
}
