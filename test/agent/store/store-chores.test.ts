import t from 'tap';
import { DAY_MS } from '../../../agent/core/durations.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { Committer } from '../../../agent/store/client/committer.ts';
import { createStoreChores } from '../../../agent/store/store-chores.ts';
import type { StoreReader } from '../../../agent/store/store-reader.ts';

t.test('the running time before a retention that failed counts for the next one, and once', async (t) => {
  const clock = createManualClock(Date.parse('2026-12-15T22:00:00Z'));
  const lived: (number | null)[] = [];
  let works = false;
  const reader = {
    readUnbounded: async (_: string, { livedMs }: { livedMs: number | null }) => {
      lived.push(livedMs);
      return works ? { readings: 0, lost: 0, isClockDoubted: false, people: 0, more: livedMs === DAY_MS } : undefined;
    },
  } as unknown as StoreReader;
  const { retain } = createStoreChores(clock, reader, { progress: { provenSeq: 0 } } as unknown as Committer);
  for (const isNowWorking of [false, false, true, true]) {
    works = isNowWorking;
    await clock.advance(DAY_MS);
    t.equal((await retain()) !== undefined, works);
  }
  t.strictSame(lived, [DAY_MS, 2 * DAY_MS, 3 * DAY_MS, DAY_MS, null]);
});
