import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readPlacedYaml } from '../../agent/config/places.ts';
import { ConfigError } from '../../agent/core/errors.ts';
import type { Profile } from '../../agent/core/profile.ts';
import { createModbusDriver } from '../../drivers/modbus/modbus-driver.ts';
import { loadProfile } from '../../drivers/profile-loader.ts';
import { modbusDriverFor, readProfiles, SHIPPED_PROFILES_DIR, uartDriverFor } from '../../drivers/registry.ts';
import { createRandom } from '../street/random.ts';
import { crcBitwise } from '../street/rtu-slave.ts';
import { sds011Frame } from '../street/units/sds011.ts';
import { VECTORS } from './vectors.ts';

const { profiles, problems } = readProfiles([], readPlacedYaml);
const profileOf = (id: string): Profile => profiles.get(id) as Profile;
const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

t.test('every shipped profile is sound', async (t) => {
  t.same(problems, [], SHIPPED_PROFILES_DIR);
  t.same([...profiles.keys()].sort(), [
    'eastron-sdm630',
    'nova-sds011',
    'waveshare-modbus-relay-d8',
    'wirenboard-wb-led',
    'wirenboard-wb-msw',
  ]);
});

for (const profile of profiles.values()) {
  t.test(`${profile.id}: its examples come out`, async (t) => {
    t.ok(profile.examples.length > 0);
    t.ok(profile.sources.length > 0);
    for (const { origin, request, response, expect } of profile.examples) {
      t.match(decode(profile, request, response), expect, `${origin}: ${response}`);
    }
  });
}

t.test('the frames known of the shipped devices decode as known', async (t) => {
  for (const { profile, request, response, expect } of VECTORS) {
    t.match(decode(profileOf(profile), request, response), expect, `${profile}: ${response}`);
  }
});

t.test('the commands known of the shipped devices are what we would send', async (t) => {
  const sent = (id: string, quantity: string, value: number) => modbusDriverFor(profileOf(id)).encode(quantity, value);
  t.same(sent('wirenboard-wb-led', 'level', 60), { table: 'holding', address: 2_000, values: [60] }, '01 06 07 D0 00 3C');
  t.same(sent('waveshare-modbus-relay-d8', 'relay_1', 1), { table: 'coil', address: 0, values: [1] }, '01 05 00 00 FF 00');
  t.throws(() => sent('wirenboard-wb-led', 'level', 101), RangeError);
  t.throws(() => sent('wirenboard-wb-led', 'temperature', 20), RangeError);
  t.throws(() => sent('wirenboard-wb-led', 'brightness', 20), RangeError);
  const setup = profileOf('wirenboard-wb-led').setup.map(({ address, value }) => `${address}=${value}`);
  for (const step of ['3000=rampUpMs', '8=failsafeTimeoutS', '648=3', '656=failsafeLevelPct']) t.ok(setup.includes(step), step);
});

t.test('only points that lie wholly inside a block come out of it', async (t) => {
  const driver = modbusDriverFor(profileOf('wirenboard-wb-msw'));
  t.same(
    driver.decode('input', 9, [0]).map(({ quantity }) => quantity),
    [],
    'half a value is none',
  );
  t.same(driver.decode('input', 3, [3_800, 640, 7_800, 0, 0, 0xffff, 0, 1_234]), [
    { quantity: 'sound', value: 38, plausible: true },
    { quantity: 'temperature', value: 6.4, plausible: true },
    { quantity: 'humidity', value: 78, plausible: true },
    { quantity: 'illuminance', value: 12.34, plausible: true },
  ]);
  t.same(driver.decode('holding', 3, [3_800]), [], 'another table');
  t.same(driver.decode('input', 5, [12_000]), [{ quantity: 'humidity', value: 120, plausible: false }]);
});

// ── broken profiles ──────────────────────────────────────────────────────────────────────────────────────────────────

