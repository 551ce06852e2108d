/**
 * The physics of a simulated cabinet with 35 LED lamps, for the bench of the fault watch: mains, weather, drivers, meters, registers, lost polls.
 *
 * It imports no rule, threshold or constant of the watch, so that a wrong one there is not also true here. It knows only the shape of the inputs.
 */
import type { Draws } from './random.ts';

/** What makes one cabinet different from others. */
export interface StreetTraits {
  readonly lamps: number;
  /** A contactor feeds the lamps at night only. */
  readonly hasContactor: boolean;
  /** Step of the power registers of its drivers. Units: W. */
  readonly powerStepW: number;
  /** Minutes of the first of January that its record begins with. */
  readonly firstDay: number;
}

/** One driver with its LEDs. Shares are of the full power. */
export interface LampModel {
  readonly ratedW: number;
  fullW: number;
  readonly lossShare: number;
  readonly bend: number;
  readonly gain: number;
  readonly powerFactorFull: number;
  readonly riseK: number;
  readonly standbyW: number;
  readonly phase: number;
  /** Kelvin above the air now. */
  warmK: number;
  uptimeFromMin: number;
  /** Polls that will still be lost. */
  lostPolls: number;
}

/** Mains and weather at one minute. */
export interface Outside {
  readonly volts: readonly [number, number, number];
  readonly airC: number;
}

/** The parts of the meter that differ between cabinets. */
export interface MeterModel {
  readonly gain: number;
  readonly otherW: number;
  readonly heaterW: number;
}

const PHASES = 3;
const RATINGS_W = [28, 38, 55, 72];

/** Draws the lamps of a cabinet. Source of the curves: TALQ's example of a power factor curve, 0.60 to 0.65 near 0 % and 0.98 at 100 %. */
export function drawLamps(random: Draws, { lamps }: StreetTraits): LampModel[] {
  const rating = RATINGS_W[Math.floor(random.uniform() * RATINGS_W.length)] ?? 38;
  return Array.from(
    { length: lamps },
    (_, at): LampModel => ({
      ratedW: rating,
      fullW: rating * (1 + 0.05 * random.normal()),
      lossShare: random.between(0.03, 0.1),
      bend: random.between(-0.12, 0.1),
      gain: 1 + 0.015 * random.normal(),
      powerFactorFull: random.between(0.93, 0.985),
      riseK: random.between(18, 30),
      standbyW: random.between(0.2, 0.5),
      phase: at % PHASES,
      warmK: 0,
      uptimeFromMin: -random.between(1_000, 400_000),
      lostPolls: 0,
    }),
  );
}

/** Draws the meter of a cabinet: class 1, with a gateway and sometimes a heater against frost behind it. */
export function drawMeter(random: Draws): MeterModel {
  return {
    gain: 1 + 0.004 * random.normal(),
    otherW: random.between(12, 45),
    heaterW: random.uniform() < 0.3 ? random.between(15, 40) : 0,
  };
}

/** Electrical power of a driver at a level. Units: W; level 0 to 100 %, air in °C. */
export function drivenW(lamp: LampModel, levelPct: number, volts: number): number {
  if (levelPct <= 0) return lamp.standbyW;
  const level = levelPct / 100;
  const light = level + lamp.bend * level * (1 - level);
  const warmShare = 1 - 0.035 * (lamp.warmK / lamp.riseK);
  return lamp.fullW * (lamp.lossShare + (1 - lamp.lossShare) * light) * 1.02 * warmShare * (1 + 0.0002 * (volts - 230));
}

/** Power factor of a driver at a level; off it is that of its filter capacitor. */
export function powerFactorAt({ powerFactorFull }: LampModel, levelPct: number): number {
  return levelPct <= 0 ? 0.35 : powerFactorFull - (powerFactorFull - 0.61) * Math.exp(-levelPct / 24);
}

/** Warms or cools a lamp by one minute. */
export function warm(lamp: LampModel, levelPct: number, minutes: number): void {
  const target = levelPct <= 0 ? 0 : lamp.riseK * (0.15 + (0.85 * levelPct) / 100);
  lamp.warmK += (target - lamp.warmK) * (1 - Math.exp(-minutes / 22));
}

/** Mains voltage and air temperature, minute by minute: daily and yearly courses, slow noise, tap changes. */
export function createOutside(random: Draws): (minute: number) => Outside {
  let slow = 0;
  let tap = 0;
  let weather = 0;
  let last = Number.NEGATIVE_INFINITY;
  const offsets = [0, 1, 2].map(() => 1.2 * random.normal());
  const volts: [number, number, number] = [230, 230, 230];
  return (minute) => {
    const steps = Math.min(60, Math.max(1, minute - last));
    last = minute;
    slow += -0.02 * steps * slow + 0.35 * Math.sqrt(steps) * random.normal();
    weather += -0.0005 * steps * weather + 0.09 * Math.sqrt(steps) * random.normal();
    if (random.uniform() < 0.0008 * steps) tap = Math.max(-5, Math.min(5, tap + (random.uniform() < 0.5 ? -2.5 : 2.5)));
    const day = (minute % 1_440) / 1_440;
    const year = (minute / 1_440) % 365;
    const load = 3.5 * Math.cos(2 * Math.PI * (day - 0.1)) - 3 * Math.exp(-(((day - 0.8) / 0.06) ** 2));
    for (let phase = 0; phase < PHASES; phase++) volts[phase] = 231 + load + slow + tap + (offsets[phase] ?? 0) + 0.4 * random.normal();
    const airC = 11.5 - 8.5 * Math.cos((2 * Math.PI * (year - 18)) / 365) - 4 * Math.cos(2 * Math.PI * (day - 0.12)) + weather;
    return { volts, airC };
  };
}

/** A value as its register gives it: with noise of the measurement, in steps. */
export function measured(random: Draws, value: number, noise: number, step: number): number {
  return Math.round((value * (1 + noise * random.normal())) / step) * step;
}

/** Whether this poll of a lamp gets no answer: single losses, and now and then two in a row. */
export function isPollLost(random: Draws, lamp: LampModel): boolean {
  if (lamp.lostPolls > 0) {
    lamp.lostPolls--;
    return true;
  }
  const draw = random.uniform();
  if (draw < 0.0004) lamp.lostPolls = 1;
  return draw < 0.006;
}
