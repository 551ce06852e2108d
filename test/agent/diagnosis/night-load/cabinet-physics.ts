/**
 * A cabinet whose lamps cannot communicate, minute by minute: lamps with warm-up, dim steps, the voltage's exponent, and a mains voltage that wanders.
 *
 * It shares no constant with the watch.
 */
import type { LoadWatch, MeterMinute } from '../../../../agent/diagnosis/night-load/load-watch.ts';
import { createRandom } from '../../../street/random.ts';

/** How the cabinet is built, and what happens. Units: minutes since the beginning, W, V. */
export interface CabinetPhysics {
  readonly fullW?: number;
  /** P ~ V^exponent. Discharge lamps with a coil about 1.5 to 2, LED drivers 0. */
  readonly exponent?: number;
  /** Time constant of the warm-up. 0: none, as LED lamps. */
  readonly warmUpMin?: number;
  /** Largest swing of the mains voltage around 230 V. */
  readonly swingV?: number;
  readonly seed?: number;
  /** Resolution of the power reading. */
  readonly stepW?: number;
  /** Noise of the meter, as a share. */
  readonly noise?: number;
  /** Time of the day when the lamps come on and go off, by day number. */
  readonly onAt?: (day: number) => number;
  readonly offAt?: (day: number) => number;
  /** Share of full power at minutes since switch-on; `day` and `onAt` for steps by the clock. */
  readonly dim?: (sinceOnMin: number, day: number, onAt: number) => number;
  /** Changes the true load; `lit`: lamps have supply. */
  readonly fault?: (atMin: number, loadW: number, lit: boolean) => number;
  /** What the meter makes of it; NaN for a missed poll. */
  readonly meter?: (minute: MeterMinute) => MeterMinute;
  readonly utcOffsetMin?: (day: number) => number;
}

/** Minutes of a day. */
export const DAY = 1_440;

/** Two steps: three quarters from 80 min on, two thirds from 5 h on. */
export function usualSteps(sinceOnMin: number): number {
  return sinceOnMin < 80 ? 1 : sinceOnMin < 300 ? 0.78 : 0.7;
}

/** Returns the minutes of days `fromDay` to before `toDay`. A day begins at noon, and by default its lamps burn from 18:00 to 6:00. */
export function cabinetMinutes(physics: CabinetPhysics, fromDay: number, toDay: number): MeterMinute[] {
  const { fullW = 5_000, exponent = 1.6, warmUpMin = 3, swingV = 3, seed = 1, stepW = 0, noise = 0.001, dim = usualSteps } = physics;
  const { onAt = () => 360, offAt = () => 1_080, fault = (_, loadW) => loadW, meter = (minute) => minute } = physics;
  const random = createRandom(seed * 1_000 + fromDay + 1);
  const normal = (): number => random() + random() + random() + random() - 2;
  let [slowV, fastV, coldMin] = [0, 0, 0];
  const minutes: MeterMinute[] = [];
  for (let atMin = fromDay * DAY; atMin < toDay * DAY; atMin++) {
    const day = Math.floor(atMin / DAY);
    const on = onAt(day);
    slowV = 0.99 * slowV + 0.1 * normal();
    fastV = 0.5 * fastV + 0.2 * normal();
    const volts = 230 + swingV * (Math.sin((atMin / DAY) * 2 * Math.PI) * 0.7 + slowV * 0.2 + fastV * 0.2);
    const lit = atMin % DAY >= on && atMin % DAY < offAt(day);
    const share = dim((atMin % DAY) - on, day, on);
    const loadW = lit ? fullW * share * (volts / 230) ** exponent : 0;
    const trueW = fault(atMin, loadW, lit);
    coldMin = trueW > 100 ? coldMin + 1 : 0;
    const warmth = warmUpMin === 0 ? 1 : 1 - 0.8 * Math.exp(-coldMin / warmUpMin);
    const watts = trueW * (lit ? warmth : 1) * (1 + noise * normal());
    const shown = stepW === 0 ? watts : Math.round(watts / stepW) * stepW;
    minutes.push(meter({ atMin, utcOffsetMin: physics.utcOffsetMin?.(day) ?? 60, watts: shown, volts: Math.round(volts * 10) / 10 }));
  }
  return minutes;
}

/** When each finding began and ended, such as `lost +2:120` for two hours into the third day. */
export function findingsLog(
  watch: LoadWatch,
  minutes: readonly MeterMinute[],
): { readonly at: number; readonly name: string; readonly begins: boolean }[] {
  const log: { at: number; name: string; begins: boolean }[] = [];
  const open = new Set<string>();
  for (const minute of minutes) {
    watch.step(minute);
    for (const [name, finding] of Object.entries(watch.findings)) {
      if ((finding !== null) === open.has(name)) continue;
      if (finding === null) open.delete(name);
      else open.add(name);
      log.push({ at: minute.atMin, name, begins: finding !== null });
    }
  }
  return log;
}