const SOUND = `id: acme-lamp
vendor: Acme
model: Lamp
category: luminaire-driver
trust: B
sources:
  - Acme, manual of the lamp
serial: { baud: 9600 }
points:
  - { id: level, semantic: level, table: holding, address: 0, unit: "%", write: { min: 0, max: 100 } }
  - { id: power, semantic: power, table: input, address: 10, type: u32 }
examples:
  - origin: synthetic
    request: 01 03 00 00 00 01 84 0A
    response: 01 03 02 00 28 B8 5A
    expect: { level: 40 }
`;

const load = (text: string): Profile => loadProfile({ file: 'acme.yaml', text }, readPlacedYaml);

t.test('a short profile is complete: what it leaves out has a default', async (t) => {
  t.match(load(SOUND), {
    transport: 'modbus',
    quirks: { maxReadRegisters: 125, maxHole: 0, evenAlign: false, responseTimeoutMs: 300 },
    serial: { baud: 9_600, parity: 'none', stopBits: 1, dataBits: 8 },
    setup: [],
    points: [
      { type: 'u16', scale: 1, poll: 'normal', write: { settleMs: 50, tolerance: 0 } },
      { wordOrder: 'high-first', invalid: [], write: null },
    ],
  });
});

/** `mark` is the text in the broken file at which the first complaint points. */
const broken: [story: string, from: string, to: string, mark: string, message: RegExp][] = [
  ['overlapping registers', 'table: input, address: 10', 'table: holding, address: 0', '0, type: u32', /overlaps level \(holding 0\)/],
  [
    'a wide value that reaches into the next',
    'type: u32 }',
    'type: u32 }\n  - { id: next, semantic: other, table: input, address: 11 }',
    '11 }',
    /overlaps power \(input 10\)/,
  ],
  [
    'a wide value that lies over a later one',
    'type: u32 }',
    'type: u16 }\n  - { id: next, semantic: other, table: input, address: 9, type: u32 }',
    '9, type',
    /overlaps power \(input 10\)/,
  ],
  ['an unknown type', 'u32', 'u48', 'u48', /u16.*s16/],
  ['no source', 'sources:\n  - Acme, manual of the lamp', 'sources: []', '[]', /where the registers are known from/],
  ['sources missing altogether', 'sources:\n  - Acme, manual of the lamp\n', '', 'id: acme', /expected array/],
  ['an example that does not come out', 'level: 40', 'level: 41', '41', /expected 41, but it decodes to 40/],
  ['an example of a point that is not in it', 'level: 40', 'power: 40', '40 }', /not among the registers/],
  ['an example with a wrong checksum', '28 B8 5A', '28 B8 5B', 'origin', /wrong checksum in 01030200/],
  [
    'an example that answers another length',
    '01 03 02 00 28 B8 5A',
    hexOf(1, 3, 4, 0, 40, 0, 0),
    'origin',
    /does not fit the request: 2 bytes/,
  ],
  ['an example of another unit', '01 03 02 00 28 B8 5A', hexOf(2, 3, 2, 0, 40), 'origin', /does not fit the request/],
  ['an example too short for a frame', '01 03 02 00 28 B8 5A', '"01"', 'origin', /01 is too short/],
  ['an example without its request', '    request: 01 03 00 00 00 01 84 0A\n', '', 'origin', /needs its request/],
  ['an example that is not hex', '01 03 02 00 28 B8 5A', '01 0x03', '01 0x03', /bytes in hex/],
  ['no example', SOUND.slice(SOUND.indexOf('examples:')), 'examples: []\n', '[]', /at least one exchange/],
  ['an unknown key', 'address: 10', 'adress: 10', 'adress', /unknown key "adress"/],
  ['an unknown key at the top', 'vendor: Acme', 'vendor: Acme\ncolour: red', 'colour', /unknown key "colour"/],
  ['a write to an input table', 'table: holding', 'table: input', '{ min', /table input cannot be written/],
  ['a write of a float', 'address: 0,', 'address: 0, type: f32,', 'f32', /type f32 cannot be written, only bit, u16, s16/],
  ['write limits the wrong way round', 'min: 0, max: 100', 'min: 100, max: 0', '{ min', /min is above max/],
  ['write limits beyond the register', 'max: 100', 'max: 70000', '70000', /70000 does not fit into u16/],
  ['a bit in a register', 'u32', 'bit', 'bit', /holds registers, found type bit/],
  ['a number in a coil', 'table: holding', 'table: coil', '{ id: level', /holds bits, found type u16/],
  ['a point twice', 'id: power', 'id: level', 'level, semantic: power', /"level" stands twice/],
  ['a range the wrong way round', 'type: u32', 'type: u32, range: [10, 0]', '[10, 0]', /must be the smaller/],
  ['a scale of nothing', 'type: u32', 'type: u32, scale: 0.0', '0.0', /scale of 0/],
  ['an address beyond the table', 'address: 10', 'address: 65536', '65536', /65535/],
  ['a codec on a Modbus device', 'trust: B', 'trust: B\ncodec: sds011', 'sds011', /only a uart device/],
  ['a codec nobody knows', 'trust: B', 'trust: B\ntransport: uart\ncodec: sds012', 'sds012', /found sds012; the codecs are sds011/],
  ['not YAML', 'serial: {', 'serial: {{', 'points', /not YAML/],
];
for (const [story, from, to, mark, message] of broken) {
  t.test(`refused with its place: ${story}`, async (t) => {
    t.ok(SOUND.includes(from), 'the mistake is in');
    const text = SOUND.replace(from, to);
    const [before] = text.split(mark);
    const lines = (before as string).split('\n');
    try {
      load(text);
      t.fail('it was taken');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const [first] = error.problems;
      t.match(first?.message, message);
      t.match(first, { file: 'acme.yaml', line: lines.length, column: (lines.at(-1) as string).length + 1 }, error.message);
    }
  });
}

