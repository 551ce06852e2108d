import fc from 'fast-check';
import t from 'tap';
import { createRowRanges, readRowsMark } from './row-ranges.ts';

const mark = (from: number, to: number, part = 1, parts = 1) => ({ epoch: 'e', from, to, part, parts, isAgain: false });

t.test('a mark is read, and nothing else is', async (t) => {
  t.strictSame(readRowsMark('a1b2c3d4:1204-1210:2/3'), { epoch: 'a1b2c3d4', from: 1_204, to: 1_210, part: 2, parts: 3, isAgain: false });
  t.match(readRowsMark('a1b2c3d4:1-1:1/1:again'), { isAgain: true });
  for (const text of ['', 'a:2-1:1/1', 'a:1-2:3/2', 'a:1-2:0/2', 'a:1-2', 'a:1-2:1/1:x', ':1-2:1/1'])
    t.equal(readRowsMark(text), undefined, text);
});

t.test('rows count once all their parts have arrived', async (t) => {
  const rows = createRowRanges();
  t.equal(rows.add(mark(1, 5, 2, 3)), 'new');
  t.equal(rows.add(mark(1, 5, 1, 3)), 'new');
  t.equal(rows.add(mark(1, 5, 1, 3)), 'duplicate');
  t.match(rows, { head: 0, partial: 1 });
  t.equal(rows.add(mark(1, 5, 3, 3)), 'new');
  t.match(rows, { head: 5, partial: 0 });
  t.equal(rows.add(mark(2, 3)), 'duplicate');
});

t.test('live rows beyond a backlog do not move the head before the backlog has arrived, a gap does', async (t) => {
  const rows = createRowRanges();
  rows.add(mark(9, 9));
  rows.add(mark(10, 10));
  t.equal(rows.head, 0);
  rows.add(mark(1, 4));
  t.equal(rows.head, 4);
  t.strictSame(rows.holes, [{ from: 5, to: 8 }]);
  rows.cover({ from: 5, to: 8 });
  t.equal(rows.head, 10);
  t.strictSame(rows.complete, [{ from: 1, to: 10 }]);
});

t.test('in any order of ranges, the head is at the first hole', async (t) => {
  const ranges = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 5 })), { maxLength: 30 });
  fc.assert(
    fc.property(ranges, fc.integer({ min: 0, max: 10 }), (list, base) => {
      const rows = createRowRanges(base);
      const have = new Set(Array.from({ length: base }, (_, i) => i + 1));
      for (const [from, length] of list) {
        const isThere = Array.from({ length: length + 1 }, (_, i) => from + i).every((row) => have.has(row));
        if ((rows.add(mark(from, from + length)) === 'duplicate') !== isThere) return false;
        for (let row = from; row <= from + length; row += 1) have.add(row);
      }
      let head = 0;
      while (have.has(head + 1)) head += 1;
      return rows.head === head;
    }),
  );
  t.pass('held for all orders');
});
