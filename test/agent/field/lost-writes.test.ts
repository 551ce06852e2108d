import t, { type Test } from 'tap';
import { DAY_MS } from '../../../agent/core/durations.ts';
import { coversRegister, ignoreWrites, memoryOf, pace, requestsOf, settled } from './pace.ts';
import { createPlant, LAMP, PLANT_START_MS, type Plant, type PlantOptions, profile } from './plant.ts';

/** What flash of 10,000 writes bears for twelve years. */
const SET_UP_WRITES_A_DAY = 2;
const STEP = { table: 'holding', address: 100, value: 7, why: 'a test' } as const;
/** The set-up registers of `LAMP`, as they are once it is set up. */
const SET_UP: [string, number][] = [
  ['holding:100', 7],
  ['holding:101', 1_500],
];
/** Rare polls, so that a day is a matter of seconds. */
const RARELY = { fast: 10_000, normal: 60_000, slow: 300_000 };
/** One that is set up by one register alone. */
const SIMPLE = profile('simple', LAMP.points, { setup: [STEP] });

async function started(t: Pick<Test, 'teardown'>, options: PlantOptions, prepare: (plant: Plant) => void = () => {}): Promise<Plant> {
  const plant = createPlant(options);
  t.teardown(() => plant.field.stop());
  prepare(plant);
  await plant.field.start();
  return plant;
}

function setUp({ units }: Plant): void {
  for (const unit of units.values()) for (const [at, value] of SET_UP) unit.registers.set(at, value);
}

const writesTo = (plant: Plant, address: number): number => requestsOf(plant, 'L1', `write holding:${address}=`).length;
const eventsOf = ({ events }: Plant, code: string): string[] =>
  events.filter((event) => event.code === code).map(({ source, endMs }) => `${source} ${endMs === null ? 'starts' : 'ends'}`);

// ── registers in flash ───────────────────────────────────────────────────────────────────────────────────────────────

for (const writeMs of [12, 40, 120, 199, 400, 900, 2_000]) {
  t.test(`a unit that reads in 8 ms and writes in ${writeMs} ms has each set-up register written once`, async (t) => {
    const plant = await started(t, { devices: { L1: LAMP } }, ({ unit }) =>
      pace(unit('L1'), ({ kind }) => (kind === 'read' ? 8 : writeMs)),
    );
    await plant.clock.advance(600_000);
    t.same([writesTo(plant, 100), writesTo(plant, 101)], [1, 1]);
    t.same([...plant.unit('L1').registers], SET_UP);
    t.same(plant.alive, ['L1 up']);
    t.same(plant.events, []);
  });
}

t.test('a set-up register whose write is never acknowledged is proven by a read, and not written again', async (t) => {
  const plant = await started(t, { devices: { L1: LAMP } }, ({ unit }) => pace(unit('L1'), ({ kind }) => (kind === 'read' ? 8 : null)));
  await plant.clock.advance(60_000);
  t.same([writesTo(plant, 100), writesTo(plant, 101)], [1, 1]);
  t.match(
    plant.log.filter(({ name }) => name === 'unit-set-up').map(({ fields }) => fields['address']),
    [100, 101],
  );
});

t.test('a set-up register that ignores its writes costs two writes a day, and is an event until it takes them', async (t) => {
  let isDeaf = true;
  const plant = await started(t, { devices: { L1: SIMPLE }, periodsMs: RARELY }, (plant) =>
    ignoreWrites(plant, plant.unit('L1'), () => isDeaf),
  );
  await plant.clock.advance(20 * 3_600_000);
  t.equal(writesTo(plant, 100), SET_UP_WRITES_A_DAY);
  t.match(plant.events.at(-1), { code: 'unit-not-set-up', source: 'L1', endMs: null, text: /holding 100 \(a test\): reads back 0/ });
  isDeaf = false;
  await plant.clock.advance(8 * 3_600_000);
  t.equal(writesTo(plant, 100), SET_UP_WRITES_A_DAY + 1, 'the next day it is tried again');
  t.match(plant.events.at(-1), { code: 'unit-not-set-up', endMs: Number });
});

t.test('a unit that forgets its set-up at each power cut is written twice a day at most, over restarts of the agent too', async (t) => {
  for (const restartMin of [3, 47, 600]) {
    const facts = new Map<string, unknown>();
    const writes: number[] = [];
    let atMs = 0;
    for (const endMs = 2.5 * DAY_MS; atMs < endMs; atMs += restartMin * 60_000) {
      const plant = createPlant({ devices: { L1: SIMPLE }, memory: memoryOf(facts), periodsMs: RARELY, startMs: PLANT_START_MS + atMs });
      await plant.field.start();
      await plant.clock.advance(Math.min(restartMin, 3) * 60_000);
      writes.push(...requestsOf(plant, 'L1', 'write holding:100').map(({ atMono }) => atMs + atMono));
      await plant.field.stop();
      if (writes.length > 50) break;
    }
    const most = Math.max(...writes.map((from) => writes.filter((at) => at >= from && at < from + DAY_MS - 60_000).length));
    t.ok(writes.length >= 2 && most <= SET_UP_WRITES_A_DAY, `restarts each ${restartMin} min: ${writes.length} writes, ${most} in a day`);
  }
});

