import t from 'tap';
import { createContactDesk } from '../../../agent/control/sensing/contact-desk.ts';
import { createStartGuard } from '../../../agent/control/start-guard.ts';
import { createFollower } from '../../../agent/control/writing/follower.ts';
import { createWritePace } from '../../../agent/control/writing/write-pace.ts';
import { createEventBook } from '../../../agent/core/event-book.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { makeStreet, PRESENCE, step, winter } from '../lighting/street.ts';
import { type FakeOptions, type FakeStreet, makeFakeStreet } from './fake-street.ts';

const L1 = { kind: 'lamp', id: 'L1' } as const;
const levelsOf = (street: FakeStreet): number[] => [...street.levels.values()];
const stages = (street: FakeStreet, commandId: string): string[] =>
  street.outcomes.filter((o) => o.commandId === commandId).map(({ state }) => state);

/** A street that has reached the levels of its first decision. */
async function litStreet(t: { teardown(fn: () => unknown): void }, options?: FakeOptions): Promise<FakeStreet> {
  const street = makeFakeStreet(options);
  t.teardown(() => street.control.stop());
  await street.control.start();
  street.poll();
  await street.clock.advance(100);
  street.writes.length = 0;
  street.decisions.length = 0;
  return street;
}

t.test('the dimming step comes and all lamps follow once', async (t) => {
  const street = await litStreet(t, { now: winter('22:59') });
  t.same(levelsOf(street), [80, 80, 80, 80, 80, 80]);
  await street.clock.advance(59_000);
  t.same(street.writes, []);
  await street.clock.advance(2_000);
  t.same(levelsOf(street), [30, 30, 30, 30, 30, 30]);
  t.same(
    street.writes.map(({ lampId, lane }) => [lampId, lane]),
    ['L1', 'L2', 'L3', 'L4', 'L5', 'L6'].map((id) => [id, 'command']),
  );
  await street.clock.advance(60_000);
  t.equal(street.writes.length, 6, 'a lamp at its level is not written again');
});

t.test('a walker is lit at once, nearest first, and the street falls back', async (t) => {
  const street = await litStreet(t);
  street.sense('S01', 80);
  t.same(
    street.writes.map(({ lampId, lane, levelPct }) => [lampId, lane, levelPct]),
    ['L2', 'L1', 'L3'].map((id) => [id, 'urgent', 100]),
    'without waiting for the next second',
  );
  await street.clock.advance(3_000);
  t.match(street.control.zoneStates(), [{ presence: 'boost' }]);
  t.same(levelsOf(street), [100, 100, 100, 30, 30, 30]);
  street.sense('S01', 10);
  await street.clock.advance(11_000);
  t.same(levelsOf(street), [100, 100, 100, 30, 30, 30], 'held');
  await street.clock.advance(2_000);
  t.same(levelsOf(street), [30, 30, 30, 30, 30, 30]);
  t.match(street.control.zoneStates(), [{ presence: 'down' }]);
  t.same(street.control.counters(), { detections: 1, lampsRaised: 3 });
  t.equal(street.writes.length, 6);
});

t.test('a detection during the fall returns to boost at once, even while the falling write is on its way', async (t) => {
  const street = await litStreet(t);
  street.sense('S01', 80);
  await street.clock.advance(1_000);
  street.sense('S01', 0);
  await street.clock.advance(14_910);
  const fallMono = street.clock.monoMs();
  t.same(
    street.writes.slice(3).map(({ levelPct }) => levelPct),
    [30, 30, 30],
    'the fall has begun',
  );
  street.sense('S01', 80);
  t.same(
    street.writes.slice(6).map(({ lampId, lane, levelPct }) => [lampId, lane, levelPct]),
    ['L2', 'L1', 'L3'].map((id) => [id, 'urgent', 100]),
  );
  await street.clock.advance(500);
  t.same(levelsOf(street).slice(0, 3), [100, 100, 100]);
  t.equal(street.clock.monoMs(), fallMono + 500);
  t.equal(street.events.length, 0, 'a replaced write is no failure');
});

