/**
 * Measures the time from a mover's entry into a sensor's range to the first brighter frame on the wire.
 *
 * Only the world and the wire are observed, not the agent, so a wrong belief of the agent cannot improve the figure.
 */
import type { Cabinet } from '../../agent/core/cabinet.ts';
import type { Clock, MonoMs } from '../../agent/core/clock.ts';
import type { Street } from './street.ts';

/** After a trip without a brighter frame within this time the lamps were lit already, or it is day. Units: ms. */
const OPEN_MS = 3_000;

export interface Passages {
  /** Detection to first frame, of each trip that raised a lamp. Units: ms. */
  readonly latenciesMs: readonly number[];
  readonly trips: number;
}

/** Starts to measure; the figures grow while the street runs. Wraps `street.onLevel`, and cannot be stopped. */
export function watchPassages(street: Street, cabinet: Cabinet, clock: Clock): Passages {
  const latenciesMs: number[] = [];
  let trips = 0;
  let open: { sensorM: number; reachM: number; atMono: MonoMs }[] = [];
  const reachOf = (sensorId: string): number =>
    Math.max(
      0,
      ...cabinet.zones
        .filter((zone) => zone.presence?.sensors.some(({ device }) => device === sensorId))
        .map((zone) => zone.presence?.reachM ?? 1e6),
    );

  street.world.onTrip((sensor) => {
    trips++;
    open.push({ sensorM: sensor.atM, reachM: reachOf(sensor.id), atMono: clock.monoMs() });
  });
  const before = street.onLevel;
  street.onLevel = (seen) => {
    before(seen);
    if (seen.levelPct <= street.world.levelPct(seen.lamp)) return;
    const nowMono = clock.monoMs();
    open = open.filter((trip) => {
      if (nowMono - trip.atMono > OPEN_MS) return false;
      if (Math.abs(trip.sensorM - seen.lamp.atM) > trip.reachM) return true;
      latenciesMs.push(seen.arrivedMono - trip.atMono);
      return false;
    });
  };
  return {
    latenciesMs,
    get trips() {
      return trips;
    },
  };
}
