/** Cuts parts out of simulated nights, so that their energy must be estimated, and compares the estimates with the truth. */
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { closedNight, type LearnedNight } from '../../agent/diagnosis/savings/closed-night.ts';
import { LampSlots } from '../../agent/diagnosis/savings/lamp-slots.ts';
import { MeterNight } from '../../agent/diagnosis/savings/meter-night.ts';
import { createRandom } from '../../test/street/random.ts';
import { type SimulatedNight, SimulatedYear } from './simulated-year.ts';

/** A cut with its estimate and the truth: what the meter counted meanwhile. Units: min, Wh, %. */
export interface CutResult {
  readonly minutes: number;
  readonly stepPct: number;
  readonly wh: number;
  readonly halfWh: number;
  readonly truthWh: number;
}

/** Length of a cut. Units: min. Source: the issue. */
const CUT_MIN = { least: 5, most: 120 };
const STEPS_PCT = [100, 60, 25, 70];
const METER_STEP_WH = 10;
const LEARNED = 30;
const LEARNED_FROM = 250;
const CUT_NIGHTS = 20;

/** Returns this many cuts of a street, equally spread over the steps of its programme; they begin at random minutes. */
export function cutNights(seed: number, cuts: number): readonly CutResult[] {
  const year = new SimulatedYear(seed);
  const learned: LearnedNight[] = [];
  const ended = (night: SimulatedNight): void => {
    const closed = closedNight(night.meter, night.lamps, night.toMs, learned);
    year.carry = closed.carry;
    if (closed.learned !== null) learned.push(closed.learned);
  };
  for (let night = 0; night < LEARNED; night++) ended(year.night(LEARNED_FROM + night));
  const nights = Array.from({ length: CUT_NIGHTS }, (_, at) => year.night(LEARNED_FROM + LEARNED + at));
  const random = createRandom(seed * 31 + 5);
  return Array.from({ length: cuts }, (_, at) => {
    const night = nights[Math.floor(random() * nights.length)] ?? year.night(0);
    const stepPct = STEPS_PCT[at % STEPS_PCT.length] ?? 100;
    const starts = [...night.stepPct.keys()].filter((minute) => night.stepPct[minute] === stepPct);
    const from = starts[Math.floor(random() * starts.length)] ?? 0;
    const minutes = CUT_MIN.least + Math.floor(random() * (CUT_MIN.most - CUT_MIN.least + 1));
    return oneCut(night, { from, minutes, stepPct, gain: year.gain }, learned);
  });
}

function oneCut(
  { bandWh, fromMs, toMs, minuteWh }: SimulatedNight,
  { from, minutes, stepPct, gain }: { readonly from: number; readonly minutes: number; readonly stepPct: number; readonly gain: number },
  learned: readonly LearnedNight[],
): CutResult {
  const meter = new MeterNight(fromMs, { lastMs: fromMs - 2_000, lastWh: 0, assignedWh: 0 });
  const lamps = new LampSlots(fromMs);
  let [totalWh, readWh, truthWh] = [0, 0, 0];
  for (const [minute, wh] of minuteWh.entries()) {
    lamps.add(fromMs + minute * MINUTE_MS, fromMs + (minute + 1) * MINUTE_MS, bandWh[minute] ?? []);
    totalWh += wh * gain;
    if (minute >= from && minute < from + minutes) continue;
    const atWh = Math.floor(totalWh / METER_STEP_WH) * METER_STEP_WH;
    if (minute === from + minutes) {
      meter.restarted();
      truthWh = atWh - readWh;
    }
    readWh = atWh;
    meter.read(fromMs + (minute + 1) * MINUTE_MS - 2_000, atWh, lamps.addedWh);
  }
  const [gap] = closedNight(meter, lamps, toMs, learned).stored.gaps;
  return { minutes, stepPct, wh: gap?.wh ?? 0, halfWh: gap?.halfWh ?? 0, truthWh };
}