t.test('an override tells its stages, holds, ends by itself and the street returns', async (t) => {
  const street = await litStreet(t);
  const final = street.override({ minutes: 2 });
  t.same(stages(street, 'c1'), ['received', 'queued']);
  await street.clock.advance(30);
  t.match(await final, { state: 'verified', reason: '', levelPct: 50, lamps: { L1: 'verified', L6: 'verified' } });
  t.same(stages(street, 'c1'), ['received', 'queued', 'sent', 'verified']);
  street.sense('S01', 80);
  await street.clock.advance(119_000);
  t.same(levelsOf(street), [50, 50, 50, 50, 50, 50], 'presence does not raise what a person has set');
  street.sense('S01', 0);
  await street.clock.advance(30_000);
  t.same(levelsOf(street), [30, 30, 30, 30, 30, 30]);
  t.match(street.events, [
    { code: 'override-started', source: 'rue' },
    { code: 'override-ended', source: 'rue', text: /is over$/ },
  ]);
  t.same(street.disk.get('control.overrides'), []);
});

t.test('an override below the minimum ends verified at the minimum and says so', async (t) => {
  const street = await litStreet(t);
  const final = street.override({ levelPct: 0 });
  await street.clock.advance(30);
  t.match(await final, { state: 'verified', levelPct: 10 });
  t.same(levelsOf(street), [10, 10, 10, 10, 10, 10]);
});

t.test('an override to the level a lamp already has is verified without a write', async (t) => {
  const street = await litStreet(t);
  t.match(await street.override({ levelPct: 30 }), { state: 'verified' });
  t.same(stages(street, 'c1'), ['received', 'queued', 'verified']);
  t.same(street.writes, []);
});

t.test('below a technician an override waits, fails as unseen, and takes over afterwards', async (t) => {
  const street = await litStreet(t);
  const lock = street.override({ target: L1, levelPct: 0, rank: 'maintenance', source: 'console:anna', minutes: 10 });
  await street.clock.advance(30);
  t.match(await lock, { state: 'verified', levelPct: 0 });
  const zone = street.override({ levelPct: 70 });
  await street.clock.advance(30);
  t.match(await zone, {
    state: 'failed',
    reason: 'L1: waiting below maintenance by console:anna',
    lamps: { L1: 'failed', L2: 'verified' },
    waiting: [{ lamps: ['L1'], wish: { target: L1, rank: 'maintenance', source: 'console:anna', levelPct: 0 } }],
  });
  t.same(levelsOf(street), [0, 70, 70, 70, 70, 70]);
  t.match(await street.control.release({ commandId: 'r1', target: L1, source: 'platform' }), {
    state: 'refused',
    reason: /maintenance by console:anna can only be released at the console/,
  });
  const release = street.control.release({ commandId: 'r2', target: L1, source: 'console:paul' });
  await street.clock.advance(30);
  t.match(await release, { state: 'verified', levelPct: null, lamps: { L1: 'verified' } });
  t.equal(street.levels.get('L1'), 70);
  t.match(await street.control.release({ commandId: 'r3', target: L1, source: 'console:paul' }), {
    state: 'refused',
    reason: /no override of lamp L1/,
  });
});

t.test('a person who asks for what a lamp in its back-off already should do is served at once', async (t) => {
  const street = await litStreet(t);
  street.silent.add('L1');
  void street.override({ target: L1, levelPct: 60 });
  await street.clock.advance(40_000);
  street.silent.delete('L1');
  const again = street.override({ target: L1, levelPct: 60, source: 'console:anna' });
  await street.clock.advance(30);
  t.match(await again, { state: 'verified' });
  t.same(stages(street, 'c2'), ['received', 'queued', 'sent', 'verified']);
});

t.test('a lamp that comes down to its presence level is not counted as raised', async (t) => {
  const street = await litStreet(t, { street: makeStreet({ zone: { presence: { ...PRESENCE, boostPct: 60 } } }) });
  void street.override({ levelPct: 90 });
  await street.clock.advance(1_000);
  street.sense('S01', 80);
  void street.control.release({ commandId: 'r1', target: { kind: 'zone', id: 'rue' }, source: 'platform' });
  await street.clock.advance(1_000);
  t.equal(street.levels.get('L2'), 60);
  t.same(street.control.counters(), { detections: 1, lampsRaised: 0 });
});

t.test('a sensor that falls silent while it sees someone lights no longer than its hold', async (t) => {
  const street = await litStreet(t);
  street.sense('S01', 80);
  street.lose('S01');
  await street.clock.advance(14_000);
  t.equal(street.levels.get('L2'), 100);
  await street.clock.advance(2_500);
  t.equal(street.levels.get('L2'), 30);
});

