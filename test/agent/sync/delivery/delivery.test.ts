import fc from 'fast-check';
import t from 'tap';
import { UplinkError } from '../../../../agent/core/errors.ts';
import type { Frame, StoredFrame } from '../../../../agent/core/ports.ts';
import { afterAck, hasGivenUp, look, startWatch } from '../../../../agent/sync/delivery/ack-watch.ts';
import { planBacklog } from '../../../../agent/sync/delivery/backlog-plan.ts';
import { afterRound, FIRST_BATCH, framesToRead } from '../../../../agent/sync/delivery/batch-size.ts';
import { createDelivery, type Delivery, type Link } from '../../../../agent/sync/delivery/delivery.ts';
import {
  acknowledge,
  bytesUnacked,
  commit,
  createLedger,
  dropLink,
  goBack,
  isSent,
  type Ledger,
  prove,
  rebase,
  sentUpTo,
  shipHistory,
  shipLive,
  withMode,
} from '../../../../agent/sync/delivery/ledger.ts';
import type { ResendResult } from '../../../../agent/sync/delivery/resend-desk.ts';
import type { RowsMark } from '../../../../agent/sync/delivery/rows-mark.ts';
import { beyond, covers, NO_RANGES, reachFrom, type SeqRanges, withRange } from '../../../../agent/sync/delivery/seq-ranges.ts';
import type { Publisher, Sent } from '../../../../agent/sync/sparkplug/publisher.ts';
import { createMemoryStore, manualClock, silentLog } from '../small-node.ts';

const live = (ticket: number, seq: number | null = null) => ({ ticket, seq, readings: 3, bytes: 50 });
const history = (from: number, to = from) => ({ rows: { from, to }, readings: 3 * (to - from + 1), bytes: 50 });
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

t.test('a frame whose row is known moves the cursor by its proof alone', async (t) => {
  const sent = shipLive(shipLive(createLedger(10), live(1, 11)), live(2, 12));
  t.equal(sentUpTo(sent), 12);
  t.equal(proven(sent, 2).cursor, 12);
  t.notOk(commit(proven(sent, 2), onDisk([1, 11], [2, 12])).backlog);
  t.ok(commit(rebase(sent, 0), onDisk([3, 13])).backlog, 'rows of another epoch are not taken for those of this one');
});

t.test('numbers the store never used hold nobody up once they are told', async (t) => {
  const after = proven(shipLive(createLedger(3), live(1, 7)), 1);
  t.equal(after.cursor, 3);
  t.strictSame(planBacklog(after, rowsOf(7, 8)), [
    { rows: { from: 4, to: 6 }, frames: [] },
    { rows: { from: 8, to: 8 }, frames: rowsOf(8) },
  ]);
  t.strictSame(planBacklog(createLedger(3), rowsOf(5, 7)), [{ rows: { from: 4, to: 7 }, frames: rowsOf(5, 7) }]);
  t.strictSame(planBacklog(after, rowsOf(5, 7, 9)), [
    { rows: { from: 4, to: 6 }, frames: rowsOf(5) },
    { rows: { from: 8, to: 9 }, frames: rowsOf(9) },
  ]);
  const told = proven(shipHistory(after, history(4, 6)), 2);
  t.equal(told.cursor, 7);
  t.strictSame(planBacklog(told, rowsOf(7)), [], 'and they are told once');
});

t.test('a platform moves the cursor by its word alone, and what it does not have is sent again after a cut', async (t) => {
  const sent = proven(shipHistory(createLedger(0, 'platform'), history(1, 5)), 1);
  t.equal(sent.cursor, 0, 'the broker has it, the platform has not said so');
  t.equal(bytesUnacked(sent), 50);
  const acked = acknowledge(sent, 3);
  t.match(acked, { cursor: 3, mode: 'platform' });
  t.strictSame(
    [isSent(acked, 5), isSent(dropLink(acked), 5), isSent(goBack(acked), 4), isSent(goBack(acked), 3)],
    [true, false, false, true],
  );
  t.equal(bytesUnacked(acknowledge(sent, 5)), 0);
  t.equal(acknowledge(acked, 1).cursor, 3, 'an older word takes nothing back');
  t.equal(withMode(sent, 'broker').cursor, 5, 'where the broker is asked, its proof counts');
});

t.test('the wait for an acknowledgement doubles, and one batch at a time is tried until one comes', async (t) => {
  const at = (nowMono: number, isWaiting = true) => ({ nowMono, isWaiting, roundTripMs: 100 });
  const begun = look(startWatch(0), at(0)).watch;
  t.notOk(look(begun, at(29_999)).goesBack);
  const once = look(begun, at(30_000));
  t.match(once, { goesBack: true, watch: { waitMs: 60_000, isCautious: true } });
  t.notOk(look(once.watch, at(89_999)).goesBack);
  t.ok(look(once.watch, at(90_000)).goesBack);
  t.match(afterAck(once.watch, 95_000, false), { waitMs: 30_000, isCautious: false, sinceMono: 95_000 });
  t.equal(look(begun, at(99_000, false)).watch.sinceMono, null, 'nothing waits');
  t.notOk(look(begun, { ...at(30_000), roundTripMs: 20_000 }).goesBack, 'a slow link gets three round trips');
  t.strictSame([hasGivenUp(begun, 86_399_999), hasGivenUp(begun, 86_400_000)], [false, true]);
});

