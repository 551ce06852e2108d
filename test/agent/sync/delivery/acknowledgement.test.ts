import fc from 'fast-check';
import t from 'tap';
import type { Message } from '../../../../agent/core/message.ts';
import { texts } from '../../../support/texts.ts';
import { nextTurn, runDry, setUp } from './delivery-scene.ts';

t.test(
  'with a platform that acknowledges, nothing is lost in any order of frames, commits, proofs, acknowledgements, waits and disconnects',
  async (t) => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant({ kind: 'take' as const }) },
      { weight: 3, arbitrary: fc.constant({ kind: 'answer' as const }) },
      { weight: 2, arbitrary: fc.constant({ kind: 'commit' as const }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('ack' as const), back: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'wait' as const }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), lucky: fc.nat(4) }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'open' as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { wire, delivery, take, store, taken, clock, ahead } = setUp('platform');
        let open = false;
        let acked = 0;
        const say = (back: number): void => {
          acked = Math.max(acked, wire.head() - back);
          delivery.acknowledge({ epoch: 'e1', seq: Math.max(0, wire.head() - back), gapId: null });
        };
        for (const s of steps) {
          if (s.kind === 'take') take();
          else if (s.kind === 'answer') wire.answer();
          else if (s.kind === 'commit') delivery.committed(store.commit());
          else if (s.kind === 'wait') await clock.advance(61_000);
          else if (s.kind === 'ack' && open) say(s.back);
          else if (s.kind === 'cut' && open) {
            open = false;
            delivery.close();
            wire.cut(s.lucky);
          } else if (s.kind === 'open' && !open) {
            open = true;
            delivery.open(wire.link());
          }
          await nextTurn();
          if (store.cursor > acked) return false;
        }
        if (!open) delivery.open(wire.link());
        delivery.committed(store.commit());
        for (let round = 0; round < 80 && store.cursor < taken(); round += 1) {
          await runDry({ wire, delivery });
          say(0);
          // After a late acknowledgement, rows that the platform cannot acknowledge yet are sent again when their wait ends.
          if (round > 40) await clock.advance(61_000);
        }
        const times = new Set(wire.arrived.map(({ at }) => at));
        return times.size === taken() && store.cursor === taken() && ahead.every((ack) => ack === null);
      }),
      { numRuns: 200 },
    );
    t.pass('held for all generated histories');
  },
);

t.test(
  'a server without an acknowledgement is left after 90 s, then less and less often, and again after 90 s once there was one',
  async (t) => {
    const parts = setUp('platform');
    const { wire, delivery, take, store, clock, unheard } = parts;
    delivery.open(wire.link());
    const live = async (seconds: number): Promise<void> => {
      for (let s = 0; s < seconds; s += 5) {
        take();
        delivery.committed(store.commit());
        await runDry(parts);
        await clock.advance(5_000);
      }
    };
    await live(600);
    t.strictSame(unheard, [], 'a platform that never acknowledged may never do so');
    delivery.acknowledge({ epoch: 'e1', seq: wire.head(), gapId: null });
    await live(3_600);
    t.strictSame(
      unheard.map((ms) => Math.round(ms / 30_000) * 30),
      [90, 270, 810, 2430],
    );
    delivery.acknowledge({ epoch: 'e1', seq: wire.head(), gapId: null });
    await live(120);
    t.equal(unheard.length, 5);
    t.ok((unheard.at(-1) ?? 0) < 100_000);
  },
);

t.test('a platform that has acknowledged everything is not missed', async (t) => {
  const parts = setUp('platform');
  const { wire, delivery, take, store, clock, unheard } = parts;
  delivery.open(wire.link());
  take();
  delivery.committed(store.commit());
  await runDry(parts);
  delivery.acknowledge({ epoch: 'e1', seq: 1, gapId: null });
  await clock.advance(3_600_000);
  t.strictSame(unheard, []);
});

