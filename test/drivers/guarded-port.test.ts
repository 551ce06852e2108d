import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { Clock } from '../../agent/core/clock.ts';
import type { ModbusLine, ReadRequest, Reply } from '../../agent/core/driver.ts';
import { BusError } from '../../agent/core/errors.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createLateReplies } from '../../drivers/modbus/late-replies.ts';
import { createModbusLine } from '../../drivers/modbus/modbus-line.ts';
import { ModbusClient } from '../../drivers/modbus/modbus-serial.ts';
import { createPtyCable } from '../street/pty.ts';
import { createRandom } from '../street/random.ts';
import { crcBitwise } from '../street/rtu-slave.ts';
import { createSimLine, type SimLine } from '../street/sim-line.ts';
import type { SimUnit } from '../street/units/sim-unit.ts';
import { createWire, type Wire } from '../street/wire.ts';

const SERIAL: SerialSettings = { baud: 9_600, parity: 'none', stopBits: 1, dataBits: 8 };
const CHAR_MS = 10_000 / 9_600;
const GAP_MS = 3.5 * CHAR_MS;

/** The system clock fires a time already past before it returns; the manual one never does. */
function eager(clock: ManualClock): Clock {
  return {
    ...clock,
    precisely(dueMono, fire) {
      if (dueMono > clock.monoMs()) return clock.precisely(dueMono, fire);
      fire();
      return { cancel() {} };
    },
  };
}

/** Every register holds its own address, so a wrong value shows. Bit n is 1 when n is odd. */
function addressUnit(turnaroundMs = 5): SimUnit & { readonly written: [table: string, address: number, values: readonly number[]][] } {
  const written: [string, number, readonly number[]][] = [];
  return {
    turnaroundMs,
    written,
    read: (table, address, count) =>
      Array.from({ length: count }, (_, i) => (table === 'coil' || table === 'discrete' ? (address + i) & 1 : address + i)),
    write(table, address, values) {
      written.push([table, address, values]);
      return undefined;
    },
    heard() {},
    powerUp() {},
  };
}

interface Bench {
  readonly clock: ManualClock;
  readonly line: ModbusLine;
  readonly wire: Wire;
}

/** A line whose far end is the simulated RS-485 bus. */
async function busBench(units: Record<number, SimUnit>, serial = SERIAL, chunkBytes?: number): Promise<Bench & { sim: SimLine }> {
  const clock = createManualClock(0);
  const map = new Map(Object.entries(units).map(([address, unit]) => [Number(address), unit]));
  const sim = createSimLine({ serial, clock, units: map, ...(chunkBytes === undefined ? {} : { chunkBytes }) });
  const wire = createWire((bytes) => sim.receive(bytes));
  sim.end = wire.end;
  const line = createModbusLine({ port: wire.port, serial, clock: eager(clock) });
  await line.open();
  await clock.advance(100);
  return { clock, line, wire, sim };
}

/** A line whose far end does just what the script says, in ms after the end of the request. */
async function scriptBench(script: (request: Buffer, turn: number) => readonly [afterMs: number, bytes: Buffer][]): Promise<Bench> {
  const clock = createManualClock(0);
  let turn = 0;
  const wire: Wire = createWire((request) => {
    for (const [afterMs, bytes] of script(request, turn++)) clock.after(request.length * CHAR_MS + afterMs, () => wire.end.write(bytes));
  });
  const line = createModbusLine({ port: wire.port, serial: SERIAL, clock: eager(clock) });
  await line.open();
  await clock.advance(100);
  return { clock, line, wire };
}

function sealed(...bytes: number[]): Buffer {
  const crc = crcBitwise(Buffer.from(bytes));
  return Buffer.from([...bytes, crc & 0xff, crc >> 8]);
}

/** The reply to a read of holding registers that hold their own address. */
function replyTo(request: Buffer): Buffer {
  const [address, count] = [request.readUInt16BE(2), request.readUInt16BE(4)];
  const words = Array.from({ length: count }, (_, i) => [(address + i) >> 8, (address + i) & 0xff]).flat();
  return sealed(request[0] as number, request[1] as number, 2 * count, ...words);
}

const holding = (address: number, count = 2, unit = 1): ReadRequest => ({ unit, table: 'holding', address, count });
const wordsOf = ({ address, count }: ReadRequest): number[] => Array.from({ length: count }, (_, i) => address + i);

type End = { readonly words: readonly number[]; readonly reply: Reply } | { readonly code: string; readonly error: BusError };

