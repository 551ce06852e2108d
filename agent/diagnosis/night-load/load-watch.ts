/**
 * Follows the load of a meter minute by minute: finds switch-on and switch-off from the power itself, learns the nights, and has what is wrong.
 *
 * dark ── power above half of the lowest ──► lit ── below it for 5 min, not early ──► dark: the night is learned
 * An early or missing switch-on or a failure at night leaves the lamps dark: a finding of its own.
 */
import { DayJudge, type DayLoad } from './day-judge.ts';
import { type LoadModel, learnedLoad, WARM_UP } from './load-model.ts';
import { type LoadDifference, type NightDifferences, NightJudge } from './night-judge.ts';
import { NIGHT_MIN, NightTrace } from './night-trace.ts';
import { usualOff, usualOn } from './usual-times.ts';

/**
 * One minute of a meter. Without a reading in this minute, the power or voltage may be that of an earlier one. NaN: no value. Units:
 * minutes since 1970, UTC; minutes; W; V.
 */
export interface MeterMinute {
  readonly atMin: number;
  /** Local time less UTC. */
  readonly utcOffsetMin: number;
  readonly watts: number;
  readonly volts: number;
}

/**
 * What is wrong at a meter; null where nothing was found, also while too few nights are known to judge. Only `lost` and `extra` survive a
 * restart of the agent.
 */
export interface LoadFindings {
  /**
   * Power that is missing at night. As `extra`, it stays by day, and ends after some weeks, when it counts as usual. It ends earlier when
   * more than half of it is back at night; with `extra`, when the power is usual again.
   */
  readonly lost: LoadDifference | null;
  /** More power at night than expected. */
  readonly extra: LoadDifference | null;
  /**
   * The lamps are off at night: since an early switch-off, or since the latest usual time of a switch-on that is missing. Kept until they
   * burn, also by day. Units: minutes since 1970, UTC.
   */
  readonly darkSinceMin: number | null;
  /** Unexpected load while the lamps should be off; it stays at night. */
  readonly day: DayLoad | null;
  /**
   * Since when the meter has repeated the same power and voltage, once that has lasted too long. Always null without a voltage, or at 0 W.
   * Units: minutes since 1970, UTC.
   */
  readonly stuckSinceMin: number | null;
}

/** What a watch remembers over a restart. */
export interface LoadMemory {
  /** The learned nights that are kept, oldest first. */
  readonly nights: readonly NightTrace[];
  /** The running night; null if none runs. */
  readonly tonight: NightTrace | null;
  /** As `hours` of `DayJudge`. Units: W. */
  readonly dayHours: readonly number[];
  readonly differences: NightDifferences;
  /** Number of nights with a difference since the last learned one, which were not learned for that reason. */
  readonly nightsOpen: number;
}

/** The memory of a watch that has learned nothing yet. */
export const NO_LOAD_MEMORY: LoadMemory = {
  nights: [],
  tonight: null,
  dayHours: [],
  differences: { lost: null, extra: null },
  nightsOpen: 0,
};

/** Nights that are kept. Source: assumed; a week contains each day's programme. Confirmed by: `bench -- faults --data` with more nights. */
const KEPT_NIGHTS = 7;
/** A night is learned if it lasts so long and so much of it was measured. Units: minutes; share. Source: assumed; the shortest summer night at 55 degrees is about 6 h. Confirmed by: nights learned in a year. */
const LEARNABLE = { minutes: 240, share: 0.7 };
/** Nights with a finding are not learned; after so many in a row, they are the new normal. Source: assumed; two weeks, longer than a repair. Confirmed by: repair times of the operator. */
const ACCEPT_NIGHTS = 14;
/** The lamps are off after so long without power. Units: minutes. Source: assumed; short cuts do not end the night. Confirmed by: lengths of power cuts. */
const OFF_MIN = 5;
/** After a longer gap, with less than this share of the power before it, the lamps are warming up. Units: minutes; share. Source: assumed; discharge lamps start with a fifth to a half. Confirmed by: restart times of lamps. */
const COLD_GAP_MIN = 5;
const COLD_SHARE = 0.9;
/** Lamps that restart hot take so many times the warm-up. Source: assumed; hot discharge lamps ignite late, and the last percent takes as long as the others. Confirmed by: `bench -- faults --data` after its gap. */
const RESTART_FACTOR = 2;
/** Equal values for this time, plus three times the longest such time in the learned nights, are no measurement. Units: minutes. Source: assumed. Confirmed by: longest equal runs of a meter with 100 W steps. */
const STUCK_MIN = 60;
/** Share of the lowest power of the night, or of the highest power ever seen, above which the lamps are on. Source: assumed; a half is far from both. Confirmed by: dim steps of cabinets. */
const ON_SHARE = { known: 0.5, learning: 0.3 };

