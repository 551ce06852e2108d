import fc from 'fast-check';
import t from 'tap';
import type { StoredFrame } from '../../../../agent/core/ports.ts';
import { sendRowBatch } from '../../../../agent/sync/delivery/row-batches.ts';
import { encodeRowsSegment } from '../../../../agent/sync/delivery/segment.ts';
import type { Publisher } from '../../../../agent/sync/sparkplug/publisher.ts';
import { readSegment } from '../../../platform/segment-reader.ts';

const reading = fc.record({
  pointId: fc.constantFrom('L01.power', 'L01.level', 'M1.energy', 'S1.motion').map((id) => id as `${string}.${string}`),
  value: fc.oneof(
    fc.constant(null),
    fc.integer({ min: -100_000, max: 100_000 }).map((n) => n / 100),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ),
  quality: fc.constantFrom('good' as const, 'stale' as const, 'bad' as const, 'missing' as const),
  offsetMs: fc.integer({ min: -2_000, max: 0 }),
});
const frames = fc
  .array(
    fc.record({
      step: fc.integer({ min: 1, max: 5 }),
      dtMs: fc.integer({ min: -5_000, max: 60_000 }),
      readings: fc.array(reading, { maxLength: 8 }),
    }),
    {
      minLength: 1,
      maxLength: 30,
    },
  )
  .map((list) => {
    let [seq, atMs] = [100, 1_764_000_000_000];
    return list.map(({ step, dtMs, readings }): StoredFrame => {
      seq += step;
      atMs += dtMs;
      const at = atMs;
      const stored = readings.map(({ offsetMs, ...rest }) => ({ ...rest, atMs: at + offsetMs }));
      return { seq, atMs, clockQuality: 'synced', isCorrected: false, readings: stored };
    });
  });

t.test('a segment decodes to every reading, bit by bit', async (t) => {
  fc.assert(
    fc.property(frames, (rows) => {
      const [from, to] = [rows[0]?.seq ?? 0, rows.at(-1)?.seq ?? 0];
      const segment = readSegment(encodeRowsSegment(rows, { epoch: 'a1b2c3d4e5', from, to }));
      const key = (seq: number, r: { pointId: string; value: number | null; quality: string; atMs: number }): string =>
        `${seq} ${r.pointId} ${Object.is(r.value, -0) ? '0' : r.value} ${r.quality} ${r.atMs}`;
      const sent = rows.flatMap(({ seq, readings }) => readings.map((r) => key(seq, r))).sort();
      const got = segment.readings.map((r) => key(r.seq, r)).sort();
      return segment.epoch === 'a1b2c3d4' && segment.from === from && segment.to === to && JSON.stringify(sent) === JSON.stringify(got);
    }),
    { numRuns: 500 },
  );
  t.pass('held for all generated rows');
});

t.test('rows that pack well are divided by their readings too, so that no host must unpack without bound', async (t) => {
  const row = (seq: number): StoredFrame => ({
    ...{ seq, atMs: 1_764_000_000_000 + seq * 1_000, clockQuality: 'synced', isCorrected: false },
    readings: Array.from({ length: 100 }, (_, i) => ({
      pointId: `L${i}.level` as const,
      value: 30,
      quality: 'good' as const,
      atMs: 1_764_000_000_000 + seq * 1_000,
    })),
  });
  const sizes: number[] = [];
  const publisher = {
    segment: (bytes: Buffer) => {
      sizes.push(readSegment(bytes).readings.length);
      return { readings: 0, bytes: bytes.length, notConfigured: 0, leftOut: 0 };
    },
  } as unknown as Publisher;
  const frames = Array.from({ length: 600 }, (_, i) => row(i + 1));
  const form = { epoch: 'a1b2c3d4', isAsked: false, asSegments: true, maxPacketBytes: 262_144 };
  t.equal(sendRowBatch(publisher, { rows: { from: 1, to: 600 }, frames }, form).readings, 60_000);
  t.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    60_000,
    'all of them',
  );
  t.ok(Math.max(...sizes) <= 10_000, sizes.join(', '));
});
