/** Puts readings into the frame of the watch. */
import type { CabinetPoint } from '../../core/cabinet-points.ts';
import { splitPointId } from '../../core/point-id.ts';
import type { PointId, Reading } from '../../core/words.ts';
import { PHASES, type Series, setValue, type WatchFrame } from './watch-frame.ts';
import { LAMP_QUANTITIES, type WatchPlan } from './watch-plan.ts';

/** Puts readings into a frame. A reading without a good value changes nothing. */
export interface FrameFiller {
  take(readings: readonly Reading[]): void;
}

interface Slot {
  readonly series: Series;
  readonly index: number;
  readonly factor: number;
}

/**
 * Creates the filler of a frame. A total of several points, such as the power of three phases, is set each time all of them have been read
 * again. `points`: all points of the cabinet; those of its doors are found in them.
 */
export function createFrameFiller(plan: WatchPlan, frame: WatchFrame, points: ReadonlyMap<PointId, CabinetPoint>): FrameFiller {
  const slots = slotsOf(plan, frame);
  const totals = totalsOf(plan, frame);
  const doors = new Set([...points].filter(([, { semantic }]) => semantic === 'door').map(([id]) => id));
  const lampsOf = Map.groupBy(plan.lamps.keys(), (at) => plan.lamps[at]?.device ?? '');
  const open = new Set<PointId>();
  return {
    take(readings) {
      for (const { pointId, value, quality, atMono } of readings) {
        if (value === null || quality !== 'good') continue;
        for (const lamp of lampsOf.get(splitPointId(pointId).deviceId) ?? [])
          frame.answeredMono[lamp] = Math.max(frame.answeredMono[lamp] ?? 0, atMono);
        const slot = slots.get(pointId);
        if (slot !== undefined) setValue(slot.series, slot.index, value * slot.factor, atMono);
        totals.get(pointId)?.(pointId, value, atMono);
        if (!doors.has(pointId)) continue;
        if (value === 1) open.add(pointId);
        else open.delete(pointId);
        frame.isDoorOpen = open.size > 0;
      }
    },
  };
}

function slotsOf({ lamps, feeders, meters }: WatchPlan, frame: WatchFrame): ReadonlyMap<PointId, Slot> {
  const slots = new Map<PointId, Slot>();
  const add = (pointId: PointId | null | undefined, series: Series, index: number): void => {
    if (pointId !== null && pointId !== undefined) slots.set(pointId, { series, index, factor: 1 });
  };
  for (const [at, { points }] of lamps.entries()) for (const quantity of LAMP_QUANTITIES) add(points[quantity], frame.lamps[quantity], at);
  for (const [at, { supply, breaker, leakage }] of feeders.entries()) {
    add(supply, frame.feeders.supply, at);
    add(breaker, frame.feeders.breaker, at);
    add(leakage, frame.feeders.leakage, at);
  }
  for (const [at, { voltages }] of meters.entries())
    for (const [phase, pointId] of voltages.entries()) add(pointId, frame.meters.voltage, at * PHASES + phase);
  return slots;
}

type Total = (pointId: PointId, value: number, atMono: number) => void;

function totalsOf({ meters }: WatchPlan, frame: WatchFrame): ReadonlyMap<PointId, Total> {
  const totals = new Map<PointId, Total>();
  for (const [at, { power, reactive, toW, toVar }] of meters.entries())
    for (const [ids, series, factor] of [
      [power, frame.meters.power, toW],
      [reactive, frame.meters.reactive, toVar],
    ] as const) {
      const parts = new Map<PointId, number>();
      const total: Total = (pointId, value, atMono) => {
        parts.set(pointId, value);
        if (parts.size < ids.length) return;
        setValue(series, at, factor * [...parts.values()].reduce((sum, part) => sum + part, 0), atMono);
        parts.clear();
      };
      for (const pointId of ids) totals.set(pointId, total);
    }
  return totals;
}
