import t from 'tap';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { Reading } from '../../../agent/core/words.ts';
import { LatestReadings } from '../../../agent/field/readings.ts';

const START_MS = Date.parse('2026-01-15T22:00:00Z');

t.test('a stale mark has the time at which the value became stale, so a poll in the same millisecond has another time', async (t) => {
  const clock = createManualClock(START_MS);
  const passed: Reading[] = [];
  const latest = new LatestReadings(clock, (readings) => passed.push(...readings));
  const poll = (): void => latest.add([{ pointId: 'L17.level', value: 50, quality: 'good', atMono: clock.monoMs(), atMs: clock.wallMs() }]);
  latest.setLimit('L17.level', 1_000);
  poll();
  await clock.advance(1_000);
  latest.reportStale();
  t.equal(passed.length, 1, 'not yet');
  // A loop that was delayed checks the age and polls in one turn.
  await clock.advance(5_000);
  latest.reportStale();
  poll();
  t.strictSame(
    passed.map(({ quality, atMs }) => [quality, atMs - START_MS]),
    [
      ['good', 0],
      ['stale', 1_000],
      ['good', 6_000],
    ],
  );
  t.equal(new Set(passed.map(({ atMs }) => atMs)).size, 3, 'a platform that stores by point and time has all of them');
});
