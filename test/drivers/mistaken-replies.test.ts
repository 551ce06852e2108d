import fc from 'fast-check';
import t from 'tap';
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { ModbusLine, ReadRequest, Reply, WriteRequest } from '../../agent/core/driver.ts';
import type { BusError } from '../../agent/core/errors.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import { createModbusLine } from '../../drivers/modbus/modbus-line.ts';
import { createRandom } from '../street/random.ts';
import { crcBitwise, encodeReadReply, parseRequest, writeReply } from '../street/rtu-slave.ts';
import { createWire } from '../street/wire.ts';
import { eagerClock } from '../support/eager-clock.ts';

const SERIAL: SerialSettings = { baud: 9_600, parity: 'none', stopBits: 1, dataBits: 8 };
const TURNAROUND_MS = 5;

/** What comes of one reply: copies of it, each so long after a sound unit would have answered. Units: ms. Empty: lost. */
type Fate = (request: Buffer, turn: number, own: Buffer) => readonly (number | readonly [afterMs: number, bytes: Buffer])[];

interface Wiring {
  readonly registers: Map<string, number>;
  readonly requests: string[];
  /** Replaced by each test. */
  fate: Fate;
}

interface Bench extends Wiring {
  readonly clock: ManualClock;
  readonly line: ModbusLine;
}

/** A line whose units hold `unit * 256 + address` in each register unless `registers` has another value. */
async function benchOf({ baud = 9_600, isNetwork = false } = {}): Promise<Bench> {
  const clock = createManualClock(0);
  const serial = { ...SERIAL, baud };
  const charMs = 10_000 / baud;
  const wiring: Wiring = { registers: new Map(), requests: [], fate: () => [0] };
  const { registers, requests } = wiring;
  const wire = createWire((bytes) => {
    const request = parseRequest(bytes);
    if (request === undefined || request === null) throw new Error('a bad request');
    requests.push(`${request.unit}:${request.address}${request.kind === 'read' ? `+${request.count}` : `=${request.values}`}`);
    clock.precisely(clock.monoMs() + bytes.length * charMs, () => {
      const at = (address: number): number => registers.get(`${request.unit}:${address}`) ?? request.unit * 256 + address;
      const words = request.kind === 'read' ? Array.from({ length: request.count }, (_, i) => at(request.address + i)) : [];
      const own = request.kind === 'read' ? encodeReadReply(request, words) : writeReply(bytes);
      for (const copy of wiring.fate(bytes, requests.length - 1, own)) {
        const [afterMs, reply] = typeof copy === 'number' ? [copy, own] : copy;
        clock.after(TURNAROUND_MS + (isNetwork ? 0 : reply.length * charMs) + afterMs, () => wire.end.write(reply));
      }
    });
  });
  const line = createModbusLine({ port: wire.port, serial, clock: eagerClock(clock), isNetwork });
  await line.open();
  await clock.advance(100);
  return Object.assign(wiring, { clock, line });
}

const ballast = (n: number, count = 2): ReadRequest => ({ unit: 10, table: 'holding', address: 8 * n, count });
const trueWords = ({ unit, address, count }: ReadRequest): number[] => Array.from({ length: count }, (_, i) => unit * 256 + address + i);

/** The words, or the code of the failure. */
async function endOf({ clock }: Bench, transaction: Promise<Reply>): Promise<readonly number[] | string> {
  let end: readonly number[] | string | undefined;
  transaction.then(
    ({ words }) => {
      end = words;
    },
    (error: BusError) => {
      end = error.code;
    },
  );
  for (let ms = 0; ms < 120_000 && end === undefined; ms++) await clock.advance(1);
  return end ?? 'nothing';
}

const read = (bench: Bench, request: ReadRequest, timeoutMs = 40) => endOf(bench, bench.line.read(request, timeoutMs));
const write = (bench: Bench, value: number) => {
  const request: WriteRequest = { unit: 10, table: 'holding', address: 7, values: [value] };
  return endOf(bench, bench.line.write(request, 40));
};

interface Seen {
  right: number;
  refused: number;
  lost: number;
  readonly wrong: string[];
}

