/** Judges the newest readings of each lamp: power by level band, power factor, voltage, temperature, silence. Pure apart from its own state. */
import type { LevelMeasure } from '../../core/acceptance.ts';
import type { MonoMs } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import { powerW as modelPowerW } from '../energy.ts';
import { DerivedStarts } from './derived-starts.ts';
import { expectedPower, type PowerBounds } from './expected-power.ts';
import type { LatchSample } from './fault-latch.ts';
import { BANDS, bandOf, LevelCurve } from './level-curve.ts';
import { createLatches, LAMP_FAULTS, type LampFault, type Latches } from './watch-faults.ts';
import type { WatchFrame } from './watch-frame.ts';
import { LAMP_QUANTITIES, type LampQuantity, type WatchPlan } from './watch-plan.ts';

/** After a feeder is live again its lamps are not judged for this time. Units: ms. Source: CPD 3000 manual, 120 s after any change of state. */
const FED_BLANK_MS = 120_000;
/** A lamp that should be off may need this long for it. Units: ms. Source: as FED_BLANK_MS. */
const OFF_BLANK_MS = 120_000;
/** A lamp that was just lit draws more or less until it is warm. Units: ms. Source: assumed; discharge lamps run up in 5 to 10 min. Confirmed by: `bench -- faults`. */
const WARM_UP_MS = 10 * MINUTE_MS;
/**
 * A lamp that draws its full power within this time after it was dark, several times, needs no warm-up: it is an LED. Units: ms. Source: assumed;
 * discharge lamps draw at most half of it in their first minute. Confirmed by: `bench -- faults`, test/agent/diagnosis/watch.
 */
const QUICK_MS = 60_000;
const QUICK_STARTS = 3;
/** Least share of the expected power that is full. Source: assumed; curves of drivers differ by up to this. Confirmed by: measured curves of luminaires. */
const QUICK_SHARE = 0.7;
/** Without an answer for this time a lamp counts as silent. Units: ms. Source: three times a heartbeat of 60 s. */
const SILENT_MS = 180_000;
/** Power of a lamp that should be dark. Units: W. Source: CPD 3000 manual, 6 W; for a small lamp 30 % of its rated power, assumed. Confirmed by: standby power of drivers. */
const DARK_LIMIT = { powerW: 6, share: 0.3 };
/** A read-back level within this of the commanded one follows it. Units: %. Source: assumed; the tolerance of DALI profiles is 2. Confirmed by: profiles of drivers. */
const FOLLOWS_PCT = 3;
/** Hysteresis of voltage (share of nominal) and temperature (degrees). Source: assumed. Confirmed by: the noise of readings on a cabinet. */
const HYSTERESIS = { voltage: 0.01, temperatureC: 5 };
/** A voltage below this share of nominal is a lost supply, not a low one. Source: assumed. Confirmed by: drivers stop below it by their data sheets. */
export const DEAD_SHARE = 0.5;
/** Largest fall of a power factor below its learned value, or below that of the commissioning. Source: assumed; twice the step of most registers and the spread between nights. Confirmed by: `bench -- faults`. */
const POWER_FACTOR_FALL = 0.1;
/** A reading with steps above this share of it is no reference. Source: assumed; a tenth of the tolerance of the reference. Confirmed by: drift of lamps with coarse readings. */
const COARSE_SHARE = 0.02;
/** From this band on the lowest power factor of the settings applies: above half the level. */
const UPPER_BAND = BANDS / 2;

/**
 * Time and sun of one step. `sunAltitudeDeg`: above the horizon; null while the time is not trusted. Units: ms of the monotonic clock;
 * degrees.
 */
export interface WatchMoment {
  readonly monoMs: MonoMs;
  readonly sunAltitudeDeg: number | null;
}

/**
 * Finds the faults of lamps from their newest readings, and learns their usual values. Call `step` for each lamp after its feeder, then
 * `finish`.
 */
