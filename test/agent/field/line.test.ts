import t, { type Test } from 'tap';
import { BusError } from '../../../agent/core/errors.ts';
import type { WriteResult } from '../../../agent/core/ports.ts';
import type { Profile } from '../../../agent/core/profile.ts';
import { createRandom } from '../../street/random.ts';
import { createPlant, LAMP, type Plant, type PlantOptions, point, profile, SENSOR } from './plant.ts';

const CHAR_MS = 11_000 / 19_200;
const GAP_MS = 3.5 * CHAR_MS;
/** A request is chosen this long before it may leave. Units: ms. */
const DECIDE_MS = 0.3;
/** The set-up registers of `LAMP`, as they are once it is set up. */
const SET_UP: [string, number][] = [
  ['holding:100', 7],
  ['holding:101', 1_500],
];

async function plantWith(t: Test, options: PlantOptions, isSetUp = true): Promise<Plant> {
  const plant = createPlant(options);
  if (isSetUp) for (const unit of plant.units.values()) for (const [at, value] of SET_UP) unit.registers.set(at, value);
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  return plant;
}

/** The result, with time running until it is there. */
async function resultOf({ clock }: Plant, pending: Promise<WriteResult>, withinMs = 60_000): Promise<WriteResult> {
  let result: WriteResult | undefined;
  void pending.then((r) => {
    result = r;
  });
  for (let ms = 0; ms < withinMs && result === undefined; ms += 5) await clock.advance(5);
  if (result === undefined) throw new Error(`no result in ${withinMs} ms`);
  return result;
}