t.test('all mistakes are told at once, with paths as people say them', async (t) => {
  const text = SOUND.replace('type: u32', 'type: u48').replace('max: 100', 'max: many').replace('trust: B', 'trust: Z');
  t.throws(() => load(text), /acme\.yaml:5:8: trust: .*\n.*points\[0\]\.write\.max: .*\n.*points\[1\]\.type: /);
});

t.test('a folder of its own adds profiles, corrects shipped ones, and a broken file hurts no other', async (t) => {
  const dir = t.testdir({});
  const extra = join(dir, 'profiles');
  mkdirSync(extra);
  writeFileSync(join(extra, 'acme.yaml'), SOUND);
  writeFileSync(join(extra, 'broken.yaml'), SOUND.replace('level: 40', 'level: 41'));
  writeFileSync(join(extra, 'led.yaml'), SOUND.replace('acme-lamp', 'wirenboard-wb-led'));
  writeFileSync(join(extra, 'readme.txt'), 'not a profile');
  const read = readProfiles([extra, join(dir, 'missing')], readPlacedYaml);
  t.equal(read.profiles.size, profiles.size + 1);
  t.equal(read.profiles.get('acme-lamp')?.vendor, 'Acme');
  t.equal(read.profiles.get('wirenboard-wb-led')?.vendor, 'Acme', 'the later one counts');
  t.match(read.problems, [{ file: join(extra, 'broken.yaml'), line: 16, path: 'examples[0].expect.level' }]);
});

t.test('a profile of the wrong transport is not made into a driver', async (t) => {
  t.throws(() => modbusDriverFor(profileOf('nova-sds011')), TypeError);
  t.throws(() => uartDriverFor(profileOf('wirenboard-wb-led')), TypeError);
});

// ── SDS011 ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const sds = () => uartDriverFor(profileOf('nova-sds011'));
const numbers = (values: readonly { value: number | null }[]) => values.map(({ value }) => value);

