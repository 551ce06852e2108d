import t from 'tap';
import { createContactTracker } from '../../../agent/control/sensing/contact-tracker.ts';
import { createWritePace } from '../../../agent/control/writing/write-pace.ts';
import type { Zone } from '../../../agent/core/cabinet.ts';
import { texts } from '../../support/texts.ts';
import { makeStreet, PRESENCE, winter } from '../lighting/street.ts';
import { levelsOf, litStreet } from './lit-street.ts';

t.test('the dimming step is applied and all lamps follow once', async (t) => {
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

t.test('a detection during the fall returns to boost immediately, even while the falling write is in flight', async (t) => {
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

t.test('a lamp that is lowered to its presence level is not counted as raised', async (t) => {
  const street = await litStreet(t, { street: makeStreet({ zone: { presence: { ...PRESENCE, boostPct: 60 } } }) });
  void street.override({ levelPct: 90 });
  await street.clock.advance(1_000);
  street.sense('S01', 80);
  void street.control.release({ commandId: 'r1', target: { kind: 'zone', id: 'rue' }, authority: 'platform', source: 'platform' });
  await street.clock.advance(1_000);
  t.equal(street.levels.get('L2'), 60);
  t.same(street.control.counters(), { detections: 1, lampsRaised: 0 });
});

t.test('a sensor that falls silent while it detects presence lights no longer than its hold', async (t) => {
  const street = await litStreet(t);
  street.sense('S01', 80);
  street.lose('S01');
  await street.clock.advance(14_000);
  t.equal(street.levels.get('L2'), 100);
  await street.clock.advance(2_500);
  t.equal(street.levels.get('L2'), 30);
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

t.test('zones and why show the requested level, the measured one and the reasons; unknown names are undefined', async (t) => {
  const street = await litStreet(t);
  street.sense('S02', 90);
  await street.clock.advance(500);
  street.poll();
  const [zone] = street.control.zones();
  t.match(zone, { id: 'rue', programme: 'residential', reason: 'presence', minPct: 30, maxPct: 100 });
  t.match(zone?.lamps[4], { id: 'L5', pole: 'P5', wantedPct: 100, measuredPct: 100, rank: 'presence', following: true });
  const why = street.control.why('L5');
  t.match(texts(why), {
    kind: 'lamp',
    lamps: [{ sinceMs: winter('23:30') + 100, trace: [{ rank: 'presence', text: 'S02 detects someone now' }] }],
  });
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

t.test('the emergency key lights all at once and for as long as it is turned; a button for two hours', async (t) => {
  const contacts = new Map([
    ['IO1.input_1', 'emergency'],
    ['IO1.input_2', 'lights-on'],
  ] as const);
  const tracker = createContactTracker(contacts);
  const at = (value: number | null, n = 1, nowMono = 0) =>
    tracker.take([{ pointId: `IO1.input_${n}`, value, quality: value === null ? 'missing' : 'good', atMono: nowMono, atMs: 0 }], {
      nowMs: nowMono,
      nowMono,
    });
  t.equal(at(0), false);
  t.equal(at(1, 1, 10), true);
  t.match(tracker.intents(), [{ rank: 'emergency', levelPct: 100, target: { kind: 'cabinet' } }]);
  at(null, 1, 20);
  t.equal(tracker.intents().length, 1, 'a lost reply is no turned key');
  at(0, 1, 30);
  t.strictSame(tracker.intents(), []);
  t.equal(at(1, 2, 40), true);
  at(0, 2, 50);
  t.match(tracker.intents(), [{ rank: 'override', untilMono: 40 + 2 * 3_600_000 }]);
});

t.test('a key of one zone lights that zone alone, also after a restart', async (t) => {
  const contacts = new Map([['IO1.input_1', 'emergency']] as const);
  const zones = new Map([['IO1.input_1', 'quay']] as const);
  const stored: unknown[] = [];
  const tracker = createContactTracker(contacts, (all) => stored.push(all), zones);
  const closed = { pointId: 'IO1.input_1', value: 1, quality: 'good', atMono: 0, atMs: 0 } as const;
  tracker.take([closed], { nowMs: 0, nowMono: 0 });
  t.match(tracker.intents(), [{ rank: 'emergency', levelPct: 100, target: { kind: 'zone', id: 'quay' } }]);
  const next = createContactTracker(contacts, () => {}, zones);
  next.restore(stored.at(-1), { nowMs: 1, nowMono: 1 }, true);
  t.match(next.intents(), [{ target: { kind: 'zone', id: 'quay' } }]);
  const former = createContactTracker(contacts);
  former.restore(stored.at(-1), { nowMs: 1, nowMono: 1 }, true);
  t.match(former.intents(), [{ target: { kind: 'cabinet' } }], 'where the zone is not named any more, all lamps');
});

t.test('an emergency of one zone lights its lamps over an override, and no others', async (t) => {
  const all = makeStreet();
  const [rue] = all.zones;
  const zones = [
    { ...(rue as Zone), lamps: ['L1', 'L2'] },
    { ...(rue as Zone), id: 'quay', lamps: ['L3', 'L4', 'L5', 'L6'], presence: null },
  ];
  const contacts = new Map([['IO1.input_1', 'emergency']] as const);
  const contactZones = new Map([['IO1.input_1', 'quay']] as const);
  const street = await litStreet(t, { street: { ...all, zones }, contacts, contactZones });
  street.sense('IO1', 0, 'input_1');
  void street.override({ target: { kind: 'zone', id: 'quay' }, levelPct: 20 });
  await street.clock.advance(100);
  t.same(levelsOf(street), [30, 30, 20, 20, 20, 20]);
  street.sense('IO1', 1, 'input_1');
  await street.clock.advance(100);
  t.same(levelsOf(street), [30, 30, 100, 100, 100, 100]);
  t.ok(
    street.writes.filter(({ levelPct }) => levelPct === 100).every(({ lane }) => lane === 'urgent'),
    'before everything else',
  );
  void street.override({ target: { kind: 'zone', id: 'quay' }, levelPct: 50, rank: 'maintenance', source: 'console:anna' });
  await street.clock.advance(100);
  t.same(levelsOf(street), [30, 30, 50, 50, 50, 50], 'a technician on the spot outranks it');
  void street.control.release({ commandId: 'r1', target: { kind: 'zone', id: 'quay' }, authority: 'technician', source: 'console:anna' });
  street.sense('IO1', 0, 'input_1');
  await street.clock.advance(100);
  t.same(levelsOf(street), [30, 30, 30, 30, 30, 30], 'that release ended the override below it too');
});

t.test('a line takes its share of levels in a second, and no more', async (t) => {
  const pace = createWritePace(new Map([['north', 2]]));
  t.strictSame(
    [0, 0, 0, 400, 500, 1_000].map((ms) => pace.mayWrite('north', ms)),
    [true, true, false, false, true, true],
  );
  t.ok(pace.mayWrite('south', 0), 'a line without a bound has none');
});
