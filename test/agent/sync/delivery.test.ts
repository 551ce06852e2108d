import fc from 'fast-check';
import t from 'tap';
import { UplinkError } from '../../../agent/core/errors.ts';
import type { Frame, StoredFrame } from '../../../agent/core/ports.ts';
import { afterRound, FIRST_BATCH, framesToRead } from '../../../agent/sync/batch-size.ts';
import { createDelivery, type Delivery, type Link } from '../../../agent/sync/delivery.ts';
import {
  commit,
  createLedger,
  dropLink,
  isSent,
  type Ledger,
  prove,
  shipHistory,
  shipLive,
  skipHoles,
} from '../../../agent/sync/ledger.ts';
import type { Publisher, Sent } from '../../../agent/sync/publisher.ts';
import { createMemoryStore, manualClock, silentLog } from './small-node.ts';

const live = (ticket: number) => ({ ticket, readings: 3, bytes: 50 });
const history = (...seqs: number[]) => ({ seqs, readings: 3 * seqs.length, bytes: 50 });
const onDisk = (...pairs: [ticket: number, seq: number][]) => ({ tickets: pairs.map(([ticket, seq]) => ({ ticket, seq, readings: 3 })) });
const proven = (ledger: Ledger, mark: number): Ledger => prove(ledger, mark).ledger;
const committed = (ledger: Ledger, ...pairs: [number, number][]): Ledger => commit(ledger, onDisk(...pairs)).ledger;

t.test('the cursor moves over what is proven, however proof and commit follow each other', async (t) => {
  const sent = shipLive(shipLive(createLedger(10), live(1)), live(2));
  t.equal(proven(sent, 1).cursor, 10, 'proven, but not on disk yet');
  t.equal(committed(proven(sent, 1), [1, 11], [2, 12]).cursor, 11, 'the second is on disk but unproven');
  t.equal(proven(committed(sent, [1, 11], [2, 12]), 2).cursor, 12, 'on disk first, proven later');
  t.equal(committed(proven(sent, 2), [1, 11], [2, 12]).cursor, 12, 'proven first, on disk later');
});

t.test('a barrier proves what was sent before it and nothing after it', async (t) => {
  const ledger = shipLive(shipLive(createLedger(0), live(1)), live(2));
  t.match(prove(ledger, 1), { readings: 3, ledger: { inFlight: [{ ticket: 2 }] } });
  t.match(prove(ledger, 2), { readings: 6, ledger: { inFlight: [] } });
});

t.test('a frame nobody sent holds the cursor until history has carried it', async (t) => {
  const ledger = proven(shipLive(createLedger(0), live(2)), 1);
  const { ledger: waiting, backlog } = commit(ledger, onDisk([1, 1], [2, 2]));
  t.ok(backlog);
  t.equal(waiting.cursor, 0);
  t.strictSame([isSent(waiting, 1), isSent(waiting, 2)], [false, true]);
  t.equal(proven(shipHistory(waiting, history(1)), 2).cursor, 2);
});

t.test('numbers the store never used do not hold the cursor up, rows that are unproven do', async (t) => {
  const gap = committed(proven(shipLive(createLedger(3), live(1)), 1), [1, 7]);
  t.equal(gap.cursor, 3);
  t.equal(skipHoles(gap, [7, 8]).cursor, 7);
  t.equal(skipHoles(gap, [5, 7]).cursor, 3);
  t.equal(skipHoles(gap, []).cursor, 3);
});

t.test('what was in flight when the link broke counts as unsent', async (t) => {
  const ledger = dropLink(committed(shipHistory(shipLive(createLedger(0), live(2)), history(1)), [2, 2]));
  t.strictSame([isSent(ledger, 1), isSent(ledger, 2)], [false, false]);
});

t.test('a batch grows on a fast link, shrinks on a slow one and stays within bounds', async (t) => {
  const frames = (count: number): StoredFrame[] =>
    Array.from({ length: count }, (_, i) => ({
      seq: i,
      atMs: i,
      clockQuality: 'synced',
      isCorrected: false,
      readings: Array.from({ length: 10 }, () => ({ pointId: 'a.b', value: 1, quality: 'good', atMs: i })),
    }));
  t.equal(afterRound(frames(20), 10).readings, 400);
  t.equal(afterRound(frames(20), 300).readings, 200);
  t.equal(afterRound(frames(20), 900).readings, 100);
  t.equal(afterRound(frames(190), 10).readings, 2_000);
  t.equal(afterRound(frames(2), 900).readings, 50);
  t.equal(framesToRead(FIRST_BATCH), 10);
  t.equal(framesToRead({ readings: 50, readingsPerFrame: 300 }), 1, 'a frame larger than the batch goes alone');
});