t.test('a refused override says why and changes nothing', async (t) => {
  const street = await litStreet(t);
  t.match(await street.override({ target: { kind: 'lamp', id: 'L99' } }), { state: 'refused', reason: /no lamp L99/ });
  t.same(stages(street, 'c1'), ['received', 'refused']);
  t.match(street.events, [{ code: 'command-refused', source: 'L99', text: /platform: .*L99/ }]);
  t.same([street.writes, street.disk.size], [[], 0]);
});

t.test('an override that a newer one replaces, or that the stop cuts off, ends as failed', async (t) => {
  const street = await litStreet(t);
  const first = street.override({ levelPct: 50 });
  const second = street.override({ levelPct: 60 });
  t.match(await first, { state: 'failed', reason: /replaced/ });
  await street.control.stop();
  t.match(await second, { state: 'failed', reason: /stopped/ });
  t.match(await street.override(), { state: 'refused', reason: /starting or stopping/ });
});

t.test('a restart keeps an override without a flash, and not a moment longer than it was given', async (t) => {
  const before = await litStreet(t);
  void before.override({ levelPct: 55, minutes: 60 });
  await before.clock.advance(30);
  await before.control.stop();
  const after = await litStreet(t, { now: winter('23:40'), disk: before.disk });
  t.same(levelsOf(after), [55, 55, 55, 55, 55, 55]);
  t.ok(
    after.control.decisions().every(({ rank }) => rank === 'override'),
    'the first decision already has it',
  );
  await after.clock.advance(49 * 60_000);
  t.equal(after.levels.get('L1'), 55);
  await after.clock.advance(2 * 60_000);
  t.equal(after.levels.get('L1'), 30);
});

t.test('a disk that never answers does not keep the street dark, and a late answer is still taken up', async (t) => {
  const held = new Map<string, unknown>();
  const other = await litStreet(t, { disk: held });
  void other.override({ levelPct: 55 });
  await other.control.stop();
  const street = makeFakeStreet({
    load: () => new Promise((resolve) => street.clock.after(10_000, () => resolve(held.get('control.overrides')))),
  });
  t.teardown(() => street.control.stop());
  void street.control.start();
  await street.clock.advance(3_000);
  t.same(levelsOf(street), [30, 30, 30, 30, 30, 30]);
  await street.clock.advance(10_000);
  t.same(levelsOf(street), [55, 55, 55, 55, 55, 55]);
  const broken = makeFakeStreet({ load: () => Promise.reject(new Error('no disk')) });
  t.teardown(() => broken.control.stop());
  await broken.control.start();
  broken.poll();
  await broken.clock.advance(100);
  t.same(levelsOf(broken), [30, 30, 30, 30, 30, 30]);
});

t.test('without a trusted clock the street is lit; once the time is known it follows the programme', async (t) => {
  const street = await litStreet(t, { now: Date.UTC(1970, 0), quality: 'none' });
  t.same(levelsOf(street), [100, 100, 100, 100, 100, 100]);
  void street.override({ target: L1, levelPct: 40, minutes: 60 });
  await street.clock.advance(5_000);
  street.clock.stepWall(winter('23:30') - Date.UTC(1970, 0));
  street.clock.setQuality('synced');
  await street.clock.advance(1_100);
  t.same(levelsOf(street), [40, 30, 30, 30, 30, 30], 'the override held over the step');
  const [stored] = street.disk.get('control.overrides') as { untilMs: number }[];
  t.ok(Math.abs((stored?.untilMs ?? 0) - winter('23:30') - 3_600_000) < 10_000, 'and its end on disk is in the new time');
  t.match(
    street.events.filter(({ code }) => code === 'time-not-trusted'),
    [
      { source: 'clock', endMs: null },
      { source: 'clock', startMs: Date.UTC(1970, 0), endMs: winter('23:30') + 6_000 },
    ],
  );
});

/** What an earlier run left on disk: all lamps to 20 % until 23:00. */
async function diskWithWish(t: { teardown(fn: () => unknown): void }): Promise<Map<string, unknown>> {
  const before = await litStreet(t, { now: winter('22:00') });
  void before.override({ levelPct: 20, minutes: 60 });
  await before.clock.advance(30);
  await before.control.stop();
  return before.disk;
}

