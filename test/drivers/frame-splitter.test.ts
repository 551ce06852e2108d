/** Bytes of a line become frames with names and gaps, however they were delivered. */
import fc from 'fast-check';
import t from 'tap';
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import { sniffedLineOf, type WireProtocol } from '../../agent/core/line-sniffer.ts';
import type { WireEntry } from '../../agent/core/wire-tap.ts';
import { createFrameSplitter, type WireFrame } from '../../drivers/modbus/frame-splitter.ts';
import { sealed } from './port-bench.ts';

/** 1 ms a character. */
const SERIAL: SerialSettings = { baud: 10_000 as 9600, parity: 'none', stopBits: 1, dataBits: 8 };

function framesOf(entries: readonly WireEntry[], protocol: WireProtocol = 'rtu', serial: SerialSettings | null = SERIAL): WireFrame[] {
  const frames: WireFrame[] = [];
  const splitter = createFrameSplitter({ protocol, serial, isNetwork: serial === null, onFrame: (frame) => void frames.push(frame) });
  for (const entry of entries) splitter.add(entry);
  splitter.end();
  return frames;
}

const sent = (atMono: number, bytes: Buffer): WireEntry => ({ kind: 'sent', atMono, bytes });
const received = (atMono: number, bytes: Buffer): WireEntry => ({ kind: 'received', atMono, bytes });
const ended = (atMono: number, result: 'ok' | 'timeout' = 'ok'): WireEntry => ({
  kind: 'ended',
  atMono,
  unit: 1,
  lane: 'telemetry',
  result,
});
const named = (frames: readonly WireFrame[]): string[] =>
  frames.map(({ kind, unit, fc: code, isForeign }) => `${kind}${isForeign ? '*' : ''} ${unit ?? '-'}/${code ?? '-'}`);

const READ = sealed(1, 3, 0, 0, 0, 2);
const REPLY = sealed(1, 3, 4, 0, 10, 0, 20);
const REFUSAL = sealed(1, 0x83, 2);
const WRITE = sealed(2, 6, 0, 1, 0, 50);
const BROADCAST = sealed(0, 6, 0, 1, 0, 50);
const OTHER_READ = sealed(9, 4, 0, 0, 0, 1);
const OTHER_REPLY = sealed(9, 4, 2, 1, 2);
const READ_300 = sealed(1, 3, 3, 0, 0, 2);
const BROKEN = Buffer.from([...REPLY.subarray(0, 6), 0xff, REPLY[7] as number, REPLY[8] as number]);

