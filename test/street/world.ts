/**
 * The physical street that the simulated units report: lamps that fade and draw power, people that move, a sun that sets.
 *
 * Everything is computed from the clock on demand, so it is the same in real and in simulated time.
 */
import { getPosition } from 'suncalc';
import type { Clock, MonoMs, Timer } from '../../agent/core/clock.ts';

export interface WorldLamp {
  readonly id: string;
  readonly atM: number;
  readonly ratedPowerW: number;
  burnt: boolean;
  /** Draws full power at any level. */
  dayBurner: boolean;
  /** Where the present fade started and where it goes. */
  fade: { fromPct: number; toPct: number; startMono: MonoMs; endMono: MonoMs };
}

export type MoverKind = 'walker' | 'cyclist' | 'car';

/** Units: m/s. Source: 5 km/h, 25 km/h, 50 km/h. */
const MOVER_SPEED_MPS: Readonly<Record<MoverKind, number>> = { walker: 1.4, cyclist: 6.94, car: 13.9 };

export interface SimMover {
  readonly kind: MoverKind;
  readonly startMono: MonoMs;
  readonly startM: number;
  /** Negative walks down the street. Units: m/s. */
  readonly speedMps: number;
}

export interface WorldSensor {
  readonly id: string;
  readonly atM: number;
  /** The constant value of a stuck sensor; null for one that works. */
  stuck: number | null;
}

/** Reach of a passive infrared sensor on a pole. Units: m. Source: Wiren Board WB-MSW, about 8 m. */
const SENSOR_RANGE_M = 8;
/** Other consumers on the meter: gateway, contactors. Units: W. Source: assumed. */
const GEAR_W = 15;
/** A dimmed driver still draws this share of its rated power. Source: assumed; typical LED driver. */
const STANDBY_SHARE = 0.04;

export interface WorldOptions {
  readonly clock: Clock;
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly lengthM: number;
}

export type SimWorld = ReturnType<typeof createSimWorld>;

/** The lamps of the street: their fades, their power, and the energy that the meter counts. */
function createSimLamps(clock: Clock) {
  const lamps = new Map<string, WorldLamp>();
  let energyWh = 0;
  let countedMono = clock.monoMs();
  let countedW = 0;

  function levelPct(lamp: WorldLamp): number {
    const { fromPct, toPct, startMono, endMono } = lamp.fade;
    const share = endMono <= startMono ? 1 : Math.min(1, Math.max(0, (clock.monoMs() - startMono) / (endMono - startMono)));
    return fromPct + (toPct - fromPct) * share;
  }
  function lampW(lamp: WorldLamp): number {
    if (lamp.dayBurner) return lamp.ratedPowerW;
    const pct = levelPct(lamp);
    return lamp.burnt || pct <= 0 ? 0 : lamp.ratedPowerW * (STANDBY_SHARE + ((1 - STANDBY_SHARE) * pct) / 100);
  }
  function powerW(): number {
    return GEAR_W + [...lamps.values()].reduce((sum, lamp) => sum + lampW(lamp), 0);
  }
  function count(): void {
    const [nowMono, nowW] = [clock.monoMs(), powerW()];
    energyWh += (((countedW + nowW) / 2) * (nowMono - countedMono)) / 3_600_000;
    countedMono = nowMono;
    countedW = nowW;
  }

  return {
    lamps,
    levelPct,
    lampW,
    powerW,
    addLamp(id: string, atM: number, ratedPowerW: number): WorldLamp {
      const fade = { fromPct: 0, toPct: 0, startMono: 0, endMono: 0 };
      const lamp: WorldLamp = { id, atM, ratedPowerW, burnt: false, dayBurner: false, fade };
      lamps.set(id, lamp);
      return lamp;
    },
    /** Starts a fade. `fullScaleMs` is the driver's time for 0 to 100 %. */
    dim(lamp: WorldLamp, toPct: number, fullScaleMs: number): void {
      count();
      const fromPct = levelPct(lamp);
      const startMono = clock.monoMs();
      lamp.fade = { fromPct, toPct, startMono, endMono: startMono + (fullScaleMs * Math.abs(toPct - fromPct)) / 100 };
    },
    energyKwh(): number {
      count();
      return energyWh / 1_000;
    },
  };
}

