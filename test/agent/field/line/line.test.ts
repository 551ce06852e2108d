import t from 'tap';
import { createRandom } from '../../../street/random.ts';
import { writable } from '../../../support/profiles.ts';
import { createPlant, LAMP, type Plant, point, profile, SENSOR } from '../plant.ts';
import { eventsOf, LINE_CHAR_MS, many, plantWith, resultOf, SET_UP } from './line-plant.ts';

// ── readings ─────────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('readings carry value, quality and the time the question left', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, S1: SENSOR } });
  plant.unit('L1').registers.set('holding:0', 40).set('input:10', 41);
  plant.unit('S1').registers.set('input:280', 380);
  await plant.clock.advance(500);
  const { field } = plant;
  t.match(field.latest('L1.level'), { value: 40, quality: 'good' });
  t.match(field.latest('L1.temperature'), { value: 41, quality: 'good' });
  t.match(field.latest('S1.motion'), { value: 380, quality: 'good' });
  t.equal(field.latest('L1.nothing'), undefined);
  t.equal(field.readings().length, 5);
  const reading = field.latest('L1.level');
  const asked = plant.unit('L1').asked.findLast(({ what }) => what === 'read holding:0+1');
  t.ok(Math.abs((asked?.atMono ?? 0) - (reading?.atMono ?? 0) - 8 * LINE_CHAR_MS) < 0.001, 'not when the answer came');
  t.ok(Math.abs((reading?.atMs ?? 0) - Date.parse('2026-01-15T22:00:00Z') - (reading?.atMono ?? 0)) <= 1, 'in wall time too');
});

t.test('values that a unit cannot measure or that are impossible are bad, never a number', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  plant.unit('L1').registers.set('holding:0', 0xffff);
  await plant.clock.advance(500);
  t.match(plant.field.latest('L1.level'), { value: null, quality: 'bad' }, 'a sentinel');
  plant.unit('L1').registers.set('holding:0', 140);
  await plant.clock.advance(6_000);
  t.match(plant.field.latest('L1.level'), { value: null, quality: 'bad' }, 'out of range');
});

t.test('each class keeps its pace, and the line keeps its silence', async (t) => {
  const plant = await plantWith(t, { devices: { ...many(4, LAMP), S1: SENSOR } });
  await plant.clock.advance(1_000);
  const sinceMono = plant.clock.monoMs();
  await plant.clock.advance(60_000);
  const count = (id: string, what: string): number => plant.askedSince(id, sinceMono).filter((asked) => asked === what).length;
  t.ok(Math.abs(count('S1', 'read input:280+1') - 600) <= 12, `${count('S1', 'read input:280+1')} of 600 presence polls`);
  t.equal(count('L1', 'read holding:0+1'), 12);
  t.equal(count('L1', 'read input:10+3'), 2, 'three quantities in one question');
  t.match(plant.sim.stats, { gapViolations: 0, collisions: 0, badRequests: 0 });
});

t.test('a reading that is not renewed becomes stale by its age', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  await plant.clock.advance(1_000);
  await plant.field.stop();
  await plant.clock.advance(14_000);
  t.match(plant.field.latest('L1.level'), { value: 0, quality: 'good' }, 'three periods are not too old');
  await plant.clock.advance(3_000);
  t.match(plant.field.latest('L1.level'), { value: 0, quality: 'stale' });
  t.match(plant.field.latest('L1.temperature'), { quality: 'good' }, 'a slow point has more time');
  t.equal(plant.field.readings().find(({ pointId }) => pointId === 'L1.level')?.quality, 'stale');
});

t.test('a device that needs rest gets it', async (t) => {
  const meter = profile('meter', [point('power', { address: 0, poll: 'fast' })], { quirks: { ...LAMP.quirks, minGapMs: 60 } });
  const plant = await plantWith(t, { devices: { M1: meter, S1: SENSOR }, periodsMs: { fast: 10, normal: 10, slow: 10 } });
  await plant.clock.advance(3_000);
  const times = plant.unit('M1').asked.map(({ atMono }) => atMono);
  const pauses = times.slice(1).map((mono, i) => mono - (times[i] as number));
  t.ok(
    times.length > 30 && Math.min(...pauses) >= 60 + 8 * LINE_CHAR_MS,
    `${times.length} questions, shortest pause ${Math.min(...pauses)} ms`,
  );
});

t.test('a lamp that needs rest gets it between polls, levels and proofs too', async (t) => {
  const gateway = profile('gateway', LAMP.points, { quirks: { ...LAMP.quirks, minGapMs: 60 } });
  const plant = await plantWith(t, { devices: { L1: gateway, L2: LAMP } });
  await plant.clock.advance(5_000);
  for (let i = 0; i < 60; i++) {
    void plant.write('L1', i);
    await plant.clock.advance(137);
  }
  const times = plant.unit('L1').asked.map(({ atMono }) => atMono);
  const shortest = Math.min(...times.slice(1).map((mono, i) => mono - (times[i] as number)));
  t.ok(plant.unit('L1').registers.get('holding:0') === 59 && shortest >= 60 + 8 * LINE_CHAR_MS, `shortest pause ${shortest} ms`);
});

// ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('a refused register leaves the plan and its neighbours stay', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP } });
  t.teardown(() => plant.field.stop());
  const unit = plant.unit('L1');
  for (const [at, value] of SET_UP) unit.registers.set(at, value);
  unit.registers.set('input:10', 41).set('input:12', 1);
  unit.refusals.set('input:11', 2);
  await plant.field.start();
  await plant.clock.advance(2_000);
  t.match(plant.field.latest('L1.temperature'), { value: 41, quality: 'good' });
  t.match(plant.field.latest('L1.fault'), { value: 1, quality: 'good' });
  t.match(plant.field.latest('L1.load'), { value: null, quality: 'bad' });
  t.match(plant.field.latest('L1.level'), { quality: 'good' });
  const sinceMono = plant.clock.monoMs();
  await plant.clock.advance(120_000);
  const asked = plant.askedSince('L1', sinceMono);
  t.same(
    asked.filter((what) => /input:11|input:10\+[23]/.test(what)),
    ['read input:11+1', 'read input:11+1', 'read input:11+1'],
    'it is requested alone, after 10 s, 20 s and 40 s more',
  );
  t.equal(asked.filter((what) => what === 'read input:12+1').length, 4);
  t.equal(plant.field.lines()[0]?.timeouts, 0, 'a refusal is an answer');
  unit.refusals.clear();
  plant.sim.silence(1);
  await plant.clock.advance(20_000);
  plant.sim.revive(1);
  await plant.clock.advance(60_000);
  t.match(plant.field.latest('L1.load'), { value: 0, quality: 'good' }, 'after it has been away it is requested at once');
});

t.test(
  'a register at which the unit fails while it answers others is isolated too, and tried again ever more rarely, in the end each ten minutes',
  async (t) => {
    const plant = await plantWith(t, { devices: { L1: LAMP } });
    const unit = plant.unit('L1');
    unit.registers.set('input:10', 41).set('input:12', 1);
    unit.refusals.set('input:11', 4);
    await plant.clock.advance(2_000);
    t.match(plant.field.latest('L1.temperature'), { value: 41, quality: 'good' }, 'its neighbours have their values at once');
    t.match(plant.field.latest('L1.fault'), { value: 1, quality: 'good' });
    await plant.clock.advance(120_000);
    t.match(plant.field.latest('L1.load'), { value: null, quality: 'bad' });
    t.same(plant.field.bus.stats()[0]?.units[0]?.refused, ['load']);
    const sinceMono = plant.clock.monoMs();
    await plant.clock.advance(300_000);
    const asked = plant.askedSince('L1', sinceMono);
    const tries = (all: readonly string[]): string[] => all.filter((what) => /input:11|input:10\+[23]/.test(what));
    t.same(new Set(tries(asked)), new Set(['read input:11+1']), 'alone');
    t.ok(tries(asked).length <= 3, 'and rarely');
    t.equal(asked.filter((what) => what === 'read input:12+1').length, 10);
    await plant.clock.advance(1_000_000);
    const againMono = plant.clock.monoMs();
    await plant.clock.advance(3_600_000);
    t.match(plant.field.latest('L1.load'), { quality: 'bad' }, 'tried again in vain');
    t.same(new Set(tries(plant.askedSince('L1', againMono))), new Set(['read input:11+1']));
    t.equal(tries(plant.askedSince('L1', againMono)).length, 6);
    unit.refusals.clear();
    await plant.clock.advance(600_000);
    t.match(plant.field.latest('L1.load'), { value: 0, quality: 'good' }, 'and then with success');
    t.match(plant.field.latest('L1.temperature'), { value: 41, quality: 'good' });
    const healedMono = plant.clock.monoMs();
    await plant.clock.advance(30_000);
    t.same(
      plant.askedSince('L1', healedMono).filter((what) => what.includes('input')),
      ['read input:10+3'],
      'together again',
    );
  },
);

t.test('a unit that fails altogether for a while keeps its plan, and is read whole again at once', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  const unit = plant.unit('L1');
  await plant.clock.advance(40_000);
  for (const at of ['holding:0', 'input:10', 'input:11', 'input:12']) unit.refusals.set(at, 4);
  await plant.clock.advance(600_000);
  t.same(plant.field.bus.stats()[0]?.units[0]?.refused, [], 'nothing else was answered either');
  const failedMono = plant.clock.monoMs();
  await plant.clock.advance(60_000);
  t.ok(plant.askedSince('L1', failedMono).length <= 24, `${plant.askedSince('L1', failedMono).length} requests a minute`);
  unit.refusals.clear();
  unit.registers.set('input:11', 7);
  await plant.clock.advance(31_000);
  t.match(plant.field.latest('L1.load'), { value: 7, quality: 'good' });
  const sinceMono = plant.clock.monoMs();
  await plant.clock.advance(60_000);
  const whole = plant.askedSince('L1', sinceMono).filter((what) => what.includes('input'));
  t.same([...new Set(whole)], ['read input:10+3']);
});

