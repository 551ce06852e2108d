import fc from 'fast-check';
import t from 'tap';
import { nextTurn, runDry, setUp } from './delivery-scene.ts';

t.test('live frames share a barrier, and there is never more than one in flight', async (t) => {
  const { wire, delivery, take, counts } = setUp();
  delivery.open(wire.link());
  await nextTurn();
  for (let i = 0; i < 5; i += 1) take();
  t.equal(wire.barriers(), 1);
  wire.answer();
  await nextTurn();
  t.equal(counts.proven, 1, 'the first barrier was asked before the others were sent');
  t.equal(wire.barriers(), 1);
  wire.answer();
  await nextTurn();
  t.equal(counts.proven, 5);
  t.equal(wire.barriers(), 0);
});

t.test('without a barrier nothing counts as delivered, and the cursor stays', async (t) => {
  const { wire, delivery, take, store, counts } = setUp();
  delivery.open(wire.link());
  await nextTurn();
  take();
  delivery.committed(store.commit());
  await nextTurn();
  t.match(counts, { sent: 1, proven: 0 });
  t.equal(store.cursor, 0);
  delivery.close();
  wire.cut(0);
  await runDry({ wire, delivery });
  delivery.open(wire.link());
  await runDry({ wire, delivery });
  t.strictSame(wire.arrived, [{ at: 1, historical: true }]);
  t.equal(store.cursor, 1);
});

t.test('live frames overtake the backlog at every step', async (t) => {
  const { wire, delivery, take, store } = setUp();
  for (let i = 0; i < 60; i += 1) take();
  delivery.committed(store.commit());
  delivery.open(wire.link());
  await nextTurn();
  await nextTurn();
  take();
  wire.answer();
  await nextTurn();
  wire.answer();
  await nextTurn();
  const place = wire.arrived.findIndex(({ historical }) => !historical);
  t.ok(place > 0 && place < 40, `the live frame arrived after ${place} of 60 old ones`);
  await runDry({ wire, delivery });
  t.equal(wire.arrived.length, 61);
  t.strictSame(
    wire.arrived.filter(({ historical }) => historical).map(({ at }) => at),
    Array.from({ length: 60 }, (_, i) => i + 1),
    'oldest first',
  );
});

t.test('a store that was replaced mid-session starts a new count', async (t) => {
  const { wire, delivery, take, store } = setUp();
  delivery.open(wire.link());
  await nextTurn();
  take();
  delivery.committed(store.commit());
  await runDry({ wire, delivery });
  t.equal(store.cursor, 1);
  const status = await store.port.status();
  store.port.status = async () => ({ ...status, epoch: 'e2', cursorSeq: 0, backlogFrames: 1 });
  await delivery.refresh();
  await runDry({ wire, delivery });
  t.equal(wire.arrived.length, 2, 'what the new store holds is sent, known number or not');
});

t.test(
  'nothing is lost in any order of frames, commits, proofs and disconnects; only rows without proof at a disconnect are sent twice',
  async (t) => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant({ kind: 'take' as const }) },
      { weight: 3, arbitrary: fc.constant({ kind: 'answer' as const }) },
      { weight: 2, arbitrary: fc.constant({ kind: 'commit' as const }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), lucky: fc.nat(4) }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'open' as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { wire, delivery, take, store, taken } = setUp();
        let open = false;
        let lucky = 0;
        for (const s of steps) {
          if (s.kind === 'take') take();
          else if (s.kind === 'answer') wire.answer();
          else if (s.kind === 'commit') delivery.committed(store.commit());
          else if (s.kind === 'cut' && open) {
            open = false;
            delivery.close();
            wire.cut(s.lucky);
            lucky += s.lucky;
          } else if (s.kind === 'open' && !open) {
            open = true;
            delivery.open(wire.link());
          }
          await nextTurn();
        }
        if (!open) delivery.open(wire.link());
        delivery.committed(store.commit());
        await runDry({ wire, delivery });
        const times = new Set(wire.arrived.map(({ at }) => at));
        const repeats = wire.arrived.length - times.size;
        return times.size === taken() && repeats <= lucky * 60 && store.cursor === taken() && wire.head() === taken();
      }),
      { numRuns: 300 },
    );
    t.pass('held for all generated histories');
  },
);

t.test('each link begins with a small batch, also after a broker that closed during a batch', async (t) => {
  const { wire, delivery, take, store } = setUp();
  for (let i = 0; i < 200; i += 1) take();
  store.commit();
  const sizes: (number | undefined)[] = [];
  for (let link = 0; link < 4; link += 1) {
    delivery.open(wire.link());
    await nextTurn();
    sizes.push(wire.claims.at(-1)?.seqs.length);
    delivery.close();
    wire.cut(0);
    await nextTurn();
  }
  t.strictSame(sizes, [10, 10, 10, 10]);
});

t.test('rows that the platform requests are sent again, even if they were delivered', async (t) => {
  const { wire, delivery, take, store, results } = setUp();
  delivery.open(wire.link());
  await nextTurn();
  for (let i = 0; i < 4; i += 1) take();
  delivery.committed(store.commit());
  await runDry({ wire, delivery });
  t.equal(wire.arrived.length, 4);
  const ask = { fromMs: null, toMs: null, fromSeq: null, toSeq: null };
  t.match(delivery.resend({ ...ask, id: 'a', fromMs: 2, toMs: 4 }), { state: 'queued' });
  delivery.resend({ ...ask, id: 'b', fromSeq: 4, toSeq: 9 });
  delivery.resend({ ...ask, id: 'c', fromMs: 100, toMs: 200 });
  await runDry({ wire, delivery });
  t.strictSame(
    wire.arrived.slice(4).map(({ at }) => at),
    [2, 3, 4],
  );
  t.strictSame(
    results.map(({ id, state, readings }) => [id, state, readings]),
    [
      ['a', 'done', 2],
      ['b', 'done', 1],
      ['c', 'done', 0],
    ],
  );
  for (let i = 0; i < 16; i += 1) delivery.resend({ ...ask, id: `${i}`, fromSeq: 1, toSeq: 1 });
  t.match(delivery.resend({ ...ask, id: 'too many', fromSeq: 1, toSeq: 1 }), { state: 'refused', reason: /16 requests wait/ });
});

t.test('each recorded loss is reported until the broker has it, across restarts too', async (t) => {
  const { wire, delivery, store, notes } = setUp();
  store.gaps.push({ id: 1, firstSeq: 5, lastSeq: 9, readings: 40, reason: 'cap', atMs: 7 });
  delivery.open(wire.link());
  await nextTurn();
  t.strictSame(
    notes.map((note) => JSON.parse(note)),
    [{ epoch: 'e1', id: 1, after: 0, from: 5, to: 9, readings: 40, reason: 'cap', atMs: 7 }],
  );
  delivery.close();
  wire.cut(0);
  await nextTurn();
  delivery.open(wire.link());
  await runDry({ wire, delivery });
  t.equal(notes.length, 2, 'its barrier was cut');
  await delivery.refresh();
  await runDry({ wire, delivery });
  t.equal(notes.length, 2);
  t.strictSame(store.saved.get('sync.gapsTold'), { epoch: 'e1', id: 1, acked: null });
});
