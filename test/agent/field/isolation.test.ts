import t, { type Test } from 'tap';
import type { Profile } from '../../../agent/core/profile.ts';
import { coversRegister, memoryOf, pace, requestsOf, settled } from './pace.ts';
import { createPlant, LAMP, type Plant, type PlantOptions, point, profile, SENSOR } from './plant.ts';

const SET_UP: [string, number][] = [
  ['holding:100', 7],
  ['holding:101', 1_500],
];
const f32 = { type: 'f32', poll: 'slow' } as const;
/** Three blocks far apart, as an SDM120 has them. */
const METER = profile('meter', [
  point('voltage', { address: 0, ...f32, poll: 'normal' }),
  point('current', { address: 6, ...f32, poll: 'normal' }),
  point('frequency', { address: 70, ...f32 }),
  point('energy', { address: 342, ...f32 }),
]);
/** Registers in one block. */
const BLOCK = profile(
  'block',
  Array.from({ length: 8 }, (_, i) => point(`v${i}`, { address: i })),
);
const many = (count: number, type: Profile): Record<string, Profile> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`L${i + 1}`, type]));

async function started(t: Pick<Test, 'teardown'>, options: PlantOptions, prepare: (plant: Plant) => void = () => {}): Promise<Plant> {
  const plant = createPlant(options);
  t.teardown(() => plant.field.stop());
  for (const unit of plant.units.values()) for (const [at, value] of SET_UP) unit.registers.set(at, value);
  prepare(plant);
  await plant.field.start();
  return plant;
}

const eventsOf = ({ events }: Plant, code: string): string[] =>
  events.filter((event) => event.code === code).map(({ source, endMs }) => `${source} ${endMs === null ? 'starts' : 'ends'}`);
const qualitiesOf = ({ field }: Plant, id: string, type: Profile): Record<string, string | undefined> =>
  Object.fromEntries(type.points.map((each) => [each.id, field.latest(`${id}.${each.id}`)?.quality]));
const allOf = (type: Profile, quality: string, but: Record<string, string> = {}): Record<string, string> => ({
  ...Object.fromEntries(type.points.map(({ id }) => [id, quality])),
  ...but,
});

// ── slow and silent blocks ───────────────────────────────────────────────────────────────────────────────────────────

for (const slowMs of [1, 25, 80, 150, 199, 300, 600, 900]) {
  t.test(`a block that takes ${slowMs} ms is read though its neighbours take 5 ms, and the unit is never reported as silent`, async (t) => {
    const plant = await started(t, { devices: { M1: METER } }, ({ unit }) =>
      pace(unit('M1'), (request) => (coversRegister(request, 'input:342') ? slowMs : 5)),
    );
    const states = new Set<string | undefined>();
    for (let second = 0; second < 600; second++) {
      await plant.clock.advance(1_000);
      states.add(plant.field.devices()[0]?.state);
      if (second === 120) t.same(qualitiesOf(plant, 'M1', METER), allOf(METER, 'good'));
    }
    t.same(qualitiesOf(plant, 'M1', METER), allOf(METER, 'good'));
    t.same(plant.alive, ['M1 up']);
    t.same(plant.events, []);
    t.notOk(states.has('silent'));
  });
}

for (const [story, type, silent, id] of [
  ['in the middle of a block', BLOCK, 'input:5', 'v5'],
  ['at the start of a block', BLOCK, 'input:0', 'v0'],
  ['that is a block of its own', METER, 'input:342', 'energy'],
] as const) {
  t.test(`a register ${story} that is never answered costs the others nothing, and is read once it answers`, async (t) => {
    let isSilent = true;
    const plant = await started(t, { devices: { M1: type } }, ({ unit }) =>
      pace(unit('M1'), (request) => (isSilent && coversRegister(request, silent) ? null : 5)),
    );
    await plant.clock.advance(60_000);
    t.same(qualitiesOf(plant, 'M1', type), allOf(type, 'good', { [id]: 'missing' }));
    t.same(plant.alive, ['M1 up']);
    const sinceMono = plant.clock.monoMs();
    const readings = plant.readings.length;
    let worst = 0;
    for (let second = 0; second < 3_600; second++) {
      await plant.clock.advance(1_000);
      if (plant.field.devices()[0]?.state === 'silent') worst++;
    }
    t.equal(worst, 0, 'never silent');
    t.notOk(plant.readings.slice(readings).some(({ pointId, quality }) => pointId !== `M1.${id}` && quality !== 'good'));
    t.same(plant.events, []);
    const tries = plant
      .unit('M1')
      .asked.filter(({ atMono, what }) => atMono > sinceMono && isRead(what, silent))
      .map(({ atMono }) => atMono);
    const pauses = tries.slice(1).map((mono, i) => mono - (tries[i] as number));
    t.ok(tries.length >= 6 && tries.length <= 16, `${tries.length} requests in an hour`);
    t.ok(Math.max(...pauses) < 620_000, `${Math.max(...pauses)} ms from one to the next at most`);
    t.match(plant.field.bus.stats()[0]?.units[0], { unanswered: [id], refused: [] });
    isSilent = false;
    await plant.clock.advance(620_000);
    t.same(qualitiesOf(plant, 'M1', type), allOf(type, 'good'));
    const healedMono = plant.clock.monoMs();
    await plant.clock.advance(60_000);
    const whole = new Set(requestsOf(plant, 'M1', 'read', healedMono).map(({ what }) => what));
    t.equal(whole.size, type === BLOCK ? 1 : 3, `together again: ${[...whole]}`);
  });
}

