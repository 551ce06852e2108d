/** People who walk slowly past sensors that are far apart, with the complete decision. */
import t from 'tap';
import { createDecider } from '../../../agent/lighting/decide.ts';
import type { Detection, SensorState } from '../../../agent/lighting/lighting.ts';
import { createRandom } from '../../street/random.ts';
import { snapshot, step } from './street.ts';
import { seenAt, streetOf } from './wave-street.ts';

interface Walks {
  /** Distance of the lamps in metres, and lamps for each sensor. */
  readonly gapM: number;
  readonly every: number;
  readonly speedKmh: number;
  readonly kmh: readonly [least: number, most: number];
  readonly people: number;
  readonly seed: number;
}

const POLES = 13;
/** A detector reports people up to here from its pole. Units: m. */
const RANGE_M = 8;

/** Poles passed, and those whose lamp was below the boost at that moment. */
function walk({ gapM, every, speedKmh, kmh: [least, most], people: count, seed }: Walks): {
  readonly passed: number;
  readonly dark: number;
} {
  const random = createRandom(seed);
  const poles = Array.from({ length: POLES }, (_, n) => ({ id: `P${n}`, atM: n * gapM, branch: null }));
  const sensed = poles.filter((_, n) => n % every === 0);
  const zones = [{ poles: poles.map(({ id }) => id), sensors: sensed.map(({ id }) => id), wave: { speedKmh } }];
  const decider = createDecider({ ...streetOf(poles, zones), programmes: [{ id: 'p', steps: [step('dusk', 20)] }] });
  const lengthM = (POLES - 1) * gapM;
  const people = Array.from({ length: count }, () => ({
    mps: (least + random() * (most - least)) / 3.6,
    isUp: random() < 0.5,
    startS: random() * 300,
  }));
  const placeOf = ({ mps, isUp, startS }: (typeof people)[number], second: number): number => {
    const wentM = (second - startS) * mps - 12;
    return isUp ? wentM : lengthM - wentM;
  };
  const sensors = new Map<`${string}.${string}`, SensorState>();
  let [detections, passed, dark]: [Detection[], number, number] = [[], 0, 0];
  for (let second = 0; second < 300 + (lengthM + 24) / (least / 3.6); second++) {
    const out = people.filter(({ startS }) => startS <= second);
    for (const { id, atM } of sensed) {
      const present = out.some((person) => Math.abs(placeOf(person, second) - atM) <= RANGE_M);
      const was = sensors.get(`S-${id}.motion`);
      if (present && was?.present !== true) detections = [...detections, seenAt(id, second)];
      const lastPresentMono = present ? second * 1_000 : (was?.lastPresentMono ?? null);
      sensors.set(`S-${id}.motion`, { present, sinceMono: null, lastPresentMono, quality: 'good' });
    }
    const { decisions } = decider.decide(snapshot({ nowMono: second * 1_000, sensors, detections }));
    const raised = new Set(decisions.filter(({ levelPct }) => levelPct === 100).map(({ lampId }) => lampId));
    for (const person of out) {
      const [fromM, toM] = [placeOf(person, second), placeOf(person, second + 1)];
      const met = poles.filter(({ atM }) => atM >= Math.min(fromM, toM) && atM < Math.max(fromM, toM));
      passed += met.length;
      dark += met.filter(({ id }) => !raised.has(id)).length;
    }
  }
  return { passed, dark };
}

function total(walks: Omit<Walks, 'seed'>, seeds = [1, 2, 3]): { readonly passed: number; readonly dark: number } {
  const all = seeds.map((seed) => walk({ ...walks, seed }));
  return { passed: all.reduce((sum, { passed }) => sum + passed, 0), dark: all.reduce((sum, { dark }) => sum + dark, 0) };
}

for (const [gapM, every] of [
  [25, 3],
  [25, 6],
  [30, 10],
] as const) {
  for (const speedKmh of [6, 15]) {
    t.test(
      `a person who walks at 2 to 2.5 km/h is lit at each pole, sensors each ${gapM * every} m, ${speedKmh} km/h assumed`,
      async (t) => {
        const { passed, dark } = total({ gapM, every, speedKmh, kmh: [2, 2.5], people: 1 });
        t.equal(dark, 0, `${dark} of ${passed} poles below the boost`);
      },
    );
  }
}

t.test('among several people, 98 of 100 poles are lit: a person hidden behind another is not detected', async (t) => {
  let [passed, dark] = [0, 0];
  for (const speedKmh of [6, 15]) {
    for (const people of [3, 5]) {
      const found = total({ gapM: 25, every: 3, speedKmh, kmh: [2, 2.5], people }, [1, 2, 3, 4]);
      [passed, dark] = [passed + found.passed, dark + found.dark];
    }
  }
  t.ok(dark <= 0.02 * passed, `${dark} of ${passed} poles below the boost`);
});