const rowsOf = (...seqs: number[]): StoredFrame[] =>
  seqs.map((seq) => ({ seq, atMs: seq, clockQuality: 'synced', isCorrected: false, readings: [] }));

t.test('ranges of rows are sets', async (t) => {
  const number = fc.integer({ min: 1, max: 40 });
  const range = fc.tuple(number, number).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), number, range, (added, seq, asked) => {
      const ranges = added.reduce(withRange, NO_RANGES);
      const set = new Set(added.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i)));
      const has = (n: number): boolean => covers(ranges, { from: n, to: n });
      const numbers = Array.from({ length: 42 }, (_, n) => n);
      let reach = seq;
      while (set.has(reach + 1)) reach += 1;
      const isWhole = numbers.filter((n) => n >= asked.from && n <= asked.to).every((n) => set.has(n));
      return (
        numbers.every((n) => has(n) === set.has(n)) &&
        reachFrom(ranges, seq) === reach &&
        covers(ranges, asked) === isWhole &&
        numbers.every((n) => covers(beyond(ranges, seq), { from: n, to: n }) === (set.has(n) && n > seq)) &&
        ranges.every(({ from }, i) => i === 0 || from > (ranges[i - 1]?.to ?? 0) + 1)
      );
    }),
  );
  t.pass('held for all generated ranges');
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
  t.equal(afterRound(frames(190), 10).readings, 1_000);
  t.equal(afterRound(frames(2), 900).readings, 50);
  t.equal(framesToRead(FIRST_BATCH), 10);
  t.equal(framesToRead({ readings: 50, readingsPerFrame: 300 }), 1, 'a frame larger than the batch goes alone');
});

/** A link whose other end the test plays: messages lie on the wire until a barrier is answered or the link is cut. */
function createWire() {
  interface Message {
    readonly at: number;
    readonly historical: boolean;
  }
  const arrived: Message[] = [];
  /** Rows that the platform knows of, by the marks that came with messages. */
  let known: SeqRanges = NO_RANGES;
  interface Lying {
    readonly messages: readonly Message[];
    readonly rows: RowsMark | null;
  }
  const wire: { readonly lying: readonly Lying[]; readonly answer: () => void; readonly fail: () => void }[] = [];
  let unread: Lying[] = [];
  const put = (frames: readonly { atMs: number }[], historical: boolean, rows: RowsMark | null): Sent => {
    unread.push({ messages: frames.map((frame) => ({ at: frame.atMs, historical })), rows });
    return { readings: frames.length, bytes: 20, homeless: 0, unsayable: 0 };
  };
  const arrive = (all: readonly Lying[]): void => {
    for (const { messages, rows } of all) {
      arrived.push(...messages);
      if (rows !== null) known = withRange(known, rows);
    }
  };
  const publisher = {
    live: (frame: Frame, rows: RowsMark | null) => put([frame], false, rows),
    history: (frames: readonly StoredFrame[], rows: RowsMark) => put(frames, true, rows),
    endHistory: () => {},
  };
  const link = (): Link => ({
    publisher: publisher as unknown as Publisher,
    connection: {
      maxPacketBytes: 100_000,
      barrier: () =>
        new Promise((answer, reject) => {
          wire.push({ lying: unread, answer, fail: () => reject(new UplinkError('lost', 'cut')) });
          unread = [];
        }),
    },
  });
  return {
    arrived,
    link,
    barriers: () => wire.length,
    head: () => reachFrom(known, 0),
    /** The broker reads up to the oldest barrier and answers it. */
    answer: () => {
      const next = wire.shift();
      if (next === undefined) return false;
      arrive(next.lying);
      next.answer();
      return true;
    },
    /** The link breaks; of what lay on the wire the first `lucky` messages arrive all the same. */
    cut: (lucky: number): void => {
      const lying = [...wire.flatMap((entry) => entry.lying), ...unread];
      arrive(lying.slice(0, lucky));
      for (const entry of wire.splice(0)) entry.fail();
      unread = [];
    },
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(proof: 'auto' | 'broker' | 'platform' = 'broker', store = createMemoryStore()) {
  const clock = manualClock();
  const results: ResendResult[] = [];
  const notes: string[] = [];
  const wire = createWire();
  const counts = { sent: 0, proven: 0 };
  const delivery = createDelivery({
    store: store.port,
    clock,
    log: silentLog,
    proof,
    mayDrain: () => true,
    onGap: (texts) => notes.push(...texts),
    onResend: (result) => results.push(result),
    onMode: () => {},
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
  return { store, wire, delivery, counts, take, taken: () => ticket, clock, results, notes };
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
      const repeats = wire.arrived.length - times.size;
      return times.size === taken() && repeats <= lucky * 60 && store.cursor === taken() && wire.head() === taken();
    }),
    { numRuns: 300 },
  );
  t.pass('held for all generated histories');
});

