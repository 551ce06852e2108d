/**
 * One simulated cabinet, minute by minute: programme, presence, polls, and the faults put into it. It fills the frame of the watch and steps it, as
 * the agent does with readings.
 */

import { DEFAULT_WATCH } from '../../agent/core/watch-config.ts';
import type { WatchChange, WatchEngine } from '../../agent/diagnosis/watch/watch-engine.ts';
import { setCommand, setFeeder, setValue, type WatchFrame } from '../../agent/diagnosis/watch/watch-frame.ts';
import type { WatchPlan } from '../../agent/diagnosis/watch/watch-plan.ts';
import type { FaultName, InjectedFault } from './faults-of-street.ts';
import { type Draws, drawsFor } from './random.ts';
import {
  createOutside,
  drawLamps,
  drawMeter,
  drivenW,
  isPollLost,
  type LampModel,
  type MeterModel,
  measured,
  type Outside,
  powerFactorAt,
  type StreetTraits,
  warm,
} from './street-model.ts';
import { createYear, type DayLight } from './year.ts';

const MINUTE_MS = 60_000;
const DAY_MIN = 1_440;
const ZONE_LAMPS = 7;
const FADE_MS = { up: 2_000, down: 8_000 };

interface ZoneLight {
  /** Level before the last change, level since, and when. Units: %, ms. */
  before: number;
  level: number;
  sinceMs: number;
  boostUntilMs: number;
  /** Detections an hour at its busiest. */
  readonly perHour: number;
}

/** A loss of the mains of the whole cabinet. Units: minutes of the record. */
export interface MainsCut {
  readonly fromMin: number;
  readonly toMin: number;
}

/** One cabinet with its record of faults. */
export class SimulatedCabinet {
  readonly plan: WatchPlan;
  readonly lamps: readonly LampModel[];
  readonly traits: StreetTraits;
  readonly #meter: MeterModel;
  readonly #noise: Draws;
  readonly #people: Draws;
  readonly #outside: (minute: number) => Outside;
  readonly #year: DayLight;
  readonly #zones: ZoneLight[];
  readonly #faults: readonly InjectedFault[];
  readonly #cuts: readonly MainsCut[];
  readonly #pollMs: Float64Array;
  readonly #fogged: (night: number) => boolean;
  #active: readonly InjectedFault[] = [];
  #isContactorOn = false;

