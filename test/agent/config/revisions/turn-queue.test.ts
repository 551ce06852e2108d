import fc from 'fast-check';
import t from 'tap';
import { TurnQueue, type TurnRank } from '../../../../agent/config/revisions/turn-queue.ts';

const RANKS: readonly TurnRank[] = ['trial-end', 'console', 'platform'];

t.test('work runs one at a time, by rank, and in the order of its requests within a rank', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...RANKS), { maxLength: 30 }), async (ranks) => {
      const queue = new TurnQueue();
      const gate = Promise.withResolvers<void>();
      void queue.add('platform', () => gate.promise);
      let running = 0;
      const order: number[] = [];
      const all = ranks.map((rank, i) =>
        queue.add(rank, async () => {
          if (++running > 1) throw new Error('two at a time');
          await Promise.resolve();
          order.push(i);
          running -= 1;
          return i;
        }),
      );
      gate.resolve();
      const results = await Promise.all(all);
      const expected = ranks.map((rank, i) => ({ rank: RANKS.indexOf(rank), i })).toSorted((a, b) => a.rank - b.rank || a.i - b.i);
      return order.join() === expected.map(({ i }) => i).join() && results.every((result, i) => result === i);
    }),
  );
  t.pass('for random requests');
});

t.test('only the end of a trial and the close interrupt the running work, and work that fails does not end the queue', async (t) => {
  const queue = new TurnQueue();
  t.equal(queue.signal, undefined);
  const gate = Promise.withResolvers<void>();
  let signal: AbortSignal | undefined;
  const first = queue.add('platform', () => {
    signal = queue.signal;
    return gate.promise;
  });
  const second = queue.add('console', async () => queue.signal);
  t.equal(signal?.aborted, false);
  const end = queue.add('trial-end', async () => {
    throw new TypeError('a defect');
  });
  t.equal(signal?.aborted, true);
  gate.resolve();
  await first;
  await t.rejects(end, /a defect/);
  t.equal((await second)?.aborted, false);
  const late = queue.add('platform', async () => queue.signal);
  await queue.close();
  t.equal((await late)?.aborted, true);
  t.equal((await queue.add('console', async () => queue.signal))?.aborted, true, 'also later work');
});