const unknownTimes: [story: string, known: string, levelPct: number, ended: number, kept: number][] = [
  ['over by then, it never returns', '23:30', 30, 1, 0],
  ['still to last, it holds', '22:40', 20, 0, 1],
];
for (const [story, known, levelPct, ended, kept] of unknownTimes) {
  t.test(`a wish from before a power cut does not darken the street while the time is unknown: ${story}`, async (t) => {
    const wallMs = winter('22:05', '2026-01-14');
    const street = await litStreet(t, { now: wallMs, quality: 'restored', disk: await diskWithWish(t) });
    t.same(levelsOf(street), [100, 100, 100, 100, 100, 100]);
    void street.override({ target: { kind: 'lamp', id: 'L6' }, levelPct: 60, minutes: 60 });
    await street.clock.advance(5 * 60_000);
    t.same(levelsOf(street), [100, 100, 100, 100, 100, 60], 'what is asked now holds at once');
    t.equal((street.disk.get('control.overrides') as unknown[]).length, 2, 'a further power cut would not lose what waits');
    street.clock.stepWall(winter(known) - street.clock.wallMs());
    await street.clock.advance(1_100);
    t.equal(street.levels.get('L1'), 100, 'a clock that was merely moved is no trusted one');
    street.clock.setQuality('synced');
    await street.clock.advance(1_100);
    t.equal(street.levels.get('L1'), levelPct);
    t.equal(street.events.filter(({ code, source }) => code === 'override-ended' && source === 'rue').length, ended);
    t.equal((street.disk.get('control.overrides') as unknown[]).length, 1 + kept);
    await street.clock.advance(20 * 60_000);
    t.equal(street.levels.get('L1'), known < '23:00' ? 30 : levelPct, 'and ends when it was to end');
  });
}

t.test('a wish that waits for the time can be replaced and released', async (t) => {
  const toZone = { kind: 'zone', id: 'rue' } as const;
  const options = { now: winter('22:05'), quality: 'restored' } as const;
  const released = await litStreet(t, { ...options, disk: await diskWithWish(t) });
  const outcome = released.control.release({ commandId: 'r1', target: toZone, source: 'platform' });
  await released.clock.advance(1_100);
  t.match(await outcome, { state: 'verified' });
  t.same(released.disk.get('control.overrides'), []);
  const replaced = await litStreet(t, { ...options, disk: await diskWithWish(t) });
  void replaced.override({ levelPct: 15, minutes: 30 });
  for (const street of [released, replaced]) street.clock.setQuality('synced');
  for (const street of [released, replaced]) await street.clock.advance(1_100);
  t.same([released.levels.get('L1'), replaced.levels.get('L1')], [80, 15]);
});

t.test('a lamp that answers without a valid level is written again and told as not following after three times', async (t) => {
  const street = await litStreet(t);
  street.vague.add('L4');
  for (let second = 0; second < 120; second++) {
    street.poll();
    await street.clock.advance(1_000);
  }
  const writes = street.writes.filter(({ lampId }) => lampId === 'L4');
  t.ok(writes.length >= 3 && writes.length < 8, `${writes.length} writes: again and again, later each time`);
  t.match(street.events, [
    { code: 'lamp-not-following', source: 'L4', text: 'does not follow: gave no valid level after it had confirmed 30 %', endMs: null },
  ]);
  street.vague.delete('L4');
  street.poll();
  await street.clock.advance(1_100);
  t.match(street.events[1], { text: 'follows again; did not: gave no valid level after it had confirmed 30 %' });
});

t.test('a lamp whose level has no value is not shown as following, and is again once it has one', async (t) => {
  const street = await litStreet(t);
  street.poll();
  t.match(street.control.why('L4'), { lamps: [{ following: true }] });
  street.vague.add('L4');
  street.poll();
  t.match(street.control.why('L4'), { lamps: [{ following: false, measuredPct: null }] });
  street.vague.delete('L4');
  street.poll();
  t.match(street.control.why('L4'), { lamps: [{ following: true }] });
});

