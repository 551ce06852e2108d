import t from 'tap';
import { SENSOR } from '../plant.ts';
import { MULTISENSOR, repeated, trouble, troubledStreet, twice } from './troubles.ts';

t.test('two units with one address are reported under that address, until one of them is gone', async (t) => {
  const plant = await troubledStreet(t, 4, MULTISENSOR);
  trouble(plant, plant.addressOf('L2'), { untilMono: plant.clock.monoMs() + 60_000, what: twice(20), sensorUnit: plant.addressOf('S1') });
  await plant.clock.advance(60_000);
  const told = plant.events.filter(({ code }) => code === 'unit-answers-twice');
  t.match(told, [{ source: 'L2', endMs: null, text: /two units may have the address 2/ }]);
  t.equal(told.length, 1, 'once, and of no other unit');
  const [line] = plant.field.bus.stats();
  t.match(line?.advice, [/L2 \(unit 2\) answers twice: two units may have the address 2/]);
  t.ok((line?.duplicates ?? 0) + (line?.doubtful ?? 0) > 0);
  await plant.clock.advance(130_000);
  t.match(
    plant.events.findLast(({ code }) => code === 'unit-answers-twice'),
    { source: 'L2', endMs: Number },
  );
});

t.test('a line that repeats everything has no unit that answers twice', async (t) => {
  const plant = await troubledStreet(t, 4, SENSOR);
  const sensorUnit = plant.addressOf('S1');
  for (const id of ['L1', 'L2', 'L3', 'L4', 'S1', 'S2'])
    trouble(plant, plant.addressOf(id), { untilMono: Number.POSITIVE_INFINITY, what: repeated(1, 20), sensorUnit });
  await plant.clock.advance(60_000);
  t.same(
    plant.events.filter(({ code }) => code === 'unit-answers-twice'),
    [],
  );
  t.match(plant.field.bus.stats()[0]?.advice, [/^replies of most units come twice/]);
});

/** A presence input that is not read is reported after 5 s, a check of each second included: docs/monitoring.md. Units: ms. */
const BLIND_AFTER_MS = 5_000;
const CHECK_MS = 1_000;
const STEP_MS = 50;

for (const copies of [1, 2, 5])
  t.test(`a sensor whose replies come ${copies} times too often is said to be blind as soon as it is`, async (t) => {
    const plant = await troubledStreet(t, 4, MULTISENSOR);
    const sinceMono = plant.clock.monoMs();
    trouble(plant, plant.addressOf('S1'), { untilMono: sinceMono + 60_000, what: repeated(copies, 20), sensorUnit: plant.addressOf('S1') });
    let worstMs = 0;
    for (let ms = 0; ms < 60_000; ms += STEP_MS) {
      await plant.clock.advance(STEP_MS);
      const { quality, atMono = 0 } = plant.field.latest('S1.motion') ?? {};
      if (quality === 'stale') worstMs = Math.max(worstMs, plant.clock.monoMs() - atMono);
    }
    const told = plant.events.filter(({ code, source }) => code === 'unit-no-data' && source === 'S1');
    t.ok(told.length > 0, 'it was reported');
    t.ok(worstMs <= BLIND_AFTER_MS + CHECK_MS + STEP_MS, `not read and not missing for ${worstMs} ms`);
    t.equal(told.at(-1)?.endMs === null, plant.field.latest('S1.motion')?.quality === 'missing', 'the event says what the reading says');
    await plant.clock.advance(140_000);
    t.equal(plant.field.latest('S1.motion')?.quality, 'good', 'read again once the trouble is over');
    t.not(plant.events.findLast(({ code, source }) => code === 'unit-no-data' && source === 'S1')?.endMs, null);
  });