/** Finds the nights of one meter from its power, learns them, and judges each minute by them. Pure apart from its own state. */
export class LoadWatch {
  readonly #nights: NightTrace[];
  readonly #differences: NightDifferences;
  readonly #day: DayJudge;
  #model: LoadModel | null;
  #tonight: NightTrace | null = null;
  #judge: NightJudge | null = null;
  #nightsOpen: number;
  #peakW = 0;
  #lastMin = Number.NEGATIVE_INFINITY;
  #lastW = 0;
  #lastV = 0;
  #sameMin = 0;
  #outSince: number | null = null;
  #coldUntil = 0;
  #darkSince: number | null = null;

  /** `model`: of the nights in `memory`; by default it is computed from them. The running night in `memory` is continued in place. */
  constructor(memory: LoadMemory = NO_LOAD_MEMORY, model: LoadModel | null = learnedLoad(memory.nights)) {
    this.#nights = memory.nights.slice(-KEPT_NIGHTS);
    this.#differences = { ...memory.differences };
    this.#day = new DayJudge(memory.dayHours);
    this.#nightsOpen = memory.nightsOpen;
    this.#model = model;
    if (memory.tonight !== null) this.#resume(memory.tonight);
  }

  /** Null while fewer than two learned nights are kept. */
  get model(): LoadModel | null {
    return this.#model;
  }

  /** When the running night began; null if none runs. Units: minutes since 1970, UTC. */
  get onMin(): number | null {
    return this.#tonight?.onMin ?? null;
  }

  /** The number of learned nights that are kept. */
  get nights(): number {
    return this.#nights.length;
  }

  /** Changes whenever the learned nights do; it may also change while they do not. */
  get nightsStamp(): string {
    return `${this.#nights.at(-1)?.onMin} ${this.#nightsOpen} ${this.#day.hours.length}`;
  }

  /** What other nights had at the last minute; null if no night runs, or if that is not known, as near a step. Units: W. */
  get expectedW(): number | null {
    return this.#judge?.expectedW(this.#lastMin - (this.#tonight?.onMin ?? 0)) ?? null;
  }

  /** What is wrong as of the last minute; null in each part where nothing was found. */
  get findings(): LoadFindings {
    const isStuck = this.#isStuck;
    return {
      ...this.#differences,
      darkSinceMin: this.#darkSince,
      day: this.#day.load,
      stuckSinceMin: isStuck ? this.#lastMin - this.#sameMin : null,
    };
  }

  /** Returns what must persist. Its arrays, its differences and the running night are live. */
  memory(): LoadMemory {
    return {
      nights: this.#nights,
      tonight: this.#tonight,
      dayHours: this.#day.hours,
      differences: this.#differences,
      nightsOpen: this.#nightsOpen,
    };
  }

  /** Takes one minute. Call in the order of time; minutes without a power may be left out. */
  step(minute: MeterMinute): void {
    const { atMin, watts } = minute;
    if (Number.isNaN(watts) || atMin <= this.#lastMin) return;
    this.#compareWithLast(minute);
    if (this.#tonight === null) this.#stepDark(minute);
    else this.#stepLit(this.#tonight, minute);
    this.#peakW = Math.max(this.#peakW, watts);
    [this.#lastMin, this.#lastW, this.#lastV] = [atMin, watts, minute.volts];
  }

  #compareWithLast({ atMin, watts, volts }: MeterMinute): void {
    const isSame = watts > 0 && watts === this.#lastW && volts === this.#lastV;
    this.#sameMin = isSame ? this.#sameMin + atMin - this.#lastMin : 0;
  }

  /** Without a voltage, equal values are no sign: a power of few digits often repeats. */
  get #isStuck(): boolean {
    return this.#sameMin > STUCK_MIN + 3 * (this.#model?.longestSameMin ?? NIGHT_MIN);
  }

  #onW(): number {
    return this.#model === null ? this.#peakW * ON_SHARE.learning : this.#model.lowestW * ON_SHARE.known;
  }

