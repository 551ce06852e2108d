/**
 * A DALI bus with 64 D4i drivers on the simulated clock: levels while the memory banks are read, the age of the banks, and every failure
 * flag as an event.
 */
import type { CabinetPoint } from '../../agent/core/cabinet-points.ts';
import { quantile } from '../../agent/core/quantile.ts';
import type { PointId } from '../../agent/core/words.ts';
import { createDiagnosis, type WatchedPoint } from '../../agent/diagnosis/faults.ts';
import { createDaliPlant, D4I, type DaliPlant, SHIPPED } from '../../test/street/dali-plant.ts';
import { createRandom } from '../../test/street/random.ts';
import { setFailure } from '../../test/street/units/dali-gear.ts';
import { type BenchOptions, round } from '../result.ts';

const GEAR = 64;
const PER_GROUP = 8;
const LEVELS_PCT = { base: 30, boost: 100 } as const;
const HOURS = { full: 6, quick: 0.75 } as const;
/** Units: s. Source: assumed; a path with steady traffic after dusk. Confirmed by: a month of counts at a real path. */
const DETECTIONS = { everyS: 20, spreadS: 15, holdS: 12 } as const;
/** Source: issue 20 of the project: 100 ms and 15 min. */
const GOALS = { levelMs: 100, bankMin: 15 } as const;
const START_S = 60;
const BANK_ADDRESS = 0x100;

export const DALI_FIGURES: Readonly<Record<string, true>> = { bus: true };

export async function daliBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const hours = quick ? HOURS.quick : HOURS.full;
  const plant = createDaliPlant({ count: GEAR, perGroup: PER_GROUP });
  const banks = watchBanks(plant);
  const flags = watchFlags(plant);
  void plant.field.start();
  await plant.clock.advance(START_S * 1_000);
  for (let n = 0; n < GEAR; n++) void plant.write(n, LEVELS_PCT.base, { lane: 'command' });
  await plant.clock.advance(START_S * 1_000);
  const waitsMs: number[] = [];
  const lastMs: number[] = [];
  const random = createRandom(5);
  const endMono = hours * 3_600_000;
  while (plant.clock.monoMs() < endMono) {
    await passage(plant, Math.floor(random() * (GEAR / PER_GROUP)), { waitsMs, lastMs });
    flags.next(random);
    await plant.clock.advance(1_000 * (DETECTIONS.everyS + (random() - 0.5) * DETECTIONS.spreadS - DETECTIONS.holdS));
    progress(`dali: ${round(plant.clock.monoMs() / 60_000, 0)} min`);
  }
  const note = `${GEAR} D4i drivers, ${GEAR / PER_GROUP} groups, ${hours} h of simulated time, ${waitsMs.length} detections while banks are read; not tried on hardware`;
  const bench = 'dali';
  const p99Ms = quantile(waitsMs, 0.99);
  emit({
    bench,
    metric: 'level-on-bus-p99',
    value: round(p99Ms, 1),
    unit: 'ms',
    goal: `<= ${GOALS.levelMs}`,
    ok: p99Ms <= GOALS.levelMs,
    note,
  });
  emit({ bench, metric: 'level-on-bus-max', value: round(Math.max(...waitsMs), 1), unit: 'ms', note });
  emit({ bench, metric: 'group-verified-p99', value: round(quantile(lastMs, 0.99), 0), unit: 'ms', note });
  const bankMin = banks.longestMs(plant.clock.monoMs()) / 60_000;
  emit({
    bench,
    metric: 'all-banks',
    value: round(bankMin, 1),
    unit: 'min',
    goal: `<= ${GOALS.bankMin}`,
    ok: bankMin <= GOALS.bankMin,
    note,
  });
  const { set, reported } = await flags.end();
  emit({ bench, metric: 'failure-flags-reported', value: reported, unit: `of ${set}`, goal: `= ${set}`, ok: reported === set, note });
  emit({ bench, metric: 'bus-busy', value: round(plant.field.lines()[0]?.busyPct ?? 0, 0), unit: '%', note });
  await plant.field.stop();
}