/** Reads of all ballasts in turn, one after the other without a pause. */
async function rounds(bench: Bench, reads: number, seen: Seen = { right: 0, refused: 0, lost: 0, wrong: [] }): Promise<Seen> {
  for (let i = 0; i < reads; i++) {
    const request = ballast(i % 64);
    const end = await read(bench, request);
    if (end === 'doubtful') seen.refused++;
    else if (typeof end === 'string') seen.lost++;
    else if (`${end}` === `${trueWords(request)}`) seen.right++;
    else seen.wrong.push(`read ${i}: ${end}`);
  }
  return seen;
}

const LINES = [
  { name: 'RTU at 9600', baud: 9_600 },
  { name: 'RTU at 115200', baud: 115_200 },
  { name: 'RTU over TCP', isNetwork: true },
] as const;

for (const { name, ...options } of LINES) {
  t.test(`${name}: one reply that comes 1,035 ms late never becomes another ballast's value, nor does any after it`, async (t) => {
    for (const lateMs of [30, 200, 995, 1_030, 1_035, 1_040, 1_050, 5_040, 59_900, 600_000]) {
      const bench = await benchOf(options);
      bench.fate = (_, turn) => [turn === 20 ? lateMs : 0];
      const { wrong, right } = await rounds(bench, 200);
      t.same(wrong, [], `${lateMs} ms`);
      t.ok(right > 150, `${right} of 200 right after ${lateMs} ms`);
    }
  });

  t.test(`${name}: each reply twice, the second after 8 ms or later: no value is wrong`, async (t) => {
    for (const afterMs of [8, 9, 12, 15, 20, 26, 40, 100, 1_000]) {
      const bench = await benchOf(options);
      bench.fate = () => [0, afterMs];
      const { wrong } = await rounds(bench, 108);
      t.same(wrong, [], `${afterMs} ms`);
    }
  });

  t.test(`${name}: a queue that is one reply behind never heals by itself, and yields no wrong value`, async (t) => {
    const bench = await benchOf(options);
    let before: Buffer | undefined;
    bench.fate = (_, turn, own) => {
      const held = before;
      before = turn >= 30 ? own : undefined;
      return turn < 30 ? [0] : held === undefined ? [] : [[0, held]];
    };
    const { wrong } = await rounds(bench, 300);
    t.same(wrong, []);
  });

  for (const fault of ['a duplicate', 'a reply that was lost a while ago'] as const)
    for (const then of ['follows', 'is lost'] as const)
      t.test(
        `${name}: the first thing that goes wrong is ${fault} in the window of a read of equal shape, whose own reply ${then}`,
        async (t) => {
          const bench = await benchOf(options);
          await rounds(bench, 200);
          const old = ballast(3);
          let reply: Buffer = Buffer.alloc(0);
          bench.fate = (_, __, own) => {
            reply = own;
            return fault === 'a duplicate' ? [0] : [];
          };
          await read(bench, old);
          await bench.clock.advance(20_000);
          let first = true;
          bench.fate = () => {
            const own = then === 'follows' || !first ? [first ? 12 : 0] : [];
            const foreign: [number, Buffer][] = first ? [[-0.2, reply]] : [];
            first = false;
            return [...foreign, ...own];
          };
          const end = await read(bench, ballast(4));
          t.ok(typeof end === 'string' || `${end}` === `${trueWords(ballast(4))}`, `${end}`);
          t.same((await rounds(bench, 130)).wrong, [], 'nor is any value after it');
        },
      );
}

t.test('64 ballasts that hold the same are read at full speed: one request each, and again one each after the first round', async (t) => {
  const bench = await benchOf();
  for (let n = 0; n < 64; n++) for (const i of [0, 1]) bench.registers.set(`10:${8 * n + i}`, 50);
  for (let n = 0; n < 64; n++) t.same(await read(bench, ballast(n)), [50, 50]);
  const before = bench.requests.length;
  for (let n = 0; n < 640; n++) if (`${await read(bench, ballast(n % 64))}` !== '50,50') t.fail(`ballast ${n % 64}`);
  t.equal(bench.requests.length - before, 640, 'not one request more than reads');
  bench.registers.set('10:160', 0);
  t.same(await read(bench, ballast(20)), [0, 50], 'and a fault shows at its own ballast');
  t.same(await read(bench, ballast(21)), [50, 50]);
  t.match(bench.line.counters, { doubtful: 0, timeouts: 0 });
});

