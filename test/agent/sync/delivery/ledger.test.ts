import fc from 'fast-check';
import t from 'tap';
import type { StoredFrame } from '../../../../agent/core/ports.ts';
import { afterAck, checkWatch, hasGivenUp, startWatch } from '../../../../agent/sync/delivery/ack-watch.ts';
import { DeliveryState } from '../../../../agent/sync/delivery/delivery-state.ts';
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
import { afterRound, FIRST_BATCH_SIZE, framesToRead, planBacklog } from '../../../../agent/sync/delivery/row-batches.ts';
import { beyond, covers, NO_RANGES, reachFrom, withRange } from '../../../../agent/sync/delivery/seq-ranges.ts';

const rowsOf = (...seqs: number[]): StoredFrame[] =>
  seqs.map((seq) => ({ seq, atMs: seq, clockQuality: 'synced', isCorrected: false, readings: [] }));

const live = (ticket: number, seq: number | null = null) => ({ ticket, seq, readings: 3, bytes: 50 });
const history = (from: number, to = from) => ({ rows: { from, to }, readings: 3 * (to - from + 1), bytes: 50 });
const onDisk = (...pairs: [ticket: number, seq: number][]) => ({ tickets: pairs.map(([ticket, seq]) => ({ ticket, seq, readings: 3 })) });
const proven = (ledger: Ledger, mark: number): Ledger => prove(ledger, mark).ledger;
const committed = (ledger: Ledger, ...pairs: [number, number][]): Ledger => commit(ledger, onDisk(...pairs)).ledger;

t.test('the cursor moves over proven rows, whatever the order of proof and commit', async (t) => {
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

t.test('a barrier that runs while the first epoch becomes known proves nothing that is sent after it', async (t) => {
  const state = new DeliveryState({ moveCursor: () => {} }, 'broker');
  state.update(shipLive(state.ledger, live(1)));
  const { mark } = state.ledger;
  t.ok(state.adoptEpoch({ epoch: 'e1', cursorSeq: 10 }));
  state.update(shipLive(state.ledger, live(2)));
  t.match(prove(state.ledger, mark), { readings: 3, ledger: { inFlight: [{ ticket: 2 }] } });
});

t.test('a frame that was not sent holds the cursor until history has carried it', async (t) => {
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

t.test('numbers that the store never used block nothing once they are reported', async (t) => {
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
  const reported = proven(shipHistory(after, history(4, 6)), 2);
  t.equal(reported.cursor, 7);
  t.strictSame(planBacklog(reported, rowsOf(7)), [], 'and they are sent once');
});

t.test('only an acknowledgement of the platform moves the cursor, and missing rows are sent again after a disconnect', async (t) => {
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

t.test('the wait for an acknowledgement doubles, and one batch at a time is tried until one arrives', async (t) => {
  const at = (nowMono: number, isWaiting = true) => ({ nowMono, isWaiting, roundTripMs: 100 });
  const begun = checkWatch(startWatch(0), at(0)).watch;
  t.notOk(checkWatch(begun, at(29_999)).isResendDue);
  const once = checkWatch(begun, at(30_000));
  t.match(once, { isResendDue: true, watch: { waitMs: 60_000, isCautious: true } });
  t.notOk(checkWatch(once.watch, at(89_999)).isResendDue);
  t.ok(checkWatch(once.watch, at(90_000)).isResendDue);
  t.match(afterAck(once.watch, 95_000, false), { waitMs: 30_000, isCautious: false, sinceMono: 95_000 });
  t.equal(checkWatch(begun, at(99_000, false)).watch.sinceMono, null, 'nothing waits');
  t.notOk(checkWatch(begun, { ...at(30_000), roundTripMs: 20_000 }).isResendDue, 'a slow link gets three round trips');
  t.strictSame([hasGivenUp(begun, 86_399_999), hasGivenUp(begun, 86_400_000)], [false, true]);
});

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

t.test('rows in flight when the link broke count as unsent', async (t) => {
  const ledger = dropLink(committed(shipHistory(shipLive(createLedger(0), live(2)), history(1)), [2, 2]));
  t.strictSame([isSent(ledger, 1), isSent(ledger, 2)], [false, false]);
});

t.test('a batch grows on a fast link, shrinks on a slow one and stays within limits', async (t) => {
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
  t.equal(framesToRead(FIRST_BATCH_SIZE), 10);
  t.equal(framesToRead({ readings: 50, readingsPerFrame: 300 }), 1, 'a frame larger than the batch goes alone');
});

t.test('a row that the platform acknowledges before the broker proves it waits for no acknowledgement', async (t) => {
  const sent = committed(shipLive(withMode(createLedger(10), 'platform'), live(1, 11)), [1, 11]);
  const acked = acknowledge(sent, 11);
  t.equal(acked.cursor, 11);
  t.same(proven(acked, 1).unacked, []);
});