// ── levels ───────────────────────────────────────────────────────────────────────────────────────────────────────────

for (const writeMs of [5, 60, 120, 190, 350]) {
  t.test(
    `levels of a lamp that takes ${writeMs} ms to store them are carried out once each, verified, and it is never reported as silent`,
    async (t) => {
      const plant = await started(t, { devices: { L1: LAMP } }, (plant) => {
        setUp(plant);
        pace(plant.unit('L1'), ({ kind }) => (kind === 'read' ? 8 : writeMs));
      });
      await plant.clock.advance(40_000);
      const results = [];
      for (let levelPct = 1; levelPct <= 15; levelPct++) {
        results.push(await settled(plant, plant.write('L1', levelPct, { ttlMs: 30_000 })));
        await plant.clock.advance(3_000);
      }
      t.same(
        results.map(({ state }) => state),
        Array.from({ length: 15 }, () => 'verified'),
      );
      t.equal(writesTo(plant, 0), 15);
      t.same(plant.alive, ['L1 up']);
      t.same(plant.events, []);
    },
  );
}

t.test('a level whose acknowledgement is lost is read back before it is sent again, as urgently as it was', async (t) => {
  for (const lane of ['urgent', 'command'] as const) {
    let isLost = false;
    const plant = await started(t, { devices: { L1: LAMP } }, (plant) => {
      setUp(plant);
      pace(plant.unit('L1'), ({ kind }) => (kind === 'write' && isLost ? null : 8));
    });
    await plant.clock.advance(40_000);
    isLost = true;
    const sinceMono = plant.clock.monoMs();
    let sentMono = 0;
    const result = await settled(plant, plant.write('L1', 40, { lane, onSent: (mono) => (sentMono = mono) }));
    t.match(result, { state: 'verified', sentMono });
    t.ok(sentMono >= sinceMono && sentMono < sinceMono + 30, 'it left when it was first sent');
    t.same(plant.askedSince('L1', sinceMono).slice(0, 2), ['write holding:0=40', 'read holding:0+1']);
    t.equal(writesTo(plant, 0), 1);
  }
});

t.test('a level that did not arrive is sent again, and what is lost for good fails with its reason', async (t) => {
  let ignored = 0;
  const plant = await started(t, { devices: { L1: LAMP } }, (plant) => {
    setUp(plant);
    ignoreWrites(plant, plant.unit('L1'), () => ignored-- > 0);
  });
  await plant.clock.advance(40_000);
  ignored = 1;
  t.match(await settled(plant, plant.write('L1', 40)), { state: 'verified' });
  t.equal(writesTo(plant, 0), 2);
  t.equal(plant.unit('L1').registers.get('holding:0'), 40);
  ignored = 3;
  t.match(await settled(plant, plant.write('L1', 70, { ttlMs: 30_000 })), {
    state: 'failed',
    reason: /reads back 40, wrote 70/,
    sentMono: null,
  });
  t.equal(writesTo(plant, 0), 5);
});

t.test('a level that cannot be read back is sent again all the same: a lamp must have its light', async (t) => {
  let [lost, ignored] = [0, 0];
  const plant = await started(t, { devices: { L1: LAMP } }, (plant) => {
    setUp(plant);
    ignoreWrites(plant, plant.unit('L1'), () => ignored-- > 0);
    pace(plant.unit('L1'), (request) => (request.kind === 'read' && coversRegister(request, 'holding:0') && lost-- > 0 ? null : 8));
  });
  await plant.clock.advance(40_000);
  [lost, ignored] = [4, 1];
  const result = await settled(plant, plant.write('L1', 40, { ttlMs: 30_000 }));
  t.match(result, { state: 'verified' });
  t.equal(plant.unit('L1').registers.get('holding:0'), 40);
});

t.test('a short silence does not make a device silent: only its readings are missing; a long one is reported as usual', async (t) => {
  for (const [silentMs, alive] of [
    [2_000, ['L1 up']],
    [4_000, ['L1 up']],
    [20_000, ['L1 up', 'L1 down', 'L1 up']],
  ] as const) {
    const plant = await started(t, { devices: { L1: LAMP }, periodsMs: { fast: 100, normal: 300, slow: 300 } }, setUp);
    await plant.clock.advance(10_000);
    const readings = plant.readings.length;
    plant.sim.silence(1);
    await plant.clock.advance(silentMs);
    plant.sim.revive(1);
    await plant.clock.advance(40_000);
    t.same(plant.alive, alive, `${silentMs} ms`);
    t.same(eventsOf(plant, 'unit-silent'), alive.length === 1 ? [] : ['L1 starts', 'L1 ends']);
    t.ok(plant.readings.slice(readings).some(({ quality }) => quality === 'missing'));
    t.match(plant.field.latest('L1.level'), { quality: 'good' });
  }
});
