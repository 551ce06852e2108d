/**
 * The street itself: lamps that fade and draw power, people that move, a sun that sets.
 *
 * The units report its state. Everything is computed from the clock when it is read, so it is the same in real and in simulated time.
 */
import { getPosition } from 'suncalc';
import type { Clock, MonoMs, Timer } from '../../agent/core/clock.ts';
import { createMover, inRange, isOnStreet, type MoverKind, moverPositionM, type SimMover } from './movers.ts';

export interface WorldLamp {
  readonly id: string;
  readonly atM: number;
  readonly ratedPowerW: number;
  /** Draws no power at any level; its driver still dims. */
  burnt: boolean;
  /** Draws full power at any level. */
  dayBurner: boolean;
  /** Where the present fade started and where it goes. */
  fade: { fromPct: number; toPct: number; startMono: MonoMs; endMono: MonoMs };
}

export interface WorldSensor {
  readonly id: string;
  readonly atM: number;
  /** The constant value of a stuck sensor; null for one that works. */
  stuck: number | null;
}

/** Reach of a passive infrared sensor on a pole. Units: m. Source: Wiren Board WB-MSW, about 8 m. */
const SENSOR_RANGE_M = 8;
/** Other load on the meter: gateway, contactors. Units: W. Source: assumed. Confirmed by: the meter of a real cabinet by day. */
const GEAR_W = 15;
/** A dimmed driver still draws this share of its rated power. Source: assumed; typical LED driver. Confirmed by: the power of a real driver at its lowest level. */
const STANDBY_SHARE = 0.04;

export interface WorldOptions {
  readonly clock: Clock;
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly lengthM: number;
}