function isRead(what: string, place: string): boolean {
  const [, table = '', address = '', count = ''] = /read (\w+):(\d+)\+(\d+)/.exec(what) ?? [];
  return (
    table === place.split(':')[0] &&
    coversRegister({ kind: 'read', table: 'input', address: Number(address), count: Number(count) }, `input:${place.split(':')[1]}`)
  );
}

t.test('a unit that does not answer long reads is read in pieces, and that is remembered', async (t) => {
  const plant = await started(t, { devices: { M1: BLOCK } }, ({ unit }) => pace(unit('M1'), ({ count }) => (count > 4 ? null : 5)));
  await plant.clock.advance(120_000);
  t.same(qualitiesOf(plant, 'M1', BLOCK), allOf(BLOCK, 'good'));
  const before = plant.field.lines()[0]?.timeouts ?? 0;
  await plant.clock.advance(600_000);
  t.equal(plant.field.lines()[0]?.timeouts, before, 'no more are lost');
  t.same(plant.alive, ['M1 up']);
});

t.test('sixty units with a silent register each cost their line next to nothing, and urgent levels do not wait for them', async (t) => {
  const plant = await started(t, { devices: many(60, LAMP) }, ({ units }) => {
    for (const unit of units.values()) pace(unit, (request) => (coversRegister(request, 'input:11') ? null : 3));
  });
  await plant.clock.advance(600_000);
  t.ok(plant.field.devices().every(({ state }) => state === 'ok'));
  const before = plant.field.lines()[0]?.timeouts ?? 0;
  await plant.clock.advance(600_000);
  const sharePct = (100 * ((plant.field.lines()[0]?.timeouts ?? 0) - before) * (200 + 12)) / 600_000;
  t.ok(sharePct > 0 && sharePct <= 2.2, `${sharePct.toFixed(2)} % of the line`);
  let worstMs = 0;
  for (let i = 0; i < 60; i++) {
    const askedMono = plant.clock.monoMs();
    const { sentMono } = await settled(plant, plant.write(`L${i + 1}`, 1 + i));
    worstMs = Math.max(worstMs, (sentMono ?? Number.POSITIVE_INFINITY) - askedMono);
    await plant.clock.advance(370);
  }
  t.ok(worstMs <= 200 + 20, `${worstMs.toFixed(0)} ms: no longer than one request without a reply`);
});

for (const laterMs of [5, 20, 40, 80, 150]) {
  t.test(`a unit that becomes ${laterMs} ms slower is not called silent while its replies arrive`, async (t) => {
    const plant = await started(t, { devices: { L1: LAMP, L2: LAMP } });
    await plant.clock.advance(120_000);
    const lamp = plant.unit('L1');
    lamp.turnaroundMs += laterMs;
    const readings = plant.readings.length;
    for (let tenth = 0; tenth < 1_200; tenth++) {
      await plant.clock.advance(100);
      if (plant.field.devices()[0]?.state === 'silent') t.fail(`silent after ${tenth / 10} s`);
    }
    t.same(plant.alive, ['L1 up', 'L2 up']);
    t.same(plant.events, []);
    t.notOk(plant.readings.slice(readings).some(({ quality }) => quality !== 'good'));
    t.match(plant.field.latest('L1.level'), { quality: 'good' });
  });
}