const CASES: readonly [what: string, entries: readonly WireEntry[], frames: readonly string[]][] = [
  ['a request and its reply', [sent(0, READ), received(30, REPLY), ended(30)], ['request 1/3', 'reply 1/3']],
  ['an exception', [sent(0, READ), received(30, REFUSAL)], ['request 1/3', 'exception 1/3']],
  ['a write and its reply, which look the same', [sent(0, WRITE), received(30, WRITE)], ['request 2/6', 'reply 2/6']],
  ['an echo before the reply', [sent(0, READ), received(8, READ), received(30, REPLY)], ['request 1/3', 'echo 1/3', 'reply 1/3']],
  ['an echo of a read from 0x0300, which could be a reply', [sent(0, READ_300), received(8, READ_300)], ['request 1/3', 'echo 1/3']],
  ['a damaged reply', [sent(0, READ), received(30, BROKEN), ended(60, 'timeout')], ['request 1/3', 'damaged 1/3']],
  ['a reply that breaks off', [sent(0, READ), received(30, REPLY.subarray(0, 4)), ended(60, 'timeout')], ['request 1/3', 'damaged 1/3']],
  [
    'noise in place of a reply',
    [sent(0, READ), received(30, Buffer.from([0, 0xff, 0])), ended(60, 'timeout')],
    ['request 1/3', 'noise -/-'],
  ],
  [
    'noise before a reply',
    [sent(0, READ), received(30, Buffer.concat([Buffer.from([0]), REPLY]))],
    ['request 1/3', 'noise -/-', 'reply 1/3'],
  ],
  [
    'a late reply, which belongs to the request that was given up, and one that belongs to none',
    [sent(0, READ), ended(50, 'timeout'), received(90, REPLY), received(140, REPLY)],
    ['request 1/3', 'reply 1/3', 'reply* 1/3'],
  ],
  ['a late reply to a write', [sent(0, WRITE), ended(50, 'timeout'), received(90, WRITE)], ['request 2/6', 'reply 2/6']],
  [
    'the echo of a write before its reply, once a read has shown that the adapter echoes',
    [sent(0, READ), received(8, READ), received(30, REPLY), ended(30), sent(60, WRITE), received(68, WRITE), received(90, WRITE)],
    ['request 1/3', 'echo 1/3', 'reply 1/3', 'request 2/6', 'echo 2/6', 'reply 2/6'],
  ],
  [
    'the echo of a write that was not answered in time, and its late reply',
    [
      sent(0, READ),
      received(8, Buffer.concat([READ, REPLY])),
      sent(60, WRITE),
      received(68, WRITE),
      ended(99, 'timeout'),
      received(120, WRITE),
    ],
    ['request 1/3', 'echo 1/3', 'reply 1/3', 'request 2/6', 'echo 2/6', 'reply 2/6'],
  ],
  [
    'the reply to a write on an adapter whose successor has no echo',
    [
      sent(0, READ),
      received(8, READ),
      ended(50, 'timeout'),
      sent(60, READ),
      received(90, REPLY),
      ended(90),
      sent(100, WRITE),
      received(130, WRITE),
    ],
    ['request 1/3', 'echo 1/3', 'request 1/3', 'reply 1/3', 'request 2/6', 'reply 2/6'],
  ],
  [
    'the echo of a broadcast, which shows that the adapter echoes',
    [sent(0, BROADCAST), received(8, BROADCAST), sent(60, WRITE), received(68, WRITE), received(90, WRITE)],
    ['request 0/6', 'echo 0/6', 'request 2/6', 'echo 2/6', 'reply 2/6'],
  ],
  [
    'a second master and the unit that answers it',
    [received(0, OTHER_READ), received(40, OTHER_REPLY), sent(100, READ), received(130, REPLY)],
    ['request* 9/4', 'reply* 9/4', 'request 1/3', 'reply 1/3'],
  ],
  ['a second master in one delivery', [received(60, Buffer.concat([OTHER_READ, OTHER_REPLY]))], ['request* 9/4', 'reply* 9/4']],
  [
    'a write of a second master and its reply',
    [sent(0, READ), received(60, REPLY), received(120, WRITE), received(160, WRITE)],
    ['request 1/3', 'reply 1/3', 'request* 2/6', 'reply* 2/6'],
  ],
  [
    'a read from 0x0300 of a second master',
    [sent(0, READ), received(60, REPLY), received(120, READ_300), received(160, REPLY)],
    ['request 1/3', 'reply 1/3', 'request* 1/3', 'reply* 1/3'],
  ],
  ['a first frame that may be the reply to an earlier request', [received(5, WRITE), sent(60, READ)], ['request 2/6', 'request 1/3']],
  ['a broadcast has no reply', [sent(0, BROADCAST), received(60, OTHER_REPLY)], ['request 0/6', 'reply* 9/4']],
  [
    'a function that is not split further',
    [sent(0, sealed(1, 0x2b, 14, 1, 0)), received(30, sealed(1, 0x2b, 14, 1, 1, 0, 0))],
    ['request 1/43', 'frame 1/43'],
  ],
  ['a reply whose request was not observed', [received(5, REPLY), sent(20, READ)], ['reply 1/3', 'request 1/3']],
  ['input that was dropped', [{ kind: 'discarded', atMono: 5, bytes: REPLY, count: 9 }], ['reply 1/3']],
  [
    'a port that goes away in a reply',
    [sent(0, READ), received(30, REPLY.subarray(0, 4)), { kind: 'lost', atMono: 31 }],
    ['request 1/3', 'damaged 1/3'],
  ],
];

for (const [what, entries, frames] of CASES) t.test(`names ${what}`, async (t) => t.strictSame(named(framesOf(entries)), frames));

