import t from 'tap';
import { createPlant, LAMP, point, profile, SENSOR } from '../plant.ts';
import { eventsOf, many, plantWith, resultOf, SET_UP } from './line-plant.ts';

// ── set-up ───────────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('set-up registers are looked at, and written only when they differ', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP } });
  t.teardown(() => plant.field.stop());
  plant.unit('L1').registers.set('holding:100', 7);
  await plant.field.start();
  await plant.clock.advance(2_000);
  t.same(
    plant
      .unit('L1')
      .asked.map(({ what }) => what)
      .filter((what) => /:10[01]/.test(what)),
    ['read holding:100+2', 'write holding:101=1500', 'read holding:101+1'],
    'and proven',
  );
  t.match(
    plant.log.filter(({ name }) => name === 'unit-set-up'),
    [{ fields: { device: 'L1', address: 101, was: 0, value: 1_500 } }],
  );
});

t.test('a level that a factory-new unit refuses is sent again once the unit is set up, and has not failed', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP } });
  t.teardown(() => plant.field.stop());
  const unit = plant.unit('L1');
  const write = unit.write;
  const isReady = (): boolean => unit.registers.get('holding:101') === 1_500;
  unit.write = (table, address, values) => {
    if (address !== 0 || isReady()) return write(table, address, values);
    unit.asked.push({ atMono: plant.clock.monoMs(), what: 'refused' });
    return { exception: 3 };
  };
  await plant.field.start();
  t.match(await resultOf(plant, plant.write('L1', 40)), { state: 'verified' });
  const asked = unit.asked.map(({ what }) => what).filter((what) => /refused|write/.test(what));
  t.same(
    asked,
    ['refused', 'write holding:100=7', 'write holding:101=1500', 'write holding:0=40'],
    'asked once before, not again and again',
  );
  unit.write = (table, address, values) => (address === 0 ? { exception: 3 } : write(table, address, values));
  t.match(await resultOf(plant, plant.write('L1', 50)), { state: 'failed', reason: /exception 3/ }, 'refused by one that is ready, it has');
});

t.test(
  'factory-new lamps next to sensors that fill the line are lit within seconds, and the sensors are polled during that time',
  async (t) => {
    const lamps = Array.from({ length: 12 }, (_, n) => `L${n + 1}`);
    const plant = createPlant({ devices: { ...Object.fromEntries(lamps.map((id) => [id, LAMP])), S1: SENSOR, S2: SENSOR } });
    t.teardown(() => plant.field.stop());
    for (const id of lamps) {
      const unit = plant.unit(id);
      const { write } = unit;
      const isReady = (): boolean => unit.registers.get('holding:101') === 1_500;
      unit.write = (table, address, values) => (address !== 0 || isReady() ? write(table, address, values) : { exception: 3 });
    }
    // Slower than they are asked, as on a line that asks twice for a minute after a late reply.
    for (const id of ['S1', 'S2']) plant.unit(id).turnaroundMs = 90;
    await plant.field.start();
    await plant.clock.advance(1_000);
    const fromMono = plant.clock.monoMs();
    const results = lamps.map((id) => plant.write(id, 40, { lane: 'command', ttlMs: 60_000 }));
    for (const result of results) t.match(await resultOf(plant, result), { state: 'verified' });
    const tookMs = plant.clock.monoMs() - fromMono;
    t.ok(tookMs < 10_000, `all lit after ${tookMs} ms`);
    for (const id of ['S1', 'S2'])
      t.ok(plant.askedSince(id, fromMono).length >= 5, `${id} was asked ${plant.askedSince(id, fromMono).length} times`);
  },
);

t.test('a unit whose uptime falls has restarted: it is set up again, and the log reports it', async (t) => {
  const watched = profile('watched', [...LAMP.points, point('uptime', { address: 20, poll: 'slow' })], {
    setup: LAMP.setup,
    uptime: 'uptime',
  });
  const plant = createPlant({ devices: { L1: watched } });
  t.teardown(() => plant.field.stop());
  const { registers } = plant.unit('L1');
  registers.set('input:20', 500);
  await plant.field.start();
  await plant.clock.advance(40_000);
  registers.set('input:20', 530).set('holding:101', 9);
  await plant.clock.advance(40_000);
  t.equal(registers.get('holding:101'), 9, 'an uptime that grows says nothing');
  registers.set('input:20', 3);
  await plant.clock.advance(40_000);
  t.equal(registers.get('holding:101'), 1_500);
  t.match(
    plant.log.filter(({ name }) => name === 'unit-restarted'),
    [{ fields: { device: 'L1', uptime: 3, before: 530 } }],
  );
  t.same(plant.alive, ['L1 up'], 'it was not missed');
});

