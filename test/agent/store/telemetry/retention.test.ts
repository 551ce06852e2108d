/** The retention limit in days with wrong clocks, and timestamps that are corrected once a better clock is available. */
import t from 'tap';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import { type AgeClock, JUMP_MS, nextAgeClock } from '../../../../agent/store/telemetry/age-clock.ts';
import { memoryFolder } from '../../../support/memory-folder.ts';
import { createFedStore } from '../fixtures/fed-store.ts';
import { STORE_START_MS } from '../fixtures/kit.ts';

/** A folder whose store has 60 days of readings, every third of them delivered, with a retention each day. */
async function sixtyDays(dir: string) {
  const { clock, store, run } = createFedStore(dir);
  await store.start();
  for (let day = 0; day < 60; day++) {
    await run(DAY_MS, 6 * HOUR_MS);
    await store.compact();
    await store.retain();
  }
  store.moveCursor(80);
  await clock.advance(2 * MINUTE_MS);
  await store.stop();
  return STORE_START_MS + 60 * DAY_MS;
}

for (const yearsAhead of [2, 20])
  for (const quality of ['rtc', 'synced'] as const)
    t.test(
      `a clock of quality ${quality} that wakes ${yearsAhead} years ahead costs no reading, delivered or not, for a month`,
      async (t) => {
        const dir = memoryFolder(t);
        const endMs = await sixtyDays(dir);
        const wrong = createFedStore(dir, { wallMs: endMs + yearsAhead * 365 * DAY_MS });
        wrong.clock.setQuality(quality);
        await wrong.store.start();
        for (let day = 0; day < 30; day++) {
          t.match(await wrong.store.retain(), { readings: 0, lost: 0, isClockDoubted: true });
          await wrong.run(DAY_MS, 12 * HOUR_MS);
          await wrong.store.compact();
        }
        t.match((await wrong.store.status()).account, { produced: 300, delivered: 80, backlog: 220, gaps: 0 });
        await wrong.store.stop();
        const right = createFedStore(dir, { wallMs: endMs + 31 * DAY_MS });
        await right.store.start();
        t.match(await right.store.retain(), { readings: 0, lost: 0, isClockDoubted: false }, 'the right time is believed at once');
        await right.store.stop();
      },
    );

t.test('undelivered readings are removed by age only with a synchronised clock, delivered ones also with a battery clock', async (t) => {
  const dir = memoryFolder(t);
  const endMs = await sixtyDays(dir);
  const { clock, store } = createFedStore(dir, { wallMs: endMs + 20 * DAY_MS, maxDays: 50 });
  await store.start();
  const before = (await store.status()).readings;
  clock.setQuality('rtc');
  const byBattery = await store.retain();
  t.match(byBattery, { lost: 0, isClockDoubted: false });
  t.ok((byBattery?.readings ?? 0) > 0);
  t.match((await store.status()).account, { delivered: 80, gaps: 0, backlog: 160, isBalanced: true });
  clock.setQuality('synced');
  const bySync = await store.retain();
  t.ok((bySync?.lost ?? 0) > 0, 'older than its days, and not delivered');
  const after = await store.status();
  t.equal(after.readings, before - (byBattery?.readings ?? 0) - (bySync?.readings ?? 0));
  t.ok((after.oldestMs ?? 0) >= clock.wallMs() - 50 * DAY_MS - DAY_MS);
  await store.stop();
});

t.test('old rows that no segment holds yet are all removed, however many they are', async (t) => {
  const { clock, store, run } = createFedStore(memoryFolder(t), { maxDays: 10 });
  await store.start();
  await run(40 * DAY_MS, 4 * HOUR_MS);
  await store.retain();
  t.ok(((await store.status()).oldestMs ?? 0) >= clock.wallMs() - 10 * DAY_MS);
  await store.stop();
});

