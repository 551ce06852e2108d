/** Burning hours: unknown until they are stated or counted from the start, and never lost with a disk. */
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { BurningHoursTracker } from '../../../agent/control/burning-hours-tracker.ts';
import type { ClockQuality } from '../../../agent/core/clock.ts';
import { HOUR_MS } from '../../../agent/core/durations.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { Decision } from '../../../agent/core/words.ts';
import { createDecider } from '../../../agent/lighting/decide.ts';
import { makeStreet, snapshot, winter } from '../lighting/street.ts';
import { createStoreRig, testFolder } from '../store/fixtures/kit.ts';
import { makeFakeStreet } from './fake-street.ts';

const KEY = 'control.burning-hours';
const lit: Decision = { lampId: 'L1', levelPct: 100, rank: 'default', reason: 'default', distanceM: null, trace: [] };
const MAY = { hours: 12_000, on: '2026-05-01' };

interface Disk {
  readonly facts: Map<string, unknown>;
  isReadable: boolean;
  isFull: boolean;
}

function diskOf(facts: Record<string, unknown> = {}): Disk {
  return { facts: new Map(Object.entries(facts)), isReadable: true, isFull: false };
}

async function trackerOn(
  disk: Disk,
  burned: { hours: number; on: string } | null = null,
  at = '2026-05-01T00:00Z',
  quality: ClockQuality = 'synced',
) {
  const clock = createManualClock(Date.parse(at), quality);
  const store = {
    save: async (key: string, value: unknown) => !disk.isFull && disk.facts.set(key, JSON.parse(JSON.stringify(value))) !== undefined,
    load: async (key: string, unread?: unknown) => (disk.isReadable ? disk.facts.get(key) : unread),
  };
  const tracker = new BurningHoursTracker({ clock, store, lamps: [{ id: 'L1', burned }, { id: 'L2' }] });
  await tracker.restore();
  /** L1 is lit. */
  const burn = async (h: number): Promise<void> => {
    for (let minute = 0; minute < h * 60; minute++) {
      await clock.advance(60_000);
      tracker.take([lit]);
    }
  };
  tracker.take([lit]);
  return { tracker, clock, burn, hoursOf: (id = 'L1') => tracker.hours().get(id) };
}

t.test('unknown burning hours of a lamp stay unknown, however long the agent runs', async (t) => {
  const disk = diskOf();
  const { burn, hoursOf, tracker } = await trackerOn(disk);
  await burn(30);
  t.equal(hoursOf(), undefined);
  void tracker.save();
  t.same(disk.facts.get(KEY), {});
});

t.test('what a technician states counts from then on, is saved at once and found by the next start', async (t) => {
  const disk = diskOf();
  const first = await trackerOn(disk);
  await first.burn(2);
  t.equal(await first.tracker.set(['L1'], 12_000), true);
  t.same(disk.facts.get(KEY), { L1: 12_000 });
  await first.burn(3);
  t.ok(Math.abs((first.hoursOf() ?? 0) - 12_003) < 0.01);
  const second = await trackerOn(disk);
  t.ok((second.hoursOf() ?? 0) >= 12_002, 'at most the hour since the last save is missing');
  await second.tracker.set(['L1'], 0);
  t.equal(second.hoursOf(), 0, 'a new lamp');
});

t.test('a statement of the configuration is taken once, and another one again', async (t) => {
  const disk = diskOf();
  const first = await trackerOn(disk, MAY);
  t.equal(first.hoursOf(), 12_000);
  await first.burn(10);
  await first.tracker.set(['L2'], 7);
  const second = await trackerOn(disk, MAY, '2026-06-01T00:00Z');
  t.ok(Math.abs((second.hoursOf() ?? 0) - 12_010) < 1.1, 'not applied again');
  const third = await trackerOn(disk, { hours: 500, on: '2026-06-01' }, '2026-06-01T00:00Z');
  t.equal(third.hoursOf(), 500, 'a lamp was replaced');
  t.equal(third.hoursOf('L2'), 7);
  await third.tracker.set(['L1'], 9_000);
  const fourth = await trackerOn(disk, { hours: 500, on: '2026-06-01' }, '2026-07-01T00:00Z');
  t.equal(fourth.hoursOf(), 9_000, 'what the technician said later stays');
});