t.test('a set-up register that does not keep its value is reported once, however often the unit returns', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP } });
  t.teardown(() => plant.field.stop());
  const lamp = plant.unit('L1');
  lamp.deaf = true;
  await plant.field.start();
  const returns = async (): Promise<void> => {
    await plant.clock.advance(10_000);
    plant.sim.silence(1);
    await plant.clock.advance(20_000);
    plant.sim.revive(1);
    await plant.clock.advance(30_000);
  };
  const writes = (): string[] => lamp.asked.filter(({ what }) => what.startsWith('write')).map(({ what }) => what);
  await returns();
  await returns();
  t.same(writes(), ['write holding:100=7', 'write holding:101=1500'], 'written once, for it lies in flash');
  t.same(eventsOf(plant, 'unit-not-set-up'), ['L1 starts'], 'and both are reported once, together');
  t.equal(
    String(plant.events.find(({ code }) => code === 'unit-not-set-up')?.text),
    'L1 is not set up, holding 100 (a fixed value): reads back 0, wrote 7, holding 101 (a value of the site): reads back 0, wrote 1500; check that its profile fits its model and firmware',
  );
  lamp.registers.set('holding:100', 3);
  lamp.deaf = false;
  await returns();
  t.same(writes().slice(2), ['write holding:100=7'], 'another value is put right at once');
  t.same(eventsOf(plant, 'unit-not-set-up').slice(1), ['L1 ends', 'L1 starts'], 'the current mismatch is reported');
  await plant.clock.advance(86_400_000);
  await returns();
  t.same(writes().slice(3), ['write holding:101=1500'], 'the same one a day later');
  t.same(eventsOf(plant, 'unit-not-set-up').slice(3), ['L1 ends'], 'then all is well');
});

t.test('a lamp that is only ever written is found again and set up again too', async (t) => {
  const [level] = LAMP.points;
  const mute = profile('mute', [point('level', { ...level, poll: 'never' })], { setup: LAMP.setup });
  const plant = createPlant({ devices: { L1: mute } });
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  t.match(await resultOf(plant, plant.write('L1', 40)), { state: 'verified' });
  await plant.clock.advance(1_000);
  plant.sim.silence(1);
  t.match(await resultOf(plant, plant.write('L1', 50, { ttlMs: 30_000 })), { state: 'failed' });
  await plant.clock.advance(60_000);
  plant.unit('L1').registers.clear();
  plant.sim.revive(1);
  await plant.clock.advance(61_000);
  t.match(plant.field.devices()[0], { state: 'ok' });
  t.same([...plant.unit('L1').registers], SET_UP);
});

const stubborn: [story: string, exception: number, tries: number][] = [
  ['does not know', 2, 1],
  ['is always too busy for', 6, 3],
  ['fails at', 4, 3],
];

for (const [story, exception, tries] of stubborn) {
  t.test(`a set-up register that the unit ${story} is left out, and the rest is done`, async (t) => {
    const plant = createPlant({ devices: { L1: LAMP } });
    t.teardown(() => plant.field.stop());
    plant.unit('L1').refusals.set('holding:100', exception);
    await plant.field.start();
    await plant.clock.advance(5_000);
    t.equal(plant.unit('L1').asked.filter(({ what }) => what === 'read holding:100+1').length, tries);
    const mismatches = plant.events.filter(({ code }) => code === 'unit-not-set-up');
    t.match(mismatches, [
      { source: 'L1', severity: 'warning', endMs: null, text: /^L1 is not set up, holding 100 \(a fixed value\): unit 1/ },
    ]);
    t.equal(plant.unit('L1').registers.get('holding:101'), 1_500);
    t.match(plant.field.latest('L1.level'), { quality: 'good' });
    plant.unit('L1').refusals.clear();
    plant.sim.silence(1);
    await plant.clock.advance(20_000);
    t.same(eventsOf(plant, 'unit-not-set-up'), ['L1 starts'], 'silence mends nothing');
    plant.sim.revive(1);
    await plant.clock.advance(60_000);
    t.same(eventsOf(plant, 'unit-not-set-up'), ['L1 starts', 'L1 ends'], 'a new one that takes it does');
  });
}

t.test('a lost read of a set-up register does not delay the line', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP, L2: LAMP } });
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  await plant.clock.advance(15);
  plant.sim.delayNext(1, 600);
  // A register that has not been read yet has the timeout of the profile: 200 ms.
  await plant.clock.advance(320);
  t.match(plant.field.lines()[0], { timeouts: 1 });
  t.match(plant.unit('L1').asked[1], { what: 'read holding:100+2' }, 'the one that is still to come');
  const result = await resultOf(plant, plant.write('L2', 50));
  t.match(result, { state: 'verified' });
  t.ok((result.sentMono ?? 0) < 335 + 30, `sent at ${result.sentMono} ms`);
  await plant.clock.advance(2_000);
  t.equal(plant.unit('L1').registers.get('holding:100'), 7, 'it is done when the late reply has passed');
});

t.test('a street that is being set up is polled at the same time', async (t) => {
  const setup = Array.from({ length: 8 }, (_, i) => ({ table: 'holding' as const, address: 100 + i, value: 7, why: 'a test' }));
  const plant = await plantWith(t, { devices: many(20, profile('long', LAMP.points, { setup })) }, false);
  await plant.clock.advance(2_000);
  t.equal(plant.field.devices().filter(({ state }) => state === 'ok').length, 20);
  // All registers have equal values, so each is read twice before it is trusted.
  await plant.clock.advance(10_000);
  t.ok([...plant.units.values()].every(({ registers }) => registers.get('holding:107') === 7));
});

