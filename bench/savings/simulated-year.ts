/**
 * A simulated cabinet whose lamps are dimmed with presence, minute by minute, with the truth about its energy. Lamps, mains, weather and meter are
 * those of the bench of the fault watch.
 */
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { powerW } from '../../agent/diagnosis/energy.ts';
import { LEVEL_BANDS } from '../../agent/diagnosis/energy-tally.ts';
import { LampSlots } from '../../agent/diagnosis/savings/lamp-slots.ts';
import { type MeterCarry, MeterNight } from '../../agent/diagnosis/savings/meter-night.ts';
import { type Draws, drawsFor } from '../faults/random.ts';
import {
  createOutside,
  drawLamps,
  drawMeter,
  drivenW,
  type LampModel,
  type MeterModel,
  type Outside,
  warm,
} from '../faults/street-model.ts';
import { createYear } from '../faults/year.ts';

const DAY_MIN = 1_440;
const NOON_MIN = 720;
const LAMPS = 35;
const ZONE_LAMPS = 7;
const VOLTS = 230;
/** Step of the meter's total. Units: Wh. Source: 0.01 kWh, usual for meters with Modbus. */
const METER_STEP_WH = 10;

/** What differs from the usual street. */
export interface SimulatedYearOptions {
  /** Returns the level that lamps must have in this minute instead of programme and presence; null for none. */
  readonly orderedPct?: (night: number, minute: number) => number | null;
}

/** A night as the agent counts it, with the truth. Units: Wh. */
export interface SimulatedNight {
  readonly night: number;
  readonly lamps: LampSlots;
  readonly meter: MeterNight;
  /** Computed energy of the lamps, by minute and level. */
  readonly bandWh: readonly Float64Array[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Real energy behind the meter, minute by minute. */
  readonly minuteWh: Float64Array;
  /** Level of the programme, minute by minute. */
  readonly stepPct: Uint8Array;
  readonly truthWh: number;
  /** Real energy of the reference: all lamps at 100 % while it is dark, and the other load. */
  readonly referenceWh: number;
}

/** Simulates nights one after the other. Night 0 begins at noon on 1 January. */
export class SimulatedYear {
  readonly #noise: Draws;
  readonly #people: Draws;
  readonly #outside: (minute: number) => Outside;
  readonly #year = createYear();
  readonly #meter: MeterModel;
  readonly #lamps: LampModel[];
  readonly #options: SimulatedYearOptions;
  readonly #boostUntil = new Float64Array(LAMPS / ZONE_LAMPS);
  readonly #perHour: number[];
  /** Total of the meter, and its total when it was last exchanged. */
  totalWh = 1_000_000;
  gain: number;
  count = LAMPS;
  /** Rated power of the configuration over the real one. */
  ratedShare = 1;
  carry: MeterCarry | null = null;

  constructor(seed: number, options: SimulatedYearOptions = {}) {
    const draws = drawsFor(seed, 11);
    this.#lamps = drawLamps(draws, { lamps: LAMPS + ZONE_LAMPS, hasContactor: false, powerStepW: 1, firstDay: 0 });
    this.#meter = drawMeter(draws);
    this.gain = this.#meter.gain;
    this.#noise = drawsFor(seed, 12);
    this.#people = drawsFor(seed, 13);
    this.#outside = createOutside(drawsFor(seed, 14));
    this.#perHour = Array.from(this.#boostUntil, () => draws.between(2, 60));
    this.#options = options;
  }

  /** Power of the heater against frost behind the meter; 0 for none. Units: W. */
  get heaterW(): number {
    return this.#meter.heaterW;
  }

  /** Rated power of each lamp as the configuration states it. Units: W. */
  get ratedW(): readonly number[] {
    return this.#lamps.map(({ ratedW }) => ratedW * this.ratedShare);
  }