/** How a transaction ended; time runs until it has. */
async function endOf({ clock }: Bench, transaction: Promise<Reply>, withinMs = 3_000): Promise<End & { readonly tookMs: number }> {
  const startMono = clock.monoMs();
  let end: (End & { tookMs: number }) | undefined;
  transaction.then(
    (reply) => {
      end = { words: reply.words, reply, tookMs: clock.monoMs() - startMono };
    },
    (error: BusError) => {
      end = { code: error.code, error, tookMs: clock.monoMs() - startMono };
    },
  );
  for (let ms = 0; ms < withinMs && end === undefined; ms++) await clock.advance(1);
  if (end === undefined) throw new Error(`nothing came of it in ${withinMs} ms`);
  return end;
}

t.test('silence is kept between frames and nothing collides', async (t) => {
  for (const serial of [SERIAL, { ...SERIAL, baud: 19_200, stopBits: 2 as const }, { ...SERIAL, baud: 115_200 }]) {
    const bench = await busBench({ 1: addressUnit(3), 2: addressUnit(0.1) }, serial, 2);
    let right = 0;
    const loop = async (): Promise<void> => {
      for (let i = 0; i < 200; i++) {
        const request = holding(i, 1 + (i % 12), 1 + (i % 2));
        const { words } = await bench.line.read(request, 100);
        if (`${words}` === `${wordsOf(request)}`) right++;
      }
    };
    const done = loop();
    await bench.clock.advance(60_000);
    await done;
    t.equal(right, 200);
    t.match(bench.sim.stats, { requests: 200, badRequests: 0, gapViolations: 0, collisions: 0 }, `${serial.baud} baud`);
  }
});

interface Seen {
  right: number;
  wrong: number;
  timeout: number;
  other: number;
}

/** Reads of one length, each of other registers, one reply in ten later than its deadline. */
async function lateReads(reads: number, read: (address: number) => Promise<readonly number[]>, beLate: () => void): Promise<Seen> {
  const random = createRandom(7);
  const seen: Seen = { right: 0, wrong: 0, timeout: 0, other: 0 };
  for (let i = 0; i < reads; i++) {
    if (random() < 0.1) beLate();
    try {
      const words = await read(4 * i);
      seen[`${words}` === `${wordsOf(holding(4 * i, 4))}` ? 'right' : 'wrong']++;
    } catch (error) {
      seen[(error as BusError).code === 'timeout' ? 'timeout' : 'other']++;
    }
  }
  return seen;
}

t.test('a late reply never becomes a value in 10,000 reads of one length; plain modbus-serial takes it for one', async (t) => {
  const bench = await busBench({ 1: addressUnit() });
  const random = createRandom(8);
  const done = lateReads(
    10_000,
    async (address) => (await bench.line.read(holding(address, 4), 50)).words,
    () => bench.sim.delayNext(1, 46 + 900 * random()),
  );
  await bench.clock.advance(2 * 3_600_000);
  const seen = await done;
  t.match(seen, { wrong: 0, other: 0 });
  t.ok(seen.timeout > 900, `${seen.timeout} replies were late enough`);
  t.equal(seen.right + seen.timeout, 10_000);
  t.equal(bench.line.counters.lateReplies, seen.timeout, 'each is counted as late');
  t.match(bench.sim.stats, { collisions: 0, gapViolations: 0 }, 'and the wire is quiet before each question');

  const serial = { ...SERIAL, baud: 115_200 };
  const clock = createSystemClock({ quality: () => 'synced' });
  const sim = createSimLine({ serial, clock, units: new Map([[1, addressUnit(1)]]) });
  const cable = createPtyCable((bytes) => sim.receive(bytes));
  sim.end = cable.end;
  const client = new ModbusClient();
  await client.connectRTUBuffered(cable.path, { baudRate: serial.baud });
  client.setID(1);
  client.setTimeout(40);
  const plain = await lateReads(
    200,
    async (address) => (await client.readHoldingRegisters(address, 4)).data,
    () => sim.delayNext(1, 45),
  );
  await new Promise<void>((resolve) => client.close(() => resolve()));
  cable.close();
  t.ok(plain.wrong > 0, `modbus-serial alone: ${plain.wrong} of 200 wrong`);
});

