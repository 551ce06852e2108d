/**
 * The energy that the meters of the cabinet measured in a night: the difference of their totals. Pure.
 *
 * A total never falls: the field corrects it where a meter is replaced or rolls over.
 */
import type { MeterTally } from './energy-tally.ts';

export interface MeterTracker {
  /** Units: kWh ever counted. */
  read(deviceId: string, totalKwh: number): void;
  /** Since the last restart; `computedWh` is that of all zones in the same time. */
  tallies(computedWh: number): Readonly<Record<string, MeterTally>>;
  /** Begins a new night with the present totals. */
  restart(): void;
  totals(): Readonly<Record<string, number>>;
  /** Adds the energy since the run before last read these totals. */
  bridge(before: Readonly<Record<string, number>>): void;
}

interface Meter {
  /** First total of this run, and where the night began. */
  readonly firstKwh: number;
  fromKwh: number;
  totalKwh: number;
}

export function createMeterTracker(): MeterTracker {
  const meters = new Map<string, Meter>();
  /** Of those not read yet in this run. */
  let before: Readonly<Record<string, number>> = {};
  return {
    read(deviceId, totalKwh) {
      const meter = meters.get(deviceId);
      if (meter !== undefined) {
        meter.totalKwh = Math.max(meter.totalKwh, totalKwh);
        return;
      }
      meters.set(deviceId, { firstKwh: totalKwh, fromKwh: Math.min(before[deviceId] ?? totalKwh, totalKwh), totalKwh });
    },
    tallies: (computedWh) =>
      Object.fromEntries(
        [...meters].map(([id, { fromKwh, totalKwh }]) => [id, { kwh: Math.max(0, totalKwh - fromKwh), nights: 1, computedWh }]),
      ),
    restart() {
      for (const meter of meters.values()) meter.fromKwh = meter.totalKwh;
      before = {};
    },
    totals: () => ({ ...before, ...Object.fromEntries([...meters].map(([id, { totalKwh }]) => [id, totalKwh])) }),
    bridge(totals) {
      before = Object.fromEntries(Object.entries(totals).filter(([, kwh]) => Number.isFinite(kwh)));
      for (const [id, meter] of meters) {
        const lastKwh = before[id];
        if (lastKwh !== undefined && lastKwh <= meter.firstKwh) meter.fromKwh -= meter.firstKwh - lastKwh;
      }
    },
  };
}