t.test('a platform that acknowledges the highest row it received still gets its whole backlog, and a warning is raised', async (t) => {
  for (const backlog of [12, 120, 1_200]) {
    const parts = setUp('platform');
    const { wire, delivery, take, store, taken, clock, ahead } = parts;
    store.saved.set('sync.mode', 'platform');
    await delivery.restore();
    delivery.open(wire.link());
    await nextTurn();
    take();
    delivery.committed(store.commit());
    await runDry(parts);
    const acknowledgeHighest = (): Message => delivery.acknowledge({ epoch: 'e1', seq: taken(), gapId: null });
    acknowledgeHighest();
    t.strictSame([store.cursor, ahead.at(-1)], [1, null]);
    delivery.close();
    wire.cut(0);
    for (let i = 0; i < backlog; i += 1) take();
    delivery.committed(store.commit());
    delivery.open(wire.link());
    await nextTurn();
    take();
    t.equal(texts(acknowledgeHighest()), '');
    t.equal(store.cursor, 1, 'the broker has not read one row of the backlog yet');
    t.match(ahead.at(-1), { seq: backlog + 2, countedSeq: 1 });
    for (let round = 0; round < 400 && store.cursor < taken(); round += 1) {
      delivery.committed(store.commit());
      wire.answer();
      await nextTurn();
      acknowledgeHighest();
      await clock.advance(100);
    }
    await runDry(parts);
    t.equal(new Set(wire.arrived.map(({ at }) => at)).size, taken(), 'the platform was sent every row');
    t.strictSame([store.cursor, ahead.at(-1)], [taken(), null], 'and the warning ends with the backlog');
  }
});

t.test('a platform that only repeats its last acknowledgement after a resend is still silent', async (t) => {
  const { wire, delivery, take, store, clock } = setUp('platform');
  for (let i = 0; i < 5; i++) take();
  delivery.committed(store.commit());
  delivery.open(wire.link());
  await runDry({ wire, delivery });
  const say = (seq: number): void => void delivery.acknowledge({ epoch: 'e1', seq, gapId: null });
  say(3);
  await clock.advance(36_000);
  t.ok(delivery.facts().isPlatformSilent, 'rows 4 and 5 are due again');
  say(3);
  t.ok(delivery.facts().isPlatformSilent, 'nothing new was acknowledged');
  await runDry({ wire, delivery });
  say(3);
  t.ok(delivery.facts().isPlatformSilent);
  say(5);
  t.notOk(delivery.facts().isPlatformSilent);
  say(5);
  t.notOk(delivery.facts().isPlatformSilent);
});

t.test('after a restart an acknowledgement of rows that the previous run sent causes no warning', async (t) => {
  const first = setUp('platform');
  first.delivery.open(first.wire.link());
  await nextTurn();
  for (let i = 0; i < 30; i += 1) first.take();
  first.delivery.committed(first.store.commit());
  await runDry(first);
  first.delivery.acknowledge({ epoch: 'e1', seq: 10, gapId: null });

  const second = setUp('platform', first.store);
  await second.delivery.restore();
  await second.delivery.refresh();
  second.delivery.open(second.wire.link());
  second.take();
  const again = (): Message => second.delivery.acknowledge({ epoch: 'e1', seq: 31, gapId: null });
  t.equal(texts(again()), '');
  t.strictSame([second.store.cursor, second.ahead], [10, []], 'it is not known here what the run before has sent');
  second.delivery.committed(second.store.commit());
  await runDry(second);
  again();
  t.strictSame([second.store.cursor, second.ahead], [31, [null]]);
});

t.test('an acknowledgement that cannot be true moves nothing', async (t) => {
  const { wire, delivery, take, store } = setUp('auto');
  delivery.open(wire.link());
  await nextTurn();
  take();
  delivery.committed(store.commit());
  const refused = (seq: number, epoch = 'e1'): Message => delivery.acknowledge({ epoch, seq, gapId: null });
  t.match(refused(1, 'other'), /epoch here is e1/);
  t.match(refused(2), /no row 2 yet/);
  t.equal(delivery.facts().mode, 'broker', 'and the platform takes no part yet');
  t.equal(texts(refused(1)), '');
  t.match(delivery.facts(), { mode: 'platform', cursorSeq: 1 });
  t.match(setUp('broker').delivery.acknowledge({ epoch: 'e1', seq: 0, gapId: null }), /proof is broker/);
});