export class LampWatch {
  /** The state of each fault, by lamp. */
  readonly latches: Latches<LampFault>;
  /** Power as a ratio of the model, and power factor, by band. */
  readonly power: LevelCurve;
  readonly powerFactor: LevelCurve;
  readonly #plan: WatchPlan;
  readonly #frame: WatchFrame;
  /** Per quantity: the time of the last sample that was judged. */
  readonly #seenMono: Readonly<Record<LampQuantity, Float64Array>>;
  /** Time of the last power that could not prove each lamp dark while it should be lit; -Infinity for none. */
  readonly lightMono: Float64Array;
  /** Since when each lamp should be lit; Infinity while it should be dark. */
  readonly #litMono: Float64Array;
  /** The lowest level commanded since the last settled one: during a fade a lamp is at this level or above. Units: %. */
  readonly #lowestPct: Float64Array;
  /** When each lamp, commanded off, was last read as dark. */
  readonly #offMono: Float64Array;
  /** Starts in a row at which each lamp had full power at once. */
  readonly #quickStarts: Uint8Array;
  /** When each lamp was last read as dark while it should be lit. */
  readonly #darkMono: Float64Array;
  readonly #starts: DerivedStarts;
  readonly #noBounds: PowerBounds = { modelW: 0, expectedW: 0, outW: 0, lowW: 0, highW: 0, isLearned: false };