t.test('two contacts of one box are two sensors: the quiet one does not hide the other', async (t) => {
  const [sensor] = PRESENCE.sensors;
  if (sensor === undefined) throw new Error('the test street has a sensor');
  const sensors = ['left', 'right'].map((point) => ({ ...sensor, point }));
  const street = await litStreet(t, { street: makeStreet({ zone: { presence: { ...PRESENCE, sensors } } }) });
  street.sense('S01', 80, 'left');
  for (let second = 0; second < 60; second++) {
    street.sense('S01', 0, 'right');
    await street.clock.advance(1_000);
  }
  t.equal(street.levels.get('L2'), 100, 'someone still stands at the left one');
  street.sense('S01', 90, 'right');
  t.match(street.control.counters(), { detections: 2 });
});

t.test('a lamp that does not follow is told once after three tries, and once when it follows again', async (t) => {
  const street = await litStreet(t);
  street.silent.add('L4');
  street.poll();
  const final = street.override({ levelPct: 60 });
  await street.clock.advance(10_000);
  t.match(await final, { state: 'failed', reason: /^L4: does not answer/, lamps: { L3: 'verified', L4: 'failed' } });
  t.match(street.events.slice(1), [
    { code: 'lamp-not-following', source: 'L4', severity: 'warning', text: 'does not follow: no reply', endMs: null },
  ]);
  t.match(street.control.why('L4'), { lamps: [{ following: false, wantedPct: 60, measuredPct: null }] });
  await street.clock.advance(300_000);
  t.ok(street.writes.filter(({ lampId }) => lampId === 'L4').length < 14, 'and its line is not flooded');
  const told = () => street.events.filter(({ code }) => code === 'lamp-not-following');
  t.equal(told().length, 1);
  street.silent.delete('L4');
  street.poll();
  await street.clock.advance(100);
  t.equal(street.levels.get('L4'), 60, 'written as soon as it answers');
  street.poll();
  await street.clock.advance(1_000);
  t.match(told()[1], { id: told()[0]?.id, text: 'follows again; did not: no reply', endMs: street.clock.wallMs() - 1_080 });
  t.match(street.control.why('L4'), { lamps: [{ following: true, measuredPct: 60 }] });
});

t.test('a further step of what somebody has begun is no event of its own; its end is', async (t) => {
  const street = await litStreet(t);
  for (const levelPct of [20, 60, 100]) {
    void street.override({ levelPct, isFurther: levelPct > 20, reason: 'test' });
    await street.clock.advance(5_000);
  }
  await street.clock.advance(3 * 3_600_000);
  t.same(
    street.events.flatMap(({ code }) => (code.startsWith('override') ? [code] : [])),
    ['override-started', 'override-ended'],
  );
});

t.test('who asks hears that it was sent before it is proven', async (t) => {
  const street = await litStreet(t);
  const final = street.override({ levelPct: 60 });
  await street.clock.advance(9);
  t.same(stages(street, 'c1'), ['received', 'queued']);
  await street.clock.advance(2);
  t.same(stages(street, 'c1'), ['received', 'queued', 'sent'], 'before any lamp was read back');
  t.match(street.outcomes.at(-1)?.lamps, { L1: 'sent' });
  await street.clock.advance(20);
  t.match(await final, { state: 'verified' });
  t.same(stages(street, 'c1'), ['received', 'queued', 'sent', 'verified']);
});

t.test('lamps that leave together are told of once', async (t) => {
  const { lamps } = makeStreet();
  const clock = createManualClock(0);
  const sent: (() => void)[] = [];
  let told = 0;
  const follower = createFollower({
    lamps,
    clock,
    field: {
      latest: () => undefined,
      write: ({ onSent }) => new Promise(() => sent.push(() => onSent?.(0))),
    },
    events: createEventBook(clock, () => undefined),
    log: { event: () => undefined },
    verificationOf: () => ({ settleMs: 0, tolerance: 0 }),
    onProgress: () => {
      told++;
    },
  });
  follower.follow(lamps.map(({ id }) => ({ lampId: id, levelPct: 50, rank: 'override', reason: 'override', distanceM: null, trace: [] })));
  for (const each of sent) each();
  await clock.advance(0);
  t.same([sent.length, told], [6, 1]);
  t.ok(lamps.every(({ id }) => follower.track(id).inFlight?.sent));
  for (const each of sent) each();
  await clock.advance(0);
  t.equal(told, 2, 'and again the next time');
});

