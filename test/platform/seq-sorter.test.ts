import fc from 'fast-check';
import t from 'tap';
import { createSeqSorter, type Sortable } from './seq-sorter.ts';

const message = (verb: string, seq: number | undefined, timestampMs: number): Sortable => ({ verb, seq, timestampMs });

/** Two sessions of a node, as it sent them. */
const sent = (counts: readonly number[]): Sortable[] =>
  counts.flatMap((count, session) =>
    Array.from({ length: count }, (_, i) => message(i === 0 ? 'NBIRTH' : i < 3 ? 'DBIRTH' : 'DDATA', i % 256, session * 10_000 + i)),
  );

t.test('parts taken by several workers are assembled again, across the end of seq and across a rebirth', async (t) => {
  const scenes = fc.tuple(
    fc.array(fc.integer({ min: 64, max: 400 }), { minLength: 1, maxLength: 3 }),
    fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
  );
  fc.assert(
    fc.property(scenes, ([counts, draws]) => {
      const all = sent(counts);
      const workers: Sortable[][] = [[], [], []];
      all.forEach((one, i) => {
        workers[i % 3]?.push(one);
      });
      const sorter = createSeqSorter<Sortable>();
      const read: Sortable[] = [];
      const first = workers[0]?.shift();
      if (first !== undefined) read.push(...sorter.push(first));
      for (let rest = all.length - 1; rest > 0; ) {
        const worker = workers[draws.next().value] ?? [];
        // No worker runs ahead of another by a whole session, or by half a round of seq.
        const oldest = Math.min(...workers.map((queue) => (queue[0] === undefined ? Infinity : all.indexOf(queue[0]))));
        const next =
          worker[0] !== undefined && all.indexOf(worker[0]) < oldest + 60
            ? worker.shift()
            : workers.find((queue) => queue[0] === all[oldest])?.shift();
        if (next === undefined) continue;
        rest -= 1;
        read.push(...sorter.push(next));
      }
      const lastRead = all.map((one) => read.lastIndexOf(one));
      const ofLastSession = lastRead.slice(-(counts.at(-1) ?? 0));
      return (
        lastRead.every((at) => at >= 0) &&
        ofLastSession.every((at, i) => i === 0 || at > (ofLastSession[i - 1] ?? 0)) &&
        sorter.waiting === 0
      );
    }),
    { numRuns: 200 },
  );
  t.pass('held for all orders');
});

t.test('within a session the order is that of seq', async (t) => {
  const sorter = createSeqSorter<Sortable>();
  const [nbirth, one, two, three] = [message('NBIRTH', 0, 10), message('DBIRTH', 1, 11), message('DDATA', 2, 12), message('DDATA', 3, 13)];
  t.strictSame(sorter.push(two), []);
  t.strictSame(sorter.push(nbirth), [nbirth]);
  t.strictSame(sorter.push(three), []);
  t.equal(sorter.waiting, 2);
  t.strictSame(sorter.push(one), [one, two, three]);
  t.equal(sorter.waiting, 0);
});

t.test('a hole can be given up, and the rows behind it are read', async (t) => {
  const sorter = createSeqSorter<Sortable>();
  sorter.push(message('NBIRTH', 0, 10));
  const [three, four, five] = [message('DDATA', 3, 13), message('DDATA', 4, 14), message('DDATA', 5, 15)];
  sorter.push(four);
  sorter.push(three);
  t.strictSame(sorter.giveUp(), [three, four]);
  t.strictSame(sorter.push(five), [five]);
});

t.test('a rebirth ends the chain before it: what waited for a lost message is read first', async (t) => {
  const sorter = createSeqSorter<Sortable>();
  sorter.push(message('NBIRTH', 0, 10));
  const stuck = message('DDATA', 2, 12);
  sorter.push(stuck);
  const early = message('DBIRTH', 1, 21);
  sorter.push(early);
  const again = message('NBIRTH', 0, 20);
  t.strictSame(sorter.push(again).slice(-2), [again, early]);
  t.strictSame(sorter.push(message('DDATA', 2, 12)), [stuck], 'and what comes later still of the old session is not lost');
});
