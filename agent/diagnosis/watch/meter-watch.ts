/**
 * Judges what a meter shows: phases, voltage, the load by day, and at night its power against the sum of the lamps. Pure apart from its own state.
 */
import type { MonoMs } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import type { LatchSample } from './fault-latch.ts';
import { DEAD_SHARE, type LampWatch } from './lamp-watch.ts';
import { LevelCurve } from './level-curve.ts';
import { OwnLoads } from './own-loads.ts';
import { createLatches, type Latches, METER_FAULTS, type MeterFault } from './watch-faults.ts';
import { PHASES, type WatchFrame } from './watch-frame.ts';
import { SUPPLY_METER, type WatchPlan } from './watch-plan.ts';

/**
 * The power of one meter, NaN if not read, and what it should consist of. `lampsW`: the sum over all lamps, read or expected, times its
 * usual ratio: that of the meter without the other loads to this sum; 1 until it is learned. `otherW`: the other loads, as learned by day;
 * NaN until then. `toleranceW`: the usual difference of `meterW` from `lampsW` + `otherW` is at most this. Units: W.
 */
export interface MeterBalance {
  readonly meterW: number;
  readonly lampsW: number;
  readonly otherW: number;
  readonly toleranceW: number;
}

/** All lamps are off for this time before the load counts as that of the day. Units: ms. Source: assumed; drivers fade and discharge lamps cool. Confirmed by: `bench -- faults`. */
const DARK_MS = 10 * MINUTE_MS;
/** A lamp's own reading is used if it is at most so old. Units: ms. Source: assumed; three slow polls. Confirmed by: poll times of drivers. */
const FRESH_MS = 180_000;
/** Share of the lamps that must be known, measured or expected, for a balance. Source: assumed. Confirmed by: `bench -- faults`. */
const KNOWN_SHARE = 0.9;
/** Least difference that counts: a share of the rated power of all lamps by day, of the lit power at night, and a power. Source: the issue, 5 % by day; the rest assumed. Confirmed by: `bench -- faults`. */
const LIMIT = { dayShare: 0.05, nightShare: 0.07, leastW: 40 };
/** Standard deviations of the load by day, and of the balance at night, that are no fault. Source: assumed. Confirmed by: `bench -- faults`. */
const SIGMAS = 5;
/** Hysteresis of the advice about reactive power. Source: assumed. Confirmed by: tan phi of a dimmed cabinet over a night. */
const TAN_PHI_SLACK = 0.04;
/** Hysteresis of a voltage, as a share of nominal. Source: as for lamps. */
const VOLTAGE_SLACK = 0.01;
/** Places of the learned values of a meter in its curve, far enough apart not to stand in for each other. Units: W; meter over lamps. */
const OTHER_LOAD = 0;
const RATIO = 5;

/**
 * Finds the faults that meters show. Compares the power of the meter of the supply with the lamps, if it counts as the meter of all lamps,
 * and learns its usual loads. Call `step` for each meter after the lamps.
 */
export class MeterWatch {
  readonly latches: Latches<MeterFault>;
  /** By meter, under numbers that are no levels: 0 the load of the cabinet by day (W), 5 the ratio of the meter to the lamps at night. */
  readonly learned: LevelCurve;
  /** Loads of the cabinet's own, beyond the load of the day: those by day, and those at night. */
  readonly own: { readonly day: OwnLoads; readonly night: OwnLoads };
  readonly #plan: WatchPlan;
  readonly #frame: WatchFrame;
  readonly #lamps: LampWatch;
  readonly #seenMono: Float64Array;
  readonly #seenVoltage: Float64Array;
  readonly #ratedW: number;
  /** The meter of the supply measures all lamps, as far as known: no other meter of power has as many phases. */
  readonly #isOfAllLamps: boolean;
  #knownLamps = 0;
  /** Power of the lamps that do not answer: they may draw it or not. Units: W. */
  #silentW = 0;

  constructor(plan: WatchPlan, frame: WatchFrame, lamps: LampWatch) {
    this.#plan = plan;
    this.#frame = frame;
    this.#lamps = lamps;
    this.latches = createLatches(METER_FAULTS, plan.meters.length);
    this.learned = new LevelCurve(plan.meters.length);
    this.own = { day: new OwnLoads(plan.meters.length), night: new OwnLoads(plan.meters.length) };
    this.#seenMono = new Float64Array(plan.meters.length).fill(Number.NEGATIVE_INFINITY);
    this.#seenVoltage = new Float64Array(plan.meters.length).fill(Number.NEGATIVE_INFINITY);
    const [supply, ...others] = plan.meters.filter(({ isOfLoad, power }) => isOfLoad !== true && power.length > 0);
    this.#isOfAllLamps =
      supply === plan.meters[SUPPLY_METER] && others.every(({ voltages }) => voltages.length < (supply?.voltages.length ?? 0));
    this.#ratedW = plan.lamps.reduce((sum, { ratedPowerW }) => sum + ratedPowerW, 0);
  }

