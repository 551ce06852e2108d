import t from 'tap';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { ReadingFrame } from '../../../agent/core/ports.ts';
import type { PointId, Quality, Reading } from '../../../agent/core/words.ts';
import { createRecorder, isChange, type Kept } from '../../../agent/store/recorder.ts';

const read = (value: number | null, atMono = 0, quality: Quality = 'good', pointId: PointId = 'M1.power'): Reading => ({
  pointId,
  value,
  quality,
  atMono,
  atMs: 1_700_000_000_000 + atMono,
});
const kept = (value: number | null, quality: Quality = 'good'): Kept => ({ value, quality, atMono: 0 });

const table: [story: string, before: Kept | undefined, reading: Reading, deadband: number, isReported: boolean][] = [
  ['the first reading of a point is news', undefined, read(5), 1, true],
  ['the same value again is not', kept(5), read(5, 10), 0, false],
  ['any change is news where there is no deadband', kept(5), read(5.1, 10), 0, true],
  ['a change below the deadband is not', kept(5), read(5.9, 10), 1, false],
  ['a change of just the deadband is, in spite of binary fractions', kept(0.2), read(0.3, 10), 0.1, true],
  ['so is one downwards', kept(5), read(3.5, 10), 1, true],
  ['another quality is always news', kept(5), read(5, 10, 'stale'), 100, true],
  ['a device that stays away is not news', kept(null, 'missing'), read(null, 10, 'missing'), 0, false],
  ['a heartbeat that is due is news', kept(5), read(5, 60_000), 1, true],
  ['one that is nearly due is not', kept(5), read(5, 59_999), 1, false],
];
for (const [story, before, reading, deadband, isReported] of table) {
  t.test(story, async (t) => t.equal(isChange(before, reading, { decimals: 1, deadband, heartbeatMs: 60_000 }), isReported));
}

function setUp() {
  const clock = createManualClock(1_700_000_000_000);
  const frames: ReadingFrame[] = [];
  const rules = new Map([['M1.power', { decimals: 1, deadband: 1 }]]);
  const recorder = createRecorder({ clock, rules, heartbeatS: 60, onFrame: (frame) => frames.push(frame) });
  return { clock, frames, recorder };
}

t.test('new readings within a second are sent as one frame, numbered from one', async (t) => {
  const { clock, frames, recorder } = setUp();
  recorder.start();
  recorder.start();
  recorder.record([read(100.04), read(1, 0, 'good', 'D1.open')]);
  recorder.record([read(100.5, 200), read(0, 300, 'good', 'D1.open'), read(1, 400, 'good', 'D1.open')]);
  await clock.advance(1_000);
  t.equal(frames.length, 1);
  t.match(frames[0], { ticket: 1, atMono: 1_000, atMs: 1_700_000_001_000, clockQuality: 'synced' });
  t.strictSame(
    frames[0]?.readings.map(({ pointId, value }) => [pointId, value]),
    [
      ['M1.power', 100],
      ['D1.open', 1],
      ['D1.open', 0],
      ['D1.open', 1],
    ],
    'rounded to the point, each opening of the door kept',
  );
  await clock.advance(5_000);
  t.equal(frames.length, 1, 'nothing new, no frame');
  recorder.record([read(101, 6_000)]);
  recorder.stop();
  t.match(frames[1], { ticket: 2, readings: [{ value: 101 }] }, 'stopping hands out the last frame');
  await clock.advance(5_000);
  t.equal(frames.length, 2);
});

t.test('a value that is not a number becomes a bad reading', async (t) => {
  const { frames, recorder } = setUp();
  recorder.record([read(Number.NaN), read(Number.POSITIVE_INFINITY, 0, 'missing', 'D1.open')]);
  recorder.stop();
  t.match(frames[0]?.readings, [
    { value: null, quality: 'bad' },
    { value: null, quality: 'missing' },
  ]);
});

t.test('a slow drift is reported once it adds up to the deadband', async (t) => {
  const { frames, recorder } = setUp();
  for (let step = 0; step <= 40; step++) recorder.record([read(100 + step / 10, step)]);
  recorder.stop();
  t.strictSame(
    frames[0]?.readings.map(({ value }) => value),
    [100, 101, 102, 103, 104],
  );
});
