import fc from 'fast-check';
import t from 'tap';
import { readPlacedYaml } from '../../agent/config/load/places.ts';
import type { UartDriver } from '../../agent/core/driver.ts';
import type { Profile } from '../../agent/core/profile.ts';
import { uartDriverFor } from '../../drivers/driver-for.ts';
import { readProfiles } from '../../drivers/registry.ts';
import { UART_CODECS } from '../../drivers/uart/uart-codecs.ts';
import { createRandom } from '../street/random.ts';
import { type TicGroup, ticFrame, ticGroupText, withParity } from '../street/units/tic-frame.ts';

const { profiles } = readProfiles([], readPlacedYaml);
const driverOf = (): UartDriver => uartDriverFor(profiles.get('enedis-linky-tic') as Profile);
/** Time of one frame. Units: ms. */
const FRAME_MS = 1_500;

type Values = Record<string, number | null>;

/** Feeds frames one after the other, and returns the values of each. */
function fed(driver: UartDriver, frames: readonly Buffer[], startMs = 0): Values[] {
  return frames.map((frame, i) =>
    Object.fromEntries(driver.feed(frame, startMs + i * FRAME_MS).map(({ quantity, value }) => [quantity, value])),
  );
}
const last = (driver: UartDriver, frames: readonly Buffer[], startMs = 0): Values => fed(driver, frames, startMs).at(-1) ?? {};
const times = (count: number, frame: Buffer): Buffer[] => Array.from({ length: count }, () => frame);
const wh = (value: number): string => String(value).padStart(9, '0');

t.test('the checksum of both modes is that of the specification', async (t) => {
  // From the public captures.
  t.equal(ticGroupText('standard', ['PREF', '18']), 'PREF\t18\tH');
  t.equal(ticGroupText('standard', ['DATE', 'E210414082625', '']), 'DATE\tE210414082625\t\tA');
  t.equal(ticGroupText('historic', ['PAPP', '05800']), 'PAPP 05800 .');
  t.equal(ticGroupText('historic', ['ISOUSC', '30']), 'ISOUSC 30 9');
});

t.test('a frame of standard mode gives its points', async (t) => {
  const frame = ticFrame('standard', [
    ...[
      ['DATE', 'E260714220000', ''],
      ['EAST', wh(11_604_109)],
      ['EASF01', wh(2_741_488)],
      ['IRMS1', '012'],
      ['URMS1', '234'],
    ],
    ...[
      ['PREF', '18'],
      ['SINSTS', '16300'],
      ['STGE', '6A090483'],
      ['RELAIS', '129'],
      ['NTARF', '02'],
    ],
  ]);
  t.match(last(driverOf(), times(3, frame)), {
    ...{ clock: Date.UTC(2026, 6, 14, 20) / 1_000, energy: 11_604.109, index: 11_604.109, energy_t1: 2_741.488, index_t1: 2_741.488 },
    ...{ current_l1: 12, voltage_l1: 234, subscribed: 18, apparent: 16_300, load_state: 1, tariff: 2 },
    ...{ colour: 2, colour_tomorrow: 2, peak_notice: 2, peak: 1, cutoff: 1, relay_1: 1, relay_2: 0, relay_8: 1 },
  });
});

t.test('a frame of historic mode gives its points, and its total is the sum of the indexes of its option', async (t) => {
  const groups: TicGroup[] = [
    ['OPTARIF', 'BBR('],
    ['ISOUSC', '45'],
    ...['BBRHCJB', 'BBRHPJB', 'BBRHCJW', 'BBRHPJW', 'BBRHCJR', 'BBRHPJR'].map((label, i): TicGroup => [label, wh(1_000 * (i + 1))]),
    ['PTEC', 'HPJR'],
    ['DEMAIN', 'BLAN'],
    ['IINST', '041'],
    ['PAPP', '09100'],
  ];
  const driver = driverOf();
  t.match(last(driver, times(3, ticFrame('historic', groups))), {
    ...{ energy: 21, index: 21, energy_t1: 1, energy_t6: 6, subscribed: 9, load_state: 3, tariff: 6, colour: 3, colour_tomorrow: 2 },
    ...{ peak: 0, current_l1: 41, apparent: 9_100 },
  });
});