t.test('a lamp known to be silent is answered for within seconds, and set when it is back', async (t) => {
  const street = await litStreet(t);
  street.silent.add('L1').add('L2');
  street.poll();
  const lone = street.override({ target: L1, levelPct: 70 });
  const askedMono = street.clock.monoMs();
  let answeredMono = Number.POSITIVE_INFINITY;
  void lone.then(() => {
    answeredMono = street.clock.monoMs();
  });
  await street.clock.advance(5_000);
  t.match(await lone, { state: 'failed', reason: /^does not answer: check its power and wiring; it is set as soon as it is back$/ });
  t.ok(answeredMono - askedMono >= 2_000 && answeredMono - askedMono <= 3_100, `after ${answeredMono - askedMono} ms`);
  t.same(stages(street, 'c1'), ['received', 'queued', 'failed'], 'it was never told as sent');
  const zone = street.override({ levelPct: 65 });
  await street.clock.advance(4_000);
  t.match(await zone, { state: 'failed', reason: /^L1: waiting below .*; L2: does not answer/, lamps: { L2: 'failed', L3: 'verified' } });
  street.silent.clear();
  street.poll();
  await street.clock.advance(1_200);
  t.same(levelsOf(street).slice(0, 3), [70, 65, 65], 'the wishes stayed in force');
});

t.test('a lamp that comes back in time is verified', async (t) => {
  const street = await litStreet(t);
  street.silent.add('L1');
  street.poll();
  const final = street.override({ target: L1, levelPct: 70 });
  await street.clock.advance(1_500);
  street.silent.delete('L1');
  street.poll();
  await street.clock.advance(1_500);
  t.match(await final, { state: 'verified' });
});

t.test('a lamp found at another level is written again', async (t) => {
  const street = await litStreet(t);
  street.poll();
  await street.clock.advance(1_000);
  street.levels.set('L5', 77);
  street.poll();
  t.same(street.writes, [], 'a first drift waits a second');
  await street.clock.advance(2_100);
  t.equal(street.levels.get('L5'), 30);
  t.same(
    street.writes.map(({ lampId }) => lampId),
    ['L5'],
  );
  const relit = [{ name: 'lamp-relit', fields: { lamp: 'L5', levelPct: 30, why: 'found at 77 % after it had confirmed 30 %' } }];
  t.same(street.log, relit);
  street.poll();
  await street.clock.advance(5_000);
  t.same(street.log, relit, 'told once');
});

t.test('zones and why show wanted, measured and the reasons; unknown names are undefined', async (t) => {
  const street = await litStreet(t);
  street.sense('S02', 90);
  await street.clock.advance(500);
  street.poll();
  const [zone] = street.control.zones();
  t.match(zone, { id: 'rue', programme: 'residential', reason: 'presence', minPct: 30, maxPct: 100 });
  t.match(zone?.lamps[4], { id: 'L5', pole: 'P5', wantedPct: 100, measuredPct: 100, rank: 'presence', following: true });
  const why = street.control.why('L5');
  t.match(why, { kind: 'lamp', lamps: [{ sinceMs: winter('23:30') + 100, trace: [{ rank: 'presence', text: 'S02 sees someone now' }] }] });
  t.match(street.control.why('rue'), { kind: 'zone' });
  t.equal(street.control.why('rue')?.lamps.length, 6);
  t.equal(street.control.why('nowhere'), undefined);
});

t.test('start and stop may be called twice, and a stopped street is left as it is', async (t) => {
  const street = await litStreet(t, { now: winter('22:59') });
  await street.control.start();
  await street.control.stop();
  await street.control.stop();
  await street.clock.advance(120_000);
  street.sense('S01', 80);
  t.same(street.writes, []);
});

t.test('the wall clock may step both ways: the level is that of the new time', async (t) => {
  const street = await litStreet(t, { now: winter('22:30') });
  for (const [hours, levelPct] of [
    [1, 30],
    [-1, 80],
    [14, 0],
    [-14, 80],
  ] as const) {
    street.clock.stepWall(hours * 3_600_000);
    await street.clock.advance(1_100);
    t.equal(street.levels.get('L1'), levelPct);
  }
});