t.test('a unit that proved to be slow is given longer, up to 5 s, and others do not wait for it', async (t) => {
  const bench = await busBench({ 1: addressUnit(), 2: addressUnit() });
  const ask = (address: number, unit = 1) => endOf(bench, bench.line.read(holding(address, 2, unit), 50), 10_000);
  bench.sim.delayNext(1, 2_000);
  t.match(await ask(10), { code: 'timeout' });
  await bench.clock.advance(3_000);
  t.equal(bench.line.counters.lateReplies, 1, 'known for late beyond the first guard');
  bench.sim.delayNext(1, 3_500);
  t.match(await ask(20), { code: 'timeout' });
  const heldMs = bench.line.heldUntilMono(holding(0)) - bench.clock.monoMs();
  t.ok(heldMs > 3_700 && heldMs < 5_000, `${heldMs} ms`);
  t.match(await ask(30, 2), { words: [30, 31] });
  t.match(await ask(40), { words: [40, 41] }, 'asked when the late one has passed');
  t.equal(bench.line.counters.lateReplies, 2);
});

t.test('the same question waits for its late answer, another one does not', async (t) => {
  const bench = await busBench({ 1: addressUnit(), 2: addressUnit() });
  bench.sim.delayNext(1, 400);
  t.match(await endOf(bench, bench.line.read(holding(10), 50)), { code: 'timeout' });
  t.ok(bench.line.heldUntilMono(holding(90)) > bench.clock.monoMs() + 900, 'same length, so it could not be told apart');
  t.equal(bench.line.heldUntilMono(holding(10, 3)), 0);
  t.equal(bench.line.heldUntilMono(holding(10, 2, 2)), 0);
  const other = await endOf(bench, bench.line.read(holding(20, 2, 2), 50));
  t.match(other, { words: [20, 21] });
  t.ok(other.tookMs < 40, 'at once');
  const same = await endOf(bench, bench.line.read(holding(30), 50));
  t.match(same, { words: [30, 31] });
  t.ok(same.tookMs > 200 && same.tookMs < 450, `when the late one has passed, ${same.tookMs} ms`);
});

t.test('bits of as many bytes look alike, so a late answer of six is waited for before eight are asked', async (t) => {
  const outputs: ReadRequest = { unit: 1, table: 'discrete', address: 96, count: 6 };
  const inputs: ReadRequest = { unit: 1, table: 'discrete', address: 0, count: 8 };
  // The first is answered only while the second would be in flight.
  const bench = await scriptBench((_, turn) => [turn === 0 ? [70, sealed(1, 2, 1, 0b101)] : [30, sealed(1, 2, 1, 0b1000_0000)]]);
  t.match(await endOf(bench, bench.line.read(outputs, 50)), { code: 'timeout' });
  t.ok(bench.line.heldUntilMono(inputs) > bench.clock.monoMs());
  t.equal(bench.line.heldUntilMono({ ...inputs, count: 9 }), 0, 'another length is told apart');
  t.same(((await endOf(bench, bench.line.read(inputs, 50))) as { words: unknown }).words, [0, 0, 0, 0, 0, 0, 0, 1]);
  t.equal(bench.line.counters.lateReplies, 1);
});

t.test('a line with a dead unit is not searched for its answer for ever', async (t) => {
  const late = createLateReplies();
  for (let value = 0; value < 100; value++) late.add(sealed(9, 6, 0, 5, 0, value), { sentMono: 0, nowMono: 100, isHeld: true });
  t.equal(late.isOwed(4_999), true);
  t.equal(late.isOwed(5_000), false);
});

t.test('a late reply is reported once for each request without a reply, and never for one that had its reply', async (t) => {
  const reported: number[] = [];
  const late = createLateReplies({ onLate: (_, afterMs) => reported.push(afterMs) });
  const [request, reply] = [sealed(9, 3, 0, 5, 0, 1), sealed(9, 3, 2, 0, 7)];
  late.add(request, { sentMono: 0, nowMono: 100, isHeld: true });
  late.add(request, { sentMono: 1_200, nowMono: 1_210, isHeld: false });
  t.equal(late.take(reply, { nowMono: 1_300, isNew: false }), true);
  t.equal(late.take(reply, { nowMono: 1_400, isNew: true }), true);
  t.same(reported, [1_300]);
});