/** A link whose other end the test plays: messages lie on the wire until a barrier is answered or the link is cut. */
function createWire() {
  const arrived: { at: number; historical: boolean }[] = [];
  const wire: { readonly messages: { at: number; historical: boolean }[]; readonly answer: () => void; readonly fail: () => void }[] = [];
  let unread: { at: number; historical: boolean }[] = [];
  const put = (frames: readonly { atMs: number; readings: readonly unknown[] }[], historical: boolean): Sent => {
    unread.push(...frames.map((frame) => ({ at: frame.atMs, historical })));
    return { readings: frames.length, bytes: 20 };
  };
  const publisher = {
    live: (frame: Frame) => put([frame], false),
    history: (frames: readonly StoredFrame[]) => put(frames, true),
    endHistory: () => {},
  };
  const link = (): Link => ({
    publisher: publisher as unknown as Publisher,
    connection: {
      barrier: () =>
        new Promise((answer, reject) => {
          wire.push({ messages: unread, answer, fail: () => reject(new UplinkError('lost', 'cut')) });
          unread = [];
        }),
    },
  });
  return {
    arrived,
    link,
    barriers: () => wire.length,
    /** The broker reads up to the oldest barrier and answers it. */
    answer: () => {
      const next = wire.shift();
      if (next === undefined) return false;
      arrived.push(...next.messages);
      next.answer();
      return true;
    },
    /** The link breaks; of what lay on the wire the first `lucky` messages arrive all the same. */
    cut: (lucky: number): void => {
      const lying = [...wire.flatMap((entry) => entry.messages), ...unread];
      arrived.push(...lying.slice(0, lucky));
      for (const entry of wire.splice(0)) entry.fail();
      unread = [];
    },
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp() {
  const store = createMemoryStore();
  const wire = createWire();
  const counts = { sent: 0, proven: 0 };
  const delivery = createDelivery({
    store: store.port,
    clock: manualClock(),
    log: silentLog,
    onSent: ({ readings }) => {
      counts.sent += readings;
    },
    onProven: (readings) => {
      counts.proven += readings;
    },
  });
  let ticket = 0;
  const take = (): void => {
    ticket += 1;
    const frame: Frame = {
      ticket,
      atMono: ticket,
      atMs: ticket,
      clockQuality: 'synced',
      readings: [{ pointId: 'L01.level', value: ticket, quality: 'good', atMono: ticket, atMs: ticket }],
    };
    store.append(frame);
    delivery.publish(frame);
  };
  return { store, wire, delivery, counts, take, taken: () => ticket };
}

async function runDry(parts: { readonly wire: ReturnType<typeof createWire>; readonly delivery: Delivery }): Promise<void> {
  for (let idle = 0; idle < 3; idle += 1) {
    await settle();
    while (parts.wire.answer()) {
      idle = 0;
      await settle();
    }
  }
}

t.test('live frames share a barrier, and there is never more than one in flight', async (t) => {
  const { wire, delivery, take, counts } = setUp();
  delivery.open(wire.link());
  await settle();
  for (let i = 0; i < 5; i += 1) take();
  t.equal(wire.barriers(), 1);
  wire.answer();
  await settle();
  t.equal(counts.proven, 1, 'the first barrier was asked before the others were sent');
  t.equal(wire.barriers(), 1);
  wire.answer();
  await settle();
  t.equal(counts.proven, 5);
  t.equal(wire.barriers(), 0);
});

t.test('without a barrier nothing counts as delivered, and the cursor stays', async (t) => {
  const { wire, delivery, take, store, counts } = setUp();
  delivery.open(wire.link());
  await settle();
  take();
  delivery.committed(store.commit());
  await settle();
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
  await settle();
  await settle();
  take();
  wire.answer();
  await settle();
  wire.answer();
  await settle();
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

t.test('a store that began afresh mid-session starts a new count', async (t) => {
  const { wire, delivery, take, store } = setUp();
  delivery.open(wire.link());
  await settle();
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

t.test('nothing is lost in any order of takes, commits, proofs and cuts; only what was unproven at a cut comes twice', async (t) => {
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
        await settle();
      }
      if (!open) delivery.open(wire.link());
      delivery.committed(store.commit());
      await runDry({ wire, delivery });
      const times = new Set(wire.arrived.map(({ at }) => at));
      return times.size === taken() && wire.arrived.length - times.size <= lucky && store.cursor === taken();
    }),
    { numRuns: 300 },
  );
  t.pass('held for all generated histories');
});
