import fc from 'fast-check';
import t from 'tap';
import { readPlacedYaml } from '../../agent/config/load/places.ts';
import type { UartDriver } from '../../agent/core/driver.ts';
import type { Profile } from '../../agent/core/profile.ts';
import { Refusal } from '../../agent/core/refusal.ts';
import { uartDriverFor } from '../../drivers/driver-for.ts';
import { exampleFlaws } from '../../drivers/profile-examples.ts';
import { readProfiles } from '../../drivers/registry.ts';
import { DFPLAYER, dfplayerFrame } from '../../drivers/uart/dfplayer.ts';
import { createRandom } from '../street/random.ts';

const profile = readProfiles([], readPlacedYaml).profiles.get('dfrobot-dfplayer-mini') as Profile;
const driver = (): UartDriver => uartDriverFor(profile);
const read = (from: UartDriver, bytes: Buffer): [string, number | null][] =>
  from.feed(bytes).map(({ quantity, value }) => [quantity, value]);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

t.test('the examples of the profile decode', async (t) => t.same(exampleFlaws(profile), []));

const reports: [story: string, command: number, parameter: number, values: [string, number | null][]][] = [
  ['playing from the card', 0x42, 0x0201, [['state', 1]]],
  ['paused', 0x42, 0x0202, [['state', 2]]],
  ['a state that the manual does not have', 0x42, 0x0203, [['state', null]]],
  ['half volume', 0x43, 15, [['volume', 50]]],
  ['a volume that no module has', 0x43, 31, [['volume', null]]],
  ['files', 0x48, 7, [['files', 7]]],
  ['the present track', 0x4c, 12, [['track', 12]]],
  [
    'a track has ended',
    0x3d,
    3,
    [
      ['state', 0],
      ['finished', 3],
    ],
  ],
  [
    'the card is pulled out',
    0x3b,
    2,
    [
      ['state', 0],
      ['files', 0],
    ],
  ],
  ['another medium is pulled out', 0x3b, 1, []],
  ['ready with its card', 0x3f, 2, [['state', 0]]],
  [
    'ready without a card',
    0x3f,
    0,
    [
      ['state', 0],
      ['files', 0],
    ],
  ],
  ['no such file', 0x40, 6, [['error', 2]]],
  ['busy', 0x40, 1, [['error', 1]]],
  ['a card that cannot be read', 0x40, 8, [['error', 3]]],
  ['an acknowledgement', 0x41, 0, []],
  ['a report that is unknown', 0x4a, 0, []],
];
for (const [story, command, parameter, values] of reports) {
  t.test(`report: ${story}`, async (t) => {
    const each = driver();
    t.same(read(each, dfplayerFrame(command, parameter, false)), values);
    t.equal(each.counters.frames, 1);
  });
}

t.test('no single wrong bit of a frame gives a value', async (t) => {
  for (const [, command, parameter] of reports) {
    const frame = dfplayerFrame(command, parameter, false);
    for (let bit = 0; bit < 8 * frame.length; bit++) {
      const damaged = Buffer.from(frame);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      t.same(read(driver(), Buffer.concat([damaged, Buffer.alloc(10)])), []);
    }
  }
});

t.test('however a stream is cut, and with noise between frames, each frame is read once', async (t) => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 12 }).map((noise) => ({ values: [] as [string, number | null][], bytes: Buffer.from(noise) })),
    fc.constantFrom(...reports).map(([, command, parameter, values]) => ({ values, bytes: dfplayerFrame(command, parameter, false) })),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1 }), (pieces, cuts) => {
      const stream = Buffer.concat(pieces.map(({ bytes }) => bytes));
      const cut = driver();
      const got: [string, number | null][] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const end = at + (cuts[i % cuts.length] ?? 1);
        got.push(...read(cut, stream.subarray(at, end)));
        at = end;
      }
      return JSON.stringify(got) === JSON.stringify(pieces.flatMap(({ values }) => values));
    }),
    { numRuns: 500, seed: 11 },
  );
  t.pass('held for all streams');
});

t.test('a million hostile bytes behind its own head give almost no frame, and are not kept', async (t) => {
  const random = createRandom(7);
  const each = driver();
  let values = 0;
  for (let fed = 0; fed < 1_000_000; fed += 20) {
    const bytes = Buffer.from(Array.from({ length: 20 }, () => Math.floor(256 * random())));
    Buffer.from([0x7e, 0xff, 0x06]).copy(bytes);
    values += each.feed(bytes).length;
  }
  const { frames, noiseBytes } = each.counters;
  t.ok(frames <= 1, `${frames} of 50,000 frames by chance, ${values} values`);
  t.ok(noiseBytes > 1_000_000 - 40);
});

const writes: [quantity: string, value: number, frame: string | null][] = [
  ['track', 1, '7eff060301000' + '1fef6ef'],
  ['track', 2_999, hex(dfplayerFrame(0x03, 2_999))],
  ['track', 0, null],
  ['track', 3_000, null],
  ['track', 1.5, null],
  ['file', 2_005, hex(dfplayerFrame(0x0f, 0x0205))],
  ['file', 99_255, hex(dfplayerFrame(0x0f, 0x63ff))],
  ['file', 5, null],
  ['file', 2_256, null],
  ['file', 100_001, null],
  ['volume', 0, hex(dfplayerFrame(0x06, 0))],
  ['volume', 50, '7eff06060100' + '0ffee5ef'],
  ['volume', 100, hex(dfplayerFrame(0x06, 30))],
  ['volume', 101, null],
  ['volume', Number.NaN, null],
  ['state', 0, hex(dfplayerFrame(0x16, 0))],
  ['state', 1, hex(dfplayerFrame(0x0d, 0))],
  ['state', 2, hex(dfplayerFrame(0x0e, 0))],
  ['state', 3, null],
  ['files', 1, null],
];
for (const [quantity, value, frame] of writes) {
  t.test(`write: ${quantity} ${value} ${frame === null ? 'is refused' : 'is sent'}`, async (t) => {
    const request = driver().encode?.(quantity, value);
    t.equal(request === undefined || request instanceof Refusal ? null : hex(request.bytes), frame);
  });
}

t.test('a volume is never set louder than requested, and reads back as what proves it', async (t) => {
  for (let pct = 0; pct <= 100; pct++) {
    const request = driver().encode?.('volume', pct);
    if (request === undefined || request instanceof Refusal) throw new Error('refused');
    const raw = Buffer.from(request.bytes).readUInt16BE(5);
    t.ok(raw * 100 <= pct * 30 && raw * 100 > pct * 30 - 100, `${pct} % is ${raw} of 30`);
    t.same(read(driver(), dfplayerFrame(0x43, raw, false)), [['volume', request.proof.value]]);
  }
});

t.test('the sum of a frame is that of the manual', async (t) => {
  t.equal(hex(dfplayerFrame(0x09, 4, false)), '7eff0609000004feeeef', 'the example of the manual with its sum corrected from FFDD');
  t.equal(DFPLAYER.maxFrameBytes, 10);
});