t.test(
  'after a lost reply a longer read that includes the block is the clearest, and the block itself once its time has passed',
  async (t) => {
    const bench = await benchOf();
    const request: ReadRequest = {
      ...ballast(5),
      alternates: [
        { address: 40, count: 3 },
        { address: 39, count: 4 },
      ],
    };
    bench.fate = (_, turn) => (turn < 2 ? [] : [0]);
    const clearest = (): ReadRequest => bench.line.clearest(request);
    t.equal(await read(bench, clearest()), 'timeout');
    t.equal(await read(bench, clearest()), 'timeout');
    t.same(await read(bench, clearest()), trueWords({ ...request, address: 39, count: 4 }), 'the second alternate');
    t.same(bench.requests, ['10:40+2', '10:40+3', '10:39+4']);
    await bench.clock.advance(60_000);
    t.same(await read(bench, clearest()), trueWords(ballast(5)));
    t.equal(bench.requests.at(-1), '10:40+2');
  },
);

t.test('two copies of an old reply do not outvote an overdue one', async (t) => {
  const bench = await benchOf();
  let old: Buffer = Buffer.alloc(0);
  bench.fate = (_, turn, own) => {
    if (turn === 0) old = own;
    return turn === 1 ? [] : turn === 2 || turn === 3 ? [[0, old]] : [0];
  };
  t.same(await read(bench, ballast(1)), trueWords(ballast(1)));
  t.equal(await read(bench, ballast(2)), 'timeout');
  t.equal(await read(bench, ballast(3)), 'doubtful', 'its own two were lost, the third is another');
});

t.test('a late echo does not confirm a later write of the same value', async (t) => {
  const bench = await benchOf();
  let echo: Buffer = Buffer.alloc(0);
  bench.fate = (_, __, own) => {
    echo = own;
    return [];
  };
  t.equal(await write(bench, 80), 'timeout');
  bench.fate = () => [0];
  t.same(await write(bench, 50), []);
  bench.fate = () => [[0, echo]];
  t.equal(await write(bench, 80), 'doubtful', 'it is that of the first, the second was lost');
  bench.fate = () => [0];
  t.same(await write(bench, 80), [], 'the next is its own');
});

t.test('a write that is repeated is confirmed by the echo of either', async (t) => {
  const bench = await benchOf();
  bench.fate = (_, turn) => (turn === 0 ? [] : [0]);
  t.equal(await write(bench, 80), 'timeout');
  t.same(await write(bench, 80), []);
});

const anyDelay = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 60_000 }));
const anyFate = fc.record({
  lateMs: fc.option(anyDelay, { freq: 8 }),
  copiesMs: fc.array(anyDelay, { maxLength: 3 }),
  noise: fc.uint8Array({ maxLength: 12 }),
});
/** A healthy line for a while, then any faults at any reads, and what is read when. */
const anySchedule = fc.record({
  isNetwork: fc.boolean(),
  baud: fc.constantFrom(9_600, 19_200, 115_200),
  healthy: fc.integer({ min: 0, max: 40 }),
  faults: fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), anyFate), { minLength: 1, maxLength: 12 }),
  reads: fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom(2, 2, 2, 3), fc.constantFrom(0, 3, 50, 2_000)), {
    minLength: 20,
    maxLength: 60,
  }),
});