t.test('a late reply is recognised however many of its shape are on their way within a minute', async (t) => {
  const late = createLateReplies();
  const [request, reply] = [sealed(9, 3, 0, 5, 0, 1), sealed(9, 3, 2, 0, 7)];
  for (let s = 0; s < 59; s++) late.add(request, { sentMono: 1_000 * s, nowMono: 1_000 * s + 100, isHeld: true });
  const known = Array.from({ length: 60 }, (_, i) => late.take(reply, { nowMono: 59_000 + i, isNew: false }));
  t.equal(known.filter((isKnown) => isKnown).length, 59);
});

t.test('a late reply that trickles in byte by byte is still known for one', async (t) => {
  const bench = await busBench({ 1: addressUnit() }, SERIAL, 1);
  bench.sim.delayNext(1, 100);
  t.match(await endOf(bench, bench.line.read(holding(10), 50)), { code: 'timeout' });
  t.match(await endOf(bench, bench.line.read(holding(30), 50)), { words: [30, 31] });
  t.equal(bench.line.counters.lateReplies, 1);
});

t.test('a late reply of another length that falls into a request in flight is passed over', async (t) => {
  // The first question is answered only while the second is in flight, right before its own answer.
  let first: Buffer | undefined;
  const bench = await scriptBench((request, turn) => {
    if (turn > 0) return [[5, Buffer.concat([replyTo(first as Buffer), replyTo(request)])]];
    first = request;
    return [];
  });
  t.match(await endOf(bench, bench.line.read(holding(10, 4), 50)), { code: 'timeout' });
  t.match(await endOf(bench, bench.line.read(holding(70, 2), 50)), { words: [70, 71] });
});

t.test('a slow unit whose every reply comes too late is never believed', async (t) => {
  const bench = await scriptBench((request) => [[70, replyTo(request)]]);
  const wrong: string[] = [];
  for (let i = 0; i < 60; i++) {
    const request = holding(10 * i, 2 + (i % 2));
    const end = await endOf(bench, bench.line.read(request, 50 + (i % 3)));
    if ('words' in end && `${end.words}` !== `${wordsOf(request)}`) wrong.push(`${i}: ${end.words}`);
  }
  t.same(wrong, []);
});

t.test('a late refusal is not taken for the answer to the next question', async (t) => {
  const refusal = sealed(1, 0x83, 2);
  const bench = await scriptBench((request, turn) =>
    turn === 0
      ? []
      : ([
          [3, refusal],
          [20, replyTo(request)],
        ].slice(turn > 1 ? 1 : 0) as [number, Buffer][]),
  );
  t.match(await endOf(bench, bench.line.read(holding(10, 4), 50)), { code: 'timeout' });
  t.match(await endOf(bench, bench.line.read(holding(70, 2), 50)), { words: [70, 71] }, "the refusal was the older question's");
  t.equal(bench.line.counters.lateReplies, 1);
});

t.test('an answer to another write is passed over, alone or in one piece with the right one', async (t) => {
  const ack = (value: number): Buffer => sealed(1, 6, 0, 5, 0, value);
  const replies = [[], [ack(11), ack(12)], [ack(12)]];
  const bench = await scriptBench((_, turn) => [[3, Buffer.concat(replies[turn] ?? [])]]);
  const write = (value: number) => endOf(bench, bench.line.write({ unit: 1, table: 'holding', address: 5, values: [value] }, 50));
  t.match(await write(11), { code: 'timeout' });
  t.match(await write(12), { words: [] });
  t.match(bench.line.counters, { lateReplies: 1, wrongReplies: 0 });
  t.match(await write(13), { code: 'wrong-reply', error: { message: /no second unit has its address/ } });
  t.match(bench.line.counters, { lateReplies: 1, wrongReplies: 1, timeouts: 1 });
});

const exceptions: [code: number, named: string][] = [
  [1, 'illegal-function'],
  [2, 'illegal-address'],
  [3, 'illegal-value'],
  [4, 'device-failure'],
  [5, 'device-busy'],
  [6, 'device-busy'],
  [7, 'device-failure'],
  [8, 'device-failure'],
  [10, 'timeout'],
  [11, 'timeout'],
  [99, 'device-failure'],
];
t.test('exceptions come out under their names, at once', async (t) => {
  for (const [code, named] of exceptions) {
    const bench = await scriptBench((request) => [[3, sealed(request[0] as number, (request[1] as number) | 0x80, code)]]);
    const end = await endOf(bench, bench.line.read(holding(1), 500));
    t.match(end, { code: named, error: { message: /^unit 1 answered with exception \d+: / } }, `${code}`);
    t.ok(end.tookMs < 30);
    t.match(bench.line.counters, { exceptions: 1, timeouts: 0, crcErrors: 0 });
  }
});