t.test('on a store that starts again a statement is accepted again, with every hour since its day', async (t) => {
  t.equal((await trackerOn(diskOf(), MAY, '2026-05-11T00:00Z')).hoursOf(), 12_240);
  t.equal((await trackerOn(diskOf(), MAY, '2026-04-01T00:00Z')).hoursOf(), 12_000, 'a day to come adds nothing');
  t.equal((await trackerOn(diskOf(), { hours: 5, on: '2026-99-99' })).hoursOf(), undefined, 'no day');
});

t.test('a report waits until the time is known', async (t) => {
  const { tracker, clock, hoursOf } = await trackerOn(diskOf(), MAY, '2026-05-11T00:00Z', 'none');
  t.equal(hoursOf(), undefined);
  clock.setQuality('synced');
  tracker.take([lit]);
  t.equal(hoursOf(), 12_240);
});

t.test('hours counted by a former release are known', async (t) => {
  t.equal((await trackerOn(diskOf({ [KEY]: { L1: 4_000, L2: -1, L3: 'x' } }))).hoursOf(), 4_000);
  for (const nonsense of [null, 7, 'x', [1]]) t.equal((await trackerOn(diskOf({ [KEY]: nonsense }))).hoursOf(), undefined);
});

t.test('a disk that could not be read is not overwritten, and is read once it can be', async (t) => {
  const disk = diskOf({ [KEY]: { L1: 40_000 } });
  disk.isReadable = false;
  const { tracker, burn, hoursOf } = await trackerOn(disk);
  t.equal(hoursOf(), undefined);
  t.equal(await tracker.set(['L2'], 8), false, 'in force, but not saved');
  await burn(2);
  t.same(disk.facts.get(KEY), { L1: 40_000 });
  disk.isReadable = true;
  await burn(2);
  t.ok((hoursOf() ?? 0) >= 40_003, 'with what has burnt meanwhile');
  t.equal(hoursOf('L2'), 8);
  await burn(1);
  t.match(disk.facts.get(KEY), { L2: 8 });
});

t.test('a disk that could not be read at the start is read again within a minute', async (t) => {
  const disk = diskOf({ [KEY]: { L1: 40_000 } });
  disk.isReadable = false;
  const { burn, hoursOf } = await trackerOn(disk);
  disk.isReadable = true;
  await burn(2 / 60);
  t.ok((hoursOf() ?? 0) >= 40_000);
});

t.test('with constant light and a disk that cannot be read the street has its full light, start after start', async (t) => {
  const street = makeStreet({ zone: { presence: null, constantLight: { newPct: 70, fullAtH: 50_000 } } });
  const disk = new Map<string, unknown>();
  const levels: (number | undefined)[] = [];
  for (const isReadable of [false, true, true]) {
    const load = isReadable ? {} : { load: () => Promise.reject(new Error('EIO')) };
    const { control, clock } = makeFakeStreet({ now: winter('20:00'), street, disk, ...load });
    await control.start();
    await clock.advance(10 * 60_000);
    levels.push(control.decisions()[0]?.levelPct);
    await control.stop();
  }
  // The dusk step of the programme is 80 %.
  t.same(levels, [80, 80, 80]);
});

t.test('hours are in the nightly copy of the state, and are restored from it when the file is damaged', async (t) => {
  const dir = testFolder(t);
  const first = createStoreRig({ dir });
  await first.store.start();
  const tracker = new BurningHoursTracker({ clock: first.clock, store: first.store, lamps: [{ id: 'L1' }] });
  await tracker.restore();
  const saved = tracker.set(['L1'], 23_000);
  await first.clock.advance(1_000);
  t.equal(await saved, true);
  t.ok(await first.store.backup());
  await first.store.stop();
  truncateSync(join(dir, 'state.db'), 4_096);
  const second = createStoreRig({ dir });
  await second.store.start();
  const again = new BurningHoursTracker({ clock: second.clock, store: second.store, lamps: [{ id: 'L1' }] });
  await again.restore();
  t.equal(again.hours().get('L1'), 23_000);
  await second.store.stop();
});