t.test('setting up a street does not delay presence', async (t) => {
  const plant = await plantWith(t, { devices: { ...many(20, LAMP), S1: SENSOR } }, false);
  await plant.clock.advance(5_000);
  const times = plant.unit('S1').asked.map(({ atMono }) => atMono);
  const pauses = times.slice(1).map((mono, i) => mono - (times[i] as number));
  t.ok(Math.max(...pauses) < 150, `longest pause ${Math.max(...pauses).toFixed(0)} ms`);
  t.ok(
    [...plant.units].every(([id, { registers }]) => id === 'S1' || registers.get('holding:101') === 1_500),
    'and yet all are set up',
  );
});

t.test('a set-up register is written at most twice a day, also if the line fails during each write', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP } });
  t.teardown(() => plant.field.stop());
  const unit = plant.unit('L1');
  const { write } = unit;
  unit.write = (table, address, values) => {
    if (address !== 100) return write(table, address, values);
    unit.asked.push({ atMono: plant.clock.monoMs(), what: 'lost' });
    plant.sim.unplug();
    return undefined;
  };
  await plant.field.start();
  for (let failures = 0; failures < 5; failures++) {
    await plant.clock.advance(20_000);
    plant.sim.replug();
    await plant.clock.advance(120_000);
  }
  t.equal(unit.asked.filter(({ what }) => what === 'lost').length, 2);
  t.equal(unit.registers.get('holding:101'), 1_500, 'the others are written');
});

t.test(
  'a level that waits for the set-up of a lamp does not wait for those of the others, also if the lamp restarts meanwhile',
  async (t) => {
    const uptime = point('uptime', { address: 20, poll: 'fast' });
    const setup = Array.from({ length: 60 }, (_, i) => ({ table: 'holding' as const, address: 100 + i, value: 7, why: 'a test' }));
    const watched = profile('watched', [...LAMP.points, uptime], { setup, uptime: 'uptime' });
    const plant = createPlant({ devices: many(12, watched), broadcast: false });
    t.teardown(() => plant.field.stop());
    const unit = plant.unit('L12');
    const { write } = unit;
    const isReady = (): boolean => unit.registers.get('holding:159') === 7;
    unit.write = (table, address, values) => (address !== 0 || isReady() ? write(table, address, values) : { exception: 3 });
    unit.registers.set('input:20', 500);
    await plant.field.start();
    for (let n = 0; n < 1_000 && plant.field.latest('L12.uptime') === undefined; n++) await plant.clock.advance(10);
    const result = plant.write('L12', 40, { lane: 'command', ttlMs: 60_000 });
    for (let n = 0; n < 1_000 && !unit.registers.has('holding:110'); n++) await plant.clock.advance(10);
    unit.registers.set('input:20', 1);
    for (const i of setup.keys()) unit.registers.delete(`holding:${100 + i}`);
    for (let n = 0; n < 1_000 && plant.log.every(({ name }) => name !== 'unit-restarted'); n++) await plant.clock.advance(10);
    const fromMono = plant.clock.monoMs();
    t.match(await resultOf(plant, result), { state: 'verified' });
    const others = [...plant.units.values()].filter(({ registers }) => registers.get('holding:159') === 7);
    t.equal(others.length, 1, `lit ${plant.clock.monoMs() - fromMono} ms later, before the others are set up`);
  },
);

t.test('failed steps do not block the line when they are tried again while a late reply could be mistaken for theirs', async (t) => {
  const setup = [{ table: 'holding' as const, address: 100, value: 7, why: 'a test' }];
  const [level] = LAMP.points;
  const lamp = profile('lamp', [point('level', { ...level, poll: 'never' }), point('load', { address: 10, poll: 'fast' })], { setup });
  const plant = createPlant({ devices: { L1: lamp, S1: SENSOR } });
  t.teardown(() => plant.field.stop());
  const unit = plant.unit('L1');
  unit.refusals.set('holding:100', 2);
  await plant.field.start();
  await plant.clock.advance(1_000);
  const triedMono = (): number => unit.asked.findLast(({ what }) => what === 'read holding:100+1')?.atMono ?? 0;
  const againMono = triedMono() + 60_000;
  await plant.clock.advance(againMono - 400 - plant.clock.monoMs());
  const { read } = unit;
  let lostMono = 0;
  unit.read = (...request) => {
    const isLost = lostMono === 0 && request[0] === 'holding';
    unit.turnaroundMs = isLost ? 5_000 : 3;
    if (isLost) lostMono = plant.clock.monoMs();
    return read(...request);
  };
  void plant.write('L1', 40);
  await plant.clock.advance(5_000);
  const polledMono = plant.unit('S1').asked.map(({ atMono }) => atMono);
  const pauses = polledMono.slice(1).map((mono, i) => mono - (polledMono[i] as number));
  t.ok(lostMono > 0 && triedMono() > lostMono + 1_000, 'they wait');
  t.ok(Math.max(...pauses) < 400, `the longest pause of another unit is ${Math.max(...pauses)} ms`);
});