  /** Judges the newest readings of one meter. `isDisturbed`: lamps may have no supply, so their power is not compared with the meter. */
  step(meter: number, nowMono: MonoMs, isDisturbed: boolean): void {
    if (meter === SUPPLY_METER) this.#judgeVoltages(meter);
    const { power, reactive } = this.#frame.meters;
    const [powerW = Number.NaN, at = 0] = [power.values[meter], power.atMono[meter]];
    if (at <= (this.#seenMono[meter] ?? 0) || Number.isNaN(powerW)) return;
    this.#seenMono[meter] = at;
    this.#judgeReactive(meter, powerW, reactive.values[meter] ?? Number.NaN, at);
    if (meter !== SUPPLY_METER || !this.#isOfAllLamps || this.#frame.isDoorOpen) return;
    const darkMono = this.#darkSince();
    if (darkMono !== null && at - darkMono >= DARK_MS) this.#judgeDay(meter, powerW, at);
    else if (darkMono === null && !isDisturbed) this.#judgeNight(meter, powerW, at);
    else this.latches['meter-differs'].doubt(meter);
    if (nowMono - at > FRESH_MS) this.latches['unexpected-load'].doubt(meter);
  }

  /** Returns the present balance of a meter: its power against all lamps of the cabinet and the other loads. */
  balance(meter: number): MeterBalance {
    const { values, atMono } = this.#frame.meters.power;
    const lampsW = this.#lampsW(atMono[meter] ?? 0);
    const ratio = this.learned.isLearned(meter, RATIO) ? this.learned.median(meter, RATIO) : 1;
    const sigmaW = this.learned.sigma(meter, RATIO) * lampsW;
    const otherW = this.learned.isLearned(meter, OTHER_LOAD) ? this.learned.median(meter, OTHER_LOAD) : Number.NaN;
    const toleranceW =
      this.#silentW + Math.max(LIMIT.nightShare * lampsW, LIMIT.leastW, SIGMAS * (sigmaW + this.learned.sigma(meter, OTHER_LOAD)));
    return { meterW: values[meter] ?? Number.NaN, lampsW: lampsW * ratio, otherW, toleranceW };
  }

  /**
   * Whether the power of the only meter is as high as if most of the lamps that do not answer were lit. An unexpected load can cause that
   * too. False proves nothing: for example, there are several meters, or the load of the cabinet by day is not learned yet.
   */
  showsSilentLit(nowMono: MonoMs): boolean {
    const [meter] = this.#plan.meters;
    if (this.#plan.meters.length !== 1 || meter?.isOfLoad === true || nowMono - (this.#frame.meters.power.atMono[0] ?? 0) > FRESH_MS)
      return false;
    const { meterW, lampsW, otherW, toleranceW } = this.balance(0);
    const halfW = this.#silentW / 2;
    return halfW > toleranceW - this.#silentW && meterW - otherW > lampsW - halfW;
  }

  #judgeVoltages(meter: number): void {
    const { voltage } = this.#frame.meters;
    const count = this.#plan.meters[meter]?.voltages.length ?? 0;
    const at = voltage.atMono[meter * PHASES] ?? 0;
    if (count === 0 || at <= (this.#seenVoltage[meter] ?? 0)) return;
    this.#seenVoltage[meter] = at;
    const { voltageV, voltageTolerancePct } = this.#plan.settings;
    const [share, slackV] = [voltageTolerancePct / 100, VOLTAGE_SLACK * voltageV];
    let [dead, lowV, highV] = [0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let phase = 0; phase < count; phase++) {
      const value = voltage.values[meter * PHASES + phase] ?? Number.NaN;
      if (Number.isNaN(value)) return;
      if (value < DEAD_SHARE * voltageV) dead++;
      else [lowV, highV] = [Math.max(lowV, voltageV * (1 - share) - value), Math.max(highV, value - voltageV * (1 + share))];
    }
    this.latches['supply-lost'].feed(meter, dead === count ? 'bad' : 'good', at);
    this.latches['phase-lost'].feed(meter, dead > 0 && dead < count ? 'bad' : 'good', at);
    if (dead === count) return;
    this.latches['supply-voltage-low'].feed(meter, beyond(lowV, slackV), at);
    this.latches['supply-voltage-high'].feed(meter, beyond(highV, slackV), at);
  }

  #judgeReactive(meter: number, powerW: number, reactiveVar: number, at: MonoMs): void {
    if (Number.isNaN(reactiveVar) || powerW < LIMIT.dayShare * this.#ratedW) return;
    const tanPhi = Math.abs(reactiveVar) / powerW;
    this.latches['reactive-high'].feed(meter, beyond(tanPhi - this.#plan.settings.tanPhiMax, TAN_PHI_SLACK), at);
  }

  #judgeDay(meter: number, powerW: number, at: MonoMs): void {
    this.latches['meter-differs'].doubt(meter);
    const { otherW } = this.balance(meter);
    const limitW = Math.max(LIMIT.dayShare * this.#ratedW, LIMIT.leastW, SIGMAS * this.learned.sigma(meter, OTHER_LOAD));
    const excessW = powerW - otherW;
    const isUsual = !(excessW > limitW);
    if (isUsual) this.learned.learn(meter, OTHER_LOAD, powerW, at);
    this.own.night.end(meter, at);
    this.own.day.note(meter, isUsual ? 0 : excessW);
    const isBad = excessW > limitW + this.own.day.usualW(meter);
    if (!Number.isNaN(otherW)) this.latches['unexpected-load'].feed(meter, isBad ? 'bad' : 'good', at);
  }

  #judgeNight(meter: number, powerW: number, at: MonoMs): void {
    this.latches['unexpected-load'].doubt(meter);
    const { lampsW, otherW, toleranceW } = this.balance(meter);
    this.own.day.end(meter, at);
    if (this.#knownLamps < KNOWN_SHARE * this.#plan.lamps.length || Number.isNaN(otherW) || lampsW < LIMIT.leastW) return;
    const excessW = powerW - otherW - lampsW;
    const isUsual = Math.abs(excessW) <= toleranceW;
    const rawW = this.#lampsW(at);
    // At a low level the other loads would count as the ratio of the lamps.
    if (isUsual && LIMIT.nightShare * rawW >= LIMIT.leastW) this.learned.learn(meter, RATIO, (powerW - otherW) / rawW, at);
    this.own.night.note(meter, isUsual ? 0 : Math.max(0, excessW));
    // A load of the day may be off at night, and one that comes by day may be on.
    const days = this.latches['unexpected-load'].isOpen(meter) ? 1 : 2;
    const usualW = Math.max(this.own.day.usualW(meter, days), this.own.night.usualW(meter));
    const isBad = excessW > toleranceW + usualW || excessW < -toleranceW - otherW;
    this.latches['meter-differs'].feed(meter, isBad ? 'bad' : 'good', at);
  }

  /** Since when all lamps are off; null while one is lit. */
  #darkSince(): MonoMs | null {
    const { levelPct, sinceMono } = this.#frame.commands;
    let since = Number.NEGATIVE_INFINITY;
    for (let lamp = 0; lamp < levelPct.length; lamp++) {
      if ((levelPct[lamp] ?? 0) > 0) return null;
      since = Math.max(since, sinceMono[lamp] ?? 0);
    }
    return since;
  }

  /** The power of all lamps: measured where the reading is newer than the last change of the level, else expected. Units: W. */
  #lampsW(at: MonoMs): number {
    const { commands, lamps } = this.#frame;
    let sumW = 0;
    this.#knownLamps = 0;
    this.#silentW = 0;
    for (const [lamp, { settleMs }] of this.#plan.lamps.entries()) {
      const [level = 0, since = 0, readMono = 0] = [commands.levelPct[lamp], commands.sinceMono[lamp], lamps.power.atMono[lamp]];
      const readW = lamps.power.values[lamp] ?? Number.NaN;
      const isMeasured = readMono - since >= settleMs && at - readMono < FRESH_MS && !Number.isNaN(readW);
      if (isMeasured) sumW += readW;
      else if (level > 0) {
        const bounds = this.#lamps.boundsAt(lamp, level);
        sumW += bounds.expectedW;
        if (at - (this.#frame.answeredMono[lamp] ?? 0) > FRESH_MS) this.#silentW += bounds.expectedW;
        if (!bounds.isLearned) continue;
      }
      this.#knownLamps++;
    }
    return sumW;
  }
}

function beyond(excess: number, slack: number): LatchSample {
  return excess > 0 ? 'bad' : excess > -slack ? 'none' : 'good';
}
