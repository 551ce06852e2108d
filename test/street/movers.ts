/** People and vehicles that move along a simulated street at a constant speed. Pure. */
import type { MonoMs } from '../../agent/core/clock.ts';

export type MoverKind = 'walker' | 'cyclist' | 'car';

/** Units: m/s. Source: 5 km/h, 25 km/h, 50 km/h. */
const MOVER_SPEED_MPS: Readonly<Record<MoverKind, number>> = { walker: 1.4, cyclist: 6.94, car: 13.9 };
/** A mover starts and ends this far outside the street. Units: m. */
const OUTSIDE_M = { start: 20, end: 40 } as const;

export interface SimMover {
  readonly kind: MoverKind;
  readonly startMono: MonoMs;
  readonly startM: number;
  /** Negative: towards the start of the street. Units: m/s. */
  readonly speedMps: number;
}

/** A mover that starts now, 20 m before the start of the street or behind its end. */
export function createMover(kind: MoverKind, fromStart: boolean, lengthM: number, startMono: MonoMs): SimMover {
  const speedMps = MOVER_SPEED_MPS[kind] * (fromStart ? 1 : -1);
  return { kind, startMono, startM: fromStart ? -OUTSIDE_M.start : lengthM + OUTSIDE_M.start, speedMps };
}

export function moverPositionM({ startMono, startM, speedMps }: SimMover, nowMono: MonoMs): number {
  return startM + (speedMps * (nowMono - startMono)) / 1_000;
}

/** Whether a mover at this place has not left the street. */
export function isOnStreet({ speedMps }: SimMover, atM: number, lengthM: number): boolean {
  return speedMps > 0 ? atM < lengthM + OUTSIDE_M.end : atM > -OUTSIDE_M.end;
}

/** When a mover enters and leaves the range around a place. Range 0: when it passes. */
export function inRange(
  { startMono, startM, speedMps }: SimMover,
  atM: number,
  rangeM: number,
): { readonly fromMono: MonoMs; readonly toMono: MonoMs } {
  const near = (atM - Math.sign(speedMps) * rangeM - startM) / speedMps;
  const far = (atM + Math.sign(speedMps) * rangeM - startM) / speedMps;
  return { fromMono: startMono + 1_000 * Math.max(0, near), toMono: startMono + 1_000 * far };
}
