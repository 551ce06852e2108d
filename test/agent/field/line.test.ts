import t, { type Test } from 'tap';
import type { WriteResult } from '../../../agent/core/ports.ts';
import type { Profile } from '../../../agent/core/profile.ts';
import { createRandom } from '../../street/random.ts';
import { createPlant, LAMP, type Plant, type PlantOptions, point, profile, SENSOR } from './plant.ts';

const CHAR_MS = 11_000 / 19_200;
const GAP_MS = 3.5 * CHAR_MS;
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
  t.notOk(
    asked.some((what) => /input:11|input:10\+[23]/.test(what)),
    'it is not asked again',
  );
  t.equal(asked.filter((what) => what === 'read input:12+1').length, 4);
  t.equal(plant.field.lines()[0]?.timeouts, 0, 'a refusal is an answer');
  unit.refusals.clear();
  plant.sim.silence(1);
  await plant.clock.advance(20_000);
  plant.sim.revive(1);
  await plant.clock.advance(60_000);
  t.match(plant.field.latest('L1.load'), { value: 0, quality: 'good' }, 'after it has been away it is asked anew');
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
  t.match(plant.events[0]?.text, /L1 on line north is silent: unit 1: no reply/);
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
    ['read holding:100+1', 'read holding:101+1', 'write holding:101=1500'],
  );
  t.match(
    plant.log.filter(({ name }) => name === 'unit-set-up'),
    [{ fields: { device: 'L1', address: 101, was: 0, value: 1_500 } }],
  );
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
    t.match(
      plant.log.filter(({ name }) => name === 'unit-not-set-up'),
      [{ fields: { device: 'L1', address: 100 } }],
    );
    t.equal(plant.unit('L1').registers.get('holding:101'), 1_500);
    t.match(plant.field.latest('L1.level'), { quality: 'good' });
  });
}

t.test('a lost look at a set-up register does not hold up the line', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP, L2: LAMP } });
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  await plant.clock.advance(15);
  plant.sim.delayNext(1, 600);
  await plant.clock.advance(150);
  t.match(plant.field.lines()[0], { timeouts: 1 });
  t.match(plant.unit('L1').asked[1], { what: 'read holding:100+1' }, 'the one that is still to come');
  const result = await resultOf(plant, plant.write('L2', 50));
  t.match(result, { state: 'verified' });
  t.ok((result.sentMono ?? 0) < 165 + 30, `sent at ${result.sentMono} ms`);
  await plant.clock.advance(2_000);
  t.equal(plant.unit('L1').registers.get('holding:100'), 7, 'it is done when the late reply has passed');
});

t.test('a street that is being set up is met meanwhile', async (t) => {
  const setup = Array.from({ length: 8 }, (_, i) => ({ table: 'holding' as const, address: 100 + i, value: 7, why: 'a test' }));
  const plant = await plantWith(t, { devices: many(20, profile('long', LAMP.points, { setup })) }, false);
  await plant.clock.advance(2_000);
  t.equal(plant.field.devices().filter(({ state }) => state === 'ok').length, 20);
  await plant.clock.advance(6_000);
  t.ok([...plant.units.values()].every(({ registers }) => registers.get('holding:107') === 7));
});

t.test('setting up a street does not keep presence waiting', async (t) => {
  const plant = await plantWith(t, { devices: { ...many(20, LAMP), S1: SENSOR } }, false);
  await plant.clock.advance(3_000);
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
  ['the unit is dead', ({ sim }) => sim.silence(1), /no reply in 30 ms, check power, address and wiring/, false],
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
  await plant.clock.advance(100);
  t.equal(timeouts(), before + 1, 'at once');
  await plant.clock.advance(4_800);
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
    { state: 'failed', reason: 'the line was closed', sentMono: null },
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
  const longestMs = GAP_MS + 8 * CHAR_MS + 3 + 29 * CHAR_MS;
  t.ok(maxMs <= longestMs + GAP_MS + 0.01, `${maxMs.toFixed(1)} ms; the longest transaction takes ${longestMs.toFixed(1)} ms`);
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
    // Polls, writes and read-backs of two lamps are lost all the time.
    void plant.write('L1', 1 + Math.floor(100 * random()), { lane: 'command' });
    plant.clock.after(60 * random(), () => plant.sim.delayNext(1, 40 + 400 * random()));
    if (random() < 0.5) plant.sim.corruptNext(2);
    if (plant.clock.monoMs() < 35_000) plant.clock.after(150, trouble);
  };
  trouble();
  const { maxMs, results } = await urgentWaits(plant, ['L3', 'L4', 'L5', 'L6'], 200);
  const lossMs = GAP_MS + 8 * CHAR_MS + 30 + 11 * CHAR_MS;
  const { timeouts = 0, crcErrors = 0 } = plant.field.lines()[0] ?? {};
  t.ok(timeouts > 100 && crcErrors > 10, `${timeouts} replies were lost, ${crcErrors} damaged`);
  t.ok(maxMs <= lossMs + GAP_MS + 0.01, `${maxMs.toFixed(1)} ms; a lost reply takes ${lossMs.toFixed(1)} ms`);
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