t.test('an override released at the next step ends there, in one change of light', async (t) => {
  const street = await litStreet(t, { now: winter('22:50') });
  void street.override({ levelPct: 55, minutes: 120 });
  await street.clock.advance(2_000);
  const answer = await street.control.release({
    commandId: 'r1',
    target: { kind: 'zone', id: 'rue' },
    source: 'platform',
    atNextStep: true,
  });
  t.match(answer, { state: 'verified' });
  await street.clock.advance(9 * 60_000);
  t.equal(street.levels.get('L1'), 55);
  await street.clock.advance(62_000);
  t.equal(street.levels.get('L1'), 30);
  const again = await street.control.release({
    commandId: 'r2',
    target: { kind: 'zone', id: 'rue' },
    source: 'platform',
    atNextStep: true,
  });
  t.match(again, { state: 'refused', reason: /no override of zone rue/ });
});

t.test('the emergency key lights all at once and for as long as it is turned; a button for two hours', async (t) => {
  const contacts = new Map([
    ['IO1.input_1', 'emergency'],
    ['IO1.input_2', 'lights-on'],
  ] as const);
  const desk = createContactDesk(contacts);
  const at = (value: number | null, n = 1, nowMono = 0) =>
    desk.take([{ pointId: `IO1.input_${n}`, value, quality: value === null ? 'missing' : 'good', atMono: nowMono, atMs: 0 }], {
      nowMs: nowMono,
      nowMono,
    });
  t.equal(at(0), false);
  t.equal(at(1, 1, 10), true);
  t.match(desk.intents(), [{ rank: 'emergency', levelPct: 100, target: { kind: 'cabinet' } }]);
  at(null, 1, 20);
  t.equal(desk.intents().length, 1, 'a lost reply is no turned key');
  at(0, 1, 30);
  t.strictSame(desk.intents(), []);
  t.equal(at(1, 2, 40), true);
  at(0, 2, 50);
  t.match(desk.intents(), [{ rank: 'override', untilMono: 40 + 2 * 3_600_000 }]);
});

t.test('a line takes its share of levels in a second, and no more', async (t) => {
  const pace = createWritePace(new Map([['north', 2]]));
  t.strictSame(
    [0, 0, 0, 400, 500, 1_000].map((ms) => pace.mayWrite('north', ms)),
    [true, true, false, false, true, true],
  );
  t.ok(pace.mayWrite('south', 0), 'a line without a bound has none');
});

t.test('a start keeps the light it finds for as long as somebody may be there', async (t) => {
  const guard = createStartGuard(new Map([['L1', 20]]), 1_000);
  const reading = (value: number, atMono: number) => ({ pointId: 'L1.level' as const, value, quality: 'good' as const, atMono, atMs: 0 });
  t.ok(guard.isWaiting('L1', 1_500));
  t.notOk(guard.isWaiting('L9', 1_500), 'a lamp without presence waits for nothing');
  guard.take('L1', reading(100, 1_600));
  t.notOk(guard.isWaiting('L1', 1_700));
  t.strictSame([...guard.holds(1_700)], [['L1', { levelPct: 100, untilMono: 21_000 }]]);
  guard.take('L1', reading(30, 1_800));
  t.equal(guard.holds(1_900).get('L1')?.levelPct, 100, 'what was found first counts');
  t.equal(guard.holds(21_000).size, 0);
  t.notOk(createStartGuard(new Map([['L1', 20]]), 0).isWaiting('L1', 2_000), 'one that does not answer is not waited for');
});

// ── the dark ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const CURFEW = makeStreet({
  zone: { presence: null, dark: { warnPct: 20, warnS: 30 } },
  programme: { id: 'residential', steps: [step('dusk', 100), step({ hour: 23, minute: 0 }, 0)] },
});

for (const [found, shows] of [
  [100, [20, 0]],
  [15, [20, 0]],
  [0, [0]],
] as const) {
  t.test(`a start in a street that may go dark, lamps found at ${found} %: ${shows.join(', then ')} %`, async (t) => {
    const street = makeFakeStreet({ street: CURFEW, now: winter('23:30') });
    for (const { id } of CURFEW.lamps) street.levels.set(id, found);
    const seen: (number | undefined)[] = [];
    await street.control.start();
    for (let s = 0; s < 40; s++) {
      await street.clock.advance(1_000);
      street.poll();
      seen.push(street.levels.get('L2'));
    }
    const after = seen.slice(seen.findIndex((level) => level !== found));
    t.same([...new Set(shows.length === 1 ? seen : after)], shows);
    if (shows.length > 1) t.ok(after.filter((level) => level === 20).length >= 29);
    await street.control.stop();
  });
}