t.test('a refusal that forgets its function is one of what was asked, for reads and writes of every table', async (t) => {
  for (const [code, named] of exceptions.filter(([code]) => code <= 11)) {
    const bench = await scriptBench(() => [[3, sealed(1, 0x80, code)]]);
    for (const table of ['holding', 'input', 'coil', 'discrete'] as const) {
      const end = await endOf(bench, bench.line.read({ ...holding(1), table }, 500));
      t.match(end, { code: named, error: { message: new RegExp(`^unit 1 answered with exception ${code}: `) } }, `${code} of ${table}`);
      t.ok(end.tookMs < 30, 'at once');
    }
    t.match(await endOf(bench, bench.line.write({ unit: 1, table: 'coil', address: 5, values: [1] }, 500)), { code: named });
    t.match(bench.line.counters, { exceptions: 5, timeouts: 0, crcErrors: 0, noiseBytes: 0, wrongReplies: 0 });
  }
});

t.test("a refusal that forgets its function and comes late is the older question's, whatever that was", async (t) => {
  // In flight with the next question, whole; then while nobody waits, in pieces.
  const bench = await scriptBench((request, turn) => {
    const bare = sealed(1, 0x80, 4);
    if (turn === 0) return [];
    if (turn === 2)
      return [
        [300, bare.subarray(0, 1)],
        [301, bare.subarray(1)],
      ];
    return [
      [3, turn === 1 ? bare : Buffer.alloc(0)],
      [20, replyTo(request)],
    ];
  });
  t.match(await endOf(bench, bench.line.read({ ...holding(10, 4), table: 'coil' }, 50)), { code: 'timeout' });
  t.match(await endOf(bench, bench.line.read(holding(70), 50)), { words: [70, 71] });
  t.match(bench.line.counters, { lateReplies: 1, exceptions: 0, strangers: 0 });
  t.match(await endOf(bench, bench.line.read({ ...holding(10, 4), table: 'coil' }, 50)), { code: 'timeout' });
  await bench.clock.advance(400);
  t.match(await endOf(bench, bench.line.read(holding(80), 50)), { words: [80, 81] });
  t.match(bench.line.counters, { lateReplies: 2, exceptions: 0, strangers: 0 });
});

const nearRefusals: [story: string, bytes: Buffer, end: object][] = [
  ['of another unit', sealed(2, 0x80, 4), { code: 'timeout', error: { message: /frames of others/ } }],
  ['with a code that is none', sealed(1, 0x80, 12), { code: 'timeout' }],
  ['with no code', sealed(1, 0x80, 0), { code: 'timeout' }],
  ['with a wrong checksum', Buffer.from([1, 0x80, 4, 1, 2]), { code: 'timeout', error: { message: /only noise/ } }],
  ['with a byte too many', sealed(1, 0x80, 4, 4), { code: 'timeout' }],
  ['of another function', sealed(1, 0x84, 4), { code: 'timeout' }],
];
for (const [story, bytes, expected] of nearRefusals) {
  t.test(`what only looks like a refusal that forgets its function is none: ${story}`, async (t) => {
    const bench = await scriptBench((request, turn) => (turn === 0 ? [[3, bytes]] : [[3, Buffer.concat([bytes, replyTo(request)])]]));
    t.match(await endOf(bench, bench.line.read(holding(50), 60)), expected);
    t.match(await endOf(bench, bench.line.read(holding(80, 3), 60)), { words: [80, 81, 82] }, 'and the reply behind it is found');
    t.match(bench.line.counters, { exceptions: 0 });
  });
}