  #stepDark(minute: MeterMinute): void {
    const { atMin, watts } = minute;
    const span = this.#model === null ? null : usualOn(this.#model.profiles, atMin);
    const isOn = watts > this.#onW();
    const isUsual = span === null || (atMin >= span.fromMin && atMin <= span.toMin);
    if (isOn && (isUsual || this.#darkSince !== null)) {
      // Seen while it came on: only such a night can be compared by the time since switch-on.
      this.#begin(minute, isUsual && atMin - this.#lastMin <= COLD_GAP_MIN && this.#lastW <= this.#onW());
      return;
    }
    if (span !== null && atMin > span.toMin && atMin - span.toMin < COLD_GAP_MIN && !isOn) this.#darkSince ??= span.toMin;
    if (!this.#isStuck) this.#day.judge(atMin, watts, this.#model?.fullW ?? null);
  }

  #begin(minute: MeterMinute, isRegular: boolean): void {
    this.#tonight = new NightTrace(minute.atMin, minute.utcOffsetMin);
    this.#tonight.isRegular = isRegular;
    this.#darkSince = null;
    this.#outSince = null;
    this.#coldUntil = 0;
    this.#day.pause();
    this.#judge = this.#model === null ? null : new NightJudge(this.#model, this.#tonight);
    this.#stepLit(this.#tonight, minute);
  }

  #stepLit(night: NightTrace, minute: MeterMinute): void {
    const { atMin, watts, volts } = minute;
    const at = atMin - night.onMin;
    if (this.#isRestart(night, minute)) {
      this.#begin(minute, true);
      return;
    }
    const off = this.#model === null ? null : usualOff(this.#model.profiles, night.onMin);
    if (watts <= this.#onW() && at > OFF_MIN) this.#stepOut(night, atMin, off?.fromMin ?? Number.NEGATIVE_INFINITY, off?.toMin ?? atMin);
    else {
      if (this.#outSince !== null || (atMin - this.#lastMin > COLD_GAP_MIN && watts < COLD_SHARE * this.#lastW))
        this.#coldUntil = at + RESTART_FACTOR * this.#warmUpMin;
      this.#outSince = null;
      this.#darkSince = null;
      if (at >= this.#coldUntil) night.put(at, watts, volts);
      else night.put(at, Number.NaN, Number.NaN);
      this.#judgeLit(night, at);
      if (at >= NIGHT_MIN || (off !== null && atMin > off.toMin)) this.#finish(night, false);
    }
  }

  #judgeLit(night: NightTrace, at: number): void {
    if (this.#isStuck) night.isRegular = false;
    else if (this.#judge !== null) {
      this.#judge.put(at);
      this.#judge.judge(at, this.#differences);
    }
  }

  /** While nothing is learned, standby by day may look like lamps: a power three times as high is the real switch-on. */
  #isRestart(night: NightTrace, { atMin, watts }: MeterMinute): boolean {
    return this.#model === null && atMin - night.onMin > OFF_MIN && this.#peakW > 0 && watts > 3 * this.#peakW;
  }

  #stepOut(night: NightTrace, atMin: number, earliestMin: number, latestMin: number): void {
    this.#outSince ??= atMin;
    if (atMin - this.#outSince < OFF_MIN) return;
    const isEarly = this.#outSince < earliestMin;
    if (isEarly) {
      this.#darkSince ??= this.#outSince;
      if (atMin <= latestMin) return;
    }
    // Seen while they went off, as in `#stepDark`.
    const isSeen = this.#outSince - night.onMin - night.length < COLD_GAP_MIN;
    this.#finish(night, !isEarly && night.isRegular && isSeen);
  }

  get #warmUpMin(): number {
    return this.#model?.warmUpMin ?? WARM_UP.longestMin;
  }

  /** Ends the night, and learns it if nothing was wrong with it. */
  #finish(night: NightTrace, isWhole: boolean): void {
    this.#tonight = null;
    this.#judge = null;
    const isMeasured = night.length >= LEARNABLE.minutes && night.measuredMin >= LEARNABLE.share * night.length;
    if (!isWhole || !isMeasured) return;
    const { lost, extra } = this.#differences;
    if (lost !== null || extra !== null) {
      this.#nightsOpen++;
      if (this.#nightsOpen < ACCEPT_NIGHTS) return;
      this.#nights.length = 0;
      [this.#differences.lost, this.#differences.extra] = [null, null];
    }
    this.#nightsOpen = 0;
    this.#nights.push(night.trimmed());
    if (this.#nights.length > KEPT_NIGHTS) this.#nights.shift();
    this.#model = learnedLoad(this.#nights);
  }

  /** Continues the night of the run before. Minutes in between are a gap. */
  #resume(tonight: NightTrace): void {
    this.#tonight = tonight;
    this.#lastMin = tonight.onMin + tonight.length - 1;
    this.#lastW = Math.exp(tonight.lnW[tonight.length - 1] ?? 0) || 0;
    if (this.#model === null) return;
    this.#judge = new NightJudge(this.#model, tonight);
    for (let minute = 0; minute < tonight.length; minute++) this.#judge.put(minute);
  }
}