/** A detection raises one group and lowers it again. */
async function passage(plant: DaliPlant, group: number, times: { waitsMs: number[]; lastMs: number[] }): Promise<void> {
  const { clock, sim } = plant;
  const members = Array.from({ length: PER_GROUP }, (_, i) => group * PER_GROUP + i);
  const startMono = clock.monoMs();
  const carried = sim.levels.length;
  const results = members.map((n) => plant.write(n, LEVELS_PCT.boost));
  void Promise.all(results).then(() => times.lastMs.push(clock.monoMs() - startMono));
  await clock.advance(DETECTIONS.holdS * 1_000);
  const first = sim.levels.slice(carried).find(({ target }) => target !== 'all' && 'group' in target && target.group === group);
  times.waitsMs.push(first === undefined ? Number.POSITIVE_INFINITY : first.atMono - startMono);
  for (const n of members) void plant.write(n, LEVELS_PCT.base, { lane: 'command' });
}

/** Measures the longest time between two readings of any point that comes from a memory bank. */
function watchBanks({ readings, clock }: DaliPlant) {
  const banked = bankPoints();
  const lastMono = new Map<PointId, number>();
  for (let n = 0; n < GEAR; n++) for (const id of banked) lastMono.set(`G${n}.${id}`, 0);
  let longestMs = 0;
  const take = readings.push.bind(readings);
  readings.push = (...more) => {
    for (const { pointId } of more) {
      const before = lastMono.get(pointId);
      if (before === undefined) continue;
      longestMs = Math.max(longestMs, clock.monoMs() - before);
      lastMono.set(pointId, clock.monoMs());
    }
    return take(...more);
  };
  return { longestMs: (nowMono: number): number => Math.max(longestMs, ...[...lastMono.values()].map((mono) => nowMono - mono)) };
}

function bankPoints(): string[] {
  const points = SHIPPED.get(D4I)?.points ?? [];
  return points.flatMap(({ id, table, poll }) => (table === 'input' && poll !== 'never' ? [id] : []));
}

/** Sets every failure flag of the banks once, each on another gear, and counts the events. */
function watchFlags(plant: DaliPlant) {
  const points = (SHIPPED.get(D4I)?.points ?? []).filter(({ table, flags }) => table === 'input' && flags.length > 0);
  const watched = new Map<PointId, WatchedPoint>();
  for (let n = 0; n < GEAR; n++)
    for (const profile of points)
      watched.set(`G${n}.${profile.id}`, { semantic: profile.semantic, profile } satisfies WatchedPoint & Partial<CabinetPoint>);
  const [started, ended] = [new Set<string>(), new Set<string>()];
  const diagnosis = createDiagnosis({
    points: watched,
    clock: plant.clock,
    onEvent: ({ source, endMs }) => void (endMs === null ? started : ended).add(source),
  });
  const take = plant.readings.push.bind(plant.readings);
  plant.readings.push = (...more) => {
    diagnosis.onReadings(more);
    return take(...more);
  };
  const set: { readonly source: string; readonly clear: () => void }[] = [];
  return {
    next(random: () => number): void {
      const point = points[set.length];
      if (point === undefined) return;
      const n = Math.floor(random() * GEAR);
      const gear = plant.gear[n];
      if (gear === undefined) return;
      const [bank, location] = [Math.floor(point.address / BANK_ADDRESS), point.address % BANK_ADDRESS];
      setFailure(gear, bank, location, 1);
      set.push({ source: `G${n}.${point.id}`, clear: () => setFailure(gear, bank, location, 0) });
    },
    /** Waits for the reads that are still to come, clears all flags, and waits for their ends. */
    async end(): Promise<{ readonly set: number; readonly reported: number }> {
      await plant.clock.advance(GOALS.bankMin * 60_000);
      for (const { clear } of set) clear();
      await plant.clock.advance(GOALS.bankMin * 60_000);
      return { set: set.length, reported: set.filter(({ source }) => started.has(source) && ended.has(source)).length };
    },
  };
}
