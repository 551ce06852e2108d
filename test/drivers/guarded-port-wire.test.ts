import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import { BusError } from '../../agent/core/errors.ts';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import { msg } from '../../agent/core/message.ts';
import { createModbusLine } from '../../drivers/modbus/modbus-line.ts';
import { createWire } from '../street/wire.ts';
import { eagerClock } from '../support/eager-clock.ts';
import { addressUnit, type Bench, busBench, endOf, GAP_MS, holding, replyTo, SERIAL } from './port-bench.ts';

t.test('a line is retuned for a scan and returns to its own speed', async (t) => {
  const clock = createManualClock(0);
  const opened: number[] = [];
  let refuse = false;
  const portFor = ({ baud }: SerialSettings) => {
    const wire = createWire((bytes) => {
      if (baud === 19_200) clock.after(20, () => wire.end.write(replyTo(bytes)));
    });
    const { open } = wire.port;
    return Object.assign(wire.port, {
      open: () => {
        opened.push(baud);
        return refuse ? Promise.reject(new BusError('port-missing', msg`gone`)) : open();
      },
    });
  };
  const line = createModbusLine({ port: portFor(SERIAL), serial: SERIAL, clock: eagerClock(clock), portFor });
  await t.rejects(line.retune({ ...SERIAL, baud: 19_200 }), { code: 'port-closed' });
  await line.open();
  const own = line.wireMs(holding(0));
  await line.retune({ ...SERIAL, baud: 19_200 });
  t.equal(line.wireMs(holding(0)), own / 2);
  t.match(await endOf({ clock, line } as Bench, line.read(holding(3), 60)), { words: [3, 4] });
  await line.retune(null);
  await line.retune(null);
  t.match(await endOf({ clock, line } as Bench, line.read(holding(3, 1), 60)), { code: 'timeout' });
  t.match(line.counters, { transactions: 2, timeouts: 1 }, 'counted on');
  const lost: Error[] = [];
  line.onLost = (cause) => lost.push(cause);
  refuse = true;
  await t.rejects(line.retune({ ...SERIAL, baud: 4_800 }), { code: 'port-missing' });
  t.equal(lost.length, 1, 'its keeper hears that it is down');
  refuse = false;
  await line.open();
  t.same(opened, [9_600, 19_200, 9_600, 4_800, 9_600], 'and opens it with its own settings');
  const fixed = createModbusLine({ port: portFor(SERIAL), serial: SERIAL, clock });
  await fixed.open();
  await t.rejects(fixed.retune(SERIAL), { code: 'port-refused' });
  t.ok(fixed.isOpen, 'a line that cannot be retuned stays open');
});

t.test('a line that is closed while it is being retuned stays closed', async (t) => {
  for (const turnsBefore of [0, 1, 2, 4, 6, 8, 12]) {
    const ports: { isOpen: boolean }[] = [];
    const portFor = () => {
      const { port } = createWire(() => {});
      ports.push(port);
      const { open } = port;
      // Opening a real port takes a while, in which much can happen.
      return Object.assign(port, { open: () => turns(3).then(open) });
    };
    const line = createModbusLine({ port: portFor(), serial: SERIAL, clock: createManualClock(0), portFor });
    await line.open();
    const lost: Error[] = [];
    line.onLost = (cause) => lost.push(cause);
    const scan = line.retune({ ...SERIAL, baud: 19_200 }).finally(() => line.retune(null));
    await turns(turnsBefore);
    const closed = line.close();
    await Promise.allSettled([scan, closed]);
    t.same([line.isOpen, ...ports.map(({ isOpen }) => isOpen)], ports.map(() => false).concat(false), `closed after ${turnsBefore} turns`);
    t.same(lost, [], 'which was meant');
  }
});

