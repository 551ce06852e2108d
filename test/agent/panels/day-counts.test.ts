import fc from 'fast-check';
import t from 'tap';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { PointId, Reading } from '../../../agent/core/words.ts';
import { createLocalCalendar } from '../../../agent/lighting/local-time.ts';
import { afterTotal, countOf, type DayCount, readDayCounts } from '../../../agent/panels/day-count.ts';
import { DayCounts } from '../../../agent/panels/day-counts.ts';

const POINT: PointId = 'IO1.bikes';
const START_MS = Date.parse('2026-06-20T20:00:00Z');
const MIN = 60_000;

const createCounts = (disk: Map<string, unknown>, startMs = START_MS, quality: 'none' | 'synced' = 'synced') => {
  const clock = createManualClock(startMs, quality);
  let saves = 0;
  const store = {
    load: async (key: string) => disk.get(key),
    save: async (key: string, stored: unknown) => {
      saves++;
      disk.set(key, JSON.parse(JSON.stringify(stored)));
      return true;
    },
  };
  const counts = new DayCounts({ points: [POINT], clock, calendar: createLocalCalendar('Europe/Paris'), store, log: { event: () => {} } });
  const reading = (value: number | null): Reading => ({
    pointId: POINT,
    value,
    quality: value === null ? 'missing' : 'good',
    atMono: clock.monoMs(),
    atMs: clock.wallMs(),
  });
  return { clock, counts, read: (value: number | null) => counts.take([reading(value)]), saves: () => saves };
};

t.test('the count of a day begins at local midnight, and a restart does not begin it again', async (t) => {
  const disk = new Map<string, unknown>();
  const first = createCounts(disk);
  await first.counts.restore();
  first.read(1_000);
  first.read(1_040);
  t.equal(first.counts.today(POINT), 40);
  await first.clock.advance(121 * MIN);
  first.read(1_045);
  t.equal(first.counts.today(POINT), 5, 'after midnight in Paris, which is 22:00 UTC');
  first.counts.tend();
  const second = createCounts(disk, START_MS + 180 * MIN);
  await second.counts.restore();
  second.read(1_060);
  t.equal(second.counts.today(POINT), 20, 'with what was counted while the agent was away');
});

t.test('an outage over midnight: what was counted meanwhile belongs to the new day', async (t) => {
  const disk = new Map<string, unknown>();
  const first = createCounts(disk);
  await first.counts.restore();
  first.read(1_000);
  first.read(1_100);
  first.counts.tend(true);
  const second = createCounts(disk, START_MS + 12 * 60 * MIN);
  await second.counts.restore();
  second.read(1_130);
  t.equal(second.counts.today(POINT), 30);
});

t.test('an outage of days: a day does not contain the days before it', async (t) => {
  const disk = new Map<string, unknown>();
  const first = createCounts(disk);
  await first.counts.restore();
  first.read(1_000);
  first.counts.tend(true);
  const second = createCounts(disk, START_MS + 72 * 60 * MIN);
  await second.counts.restore();
  second.read(1_900);
  second.read(1_910);
  t.equal(second.counts.today(POINT), 10);
});

t.test('without a known time, before the saved counts are read, and without a reading there is no count', async (t) => {
  const { counts, read, clock } = createCounts(new Map(), START_MS, 'none');
  read(5);
  await counts.restore();
  read(6);
  t.equal(counts.today(POINT), null);
  clock.setQuality('synced');
  t.equal(counts.today(POINT), null);
  read(null);
  t.equal(counts.today(POINT), null);
  read(7);
  t.equal(counts.today(POINT), 0);
});

t.test('flash is written once for a day and every ten minutes, however often bicycles pass', async (t) => {
  const { counts, read, clock, saves } = createCounts(new Map());
  await counts.restore();
  for (let s = 0; s < 3_600; s++) {
    read(s);
    counts.tend();
    await clock.advance(1_000);
  }
  t.ok(saves() <= 7, `${saves()} saves in an hour`);
});

t.test('a total that is set back at the device does not change what was counted', async (t) => {
  const day = '2026-06-20';
  const totals = [10, 25, 3, 8];
  const end = totals.reduce<DayCount | undefined>((before, total) => afterTotal(before, { day, total }), undefined);
  t.equal(countOf(end, day), 20, '15 before and 5 after');
});

t.test('whatever the totals, the count is not negative, and equals the sum of the increases', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1 }), (totals) => {
      const day = '2026-06-20';
      const end = totals.reduce<DayCount | undefined>((before, total) => afterTotal(before, { day, total }), undefined);
      const increases = totals.slice(1).reduce((sum, total, i) => sum + Math.max(0, total - (totals[i] as number)), 0);
      return countOf(end, day) === increases;
    }),
  );
});

t.test('what the disk has is checked', async (t) => {
  for (const stored of [
    undefined,
    null,
    5,
    [],
    { a: 1 },
    { a: { day: 1, base: 2, last: 3 } },
    { a: { day: 'x', base: '2', last: 3 } },
    { a: { day: 'x', base: Number.POSITIVE_INFINITY, last: 3 } },
  ])
    t.equal(readDayCounts(stored).size, 0);
  t.equal(readDayCounts({ [POINT]: { day: '2026-06-20', base: 1, last: 2 } }).size, 1);
});
