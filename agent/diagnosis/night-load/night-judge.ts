/**
 * Judges the minutes of a night against the learned nights: a load that was lost, one that is missing since switch-on, one that is unexpected.
 */
import { type ExpectedLoad, expectedLoad } from './expected-load.ts';
import type { LoadModel } from './load-model.ts';
import { createLossSigns, type LossSigns, lossEvidence, type SettledLoad, WINDOW_MIN } from './loss-signs.ts';
import { NIGHT_MIN, type NightTrace } from './night-trace.ts';

/** A lasting difference from the expected power. Shape: `share` as ln W, positive; `watts` at the power of the night's beginning, so that it compares with rated powers. */
export interface LoadDifference {
  readonly share: number;
  /** At the time of the change. Units: W. */
  readonly watts: number;
  /** What it is at the power after switch-on. Units: W. */
  readonly fullWatts: number;
  /** When it began, or the switch-on. Units: minutes since 1970, UTC. */
  readonly sinceMin: number;
  /** It was there when the lamps had warmed up. */
  readonly atSwitchOn: boolean;
}

/** The differences that last, over nights. */
export interface NightDifferences {
  lost: LoadDifference | null;
  extra: LoadDifference | null;
}

/** A level alone must differ for this time, and a difference must have ended for this time. Units: minutes. Source: assumed; twice the window, within the allowed delay of 30 min; ends are not urgent. Confirmed by: `bench -- faults --data`. */
const HOLD_MIN = { level: 20, extra: 30, end: 60 };

/** The judge of one night. Call `judge` for each minute in order, after `put`. */
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
  /** The signs at the last judged minute. */
  last: LossSigns = { jump: Number.NaN, level: Number.NaN, doubt: Number.NaN };

  constructor(model: LoadModel, night: NightTrace) {
    this.#model = model;
    this.#night = night;
    const hole = (): Float64Array => new Float64Array(NIGHT_MIN).fill(Number.NaN);
    this.#load = { fast: hole(), slow: hole(), lnV: hole() };
    this.#expected = expectedLoad(model.profiles, night, NIGHT_MIN);
    this.#signs = createLossSigns(model.usualLnV);
  }

  /** Takes over a minute of the night; minutes of the warm-up are not settled. */
  put(minute: number): void {
    const { exponents, warmUpMin, usualLnV } = this.#model;
    if (minute < warmUpMin) return;
    const [lnW, lnV] = [this.#night.lnW[minute] ?? Number.NaN, this.#night.lnV[minute] ?? Number.NaN];
    const volts = Number.isNaN(lnV) ? 0 : lnV - usualLnV;
    this.#load.fast[minute] = lnW - exponents.fast * volts;
    this.#load.slow[minute] = lnW - exponents.slow * volts;
    this.#load.lnV[minute] = lnV;
  }

  /** Updates the differences by this minute of the night. */
  judge(minute: number, differences: NightDifferences): void {
    const { limits } = this.#model;
    this.last = this.#signs(this.#load, this.#expected, minute);
    const known = (differences.extra?.share ?? 0) - (differences.lost?.share ?? 0);
    const { jump, doubt } = this.last;
    const level = this.last.level - known;
    if (Number.isNaN(limits.both) || Number.isNaN(level)) return;
    this.#end(differences);
    this.#lowMin = level + doubt < -limits.level ? this.#lowMin + 1 : 0;
    this.#highMin = level - doubt > limits.level ? this.#highMin + 1 : 0;
    if (minute >= this.#blindUntil && lossEvidence(jump, level + doubt) > limits.both)
      this.#lose(minute, -(jump + level) / 2, WINDOW_MIN, differences);
    else if (this.#lowMin >= HOLD_MIN.level) this.#lose(minute, -level, HOLD_MIN.level + WINDOW_MIN / 2, differences);
    else if (this.#highMin >= HOLD_MIN.extra) {
      this.#highMin = 0;
      differences.extra = this.#difference(minute, level + (differences.extra?.share ?? 0), HOLD_MIN.extra + WINDOW_MIN / 2);
    }
  }

  #lose(minute: number, share: number, agoMin: number, differences: NightDifferences): void {
    this.#lowMin = 0;
    this.#blindUntil = minute + 2 * WINDOW_MIN + 1;
    differences.lost = this.#difference(minute, share + (differences.lost?.share ?? 0), agoMin);
  }

  /** Units: `share` of the whole difference; `agoMin` minutes. */
  #difference(minute: number, share: number, agoMin: number): LoadDifference {
    const { warmUpMin, fullW, lowestW } = this.#model;
    const usualW = Math.exp(this.#expected[minute] ?? Number.NaN) || lowestW;
    const since = Math.max(0, minute - agoMin);
    const atSwitchOn = since <= warmUpMin + WINDOW_MIN;
    return { share, watts: usualW * share, fullWatts: fullW * share, sinceMin: this.#night.onMin + (atSwitchOn ? 0 : since), atSwitchOn };
  }

  /** Ends a difference of which less than a half has been left for an hour. */
  #end(differences: NightDifferences): void {
    const { lost, extra } = differences;
    this.#endedMin = lost !== null && this.last.level > -lost.share / 2 ? this.#endedMin + 1 : 0;
    this.#extraEndedMin = extra !== null && this.last.level < extra.share / 2 ? this.#extraEndedMin + 1 : 0;
    if (this.#endedMin >= HOLD_MIN.end) differences.lost = null;
    if (this.#extraEndedMin >= HOLD_MIN.end) differences.extra = null;
  }
}
