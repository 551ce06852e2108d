import fc from 'fast-check';
import t from 'tap';
import type { Quality } from '../../../../agent/core/words.ts';
import { encodeSegment, openSegment, type SegmentFrame, segmentFrames } from '../../../../agent/store/segment-codec.ts';
import { EXACT, roundTo, type SeriesReading } from '../../../../agent/store/telemetry/cell.ts';
import {
  decodeFrames,
  encodeFrames,
  type FrameHead,
  frameRowCrc,
  type SeriesFrame,
} from '../../../../agent/store/telemetry/frame-codec.ts';

const FRAME_MS = 1_700_000_000_000;
const HEAD: FrameHead = { ticket: 7, monoMs: 12_345, wallMs: FRAME_MS, clockQuality: 3 };
const encodeReadings = (readings: readonly SeriesReading[], decimalsOf: (id: number) => number): Buffer =>
  encodeFrames([{ ...HEAD, readings }], decimalsOf);
const code = (readings: readonly SeriesReading[], decimals: number): readonly SeriesReading[] =>
  decodeFrames(
    encodeReadings(readings, () => decimals),
    HEAD,
    () => decimals,
  )[0]?.readings ?? [];
const reading = (value: number | null, quality: Quality = 'good', atMs = FRAME_MS - 40): SeriesReading => ({
  seriesId: 7,
  value,
  quality,
  atMs,
});

const table: [
  story: string,
  value: number | null,
  quality: Quality,
  decimals: number,
  expected: number | null,
  expectedQuality: Quality,
][] = [
  ['a tenth of a volt stays a tenth of a volt', 230.1, 'good', 1, 230.1, 'good'],
  ['noise of a 32-bit float beyond the decimals goes', 230.1999969482422, 'good', 1, 230.2, 'good'],
  ['an exact series keeps every digit', 0.1 + 0.2, 'good', EXACT, 0.1 + 0.2, 'good'],
  ['a counter of fifteen digits is exact', 123_456_789_012_345, 'good', 0, 123_456_789_012_345, 'good'],
  ['what no scaled integer holds is kept as it is', 1.5e300, 'good', 2, 1.5e300, 'good'],
  ['the largest number is kept as it is', -Number.MAX_VALUE, 'stale', 2, -Number.MAX_VALUE, 'stale'],
  ['no number is bad, not a value', Number.NaN, 'good', 1, null, 'bad'],
  ['infinity is bad, not a value', Number.NEGATIVE_INFINITY, 'stale', 1, null, 'bad'],
  ['missing stays missing', null, 'missing', 1, null, 'missing'],
  ['a value that is bad all the same keeps both', 12.3, 'bad', 1, 12.3, 'bad'],
];
for (const [story, value, quality, decimals, expected, expectedQuality] of table) {
  t.test(story, async (t) => t.strictSame(code([reading(value, quality)], decimals), [{ ...reading(expected, expectedQuality) }]));
}

const arbitraryReading = fc.record<SeriesReading>({
  seriesId: fc.nat(100_000),
  value: fc.option(
    fc.oneof(
      fc.double(),
      fc.integer({ min: -40_000, max: 40_000 }),
      fc.maxSafeInteger(),
      fc.constantFrom(0, -0, 2 ** 50, -(2 ** 50), 2 ** 53),
    ),
  ),
  quality: fc.constantFrom('good', 'stale', 'bad', 'missing'),
  atMs: fc.oneof(fc.integer({ min: FRAME_MS - 60_000, max: FRAME_MS }), fc.maxSafeInteger(), fc.double()),
});

function isTrue(put: SeriesReading, got: SeriesReading | undefined, decimals: number): boolean {
  if (got === undefined || got.seriesId !== put.seriesId) return false;
  if (put.value === null) return got.value === null && got.quality === put.quality;
  if (!Number.isFinite(put.value)) return got.value === null && (got.quality === 'bad' || got.quality === 'missing');
  const tolerance = decimals === EXACT ? 0 : 0.5 * 10 ** -decimals + Math.abs(put.value) * Number.EPSILON;
  const near = Math.abs((got.value ?? Number.NaN) - put.value) <= tolerance;
  return near && got.quality === put.quality && got.value === roundTo(put.value, decimals) + 0;
}

t.test('any readings are returned in order, exact or rounded to their decimals, never another number', async (t) => {
  fc.assert(
    fc.property(fc.array(arbitraryReading, { maxLength: 60 }), fc.integer({ min: -1, max: 9 }), (readings, decimals) => {
      const back = code(readings, decimals);
      if (back.length !== readings.length) return false;
      return readings.every((put, index) => isTrue(put, back[index], decimals));
    }),
    { numRuns: 500 },
  );
  t.pass('held for all generated frames');
});

t.test('times within a week of the frame are returned to the millisecond', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -604_800_000, max: 604_800_000 })), (offsetsMs) => {
      const back = code(
        offsetsMs.map((offsetMs) => reading(1, 'good', FRAME_MS + offsetMs)),
        0,
      );
      return back.every(({ atMs }, index) => atMs === FRAME_MS + (offsetsMs[index] ?? 0));
    }),
  );
  t.pass('held for all generated times');
});

const arbitraryFrames = fc.array(
  fc.record<SeriesFrame>({
    ticket: fc.nat(),
    monoMs: fc.nat(),
    wallMs: fc.integer({ min: FRAME_MS - 1_000_000, max: FRAME_MS + 1_000_000 }),
    clockQuality: fc.integer({ min: 0, max: 3 }),
    readings: fc.array(
      fc.record<SeriesReading>({
        seriesId: fc.integer({ min: 1, max: 9 }),
        value: fc.option(fc.integer({ min: -40_000, max: 40_000 }).map((n) => n / 10)),
        quality: fc.constantFrom('good', 'stale', 'bad', 'missing'),
        atMs: fc.integer({ min: FRAME_MS - 60_000, max: FRAME_MS }),
      }),
      { minLength: 1, maxLength: 12 },
    ),
  }),
  { maxLength: 30 },
);