t.test('a unit that refuses a read padded to even addresses delays no other', async (t) => {
  const quirks = { ...LAMP.quirks, evenAlign: true };
  const pairs = profile('pairs', [point('odd', { address: 3 }), point('wide', { address: 8, type: 'u32' })], { quirks });
  const plant = createPlant({ devices: { M1: pairs, L1: LAMP } });
  t.teardown(() => plant.field.stop());
  plant.unit('M1').refusals.set('input:2', 2);
  await plant.field.start();
  await plant.clock.advance(30_000);
  t.match(plant.field.latest('M1.odd'), { value: null, quality: 'bad' });
  t.match(plant.field.latest('M1.wide'), { value: 0, quality: 'good' });
  t.match(plant.field.latest('L1.level'), { value: 0, quality: 'good' });
  t.ok(plant.askedSince('M1', 0).length < 20, `${plant.askedSince('M1', 0).length} requests`);
});

t.test('set-up and read-back of a unit with even addresses are padded too', async (t) => {
  const quirks = { ...LAMP.quirks, evenAlign: true };
  const setup = [
    { table: 'holding', address: 5, value: 7, why: 'a test' },
    { table: 'coil', address: 3, value: 1, why: 'its channel' },
  ] as const;
  const write = writable({ verify: 'actual', switchedBy: 'on' });
  const points = [
    point('level', { semantic: 'level', table: 'holding', address: 9, range: [0, 100], write }),
    point('actual', { table: 'holding', address: 21, range: [0, 100] }),
    point('on', { table: 'coil', address: 3, type: 'bit', write: writable() }),
  ];
  const plant = createPlant({ devices: { L1: profile('pairs', points, { quirks, setup }) } });
  t.teardown(() => plant.field.stop());
  plant.unit('L1').registers.set('holding:4', 1).set('holding:5', 2).set('holding:21', 40).set('coil:2', 0).set('coil:3', 0);
  await plant.field.start();
  await plant.clock.advance(10_000);
  t.same([plant.unit('L1').registers.get('holding:5'), plant.unit('L1').registers.get('coil:3')], [7, 1]);
  const written = plant.write('L1', 40);
  await plant.clock.advance(5_000);
  t.match(await written, { state: 'verified' });
  t.match(
    plant.events.filter(({ code }) => code === 'unit-not-set-up'),
    [],
  );
  const reads = plant.askedSince('L1', 0).filter((what) => what.startsWith('read'));
  t.same(
    reads.filter((what) => !/:\d*[02468]\+\d*[02468]$/.test(what)),
    [],
  );
});

t.test('a unit that refuses a read across a gap is read without it, and this is kept across a restart', async (t) => {
  const gapped = profile('gapped', [point('a', { address: 0 }), point('b', { address: 2 }), point('c', { address: 3 })]);
  const facts = new Map<string, unknown>();
  const memory = {
    load: async (key: string) => facts.get(key),
    save: async (key: string, value: unknown) => {
      facts.set(key, JSON.parse(JSON.stringify(value)));
      return true;
    },
  };
  const run = async (): Promise<Plant> => {
    const plant = createPlant({ devices: { M1: gapped }, memory });
    t.teardown(() => plant.field.stop());
    plant.unit('M1').refusals.set('input:1', 2).set('input:3', 2);
    await plant.field.start();
    await plant.clock.advance(70_000);
    await plant.field.stop();
    return plant;
  };
  const first = await run();
  t.same(first.askedSince('M1', 0).slice(0, 7), [
    'read input:0+4',
    'read input:0+1',
    'read input:2+2',
    'read input:2+1',
    // Its reply is byte for byte that of the register before: it is asked for twice.
    'read input:2+1',
    'read input:3+1',
    'read input:0+1',
  ]);
  t.match(first.field.latest('M1.c'), { quality: 'bad' });
  const second = await run();
  t.same(new Set(second.askedSince('M1', 0)), new Set(['read input:0+1', 'read input:2+1']), 'nothing is tried in vain');
});

