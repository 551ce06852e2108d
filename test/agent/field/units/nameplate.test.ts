import t, { type Test } from 'tap';
import type { NameplateEntry } from '../../../../agent/core/profile.ts';
import { testPoint, testProfile } from '../../../support/profiles.ts';
import { createPlant, type Plant, type PlantOptions } from '../plant.ts';

const entry = (over: Partial<NameplateEntry>): NameplateEntry => ({
  id: 'serial',
  table: 'holding',
  address: 0,
  type: 'text',
  count: 1,
  perRegister: 2,
  wordOrder: 'high-first',
  byteOrder: 'high-first',
  ...over,
});
const METER = testProfile('meter', [testPoint('power', { poll: 'slow' })], {
  nameplate: [
    entry({ id: 'serial', address: 200, type: 'u32' }),
    entry({ id: 'firmware', address: 210, count: 2 }),
    entry({ id: 'model', address: 220, count: 4, perRegister: 1 }),
  ],
});
const REGISTERS: readonly [address: number, word: number][] = [
  [200, 0x0001],
  [201, 0x86a0],
  [210, 0x312e],
  [211, 0x3700],
  [220, 0x45],
  [221, 0x4d],
];

async function plantWith(t: Pick<Test, 'teardown'>, options: PlantOptions = { devices: { M1: METER } }): Promise<Plant> {
  const plant = createPlant(options);
  t.teardown(() => plant.field.stop());
  for (const [address, word] of REGISTERS) plant.unit('M1').registers.set(`holding:${address}`, word);
  return plant;
}

/** A reply after this time never arrives in a test. Units: ms. */
const NEVER_MS = 1e9;

const nameplateOf = (plant: Plant): unknown => plant.field.devices().find(({ id }) => id === 'M1')?.nameplate;
const readsOf = (plant: Plant): string[] => plant.askedSince('M1', 0).filter((what) => /holding:2\d\d/.test(what));

t.test('a unit is asked once for its nameplate, each text in one request', async (t) => {
  const plant = await plantWith(t);
  await plant.field.start();
  await plant.clock.advance(300_000);
  t.same(nameplateOf(plant), { serial: '100000', firmware: '1.7', model: 'EM' });
  t.same(readsOf(plant), ['read holding:200+2', 'read holding:210+2', 'read holding:220+4']);
  t.same(plant.events, []);
});

t.test('an entry that the unit refuses is left out without an event, and the unit stays in service', async (t) => {
  const plant = await plantWith(t);
  plant.unit('M1').refusals.set('holding:210', 2);
  await plant.field.start();
  await plant.clock.advance(600_000);
  t.same(nameplateOf(plant), { serial: '100000', model: 'EM' });
  t.equal(readsOf(plant).length, 3);
  t.match(plant.field.devices(), [{ state: 'ok', failures: 0 }]);
  t.same(plant.events, []);
});

t.test('an entry without a reply is tried three times, a minute apart, and does not make the unit silent', async (t) => {
  const plant = await plantWith(t);
  const unit = plant.unit('M1');
  const { read } = unit;
  unit.read = (table, address, count) => {
    unit.turnaroundMs = address === 210 ? NEVER_MS : 3;
    return read(table, address, count);
  };
  await plant.field.start();
  const states = new Set<string>();
  for (let second = 0; second < 600; second++) {
    await plant.clock.advance(1_000);
    for (const { state, failures } of plant.field.devices()) states.add(`${state} ${failures}`);
  }
  t.same([...states], ['new 0', 'ok 0'].slice(-states.size), 'a lost nameplate is no evidence about the unit');
  t.equal(readsOf(plant).filter((what) => what === 'read holding:210+2').length, 3);
  t.same(nameplateOf(plant), { serial: '100000', model: 'EM' });
  t.match(plant.field.devices(), [{ state: 'ok' }]);
});

t.test('bytes that are no text are not shown', async (t) => {
  const plant = await plantWith(t);
  const { registers } = plant.unit('M1');
  for (const [address, word] of [
    [200, 0xffff],
    [201, 0xffff],
    [210, 0x1b5b],
    [211, 0x324a],
  ] as const)
    registers.set(`holding:${address}`, word);
  await plant.field.start();
  await plant.clock.advance(60_000);
  t.same(nameplateOf(plant), { model: 'EM' }, 'neither an empty memory nor an escape sequence');
});

t.test('a line that is always busy still reads its nameplates, and no reading waits for them', async (t) => {
  const busy = testProfile('busy', [testPoint('power', { poll: 'slow' })], { nameplate: METER.nameplate });
  const devices = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`M${i + 1}`, busy]));
  const run = async (names: boolean): Promise<{ plant: Plant; readings: number }> => {
    const quiet = testProfile('busy', busy.points);
    const plant = await plantWith(t, {
      devices: names ? devices : Object.fromEntries(Object.keys(devices).map((id) => [id, quiet])),
      periodsMs: { fast: 100, normal: 100, slow: 100 },
    });
    await plant.field.start();
    await plant.clock.advance(60_000);
    return { plant, readings: plant.readings.length };
  };
  const [without, withThem] = [await run(false), await run(true)];
  t.ok(nameplateOf(withThem.plant), 'within a minute');
  t.ok(withThem.readings > 0.98 * without.readings, `${withThem.readings} readings, ${without.readings} without nameplates`);
});

t.test('a unit that comes back is asked again: it may be another one', async (t) => {
  const plant = await plantWith(t);
  await plant.field.start();
  await plant.clock.advance(60_000);
  t.match(nameplateOf(plant), { serial: '100000' });
  plant.sim.silence(1);
  await plant.clock.advance(200_000);
  plant.unit('M1').registers.set('holding:201', 0x86a1);
  plant.sim.revive(1);
  await plant.clock.advance(200_000);
  t.match(nameplateOf(plant), { serial: '100001' });
});