  /**
   * Simulates a night from noon to noon. `isRead`: whether the meter answers in this minute of the night. `exchangeMin`: when another meter
   * takes its place, with another error within its class; its total begins at 0.
   */
  night(night: number, isRead: (minute: number) => boolean = () => true, exchangeMin: number | null = null): SimulatedNight {
    const fromMs = Date.UTC(2027, 0, 1) + (night * DAY_MIN + NOON_MIN) * MINUTE_MS;
    const lamps = new LampSlots(fromMs);
    const meter = new MeterNight(fromMs, this.carry);
    const minuteWh = new Float64Array(DAY_MIN);
    const bandWh: Float64Array[] = [];
    const stepPct = new Uint8Array(DAY_MIN);
    let referenceWh = 0;
    for (let minute = 0; minute < DAY_MIN; minute++) {
      const now = this.#minute(night, minute);
      if (minute === exchangeMin) [this.totalWh, this.gain] = [0, 1 + 0.004 * this.#noise.normal()];
      lamps.add(fromMs + minute * MINUTE_MS, fromMs + (minute + 1) * MINUTE_MS, now.bandWh);
      bandWh.push(now.bandWh);
      minuteWh[minute] = now.wh;
      stepPct[minute] = now.stepPct;
      referenceWh += now.referenceWh;
      this.totalWh += now.wh * this.gain;
      if (isRead(minute))
        meter.read(fromMs + (minute + 1) * MINUTE_MS - 2_000, Math.floor(this.totalWh / METER_STEP_WH) * METER_STEP_WH, lamps.addedWh);
    }
    const truthWh = minuteWh.reduce((sum, wh) => sum + wh, 0);
    return { night, lamps, meter, bandWh, fromMs, toMs: fromMs + DAY_MIN * MINUTE_MS, minuteWh, stepPct, truthWh, referenceWh };
  }

  #minute(night: number, minute: number) {
    const at = night * DAY_MIN + NOON_MIN + minute;
    const { volts, airC } = this.#outside(at);
    const { isNight } = this.#year.at(0, at);
    const stepPct = isNight ? stepAt(at % DAY_MIN) : 0;
    const orderedPct = this.#options.orderedPct?.(night, minute) ?? null;
    const bandWh = new Float64Array(LEVEL_BANDS);
    let [watts, referenceW] = [0, 0];
    for (let lamp = 0; lamp < this.count; lamp++) {
      const model = this.#lamps[lamp];
      if (model === undefined) continue;
      const levelPct =
        orderedPct !== null && isNight ? orderedPct : this.#levelOf(Math.floor(lamp / ZONE_LAMPS), at, stepPct, lamp % ZONE_LAMPS === 0);
      warm(model, levelPct, 1);
      const phaseVolts = volts[model.phase] ?? VOLTS;
      watts += drivenW(model, levelPct, phaseVolts);
      if (isNight) referenceW += drivenW({ ...model, warmK: model.riseK }, 100, phaseVolts);
      else referenceW += model.standbyW;
      const rated = model.ratedW * this.ratedShare;
      const band = Math.min(LEVEL_BANDS - 1, Math.ceil(levelPct / 10));
      bandWh[band] = (bandWh[band] ?? 0) + powerW(rated, levelPct) / 60;
    }
    const { otherW, heaterW } = this.#meter;
    const heat = airC < 3 && at % 40 < 15 ? heaterW : 0;
    const other = otherW + heat + 0.5 * this.#noise.normal();
    return { bandWh, stepPct, wh: (watts * 1.012 + other) / 60, referenceWh: (referenceW * 1.012 + other) / 60 };
  }

  /** The level of a zone; it decides once a minute. */
  #levelOf(zone: number, at: number, stepPct: number, decides: boolean): number {
    if (stepPct === 0) return 0;
    if (decides) {
      const busy = 0.15 + 0.85 * Math.exp(-(((((at % DAY_MIN) / 60 + 6) % 24) - 1) ** 2) / 18);
      if (this.#people.uniform() < ((this.#perHour[zone % this.#perHour.length] ?? 0) * busy) / 60) this.#boostUntil[zone] = at + 2;
    }
    return (this.#boostUntil[zone] ?? 0) > at ? Math.max(stepPct, 90) : stepPct;
  }
}

/** The programme: 100 % to 22:30, 60 % to 1:00, 25 % to 5:00, 70 % to dawn. */
function stepAt(minuteOfDay: number): number {
  const hour = minuteOfDay / 60;
  return hour >= 12 && hour < 22.5 ? 100 : hour >= 22.5 || hour < 1 ? 60 : hour < 5 ? 25 : 70;
}