t.test('with a platform that acknowledges, nothing is lost in any order of takes, commits, proofs, words, waits and cuts', async (t) => {
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
      const { wire, delivery, take, store, taken, clock } = setUp('platform');
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
        await settle();
        if (store.cursor > acked) return false;
      }
      if (!open) delivery.open(wire.link());
      delivery.committed(store.commit());
      for (let round = 0; round < 80 && store.cursor < taken(); round += 1) {
        await runDry({ wire, delivery });
        say(0);
      }
      const times = new Set(wire.arrived.map(({ at }) => at));
      return times.size === taken() && store.cursor === taken();
    }),
    { numRuns: 200 },
  );
  t.pass('held for all generated histories');
});

t.test('an acknowledgement that cannot be true moves nothing', async (t) => {
  const { wire, delivery, take, store } = setUp('auto');
  delivery.open(wire.link());
  await settle();
  take();
  delivery.committed(store.commit());
  const refused = (seq: number, epoch = 'e1'): string => delivery.acknowledge({ epoch, seq, gapId: null });
  t.match(refused(1, 'other'), /epoch here is e1/);
  t.match(refused(2), /no row 2 yet/);
  t.equal(delivery.facts().mode, 'broker', 'and the platform takes no part yet');
  t.equal(refused(1), '');
  t.match(delivery.facts(), { mode: 'platform', cursorSeq: 1 });
  t.match(setUp('broker').delivery.acknowledge({ epoch: 'e1', seq: 0, gapId: null }), /proof is broker/);
});

t.test('who proved in an earlier run proves on, and a platform that is silent for a day is given up', async (t) => {
  const { wire, delivery, store, clock } = setUp('auto');
  store.saved.set('sync.mode', 'platform');
  await delivery.restore();
  delivery.open(wire.link());
  await settle();
  t.equal(delivery.facts().mode, 'platform');
  await clock.advance(86_400_000);
  t.equal(delivery.facts().mode, 'broker');
  t.equal(store.saved.get('sync.mode'), 'broker');
});

t.test('a platform that is silent for a day is given up, however often the link breaks; time without a link does not count', async (t) => {
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
  await settle();
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

t.test('the first acknowledgement says what is missing: all behind it comes again unless it is acknowledged in time', async (t) => {
  const parts = setUp('platform');
  const { store, clock, wire, delivery, take } = parts;
  delivery.open(wire.link());
  await settle();
  for (let i = 0; i < 40; i += 1) take();
  delivery.committed(store.commit());
  await runDry(parts);
  t.equal(delivery.acknowledge({ epoch: 'e1', seq: 12, gapId: null }), '');
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
});

t.test('acknowledgements out of order, too old, too new and of another store move nothing back and nothing too far', async (t) => {
  const word = fc.record({ seq: fc.integer({ min: 0, max: 70 }), epoch: fc.constantFrom('e1', 'e1', 'e1', 'e2') });
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 30 }), fc.constantFrom('auto' as const, 'platform' as const), async (words, proof) => {
      const parts = setUp(proof);
      const { store, clock, wire, delivery, take, taken } = parts;
      delivery.open(wire.link());
      await settle();
      let highest = 0;
      for (const { seq, epoch } of words) {
        take();
        delivery.committed(store.commit());
        await runDry(parts);
        const before = store.cursor;
        const reason = delivery.acknowledge({ epoch, seq, gapId: null });
        if (reason === '') highest = Math.max(highest, seq);
        if ((reason === '') !== (epoch === 'e1' && seq <= taken()) || store.cursor < before || store.cursor > taken()) return false;
        if (proof === 'platform' && store.cursor !== highest) return false;
        await clock.advance(7_000);
      }
      return true;
    }),
    { numRuns: 100 },
  );
  t.pass('held for all generated words');
});

t.test('what the platform asks for goes out again, though it was delivered', async (t) => {
  const { wire, delivery, take, store, results } = setUp();
  delivery.open(wire.link());
  await settle();
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

t.test('each recorded loss is told until the broker has it, over restarts too', async (t) => {
  const { wire, delivery, store, notes } = setUp();
  store.gaps.push({ id: 1, firstSeq: 5, lastSeq: 9, readings: 40, reason: 'cap', atMs: 7 });
  delivery.open(wire.link());
  await settle();
  t.strictSame(
    notes.map((note) => JSON.parse(note)),
    [{ epoch: 'e1', id: 1, from: 5, to: 9, readings: 40, reason: 'cap', atMs: 7 }],
  );
  delivery.close();
  wire.cut(0);
  await settle();
  delivery.open(wire.link());
  await runDry({ wire, delivery });
  t.equal(notes.length, 2, 'its barrier was cut');
  await delivery.refresh();
  await runDry({ wire, delivery });
  t.equal(notes.length, 2);
  t.strictSame(store.saved.get('sync.gapsTold'), { epoch: 'e1', id: 1 });
});