t.test('a cabinet without mains every day, or for three weeks, still drops old rows', async (t) => {
  const dir = memoryFolder(t);
  let wallMs = await sixtyDays(dir);
  for (const offMs of [...Array(20).fill(20 * HOUR_MS), 21 * DAY_MS]) {
    wallMs += offMs;
    const { clock, store, run } = createFedStore(dir, { wallMs, maxDays: 50 });
    await store.start();
    await run(5 * MINUTE_MS, MINUTE_MS);
    t.match(await store.retain(), { isClockDoubted: false });
    await run(4 * HOUR_MS, HOUR_MS);
    await store.compact();
    t.ok(((await store.status()).oldestMs ?? 0) >= clock.wallMs() - 52 * DAY_MS);
    wallMs = clock.wallMs();
    await store.stop();
  }
});

t.test('a jump is accepted once the clock has continued from there for a month, at any interval of checks', (t) => {
  for (const everyMs of [HOUR_MS, DAY_MS, 10 * DAY_MS])
    for (const aheadMs of [JUMP_MS + 2 * everyMs, 10 * JUMP_MS, 1_000 * JUMP_MS]) {
      let state: AgeClock = { ageMs: 0, doubted: null };
      let passedMs = 0;
      const look = (): void => {
        state = nextAgeClock(state, passedMs + aheadMs, everyMs);
        passedMs += everyMs;
      };
      look();
      while (state.doubted !== null && passedMs < 100 * JUMP_MS) look();
      t.ok(passedMs >= JUMP_MS && passedMs <= JUMP_MS + 2 * everyMs, `${passedMs / DAY_MS} days at ${aheadMs / DAY_MS}`);
      t.equal(state.ageMs, passedMs - everyMs + aheadMs);
    }
  let mad: AgeClock = { ageMs: 0, doubted: null };
  for (let day = 1; day < 1_000; day++) {
    mad = nextAgeClock(mad, (day % 2 === 0 ? 700 : 7_000) * DAY_MS, HOUR_MS);
    if (mad.ageMs > 50 * DAY_MS) t.fail('two wrong times by turns are no proof of either');
  }
  t.end();
});

t.test('the network time replaces that of a battery clock for readings without a time', async (t) => {
  const dir = memoryFolder(t);
  const machine = { bootId: 'start-1', startMono: 5_000 };
  const lostMs = Date.parse('2026-01-02T00:00:00Z');
  const batteryMs = STORE_START_MS + 700 * DAY_MS;
  const trueMs = STORE_START_MS + 90 * DAY_MS;
  const first = createFedStore(dir, { machine, wallMs: lostMs });
  first.clock.setQuality('none');
  await first.store.start();
  await first.run(HOUR_MS, MINUTE_MS);
  await first.store.stop();

  const { clock, store, run } = createFedStore(dir, {
    machine: { ...machine, startMono: 5_000 + 2 * HOUR_MS },
    wallMs: lostMs + 2 * HOUR_MS,
  });
  clock.setQuality('none');
  await store.start();
  await run(HOUR_MS, MINUTE_MS);
  clock.stepWall(batteryMs - clock.wallMs());
  clock.setQuality('rtc');
  await run(2 * HOUR_MS, MINUTE_MS);
  await store.compact();
  t.equal((await store.readAfter(0, 1))[0]?.atMs, batteryMs - 3 * HOUR_MS, 'the best that is known');
  clock.stepWall(trueMs - clock.wallMs());
  clock.setQuality('synced');
  await run(HOUR_MS, MINUTE_MS);
  await clock.advance(10_000);
  const frames = await store.readAfter(0, 500);
  t.equal(frames.length, 300);
  t.strictSame(
    [0, 60, 120, 240].map((i) => frames[i]?.atMs),
    [trueMs - 5 * HOUR_MS, trueMs - 3 * HOUR_MS, batteryMs, trueMs],
    'both runs; what the battery clock dated stays as it was sent',
  );
  const range = { fromMs: trueMs - 6 * HOUR_MS, toMs: trueMs, limit: 500 };
  const history = await store.history({ pointId: 'D0.power', ...range, resolution: 'raw' });
  t.equal(history?.rows.length, 120, 'packed under the battery time, and found by the right one');
  clock.stepWall(300 * DAY_MS);
  clock.setQuality('rtc');
  await run(MINUTE_MS, MINUTE_MS);
  await clock.advance(10_000);
  t.equal((await store.readAfter(0, 1))[0]?.atMs, trueMs - 5 * HOUR_MS, 'a battery clock changes nothing of it later');
  await store.stop();
});