t.test('a total is given only once each of its indexes is confirmed', async (t) => {
  const part = ticFrame('historic', [
    ['OPTARIF', 'HC..'],
    ['HCHC', wh(1_000)],
  ]);
  const driver = driverOf();
  t.notOk('energy' in last(driver, times(5, part)), 'HCHP is missing');
  const whole = ticFrame('historic', [
    ['OPTARIF', 'HC..'],
    ['HCHC', wh(1_000)],
    ['HCHP', wh(2_000)],
  ]);
  t.match(last(driver, times(3, whole), 5 * FRAME_MS), { energy: 3 });
});

t.test('a total is never made of indexes of different frames', async (t) => {
  const driver = driverOf();
  const frame = (low: number, high: number): Buffer =>
    ticFrame('historic', [
      ['OPTARIF', 'HC..'],
      ['HCHC', wh(low)],
      ['HCHP', wh(high)],
    ]);
  const damaged = frame(1_003, 2_003);
  const at = damaged.indexOf(withParity('HCHP'));
  damaged[at] = 0xff;
  const totals = fed(driver, [frame(1_000, 2_000), frame(1_001, 2_001), frame(1_002, 2_002), damaged, frame(1_004, 2_004)]);
  t.same(
    totals.map(({ energy }) => energy),
    [undefined, undefined, 3.002, undefined, undefined],
  );
  t.equal(totals.at(-1)?.['energy_t1'], 1.003, 'the index itself is reported');
});

t.test('two frames that have lost the part between them do not make one total', async (t) => {
  const driver = driverOf();
  const frame = (n: number): Buffer =>
    ticFrame('historic', [
      ['OPTARIF', 'HC..'],
      ['HCHC', wh(1_000 + 3 * n)],
      ['HCHP', wh(2_000 + 3 * n)],
    ]);
  const cut = frame(3).indexOf(withParity('HCHP'));
  const damagedEnd = frame(3).fill(0xff, cut);
  const damagedStart = frame(4).fill(0xff, 0, cut - 1);
  const totals = fed(driver, [frame(0), frame(1), frame(2), damagedEnd, damagedStart, frame(5), frame(6)]).map(({ energy }) => energy);
  t.same(totals, [undefined, undefined, 3.006, undefined, 3.012, undefined, 3.03], 'each is the sum of one frame');
});

t.test('a peak notice of historic mode lasts over a damaged group and ends with it', async (t) => {
  const driver = driverOf();
  const quiet = ticFrame('historic', [['PTEC', 'HN..']]);
  const warned = ticFrame('historic', [
    ['PTEC', 'HN..'],
    ['PEJP', '30'],
  ]);
  t.match(last(driver, [warned]), { peak_notice: 1 });
  t.notOk('peak_notice' in last(driver, times(4, quiet)));
  t.match(last(driver, [quiet]), { peak_notice: 0 });
});

t.test('the state of the load has hysteresis', async (t) => {
  const driver = driverOf();
  const at = (va: number): Buffer =>
    ticFrame('standard', [
      ['PREF', '10'],
      ['SINSTS', String(va).padStart(5, '0')],
    ]);
  fed(driver, times(2, at(0)));
  const states = fed(driver, [8_900, 9_000, 8_600, 8_400, 10_100, 9_600, 9_400, 8_000].map(at)).map((values) => values['load_state']);
  t.same(states, [0, 1, 1, 0, 3, 3, 1, 0]);
});

t.test('a clock that is not exact has no value, and a time that does not exist is noise', async (t) => {
  t.match(last(driverOf(), [ticFrame('standard', [['DATE', 'h261128203015', '']])]), { clock: null });
  t.notOk('clock' in last(driverOf(), [ticFrame('standard', [['DATE', 'H261328203015', '']])]));
});

