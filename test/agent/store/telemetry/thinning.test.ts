import t from 'tap';
import { encodeSegment, type SegmentFrame } from '../../../../agent/store/segment-codec.ts';
import { thinned } from '../../../../agent/store/telemetry/thinning.ts';

const SERIES = 6;
const FRAMES = 360;
const COUNTER = 0;
const isCounter = (seriesId: number): boolean => seriesId === COUNTER;

/** From 0 to 4.9 without a pattern that could be packed away. Source: the finaliser of MurmurHash3. */
function waver(i: number): number {
  const a = Math.imul(i ^ (i >>> 16) ^ 0x9e3779b9, 0x85ebca6b);
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return (((b ^ (b >>> 16)) >>> 0) % 50) / 10;
}

/** An hour of one device: a counter that rises, and quantities that waver a little around a level. */
const hour: readonly SegmentFrame[] = Array.from({ length: FRAMES }, (_, i) => ({
  seq: i + 1,
  boot: 1,
  ticket: 0,
  monoMs: i * 10_000,
  wallMs: 1_796_000_000_000 + i * 10_000,
  clockQuality: 3,
  readings: Array.from({ length: SERIES }, (_, seriesId) => ({
    seriesId,
    value: seriesId === COUNTER ? i : 40 + waver(i * SERIES + seriesId),
    quality: i >= 101 && i < 103 ? ('bad' as const) : ('good' as const),
    atMs: 1_796_000_000_000 + i * 10_000 - 40,
  })),
}));
const spiked = hour.map((frame, i) =>
  i === 203 ? { ...frame, readings: frame.readings.map((each) => (each.seriesId === 2 ? { ...each, value: 999 } : each)) } : frame,
);
const seqsOf = (frames: readonly SegmentFrame[], id: number): readonly number[] =>
  frames.filter(({ readings }) => readings.some(({ seriesId }) => seriesId === id)).map(({ seq }) => seq);
const bytes = (frames: readonly SegmentFrame[]): number => encodeSegment(frames, () => 1).length;

t.test('the series of one device keep the same polls, and the segment becomes smaller at each step', async (t) => {
  const [quarter, sixteenth] = [4, 16].map((keep) => thinned(hour, { keep, before: 0, isCounter })) as [SegmentFrame[], SegmentFrame[]];
  const polls = seqsOf(quarter, 1);
  for (let id = 2; id < SERIES; id++) {
    const others = seqsOf(quarter, id).filter((seq) => !polls.includes(seq));
    t.ok(others.length <= 2, `but for its two extremes, not ${others}`);
  }
  t.ok(bytes(quarter) < bytes(hour) && bytes(sixteenth) < bytes(quarter), `${bytes(hour)}, ${bytes(quarter)}, ${bytes(sixteenth)} bytes`);
  t.ok(seqsOf(quarter, 1).length < FRAMES / 3);
});

t.test('no reading of a counter is removed at the first step, three of four at the second', async (t) => {
  t.equal(seqsOf(thinned(hour, { keep: 4, before: 0, isCounter }), COUNTER).length, FRAMES);
  t.ok(seqsOf(thinned(hour, { keep: 16, before: 0, isCounter }), COUNTER).length < FRAMES / 3);
});

t.test('the second step after the first keeps one in sixteen of all, and one in four of a counter', async (t) => {
  const twice = thinned(thinned(hour, { keep: 4, before: 1, isCounter }), { keep: 16, before: 4, isCounter });
  const once = thinned(hour, { keep: 16, before: 1, isCounter });
  t.ok(seqsOf(twice, 1).length >= FRAMES / 16, `${seqsOf(twice, 1).length} of ${FRAMES}`);
  t.ok(seqsOf(twice, 1).length <= seqsOf(once, 1).length + 4);
  t.ok(Math.abs(seqsOf(twice, COUNTER).length - seqsOf(once, COUNTER).length) <= 2);
});

t.test('the highest and the last stay, and both sides of a change of quality', async (t) => {
  const kept = thinned(spiked, { keep: 16, before: 0, isCounter });
  t.ok(kept.some(({ readings }) => readings.some(({ seriesId, value }) => seriesId === 2 && value === 999)));
  const seqs = seqsOf(kept, 1);
  for (const seq of [1, 101, 102, 103, 104, FRAMES]) t.ok(seqs.includes(seq), `frame ${seq}`);
});
