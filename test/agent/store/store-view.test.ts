import t from 'tap';
import { HOUR_MS } from '../../../agent/core/durations.ts';
import { msg, NO_TEXT } from '../../../agent/core/message.ts';
import type { Store } from '../../../agent/core/ports.ts';
import { agentChores, type ChoreParts, minuteOf, noonHour } from '../../../agent/service/housekeeping/chores.ts';
import { hoursLeft, storeView, writtenBytesPerDay } from '../../../agent/store/store-view.ts';
import { storeCheck, storeStatus } from '../console/fake-store.ts';
import { status } from '../console/fake-view.ts';

/** 10,000 readings in 10 kB of rows: a byte each. */
const rows = { journal: { readings: 1_000, bytes: 5_000 }, segments: { count: 1, readings: 9_000, bytes: 5_000 } };
const full = { ...rows, bytes: 1_000_000, maxBytes: 2_000_000, readingsStored: 10_000 };

const lasting: [story: string, changes: Partial<typeof full>, upMs: number, hours: number | null][] = [
  ['a megabyte left at 10 kB an hour', {}, HOUR_MS, 100],
  ['the same readings in twice the time', {}, 2 * HOUR_MS, 200],
  ['a store that is full', { bytes: 2_000_000 }, HOUR_MS, 0],
  ['a store above its cap, which was lowered', { bytes: 3_000_000 }, HOUR_MS, 0],
  ['a run of less than ten minutes', {}, 599_999, null],
  ['a run of ten minutes', {}, 600_000, 100 / 6],
  ['a run in which nothing was stored', { readingsStored: 0 }, HOUR_MS, null],
  ['an empty file', { journal: { readings: 0, bytes: 0 }, segments: { count: 0, readings: 0, bytes: 0 } }, HOUR_MS, null],
];
for (const [story, changes, upMs, hours] of lasting)
  t.test(`${story} lasts ${hours === null ? 'for an unknown time' : `${hours} h`}`, async (t) =>
    t.equal(hoursLeft({ ...full, ...changes }, upMs), hours),
  );

t.test('the bytes written in a day are reported once the run is old enough, where the kernel counts them', async (t) => {
  t.equal(writtenBytesPerDay({ bytes: 1_000_000, overMs: HOUR_MS }), 24_000_000);
  t.equal(writtenBytesPerDay({ bytes: 1_000_000, overMs: 599_999 }), null);
  t.equal(writtenBytesPerDay(null), null);
});

t.test('the status of the store contains its place in the configuration and its chores', async (t) => {
  const store = { dir: '/data', commitSeconds: 10, maxMegabytes: 512, maxDays: 400, peopleDays: 365, recordDays: 35, heartbeatS: 60 };
  const chore = { name: 'backup', cron: '0 2 * * *', nextMs: 1, lastMs: null, result: NO_TEXT, failed: false };
  const parts = { cabinet: { store }, store: { status: async () => storeStatus() }, chores: () => [chore], upMs: () => HOUR_MS };
  t.match(await storeView(parts), {
    state: 'ok',
    dir: '/data',
    commitSeconds: 10,
    maxDays: 400,
    hoursLeft: /^\d/,
    writtenBytesPerDay: 657_000_000,
    chores: [chore],
  });
});

function choresOf(changes: Partial<Store> = {}) {
  const logged: string[] = [];
  const store: Partial<Store> = {
    compact: async () => ({ segments: 1, frames: 60, readings: 21_600, bytesBefore: 123_400, bytesAfter: 16_200 }),
    retain: async () => ({ readings: 12, lost: 3, isClockDoubted: false, people: 0 }),
    check: async () => storeCheck(),
    backup: async () => ({ path: '/data/state.db.bak', bytes: 98_304, atMs: 0 }),
    status: async () => storeStatus({ state: 'trouble', reason: msg`the disk is full; make room` }),
    ...changes,
  };
  const cabinet = {
    id: 'ANG-0421',
    longitudeDeg: -0.55,
    store: { dir: '/data', commitSeconds: 10, maxMegabytes: 512, maxDays: 400, peopleDays: 365, recordDays: 35, heartbeatS: 60 },
  };
  const parts: ChoreParts = {
    cabinet,
    store: store as Store,
    view: { status: async () => status() },
    log: { event: (name) => void logged.push(name) },
  };
  const chores = agentChores(parts);
  const run = (name: string) => chores.find((chore) => chore.name === name)?.run() ?? Promise.reject(new Error(`no chore ${name}`));
  return { chores, run, logged };
}

t.test('each chore reports its result in a line', async (t) => {
  const { run, logged } = choresOf();
  t.equal(String(await run('compaction')), '21600 readings packed into 1 segment, 123.4 into 16.2 kB');
  t.equal(String(await run('retention')), '12 readings older than 400 days dropped, 3 not delivered');
  t.equal(String(await run('backup')), '/data/state.db.bak, 98.3 kB');
  t.equal(String(await run('integrity')), '2 files checked, no damage');
  t.equal(String(await run('daily-report')), '5 detections, 82345 readings stored, 0 lost');
  t.strictSame(logged, ['daily-report']);
  const idle = choresOf({
    compact: async () => ({ segments: 0, frames: 0, readings: 0, bytesBefore: 0, bytesAfter: 0 }),
    retain: async () => ({ readings: 0, lost: 0, isClockDoubted: false, people: 0 }),
  });
  t.equal(String(await idle.run('compaction')), 'nothing to compact');
  t.equal(String(await idle.run('retention')), 'nothing older than 400 days');
});

t.test('a chore fails with the reason: damage, a wrong account, a disk that cannot be read', async (t) => {
  const damaged = { file: 'telemetry.db', ok: false, problems: [msg`a row is damaged, it is left out`], bytes: 1 };
  await t.rejects(choresOf({ check: async () => storeCheck({ files: [damaged] }) }).run('integrity'), {
    message: 'telemetry.db: a row is damaged, it is left out',
  });
  const account = { ...storeStatus().account, isBalanced: false };
  await t.rejects(choresOf({ check: async () => storeCheck({ account }) }).run('integrity'), { message: /do not add up/ });
  await t.rejects(choresOf({ check: async () => storeCheck({ files: [{ ...damaged, problems: [] }] }) }).run('integrity'), /damaged/);
  for (const [name, method] of [
    ['compaction', 'compact'],
    ['retention', 'retain'],
    ['backup', 'backup'],
    ['integrity', 'check'],
  ] as const)
    await t.rejects(choresOf({ [method]: async () => undefined }).run(name), {
      message: 'the disk could not be read: the disk is full; make room',
    });
  const slow = choresOf({ backup: async () => undefined, status: async () => storeStatus() });
  await t.rejects(slow.run('backup'), { message: 'the disk did not answer in time' });
});

t.test(
  'no chore with many reads or writes runs at dusk, wherever the cabinet is, and cabinets of a city do not run it together',
  async (t) => {
    const cron = (name: string) => choresOf().chores.find((chore) => chore.name === name)?.cron;
    const minute = minuteOf('ANG-0421');
    t.equal(cron('compaction'), `${minute} * * * *`);
    t.equal(cron('integrity'), `${minute} 12 * * 3`);
    t.equal(cron('backup'), `${minute} 2 * * *`);
    t.equal(cron('retention'), `${minute} 10 * * *`);
    t.strictSame([-180, -61, 0, 55.5, 166, 180].map(noonHour), [0, 16, 12, 8, 1, 0], 'noon by the sun, in UTC');
    const minutes = new Set(Array.from({ length: 500 }, (_, index) => minuteOf(`ANG-${index}`)));
    t.equal(minutes.size, 60);
  },
);