t.test('however a stream is cut, the result is the same', async (t) => {
  const frames = times(
    4,
    ticFrame('standard', [
      ['EAST', wh(5_000)],
      ['SINSTS', '00100'],
      ['PREF', '36'],
      ['NTARF', '01'],
    ]),
  );
  const stream = Buffer.concat(frames);
  const whole = last(driverOf(), [stream]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 30 }), (cuts) => {
      const driver = driverOf();
      const values: Values = {};
      for (let at = 0, i = 0; at < stream.length; i++) {
        const end = at + (cuts[i % cuts.length] as number);
        for (const { quantity, value } of driver.feed(stream.subarray(at, end), 0)) values[quantity] = value;
        at = end;
      }
      t.same(values, whole);
    }),
    { numRuns: 50, seed: 3 },
  );
});

t.test('every byte with wrong parity, and every single wrong bit, leaves the group out', async (t) => {
  const frame = ticFrame('standard', [['SINSTS', '01234']]);
  for (let bit = 0; bit < 8 * frame.length; bit++) {
    const damaged = Buffer.from(frame);
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    const value = last(driverOf(), [damaged])['apparent'];
    t.ok(value === undefined || value === 1_234, `bit ${bit}`);
  }
  const sevenBits = Buffer.from(frame.map((byte) => byte & 0x7f));
  t.same(driverOf().feed(sevenBits, 0), [], 'a stream without parity');
});

const foreign: [story: string, text: string][] = [
  ['an unknown label', ticGroupText('standard', ['EASX', wh(1)])],
  ['too few digits', ticGroupText('standard', ['EAST', '12345678'])],
  ['a letter among the digits', ticGroupText('standard', ['EAST', '00000O123'])],
  ['a group of historic mode in the form of standard mode', ticGroupText('standard', ['HCHC', wh(1)])],
  ['a group of standard mode in the form of historic mode', ticGroupText('historic', ['EAST', wh(1)])],
  ['a wrong checksum', 'PREF\t18\tI'],
  ['no separator', 'PREF18H'],
  ['a time that is missing', ticGroupText('standard', ['SMAXSN', '00100'])],
  ['no label', ticGroupText('standard', ['', wh(1)])],
];
for (const [story, text] of foreign) {
  t.test(`a group with ${story} is noise`, async (t) => {
    const driver = driverOf();
    t.same(driver.feed(withParity(`\x02\n${text}\r\x03`), 0), []);
    t.equal(driver.counters.frames, 0);
  });
}

t.test('a damaged end or beginning of a frame costs its own groups only', async (t) => {
  const [a, b] = ['00100', '00200'].map((va) =>
    ticFrame('standard', [
      ['SINSTS', va],
      ['NTARF', '01'],
    ]),
  );
  const driver = driverOf();
  const stream = Buffer.concat([(a as Buffer).subarray(0, -1), b as Buffer]);
  t.match(last(driver, [stream]), { apparent: 200 });
  t.match(last(driver, [(a as Buffer).subarray(1)]), { apparent: 100 }, 'without STX');
});

// ── energy ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const east = (value: number): Buffer =>
  ticFrame('standard', [
    ['PREF', '06'],
    ['EAST', wh(value)],
  ]);
const energies = (driver: UartDriver, values: readonly number[]): unknown[] => fed(driver, values.map(east)).map(({ index }) => index);

const series: [story: string, values: number[], emitted: unknown[]][] = [
  ['the first value counts after two more that agree', [1_000, 1_001, 1_002, 1_003], [undefined, undefined, 1.001, 1.002]],
  ['a value that falls is left out', [1_000, 1_000, 1_000, 900, 1_000, 1_000], [undefined, undefined, 1, undefined, undefined, 1]],
  [
    'a value that rises faster than the subscribed power is left out',
    [1_000, 1_000, 1_000, 1_100, 1_000, 1_000],
    [undefined, undefined, 1, undefined, undefined, 1],
  ],
  [
    'the value before a wrong one in the bound counts, not the wrong one',
    [1_000, 1_000, 1_000, 1_003, 1_000, 1_000],
    [undefined, undefined, 1, 1, undefined, 1],
  ],
  [
    'a replaced meter counts once five values agree',
    [1_000, 1_000, 1_000, 5, 5, 5, 6, 6, 6, 6],
    [undefined, undefined, 1, undefined, undefined, undefined, undefined, undefined, 0.006, 0.006],
  ],
];
for (const [story, values, emitted] of series) {
  t.test(story, async (t) => t.same(energies(driverOf(), values), emitted));
}

