import t from 'tap';
import { MINUTE_MS } from '../../../../agent/core/durations.ts';
import { SENSOR } from '../plant.ts';
import { MULTISENSOR, repeated, trouble, troubledStreet, twice } from './troubles.ts';

/** A presence input that is not read is reported after 5 s (docs/monitoring.md); units are checked each second. Units: ms. */
const BLIND_AFTER_MS = 5_000;
const CHECK_MS = 1_000;
const STEP_MS = 50;

t.test('two units with one address are reported under that address, until one of them is removed', async (t) => {
  const plant = await troubledStreet(t, 4, MULTISENSOR);
  trouble(plant, plant.addressOf('L2'), { untilMono: plant.clock.monoMs() + 60_000, what: twice(20), sensorUnit: plant.addressOf('S1') });
  await plant.clock.advance(60_000);
  const reported = plant.events.filter(({ code }) => code === 'unit-answers-twice');
  t.match(reported, [{ source: 'L2', endMs: null, text: /two units may have the address 2/ }]);
  t.equal(reported.length, 1, 'once, and of no other unit');
  const [line] = plant.field.bus.stats();
  t.match(line?.advice, [/L2 \(unit 2\) answers twice: two units may have the address 2/]);
  t.ok((line?.duplicates ?? 0) + (line?.doubtful ?? 0) > 0);
  const overMs = plant.clock.wallMs();
  await plant.clock.advance(30_000);
  const last = () => plant.events.findLast(({ code }) => code === 'unit-answers-twice');
  t.equal(last()?.endMs, null, 'a pause of half a minute is no end');
  await plant.clock.advance(100_000);
  t.match(last(), { source: 'L2', endMs: Number });
  const endedMs = (last()?.endMs ?? 0) - overMs;
  t.ok(endedMs > 30_000 && endedMs <= MINUTE_MS + CHECK_MS, `it ended ${endedMs} ms after the second unit was gone`);
});

t.test('levels of two lamps with one address arrive, but cannot be read back; those of their neighbours are verified', async (t) => {
  for (const afterMs of [5, 20]) {
    const plant = await troubledStreet(t, 4, MULTISENSOR);
    trouble(plant, 2, { untilMono: Number.POSITIVE_INFINITY, what: twice(afterMs), sensorUnit: plant.addressOf('S1') });
    for (const level of [40, 60, 80]) {
      const [own, neighbour] = [plant.write('L2', level, { ttlMs: 30_000 }), plant.write('L3', level, { ttlMs: 30_000 })];
      await plant.clock.advance(40_000);
      t.match(await own, { state: 'failed', reason: /^sent, but not read back: unit 2: its reply could be a late or repeated one/ });
      t.match(await neighbour, { state: 'verified' });
      t.equal(plant.unit('L2').registers.get('holding:0'), level, 'it is lit all the same');
    }
  }
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

for (const copies of [1, 2, 5])
  t.test(`a sensor whose replies arrive ${copies} times too often is reported as blind immediately`, async (t) => {
    const plant = await troubledStreet(t, 4, MULTISENSOR);
    const [sinceMono, sinceMs] = [plant.clock.monoMs(), plant.clock.wallMs()];
    trouble(plant, plant.addressOf('S1'), { untilMono: sinceMono + 60_000, what: repeated(copies, 20), sensorUnit: plant.addressOf('S1') });
    let worstMs = 0;
    for (let ms = 0; ms < 60_000; ms += STEP_MS) {
      await plant.clock.advance(STEP_MS);
      const { quality, atMono = 0 } = plant.field.latest('S1.motion') ?? {};
      if (quality !== 'good' && quality !== 'missing') worstMs = Math.max(worstMs, plant.clock.monoMs() - atMono);
    }
    const reported = plant.events.filter(({ code, source }) => code === 'unit-no-data' && source === 'S1');
    t.ok(reported.length > 0, 'it was reported');
    const firstMs = (reported[0]?.startMs ?? 0) - sinceMs;
    t.ok(firstMs > BLIND_AFTER_MS - CHECK_MS, `and not after ${firstMs} ms, for a reply may be lost`);
    t.ok(worstMs <= BLIND_AFTER_MS + CHECK_MS + STEP_MS, `not read and not missing for ${worstMs} ms`);
    t.equal(
      reported.at(-1)?.endMs === null,
      plant.field.latest('S1.motion')?.quality === 'missing',
      'the event says what the reading says',
    );
    await plant.clock.advance(140_000);
    t.equal(plant.field.latest('S1.motion')?.quality, 'good', 'read again once the trouble is over');
    t.not(plant.events.findLast(({ code, source }) => code === 'unit-no-data' && source === 'S1')?.endMs, null);
  });