  constructor(plan: WatchPlan, frame: WatchFrame) {
    const n = plan.lamps.length;
    this.#plan = plan;
    this.#frame = frame;
    this.latches = createLatches(LAMP_FAULTS, n);
    this.power = new LevelCurve(n);
    this.powerFactor = new LevelCurve(n);
    this.lightMono = new Float64Array(n).fill(Number.NEGATIVE_INFINITY);
    this.#litMono = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
    this.#lowestPct = new Float64Array(n);
    this.#offMono = new Float64Array(n).fill(Number.NEGATIVE_INFINITY);
    this.#quickStarts = new Uint8Array(n);
    this.#darkMono = new Float64Array(n).fill(Number.NEGATIVE_INFINITY);
    this.#starts = new DerivedStarts(n);
    this.#seenMono = Object.fromEntries(
      LAMP_QUANTITIES.map((quantity) => [quantity, new Float64Array(n).fill(Number.NEGATIVE_INFINITY)]),
    ) as Record<LampQuantity, Float64Array>;
  }

  /** Returns the power expected of a lamp at a level above 0 %, and the bounds by which it is judged. Units: W. */
  boundsAt(lamp: number, levelPct: number): PowerBounds {
    const watched = this.#plan.lamps[lamp];
    if (watched === undefined) return this.#noBounds;
    return expectedPower(watched, levelPct, { lamp, curve: this.power, tolerancePct: this.#plan.settings.powerTolerancePct });
  }

  /**
   * Takes the measurements of a lamp at its commissioning as references, where it has none yet; not a power that was read in coarse steps.
   * `isExchanged`: it has another driver than before, so its references and learned values are forgotten first.
   */
  takeReference(lamp: number, levels: readonly LevelMeasure[], isExchanged: boolean): void {
    const { ratedPowerW = 0, stepW = 0 } = this.#plan.lamps[lamp] ?? {};
    if (isExchanged) for (const curve of [this.power, this.powerFactor]) curve.forget(lamp);
    for (const { levelPct, powerW, powerFactor } of levels) {
      if (levelPct <= 0) continue;
      if (powerW !== null && powerW > 0 && stepW <= COARSE_SHARE * powerW)
        this.power.refer(lamp, bandOf(levelPct), powerW / modelPowerW(ratedPowerW, levelPct));
      if (powerFactor !== null) this.powerFactor.refer(lamp, bandOf(levelPct), Math.abs(powerFactor));
    }
  }

  /** Judges what is new about one lamp. `fedMono`: since when its feeder is live; Infinity while it is not. */
  step(lamp: number, moment: WatchMoment, fedMono: MonoMs): void {
    const { levelPct } = this.#frame.commands;
    const level = levelPct[lamp] ?? 0;
    const isLit = level > 0;
    const lowest = this.#lowestPct[lamp] ?? 0;
    this.#lowestPct[lamp] = lowest === 0 || this.#settledLevel(lamp, moment.monoMs) > 0 ? level : Math.min(lowest, level);
    if (!isLit) this.#litMono[lamp] = Number.POSITIVE_INFINITY;
    else if (this.#litMono[lamp] === Number.POSITIVE_INFINITY) this.#litMono[lamp] = this.#frame.commands.sinceMono[lamp] ?? moment.monoMs;
    const isFed = fedMono !== Number.POSITIVE_INFINITY;
    this.#silence(lamp, moment, fedMono);
    for (const quantity of LAMP_QUANTITIES) {
      const { values, atMono } = this.#frame.lamps[quantity];
      const [value = Number.NaN, at = 0] = [values[lamp], atMono[lamp]];
      const seen = this.#seenMono[quantity];
      if (at <= (seen[lamp] ?? 0) || Number.isNaN(value)) continue;
      seen[lamp] = at;
      const isBlank = !isFed || at - fedMono < FED_BLANK_MS;
      if (quantity === 'power') this.#judgePower(lamp, value, { at, isBlank });
      else if (!isBlank) this.#judge(quantity, lamp, value, at);
      if (quantity === 'uptime') this.#starts.noteUptime(lamp, value, { at, isFed: !isBlank });
    }
  }

  /** Judges the starts of drivers, for `driver-reset` and `lamp-cycling`. Call it after `step` for all lamps. */
  finish(nowMono: MonoMs): void {
    this.#starts.judge(nowMono, (lamp) => {
      if (!this.latches['lamp-cycling'].isOpen(lamp)) this.latches['driver-reset'].feed(lamp, 'bad', nowMono);
    });
  }

  #judge(quantity: LampQuantity, lamp: number, value: number, at: MonoMs): void {
    const { settings } = this.#plan;
    if (quantity === 'voltage') {
      const [nominal, share] = [settings.voltageV, settings.voltageTolerancePct / 100];
      const slack = nominal * HYSTERESIS.voltage;
      const low = value < nominal * DEAD_SHARE ? 'none' : outside(nominal * (1 - share) - value, slack);
      this.latches['supply-voltage-low'].feed(lamp, low, at);
      this.latches['supply-voltage-high'].feed(lamp, outside(value - nominal * (1 + share), slack), at);
    } else if (quantity === 'temperature')
      this.latches['temperature-high'].feed(lamp, outside(value - settings.temperatureMaxC, HYSTERESIS.temperatureC), at);
    else if (quantity === 'power-factor') this.#judgePowerFactor(lamp, Math.abs(value), at);
  }

  /** A power factor has a meaning only while the lamp is lit at a settled level. */
  #judgePowerFactor(lamp: number, value: number, at: MonoMs): void {
    const level = this.#settledLevel(lamp, at);
    if (level === 0 || this.#warmsUp(lamp, at) || this.#darkMono[lamp] === this.#seenMono.power[lamp]) return;
    const band = bandOf(level);
    const isLearned = this.powerFactor.isLearned(lamp, band);
    const floor = band >= UPPER_BAND ? this.#plan.settings.powerFactorMin : 0;
    const fall = Math.max(POWER_FACTOR_FALL, 4 * this.powerFactor.sigma(lamp, band));
    const usual = isLearned ? this.powerFactor.median(lamp, band) : this.powerFactor.reference(lamp, band);
    const limit = Number.isNaN(usual) ? floor : Math.max(floor, usual - fall);
    if (value >= limit) this.powerFactor.learn(lamp, band, value, at);
    this.latches['power-factor-low'].feed(lamp, value < limit ? 'bad' : 'good', at);
  }

  #judgePower(lamp: number, powerW: number, { at, isBlank }: { at: MonoMs; isBlank: boolean }): void {
    this.latches['lamp-day-burner'].feed(lamp, this.#burnsByDay(lamp, powerW, at), at);
    if (this.#isOff(lamp, powerW)) this.#offMono[lamp] = at;
    const settled = this.#settledLevel(lamp, at);
    const level = settled > 0 ? settled : this.#fadingLevel(lamp, at);
    if (isBlank || level === 0 || (settled > 0 && this.#isAtOtherLevel(lamp, level, at))) return;
    const bounds = this.boundsAt(lamp, level);
    const isDark = powerW < bounds.outW;
    if (isDark) this.#darkMono[lamp] = at;
    else this.lightMono[lamp] = at;
    this.#starts.noteLight(lamp, isDark, at);
    const cycling = this.latches['lamp-cycling'];
    cycling.feed(lamp, this.#starts.cycles(lamp, at) ? 'bad' : isDark ? 'none' : 'good', at);
    if (cycling.isOpen(lamp) || cycling.isRipe(lamp)) return;
    this.latches['lamp-out'].feed(lamp, isDark ? 'bad' : 'good', at);
    if (settled === 0) return;
    this.#noteStart(lamp, powerW >= QUICK_SHARE * bounds.expectedW, at);
    if (isDark || this.#warmsUp(lamp, at)) return;
    const isDerated = (this.#frame.lamps.derating.values[lamp] ?? 100) < 100;
    const [isLow, isHigh] = [powerW < bounds.lowW, powerW > bounds.highW];
    this.latches['lamp-power-low'].feed(lamp, isLow ? (isDerated ? 'none' : 'bad') : 'good', at);
    if (!this.latches['lamp-day-burner'].isOpen(lamp)) this.latches['lamp-power-high'].feed(lamp, isHigh ? 'bad' : 'good', at);
    if (!isLow && !isHigh && !isDerated) this.power.learn(lamp, bandOf(level), powerW / bounds.modelW, at);
  }

  /** The level in force since before the sample was taken, with time to settle; 0 if the lamp is off or its level has just changed. */
  #settledLevel(lamp: number, at: MonoMs): number {
    const { levelPct, sinceMono } = this.#frame.commands;
    return at - (sinceMono[lamp] ?? 0) >= (this.#plan.lamps[lamp]?.settleMs ?? 0) ? (levelPct[lamp] ?? 0) : 0;
  }

  /** The lowest level that a lit lamp can have during a fade; 0 if it may not be lit yet. */
  #fadingLevel(lamp: number, at: MonoMs): number {
    const isLit = at - (this.#litMono[lamp] ?? 0) >= (this.#plan.lamps[lamp]?.settleMs ?? 0);
    return isLit ? (this.#lowestPct[lamp] ?? 0) : 0;
  }

  /** Counts the starts at which a lamp that was read as dark had full power at once. One slow start begins the count again. */
  #noteStart(lamp: number, isFull: boolean, at: MonoMs): void {
    const [litMono = 0, count = 0] = [this.#litMono[lamp], this.#quickStarts[lamp]];
    if (count >= QUICK_STARTS || at - litMono > QUICK_MS || litMono - (this.#offMono[lamp] ?? 0) > WARM_UP_MS) return;
    this.#offMono[lamp] = Number.NEGATIVE_INFINITY;
    this.#quickStarts[lamp] = isFull ? count + 1 : 0;
  }

  /** The lamp was dark a short time ago and may draw more or less than usual. A lamp that starts at once never does. */
  #warmsUp(lamp: number, at: MonoMs): boolean {
    const sinceMono = Math.max(this.#litMono[lamp] ?? 0, this.#darkMono[lamp] ?? 0);
    return (this.#quickStarts[lamp] ?? 0) < QUICK_STARTS && at - sinceMono < WARM_UP_MS;
  }

  /** The lamp is commanded off and draws no more than a dark one. */
  #isOff(lamp: number, powerW: number): boolean {
    const { ratedPowerW = 0, stepW = 0 } = this.#plan.lamps[lamp] ?? {};
    const limitW = Math.max(Math.min(DARK_LIMIT.powerW, DARK_LIMIT.share * ratedPowerW), 2 * stepW + 1);
    return this.#frame.commands.levelPct[lamp] === 0 && powerW <= limitW;
  }

  /** The lamp reads back another level and is lit: the light control reports that it does not follow. */
  #isAtOtherLevel(lamp: number, level: number, at: MonoMs): boolean {
    const { values, atMono } = this.#frame.lamps.level;
    const [read = Number.NaN, readMono = 0] = [values[lamp], atMono[lamp]];
    return read > 0 && at - readMono < SILENT_MS && Math.abs(read - level) > FOLLOWS_PCT;
  }

  /** The lamp draws power although it is commanded off. One that is commanded on by day follows its command. */
  #burnsByDay(lamp: number, powerW: number, at: MonoMs): LatchSample {
    const { levelPct, sinceMono } = this.#frame.commands;
    const [level = 0, since = 0] = [levelPct[lamp], sinceMono[lamp]];
    if (level > 0 || at - since < OFF_BLANK_MS) return 'none';
    return this.#isOff(lamp, powerW) ? 'good' : 'bad';
  }

  #silence(lamp: number, { monoMs }: WatchMoment, fedMono: MonoMs): void {
    const latch = this.latches['unit-silent'];
    const answeredMono = this.#frame.answeredMono[lamp] ?? 0;
    const sinceMono = Math.max(answeredMono, fedMono);
    if (!Number.isFinite(sinceMono)) latch.doubt(lamp);
    else if (monoMs - sinceMono > SILENT_MS) latch.feed(lamp, 'bad', monoMs);
    else if (monoMs - answeredMono <= SILENT_MS) latch.feed(lamp, 'good', monoMs);
  }
}

/** `excess`: how far a value is beyond its limit. Within the hysteresis it says nothing. */
function outside(excess: number, slack: number): LatchSample {
  return excess > 0 ? 'bad' : excess > -slack ? 'none' : 'good';
}