t.test('Modbus TCP is split by its header, other lines only by silence', async (t) => {
  const request = Buffer.from([0, 7, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2]);
  const reply = Buffer.from([0, 7, 0, 0, 0, 7, 1, 3, 4, 0, 10, 0, 20]);
  const late = Buffer.from([0, 6, 0, 0, 0, 3, 1, 0x83, 2]);
  const both = Buffer.concat([late, reply]);
  t.strictSame(named(framesOf([sent(0, request), received(9, both.subarray(0, 12)), received(10, both.subarray(12))], 'tcp', null)), [
    'request 1/3',
    'exception* 1/3',
    'reply 1/3',
  ]);
  t.strictSame(named(framesOf([received(1, Buffer.from('HTTP/1.1 400 Bad Request'))], 'tcp', null)), ['noise -/-']);
  const raw = framesOf([received(0, Buffer.alloc(70, 1)), received(9, Buffer.alloc(3, 2)), received(200, Buffer.alloc(2, 3))], 'raw');
  t.strictSame(
    raw.map(({ kind, bytes }) => [kind, bytes.length]),
    [
      ['raw', 64],
      ['raw', 9],
      ['raw', 2],
    ],
  );
});

t.test('a line behind a serial server is split by a longer silence than one at an adapter', async (t) => {
  const lengths = (port: string): number[] => {
    const frames: WireFrame[] = [];
    const line = sniffedLineOf({ kind: 'modbus', port, serial: SERIAL });
    const splitter = createFrameSplitter({ ...line, onFrame: (frame) => void frames.push(frame) });
    splitter.add(received(0, Buffer.from([1, 2, 3])));
    splitter.add(received(50, Buffer.from([4, 5])));
    splitter.flush(90);
    splitter.add(received(200, Buffer.from([6])));
    splitter.end();
    return frames.map(({ bytes }) => bytes.length);
  };
  t.strictSame(lengths('/dev/ttyUSB0'), [3, 2, 1]);
  t.strictSame(lengths('rtu+tcp://10.0.0.9:4001'), [5, 1]);
});

t.test('a gap is the silence between the last bit and the next first bit', async (t) => {
  // 8 characters from 100 to 108, then 12 ms of silence, 9 characters from 120 to 129, 21 ms of silence.
  const frames = framesOf([
    sent(100, READ),
    received(125, REPLY.subarray(0, 5)),
    received(129, REPLY.subarray(5)),
    ended(129),
    sent(150, READ),
  ]);
  t.strictSame(
    frames.map(({ atMono, gapMs }) => [atMono, gapMs]),
    [
      [100, null],
      [129, 12],
      [150, 21],
    ],
  );
  const [, second, third] = framesOf([sent(0, READ), received(60, Buffer.concat([OTHER_READ, OTHER_REPLY]))]);
  t.strictSame([second?.gapMs, third?.gapMs], [60 - 15 - 8, 0], 'two frames in one delivery share its time');
});

t.test('however the bytes are cut, the frames and their bytes are the same', async () => {
  const whole = Buffer.concat([OTHER_READ, OTHER_REPLY, READ, REPLY, WRITE, WRITE]);
  const expected = ['request* 9/4', 'reply* 9/4', 'request* 1/3', 'reply* 1/3', 'request* 2/6', 'reply* 2/6'];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: whole.length - 1 }), { maxLength: 12 }), (cuts) => {
      const at = [0, ...new Set(cuts.toSorted((a, b) => a - b)), whole.length];
      const entries = at.slice(1).map((end, index) => received(end, whole.subarray(at[index] as number, end)));
      const frames = framesOf(entries);
      if (named(frames).join() !== expected.join()) throw new Error(named(frames).join());
      if (!Buffer.concat(frames.map(({ bytes }) => bytes)).equals(whole)) throw new Error('bytes lost');
    }),
  );
});

t.test('any bytes come out again, in order and complete', async () => {
  const chunk = fc.record({ afterMs: fc.integer({ min: 0, max: 60 }), bytes: fc.uint8Array({ minLength: 1, maxLength: 600 }) });
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 8 }), fc.constantFrom<WireProtocol>('rtu', 'tcp', 'raw'), (chunks, protocol) => {
      let atMono = 0;
      const entries = chunks.map(({ afterMs, bytes }) => {
        atMono += afterMs;
        return received(atMono, Buffer.from(bytes));
      });
      const all = Buffer.concat(chunks.map(({ bytes }) => bytes));
      if (!Buffer.concat(framesOf(entries, protocol).map(({ bytes }) => bytes)).equals(all)) throw new Error('bytes lost');
    }),
  );
});