t.test('a level read before a write never replaces one read after it', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP }, periodsMs: { fast: 10, normal: 20, slow: 20 } });
  await plant.clock.advance(1_000);
  const random = createRandom(8);
  for (let levelPct = 1; levelPct <= 50; levelPct++) {
    await plant.clock.advance(60 * random());
    const result = await resultOf(plant, plant.write('L1', levelPct));
    const sentMono = result.sentMono ?? Number.POSITIVE_INFINITY;
    const later = plant.readings.filter(({ pointId, atMono }) => pointId === 'L1.level' && atMono > sentMono);
    t.ok(later.length > 0 && later.every(({ value }) => value === levelPct), `${levelPct} %`);
  }
});

// ── the line itself ──────────────────────────────────────────────────────────────────────────────────────────────────

t.test('an unplugged line is an event, its readings are missing; plugged in again it heals by itself', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP } });
  await plant.clock.advance(2_000);
  plant.sim.unplug();
  await plant.clock.advance(100);
  t.same(eventsOf(plant, 'line-down'), ['north starts']);
  t.match(plant.field.lines()[0], { state: 'down', reason: /unplugged/ });
  t.match(plant.field.devices(), [{ state: 'silent' }, { state: 'silent' }], 'no unit is shown as new');
  t.match(plant.field.bus.stats(), [{ advice: [/^the line is down: .*unplugged/], units: [{ state: 'silent' }, { state: 'silent' }] }]);
  t.match(plant.field.latest('L1.level'), { quality: 'missing' });
  t.same(plant.alive, ['L1 up', 'L2 up', 'L1 down', 'L2 down']);
  await plant.clock.advance(30_000);
  t.match(plant.field.lines()[0], { state: 'down' });
  plant.unit('L2').registers.set('holding:100', 0);
  plant.sim.replug();
  await plant.clock.advance(12_000);
  t.match(plant.field.lines()[0], { state: 'up', reason: /^$/ });
  t.same(eventsOf(plant, 'line-down'), ['north starts', 'north ends']);
  t.match(plant.field.latest('L1.level'), { quality: 'good' });
  t.match(plant.field.latest('L1.temperature'), { quality: 'good' });
  t.same(plant.alive.slice(4), ['L1 up', 'L2 up']);
  t.equal(plant.unit('L2').registers.get('holding:100'), 7, 'a lamp that lost its power meanwhile is set up again');
  t.same(eventsOf(plant, 'unit-silent'), [], 'the units are not to blame');
});

t.test('a port missing at the start is an event, and opened when it appears', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP } });
  t.teardown(() => plant.field.stop());
  plant.sim.unplug();
  t.match(plant.field.lines()[0], { state: 'down', reason: /not opened yet/ });
  await plant.field.start();
  t.same(eventsOf(plant, 'line-down'), ['north starts']);
  t.match(plant.field.devices(), [{ state: 'new' }]);
  await plant.clock.advance(5_000);
  plant.sim.replug();
  await plant.clock.advance(11_000);
  t.same(eventsOf(plant, 'line-down'), ['north starts', 'north ends']);
  t.match(plant.field.latest('L1.level'), { quality: 'good' });
});

t.test('a search for registers does not fill the log', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  await plant.clock.advance(2_000);
  for (let address = 500; address < 540; address++) plant.unit('L1').refusals.set(`input:${address}`, 2);
  const search = plant.field.bus.registers({ line: 'north', unit: 1, table: 'input', from: 500, to: 545 }, () => {});
  await plant.clock.advance(5_000);
  t.match(await search, { runs: [{ address: 540 }] });
  t.same(
    plant.log.filter(({ name }) => name === 'registers-refused'),
    [],
  );
  t.match(plant.field.lines()[0], { exceptions: 0 });
});

t.test('start and stop may be called twice, and a stopped line sends nothing more', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  await plant.field.start();
  await plant.clock.advance(2_000);
  await plant.field.stop();
  await plant.field.stop();
  const sinceMono = plant.clock.monoMs() + 1;
  await plant.clock.advance(60_000);
  t.same(plant.askedSince('L1', sinceMono), []);
  await plant.field.start();
  await plant.clock.advance(6_000);
  t.ok(plant.askedSince('L1', sinceMono).length > 0, 'and it starts again');
  t.match(plant.sim.stats, { gapViolations: 0, collisions: 0, badRequests: 0 });
});

t.test('the counters of a line go on when its settings change', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP } });
  await plant.clock.advance(3_000);
  plant.sim.delayNext(1, 600);
  await plant.clock.advance(20_000);
  const before = plant.field.lines()[0];
  t.ok((before?.transactions ?? 0) > 10 && (before?.timeouts ?? 0) > 0);
  for (let change = 0; change < 2; change++) {
    await plant.reopen();
    t.match(plant.field.lines()[0], { transactions: before?.transactions, timeouts: before?.timeouts }, 'nothing is forgotten');
  }
  await plant.clock.advance(20_000);
  t.ok((plant.field.lines()[0]?.transactions ?? 0) > (before?.transactions ?? 0), 'and counted on');
  t.equal(plant.field.lines()[0]?.timeouts, before?.timeouts);
});