type Schedule = typeof anySchedule extends fc.Arbitrary<infer T> ? T : never;
const noise = new Uint8Array();
/** Two copies of one reply in the windows of two requests in a row, while their own replies are late, lost or one behind: as many as a doubtful read is asked for. */
const TWO_COPIES_IN_A_ROW: readonly Schedule[] = [
  {
    isNetwork: true,
    baud: 9_600,
    healthy: 0,
    faults: [[1, { lateMs: 4, copiesMs: [0, 16], noise }]],
    reads: [[0, 2, 0], [1, 2, 0], ...Array.from({ length: 18 }, (): Schedule['reads'][number] => [0, 2, 0])],
  },
  {
    isNetwork: true,
    baud: 115_200,
    healthy: 0,
    faults: [
      [0, { lateMs: 37, copiesMs: [], noise }],
      [3, { lateMs: 36, copiesMs: [25, 0], noise }],
    ],
    reads: [0, 0, 0, 0, 1, 0, 1].map((n, i) => [n, i === 1 ? 3 : 2, 0]),
  },
  {
    isNetwork: true,
    baud: 19_200,
    healthy: 0,
    faults: [
      [0, { lateMs: 45, copiesMs: [80, 1], noise }],
      [1, { lateMs: 2_000, copiesMs: [], noise }],
      [2, { lateMs: 1_169, copiesMs: [], noise }],
    ],
    reads: [5, 1].map((n) => [n, 2, 0]),
  },
  {
    isNetwork: false,
    baud: 9_600,
    healthy: 3,
    faults: [
      [2, { lateMs: 0, copiesMs: [47, 25], noise }],
      [3, { lateMs: 26_069, copiesMs: [], noise }],
    ],
    reads: [2, 2, 0, 3].map((n, i) => [n, 2, i === 1 ? 3 : 0]),
  },
  {
    isNetwork: false,
    baud: 115_200,
    healthy: 0,
    faults: [[17, { lateMs: 14_632, copiesMs: [37, 27, 33], noise }]],
    reads: [
      ...[0, 1, 5, 3, 0, 5, 5, 5].map((n, i): Schedule['reads'][number] => [
        n,
        [1, 2, 7].includes(i) ? 3 : 2,
        i === 2 ? 50 : i > 4 ? 3 : 0,
      ]),
      ...[5, 5, 1, 5, 4, 0, 5, 3].map((n, i): Schedule['reads'][number] => [n, 2, [50, 3, 0, 3, 50, 3, 3, 0][i] as 0 | 3 | 50]),
    ],
  },
];

t.test('with late, doubled, lost or damaged replies: no wrong value', async (t) => {
  const all = { right: 0, other: 0 };
  await fc.assert(
    fc.asyncProperty(anySchedule, async ({ healthy, faults, reads, ...options }) => {
      const bench = await benchOf(options);
      for (let i = 0; i < healthy; i++) await read(bench, ballast(i % 6));
      const since = bench.requests.length;
      const byTurn = new Map(faults);
      bench.fate = (_, turn, own) => {
        const fate = byTurn.get(turn - since);
        if (fate === undefined) return [0];
        const noisy = Buffer.concat([fate.noise, own]);
        return [...(fate.lateMs === null ? [] : [[fate.lateMs, noisy] as const]), ...fate.copiesMs];
      };
      for (const [n, count, pauseMs] of reads) {
        const end = await read(bench, ballast(n, count));
        if (typeof end !== 'string' && `${end}` !== `${trueWords(ballast(n, count))}`) throw new Error(`ballast ${n}+${count}: ${end}`);
        all[typeof end === 'string' ? 'other' : 'right']++;
        await bench.clock.advance(pauseMs);
      }
    }),
    { numRuns: 150, examples: TWO_COPIES_IN_A_ROW.map((schedule) => [schedule]) },
  );
  t.ok(all.right > all.other / 10, `${all.right} right, ${all.other} lost or refused`);
});

t.test('two masters on one line: replies to the other one are not accepted', async (t) => {
  const bench = await benchOf();
  const random = createRandom(3);
  // The other asks the same unit for other registers, and its replies fall anywhere.
  bench.fate = (request, _, own) => {
    const other = Buffer.from(request);
    other.writeUInt16BE(5_000, 2);
    other.writeUInt16LE(crcBitwise(other.subarray(0, -2)), 6);
    const theirs = parseRequest(other);
    if (theirs?.kind !== 'read' || random() < 0.5) return [0];
    // Both of their frames are on the wire.
    const reply = Buffer.concat([other, encodeReadReply(theirs, [1, 2])]);
    return [[20 * random() - 4, reply], ...(random() < 0.5 ? [] : [[14 + 10 * random(), own] as const])];
  };
  const { wrong } = await rounds(bench, 400);
  t.same(wrong, []);
});
