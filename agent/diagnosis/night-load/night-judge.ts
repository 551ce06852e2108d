/**
 * Judges the minutes of a night against the learned nights: a load that was lost, one that is missing since switch-on, one that is unexpected.
 */
import { type ExpectedLoad, expectedLoad } from './expected-load.ts';
import type { LoadModel } from './load-model.ts';
import { createLossSigns, type LossSigns, lossEvidence, type SettledLoad, WINDOW_MIN } from './loss-signs.ts';
import { NIGHT_MIN, type NightTrace } from './night-trace.ts';

/**
 * A difference from the expected power. `share`: difference of the natural logarithms of both powers, without its sign; if light is missing
 * and load is unexpected too, the part of this one. For unexpected load it is updated over the night; the other values stay as they were
 * when it was found.
 */
export interface LoadDifference {
  readonly share: number;
  /**
   * The difference when it was found, computed from `share` and the expected power; from the lowest power of the nights if that was
   * unknown. Units: W.
   */
  readonly watts: number;
  /** The same at full power. Units: W. */
  readonly fullWatts: number;
  /** Estimated time of its last change, or the switch-on. Units: minutes since 1970, UTC. */
  readonly sinceMin: number;
  /** It counts from the switch-on. */
  readonly atSwitchOn: boolean;
}

/**
 * The differences at night that were found and have neither ended nor become usual: power that is missing (`lost`), unexpected load
 * (`extra`). Null for none. `NightJudge` updates them in place.
 */
export interface NightDifferences {
  lost: LoadDifference | null;
  extra: LoadDifference | null;
}

/** A level alone must differ for this time, and a difference must have ended for this time. Units: minutes. Source: assumed; twice the window, within the allowed delay of 30 min; ends are not urgent. Confirmed by: `bench -- faults --data`. */
const HOLD_MIN = { level: 20, extra: 30, end: 60 };

/** Minutes from the first sign of a loss until its size is known. Source: by then the window has only minutes after the loss, because more than half of it had to show the loss. */
const SIZE_MIN = 4;
/** A loss is visible as a jump for so long. Units: minutes. Source: both windows, and the longer distance between them. */
const BLIND_MIN = 2 * WINDOW_MIN + 11;

/**
 * Compares one night with the learned nights. For each minute that the night has recorded, in order, call `put`, then `judge`. For
 * minutes of an earlier run, call only `put`. Units: minutes since switch-on.
 */
export class NightJudge {
  readonly #model: LoadModel;
  readonly #night: NightTrace;
  readonly #load: SettledLoad;
  readonly #expected: ExpectedLoad;
  readonly #signs: (load: SettledLoad, expected: ExpectedLoad, minute: number) => LossSigns;
  #lowMin = 0;
  #highMin = 0;
  #endedMin = 0;
  #extraEndedMin = 0;
  #blindUntil = 0;
  #pendingMin: number | null = null;
  /** The signs at the last judged minute; unknown before the first. */
  last: LossSigns = { jump: Number.NaN, level: Number.NaN, before: 0, doubt: Number.NaN };

  constructor(model: LoadModel, night: NightTrace) {
    this.#model = model;
    this.#night = night;
    const hole = (): Float64Array => new Float64Array(NIGHT_MIN).fill(Number.NaN);
    this.#load = { fast: hole(), slow: hole(), lnV: hole() };
    this.#expected = expectedLoad(model.profiles, night, NIGHT_MIN);
    this.#signs = createLossSigns(model.usualLnV);
  }