/** The people and vehicles on the street, and the sensors that detect them. */
function createSimTraffic(clock: Clock, lengthM: number) {
  const sensors = new Map<string, WorldSensor>();
  const trips = new Set<Timer>();
  const listeners: ((sensor: WorldSensor, mover: SimMover) => void)[] = [];
  let movers: SimMover[] = [];
  const positionM = ({ startMono, startM, speedMps }: SimMover): number => startM + (speedMps * (clock.monoMs() - startMono)) / 1_000;
  const isOnStreet = (atM: number, { speedMps }: SimMover): boolean => (speedMps > 0 ? atM < lengthM + 40 : atM > -40);

  return {
    sensors,
    positionM,
    addSensor(id: string, atM: number): WorldSensor {
      const sensor: WorldSensor = { id, atM, stuck: null };
      sensors.set(id, sensor);
      return sensor;
    },
    /** A mover starts at one end of the street. */
    send(kind: MoverKind, fromStart = true): SimMover {
      const speedMps = MOVER_SPEED_MPS[kind] * (fromStart ? 1 : -1);
      const mover: SimMover = { kind, startMono: clock.monoMs(), startM: fromStart ? -20 : lengthM + 20, speedMps };
      movers = [...movers.filter((m) => isOnStreet(positionM(m), m)), mover];
      for (const sensor of sensors.values()) {
        const delayMs = rangeOf(mover, sensor.atM).fromMono - clock.monoMs();
        const timer = clock.after(delayMs, () => {
          trips.delete(timer);
          for (const listener of listeners) listener(sensor, mover);
        });
        trips.add(timer);
      }
      return mover;
    },
    movers: (): readonly { mover: SimMover; atM: number }[] =>
      movers.map((mover) => ({ mover, atM: positionM(mover) })).filter(({ mover, atM }) => isOnStreet(atM, mover)),
    /** No sensor is triggered any more. */
    stop(): void {
      for (const timer of trips) timer.cancel();
      trips.clear();
    },
    /** Called the moment a mover enters a sensor's range. */
    onTrip: (listener: (sensor: WorldSensor, mover: SimMover) => void): void => {
      listeners.push(listener);
    },
    /** Latest moment, up to now, at which a mover was in range. */
    seenMono(sensor: WorldSensor): MonoMs | null {
      const nowMono = clock.monoMs();
      const seen = movers.map((mover) => rangeOf(mover, sensor.atM)).filter(({ fromMono }) => fromMono <= nowMono);
      return seen.length === 0 ? null : Math.max(...seen.map(({ toMono }) => Math.min(nowMono, toMono)));
    },
  };
}

/** When a mover enters and leaves the range of a sensor. */
function rangeOf({ startMono, startM, speedMps }: SimMover, atM: number): { fromMono: MonoMs; toMono: MonoMs } {
  const near = (atM - Math.sign(speedMps) * SENSOR_RANGE_M - startM) / speedMps;
  const far = (atM + Math.sign(speedMps) * SENSOR_RANGE_M - startM) / speedMps;
  return { fromMono: startMono + 1_000 * Math.max(0, near), toMono: startMono + 1_000 * far };
}

export function createSimWorld({ clock, latitudeDeg, longitudeDeg, lengthM }: WorldOptions) {
  const sunAltitudeDeg = (): number => getPosition(new Date(clock.wallMs()), latitudeDeg, longitudeDeg).altitude;
  return {
    ...createSimLamps(clock),
    ...createSimTraffic(clock, lengthM),
    sunAltitudeDeg,
    /** Units: lx at the ground under a clear sky. Source: assumed; 400 lx at sunrise, a tenth for every 3 degrees below it. */
    daylightLx(): number {
      const altitudeDeg = sunAltitudeDeg();
      if (altitudeDeg > 0) return 400 + 110_000 * Math.sin((altitudeDeg * Math.PI) / 180) ** 1.2;
      return Math.max(0.02, 400 * 10 ** (altitudeDeg / 3));
    },
  };
}