t.test('the frames of one commit are returned one by one, each with its own head', async (t) => {
  fc.assert(
    fc.property(arbitraryFrames, (frames) => {
      const back = decodeFrames(
        encodeFrames(frames, () => 1),
        HEAD,
        () => 1,
      );
      return JSON.stringify(back) === JSON.stringify(frames.map(ordered));
    }),
  );
  t.pass('held for all generated commits');
});

t.test('a segment returns all its frames, and each series alone in the same order', async (t) => {
  fc.assert(
    fc.property(arbitraryFrames, (frames) => {
      const put = frames.map((frame, i): SegmentFrame => ({ ...frame, ticket: 0, seq: 100 + 2 * i, boot: 1 + (i % 3) }));
      const segment = openSegment(encodeSegment(put, () => 1));
      const bySeries = (frame: SegmentFrame) => ({ ...frame, readings: [...frame.readings].sort((a, b) => a.seriesId - b.seriesId) });
      const same = JSON.stringify(segmentFrames(segment, () => 1).map(inOrder)) === JSON.stringify(put.map(bySeries).map(inOrder));
      const alone = segment.seriesIds.every((id) => {
        const wanted = put.flatMap((frame, at) =>
          frame.readings.filter((r) => r.seriesId === id).map((r) => [at, r.value, r.quality, r.atMs]),
        );
        return JSON.stringify(segment.series(id, 1).map((r) => [r.frame, r.value, r.quality, r.atMs])) === JSON.stringify(wanted);
      });
      return same && alone && segment.series(4_711, 1).length === 0;
    }),
  );
  t.pass('held for all generated hours');
});

t.test('a damaged segment is reported as corrupt, for any damage', async (t) => {
  const whole = encodeSegment(
    [{ ...HEAD, ticket: 0, seq: 1, boot: 1, readings: Array.from({ length: 40 }, (_, i) => ({ ...reading(i * 1.5), seriesId: i % 5 })) }],
    () => 1,
  );
  const outcome = (bytes: Uint8Array): string => {
    try {
      segmentFrames(openSegment(bytes), (id) => (id < 50 ? 1 : undefined));
      return 'decoded';
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    }
  };
  for (let length = 0; length < whole.length; length++) t.equal(outcome(whole.subarray(0, length)), 'corrupt', `cut to ${length} bytes`);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => outcome(bytes) === 'corrupt'));
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const bent = Buffer.from(whole);
      bent[at] = (bent[at] ?? 0) ^ mask;
      return ['corrupt', 'decoded'].includes(outcome(bent));
    }),
  );
});

/** Numbers without the sign of zero, as JSON has them; keys in one order. */
function ordered({ ticket, monoMs, wallMs, clockQuality, readings }: SeriesFrame): SeriesFrame {
  return {
    ticket,
    monoMs,
    wallMs,
    clockQuality,
    readings: readings.map(({ seriesId, value, quality, atMs }) => ({ seriesId, value, quality, atMs })),
  };
}

function inOrder({ seq, boot, ...frame }: SegmentFrame): object {
  return { seq, boot, ...ordered(frame) };
}

t.test('any garbage is reported as corrupt', async (t) => {
  const outcome = (bytes: Uint8Array): string => {
    try {
      decodeFrames(bytes, HEAD, (id) => (id < 50 ? 1 : undefined));
      return 'decoded';
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => ['decoded', 'corrupt'].includes(outcome(bytes))));
  const whole = encodeReadings(
    Array.from({ length: 30 }, (_, i) => ({ ...reading(i * 1.5), seriesId: i })),
    () => 1,
  );
  for (let length = 0; length < whole.length; length++) t.equal(outcome(whole.subarray(0, length)), 'corrupt', `cut to ${length} bytes`);
  t.equal(outcome(Buffer.concat([whole, Buffer.from([0])])), 'corrupt', 'one byte too many');
  t.equal(outcome(Buffer.from([1, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01])), 'corrupt', 'an endless number');
  t.equal(outcome(Buffer.from([4, 0])), 'corrupt', 'another layout');
  t.equal(outcome(Buffer.from([1, 1, 14, 79, 4, 1, 2])), 'decoded', 'a frame of the first layout');
  t.equal(outcome(Buffer.from([1, 1, 200, 1, 0, 0, 1])), 'corrupt', 'an unknown series');
});

t.test('the checksum notices each flipped bit of the blob and each changed column', async (t) => {
  const head = { boot: 1, ticket: 2, monoMs: 3, wallMs: FRAME_MS, clockQuality: 3, readings: 1, total: 5 };
  const blob = encodeReadings([reading(12.5)], () => 1);
  const crc = frameRowCrc(head, blob);
  for (let bit = 0; bit < blob.length * 8; bit++) {
    const flipped = Buffer.from(blob);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    t.not(frameRowCrc(head, flipped), crc, `bit ${bit}`);
  }
  for (const key of Object.keys(head) as (keyof typeof head)[]) t.not(frameRowCrc({ ...head, [key]: head[key] + 1 }, blob), crc, key);
});

t.test('a minute of 360 lamps and meters takes less than five bytes a reading', async (t) => {
  const readings = Array.from({ length: 360 }, (_, i) => ({
    seriesId: i + 1,
    value: i % 6 === 0 ? 80 : 2_000 + ((i * 7_919) % 400),
    quality: 'good' as const,
    atMs: FRAME_MS - 60_000 + i * 160,
  }));
  t.ok(encodeReadings(readings, () => 1).length < 360 * 6, 'with times a poll apart');
});
