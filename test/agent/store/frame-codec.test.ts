import fc from 'fast-check';
import t from 'tap';
import type { Quality } from '../../../agent/core/words.ts';
import { decodeReadings, EXACT, encodeReadings, frameCrc, roundTo, type SeriesReading } from '../../../agent/store/frame-codec.ts';

const FRAME_MS = 1_700_000_000_000;
const code = (readings: readonly SeriesReading[], decimals: number) =>
  decodeReadings(
    encodeReadings(readings, FRAME_MS, () => decimals),
    FRAME_MS,
    () => decimals,
  );
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

t.test('any readings come back in their order, exact or rounded to their decimals, never another number', async (t) => {
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

t.test('times within a week of the frame come back to the millisecond', async (t) => {
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

t.test('garbage is called corrupt, whatever it is', async (t) => {
  const outcome = (bytes: Uint8Array): string => {
    try {
      decodeReadings(bytes, FRAME_MS, (id) => (id < 50 ? 1 : undefined));
      return 'decoded';
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => ['decoded', 'corrupt'].includes(outcome(bytes))));
  const whole = encodeReadings(
    Array.from({ length: 30 }, (_, i) => ({ ...reading(i * 1.5), seriesId: i })),
    FRAME_MS,
    () => 1,
  );
  for (let length = 0; length < whole.length; length++) t.equal(outcome(whole.subarray(0, length)), 'corrupt', `cut to ${length} bytes`);
  t.equal(outcome(Buffer.concat([whole, Buffer.from([0])])), 'corrupt', 'one byte too many');
  t.equal(outcome(Buffer.from([1, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01])), 'corrupt', 'an endless number');
  t.equal(outcome(Buffer.from([2, 0])), 'corrupt', 'another layout');
  t.equal(outcome(Buffer.from([1, 1, 200, 1, 0, 0, 1])), 'corrupt', 'a series nobody knows');
});

t.test('the checksum notices each flipped bit of the blob and each changed column', async (t) => {
  const head = { boot: 1, ticket: 2, monoMs: 3, wallMs: FRAME_MS, clockQuality: 3, readings: 1, total: 5 };
  const blob = encodeReadings([reading(12.5)], FRAME_MS, () => 1);
  const crc = frameCrc(head, blob);
  for (let bit = 0; bit < blob.length * 8; bit++) {
    const flipped = Buffer.from(blob);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    t.not(frameCrc(head, flipped), crc, `bit ${bit}`);
  }
  for (const key of Object.keys(head) as (keyof typeof head)[]) t.not(frameCrc({ ...head, [key]: head[key] + 1 }, blob), crc, key);
});

t.test('a minute of 360 lamps and meters takes less than five bytes a reading', async (t) => {
  const readings = Array.from({ length: 360 }, (_, i) => ({
    seriesId: i + 1,
    value: i % 6 === 0 ? 80 : 2_000 + ((i * 7_919) % 400),
    quality: 'good' as const,
    atMs: FRAME_MS - 60_000 + i * 160,
  }));
  t.ok(encodeReadings(readings, FRAME_MS, () => 1).length < 360 * 6, 'with times a poll apart');
});
