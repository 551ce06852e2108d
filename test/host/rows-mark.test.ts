import fc from 'fast-check';
import t from 'tap';
import { markOf, PartCollector, readRowMark } from '../../platform/core/rows-mark.ts';
import type { HostMetric } from '../../platform/core/wire.ts';

const text = (value: string, isTransient = true): HostMetric => ({
  ...{ name: undefined, alias: 206, atMs: 1, datatype: undefined, isTransient, value, properties: new Map() },
});

t.test('a mark is read, and anything else is none', async (t) => {
  const table: [string, unknown][] = [
    ['a1b2c3d4:1204-1210:2/3', { epoch: 'a1b2c3d4', from: 1204, to: 1210, part: 2, parts: 3, isAgain: false }],
    ['a1b2c3d4:5-5:1/1:again', { epoch: 'a1b2c3d4', from: 5, to: 5, part: 1, parts: 1, isAgain: true }],
    ['a1b2c3d4:6-5:1/1', undefined],
    ['a1b2c3d4:5-6:0/1', undefined],
    ['a1b2c3d4:5-6:2/1', undefined],
    ['a1b2c3d4:5-6:1/9999', undefined],
    ['a1b2c3d4:5-6', undefined],
    ['', undefined],
    ['a:1-99999999999999999999:1/1', undefined],
  ];
  for (const [given, expected] of table) t.strictSame(readRowMark(given), expected, given);
});

t.test('the mark is found by its form, wherever the node has put it', async (t) => {
  const value = text('80', false);
  t.equal(markOf([value, text('a:1-2:1/1')])?.mark.to, 2);
  t.equal(markOf([text('a:1-2:1/1'), value])?.mark.to, 2);
  t.equal(markOf([text('a:1-2:1/1', false)]), undefined, 'a text of a device that looks like one is not transient');
  t.equal(markOf([]), undefined);
});

t.test('a range is complete in a batch when all its parts are in it, in any order and repeated', async () => {
  const parts = fc
    .integer({ min: 1, max: 12 })
    .chain((parts) => fc.tuple(fc.constant(parts), fc.array(fc.integer({ min: 1, max: parts }), { minLength: 1, maxLength: 30 })));
  fc.assert(
    fc.property(parts, ([parts, order]) => {
      const collector = new PartCollector();
      for (const part of order) collector.add(7, { epoch: 'e', from: 1, to: 4, part, parts, isAgain: false });
      const { complete, partial } = collector.result();
      const isAll = new Set(order).size === parts;
      const seen = [...complete, ...partial][0]?.seen ?? '';
      return (
        complete.length === (isAll ? 1 : 0) &&
        partial.length === (isAll ? 0 : 1) &&
        [...seen].every((bit, i) => (bit === '1') === order.includes(i + 1))
      );
    }),
  );
});

t.test('ranges come out in one order, so that two workers lock them alike', async () => {
  const place = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 9 }));
  fc.assert(
    fc.property(fc.array(place, { maxLength: 20 }), (places) => {
      const keys = [places, places.toReversed()].map((order) => {
        const collector = new PartCollector();
        for (const [node, epoch, from] of order) collector.add(node, { epoch, from, to: from, part: 1, parts: 2, isAgain: false });
        return collector.result().partial.map(({ node, epoch, from }) => `${node} ${epoch} ${from}`);
      });
      return keys[0]?.join() === keys[1]?.join() && keys[0]?.join() === keys[0]?.toSorted().join();
    }),
  );
});