  /** Reads a minute of the night, without what the voltage explains; a minute of the warm-up is left out. */
  put(minute: number): void {
    const { exponents, warmUpMin, usualLnV } = this.#model;
    if (minute < warmUpMin) return;
    const [lnW, lnV] = [this.#night.lnW[minute] ?? Number.NaN, this.#night.lnV[minute] ?? Number.NaN];
    const volts = Number.isNaN(lnV) ? 0 : lnV - usualLnV;
    this.#load.fast[minute] = lnW - exponents.fast * volts;
    this.#load.slow[minute] = lnW - exponents.slow * volts;
    this.#load.lnV[minute] = lnV;
  }

  /** Returns the power expected at a minute from other nights, at the usual voltage; null if unknown. Units: W; minutes since switch-on. */
  expectedW(minute: number): number | null {
    const lnW = this.#expected[minute] ?? Number.NaN;
    return Number.isNaN(lnW) ? null : Math.exp(lnW);
  }

  /** Updates `differences` in place by this minute of the night. */
  judge(minute: number, differences: NightDifferences): void {
    const { limits } = this.#model;
    this.last = this.#signs(this.#load, this.#expected, minute);
    const { jump, level, before, doubt } = this.last;
    if (Number.isNaN(limits.both) || Number.isNaN(level)) return;
    this.#end(differences);
    this.#followExtra(differences);
    const [lostShare, extraShare] = [differences.lost?.share ?? 0, differences.extra?.share ?? 0];
    // Back at the usual level, an extra load has ended and nothing is lost.
    const isUsual = extraShare > 0 && (Math.abs(level) < limits.level || Math.abs(level + lostShare) < limits.level);
    const missing = isUsual ? 0 : level + lostShare - extraShare;
    // The level of an extra load is not known well enough to find a loss without a jump.
    this.#lowMin = extraShare === 0 && missing + doubt < -limits.level ? this.#lowMin + 1 : 0;
    this.#highMin = level - extraShare - doubt > limits.level ? this.#highMin + 1 : 0;
    if (minute >= this.#blindUntil && lossEvidence(jump, missing + doubt, extraShare > 0 ? 0 : before) > limits.both)
      this.#pendingMin ??= minute;
    if (this.#pendingMin !== null && minute - this.#pendingMin >= SIZE_MIN)
      this.#lose(minute, -(jump + missing) / 2, WINDOW_MIN, differences);
    else if (this.#lowMin >= HOLD_MIN.level) this.#lose(minute, -missing, HOLD_MIN.level + WINDOW_MIN / 2, differences);
    else if (this.#highMin >= HOLD_MIN.extra) {
      this.#highMin = 0;
      const share = level + lostShare;
      differences.extra = this.#difference(minute, share, { part: Math.expm1(share), agoMin: HOLD_MIN.extra + WINDOW_MIN / 2 });
    }
  }

  #lose(minute: number, share: number, agoMin: number, differences: NightDifferences): void {
    this.#pendingMin = null;
    this.#lowMin = 0;
    this.#blindUntil = minute + BLIND_MIN;
    if (share <= 0) return;
    const whole = share + (differences.lost?.share ?? 0);
    differences.lost = this.#difference(minute, whole, { part: -Math.expm1(-whole), agoMin });
  }

  /** An extra load need not dim with the lamps, so its share of the power changes over the night. */
  #followExtra(differences: NightDifferences): void {
    const { lost, extra } = differences;
    if (extra === null) return;
    const share = Math.max(0, extra.share + (this.last.level + (lost?.share ?? 0) - extra.share) / HOLD_MIN.extra);
    differences.extra = { ...extra, share };
  }

  /** Units: `share` of the whole difference as ln W; `part` of the expected power; `agoMin` minutes. */
  #difference(minute: number, share: number, { part, agoMin }: { readonly part: number; readonly agoMin: number }): LoadDifference {
    const { warmUpMin, fullW, lowestW } = this.#model;
    const usualW = this.expectedW(minute) ?? lowestW;
    const since = Math.max(0, minute - agoMin);
    const atSwitchOn = since <= warmUpMin + WINDOW_MIN;
    return { share, watts: usualW * part, fullWatts: fullW * part, sinceMin: this.#night.onMin + (atSwitchOn ? 0 : since), atSwitchOn };
  }

  /** Ends a loss of which less than a half, and an extra load of which nearly nothing has been left for an hour. With both, the usual level ends both. */
  #end(differences: NightDifferences): void {
    const { lost, extra } = differences;
    const { level } = this.last;
    const usual = this.#model.limits.level;
    const isFound = lost !== null && (extra === null ? level > -lost.share / 2 : Math.abs(level) < usual);
    const isGone = extra !== null && (level + (lost?.share ?? 0) < usual / 2 || (lost !== null && Math.abs(level) < usual));
    this.#endedMin = isFound ? this.#endedMin + 1 : 0;
    this.#extraEndedMin = isGone ? this.#extraEndedMin + 1 : 0;
    if (this.#endedMin >= HOLD_MIN.end) differences.lost = null;
    if (this.#extraEndedMin >= HOLD_MIN.end) differences.extra = null;
  }
}
