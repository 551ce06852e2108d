/** A tapped port reports what passes, and behaves as the port inside. */
import t from 'tap';
import type { BytePort } from '../../agent/core/driver.ts';
import { BusError } from '../../agent/core/errors.ts';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import { msg } from '../../agent/core/message.ts';
import type { WireEntry } from '../../agent/core/wire-tap.ts';
import { createTappedPort } from '../../drivers/tapped-port.ts';

const SERIAL = { baud: 9_600, parity: 'none', stopBits: 1, dataBits: 8 } as const;

/** A port whose far end is the test. */
interface FakePort extends BytePort {
  isOpen: boolean;
  readonly sent: Buffer[];
  readonly waiting: Buffer[];
}

function fakePort(changes: Partial<BytePort> = {}): FakePort {
  const port: FakePort = {
    isOpen: false,
    sent: [],
    waiting: [],
    onBytes: () => {},
    onLost: () => {},
    async open() {
      port.isOpen = true;
    },
    async close() {
      port.isOpen = false;
    },
    write(bytes: Uint8Array) {
      if (!port.isOpen) throw new BusError('port-closed', msg`closed`);
      port.sent.push(Buffer.from(bytes));
    },
    discardInput: () => port.waiting.splice(0).reduce((sum, bytes) => sum + bytes.length, 0),
    ...changes,
  };
  return port;
}

function bench(port: BytePort) {
  const clock = createManualClock(0);
  const entries: WireEntry[] = [];
  const tapped = createTappedPort(port, { serial: SERIAL, clock, tap: (entry) => void entries.push(entry) });
  return { clock, entries, tapped };
}

t.test('bytes, openings and ends are reported with their times', async (t) => {
  const port = fakePort();
  const { clock, entries, tapped } = bench(port);
  const received: Buffer[] = [];
  const lost: Error[] = [];
  tapped.onBytes = (bytes) => void received.push(bytes);
  tapped.onLost = (cause) => void lost.push(cause);
  t.throws(() => tapped.write(Buffer.from([9])), BusError);
  await tapped.open();
  await tapped.open();
  t.ok(tapped.isOpen);
  await clock.advance(10);
  tapped.write(Buffer.from([1, 2]));
  await clock.advance(5);
  port.onBytes(Buffer.from([3]));
  port.waiting.push(Buffer.from([4, 5, 6]));
  t.equal(tapped.discardInput(), 3);
  t.equal(tapped.discardInput(), 0);
  await tapped.close();
  await tapped.close();
  await tapped.open();
  port.onLost(new Error('unplugged'));
  t.strictSame([port.sent, received, lost.length], [[Buffer.from([1, 2])], [Buffer.from([3])], 1]);
  t.strictSame(
    entries.map((entry) => [entry.kind, entry.atMono, 'bytes' in entry ? [...entry.bytes] : null]),
    [
      ['opened', 0, null],
      ['sent', 10, [1, 2]],
      ['received', 15, [3]],
      ['discarded', 15, []],
      ['closed', 15, null],
      ['opened', 15, null],
      ['lost', 15, null],
    ],
  );
  t.match(entries[3], { count: 3 });
});

t.test('a port that names what it discards is recorded with the bytes', async (t) => {
  const port = fakePort();
  const { entries, tapped } = bench({
    ...port,
    discardInput() {
      this.onDiscarded?.(Buffer.from([7, 8]));
      return 2;
    },
  });
  t.equal(tapped.discardInput(), 2);
  t.match(entries, [{ kind: 'discarded', count: 2, bytes: Buffer.from([7, 8]) }]);
  t.equal(entries.length, 1);
});

t.test('what a port does not have, the tapped port does not have either', async (t) => {
  t.equal(bench(fakePort()).tapped.hold, undefined);
  t.equal(bench(fakePort()).tapped.retune, undefined);
  const calls: unknown[] = [];
  const { tapped } = bench(fakePort({ hold: (on) => void calls.push(on), retune: async () => void calls.push('retune'), isStalled: true }));
  tapped.hold?.(true);
  await tapped.retune?.();
  t.strictSame([calls, tapped.isStalled], [[true, 'retune'], true]);
});

t.test('a port that refuses to open reports nothing', async (t) => {
  const refusal = new BusError('port-missing', msg`no such port`);
  const { entries, tapped } = bench(fakePort({ open: async () => Promise.reject(refusal) }));
  await t.rejects(tapped.open(), refusal);
  t.strictSame(entries, []);
});
