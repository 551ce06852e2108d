import fc from 'fast-check';
import t from 'tap';
import type { Profile } from '../../../agent/core/profile.ts';
import { createRandom } from '../../street/random.ts';
import { coversRegister, type PacedRequest, pace } from './pace.ts';
import { createPlant, LAMP } from './plant.ts';

const SET_UP: [string, number][] = [
  ['holding:100', 7],
  ['holding:101', 1_500],
];
/** All that a lamp is read for. */
const PLACES = ['holding:0', 'input:10', 'input:11', 'input:12'];
const many = (count: number, type: Profile): Record<string, Profile> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`L${i + 1}`, type]));

// ── whatever goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────

/** A number is an exception. */
type Trouble = 'well' | 'silent' | number;
interface Spell {
  readonly lamp: number;
  readonly place: number;
  readonly trouble: Trouble;
  readonly fromS: number;
  readonly forS: number;
}
const anySpell = fc.record({
  lamp: fc.nat(63),
  /** Of `PLACES`; 4: all of them, and the writes. */
  place: fc.nat(4),
  trouble: fc.constantFrom<Trouble>('silent', 'silent', 2, 3, 4, 6),
  fromS: fc.integer({ min: 0, max: 400 }),
  forS: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 400 })),
});
/** Until all that were in trouble are read whole again: the longest wait of an isolated register, its share of the line, and a poll. Units: ms. */
const WELL_AFTER_MS = 600_000 + 60_000 + 31_000;

/** What a unit does with a request at this time. */
function troubleAt(spells: readonly Spell[], nowS: number, request: PacedRequest): Trouble {
  for (const { place, trouble, fromS, forS } of spells)
    if (nowS >= fromS && nowS < fromS + forS && (place === 4 || coversRegister(request, PLACES[place] as string))) return trouble;
  return 'well';
}

async function unwell(lamps: number, spells: readonly Spell[], seed: number): Promise<string[]> {
  const plant = createPlant({ devices: many(lamps, LAMP) });
  const random = createRandom(seed);
  for (const [id, unit] of [...plant.units.values()].entries()) {
    for (const [at, value] of SET_UP) unit.registers.set(at, value);
    const own = spells.filter(({ lamp }) => lamp % lamps === id);
    const baseMs = 2 + Math.floor(20 * random());
    const { read } = unit;
    const trouble = (request: PacedRequest): Trouble => troubleAt(own, plant.clock.monoMs() / 1_000, request);
    unit.read = (table, address, count) => {
      const what = trouble({ kind: 'read', table, address, count });
      const words = read(table, address, count);
      return typeof what === 'number' ? { exception: what } : words;
    };
    pace(unit, (request) => (trouble(request) === 'silent' ? null : baseMs));
  }
  await plant.field.start();
  await plant.clock.advance(800_000 + WELL_AFTER_MS);
  const ill = plant.field.readings().filter(({ quality }) => quality !== 'good');
  const missing = [...plant.units.keys()].flatMap((id) =>
    LAMP.points.filter((each) => plant.field.latest(`${id}.${each.id}`) === undefined).map((each) => `${id}.${each.id}`),
  );
  await plant.field.stop();
  return [...ill.map(({ pointId, quality }) => `${pointId} ${quality}`), ...missing.map((id) => `${id} never read`)];
}

for (const [lamps, runs, spells] of [
  [1, 15, 12],
  [5, 4, 30],
  [64, 1, 200],
] as const) {
  t.test(`after every schedule of refusals and silences all points of ${lamps} units are good again within bounded time`, async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anySpell, { minLength: Math.floor(spells / 4), maxLength: spells }), fc.nat(1_000), async (all, seed) => {
        const ill = await unwell(lamps, all, seed);
        if (ill.length > 0) throw new Error(ill.join(', '));
      }),
      { numRuns: runs, endOnFailure: true },
    );
    t.pass('after all of them');
  });
}