t.test('the SDS011 is understood byte by byte, in any pieces', async (t) => {
  const stream = Buffer.concat([sds011Frame(4.2, 9.9), sds011Frame(0.6, 0.6), sds011Frame(999.9, 1_999.9)]);
  for (const size of [1, 2, 3, 7, 10, 11, 30]) {
    const driver = sds();
    const values: (number | null)[] = [];
    for (let at = 0; at < stream.length; at += size) values.push(...numbers(driver.feed(stream.subarray(at, at + size))));
    t.same(values, [4.2, 9.9, 0.6, 0.6, 999.9, 1_999.9], `in pieces of ${size}`);
    t.same(driver.counters, { frames: 3, noiseBytes: 0 });
  }
});

t.test('the SDS011 codec passes over noise, truncated and damaged frames, and counts them', async (t) => {
  const whole = sds011Frame(4.2, 9.9);
  const damaged = Buffer.from(whole);
  damaged[4] = (damaged[4] as number) ^ 1;
  const wrongTail = Buffer.from(whole);
  wrongTail[9] = 0xac;
  const cases: [string, Buffer][] = [
    ['noise', Buffer.from([0, 0xaa, 0xff])],
    ['half a head', Buffer.from([0xaa])],
    ['a truncated frame', whole.subarray(0, 7)],
    ['a damaged frame', damaged],
    ['a wrong tail', wrongTail],
    ['a reply to a setting, not a measurement', Buffer.from('AAC50201010058D935AB', 'hex')],
  ];
  for (const [story, before] of cases) {
    const driver = sds();
    t.same(numbers(driver.feed(Buffer.concat([before, whole]))), [4.2, 9.9], story);
    t.same(driver.counters, { frames: 1, noiseBytes: before.length }, story);
  }
});

t.test('an SDS011 that has drawn no air yet has no value, and an impossible one is not plausible', async (t) => {
  t.match(sds().feed(sds011Frame(0, 0)), [
    { value: null, plausible: false },
    { value: null, plausible: false },
  ]);
  t.match(sds().feed(sds011Frame(1_200, 3_000)), [{ plausible: false }, { plausible: false }]);
});

t.test('100,000 random bytes yield no value, and the next frame is understood', async (t) => {
  const random = createRandom(11);
  const driver = sds();
  const values: unknown[] = [];
  for (let fed = 0; fed < 100_000; ) {
    const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(40 * random()) }, () => Math.floor(256 * random())));
    if (random() < 0.3) bytes.set([0xaa, 0xc0].slice(0, bytes.length));
    fed += bytes.length;
    values.push(...driver.feed(bytes));
  }
  t.same(values, []);
  driver.feed(Buffer.alloc(10));
  t.same(numbers(driver.feed(sds011Frame(5, 6))), [5, 6]);
});

function hexOf(...bytes: number[]): string {
  const crc = crcBitwise(Buffer.from(bytes));
  return Buffer.from([...bytes, crc & 0xff, crc >> 8]).toString('hex');
}

/** What a profile makes of one exchange, frames taken apart here by hand. */
function decode(profile: Profile, request: string | null, response: string): Record<string, number | null> {
  const answer = bytesOf(response);
  if (profile.transport === 'uart') return named(uartDriverFor(profile).feed(answer));
  const ask = bytesOf(request as string);
  for (const frame of [ask, answer]) t.equal(crcBitwise(frame), 0, `checksum of ${frame.toString('hex')}`);
  const fc = ask[1] as number;
  if (fc > 4) return {};
  const [address, count] = [ask.readUInt16BE(2), ask.readUInt16BE(4)];
  const words = Array.from({ length: count }, (_, i) =>
    fc <= 2 ? ((answer[3 + (i >> 3)] as number) >> (i & 7)) & 1 : answer.readUInt16BE(3 + 2 * i),
  );
  const table = (['coil', 'discrete', 'holding', 'input'] as const)[fc - 1] as 'coil';
  return named(createModbusDriver(profile).decode(table, address, words));
}

function named(values: readonly { readonly quantity: string; readonly value: number | null }[]): Record<string, number | null> {
  return Object.fromEntries(values.map(({ quantity, value }) => [quantity, value]));
}