t.test(
  'however late frames are processed, up to half above the subscribed power, energy goes on and ends at the number of the meter',
  async (t) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 36 }),
        fc.double({ min: 0, max: 1.5, noNaN: true }),
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 8, maxLength: 20 }),
        (kva, share, batches) => {
          const driver = driverOf();
          let [frames, index] = [0, Number.NaN];
          const at = (n: number): number => 1_000_000 + Math.floor((share * 1_000 * kva * n * FRAME_MS) / 3_600_000);
          for (const batch of batches) {
            const bytes = Array.from({ length: batch }, (_, i) =>
              ticFrame('standard', [
                ['PREF', String(kva).padStart(2, '0')],
                ['EAST', wh(at(frames + i))],
              ]),
            );
            frames += batch;
            // All of them arrive with the last one.
            for (const { quantity, value } of driver.feed(Buffer.concat(bytes), frames * FRAME_MS))
              if (quantity === 'index') index = value ?? index;
          }
          return index === at(frames - 2) / 1_000;
        },
      ),
      { numRuns: 100, seed: 5 },
    );
    t.pass('held for all generated delays');
  },
);

t.test('values that are far apart in time do not confirm each other', async (t) => {
  const driver = driverOf();
  fed(driver, times(3, east(1_000)));
  t.notOk('index' in last(driver, [east(1_001)], 300_000));
  t.match(last(driver, [east(1_001)], 301_000), { index: 1.001 }, 'a longer silence is over with the next pair');
});

t.test('with twenty thousand corrupted bytes no energy value is wrong', async (t) => {
  for (const share of [0.005, 0.02, 0.05, 0.2]) {
    const random = createRandom(Math.round(share * 1_000));
    const driver = driverOf();
    let [corrupted, wrong, right, value] = [0, 0, 0, 1_000_000];
    const sent = new Set<number>();
    for (let i = 0; corrupted < 5_000 && i < 50_000; i++) {
      // Not every number is sent, so that a wrong one shows.
      value += 3;
      sent.add(value / 1_000);
      const frame = ticFrame('standard', [
        ['EAST', wh(value)],
        ['PREF', '09'],
        ['SINSTS', '02400'],
        ['STGE', '013A0501'],
      ]);
      for (let at = 0; at < frame.length; at++) {
        if (random() >= share) continue;
        frame[at] = Math.floor(256 * random());
        corrupted++;
      }
      for (const reading of driver.feed(frame, i * FRAME_MS)) {
        if (reading.quantity !== 'energy' || reading.value === null) continue;
        if (sent.has(reading.value)) right++;
        else wrong++;
      }
    }
    t.equal(wrong, 0, `${100 * share} % of the bytes`);
    t.ok(share > 0.05 || right > 100, `${right} right ones at ${100 * share} %`);
  }
});

t.test('a million random bytes yield no value and are not kept', async (t) => {
  const random = createRandom(2_026);
  const driver = driverOf();
  let [count, mostKept, fed] = [0, 0, 0];
  while (fed < 1_000_000) {
    const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(90 * random()) }, () => Math.floor(256 * random())));
    fed += bytes.length;
    count += driver.feed(bytes, fed).length;
    mostKept = Math.max(mostKept, fed - driver.counters.noiseBytes);
  }
  t.equal(count, 0);
  t.equal(driver.counters.frames, 0);
  t.ok(mostKept <= (UART_CODECS.get('tic')?.maxFrameBytes ?? 0), `${mostKept} bytes kept`);
});