t.test('a platform that acknowledged in an earlier run still does, and one that is silent for a day is no longer waited for', async (t) => {
  const { wire, delivery, store, clock } = setUp('auto');
  store.saved.set('sync.mode', 'platform');
  await delivery.restore();
  delivery.open(wire.link());
  await nextTurn();
  t.equal(delivery.facts().mode, 'platform');
  await clock.advance(86_400_000);
  t.equal(delivery.facts().mode, 'broker');
  t.equal(store.saved.get('sync.mode'), 'broker');
});

t.test('once a platform silent for a day is no longer waited for, the backlog is sent in batches of the usual size', async (t) => {
  for (const [proof, mode] of [
    ['auto', 'broker'],
    ['platform', 'awaiting'],
  ] as const) {
    const parts = setUp(proof);
    const { wire, delivery, take, taken, store, clock } = parts;
    store.saved.set('sync.mode', 'platform');
    await delivery.restore();
    for (let i = 0; i < 1_000; i += 1) take();
    delivery.committed(store.commit());
    delivery.open(wire.link());
    await nextTurn();
    wire.answer();
    await nextTurn();
    await clock.advance(86_400_000);
    t.equal(store.saved.get('sync.mode'), mode);
    let rounds = 0;
    for (; rounds < 100 && new Set(wire.arrived.map(({ at }) => at)).size < taken(); rounds += 1) {
      wire.answer();
      await nextTurn();
    }
    t.ok(rounds < 20, `${rounds} rounds`);
  }
});

t.test('with a disk that cannot be read a platform is waited for as if it had acknowledged', async (t) => {
  for (const [proof, mode] of [
    ['auto', 'platform'],
    ['broker', 'broker'],
  ] as const) {
    const { delivery, store } = setUp(proof);
    Object.assign(store.port, { load: async (_key: string, unread?: unknown) => unread });
    await delivery.restore();
    t.equal(delivery.facts().mode, mode);
  }
});

t.test('a platform silent for a day no longer counts, however often the link breaks; time without a link is ignored', async (t) => {
  const { wire, delivery, store, clock } = setUp('auto');
  store.saved.set('sync.mode', 'platform');
  await delivery.restore();
  const session = async (hours: number): Promise<void> => {
    delivery.open(wire.link());
    await clock.advance(hours * 3_600_000);
    delivery.close();
    wire.cut(0);
    await clock.advance(72 * 3_600_000);
  };
  await session(23);
  t.equal(delivery.facts().mode, 'platform', 'three days without a link are no silence of the platform');
  await session(0.9);
  t.equal(delivery.facts().mode, 'platform');
  await session(0.2);
  t.equal(delivery.facts().mode, 'broker');
});

t.test('a platform that never acknowledges gets every row once, over cuts and restarts; none counts as delivered', async (t) => {
  const first = setUp('platform');
  const { store, clock, wire, delivery, take } = first;
  await delivery.restore();
  delivery.open(wire.link());
  await nextTurn();
  for (let i = 0; i < 20; i += 1) take();
  delivery.committed(store.commit());
  await runDry(first);
  t.match(delivery.facts(), { mode: 'platform', isAcknowledging: false, isPlatformSilent: false, sentSeq: 20, cursorSeq: 0 });
  delivery.close();
  wire.cut(0);
  for (let i = 0; i < 200; i += 1) take();
  delivery.committed(store.commit());
  delivery.open(wire.link());
  await runDry(first);
  t.equal(wire.arrived.length, 220, 'the backlog of a cut is not held back');
  for (let hour = 0; hour < 50; hour++) {
    await clock.advance(3_600_000);
    await delivery.refresh();
    take();
    delivery.committed(store.commit());
    await runDry(first);
  }
  t.equal(wire.arrived.length, 270);
  t.equal(delivery.facts().isPlatformSilent, true, 'and a person is to look');
  delivery.close();
  t.equal(store.cursor, 0);

  const second = setUp('platform', store);
  await second.delivery.restore();
  await second.delivery.refresh();
  second.delivery.open(second.wire.link());
  await runDry(second);
  t.equal(second.wire.arrived.length, 0, 'a restart sends none of it again');
  second.delivery.resend({ id: 'r', fromMs: null, toMs: null, fromSeq: 21, toSeq: 40 });
  await runDry(second);
  t.equal(second.wire.arrived.length, 20, 'what is asked for comes');
  t.equal(store.cursor, 0);
});

