/**
 * The physical truth of a simulated street, which the units report: lamps, movers and the sun.
 */
import { getPosition } from 'suncalc';
import type { Clock } from '../../agent/core/clock.ts';
import { createSimLamps } from './sim-lamps.ts';
import { createSimMovers } from './sim-movers.ts';

export interface WorldOptions {
  readonly clock: Clock;
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly lengthM: number;
}

export type SimWorld = ReturnType<typeof createSimWorld>;

export function createSimWorld({ clock, latitudeDeg, longitudeDeg, lengthM }: WorldOptions) {
  const sunAltitudeDeg = (): number => getPosition(new Date(clock.wallMs()), latitudeDeg, longitudeDeg).altitude;
  return {
    ...createSimLamps(clock),
    ...createSimMovers(clock, lengthM),
    sunAltitudeDeg,
    /** Units: lx at the ground under a clear sky. Source: assumed; 400 lx at sunrise, a tenth for every 3 degrees below it. */
    daylightLx(): number {
      const altitudeDeg = sunAltitudeDeg();
      if (altitudeDeg > 0) return 400 + 110_000 * Math.sin((altitudeDeg * Math.PI) / 180) ** 1.2;
      return Math.max(0.02, 400 * 10 ** (altitudeDeg / 3));
    },
  };
}
