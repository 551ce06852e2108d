/** Judges the newest readings of each lamp: power by level band, power factor, voltage, temperature, silence. Pure apart from its own state. */
import type { MonoMs } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
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
/** Without an answer for this time a lamp counts as silent. Units: ms. Source: reference §1.4, three times a heartbeat of 60 s. */
const SILENT_MS = 180_000;
/** Power of a lamp that should be dark. Units: W. Source: CPD 3000 manual, 6 W; for a small lamp 30 % of its rated power, assumed. Confirmed by: standby power of drivers. */
const DARK_LIMIT = { powerW: 6, share: 0.3 };
/** The sun is this high: no lamp needs to burn. Units: degrees. Source: assumed; a quarter of an hour to an hour after sunrise. Confirmed by: lux at that altitude. */
const DAY_ALTITUDE_DEG = 6;
/** A read-back level within this of the commanded one follows it. Units: %. Source: assumed; the tolerance of DALI profiles is 2. Confirmed by: profiles of drivers. */
const FOLLOWS_PCT = 3;
/** Hysteresis of voltage (share of nominal) and temperature (degrees). Source: assumed. Confirmed by: the noise of readings on a cabinet. */
const HYSTERESIS = { voltage: 0.01, temperatureC: 5 };
/** A voltage below this share of nominal is a lost supply, not a low one. Source: assumed. Confirmed by: drivers stop below it by their data sheets. */
export const DEAD_SHARE = 0.5;
/** Largest fall of a power factor below its learned value. Source: assumed; twice the step of most registers and the spread between nights. Confirmed by: `bench -- faults`. */
const POWER_FACTOR_FALL = 0.1;
/** From this band on the lowest power factor of the settings applies: above half the level. */
const UPPER_BAND = BANDS / 2;

/** Time and sun of one step. `sunAltitudeDeg`: null while the time is not trusted. */
export interface WatchMoment {
  readonly monoMs: MonoMs;
  readonly sunAltitudeDeg: number | null;
}

/** Judges lamps. Call `step` for each lamp after its feeder. */
export class LampWatch {
  readonly latches: Latches<LampFault>;
  /** Power as a ratio of the model, and power factor, by band. */
  readonly power: LevelCurve;
  readonly powerFactor: LevelCurve;
  readonly #plan: WatchPlan;
  readonly #frame: WatchFrame;
  /** Per quantity: the time of the last sample that was judged. */
  readonly #seenMono: Readonly<Record<LampQuantity, Float64Array>>;
  /** When the power of each lamp last showed light while it should be lit; -Infinity for never. */
  readonly lightMono: Float64Array;
  readonly #litMono: Float64Array;
  /** 1 for a lamp whose last reading was dark while it should be lit. */
  readonly #isDark: Uint8Array;
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
    this.#isDark = new Uint8Array(n);
    this.#starts = new DerivedStarts(n);
    this.#seenMono = Object.fromEntries(
      LAMP_QUANTITIES.map((quantity) => [quantity, new Float64Array(n).fill(Number.NEGATIVE_INFINITY)]),
    ) as Record<LampQuantity, Float64Array>;
  }

  /** Returns the power expected of a lamp at a level, and the bounds by which it is judged. Units: W. */
  boundsAt(lamp: number, levelPct: number): PowerBounds {
    const watched = this.#plan.lamps[lamp];
    if (watched === undefined) return this.#noBounds;
    return expectedPower(watched, levelPct, { lamp, curve: this.power, tolerancePct: this.#plan.settings.powerTolerancePct });
  }

  /** Judges what is new about one lamp. `fedMono`: since when its feeder is live; Infinity while it is not. */
  step(lamp: number, moment: WatchMoment, fedMono: MonoMs): void {
    const { levelPct } = this.#frame.commands;
    const isLit = (levelPct[lamp] ?? 0) > 0;
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
      if (quantity === 'power') this.#judgePower(lamp, value, { at, moment, isBlank });
      else if (!isBlank) this.#judge(quantity, lamp, value, at);
      if (quantity === 'uptime') this.#starts.noteUptime(lamp, value, { at, isFed: !isBlank });
    }
  }

  /** Judges the starts of drivers. Call it after `step` for all lamps. */
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
    if (level === 0 || at - (this.#litMono[lamp] ?? 0) < WARM_UP_MS || this.#isDark[lamp] === 1) return;
    const band = bandOf(level);
    const isLearned = this.powerFactor.isLearned(lamp, band);
    const floor = band >= UPPER_BAND ? this.#plan.settings.powerFactorMin : 0;
    const fall = Math.max(POWER_FACTOR_FALL, 4 * this.powerFactor.sigma(lamp, band));
    const limit = isLearned ? Math.max(floor, this.powerFactor.median(lamp, band) - fall) : floor;
    if (value >= limit) this.powerFactor.learn(lamp, band, value, at);
    this.latches['power-factor-low'].feed(lamp, value < limit ? 'bad' : 'good', at);
  }

  #judgePower(lamp: number, powerW: number, { at, moment, isBlank }: { at: MonoMs; moment: WatchMoment; isBlank: boolean }): void {
    this.latches['lamp-day-burner'].feed(lamp, this.#burnsByDay(lamp, powerW, at, moment), at);
    const level = isBlank ? 0 : this.#settledLevel(lamp, at);
    if (level === 0 || this.#isAtOtherLevel(lamp, level, at)) return;
    const bounds = this.boundsAt(lamp, level);
    const isDark = powerW < bounds.outW;
    this.#isDark[lamp] = isDark ? 1 : 0;
    if (!isDark) this.lightMono[lamp] = at;
    this.#starts.noteLight(lamp, isDark, at);
    const cycling = this.latches['lamp-cycling'];
    cycling.feed(lamp, this.#starts.cycles(lamp, at) ? 'bad' : isDark ? 'none' : 'good', at);
    if (cycling.isOpen(lamp) || cycling.isRipe(lamp)) return;
    this.latches['lamp-out'].feed(lamp, isDark ? 'bad' : 'good', at);
    if (isDark || at - (this.#litMono[lamp] ?? 0) < WARM_UP_MS) return;
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

  /** The lamp reads back another level and is lit: the light control reports that it does not follow. */
  #isAtOtherLevel(lamp: number, level: number, at: MonoMs): boolean {
    const { values, atMono } = this.#frame.lamps.level;
    const [read = Number.NaN, readMono = 0] = [values[lamp], atMono[lamp]];
    return read > 0 && at - readMono < SILENT_MS && Math.abs(read - level) > FOLLOWS_PCT;
  }

  /** From power, not from commands: a photocell fails in the on position. A person may light a lamp by day. */
  #burnsByDay(lamp: number, powerW: number, at: MonoMs, { sunAltitudeDeg }: WatchMoment): LatchSample {
    const { levelPct, sinceMono, byPerson } = this.#frame.commands;
    const [level = 0, since = 0] = [levelPct[lamp], sinceMono[lamp]];
    const isDay = sunAltitudeDeg !== null && sunAltitudeDeg > DAY_ALTITUDE_DEG;
    if (level > 0 && (!isDay || byPerson[lamp] === 1)) return 'none';
    if (level === 0 && at - since < OFF_BLANK_MS) return 'none';
    const { ratedPowerW = 0, stepW = 0 } = this.#plan.lamps[lamp] ?? {};
    return powerW > Math.max(Math.min(DARK_LIMIT.powerW, DARK_LIMIT.share * ratedPowerW), 2 * stepW + 1) ? 'bad' : 'good';
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