t.test(
  'the first acknowledgement shows what is missing: everything behind it is sent again unless it is acknowledged in time',
  async (t) => {
    const parts = setUp('platform');
    const { store, clock, wire, delivery, take } = parts;
    delivery.open(wire.link());
    await nextTurn();
    for (let i = 0; i < 40; i += 1) take();
    delivery.committed(store.commit());
    await runDry(parts);
    t.equal(texts(delivery.acknowledge({ epoch: 'e1', seq: 12, gapId: null })), '');
    t.equal(store.saved.get('sync.mode'), 'platform');
    await runDry(parts);
    t.match(delivery.facts(), { isAcknowledging: true, cursorSeq: 12, sentSeq: 40 });
    t.equal(wire.arrived.length, 40, 'not at once: it may be on its way');
    await clock.advance(40_000);
    for (let round = 0; round < 40; round++) {
      await runDry(parts);
      delivery.acknowledge({ epoch: 'e1', seq: Math.min(40, 12 + wire.arrived.length - 40), gapId: null });
    }
    t.strictSame(
      wire.arrived.slice(40).map(({ at }) => at),
      Array.from({ length: 28 }, (_, i) => 13 + i),
    );
    t.equal(store.cursor, 40);
  },
);

t.test('acknowledgements out of order, too old, too new and of another store never move the cursor back or too far', async (t) => {
  const word = fc.record({ seq: fc.integer({ min: 0, max: 70 }), epoch: fc.constantFrom('e1', 'e1', 'e1', 'e2') });
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 30 }), fc.constantFrom('auto' as const, 'platform' as const), async (words, proof) => {
      const parts = setUp(proof);
      const { store, clock, wire, delivery, take, taken } = parts;
      delivery.open(wire.link());
      await nextTurn();
      let highest = 0;
      for (const { seq, epoch } of words) {
        take();
        delivery.committed(store.commit());
        await runDry(parts);
        const before = store.cursor;
        const reason = delivery.acknowledge({ epoch, seq, gapId: null });
        if (reason.id === '') highest = Math.max(highest, seq);
        if ((reason.id === '') !== (epoch === 'e1' && seq <= taken()) || store.cursor < before || store.cursor > taken()) return false;
        if (proof === 'platform' && store.cursor !== highest) return false;
        await clock.advance(7_000);
      }
      return true;
    }),
    { numRuns: 100 },
  );
  t.pass('held for all generated words');
});

t.test('rows that are taken back while the disk is read are not claimed without their frames', async (t) => {
  const parts = setUp('platform');
  const { wire, delivery, take, store, taken, clock } = parts;
  store.saved.set('sync.mode', 'platform');
  await delivery.restore();
  const disk = { isSlow: true, go: () => {} };
  const { readAfter } = store.port;
  store.port.readAfter = async (seq, most) => {
    if (disk.isSlow && seq > 0) await new Promise<void>((resolve) => (disk.go = resolve));
    return readAfter(seq, most);
  };
  for (let n = 0; n < 150; n += 1) take();
  delivery.committed(store.commit());
  delivery.open(wire.link());
  await runDry(parts);
  t.ok(wire.claims.length > 0 && wire.claims.length < 150, 'a part is sent, and the next is being read');
  await clock.advance(61_000);
  disk.isSlow = false;
  disk.go();
  for (let round = 0; round < 20 && store.cursor < taken(); round += 1) {
    await runDry(parts);
    delivery.acknowledge({ epoch: 'e1', seq: wire.head(), gapId: null });
  }
  for (const { rows, seqs } of wire.claims)
    t.strictSame(
      seqs,
      Array.from({ length: rows.to - rows.from + 1 }, (_, i) => rows.from + i),
    );
  t.equal(store.cursor, taken());
});