/** So many turns of the loop. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await setImmediate();
}

t.test('a damaged reply was still the reply: the same read is sent again immediately', async (t) => {
  const bench = await busBench({ 1: addressUnit() });
  bench.sim.corruptNext(1);
  t.match(await endOf(bench, bench.line.read(holding(50), 60)), { code: 'crc' });
  const again = await endOf(bench, bench.line.read(holding(50), 60));
  t.match(again, { words: [50, 51] });
  t.ok(again.tookMs < 50);
});

t.test('a request waits for noise to end, but not for ever', async (t) => {
  const bench = await busBench({ 1: addressUnit() });
  let babbling = true;
  const babble = (): void => {
    if (!babbling) return;
    bench.sim.noise(Buffer.from([0x55]));
    bench.clock.after(1, babble);
  };
  babble();
  await bench.clock.advance(500);
  bench.clock.after(30, () => {
    babbling = false;
  });
  const short = await endOf(bench, bench.line.read(holding(1), 60));
  t.ok(short.tookMs > 30 && short.tookMs < 70, `short noise was waited for: ${short.tookMs} ms`);
  babbling = true;
  babble();
  const requests = bench.sim.stats.requests;
  const endless = endOf(bench, bench.line.read(holding(2), 60));
  await bench.clock.advance(101);
  t.equal(bench.sim.stats.requests, requests + 1, 'endless noise was waited for 100 ms');
  t.match(await endless, { words: [2, 3] }, 'and the reply was found in it');
  babbling = false;
  t.ok(bench.line.counters.noiseBytes > 500);
  t.equal(bench.line.counters.floods, 1);
});

t.test('what waited in the adapter is thrown away and the wire given its silence before the request leaves', async (t) => {
  const clock = createManualClock(0);
  const sentMono: number[] = [];
  const wire = createWire(() => sentMono.push(clock.monoMs()));
  let waiting = 5;
  const port = Object.assign(wire.port, {
    discardInput() {
      const bytes = waiting;
      waiting = 0;
      return bytes;
    },
  });
  const line = createModbusLine({ port, serial: SERIAL, clock: eagerClock(clock) });
  await line.open();
  await clock.advance(100);
  line.read(holding(1), 20).catch((error: BusError) => t.equal(error.code, 'timeout'));
  await clock.advance(60);
  t.equal(line.counters.noiseBytes, 5, 'after opening');
  waiting = 6;
  line.read(holding(1, 3), 20).catch((error: BusError) => t.equal(error.code, 'timeout'));
  await clock.advance(60);
  t.equal(line.counters.noiseBytes, 11, 'while a reply is owed');
  t.ok(sentMono.length === 2 && (sentMono[0] as number) >= 100 + GAP_MS, `sent at ${sentMono}`);
});

t.test('an adapter with an echo is recognised, and so is its successor without one', async (t) => {
  for (const chunkBytes of [undefined, 3]) {
    const unit = addressUnit();
    const bench = await busBench({ 1: unit }, SERIAL, chunkBytes);
    const write = (value: number) => endOf(bench, bench.line.write({ unit: 1, table: 'holding', address: 7, values: [value] }, 60));
    bench.sim.setEcho(true);
    t.match(await endOf(bench, bench.line.read(holding(5), 60)), { words: [5, 6] });
    t.match(await write(41), { words: [] });
    t.match(await endOf(bench, bench.line.read(holding(5), 60)), { words: [5, 6] });
    t.match(bench.line.counters, { echoes: 3, timeouts: 0, crcErrors: 0, noiseBytes: 0 });
    bench.sim.silence(1);
    t.match(await write(42), { code: 'timeout' }, 'the echo of a write is not its answer');
    t.match(await endOf(bench, bench.line.read(holding(5, 1), 60)), { code: 'timeout' });
    bench.sim.revive(1);
    bench.sim.setEcho(false);
    t.match(await endOf(bench, bench.line.read(holding(5), 60)), { words: [5, 6] });
    t.match(await write(43), { words: [] }, 'the answer to a write is not its echo');
    t.same(
      unit.written.map(([, , [value]]) => value),
      [41, 43],
    );
  }
});
