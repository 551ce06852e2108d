import t from 'tap';
import { addressUnit, busBench, CHAR_MS, endOf, holding, replyTo, scriptBench, sealed } from './port-bench.ts';

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

t.test('exceptions are reported under their names, immediately', async (t) => {
  for (const [code, named] of exceptions) {
    const bench = await scriptBench((request) => [[3, sealed(request[0] as number, (request[1] as number) | 0x80, code)]]);
    const end = await endOf(bench, bench.line.read(holding(1), 500));
    t.match(end, { code: named, error: { message: /^unit 1 answered with exception \d+: / } }, `${code}`);
    t.ok(end.tookMs < 30);
    t.match(bench.line.counters, { exceptions: 1, timeouts: 0, crcErrors: 0 });
  }
});

t.test('an exception reply without a function code belongs to the request, for reads and writes of every table', async (t) => {
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

t.test('an exception reply without a function code that is late belongs to the older request, whatever that was', async (t) => {
  // First whole, while the next request is in flight; then in pieces, while no request is pending.
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
  t.match(bench.line.counters, { lateReplies: 1, exceptions: 0, foreignFrames: 0 });
  t.match(await endOf(bench, bench.line.read({ ...holding(10, 4), table: 'coil' }, 50)), { code: 'timeout' });
  await bench.clock.advance(400);
  t.match(await endOf(bench, bench.line.read(holding(80), 50)), { words: [80, 81] });
  t.match(bench.line.counters, { lateReplies: 2, exceptions: 0, foreignFrames: 0 });
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
  t.test(`what only looks like an exception reply without a function code is none: ${story}`, async (t) => {
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
    { timeouts: 1, foreignFrames: 1, wrongReplies: 0 },
  ],
  [
    'a reply of another length',
    replyTo(sealed(1, 3, 0, 50, 0, 3)),
    { code: 'wrong-reply', error: { message: /no second unit has its address/ } },
    { wrongReplies: 1, timeouts: 0, crcErrors: 0, foreignFrames: 0 },
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
    { foreignFrames: 2, timeouts: 0 },
  ],
  [
    "a second master's question to the same unit",
    Buffer.concat([sealed(1, 3, 0, 1, 0, 1), good]),
    { words: [50, 51] },
    { foreignFrames: 1, wrongReplies: 0 },
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

/** A line that has been seen to deliver its bytes no faster than its wire. `other` arrives before the third request has left. */
async function tooEarlyBench(other: Buffer) {
  const early = (request: Buffer): [number, Buffer] => [1 - request.length * CHAR_MS, other];
  const bench = await scriptBench((request, turn) => (turn === 2 ? [early(request)] : [[20, replyTo(request)]]));
  for (const address of [10, 30]) await endOf(bench, bench.line.read(holding(address), 60));
  return bench;
}

for (const [story, other, expected, counters] of [
  ['a new one', replyTo(sealed(1, 3, 0, 90, 0, 2)), /frames of others: check that no second master/, { foreignFrames: 1 }],
  ['a copy', replyTo(sealed(1, 3, 0, 10, 0, 2)), /frames of others: check that no second master/, { duplicates: 1 }],
  [
    'a frame of another unit before it',
    Buffer.concat([sealed(9, 3, 2, 0, 7), replyTo(sealed(1, 3, 0, 90, 0, 2))]),
    /frames of others: check that no second master/,
    { foreignFrames: 2 },
  ],
] as const)
  t.test(`a fitting frame that began before the request had left is no silence: ${story}`, async (t) => {
    const bench = await tooEarlyBench(other);
    t.match(await endOf(bench, bench.line.read(holding(50), 60)), { code: 'timeout', error: { message: expected } });
    t.match(bench.line.counters, { timeouts: 1, wrongReplies: 0, ...counters });
  });

for (const [story, before, expected] of [
  ['a frame of another unit', sealed(9, 3, 2, 0, 7), /frames of others/],
  ['noise', Buffer.from([9, 8, 7]), /only noise/],
  ['nothing', Buffer.alloc(0), /no reply in 50 ms, check power/],
] as const)
  t.test(`${story} before a late exception is not forgotten`, async (t) => {
    const bench = await scriptBench((_, turn) => (turn === 0 ? [] : [[5, Buffer.concat([before, sealed(1, 0x83, 2)])]]));
    t.match(await endOf(bench, bench.line.read(holding(10, 4), 50)), { code: 'timeout' });
    const end = await endOf(bench, bench.line.read(holding(70, 2), 50));
    t.match(end, { code: 'timeout', error: { message: expected } });
  });

t.test('a second master that sends while no request is pending is counted too', async (t) => {
  const bench = await busBench({ 1: addressUnit() });
  for (const frame of [sealed(9, 3, 0, 1, 0, 1), sealed(9, 3, 2, 0, 7), sealed(9, 6, 0, 1, 0, 1)]) {
    bench.sim.noise(frame);
    await bench.clock.advance(50);
  }
  t.match(await endOf(bench, bench.line.read(holding(1), 60)), { words: [1, 2] });
  t.match(bench.line.counters, { foreignFrames: 3, lateReplies: 0 });
});