const many = (count: number, profile: Profile, prefix = 'L'): Record<string, Profile> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i + 1}`, profile]));
const eventsOf = ({ events }: Plant, code: string): string[] =>
  events.filter((event) => event.code === code).map(({ source, endMs }) => `${source} ${endMs === null ? 'starts' : 'ends'}`);

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
  t.ok(Math.abs((asked?.atMono ?? 0) - (reading?.atMono ?? 0) - 8 * CHAR_MS) < 0.001, 'not when the answer came');
  t.ok(Math.abs((reading?.atMs ?? 0) - Date.parse('2026-01-15T22:00:00Z') - (reading?.atMono ?? 0)) <= 1, 'in wall time too');
});

t.test('what a unit cannot measure or what cannot be is bad, never a number', async (t) => {
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
  t.ok(times.length > 30 && Math.min(...pauses) >= 60 + 8 * CHAR_MS, `${times.length} questions, shortest pause ${Math.min(...pauses)} ms`);
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
  t.ok(plant.unit('L1').registers.get('holding:0') === 59 && shortest >= 60 + 8 * CHAR_MS, `shortest pause ${shortest} ms`);
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

t.test('a unit that refuses what its question was padded with to even addresses holds up nobody', async (t) => {
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

t.test('a unit that cannot be read over a hole is read without, and what it taught is known after a restart', async (t) => {
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

t.test('a level that was read before a write never takes the place of what was read after it', async (t) => {
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

// ── silent units ─────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('a unit goes silent: readings missing, event, backed off; it is welcomed back and set up again', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP } });
  await plant.clock.advance(2_000);
  t.same(plant.alive, ['L1 up', 'L2 up']);
  t.match(plant.field.devices(), [
    { id: 'L1', unit: 1, state: 'ok', failures: 0, turnaroundMs: 3 },
    { id: 'L2', state: 'ok' },
  ]);
  plant.sim.silence(1);
  await plant.clock.advance(20_000);
  for (const quantity of ['level', 'temperature', 'load', 'fault'])
    t.match(plant.field.latest(`L1.${quantity}`), { value: null, quality: 'missing' });
  t.match(plant.field.latest('L2.level'), { quality: 'good' }, 'its neighbour does not suffer');
  t.same(eventsOf(plant, 'unit-silent'), ['L1 starts']);
  t.match(
    plant.events[0]?.text,
    /^L1 does not answer; check its supply, address 1 and its wire \(line north\); unit 1: no reply in 30 ms$/,
  );
  t.match(plant.field.devices()[0], { state: 'silent' });
  t.same(plant.alive.slice(2), ['L1 down']);
  const { registers } = plant.unit('L1');
  registers.set('holding:101', 0).set('holding:0', 70);
  plant.sim.revive(1);
  const backMono = plant.clock.monoMs();
  await plant.clock.advance(30_000);
  t.match(plant.field.latest('L1.level'), { value: 70, quality: 'good' });
  t.match(plant.field.latest('L1.fault'), { value: 0, quality: 'good' });
  t.same(eventsOf(plant, 'unit-silent'), ['L1 starts', 'L1 ends']);
  t.same(plant.alive.slice(3), ['L1 up']);
  t.equal(registers.get('holding:101'), 1_500, 'what it had forgotten is written again');
  t.same(
    plant.askedSince('L1', backMono).filter((what) => what.startsWith('write')),
    ['write holding:101=1500'],
    'and nothing else is',
  );
});

t.test('a unit that was never there is told once and costs little', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP, L2: LAMP } });
  t.teardown(() => plant.field.stop());
  plant.sim.silence(1);
  await plant.field.start();
  await plant.clock.advance(10_000);
  t.same(eventsOf(plant, 'unit-silent'), ['L1 starts']);
  t.match(plant.field.devices()[0], { state: 'silent', lastSeenMs: null, turnaroundMs: null });
  t.match(plant.field.latest('L1.level'), { quality: 'missing' });
  t.same(plant.alive, ['L2 up', 'L1 down']);
});

t.test('a dead unit costs at most 2 % of the line', async (t) => {
  const share = async (isKnown: boolean): Promise<number> => {
    const plant = createPlant({ devices: { L1: LAMP } });
    if (!isKnown) plant.sim.silence(1);
    await plant.field.start();
    await plant.clock.advance(2_000);
    plant.sim.silence(1);
    const sinceMono = plant.clock.monoMs();
    const before = plant.field.lines()[0]?.timeouts ?? 0;
    await plant.clock.advance(5 * 60_000);
    const timeouts = (plant.field.lines()[0]?.timeouts ?? 0) - before;
    await plant.field.stop();
    // Request and wait: the longest there is, 200 ms before a unit has shown its pace, 30 ms after.
    const eachMs = (isKnown ? 30 : 200) + 8 * CHAR_MS + 11 * CHAR_MS + GAP_MS;
    return (timeouts * eachMs) / (plant.clock.monoMs() - sinceMono);
  };
  const [known, unknown] = [await share(true), await share(false)];
  t.ok(known > 0 && known <= 0.02, `${(100 * known).toFixed(2)} % of a unit that died`);
  t.ok(unknown > 0 && unknown <= 0.02, `${(100 * unknown).toFixed(2)} % of one that never was`);
});

t.test('a unit that returns is noticed on a line with no time to spare', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, ...many(8, SENSOR, 'S') } });
  await plant.clock.advance(5_000);
  t.ok((plant.field.lines()[0]?.busyPct ?? 0) > 99, 'the line is full');
  plant.sim.silence(1);
  await plant.clock.advance(60_000);
  t.match(plant.field.devices()[0], { state: 'silent' });
  plant.sim.revive(1);
  await plant.clock.advance(65_000);
  t.match(plant.field.devices()[0], { state: 'ok' });
});

t.test('one lost reply is no silence', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  await plant.clock.advance(2_000);
  plant.sim.delayNext(1, 300);
  await plant.clock.advance(10_000);
  t.same(plant.events, []);
  t.match(plant.field.latest('L1.level'), { quality: 'good' });
  t.match(plant.field.lines()[0], { timeouts: 1, lateReplies: 1 });
});

t.test('a unit that has become slow is waited for, not given up', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP } });
  await plant.clock.advance(5_000);
  plant.unit('L1').turnaroundMs = 300;
  await plant.clock.advance(60_000);
  t.match(plant.field.devices()[0], { id: 'L1', state: 'ok' });
  t.match(plant.field.latest('L1.level'), { quality: 'good' });
});

t.test('a unit that may still be starting is not called silent', async (t) => {
  const sleepy = profile('sleepy', LAMP.points, { quirks: { ...LAMP.quirks, startupSilenceMs: 10_000 } });
  const plant = createPlant({ devices: { L1: sleepy, L2: LAMP } });
  t.teardown(() => plant.field.stop());
  plant.sim.silence(1);
  plant.sim.silence(2);
  await plant.field.start();
  await plant.clock.advance(9_000);
  t.same(eventsOf(plant, 'unit-silent'), ['L2 starts']);
  await plant.clock.advance(10_000);
  t.same(eventsOf(plant, 'unit-silent'), ['L2 starts', 'L1 starts'], 'but in the end it is');
});

t.test('with one unit in ten dead a full line keeps nine tenths of its pace', async (t) => {
  const answers = async (dead: number): Promise<number> => {
    const plant = createPlant({ devices: many(30, LAMP), periodsMs: { fast: 100, normal: 200, slow: 200 } });
    await plant.field.start();
    for (let unit = 1; unit <= dead; unit++) plant.sim.silence(unit);
    await plant.clock.advance(60_000);
    await plant.field.stop();
    return [...plant.units.values()].reduce((sum, { asked }) => sum + asked.length, 0);
  };
  const [healthy, ailing] = [await answers(0), await answers(3)];
  t.ok(ailing >= 0.9 * healthy, `${ailing} answers beside ${healthy}`);
});

t.test('many dead units that must be waited for long cost no more than a few', async (t) => {
  const patient = profile('patient', LAMP.points, { quirks: { ...LAMP.quirks, responseTimeoutMs: 900 } });
  const plant = createPlant({ devices: { ...many(20, patient), M1: LAMP } });
  t.teardown(() => plant.field.stop());
  for (let unit = 1; unit <= 20; unit++) plant.sim.silence(unit);
  await plant.field.start();
  await plant.clock.advance(300_000);
  const before = plant.field.lines()[0]?.timeouts ?? 0;
  await plant.clock.advance(600_000);
  const sharePct = (100 * ((plant.field.lines()[0]?.timeouts ?? 0) - before) * 915) / 600_000;
  t.ok(sharePct > 1 && sharePct < 2.3, `${sharePct.toFixed(1)} % of the line`);
});

t.test('levels for many dead lamps do not take the line from the living', async (t) => {
  const plant = await plantWith(t, { devices: many(20, LAMP) });
  await plant.clock.advance(2_000);
  for (let unit = 1; unit <= 10; unit++) plant.sim.silence(unit);
  await plant.clock.advance(60_000);
  const timeouts = (): number => plant.field.lines()[0]?.timeouts ?? 0;
  const before = timeouts();
  for (let second = 0; second < 120; second++) {
    for (let lamp = 1; lamp <= 10; lamp++) if (second % 5 === 0) void plant.write(`L${lamp}`, 1 + (second % 100), { lane: 'command' });
    await plant.clock.advance(1_000);
  }
  const eachMs = 30 + 8 * CHAR_MS + 11 * CHAR_MS + GAP_MS;
  const sharePct = (100 * (timeouts() - before) * eachMs) / 120_000;
  t.ok(sharePct > 0 && sharePct < 5, `${sharePct.toFixed(1)} % of the line`);
});

t.test('lamps of one feeder that come back together are all found soon after the first', async (t) => {
  const plant = await plantWith(t, { devices: { ...many(20, LAMP), S1: SENSOR } });
  await plant.clock.advance(2_000);
  for (let unit = 1; unit <= 20; unit++) plant.sim.silence(unit);
  await plant.clock.advance(300_000);
  t.equal(plant.field.devices().filter(({ state }) => state === 'silent').length, 20);
  for (let unit = 1; unit <= 20; unit++) plant.sim.revive(unit);
  const ok = (): number => plant.field.devices().filter(({ state, id }) => state === 'ok' && id !== 'S1').length;
  for (let ms = 0; ms < 60_000 && ok() === 0; ms += 100) await plant.clock.advance(100);
  await plant.clock.advance(3_000);
  t.equal(ok(), 20);
});

t.test('when no unit answers any more the port is opened anew, told once, and ever more rarely', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP } });
  await plant.clock.advance(2_000);
  for (const unit of [1, 2]) plant.sim.silence(unit);
  const reopened = (): number => plant.log.filter(({ name }) => name === 'line-reopened').length;
  await plant.clock.advance(5_000);
  t.equal(reopened(), 0, 'not before five seconds');
  await plant.clock.advance(20_000);
  t.equal(reopened(), 1);
  t.match(plant.field.lines()[0], { state: 'reopening', reason: /no unit on line north answers; check its supply/ });
  await plant.clock.advance(3_600_000);
  t.ok(reopened() >= 4 && reopened() <= 8, `${reopened()} times in an hour`);
  t.same(eventsOf(plant, 'line-silent'), ['north starts'], 'it goes on');
  t.same(eventsOf(plant, 'line-down'), [], 'its port is there');
  for (const unit of [1, 2]) plant.sim.revive(unit);
  await plant.clock.advance(61_000);
  t.same(eventsOf(plant, 'line-silent'), ['north starts', 'north ends']);
  t.match(plant.field.lines()[0], { state: 'up', reason: '' });
  t.match(plant.field.latest('L1.level'), { quality: 'good' });
  t.match(plant.field.latest('L2.level'), { quality: 'good' });
  t.match(plant.sim.stats, { gapViolations: 0, collisions: 0, badRequests: 0 });
});

t.test('a port that does not open again ends all that waits for it', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  await plant.clock.advance(2_000);
  plant.sim.silence(1);
  await plant.clock.advance(4_000);
  plant.port.open = () => Promise.reject(new BusError('port-missing', 'there is no such port'));
  let last = plant.write('L1', 1);
  for (let level = 2; level < 60 && plant.field.lines()[0]?.state === 'up'; level++) {
    last = plant.write('L1', level, { ttlMs: 60_000 });
    await plant.clock.advance(1_000);
  }
  t.match(plant.field.lines()[0], { state: 'down', reason: 'there is no such port' });
  t.match(await resultOf(plant, last, 100), { state: 'failed', reason: 'the line went down' });
});

t.test('a line on which nobody was ever met is left as it is', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP } });
  t.teardown(() => plant.field.stop());
  plant.sim.silence(1);
  await plant.field.start();
  await plant.clock.advance(600_000);
  t.notOk(plant.log.some(({ name }) => name === 'line-reopened'));
});

t.test('the polls of a street are spread over their period, and a line with room has no late ones', async (t) => {
  const plant = await plantWith(t, { devices: many(20, LAMP) });
  await plant.clock.advance(10_000);
  const sinceMono = plant.clock.monoMs();
  await plant.clock.advance(10_000);
  const times = [...plant.units.values()].flatMap(({ asked }) =>
    asked.filter(({ atMono }) => atMono >= sinceMono).map(({ atMono }) => atMono),
  );
  const perSecond = Array.from({ length: 10 }, (_, i) => times.filter((mono) => Math.floor((mono - sinceMono) / 1_000) === i).length);
  t.ok(Math.min(...perSecond) >= 3 && Math.max(...perSecond) <= 8, `${perSecond} polls in each second`);
  t.equal(plant.field.bus.stats()[0]?.overruns, 0);
  const full = await plantWith(t, { devices: many(20, LAMP), periodsMs: { fast: 100, normal: 100, slow: 100 } });
  await full.clock.advance(10_000);
  t.ok((full.field.bus.stats()[0]?.overruns ?? 0) > 50, 'a full one counts them');
});

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
    // The second holds what the first holds, so that its reply could be the first's once more.
    ['read holding:100+1', 'read holding:101+1', 'read holding:101+1', 'write holding:101=1500', 'read holding:101+1'],
    'and proven',
  );
  t.match(
    plant.log.filter(({ name }) => name === 'unit-set-up'),
    [{ fields: { device: 'L1', address: 101, was: 0, value: 1_500 } }],
  );
});

t.test('a level that a factory-new unit refuses goes again once the unit is set up, and has not failed', async (t) => {
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

t.test('factory-new lamps beside sensors that fill the line are lit within seconds, and the sensors are asked meanwhile', async (t) => {
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
});

t.test('a unit whose uptime falls has restarted: it is set up again, and the log tells it', async (t) => {
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

t.test('a set-up register that does not keep its value is told once, however often the unit returns', async (t) => {
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
  t.same(eventsOf(plant, 'unit-not-set-up'), ['L1 starts'], 'and told once, both together');
  t.equal(
    plant.events.find(({ code }) => code === 'unit-not-set-up')?.text,
    'L1 is not set up, holding 100 (a fixed value): reads back 0, wrote 7; holding 101 (a value of the site): reads back 0, wrote 1500; check that its profile fits its model and firmware',
  );
  lamp.registers.set('holding:100', 3);
  lamp.deaf = false;
  await returns();
  t.same(writes().slice(2), ['write holding:100=7'], 'another value is put right at once');
  t.same(eventsOf(plant, 'unit-not-set-up').slice(1), ['L1 ends', 'L1 starts'], 'what is wrong now is told');
  await plant.clock.advance(86_400_000);
  await returns();
  t.same(writes().slice(3), ['write holding:101=1500'], 'the same one a day later');
  t.same(eventsOf(plant, 'unit-not-set-up').slice(3), ['L1 ends'], 'then all is well');
});

t.test('a lamp that is only ever written is found again and set up anew as well', async (t) => {
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
    const told = plant.events.filter(({ code }) => code === 'unit-not-set-up');
    t.match(told, [{ source: 'L1', severity: 'warning', endMs: null, text: /^L1 is not set up, holding 100 \(a fixed value\): unit 1/ }]);
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

t.test('a lost look at a set-up register does not hold up the line', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP, L2: LAMP } });
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  await plant.clock.advance(15);
  plant.sim.delayNext(1, 600);
  // A register that has not been read yet is waited for as long as the profile says: 200 ms.
  await plant.clock.advance(320);
  t.match(plant.field.lines()[0], { timeouts: 1 });
  t.match(plant.unit('L1').asked[1], { what: 'read holding:100+1' }, 'the one that is still to come');
  const result = await resultOf(plant, plant.write('L2', 50));
  t.match(result, { state: 'verified' });
  t.ok((result.sentMono ?? 0) < 335 + 30, `sent at ${result.sentMono} ms`);
  await plant.clock.advance(2_000);
  t.equal(plant.unit('L1').registers.get('holding:100'), 7, 'it is done when the late reply has passed');
});

t.test('a street that is being set up is met meanwhile', async (t) => {
  const setup = Array.from({ length: 8 }, (_, i) => ({ table: 'holding' as const, address: 100 + i, value: 7, why: 'a test' }));
  const plant = await plantWith(t, { devices: many(20, profile('long', LAMP.points, { setup })) }, false);
  await plant.clock.advance(2_000);
  t.equal(plant.field.devices().filter(({ state }) => state === 'ok').length, 20);
  // Each register holds what its neighbour holds, and is asked for twice before it is believed.
  await plant.clock.advance(10_000);
  t.ok([...plant.units.values()].every(({ registers }) => registers.get('holding:107') === 7));
});

t.test('setting up a street does not keep presence waiting', async (t) => {
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

// ── writes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('a level is written, read back after it has settled, and verified', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  await plant.clock.advance(2_000);
  const sinceMono = plant.clock.monoMs();
  const result = await resultOf(plant, plant.write('L1', 80));
  t.match(result, { state: 'verified' });
  t.ok((result.sentMono ?? 0) >= sinceMono && (result.sentMono ?? 0) < sinceMono + 30);
  t.same(plant.askedSince('L1', sinceMono), ['write holding:0=80', 'read holding:0+1']);
  const [written, read] = plant.unit('L1').asked.slice(-2);
  t.ok((read?.atMono ?? 0) - (written?.atMono ?? 0) >= 40);
  t.match(plant.field.latest('L1.level'), { value: 80, quality: 'good' }, 'what was read back is a reading');
});

const failures: [story: string, prepare: (plant: Plant) => void, reason: RegExp, isSent: boolean][] = [
  ['the unit takes it and does not do it', (plant) => Object.assign(plant.unit('L1'), { deaf: true }), /reads back 0, wrote 80/, true],
  [
    'the unit says that it has no value',
    ({ unit }) => Object.assign(unit('L1'), { deaf: true }).registers.set('holding:0', 0xffff),
    /reads back no value, wrote 80/,
    true,
  ],
  ['the unit refuses the value', ({ unit }) => unit('L1').refusals.set('holding:0', 3), /exception 3/, false],
  ['the unit fails', ({ unit }) => unit('L1').refusals.set('holding:0', 4), /exception 4/, false],
  ['the unit is dead', ({ sim }) => sim.silence(1), /no reply in 200 ms, check power, address and wiring/, false],
];
for (const [story, prepare, reason, isSent] of failures) {
  t.test(`a write fails with its reason: ${story}`, async (t) => {
    const plant = await plantWith(t, { devices: { L1: LAMP } });
    await plant.clock.advance(2_000);
    prepare(plant);
    const result = await resultOf(plant, plant.write('L1', 80, { ttlMs: 30_000 }));
    t.match(result, { state: 'failed', reason });
    t.equal(result.sentMono !== null, isSent);
  });
}

t.test('a lost acknowledgement is tried again, a lost read-back too', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  await plant.clock.advance(2_000);
  plant.sim.corruptNext(1);
  t.match(await resultOf(plant, plant.write('L1', 80)), { state: 'verified' });
  const pending = plant.write('L1', 60);
  await plant.clock.advance(25);
  plant.sim.delayNext(1, 200);
  t.match(await resultOf(plant, pending), { state: 'verified' });
  t.equal(plant.field.lines()[0]?.timeouts, 1);
});

t.test('the last of several levels wins, the others say so', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP } });
  await plant.clock.advance(2_000);
  const sinceMono = plant.clock.monoMs();
  const results = [plant.write('L1', 20), plant.write('L1', 40), plant.write('L2', 10), plant.write('L1', 60)];
  t.match(await resultOf(plant, results[3] as Promise<WriteResult>), { state: 'verified' });
  t.match(await Promise.all(results), [
    { state: 'failed', reason: /newer level/, sentMono: null },
    { state: 'failed', reason: /newer level/, sentMono: null },
    { state: 'verified' },
    { state: 'verified' },
  ]);
  t.same(
    plant.askedSince('L1', sinceMono).filter((what) => what.startsWith('write')),
    ['write holding:0=60'],
  );
  const older = plant.write('L1', 30);
  await plant.clock.advance(25);
  t.match(await resultOf(plant, plant.write('L1', 90)), { state: 'verified' });
  t.match(await older, { state: 'failed', reason: /newer level/, sentMono: Number }, 'one that was sent but not yet read back, too');
});

t.test('a write that could not be sent in time is not sent at all', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  await plant.clock.advance(2_000);
  plant.sim.silence(1);
  await plant.clock.advance(20_000);
  const first = plant.write('L1', 10, { ttlMs: 60_000 });
  await plant.clock.advance(200);
  const stale = plant.write('L1', 80, { ttlMs: 2_000 });
  await plant.clock.advance(3_100);
  plant.sim.revive(1);
  const backMono = plant.clock.monoMs();
  t.match(await first, { state: 'failed', reason: /newer level|no reply/ });
  t.match(await stale, { state: 'failed', reason: 'not sent in time', sentMono: null });
  await plant.clock.advance(60_000);
  t.notOk(plant.askedSince('L1', backMono).some((what) => what.startsWith('write')));
});

t.test('a silent lamp still gets its light: at once, then each five seconds, and the moment it is back', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP } });
  await plant.clock.advance(2_000);
  plant.sim.silence(1);
  await plant.clock.advance(20_000);
  const timeouts = (): number => plant.field.lines()[0]?.timeouts ?? 0;
  const before = timeouts();
  const writing = plant.write('L1', 80, { ttlMs: 60_000 });
  // A write is waited for as long as the profile says: 200 ms.
  await plant.clock.advance(260);
  t.equal(timeouts(), before + 1, 'at once');
  await plant.clock.advance(4_640);
  t.ok(timeouts() <= before + 2, 'not again for five seconds, but for a probe');
  plant.sim.revive(1);
  // A write whose turn comes first finds it; else a probe does, and sets the write free.
  t.match(await resultOf(plant, writing, 61_000), { state: 'verified' });
  t.equal(plant.unit('L1').registers.get('holding:0'), 80);
});

t.test('a write to a line that is down, or to nobody, fails at once', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  await plant.clock.advance(2_000);
  t.match(await plant.write('L9', 50), { state: 'failed', reason: 'no device L9 on any line', sentMono: null });
  const flying = plant.write('L1', 50);
  await plant.clock.advance(3);
  const waiting = plant.write('L1', 60);
  plant.sim.unplug();
  t.match(await flying, { state: 'failed' });
  t.match(await waiting, { state: 'failed', reason: 'the line went down' });
  t.match(await plant.write('L1', 70), { state: 'failed', reason: 'line north is down' });
});

t.test('stopping ends every write', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP } });
  await plant.clock.advance(2_000);
  const results = [plant.write('L1', 50), plant.write('L2', 50)];
  await plant.clock.advance(13);
  await plant.field.stop();
  t.match(await Promise.all(results), [
    { state: 'failed', reason: 'the agent is stopping', sentMono: Number },
    { state: 'failed', reason: 'the agent is stopping', sentMono: null },
  ]);
  t.match(await plant.write('L1', 50), { state: 'failed' });
});

/** Waits of urgent writes, sent at random moments to a random lamp. */
async function urgentWaits(plant: Plant, lamps: readonly string[], count: number): Promise<{ maxMs: number; results: WriteResult[] }> {
  const random = createRandom(5);
  const all: { askedMono: number; result: Promise<WriteResult> }[] = [];
  for (let i = 0; i < count; i++) {
    await plant.clock.advance(137 + 40 * random());
    all.push({ askedMono: plant.clock.monoMs(), result: plant.write(lamps[i % lamps.length] as string, 1 + (i % 100)) });
  }
  await plant.clock.advance(10_000);
  const results = await Promise.all(all.map(({ result }) => result));
  const waits = results.map(({ sentMono }, i) => (sentMono ?? Number.POSITIVE_INFINITY) - (all[i]?.askedMono ?? 0));
  return { maxMs: Math.max(...waits), results };
}

t.test('an urgent write waits for at most the transaction in flight', async (t) => {
  const block = Array.from({ length: 12 }, (_, i) => point(`v${i}`, { address: 20 + i, poll: 'fast' }));
  const busy = profile('busy', [...LAMP.points, ...block], { setup: LAMP.setup });
  const plant = await plantWith(t, { devices: many(10, busy) });
  await plant.clock.advance(5_000);
  t.ok((plant.field.lines()[0]?.busyPct ?? 0) > 99, 'on a line with no time to spare');
  const { maxMs, results } = await urgentWaits(plant, Object.keys(many(10, busy)), 200);
  const longestMs = 8 * CHAR_MS + 3 + 29 * CHAR_MS;
  t.ok(maxMs <= DECIDE_MS + longestMs + GAP_MS + 0.01, `${maxMs.toFixed(1)} ms; the longest transaction takes ${longestMs.toFixed(1)} ms`);
  t.ok(results.every(({ state }) => state === 'verified'));
  t.match(plant.sim.stats, { gapViolations: 0, collisions: 0 });
});

t.test('nor does it wait for a late reply that is still to come, nor for a probe of the dead', async (t) => {
  const plant = await plantWith(t, {
    devices: { ...many(6, LAMP), DEAD: LAMP, S1: SENSOR },
    periodsMs: { fast: 100, normal: 200, slow: 30_000 },
  });
  await plant.clock.advance(3_000);
  plant.sim.silence(plant.addressOf('DEAD'));
  const random = createRandom(9);
  const trouble = (): void => {
    // Polls, writes and read-backs of two lamps are lost all the time. What is later than the profile allows is not waited for.
    void plant.write('L1', 1 + Math.floor(100 * random()), { lane: 'command' });
    if (random() < 0.4) plant.clock.after(60 * random(), () => plant.sim.delayNext(1, 250 + 400 * random()));
    if (random() < 0.5) plant.sim.corruptNext(2);
    if (plant.clock.monoMs() < 35_000) plant.clock.after(300, trouble);
  };
  trouble();
  const { maxMs, results } = await urgentWaits(plant, ['L3', 'L4', 'L5', 'L6'], 200);
  // The longest wait is that for a write: as long as the profile says, 200 ms. A last look of 1 ms after the deadline included.
  const lossMs = GAP_MS + 8 * CHAR_MS + 200 + 1 + 11 * CHAR_MS;
  // A sensor is asked after four other transactions, urgent ones included.
  const sensorMs = 8 * CHAR_MS + 3 + 7 * CHAR_MS + GAP_MS;
  const { timeouts = 0, crcErrors = 0 } = plant.field.lines()[0] ?? {};
  t.ok(timeouts > 40 && crcErrors > 10, `${timeouts} replies were lost, ${crcErrors} damaged`);
  t.ok(maxMs <= DECIDE_MS + lossMs + sensorMs + GAP_MS + 0.01, `${maxMs.toFixed(1)} ms; a lost reply takes ${lossMs.toFixed(1)} ms`);
  t.ok(results.every(({ state }) => state === 'verified'));
});

t.test('telemetry goes on under a storm of commands', async (t) => {
  const plant = await plantWith(t, {
    devices: { L1: LAMP, M1: profile('meter', [point('power', { address: 0 })]) },
    periodsMs: { fast: 100, normal: 100, slow: 30_000 },
  });
  await plant.clock.advance(3_000);
  const sinceMono = plant.clock.monoMs();
  for (let i = 0; i < 200; i++) {
    void plant.write('L1', i % 100, { lane: 'command' });
    await plant.clock.advance(5);
  }
  t.ok(plant.askedSince('M1', sinceMono).length >= 3, `${plant.askedSince('M1', sinceMono).length} polls of the meter in a second`);
});

// ── the line itself ──────────────────────────────────────────────────────────────────────────────────────────────────

t.test('an unplugged line is an event, its readings are missing; plugged in again it heals by itself', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP } });
  await plant.clock.advance(2_000);
  plant.sim.unplug();
  await plant.clock.advance(100);
  t.same(eventsOf(plant, 'line-down'), ['north starts']);
  t.match(plant.field.lines()[0], { state: 'down', reason: /unplugged/ });
  t.match(plant.field.devices(), [{ state: 'silent' }, { state: 'silent' }], 'nobody reads that they are new');
  t.match(plant.field.bus.stats(), [{ advice: [/^the line is down: .*unplugged/], units: [{ state: 'silent' }, { state: 'silent' }] }]);
  t.match(plant.field.latest('L1.level'), { quality: 'missing' });
  t.same(plant.alive, ['L1 up', 'L2 up', 'L1 down', 'L2 down']);
  await plant.clock.advance(30_000);
  t.match(plant.field.lines()[0], { state: 'down' });
  plant.unit('L2').registers.set('holding:100', 0);
  plant.sim.replug();
  await plant.clock.advance(12_000);
  t.match(plant.field.lines()[0], { state: 'up', reason: '' });
  t.same(eventsOf(plant, 'line-down'), ['north starts', 'north ends']);
  t.match(plant.field.latest('L1.level'), { quality: 'good' });
  t.match(plant.field.latest('L1.temperature'), { quality: 'good' });
  t.same(plant.alive.slice(4), ['L1 up', 'L2 up']);
  t.equal(plant.unit('L2').registers.get('holding:100'), 7, 'a lamp that lost its power meanwhile is set up again');
  t.same(eventsOf(plant, 'unit-silent'), [], 'the units are not to blame');
});

t.test('a port missing at the start is an event, and opened when it comes', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP } });
  t.teardown(() => plant.field.stop());
  plant.sim.unplug();
  t.match(plant.field.lines()[0], { state: 'down', reason: 'not opened yet' });
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

t.test('start and stop may be called twice, and a stopped line asks nothing more', async (t) => {
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
