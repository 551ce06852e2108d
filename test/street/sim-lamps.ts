/**
 * The lamps of a simulated street: they fade, and they draw power from one meter.
 *
 * Everything is computed from the clock on request, so it is the same in real and in simulated time.
 */
import type { Clock, MonoMs } from '../../agent/core/clock.ts';

export interface WorldLamp {
  readonly id: string;
  readonly atM: number;
  readonly ratedPowerW: number;
  burnt: boolean;
  /** Draws full power at every level. */
  dayBurner: boolean;
  /** Start and target of the present fade. */
  fade: { fromPct: number; toPct: number; startMono: MonoMs; endMono: MonoMs };
}

/** Other loads on the meter: gateway, contactors. Units: W. Source: assumed. */
const GEAR_W = 15;
/** A dimmed driver still draws this share of its rated power. Source: assumed; typical LED driver. */
const STANDBY_SHARE = 0.04;

export function createSimLamps(clock: Clock) {
  const lamps = new Map<string, WorldLamp>();
  let energyWh = 0;
  let countedMono = clock.monoMs();
  let countedW = 0;

  const levelPct = (lamp: WorldLamp): number => {
    const { fromPct, toPct, startMono, endMono } = lamp.fade;
    const share = endMono <= startMono ? 1 : Math.min(1, Math.max(0, (clock.monoMs() - startMono) / (endMono - startMono)));
    return fromPct + (toPct - fromPct) * share;
  };
  const lampW = (lamp: WorldLamp): number => {
    if (lamp.dayBurner) return lamp.ratedPowerW;
    const pct = levelPct(lamp);
    return lamp.burnt || pct <= 0 ? 0 : lamp.ratedPowerW * (STANDBY_SHARE + ((1 - STANDBY_SHARE) * pct) / 100);
  };
  const powerW = (): number => GEAR_W + [...lamps.values()].reduce((sum, lamp) => sum + lampW(lamp), 0);
  const count = (): void => {
    const [nowMono, nowW] = [clock.monoMs(), powerW()];
    energyWh += (((countedW + nowW) / 2) * (nowMono - countedMono)) / 3_600_000;
    countedMono = nowMono;
    countedW = nowW;
  };

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
