/** A wait that is cut short while it lasts: what it ends, what it does not, and that its late reply is never another's. */
import t from 'tap';
import type { BytePort } from '../../agent/core/driver.ts';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import { createTcpLine } from '../../drivers/modbus/modbus-line.ts';
import { addressUnit, busBench, endOf, holding, replyTo, scriptBench, sealed } from './port-bench.ts';

t.test('a wait that is cut short ends then, and its reply is recognised as late', async (t) => {
  for (const cutMono of [0, 5, 100, 900]) {
    const bench = await busBench({ 1: addressUnit(), 2: addressUnit() });
    bench.sim.delayNext(1, 1_200);
    const late: number[] = [];
    bench.line.onLateReply = ({ request }) => late.push(request.unit);
    bench.clock.after(cutMono, () => bench.line.cutShort?.(60));
    const lost = await endOf(bench, bench.line.read(holding(10), 5_000));
    t.match(lost, { code: 'timeout', error: { finding: /no reply in 60 ms/ } });
    t.ok(lost.tookMs < Math.max(85, cutMono + 5), `cut after ${cutMono} ms it took ${lost.tookMs} ms`);
    t.match(await endOf(bench, bench.line.read(holding(30, 2, 2), 50)), { words: [30, 31] }, 'another unit has the line');
    t.match(await endOf(bench, bench.line.read(holding(50), 50)), { words: [50, 51] }, 'the next read of its shape has its own reply');
    await bench.clock.advance(1_500);
    t.same(late, [1]);
  }
});

t.test('nothing is cut short that has begun, is as short already, is a broadcast, or when nothing is in flight', async (t) => {
  const bench = await scriptBench((request) => [
    [20, replyTo(request).subarray(0, 3)],
    [30, replyTo(request).subarray(3)],
  ]);
  bench.line.cutShort?.(0);
  bench.clock.after(30, () => bench.line.cutShort?.(1));
  t.match(await endOf(bench, bench.line.read(holding(10), 500)), { words: [10, 11] }, 'a reply that has begun');
  bench.clock.after(1, () => bench.line.cutShort?.(1_000));
  t.match(await endOf(bench, bench.line.read(holding(20), 100)), { words: [20, 21] });
  bench.clock.after(1, () => bench.line.cutShort?.(1));
  const all = await endOf(bench, bench.line.write({ unit: 0, table: 'holding', address: 1, values: [1] }, 200));
  t.ok(all.tookMs > 200, 'the pause after a broadcast');
  t.match(bench.line.counters, { timeouts: 0 });
});

t.test('a read that is to confirm a reply is not cut short', async (t) => {
  const values = [7, 8];
  const bench = await scriptBench((_, turn) => [[turn < 3 ? 5 : 300, sealed(1, 3, 2, 0, values[turn] ?? 7)]]);
  for (const address of [10, 20]) await endOf(bench, bench.line.read(holding(address, 1), 500));
  // 7 was on the line for other registers, so it is asked for again; the second reply is slow.
  bench.clock.after(60, () => bench.line.cutShort?.(1));
  t.match(await endOf(bench, bench.line.read(holding(30, 1), 500)), { words: [7] });
});

t.test('a Modbus TCP wait is cut short too, and its reply is recognised by its number', async (t) => {
  const clock = createManualClock(0);
  const port: BytePort = {
    isOpen: true,
    open: async () => {},
    close: async () => {},
    discardInput: () => 0,
    onBytes: () => {},
    onLost: () => {},
    write(bytes) {
      const [id, unit] = [Buffer.from(bytes).readUInt16BE(0), bytes[6] as number];
      const reply = Buffer.from([id >> 8, id & 0xff, 0, 0, 0, 5, unit, 3, 2, 0, unit]);
      clock.after(unit === 1 ? 400 : 3, () => port.onBytes(reply));
    },
  };
  const line = createTcpLine({ port, clock });
  await line.open();
  const late: number[] = [];
  line.onLateReply = ({ request }) => late.push(request.unit);
  const bench = { clock, line } as Parameters<typeof endOf>[0];
  clock.after(100, () => line.cutShort?.(50));
  const lost = await endOf(bench, line.read(holding(10, 1, 1), 5_000));
  t.match(lost, { code: 'timeout' });
  t.ok(lost.tookMs < 110, `${lost.tookMs} ms`);
  t.match(await endOf(bench, line.read(holding(10, 1, 2), 50)), { words: [2] });
  await clock.advance(500);
  t.same(late, [1]);
});
