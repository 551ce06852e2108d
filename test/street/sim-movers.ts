/**
 * People, cycles and cars on a simulated street, and when a presence sensor sees one.
 *
 * Positions are computed from the clock on request, so they are the same in real and in simulated time.
 */
import type { Clock, MonoMs, Timer } from '../../agent/core/clock.ts';

export type MoverKind = 'walker' | 'cyclist' | 'car';

/** Units: m/s. Source: 5 km/h, 25 km/h, 50 km/h. */
const MOVER_SPEED_MPS: Readonly<Record<MoverKind, number>> = { walker: 1.4, cyclist: 6.94, car: 13.9 };

export interface SimMover {
  readonly kind: MoverKind;
  readonly startMono: MonoMs;
  readonly startM: number;
  /** Negative moves down the street. Units: m/s. */
  readonly speedMps: number;
}

export interface WorldSensor {
  readonly id: string;
  readonly atM: number;
  /** A stuck sensor always reports this; null for one that works. */
  stuck: number | null;
}

/** Reach of a passive infrared sensor on a pole. Units: m. Source: Wiren Board WB-MSW, about 8 m. */
const SENSOR_RANGE_M = 8;

/** Calls each listener of `onTrip` when a mover comes into the range of a sensor. */
export function createSimMovers(clock: Clock, lengthM: number) {
  const sensors = new Map<string, WorldSensor>();
  let movers: SimMover[] = [];
  const trips = new Set<Timer>();
  const listeners: ((sensor: WorldSensor, mover: SimMover) => void)[] = [];
  const positionM = ({ startMono, startM, speedMps }: SimMover): number => startM + (speedMps * (clock.monoMs() - startMono)) / 1_000;
  const isOnStreet = (mover: SimMover): boolean => (mover.speedMps > 0 ? positionM(mover) < lengthM + 40 : positionM(mover) > -40);

  return {
    sensors,
    positionM,
    addSensor(id: string, atM: number): WorldSensor {
      const sensor: WorldSensor = { id, atM, stuck: null };
      sensors.set(id, sensor);
      return sensor;
    },
    /** Lets a mover set out at one end of the street. */
    send(kind: MoverKind, fromStart = true): SimMover {
      const speedMps = MOVER_SPEED_MPS[kind] * (fromStart ? 1 : -1);
      const mover: SimMover = { kind, startMono: clock.monoMs(), startM: fromStart ? -20 : lengthM + 20, speedMps };
      movers = [...movers.filter(isOnStreet), mover];
      for (const sensor of sensors.values()) {
        const delayMs = inRange(mover, sensor.atM).fromMono - clock.monoMs();
        const timer = clock.after(delayMs, () => {
          trips.delete(timer);
          for (const listener of listeners) listener(sensor, mover);
        });
        trips.add(timer);
      }
      return mover;
    },
    movers: (): readonly { mover: SimMover; atM: number }[] => movers.filter(isOnStreet).map((mover) => ({ mover, atM: positionM(mover) })),
    /** No further trip is reported. */
    stop(): void {
      for (const timer of trips) timer.cancel();
      trips.clear();
    },
    onTrip: (listener: (sensor: WorldSensor, mover: SimMover) => void): void => {
      listeners.push(listener);
    },
    /** Latest moment, up to now, at which a mover was in range; null for none. */
    seenMono(sensor: WorldSensor): MonoMs | null {
      const nowMono = clock.monoMs();
      const seen = movers.map((mover) => inRange(mover, sensor.atM)).filter(({ fromMono }) => fromMono <= nowMono);
      return seen.length === 0 ? null : Math.max(...seen.map(({ toMono }) => Math.min(nowMono, toMono)));
    },
  };
}

/** When a mover enters and leaves the range of a sensor. */
function inRange({ startMono, startM, speedMps }: SimMover, atM: number): { fromMono: MonoMs; toMono: MonoMs } {
  const near = (atM - Math.sign(speedMps) * SENSOR_RANGE_M - startM) / speedMps;
  const far = (atM + Math.sign(speedMps) * SENSOR_RANGE_M - startM) / speedMps;
  return { fromMono: startMono + 1_000 * Math.max(0, near), toMono: startMono + 1_000 * far };
}
