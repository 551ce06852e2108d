/**
 * A meter's output with damaged bytes: how many energy values that the meter never had are reported, and how often another wrong value passes form,
 * parity and checksum.
 */
import { createManualClock } from '../../agent/core/manual-clock.ts';
import { createRandom, type Random } from '../../test/street/random.ts';
import { createTicMeter } from '../../test/street/units/tic-meter.ts';
import { against, type BenchOptions, type BenchResult } from '../result.ts';
import { ticDriver } from './tic-driver.ts';

/** Damaged bytes of each way. */
const CORRUPTED = { full: 250_000, quick: 10_000 };
/** Time of one frame. Units: ms. */
const FRAME_MS = 1_300;
const SEED = 46;

/** Damages one byte; undefined leaves it. */
type Damage = (byte: number, random: Random) => number;

interface Corruption {
  readonly name: string;
  /** Share of the bytes that are damaged. */
  readonly share: number;
  readonly damage: Damage;
}

const replaced: Damage = (_byte, random) => Math.floor(256 * random());
/** Two flipped bits keep the parity. */
const twoBits: Damage = (byte, random) => byte ^ (1 << Math.floor(8 * random())) ^ (1 << Math.floor(8 * random()));

const CORRUPTIONS: readonly Corruption[] = [
  { name: '1 % of the bytes replaced', share: 0.01, damage: replaced },
  { name: '5 % of the bytes replaced', share: 0.05, damage: replaced },
  { name: '20 % of the bytes replaced', share: 0.2, damage: replaced },
  { name: 'two bits of 5 % of the bytes flipped', share: 0.05, damage: twoBits },
];

interface Seen {
  corrupted: number;
  frames: number;
  energies: number;
  wrongEnergies: number;
  others: number;
  wrongOthers: number;
}

export async function corruptionBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const all: Seen = { corrupted: 0, frames: 0, energies: 0, wrongEnergies: 0, others: 0, wrongOthers: 0 };
  for (const mode of ['standard', 'historic'] as const) {
    for (const corruption of CORRUPTIONS) {
      const seen = await corrupted(mode, corruption, (quick ? CORRUPTED.quick : CORRUPTED.full) / 2);
      for (const key of Object.keys(all) as (keyof Seen)[]) all[key] += seen[key];
      const line = (metric: string, value: number, unit: string): BenchResult => ({ bench: 'tic', metric, value, unit });
      const note = `${mode}, ${corruption.name}: ${seen.corrupted} bytes in ${seen.frames} frames`;
      progress(
        `tic: ${note}: ${seen.energies} energy values, ${seen.wrongEnergies} wrong; ${seen.others} others, ${seen.wrongOthers} wrong`,
      );
      emit({ ...against(line('wrong-energy-values', seen.wrongEnergies, 'values'), '<=', 0), note: `${note}; ${seen.energies} values` });
      const perMillion = seen.others === 0 ? 0 : Math.round((1e6 * seen.wrongOthers) / seen.others);
      emit({ ...line('wrong-other-values', perMillion, 'per million'), note: `${note}; ${seen.wrongOthers} of ${seen.others} values` });
    }
  }
  const note = `${all.corrupted} corrupted bytes in both modes; ${all.energies} energy values reported`;
  emit({ ...against({ bench: 'tic', metric: 'wrong-energy-values-in-all', value: all.wrongEnergies, unit: 'values' }, '<=', 0), note });
}

async function corrupted(mode: 'standard' | 'historic', { share, damage }: Corruption, count: number): Promise<Seen> {
  const random = createRandom(SEED);
  const clock = createManualClock(Date.parse('2026-11-28T19:30:00Z'));
  const meter = createTicMeter({ mode, clock, send: () => {} });
  const driver = ticDriver();
  // Whole steps at a power close to the limit, so that most numbers are never sent and a wrong one shows.
  meter.state.apparentVa = 0;
  const seen: Seen = { corrupted: 0, frames: 0, energies: 0, wrongEnergies: 0, others: 0, wrongOthers: 0 };
  const had = new Map<string, Set<number>>();
  const right = plainValues(mode);
  while (seen.corrupted < count) {
    meter.state.indexWh = meter.state.indexWh.map((wh) => wh + 3);
    note(had, meter.state.indexWh);
    const frame = meter.frame();
    for (let at = 0; at < frame.length; at++) {
      if (random() >= share) continue;
      frame[at] = damage(frame[at] as number, random);
      seen.corrupted++;
    }
    for (const { quantity, value } of driver.feed(frame, seen.frames * FRAME_MS)) {
      if (value === null) continue;
      if (quantity.startsWith('energy')) {
        seen.energies++;
        if (had.get(quantity)?.has(value) === false) seen.wrongEnergies++;
      } else if (right.has(quantity)) {
        seen.others++;
        if (right.get(quantity) !== value) seen.wrongOthers++;
      }
    }
    seen.frames++;
  }
  return seen;
}

/** Remembers what the meter sends in this frame. */
function note(had: Map<string, Set<number>>, indexWh: readonly number[]): void {
  const totals = [['energy', indexWh.reduce((sum, wh) => sum + wh, 0)], ...indexWh.map((wh, i) => [`energy_t${i + 1}`, wh])] as const;
  for (const [id, wh] of totals) had.set(id as string, (had.get(id as string) ?? new Set()).add((wh as number) / 1_000));
}

/** The points that this meter never changes. */
function plainValues(mode: 'standard' | 'historic'): ReadonlyMap<string, number> {
  const common = [
    ['apparent', 0],
    ['current_l1', 0],
    ['tariff', 1],
    ['colour', 0],
    ['peak', 0],
  ] as const;
  const standard = [
    ['voltage_l1', 231],
    ['colour_tomorrow', 0],
    ['peak_notice', 0],
    ['cutoff', 0],
    ['relay_1', 0],
    ['relay_8', 0],
  ] as const;
  return new Map<string, number>([...common, ...(mode === 'standard' ? standard : [])]);
}