const good = replyTo(sealed(1, 3, 0, 50, 0, 2));
const faults: [story: string, bytes: Buffer, end: object, counters: object][] = [
  [
    'a reply with a wrong checksum',
    Buffer.concat([good.subarray(0, -1), Buffer.from([0x77])]),
    { code: 'crc' },
    { crcErrors: 1, timeouts: 0 },
  ],
  ['a reply with a flipped bit', Buffer.from(good.map((byte, i) => (i === 4 ? byte ^ 0x10 : byte))), { code: 'crc' }, { crcErrors: 1 }],
  [
    'a truncated reply',
    good.subarray(0, 6),
    { code: 'wrong-reply', error: { message: /broke off, check wiring/ } },
    { truncated: 1, timeouts: 0, crcErrors: 0, noiseBytes: 6 },
  ],
  [
    'a reply of another unit',
    replyTo(sealed(2, 3, 0, 50, 0, 2)),
    { code: 'timeout', error: { message: /no second master/ } },
    { timeouts: 1, strangers: 1, wrongReplies: 0 },
  ],
  [
    'a reply of another length',
    replyTo(sealed(1, 3, 0, 50, 0, 3)),
    { code: 'wrong-reply', error: { message: /no second unit has its address/ } },
    { wrongReplies: 1, timeouts: 0, crcErrors: 0, strangers: 0 },
  ],
  [
    'only noise',
    Buffer.from([9, 8, 7]),
    { code: 'timeout', error: { message: /only noise: check baud rate/ } },
    { timeouts: 1, noiseBytes: 3 },
  ],
  [
    "a second master's question and its answer before the reply",
    Buffer.concat([sealed(9, 3, 0, 1, 0, 1), sealed(9, 3, 2, 0, 7), good]),
    { words: [50, 51] },
    { strangers: 2, timeouts: 0 },
  ],
  [
    "a second master's question to the same unit",
    Buffer.concat([sealed(1, 3, 0, 1, 0, 1), good]),
    { words: [50, 51] },
    { strangers: 1, wrongReplies: 0 },
  ],
  ['nothing', Buffer.alloc(0), { code: 'timeout' }, { timeouts: 1, noiseBytes: 0 }],
  ['noise before the reply', Buffer.concat([Buffer.from([0, 0xff, 1, 3, 4]), good]), { words: [50, 51] }, { noiseBytes: 5, timeouts: 0 }],
  ['noise behind it', Buffer.concat([good, Buffer.from([0x55, 0])]), { words: [50, 51] }, { noiseBytes: 2, timeouts: 0 }],
  ['a break before it', Buffer.concat([Buffer.from([0]), good]), { words: [50, 51] }, { noiseBytes: 1 }],
];
for (const [story, bytes, expected, counters] of faults) {
  t.test(`${story}: named, counted, and the next read is right`, async (t) => {
    const bench = await scriptBench((request, turn) => [[3, turn === 0 ? bytes : replyTo(request)]]);
    t.match(await endOf(bench, bench.line.read(holding(50), 60)), expected);
    t.match(bench.line.counters, counters);
    t.match(await endOf(bench, bench.line.read(holding(80, 3), 60)), { words: [80, 81, 82] });
  });
}

t.test('a second master that speaks while nobody waits is counted too', async (t) => {
  const bench = await busBench({ 1: addressUnit() });
  for (const frame of [sealed(9, 3, 0, 1, 0, 1), sealed(9, 3, 2, 0, 7), sealed(9, 6, 0, 1, 0, 1)]) {
    bench.sim.noise(frame);
    await bench.clock.advance(50);
  }
  t.match(await endOf(bench, bench.line.read(holding(1), 60)), { words: [1, 2] });
  t.match(bench.line.counters, { strangers: 3, lateReplies: 0 });
});

t.test('the timeout counts to the first byte: a dead unit costs no more, a reply that has begun is waited for', async (t) => {
  const bench = await busBench({ 1: addressUnit(30) }, SERIAL, 2);
  bench.sim.silence(1);
  const requestMs = 8 * CHAR_MS;
  const dead = await endOf(bench, bench.line.read(holding(0, 100), 40));
  t.match(dead, { code: 'timeout' });
  t.ok(dead.tookMs < requestMs + 40 + 3, `${dead.tookMs} ms, though the reply would take 213`);
  bench.sim.revive(1);
  const long = await endOf(bench, bench.line.read(holding(0, 101), 40));
  t.match(long, { words: wordsOf(holding(0, 101)) });
  if (!('reply' in long)) return;
  t.ok(Math.abs(long.reply.firstByteMs - 30 - 2 * CHAR_MS) < 0.01, `first byte after ${long.reply.firstByteMs} ms`);
  t.ok(Math.abs(long.reply.turnaroundMs - 30) < 0.01, `turnaround ${long.reply.turnaroundMs} ms`);
  await bench.line.close();
  const broken = await scriptBench((request) => [[35, replyTo(request).subarray(0, 20)]]);
  const end = await endOf(broken, broken.line.read(holding(0, 100), 40));
  t.match(end, { code: 'wrong-reply' });
  t.ok(
    end.tookMs > 200 && end.tookMs < requestMs + 40 + 205 * CHAR_MS + GAP_MS + 16 + 3,
    `a reply that stops costs no more than a whole one: ${end.tookMs} ms`,
  );
});

