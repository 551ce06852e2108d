/** The ring of entries keeps the newest ones, whatever their sizes and times. */
import fc from 'fast-check';
import t from 'tap';
import { EntryRing, entriesOf } from '../../../../agent/diagnosis/flight/entry-ring.ts';

const entry = fc.record({
  kind: fc.integer({ min: 0, max: 255 }),
  deltaUs: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 2 ** 45 })),
  content: fc.uint8Array({ maxLength: 300 }),
});

t.test('what comes out is the newest of what went in, in order', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 64, max: 2_000 }), fc.array(entry, { maxLength: 60 }), (sizeBytes, entries) => {
      const ring = new EntryRing(sizeBytes);
      let atUs = 1_000;
      const given = entries.map(({ kind, deltaUs, content }) => {
        atUs += deltaUs;
        ring.add(kind, atUs, content);
        return { kind, atUs, content: Buffer.from(content.subarray(0, sizeBytes - 17)) };
      });
      const image = ring.image();
      const found = entriesOf(image).map(({ kind, atUs: at, content }) => ({ kind, atUs: at, content: Buffer.from(content) }));
      const expected = given.slice(given.length - found.length);
      if (found.length === 0 && given.length > 0) throw new Error('the newest entry is missing');
      if (image.fromSeq !== given.length - found.length || ring.nextSeq !== given.length) throw new Error('the numbers do not fit');
      if (image.bytes.length > sizeBytes) throw new Error('larger than its size');
      if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error('other entries');
    }),
    { numRuns: 300 },
  );
});

t.test('an image from a number on has only the entries since', async (t) => {
  const ring = new EntryRing(200);
  for (let i = 0; i < 100; i++) ring.add(1, i * 1_000, Buffer.from([i]));
  const since = ring.nextSeq;
  for (let i = 100; i < 103; i++) ring.add(1, i * 1_000, Buffer.from([i]));
  const found = entriesOf(ring.image(since));
  t.strictSame(
    found.map(({ atUs, content }) => [atUs, content[0]]),
    [
      [100_000, 100],
      [101_000, 101],
      [102_000, 102],
    ],
  );
  t.equal(ring.oldestUs, entriesOf(ring.image())[0]?.atUs);
  t.strictSame(entriesOf(ring.image(ring.nextSeq)), []);
});

t.test('a time that goes back counts as the time before, and a ring as large as it can be for an entry keeps it', async (t) => {
  const ring = new EntryRing(64);
  ring.add(1, 5_000, Buffer.from([1]));
  ring.add(1, 4_000, Buffer.from([2]));
  t.strictSame(
    entriesOf(ring.image()).map(({ atUs }) => atUs),
    [5_000, 5_000],
  );
  ring.add(2, 9_000, Buffer.alloc(500, 7));
  const last = entriesOf(ring.image()).at(-1);
  t.strictSame([last?.kind, last?.atUs, last?.content.length], [2, 9_000, 47], 'it is cut');
});

t.test('bytes that are no image are refused', async (t) => {
  for (const bytes of [[1], [1, 0x80], [1, 0, 5, 1], [1, ...Array(20).fill(0xff)]])
    t.throws(() => entriesOf({ baseUs: 0, bytes: Buffer.from(bytes) }), RangeError);
});