for (const slowMs of [1_500, 2_000, 4_500]) {
  t.test(
    `a unit that slows down to ${slowMs} ms is not reported as silent, its neighbour is read, and it is healthy when it is fast again`,
    async (t) => {
      const plant = await started(t, { devices: { L1: LAMP, L2: LAMP } });
      await plant.clock.advance(60_000);
      plant.unit('L1').turnaroundMs = slowMs;
      await plant.clock.advance(600_000);
      t.ok(plant.alive.length <= 3, `${plant.alive}`);
      t.ok(
        plant.events.some(({ code }) => code === 'unit-no-data' || code === 'unit-silent'),
        'and an event reports it',
      );
      t.match(plant.field.latest('L2.level'), { quality: 'good' });
      t.not(plant.field.latest('L1.level')?.quality, 'good');
      plant.unit('L1').turnaroundMs = 3;
      await plant.clock.advance(120_000);
      t.same(qualitiesOf(plant, 'L1', LAMP), allOf(LAMP, 'good'));
      t.match(plant.field.devices()[0], { state: 'ok' });
    },
  );
}

// ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** All that a lamp is read for. */
const PLACES = ['holding:0', 'input:10', 'input:11', 'input:12'];

for (const exception of [1, 2, 3, 4, 6]) {
  t.test(
    `a dimmer that answers exception ${exception} a dozen times and then is well is read whole again, after a restart too`,
    async (t) => {
      const memory = memoryOf();
      let left = 12;
      const refuse = (plant: Plant): void => {
        const lamp = plant.unit('L1');
        const { read } = lamp;
        lamp.read = (...request) => {
          const words = read(...request);
          return left-- > 0 ? { exception } : words;
        };
      };
      const plant = await started(t, { devices: { L1: LAMP, L2: LAMP }, memory }, refuse);
      await plant.clock.advance(90_000);
      t.same(qualitiesOf(plant, 'L1', LAMP), allOf(LAMP, 'good'));
      t.same(eventsOf(plant, 'level-not-read').length % 2, 0, 'each event that started has ended');
      await plant.field.stop();
      const second = await started(t, { devices: { L1: LAMP, L2: LAMP }, memory });
      await second.clock.advance(40_000);
      t.same(qualitiesOf(second, 'L1', LAMP), allOf(LAMP, 'good'));
    },
  );
}

t.test('a unit that refuses everything still gets a request every ten seconds, so that it does not use its failsafe level', async (t) => {
  const plant = await started(t, { devices: { L1: LAMP } }, ({ unit }) => {
    for (const at of PLACES) unit('L1').refusals.set(at, 2);
  });
  await plant.clock.advance(3_600_000);
  const times = plant.unit('L1').asked.map(({ atMono }) => atMono);
  const pauses = [...times.slice(1), plant.clock.monoMs()].map((mono, i) => mono - (times[i] as number));
  t.ok(Math.max(...pauses) <= 11_000, `${Math.max(...pauses)} ms without a request`);
  t.ok(times.length < 3_600, `${times.length} requests in an hour`);
  plant.unit('L1').refusals.clear();
  await plant.clock.advance(15_000);
  t.same(qualitiesOf(plant, 'L1', LAMP), allOf(LAMP, 'good'));
});

t.test('a read that a unit refuses completely is requested again after a restart; a partly refused one not for a while', async (t) => {
  const run = async (memory: ReturnType<typeof memoryOf>, refused: readonly string[]): Promise<Plant> => {
    const plant = await started(t, { devices: { L1: LAMP }, memory }, ({ unit }) => {
      for (const at of refused) unit('L1').refusals.set(at, 2);
    });
    await plant.clock.advance(70_000);
    await plant.field.stop();
    return plant;
  };
  const all = memoryOf();
  await run(all, PLACES);
  t.same(qualitiesOf(await run(all, []), 'L1', LAMP), allOf(LAMP, 'good'));
  const one = memoryOf();
  await run(one, ['input:11']);
  const again = await run(one, ['input:11']);
  t.same(
    again.askedSince('L1', 0).filter((what) => isRead(what, 'input:11')),
    [],
  );
  t.same(qualitiesOf(again, 'L1', LAMP), { ...allOf(LAMP, 'good'), load: undefined });
});

