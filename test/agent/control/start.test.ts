import t from 'tap';
import type { LightContact } from '../../../agent/control/sensing/contact-tracker.ts';
import type { PointId } from '../../../agent/core/words.ts';
import { makeStreet, winter } from '../lighting/street.ts';
import { type FakeOptions, type FakeStreet, makeFakeStreet } from './fake-street.ts';

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];
const CONTACTS = new Map<PointId, LightContact>([
  ['IO1.key', 'emergency'],
  ['IO1.button', 'lights-on'],
]);

type Test = { teardown(fn: () => unknown): void };

async function started(t: Test, options: FakeOptions = {}): Promise<FakeStreet> {
  const street = makeFakeStreet({ contacts: CONTACTS, foundPct: 100, street: makeStreet({ zone: { presence: null } }), ...options });
  t.teardown(() => street.control.stop());
  await street.control.start();
  return street;
}

/** All lamps and contacts are read once. */
function read(street: FakeStreet, { key = 0, button = 0 } = {}): void {
  street.poll();
  street.sense('IO1', key, 'key');
  street.sense('IO1', button, 'button');
}

const levelsOf = (street: FakeStreet): number[] => [...new Set(street.levels.values())];
const least = (street: FakeStreet): number => Math.min(...street.levels.values());

/** Ends a run and starts the next one on what it left, so much later. */
async function restarted(t: Test, before: FakeStreet, laterMs: number, options: FakeOptions = {}): Promise<FakeStreet> {
  const now = before.clock.wallMs() + laterMs;
  await before.control.stop();
  return started(t, { now, disk: before.disk, foundPct: levelsOf(before)[0] ?? 0, ...options });
}

t.test('a restart keeps the request of the lights-on button for the rest of its two hours', async (t) => {
  const before = await started(t, { foundPct: 30 });
  read(before);
  before.sense('IO1', 1, 'button');
  await before.clock.advance(SECOND);
  before.sense('IO1', 0, 'button');
  await before.clock.advance(5 * MINUTE);
  t.same(levelsOf(before), [100]);
  const street = await restarted(t, before, MINUTE);
  read(street);
  await street.clock.advance(113 * MINUTE);
  t.same(levelsOf(street), [100]);
  await street.clock.advance(2 * MINUTE);
  t.same(levelsOf(street), [30]);
});

t.test('without a time the button lasts its two hours: its end is unknown, and it can only add light', async (t) => {
  const before = await started(t, { foundPct: 30 });
  read(before);
  before.sense('IO1', 1, 'button');
  await before.clock.advance(HOUR);
  const street = await restarted(t, before, -5 * HOUR, { quality: 'restored' });
  read(street);
  street.clock.stepWall(6 * HOUR);
  street.clock.setQuality('synced');
  await street.clock.advance(118 * MINUTE);
  t.same(levelsOf(street), [100]);
  await street.clock.advance(3 * MINUTE);
  t.same(levelsOf(street), [30]);
});

for (const readMs of [400, 4_000, 20_000]) {
  t.test(`a closed emergency key that is read ${readMs} ms after the start is not preceded by a lower level`, async (t) => {
    const street = await started(t);
    for (let passed = 0; passed < readMs; passed += 100) {
      if (passed === 300) street.poll();
      await street.clock.advance(100);
      if (least(street) < 100) return t.fail(`${least(street)} % after ${passed} ms`);
    }
    read(street, { key: 1 });
    await street.clock.advance(10 * MINUTE);
    t.same(levelsOf(street), [100]);
    t.equal(
      street.writes.find(({ levelPct }) => levelPct < 100),
      undefined,
    );
    street.sense('IO1', 0, 'key');
    await street.clock.advance(2 * SECOND);
    t.same(levelsOf(street), [30], 'and it ends with the key');
  });
}

t.test('an open key lets the street go to its programme at once', async (t) => {
  const street = await started(t);
  read(street);
  await street.clock.advance(1_100);
  t.same(levelsOf(street), [30]);
});

t.test(
  'a key that was closed when the run ended still counts: for an hour if its box is dead, else until it is read as open',
  async (t) => {
    const before = await started(t, { foundPct: 30 });
    read(before, { key: 1 });
    await before.clock.advance(SECOND);
    const dead = await restarted(t, before, MINUTE);
    dead.poll();
    await dead.clock.advance(59 * MINUTE);
    t.same(levelsOf(dead), [100]);
    await dead.clock.advance(2 * MINUTE);
    t.same(levelsOf(dead), [30], 'a dead box does not light the street for ever');
    const open = await restarted(t, before, MINUTE);
    read(open, { key: 0 });
    await open.clock.advance(2 * SECOND);
    t.same(levelsOf(open), [30]);
  },
);

t.test('a box that never answers keeps the level that was found for an hour, and raises nothing', async (t) => {
  for (const foundPct of [100, 60, 30]) {
    const street = await started(t, { foundPct });
    street.poll();
    await street.clock.advance(59 * MINUTE);
    t.same(levelsOf(street), [foundPct]);
    await street.clock.advance(2 * MINUTE);
    t.same(levelsOf(street), [30]);
  }
});

t.test('a lamp that cannot be read is lit, and a level set by a person applies immediately', async (t) => {
  const street = await started(t, { foundPct: 0 });
  await street.clock.advance(3 * SECOND);
  t.same(levelsOf(street), [100]);
  void street.override({ levelPct: 20, minutes: 10 });
  await street.clock.advance(SECOND);
  t.same(levelsOf(street), [20]);
});

t.test('the agent waits for a point of a rule, but not for long', async (t) => {
  const rules = [
    {
      id: 'fog',
      when: { kind: 'above', point: 'W1.fog', threshold: 50, clearAt: 40, forS: 0, clearS: 0, lostS: 60 },
      raise: { zones: ['rue'], levelPct: 100 },
    },
  ] as never;
  const street = await started(t, { street: makeStreet({ street: { rules }, zone: { presence: null } }), contacts: new Map() });
  street.poll();
  await street.clock.advance(29 * SECOND);
  t.same(levelsOf(street), [100]);
  await street.clock.advance(2 * SECOND);
  t.same(levelsOf(street), [30]);
});

t.test('whatever the disk contains about contacts, the start continues', async (t) => {
  for (const stored of [null, 7, 'x', [null, 7, {}, { pointId: 'IO1.key', untilMs: 'soon' }, { pointId: 'other', untilMs: 1e15 }]]) {
    const street = await started(t, { disk: new Map([['control.contacts', stored]]) });
    read(street);
    await street.clock.advance(1_100);
    t.same(levelsOf(street), [30]);
  }
});

t.test('by day a lamp that is found lit is switched off once the key is read', async (t) => {
  const street = await started(t, { now: winter('13:00') });
  street.poll();
  await street.clock.advance(10 * SECOND);
  t.same(levelsOf(street), [100]);
  read(street);
  await street.clock.advance(1_100);
  t.same(levelsOf(street), [0]);
});
