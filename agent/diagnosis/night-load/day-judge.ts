/** Judges the load of a meter while its lamps are off: what is more than on other days is unexpected, such as a lamp that burns by day. */
import { medianOf, medianOfAll, returnLevel } from './robust.ts';

/** Minutes of which the median counts. Units: minutes. Source: assumed; half of the allowed delay of 30 min. Confirmed by: `bench -- faults --data`. */
const WINDOW_MIN = 15;
/** Least load that counts, as a share of the lamps' full power. Source: assumed; 5 % is to be found, and meters have a least current. Confirmed by: load by day of a hundred cabinets. */
const LEAST_SHARE = 0.02;
/** Loads above this share of the limit keep an event open. Source: assumed. Confirmed by: as above. */
const END_SHARE = 0.8;
/** Hours that are kept, and hours between two false alarms. Units: h. Source: a week of days; the design, one false alarm per cabinet and month. */
const KEPT_HOURS = 7 * 12;
const HOURS_PER_ALARM = 30 * 12;
/** A load that lasts so long is taken as usual. Units: h of day. Source: assumed; two weeks. Confirmed by: how long such events are left open. */
const ACCEPT_HOURS = 14 * 12;
const HOUR_MIN = 60;

/**
 * An unexpected load while the lamps should be off. `watts`: the whole load when it was found, not only the excess. `sinceMin`: estimated.
 * Units: W; minutes since 1970, UTC.
 */
export interface DayLoad {
  readonly watts: number;
  readonly sinceMin: number;
}

/** Judges the load while the lamps are off, each minute by the median of the last 15 values. */
export class DayJudge {
  /**
   * For each of the last 84 hours that ended without an unexpected load, its highest median load, oldest first. An hour is 60 judged
   * minutes of one day. Units: W.
   */
  readonly hours: number[];
  readonly #window = new Float64Array(WINDOW_MIN).fill(Number.NaN);
  readonly #sorted = new Float64Array(WINDOW_MIN);
  #count = 0;
  #hourMax = Number.NaN;
  #openHours = 0;
  #limitW: number | null = null;
  /**
   * The unexpected load that lasts; null while none is found. A load that lasts for weeks is then taken as usual, and `hours` begins
   * again.
   */
  load: DayLoad | null = null;

  /** `hours`: those of an earlier run, of which the last 84 are used. */
  constructor(hours: readonly number[] = []) {
    this.hours = hours.slice(-KEPT_HOURS);
  }

  /** Takes the load of one minute. `fullW`: the lamps' full power; null: unknown, `load` stays. Units: minutes since 1970, UTC; W. */
  judge(atMin: number, watts: number, fullW: number | null): void {
    this.#window[this.#count++ % WINDOW_MIN] = watts;
    this.#sorted.set(this.#window);
    const present = this.#sorted.filter((value) => !Number.isNaN(value));
    if (present.length < WINDOW_MIN / 2) return;
    const medianW = medianOf(present, present.length);
    this.#hourMax = Number.isNaN(this.#hourMax) ? medianW : Math.max(this.#hourMax, medianW);
    if (fullW !== null) this.#compare(atMin, medianW, fullW);
    if (this.#count % HOUR_MIN === 0) this.#endHour();
  }

  /** The lamps came on: the window starts again with the next day. An unexpected load stays so. */
  pause(): void {
    this.#window.fill(Number.NaN);
    this.#hourMax = Number.NaN;
    this.#count = 0;
  }

  #compare(atMin: number, medianW: number, fullW: number): void {
    this.#limitW ??= this.#usualLimit();
    const limitW = Math.max(this.#limitW, (medianOfAll(this.hours) || 0) + LEAST_SHARE * fullW);
    if (this.load === null && medianW > limitW) this.load = { watts: medianW, sinceMin: atMin - Math.floor(WINDOW_MIN / 2) };
    else if (this.load !== null && medianW < limitW * END_SHARE) this.load = null;
  }

  /** 0 while too few hours are known: then only the least share counts. */
  #usualLimit(): number {
    return returnLevel(this.hours, HOURS_PER_ALARM) || 0;
  }

  #endHour(): void {
    this.#openHours = this.load === null ? 0 : this.#openHours + 1;
    if (this.#openHours > ACCEPT_HOURS) {
      this.hours.length = 0;
      this.load = null;
    }
    if (this.load === null) this.hours.push(this.#hourMax);
    if (this.hours.length > KEPT_HOURS) this.hours.shift();
    this.#hourMax = Number.NaN;
    this.#limitW = null;
  }
}