for (const [story, prepare, quality] of [
  ['refused', (plant: Plant) => plant.unit('L1').refusals.set('holding:0', 2), 'bad'],
  ['not answered', (plant: Plant) => pace(plant.unit('L1'), (request) => (coversRegister(request, 'holding:0') ? null : 3)), 'missing'],
] as const) {
  t.test(`a level that is ${story} is an event, over a restart too, and has no value`, async (t) => {
    const memory = memoryOf();
    for (const run of ['first', 'second']) {
      const plant = await started(t, { devices: { L1: LAMP }, memory }, prepare);
      await plant.clock.advance(100_000);
      t.same(eventsOf(plant, 'level-not-read'), ['L1.level starts'], run);
      t.match(plant.events[0], { severity: 'warning', text: /^L1\.level cannot be read, whether its lamp follows is not known; / });
      t.match(plant.field.latest('L1.level'), { quality, value: null });
      t.match(plant.field.latest('L1.load'), { quality: 'good' });
      t.match(plant.field.devices()[0], { state: 'ok' });
      await plant.field.stop();
    }
  });
}

// ── answers without data ─────────────────────────────────────────────────────────────────────────────────────────────

for (const exception of [4, 6]) {
  t.test(`a unit that answers exception ${exception} for ever: its old values are reported as stale once, in one event`, async (t) => {
    const plant = await started(t, { devices: { L1: LAMP } });
    await plant.clock.advance(60_000);
    const readings = plant.readings.length;
    for (const at of PLACES) plant.unit('L1').refusals.set(at, exception);
    await plant.clock.advance(3_600_000);
    const said = plant.readings.slice(readings).filter(({ quality }) => quality !== 'good');
    t.same(
      said
        .filter(({ quality }) => quality === 'stale')
        .map(({ pointId, value }) => `${pointId} ${value}`)
        .sort(),
      ['L1.fault 0', 'L1.level 0', 'L1.load 0', 'L1.temperature 0'],
    );
    t.same(eventsOf(plant, 'unit-no-data'), ['L1 starts']);
    t.match(
      plant.events.find(({ code }) => code === 'unit-no-data'),
      { severity: 'warning', text: new RegExp(`^L1 answers, but gives no data: unit 1 answered with exception ${exception}: `) },
    );
    t.match(plant.field.devices()[0], { state: 'ok' });
    plant.unit('L1').refusals.clear();
    await plant.clock.advance(120_000);
    t.same(qualitiesOf(plant, 'L1', LAMP), allOf(LAMP, 'good'));
    t.same(eventsOf(plant, 'unit-no-data'), ['L1 starts', 'L1 ends']);
  });
}

for (const exception of [10, 11]) {
  t.test(`exception ${exception} is a gateway's, not the unit's: the unit is silent`, async (t) => {
    const plant = await started(t, { devices: { L1: LAMP } });
    await plant.clock.advance(60_000);
    for (const at of [...PLACES, 'holding:100', 'holding:101']) plant.unit('L1').refusals.set(at, exception);
    await plant.clock.advance(60_000);
    t.match(plant.field.devices()[0], { state: 'silent' });
    t.same(eventsOf(plant, 'unit-silent'), ['L1 starts']);
    t.same(qualitiesOf(plant, 'L1', LAMP), allOf(LAMP, 'missing'));
  });
}

t.test('a line that goes down during the retry of a refused register does not make it a silent one', async (t) => {
  const plant = await started(t, { devices: { L1: LAMP } }, ({ unit }) => void unit('L1').refusals.set('input:11', 2));
  const isolated = (): unknown => plant.field.bus.stats()[0]?.units.map(({ refused, unanswered }) => [refused, unanswered]);
  await plant.clock.advance(2_000);
  t.same(isolated(), [[['load'], []]]);
  const sinceMono = plant.clock.monoMs();
  while (!plant.askedSince('L1', sinceMono).includes('read input:11+1') && plant.clock.monoMs() < sinceMono + 30_000)
    await plant.clock.advance(1);
  plant.sim.unplug();
  await plant.clock.advance(100);
  t.same(isolated(), [[['load'], []]]);
});

t.test('a presence input that is refused for a while is found again within seconds', async (t) => {
  const plant = await started(t, { devices: { S1: SENSOR, L1: LAMP } });
  plant.unit('S1').refusals.set('input:280', 2);
  await plant.clock.advance(90_000);
  plant.unit('S1').refusals.clear();
  await plant.clock.advance(11_000);
  t.match(plant.field.latest('S1.motion'), { quality: 'good' });
});