/** Lamps, sensors and people of one street; all values are computed for the present time of its clock. */
export class SimWorld {
  readonly lamps = new Map<string, WorldLamp>();
  readonly sensors = new Map<string, WorldSensor>();
  readonly #options: WorldOptions;
  readonly #trips = new Set<Timer>();
  readonly #listeners: ((sensor: WorldSensor, mover: SimMover) => void)[] = [];
  readonly #places: { readonly atM: number; readonly onPass: (mover: SimMover) => void }[] = [];
  #movers: readonly SimMover[] = [];
  #energyWh = 0;
  #countedMono: MonoMs;
  #countedW = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#countedMono = options.clock.monoMs();
  }

  addLamp(id: string, atM: number, ratedPowerW: number): WorldLamp {
    const fade = { fromPct: 0, toPct: 0, startMono: 0, endMono: 0 };
    const lamp: WorldLamp = { id, atM, ratedPowerW, burnt: false, dayBurner: false, fade };
    this.lamps.set(id, lamp);
    return lamp;
  }

  addSensor(id: string, atM: number): WorldSensor {
    const sensor: WorldSensor = { id, atM, stuck: null };
    this.sensors.set(id, sensor);
    return sensor;
  }

  /** The level now, within a fade too; a burnt lamp has one as well. Units: %. */
  levelPct(lamp: WorldLamp): number {
    const { fromPct, toPct, startMono, endMono } = lamp.fade;
    const passedMs = this.#options.clock.monoMs() - startMono;
    const share = endMono <= startMono ? 1 : Math.min(1, Math.max(0, passedMs / (endMono - startMono)));
    return fromPct + (toPct - fromPct) * share;
  }

  lampW(lamp: WorldLamp): number {
    if (lamp.dayBurner) return lamp.ratedPowerW;
    const pct = this.levelPct(lamp);
    return lamp.burnt || pct <= 0 ? 0 : lamp.ratedPowerW * (STANDBY_SHARE + ((1 - STANDBY_SHARE) * pct) / 100);
  }

  /** The power of all lamps and of the cabinet's own gear. */
  powerW(): number {
    return GEAR_W + [...this.lamps.values()].reduce((sum, lamp) => sum + this.lampW(lamp), 0);
  }

  /** Starts a fade. `fullScaleMs` is the driver's time for 0 to 100 %. */
  dim(lamp: WorldLamp, toPct: number, fullScaleMs: number): void {
    this.#countEnergy();
    const fromPct = this.levelPct(lamp);
    const startMono = this.#options.clock.monoMs();
    lamp.fade = { fromPct, toPct, startMono, endMono: startMono + (fullScaleMs * Math.abs(toPct - fromPct)) / 100 };
  }

  energyKwh(): number {
    this.#countEnergy();
    return this.#energyWh / 1_000;
  }

  /** A person or a car starts 20 m outside the street, before its start or behind its end. */
  send(kind: MoverKind, fromStart = true): SimMover {
    const { clock, lengthM } = this.#options;
    const mover = createMover(kind, fromStart, lengthM, clock.monoMs());
    this.#movers = [...this.#movers.filter((other) => isOnStreet(other, this.#positionM(other), lengthM)), mover];
    for (const sensor of this.sensors.values()) {
      this.#schedule(inRange(mover, sensor.atM, SENSOR_RANGE_M).fromMono, () => {
        for (const listener of this.#listeners) listener(sensor, mover);
      });
    }
    for (const { atM, onPass } of this.#places) this.#schedule(inRange(mover, atM, 0).fromMono, () => onPass(mover));
    return mover;
  }

  movers(): readonly { mover: SimMover; atM: number }[] {
    const placed = this.#movers.map((mover) => ({ mover, atM: this.#positionM(mover) }));
    return placed.filter(({ mover, atM }) => isOnStreet(mover, atM, this.#options.lengthM));
  }

  /** No mover triggers a sensor or passes a place any more. */
  stop(): void {
    for (const timer of this.#trips) timer.cancel();
    this.#trips.clear();
  }

  /** `listener` is called when a mover comes into the range of a sensor. */
  onTrip(listener: (sensor: WorldSensor, mover: SimMover) => void): void {
    this.#listeners.push(listener);
  }

  /** `onPass` is called when a mover that starts from now on passes this place, as over a loop in the road. */
  watchPlace(atM: number, onPass: (mover: SimMover) => void): void {
    this.#places.push({ atM, onPass });
  }

  /** The last time, up to now, at which a mover was in range; null if none was. `send` discards movers that have left the street. */
  seenMono(sensor: WorldSensor): MonoMs | null {
    const nowMono = this.#options.clock.monoMs();
    const seen = this.#movers.map((mover) => inRange(mover, sensor.atM, SENSOR_RANGE_M)).filter(({ fromMono }) => fromMono <= nowMono);
    return seen.length === 0 ? null : Math.max(...seen.map(({ toMono }) => Math.min(nowMono, toMono)));
  }

  sunAltitudeDeg(): number {
    const { clock, latitudeDeg, longitudeDeg } = this.#options;
    return getPosition(new Date(clock.wallMs()), latitudeDeg, longitudeDeg).altitude;
  }

  /** Units: lx at the ground under a clear sky. Source: assumed; 400 lx at sunrise, a tenth for every 3 degrees below it. Confirmed by: a week of a real photocell. */
  daylightLx(): number {
    const altitudeDeg = this.sunAltitudeDeg();
    if (altitudeDeg > 0) return 400 + 110_000 * Math.sin((altitudeDeg * Math.PI) / 180) ** 1.2;
    return Math.max(0.02, 400 * 10 ** (altitudeDeg / 3));
  }

  #countEnergy(): void {
    const [nowMono, nowW] = [this.#options.clock.monoMs(), this.powerW()];
    this.#energyWh += (((this.#countedW + nowW) / 2) * (nowMono - this.#countedMono)) / 3_600_000;
    this.#countedMono = nowMono;
    this.#countedW = nowW;
  }

  #positionM(mover: SimMover): number {
    return moverPositionM(mover, this.#options.clock.monoMs());
  }

  #schedule(dueMono: MonoMs, fire: () => void): void {
    const { clock } = this.#options;
    const timer = clock.after(dueMono - clock.monoMs(), () => {
      this.#trips.delete(timer);
      fire();
    });
    this.#trips.add(timer);
  }
}