t.test('pieces of a reply wait in the port until it is whole', async (t) => {
  const bench = await busBench({ 1: addressUnit(5) }, SERIAL, 2);
  let [isHeld, deliveries, kept] = [false, 0, Buffer.alloc(0)];
  const { onBytes } = bench.wire.port;
  bench.wire.port.onBytes = (bytes) => {
    if (isHeld) {
      kept = Buffer.concat([kept, bytes]);
      return;
    }
    deliveries++;
    onBytes(bytes);
  };
  Object.assign(bench.wire.port, {
    hold(on: boolean) {
      isHeld = on;
      const bytes = kept;
      kept = Buffer.alloc(0);
      if (!on && bytes.length > 0) bench.wire.port.onBytes(bytes);
    },
  });
  const end = await endOf(bench, bench.line.read(holding(0, 20), 60));
  t.match(end, { words: wordsOf(holding(0, 20)) });
  t.ok(deliveries <= 4, `${deliveries} deliveries of 45 bytes`);
  if ('reply' in end) t.ok(Math.abs(end.reply.turnaroundMs - 5) < 0.01, 'and it comes no later for that');
  bench.sim.silence(1);
  t.match(await endOf(bench, bench.line.read(holding(0, 2), 60)), { code: 'timeout' });
  t.notOk(isHeld);
});

t.test('a line is retuned for a scan and comes back to its own speed', async (t) => {
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
        return refuse ? Promise.reject(new BusError('port-missing', 'gone')) : open();
      },
    });
  };
  const line = createModbusLine({ port: portFor(SERIAL), serial: SERIAL, clock: eager(clock), portFor });
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