  constructor(
    seed: number,
    traits: StreetTraits,
    { faults = [], cuts = [] }: { faults?: readonly InjectedFault[]; cuts?: readonly MainsCut[] },
  ) {
    const draws = drawsFor(seed, 1);
    this.traits = traits;
    this.lamps = drawLamps(draws, traits);
    this.#meter = drawMeter(draws);
    this.#noise = drawsFor(seed, 2);
    this.#people = drawsFor(seed, 3);
    this.#outside = createOutside(drawsFor(seed, 4));
    this.#year = createYear();
    this.#faults = faults;
    this.#cuts = cuts;
    this.#pollMs = Float64Array.from(this.lamps, () => draws.between(0, 50_000));
    this.#zones = Array.from({ length: Math.ceil(traits.lamps / ZONE_LAMPS) }, () => ({
      ...{ before: 0, level: 0, sinceMs: Number.NEGATIVE_INFINITY, boostUntilMs: 0 },
      perHour: draws.between(2, 60),
    }));
    const fog = drawsFor(seed, 5);
    const nights = Array.from({ length: 64 }, () => fog.uniform() < 0.1);
    this.#fogged = (night) => nights[night % nights.length] === true;
    this.plan = planOf(this.lamps, traits);
  }

  /** Minute of the record at which this day's lamps go on, and that at which they go off. */
  lit(day: number): { readonly onMin: number; readonly offMin: number } {
    const { riseMin } = this.#year(this.traits.firstDay + day + 1);
    return { onMin: day * DAY_MIN + this.#year(this.traits.firstDay + day).setMin, offMin: (day + 1) * DAY_MIN + riseMin };
  }

  /** Simulates one minute and steps the watch. */
  minute(minute: number, frame: WatchFrame, engine: WatchEngine): readonly WatchChange[] {
    const nowMs = minute * MINUTE_MS;
    if (this.#faults.length > 0) this.#active = this.#faults.filter(({ fromMin, toMin }) => minute >= fromMin && minute < toMin);
    const isCut = this.#cuts.some(({ fromMin, toMin }) => minute >= fromMin && minute < toMin);
    const isBack = this.#cuts.some(({ toMin }) => minute === toMin);
    const { volts, airC } = this.#outside(this.traits.firstDay * DAY_MIN + minute);
    const { sunDeg, isNight } = this.#year.at(this.traits.firstDay, minute);
    const isStuckOn = this.#fault('contactorOn') !== undefined;
    if (this.traits.hasContactor) {
      this.#isContactorOn = (isNight || isStuckOn) && this.#fault('contactorOff') === undefined;
      setFeeder(frame.feeders, 0, isNight, nowMs);
    } else this.#isContactorOn = true;
    const isTripped = this.#fault('breaker') !== undefined;
    const isLive = this.#isContactorOn && !isTripped && !isCut;
    const phaseVolts = this.#phaseVolts(volts, isCut);
    const usedW = this.#pollLamps({ minute, nowMs, frame, isNight, isLive, isBack, phaseVolts, airC });
    if (this.traits.hasContactor) setValue(frame.feeders.supply, 0, isLive ? 1 : 0, nowMs + 55_000);
    setValue(frame.feeders.breaker, 0, isTripped ? 1 : 0, nowMs + 55_000);
    setValue(frame.feeders.leakage, 0, this.#fault('leakage') === undefined ? 0 : 1, nowMs + 55_000);
    this.#readMeter({ minute, nowMs, frame, usedW, phaseVolts, airC });
    return engine.step({ monoMs: nowMs + MINUTE_MS - 1_000, sunAltitudeDeg: sunDeg });
  }

  #fault(name: FaultName): InjectedFault | undefined {
    return this.#active.length === 0 ? undefined : this.#active.find((fault) => fault.name === name);
  }

  #faultOf(lamp: number): InjectedFault | undefined {
    return this.#active.length === 0 ? undefined : this.#active.find(({ lamps }) => lamps.includes(lamp));
  }

  #phaseVolts(volts: Outside['volts'], isCut: boolean): readonly number[] {
    if (isCut) return [0, 0, 0];
    const shift = (this.#fault('overVoltage') ?? this.#fault('underVoltage'))?.size ?? 0;
    const lost = this.#fault('phaseLost');
    const lostPhase = lost === undefined ? -1 : lost.fromMin % 3;
    return volts.map((value, phase) => (phase === lostPhase ? (lost?.size ?? 0) : value + shift));
  }

  /** Returns the power that the lamps draw. */
  #pollLamps(now: {
    readonly minute: number;
    readonly nowMs: number;
    readonly frame: WatchFrame;
    readonly isNight: boolean;
    readonly isLive: boolean;
    readonly isBack: boolean;
    readonly phaseVolts: readonly number[];
    readonly airC: number;
  }): { readonly activeW: number; readonly reactiveVar: number } {
    const { minute, nowMs, frame, isNight, isLive, isBack } = now;
    const baseLevel = isNight ? this.#programmeLevel(minute) : 0;
    let activeW = 0;
    let reactiveVar = 0;
    for (const [index, zone] of this.#zones.entries()) {
      this.#detect(zone, { nowMs, baseLevel, minute });
      for (let lamp = index * ZONE_LAMPS; lamp < Math.min(this.lamps.length, (index + 1) * ZONE_LAMPS); lamp++) {
        const model = this.lamps[lamp];
        if (model === undefined) continue;
        setCommand(frame.commands, lamp, zone.level, Math.min(zone.sinceMs, nowMs + MINUTE_MS));
        if (frame.commands.levelPct[lamp] === zone.level) frame.commands.sinceMono[lamp] = Math.max(zone.sinceMs, 0);
        const fault = this.#faultOf(lamp);
        const volts = now.phaseVolts[model.phase] ?? 0;
        const hasMains = isLive && volts > 150 && fault?.name !== 'cableCut';
        if (!hasMains) {
          model.uptimeFromMin = Number.NaN;
          warm(model, 0, 1);
          continue;
        }
        if (Number.isNaN(model.uptimeFromMin) || isBack) model.uptimeFromMin = minute;
        const atMs = nowMs + (this.#pollMs[lamp] ?? 0);
        const level = shownLevel(zone, atMs);
        const drawn = drawnBy(model, { fault, level, minute, atMs, volts });
        warm(model, drawn.levelPct, 1);
        activeW += drawn.powerW;
        reactiveVar += drawn.powerW * Math.tan(Math.acos(Math.min(0.999, drawn.powerFactor)));
        if (fault?.name === 'silentLamp' || isPollLost(this.#noise, model)) continue;
        frame.answeredMono[lamp] = atMs;
        if (isNight || minute % 5 === 0) this.#readLamp(frame, lamp, model, { atMs, volts, airC: now.airC, minute, fault, ...drawn });
      }
    }
    return { activeW, reactiveVar };
  }

  #readLamp(
    frame: WatchFrame,
    lamp: number,
    model: LampModel,
    drawn: Drawn & {
      readonly atMs: number;
      readonly volts: number;
      readonly airC: number;
      readonly minute: number;
      readonly fault: InjectedFault | undefined;
    },
  ): void {
    const { atMs, volts, airC, minute, fault } = drawn;
    const { lamps } = frame;
    setValue(lamps.power, lamp, measured(this.#noise, drawn.powerW * model.gain, 0.006, this.traits.powerStepW), atMs);
    setValue(lamps.voltage, lamp, measured(this.#noise, volts - 2 * (lamp / this.lamps.length), 0.002, 1), atMs);
    setValue(lamps['power-factor'], lamp, measured(this.#noise, drawn.powerFactor, 0.01, 0.01), atMs);
    const hotK =
      fault?.name === 'overheated' ? fault.size * Math.min(1, (minute - fault.fromMin) / 90) * (drawn.levelPct > 0 ? 1 : 0.3) : 0;
    setValue(lamps.temperature, lamp, measured(this.#noise, airC + model.warmK + hotK, 0.01, 1), atMs);
    setValue(lamps.uptime, lamp, Math.max(0, Math.round((atMs - model.uptimeFromMin * MINUTE_MS) / 1_000)), atMs);
    if (fault?.name === 'driverReset') model.uptimeFromMin = minute;
    // A driver that hiccups starts again each time.
    if (fault?.name === 'cyclingFast') model.uptimeFromMin = atMs / MINUTE_MS - ((atMs / MINUTE_MS) % fault.size);
  }

  #readMeter(now: {
    readonly minute: number;
    readonly nowMs: number;
    readonly frame: WatchFrame;
    readonly usedW: { readonly activeW: number; readonly reactiveVar: number };
    readonly phaseVolts: readonly number[];
    readonly airC: number;
  }): void {
    const { nowMs, frame, usedW, phaseVolts, airC, minute } = now;
    const { gain, otherW, heaterW } = this.#meter;
    const ratedW = this.lamps.reduce((sum, lamp) => sum + lamp.ratedW, 0);
    const isHeating = airC < 3 && minute % 40 < 15;
    const share = this.#fault('meterShare')?.size ?? 0;
    const extraW = (this.#fault('dayLoad')?.size ?? 0) * ratedW;
    const lampsW = usedW.activeW * (1 + share);
    const isDead = phaseVolts.every((volts) => volts < 50);
    const totalW = isDead ? 0 : lampsW * 1.012 + otherW + (isHeating ? heaterW : 0) + extraW;
    const atMs = nowMs + 52_000;
    setValue(frame.meters.power, 0, measured(this.#noise, totalW * gain, 0.001, 1), atMs);
    setValue(frame.meters.reactive, 0, measured(this.#noise, usedW.reactiveVar + 15, 0.002, 1), atMs);
    for (const [phase, volts] of phaseVolts.entries())
      setValue(frame.meters.voltage, phase, measured(this.#noise, volts, 0.001, 0.1), atMs);
  }

  /** Detections raise the zone; afterwards it returns to the programme. At most one change up and one down in a minute. */
  #detect(
    zone: ZoneLight,
    { nowMs, baseLevel, minute }: { readonly nowMs: number; readonly baseLevel: number; readonly minute: number },
  ): void {
    const isBoosted = zone.boostUntilMs > nowMs;
    const to = (level: number, atMs: number): void => {
      if (level !== zone.level) [zone.before, zone.level, zone.sinceMs] = [zone.level, level, atMs];
    };
    if (baseLevel === 0) {
      zone.boostUntilMs = 0;
      to(0, nowMs);
      return;
    }
    if (!isBoosted) to(baseLevel, Math.max(zone.boostUntilMs, nowMs - MINUTE_MS, 0));
    const busy = 0.15 + 0.85 * Math.exp(-(((((minute % DAY_MIN) / 60 + 6) % 24) - 1) ** 2) / 18);
    if (this.#people.uniform() < (zone.perHour * busy) / 60) {
      const atMs = nowMs + this.#people.between(0, MINUTE_MS);
      to(Math.max(baseLevel, 90), isBoosted ? zone.sinceMs : atMs);
      zone.boostUntilMs = Math.max(zone.boostUntilMs, atMs + this.#people.between(30_000, 100_000));
    } else if (isBoosted && baseLevel > zone.level) to(baseLevel, nowMs);
  }

  #programmeLevel(minute: number): number {
    const hour = (minute % DAY_MIN) / 60;
    const night = Math.floor((minute - DAY_MIN / 2) / DAY_MIN);
    const level = hour >= 12 && hour < 22.5 ? 100 : hour >= 22.5 || hour < 1 ? 60 : hour < 5 ? 25 : 70;
    return this.#fogged(night) ? Math.max(level, 70) : level;
  }
}

interface Drawn {
  readonly powerW: number;
  readonly powerFactor: number;
  readonly levelPct: number;
}

/** The level that the driver shows at an instant, within its fade. */
function shownLevel({ before, level, sinceMs }: ZoneLight, atMs: number): number {
  if (atMs < sinceMs) return before;
  const fadeMs = level > before ? FADE_MS.up : FADE_MS.down;
  const done = Math.min(1, (atMs - sinceMs) / fadeMs);
  return before + (level - before) * done;
}

function drawnBy(
  model: LampModel,
  {
    fault,
    level,
    minute,
    atMs,
    volts,
  }: {
    readonly fault: InjectedFault | undefined;
    readonly level: number;
    readonly minute: number;
    readonly atMs: number;
    readonly volts: number;
  },
): Drawn {
  const name = fault?.name;
  const size = fault?.size ?? 0;
  const shown = name === 'dayBurner' ? Math.max(level, size) : name === 'stuckBright' && level > 0 ? 100 : level;
  const isDark = name === 'lampOut' || (isCycling(name) && isInDarkPhase(atMs, size, minute));
  const levelPct = isDark ? 0 : shown;
  const share = name === 'stringLost' && levelPct > 0 ? 1 - size : 1;
  return {
    powerW: drivenW(model, levelPct, volts) * share,
    powerFactor: powerFactorAt(model, levelPct) * (name === 'powerFactor' && levelPct > 0 ? size : 1),
    levelPct,
  };
}

function isCycling(name: FaultName | undefined): boolean {
  return name === 'cyclingSlow' || name === 'cyclingFast';
}

/** A lamp that cycles is dark for a bit less than half of each period. Units: min. */
function isInDarkPhase(atMs: number, periodMin: number, minute: number): boolean {
  return ((atMs / MINUTE_MS) % periodMin) / periodMin > 0.55 && minute > 0;
}

function planOf(lamps: readonly LampModel[], { hasContactor, powerStepW }: StreetTraits): WatchPlan {
  const ids = [...lamps.keys()];
  return {
    cabinetId: 'simulated',
    lamps: lamps.map(({ ratedW }, at) => ({
      ...{ id: `L${at}`, device: `L${at}`, pole: `P${at}`, zone: `Z${Math.floor(at / ZONE_LAMPS)}`, feeder: 0, ratedPowerW: ratedW },
      ...{ stepW: powerStepW, settleMs: FADE_MS.down + 5_000, points: { power: `L${at}.power` } },
    })),
    feeders: [
      {
        ...{ id: 'F1', lamps: ids, meter: 0, phase: null, leakage: 'IO.leakage', breaker: 'IO.breaker', idle: 0 },
        ...(hasContactor ? { output: 'K1', supply: 'IO.supply' } : { output: null, supply: null }),
      },
    ],
    meters: [{ id: 'M1', power: ['M1.power'], reactive: ['M1.reactive'], voltages: ['M1.v1', 'M1.v2', 'M1.v3'], toW: 1, toVar: 1 }],
    settings: DEFAULT_WATCH,
  };
}