t.test('hours that are stated never leave a lamp with less light than its true age needs', async (t) => {
  const constantLight = { newPct: 60, fullAtH: 50_000 };
  const decider = createDecider(makeStreet({ zone: { presence: null, constantLight, minPct: 0 } }));
  const levelAt = (hours: number | undefined): number =>
    decider.decide(snapshot({ nowMs: winter('20:00'), burningH: new Map(hours === undefined ? [] : [['L1', hours]]) })).decisions[0]
      ?.levelPct ?? 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 200_000 }),
      fc.integer({ min: 0, max: 3_650 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom('kept', 'afresh', 'unread', 'no time'),
      async (statedH, days, litShare, fate) => {
        const trueH = statedH + days * 24 * litShare;
        const disk = diskOf(fate === 'kept' ? { [KEY]: { L1: trueH }, 'control.burning-stated': { L1: `${statedH}@2026-05-01` } } : {});
        disk.isReadable = fate !== 'unread';
        const at = new Date(Date.parse('2026-05-01T00:00Z') + days * 24 * HOUR_MS).toISOString();
        const { hoursOf } = await trackerOn(disk, { hours: statedH, on: '2026-05-01' }, at, fate === 'no time' ? 'none' : 'synced');
        return levelAt(hoursOf()) >= levelAt(trueH);
      },
    ),
    { numRuns: 300 },
  );
  t.pass('held for all generated lamps');
});

for (const fullMinutes of [0, 5, 500]) {
  t.test(`hours that a full disk did not take are saved within a minute of room, after ${fullMinutes} min`, async (t) => {
    const disk = diskOf();
    const { tracker, clock } = await trackerOn(disk);
    disk.isFull = true;
    t.equal(await tracker.set(['L1'], 5), false, 'the answer says so');
    for (let minute = 0; minute < fullMinutes; minute++) {
      await clock.advance(60_000);
      tracker.take([]);
    }
    disk.isFull = false;
    await clock.advance(60_000);
    tracker.take([]);
    await clock.advance(1);
    t.same(disk.facts.get(KEY), { L1: 5 });
  });
}

for (const fullMinutes of [65, 180, 1_800]) {
  t.test(`no hour is lost that burnt while the disk was full for ${fullMinutes} min`, async (t) => {
    const disk = diskOf({ [KEY]: { L1: 1_000 } });
    const { burn, hoursOf } = await trackerOn(disk);
    await burn(1);
    disk.isFull = true;
    await burn(fullMinutes / 60);
    t.same(disk.facts.get(KEY), { L1: 1_001 }, 'the disk has what it took before');
    disk.isFull = false;
    await burn(2 / 60);
    const found = (await trackerOn(disk)).hoursOf() ?? 0;
    t.ok(Math.abs(found - (1_001 + fullMinutes / 60)) < 0.06, `${found} h`);
    t.ok(Math.abs((hoursOf() ?? 0) - found) < 0.06, 'the run itself knows no other hours');
  });
}

t.test('a save that never completes does not block later ones', async (t) => {
  const disk = diskOf({ [KEY]: { L1: 1_000 } });
  const clock = createManualClock(Date.parse('2026-05-01T00:00Z'), 'synced');
  let isHung = true;
  const store = {
    save: async (key: string, value: unknown) =>
      isHung ? new Promise<never>(() => {}) : disk.facts.set(key, structuredClone(value)) !== undefined,
    load: async (key: string) => disk.facts.get(key),
  };
  const tracker = new BurningHoursTracker({ clock, store, lamps: [{ id: 'L1' }] });
  await tracker.restore();
  for (let minute = 0; minute <= 181; minute++) {
    if (minute === 125) isHung = false;
    await clock.advance(60_000);
    tracker.take([lit]);
  }
  t.ok(Math.abs((disk.facts.get(KEY) as { L1: number }).L1 - 1_003) < 0.05);
});
