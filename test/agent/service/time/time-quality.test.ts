import t from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { clockQuality, createTimeQuality, type TimeMarks } from '../../../../agent/service/time/time-quality.ts';

import { LOGGED_AT_MS } from '../log/log-lines.ts';

const BEFORE = Date.parse('2025-12-31T23:59:59Z');
const qualities: [story: string, wallMs: number, trust: 'auto' | 'system', marks: TimeMarks, quality: string][] = [
  ['a clock before 2026 was never set, whatever anybody says', BEFORE, 'system', { synchronised: true, rtcMs: LOGGED_AT_MS }, 'none'],
  ['a synchronised clock', LOGGED_AT_MS, 'auto', { synchronised: true, rtcMs: null }, 'synced'],
  ['a clock the config vouches for', LOGGED_AT_MS, 'system', { synchronised: false, rtcMs: null }, 'synced'],
  ['a battery clock', LOGGED_AT_MS, 'auto', { synchronised: false, rtcMs: LOGGED_AT_MS - 60_000 }, 'rtc'],
  [
    'a battery clock ten hours ahead of a restored wall clock vouches for nothing',
    LOGGED_AT_MS,
    'auto',
    { synchronised: false, rtcMs: LOGGED_AT_MS + 36_000_000 },
    'restored',
  ],
  ['a battery clock that lost its battery', LOGGED_AT_MS, 'auto', { synchronised: false, rtcMs: 0 }, 'restored'],
  ['nothing but the last time known', LOGGED_AT_MS, 'auto', { synchronised: false, rtcMs: null }, 'restored'],
];
for (const [story, wallMs, trust, marks, quality] of qualities) {
  t.test(`${story}: ${quality}`, async (t) => t.equal(clockQuality(wallMs, trust, marks), quality));
}

t.test('the marks are read again every ten seconds at most, and no question ever waits for them', async (t) => {
  const clock = createManualClock(LOGGED_AT_MS);
  const facts = new Map<string, string>();
  let reads = 0;
  const readFact = async (path: string): Promise<string | null> => {
    reads++;
    return facts.get(path) ?? null;
  };
  let trust: 'auto' | 'system' = 'auto';
  const timeQuality = createTimeQuality({ clock, trust: () => trust, readFact });
  t.equal(reads, 0, 'nothing is read before it is wanted');
  facts.set('/sys/class/rtc/rtc0/since_epoch', `${LOGGED_AT_MS / 1_000}\n`);
  await timeQuality.start();
  t.equal(timeQuality.quality(), 'rtc');
  facts.set('/run/systemd/timesync/synchronized', '');
  for (let second = 0; second < 9; second++) {
    await clock.advance(1_000);
    t.equal(timeQuality.quality(), 'rtc');
  }
  t.equal(reads, 2, 'one probe reads two files');
  await clock.advance(1_000);
  t.equal(timeQuality.quality(), 'rtc', 'answers by the old marks while it reads the new');
  await clock.advance(0);
  t.equal(timeQuality.quality(), 'synced');
  t.equal(reads, 4);
  facts.set('/sys/class/rtc/rtc0/since_epoch', 'garbage');
  facts.delete('/run/systemd/timesync/synchronized');
  await clock.advance(10_000);
  timeQuality.quality();
  await clock.advance(0);
  t.equal(timeQuality.quality(), 'restored', 'a battery clock that talks nonsense is none');
  trust = 'system';
  t.equal(timeQuality.quality(), 'synced', 'another trust holds at once');
});

for (const aheadS of [29, 290, 295, 300, 301, 599]) {
  t.test(`a system clock ${aheadS} s ahead of the battery clock has one quality, however long it is looked at`, async (t) => {
    const { clock, timeQuality } = await qualityWithBattery(aheadS * 1_000);
    let flips = 0;
    for (let second = 0, before = timeQuality.quality(); second < 600; second++) {
      await clock.advance(1_000);
      const now = timeQuality.quality();
      if (now !== before) flips++;
      before = now;
    }
    t.equal(flips, 0);
    t.equal(timeQuality.quality(), 'rtc');
  });
}

t.test('two clocks that drift apart stay believed; a step of one of them is judged', async (t) => {
  const { clock, timeQuality, facts } = await qualityWithBattery(0);
  for (let day = 0; day < 400; day++) {
    clock.stepWall(6_000);
    await clock.advance(86_400_000);
    timeQuality.quality();
    await clock.advance(0);
    t.equal(timeQuality.quality(), 'rtc');
  }
  clock.stepWall(-3_600_000);
  t.equal(timeQuality.quality(), 'restored', 'an hour back');
  clock.stepWall(3_600_000 - 400 * 6_000);
  t.equal(timeQuality.quality(), 'rtc', 'set right by the battery clock');
  facts.batteryAheadMs = 7_200_000;
  await clock.advance(10_000);
  timeQuality.quality();
  await clock.advance(0);
  t.equal(timeQuality.quality(), 'restored', 'the battery clock was set');
});

/** A system clock next to a correct battery clock, without any other time source. */
async function qualityWithBattery(aheadMs: number) {
  const clock = createManualClock(LOGGED_AT_MS + aheadMs);
  const facts = { batteryAheadMs: 0 };
  const readFact = async (path: string): Promise<string | null> =>
    path.includes('rtc') ? `${Math.floor((LOGGED_AT_MS + clock.monoMs() + facts.batteryAheadMs) / 1_000)}` : null;
  const timeQuality = createTimeQuality({ clock, trust: () => 'auto', readFact });
  await timeQuality.start();
  return { clock, timeQuality, facts };
}

t.test('the real system can be queried without harm', async (t) => {
  const timeQuality = createTimeQuality({ clock: createManualClock(LOGGED_AT_MS), trust: () => 'auto' });
  await timeQuality.start();
  t.match(timeQuality.quality(), /^(restored|rtc|synced)$/);
});

t.test('a battery clock that never answers blocks one read, and a time server is still used', async (t) => {
  const clock = createManualClock(LOGGED_AT_MS);
  const reads: string[] = [];
  const readFact = (path: string): Promise<string | null> => {
    reads.push(path);
    return path.includes('rtc') ? new Promise(() => {}) : Promise.resolve(clock.wallMs() > LOGGED_AT_MS + 15_000 ? '' : null);
  };
  const timeQuality = createTimeQuality({ clock, trust: () => 'auto', readFact });
  void timeQuality.start();
  for (let second = 0; second < 120; second++) {
    timeQuality.quality();
    await clock.advance(1_000);
  }
  t.equal(reads.filter((path) => path.includes('rtc')).length, 1);
  t.equal(timeQuality.quality(), 'synced');
});