t.test('a damaged reply was still the reply: the same read goes out again at once', async (t) => {
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
  const line = createModbusLine({ port, serial: SERIAL, clock: eager(clock) });
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

t.test('an adapter that hears itself is understood, and so is its successor that does not', async (t) => {
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

t.test('a broadcast is obeyed by all and takes its own time and the pause, no timeout', async (t) => {
  const units = { 1: addressUnit(), 2: addressUnit() };
  const bench = await busBench(units);
  const single = await endOf(bench, bench.line.write({ unit: 0, table: 'holding', address: 3, values: [9] }, 20));
  t.match(single, { words: [] });
  t.ok(Math.abs(single.tookMs - (8 * CHAR_MS + 20)) <= 1, `${single.tookMs} ms`);
  t.match(await endOf(bench, bench.line.write({ unit: 0, table: 'holding', address: 4, values: [1, 2] }, 20)), { words: [] });
  t.match(await endOf(bench, bench.line.write({ unit: 0, table: 'coil', address: 0, values: [1, 0, 1] }, 20)), { words: [] });
  t.same(units[2].written, [
    ['holding', 3, [9]],
    ['holding', 4, [1, 2]],
    ['coil', 0, [1, 0, 1]],
  ]);
  t.same(units[1].written, units[2].written);
  t.match(bench.line.counters, { timeouts: 0 });
  t.match(await endOf(bench, bench.line.read(holding(5), 60)), { words: [5, 6] });
  bench.sim.setEcho(true);
  const echoed = await endOf(bench, bench.line.write({ unit: 0, table: 'holding', address: 3, values: [9] }, 20));
  t.ok(echoed.tookMs > 8 * CHAR_MS + 19, `its echo does not shorten the pause: ${echoed.tookMs} ms`);
});

t.test('coils, discrete inputs and input registers are read with their own functions', async (t) => {
  const bench = await busBench({ 1: addressUnit() }, SERIAL, 2);
  for (const table of ['coil', 'discrete'] as const) {
    const end = await endOf(bench, bench.line.read({ unit: 1, table, address: 0, count: 10 }, 60));
    t.match(end, { words: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1] });
    t.equal('words' in end && end.words.length, 10, 'not the padding of the last byte');
  }
  t.match(await endOf(bench, bench.line.read({ unit: 1, table: 'input', address: 300, count: 125 }, 60)), {
    words: wordsOf(holding(300, 125)),
  });
});

t.test('a reply says when it was asked and how long the unit took', async (t) => {
  const bench = await busBench({ 1: addressUnit(8) });
  const end = await endOf(bench, bench.line.read(holding(5, 10), 60));
  if (!('reply' in end)) return t.fail('no reply');
  t.ok(Math.abs(end.reply.turnaroundMs - 8) < 0.001, `${end.reply.turnaroundMs} ms`);
  t.ok(Math.abs(end.reply.atMono - end.reply.askedMono - (8 + 33 * CHAR_MS)) < 0.001);
  t.ok(Math.abs(bench.line.wireMs(holding(5, 10)) - 33 * CHAR_MS) < 0.001);
  t.ok(Math.abs(bench.line.counters.busyMs - (8 + 33 * CHAR_MS + GAP_MS)) < 0.001);
});

t.test('the deadline of an answered request does not end a later one', async (t) => {
  const bench = await scriptBench((request, turn) => [[turn === 0 ? 5 : 300, replyTo(request)]]);
  t.match(await endOf(bench, bench.line.read(holding(1), 200)), { words: [1, 2] });
  await bench.clock.advance(100);
  t.match(await endOf(bench, bench.line.read(holding(3), 500)), { words: [3, 4] });
  t.match(bench.line.counters, { timeouts: 0 });
});

t.test('an unplugged cable ends the request in flight at once, and a new plug works', async (t) => {
  const bench = await busBench({ 1: addressUnit() });
  const lost: Error[] = [];
  bench.line.onLost = (cause) => lost.push(cause);
  bench.sim.silence(1);
  bench.clock.after(20, () => bench.sim.unplug());
  const flying = await endOf(bench, bench.line.read(holding(1), 2_000));
  t.match(flying, { code: 'port-closed' });
  t.ok(flying.tookMs <= 21, `${flying.tookMs} ms`);
  t.equal(lost.length, 1);
  t.match(await endOf(bench, bench.line.read(holding(1), 60)), { code: 'port-closed' }, 'nothing is sent while it is gone');
  await t.rejects(bench.line.open(), { code: 'port-missing' });
  bench.sim.replug();
  bench.sim.revive(1);
  await bench.line.open();
  t.match(await endOf(bench, bench.line.read(holding(6, 3), 60)), { words: [6, 7, 8] });
  bench.clock.after(1, () => bench.sim.unplug());
  bench.sim.noise(Buffer.from([1, 2, 3]));
  t.match(await endOf(bench, bench.line.read(holding(1), 60)), { code: 'port-closed' }, 'a request still waiting for silence ends too');
});

t.test('closing ends the request in flight, and it opens again', async (t) => {
  const bench = await busBench({ 1: addressUnit() });
  const flying = bench.line.read(holding(1), 2_000);
  const rejected = t.rejects(flying, { code: 'port-closed' });
  await bench.line.close();
  await rejected;
  await bench.line.open();
  t.match(await endOf(bench, bench.line.read(holding(6), 60)), { words: [6, 7] });
});

t.test('two requests at a time are a programming error', async (t) => {
  const bench = await busBench({ 1: addressUnit() });
  const first = endOf(bench, bench.line.read(holding(1), 60));
  t.throws(() => bench.line.read(holding(2), 60), TypeError);
  t.match(await first, { words: [1, 2] });
});

t.test('a flood of a million random bytes crashes nothing, yields no value, and leaves the line usable', async (t) => {
  const random = createRandom(42);
  let replying = false;
  const bench = await scriptBench((request) => (replying ? [[3, replyTo(request)]] : []));
  let fed = 0;
  let flooding = true;
  const flood = (): void => {
    if (!flooding) return;
    const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(600 * random()) }, () => Math.floor(256 * random())));
    // Every other burst starts like a reply.
    if (fed % 2 === 0) bytes.set([1, 3, 4].slice(0, bytes.length));
    fed += bytes.length;
    bench.wire.end.write(bytes);
    if (fed < 1_000_000) bench.clock.after(4 * random(), flood);
    else flooding = false;
  };
  flood();
  const ends: End[] = [];
  while (flooding) ends.push(await endOf(bench, bench.line.read(holding(Math.floor(1_000 * random()), 2), 30)));
  t.ok(ends.length > 30, `${ends.length} reads`);
  t.same(
    ends.filter((end) => 'words' in end),
    [],
  );
  t.ok(
    ends.every((end) => 'code' in end && ['crc', 'timeout', 'wrong-reply'].includes(end.code)),
    'each ends as damaged, wrong or lost',
  );
  replying = true;
  await bench.clock.advance(2_000);
  t.match(await endOf(bench, bench.line.read(holding(6), 60)), { words: [6, 7] });
});
