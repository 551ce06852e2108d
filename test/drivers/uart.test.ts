import fc from 'fast-check';
import t from 'tap';
import { readPlacedYaml } from '../../agent/config/load/places.ts';
import type { DecodedValue, UartDriver } from '../../agent/core/driver.ts';
import type { Profile } from '../../agent/core/profile.ts';
import { uartDriverFor } from '../../drivers/driver-for.ts';
import { readProfiles } from '../../drivers/registry.ts';
import type { FrameCodec } from '../../drivers/uart/frame-codec.ts';
import { UART_CODECS } from '../../drivers/uart/uart-codecs.ts';
import { createRandom } from '../street/random.ts';
import { floats, shdlcFrame } from '../street/units/sps30.ts';
import { UART_VECTORS } from './uart-vectors.ts';

const { profiles } = readProfiles([], readPlacedYaml);
/** A device whose values need several frames has tests of its own. */
const shipped = [...profiles.values()].filter(
  ({ transport, codec }) => transport === 'uart' && UART_CODECS.get(codec ?? '')?.collector === undefined,
);
const driverOf = (id: string): UartDriver => uartDriverFor(profiles.get(id) as Profile);
const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const framesOf = (id: string): Buffer[] => UART_VECTORS.filter(({ profile }) => profile === id).map(({ frame }) => frame);
const headOf = (id: string): Buffer => (framesOf(id)[0] as Buffer).subarray(0, 5);

/** Values by frame, as readings would tell them. */
function read(driver: UartDriver, bytes: Uint8Array): Record<string, number | null>[] {
  const values = driver.feed(bytes);
  const { length } = driver.profile.points;
  return Array.from({ length: values.length / length }, (_, i) => named(values.slice(i * length, (i + 1) * length)));
}
function named(values: readonly DecodedValue[]): Record<string, number | null> {
  return Object.fromEntries(values.map(({ quantity, value }) => [quantity, value]));
}
const alone = (id: string, frame: Buffer): Record<string, number | null> | undefined => read(driverOf(id), frame)[0];

t.test('every known frame of a shipped device is an example of its profile, and each codec has a profile', async (t) => {
  for (const { profile, frame } of UART_VECTORS) {
    const responses = profiles.get(profile)?.examples.map(({ response }) => bytesOf(response)) ?? [];
    t.ok(
      responses.some((response) => response.equals(frame)),
      `${profile}: ${frame.toString('hex')}`,
    );
  }
  const codecs = [...profiles.values()].flatMap(({ codec }) => codec ?? []);
  t.same(new Set(codecs), new Set(UART_CODECS.keys()));
});

for (const { profile: id, origin, frame } of UART_VECTORS) {
  t.test(`${id}, ${origin}: one frame in any shape it may arrive`, async (t) => {
    const wanted = alone(id, frame);
    t.ok(wanted, 'in one piece');
    const byByte = driverOf(id);
    t.same(
      [...frame].flatMap((byte) => read(byByte, Uint8Array.of(byte))),
      [wanted],
      'byte by byte',
    );
    t.same(byByte.counters, { frames: 1, noiseBytes: 0 });
    const noise = Buffer.from([0, 0xff, 0x7d, 0x20, 0xc0, 0x0a]);
    const noisy = driverOf(id);
    t.same(read(noisy, Buffer.concat([noise, frame])), [wanted], 'behind noise');
    t.same(noisy.counters, { frames: 1, noiseBytes: noise.length });
    t.same(read(driverOf(id), Buffer.concat([headOf(id), frame])), [wanted], 'behind half a head');
    for (const other of framesOf(id)) {
      const glued = driverOf(id);
      t.same(read(glued, Buffer.concat([other, frame])), [alone(id, other), wanted], 'glued to another');
      t.same(glued.counters, { frames: 2, noiseBytes: 0 });
      for (let length = 1; length < other.length; length++) {
        const got = read(driverOf(id), Buffer.concat([other.subarray(0, length), frame]));
        // An answer that has lost nothing but its closing flag is whole: the next one's opening flag closes it.
        const isWhole = id === 'sensirion-sps30' && length === other.length - 1;
        t.same(got, isWhole ? [alone(id, other), wanted] : [wanted], `behind ${length} bytes of ${other.toString('hex')}`);
      }
    }
  });
}

t.test('however a stream is cut, the result is the same, and noise between frames costs none', async (t) => {
  for (const { id } of shipped) {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 12 }).map((noise) => ({ isFrame: false, bytes: Buffer.from(noise) })),
      fc.constantFrom(...framesOf(id)).map((bytes) => ({ isFrame: true, bytes })),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (pieces, cuts) => {
        const stream = Buffer.concat(pieces.map(({ bytes }) => bytes));
        const cut = driverOf(id);
        const got: Record<string, number | null>[] = [];
        let at = 0;
        for (let i = 0; at < stream.length; i++) {
          const end = at + (cuts[i % cuts.length] as number);
          got.push(...read(cut, stream.subarray(at, end)));
          at = end;
        }
        const wanted = pieces.filter(({ isFrame }) => isFrame).map(({ bytes }) => alone(id, bytes));
        return JSON.stringify(got) === JSON.stringify(wanted);
      }),
      { numRuns: 300, seed: 7 },
    );
  }
  t.pass('held for all generated streams');
});

for (const id of ['nova-sds011', 'plantower-pms5003', 'sensirion-sps30']) {
  t.test(`${id}: no single wrong bit changes a value`, async (t) => {
    for (const frame of framesOf(id)) {
      const wanted = alone(id, frame);
      for (let bit = 0; bit < 8 * frame.length; bit++) {
        const damaged = Buffer.from(frame);
        damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        for (const got of read(driverOf(id), damaged)) t.same(got, wanted, `bit ${bit} of ${frame.toString('hex')}`);
      }
    }
  });
}

const CHECKSUM_CODECS = ['sds011', 'pms5003', 'sps30'];

for (const { id, codec } of shipped) {
  t.test(
    `${id}: a million random bytes yield no value and are not kept, and as many behind its own head none but by checksum`,
    async (t) => {
      const random = createRandom(2_026);
      const maxBytes = (UART_CODECS.get(codec ?? '') as FrameCodec).maxFrameBytes;
      for (const withHead of [false, true]) {
        const driver = driverOf(id);
        let fed = 0;
        let values = 0;
        let mostKept = 0;
        while (fed < 1_000_000) {
          const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(60 * random()) }, () => Math.floor(256 * random())));
          if (withHead) headOf(id).copy(bytes);
          fed += bytes.length;
          values += driver.feed(bytes).length;
          if (driver.counters.frames === 0) mostKept = Math.max(mostKept, fed - driver.counters.noiseBytes);
        }
        // 33,000 heads, and one in 65,536 has the right checksum and end by chance: no more than a few.
        const byChance = withHead && CHECKSUM_CODECS.includes(codec ?? '') ? 4 : 0;
        t.ok(driver.counters.frames <= byChance, `${driver.counters.frames} frames`);
        t.ok(values <= byChance * driver.profile.points.length, `${values} values`);
        t.ok(mostKept <= maxBytes, `${mostKept} bytes kept, ${maxBytes} allowed`);
        driver.feed(Buffer.alloc(maxBytes));
        const [frame] = framesOf(id) as [Buffer];
        t.same(read(driver, frame), [alone(id, frame)], 'the next frame is understood');
      }
    },
  );
}

// ── what each device means ───────────────────────────────────────────────────────────────────────────────────────────

t.test('the PMS5003 reports its own fault', async (t) => {
  const frame = Buffer.from(framesOf('plantower-pms5003')[0] as Buffer);
  frame[29] = 4;
  frame.writeUInt16BE(frame.readUInt16BE(30) + 4, 30);
  t.match(alone('plantower-pms5003', frame), { error_code: 4 });
});

t.test('the SPS30: acknowledgements, refusals and "no new sample" are valid and contain no value', async (t) => {
  const driver = driverOf('sensirion-sps30');
  const sample = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0.5];
  const quiet = [
    ...[shdlcFrame(0x11, 0), shdlcFrame(0, 0), shdlcFrame(3, 0x43), shdlcFrame(3, 0), shdlcFrame(3, 0, floats([1, 2]))],
    ...[shdlcFrame(0x80, 0, floats(sample)), shdlcFrame(3, 0x43, floats(sample))],
  ];
  t.same(driver.feed(Buffer.concat(quiet)), []);
  t.same(driver.counters, { frames: quiet.length, noiseBytes: 0 });
  t.match(read(driver, shdlcFrame(3, 0x80, floats(sample))), [{ pm1: 1, size_um: 0.5, fault: 1 }], 'it measures, and has a fault');
  t.match(driver.feed(shdlcFrame(3, 0, floats([Number.NaN, ...sample.slice(1)]))).slice(0, 2), [
    { value: null, plausible: false },
    { value: 2, plausible: true },
  ]);
  const foreign = shdlcFrame(3, 0, floats(sample));
  const sumAt = foreign.length - 2;
  foreign[1] = 1;
  foreign[sumAt] = (foreign[sumAt] as number) - 1;
  t.same(driver.feed(foreign), [], 'another address, its checksum right');
});

t.test('the SPS30 is woken, started and polled as its maker specifies', async (t) => {
  const { init, poll } = driverOf('sensirion-sps30');
  t.same(
    init.map((word) => Buffer.from(word).toString('hex')),
    ['ff7e007d3100ee7e', '7e0000020103f97e'],
  );
  t.equal(Buffer.from(poll?.bytes ?? []).toString('hex'), '7e000300fc7e');
  t.equal(poll?.everyMs, 1_000);
});

t.test('the LD2410 sends the same in engineering mode', async (t) => {
  const [basic] = framesOf('hilink-ld2410') as [Buffer];
  const gates = Buffer.from(Array.from({ length: 22 }, (_, i) => i));
  const body = Buffer.concat([Buffer.from([1]), basic.subarray(7, 17), gates, Buffer.from([0x55, 0])]);
  const frame = Buffer.concat([basic.subarray(0, 4), Buffer.from([body.length, 0]), body, basic.subarray(19)]);
  t.equal(frame.length, 45);
  t.same(alone('hilink-ld2410', frame), alone('hilink-ld2410', basic));
  for (const other of framesOf('hilink-ld2410')) {
    for (let length = 1; length < frame.length; length++) {
      const got = read(driverOf('hilink-ld2410'), Buffer.concat([frame.subarray(0, length), other]));
      t.same(got, [alone('hilink-ld2410', other)], `behind ${length} bytes of it, and never with its end for the other's`);
    }
  }
});

const bad2410: [story: string, at: number, byte: number][] = [
  ['another length', 4, 0x0e],
  ['the kind of the other length', 6, 1],
  ['no head', 7, 0xab],
  ['a state there is not', 8, 4],
  ['more than all energy', 11, 101],
  ['more than all energy, still', 14, 101],
  ['no tail', 17, 0x54],
  ['no end of the tail', 18, 1],
  ['no footer', 22, 0xf4],
];
for (const [story, at, byte] of bad2410) {
  t.test(`an LD2410 frame with ${story} is noise`, async (t) => {
    const frame = Buffer.from(framesOf('hilink-ld2410')[0] as Buffer);
    frame[at] = byte;
    t.same(driverOf('hilink-ld2410').feed(Buffer.concat([frame, Buffer.alloc(45)])), []);
  });
}

/** Shape: each target is angle, distance, direction, speed, signal. */
function vehicles(count: number, ...targets: number[][]): Buffer {
  const body = [count, 0, ...targets.flat()];
  return Buffer.from([0xf4, 0xf3, 0xf2, 0xf1, body.length, 0, ...body, 0xf8, 0xf7, 0xf6, 0xf5]);
}

const traffic: [story: string, frame: Buffer, values: object | null][] = [
  [
    'the nearest approaching target is reported',
    vehicles(3, [128, 5, 0, 90, 1], [128, 60, 1, 40, 1], [128, 30, 1, 50, 1]),
    { count: 3, speed: 50, distance: 30, direction: 1 },
  ],
  [
    'where none comes closer, the nearest',
    vehicles(2, [128, 50, 0, 30, 1], [128, 20, 0, 70, 1]),
    { count: 2, speed: 70, distance: 20, direction: 0 },
  ],
  ['an empty list is an empty road', vehicles(0), { count: 0, speed: null, distance: null, direction: null }],
  ['a count that does not fit the length is noise', vehicles(2, [128, 50, 0, 30, 1]), null],
  ['a direction there is not is noise', vehicles(1, [128, 50, 2, 30, 1]), null],
  ['a distance it cannot see is noise', vehicles(1, [128, 101, 1, 30, 1]), null],
  ['more vehicles than it can tell apart are noise', vehicles(17, ...Array.from({ length: 17 }, () => [128, 50, 1, 30, 1])), null],
  ['half a target is noise', vehicles(1, [128, 50]), null],
];
for (const [story, frame, values] of traffic) {
  t.test(`the LD2451: ${story}`, async (t) => t.same(alone('hilink-ld2451', frame), values ?? undefined));
}

t.test('an LD2451 frame that lost its end does not borrow the footer of the next', async (t) => {
  const empty = vehicles(0).subarray(0, 4);
  const stream = Buffer.concat([vehicles(1, [1, 2, 1, 4, 5]).subarray(0, 7), empty, Buffer.from([0, 0, 0xf8, 0xf7, 0xf6, 0xf5])]);
  t.match(read(driverOf('hilink-ld2451'), stream), [{ count: 0 }]);
});

const lines: [story: string, line: string, values: object | null][] = [
  ['outbound', '{"speed":-10,"direction":"outbound"}\r\n', { count: 1, speed: 36, direction: 0 }],
  ['no direction', '{"speed":10}\n', { count: 1, speed: 36, direction: null }],
  ['a direction it does not know', '{"speed":10,"direction":"constructor"}\n', { count: 1, speed: 36, direction: null }],
  ['standing still', '{"speed":0}\n', { count: 0, speed: null, direction: null }],
  ['no number', '{"speed":"fast"}\n', null],
  ['an answer to a command', '{"Product":"OPS243 Doppler"}\n', null],
  ['plain text', 'OPS243 0.58\r\n', null],
  ['broken JSON', '{"speed":0.58, "direction"\n', null],
  ['a line without an end', `{"speed":0.58,"x":"${'x'.repeat(300)}"}\n`, null],
];
for (const [story, line, values] of lines) {
  t.test(`the OPS243: ${story}`, async (t) => {
    const driver = driverOf('omnipresense-ops243');
    const after = '{"speed":20,"direction":"inbound"}\n';
    t.same(read(driver, Buffer.from(line + after)), [...(values === null ? [] : [values]), { count: 1, speed: 72, direction: 1 }]);
  });
}

t.test('radars that are silent on an empty road are declared so, and the others are never idle', async (t) => {
  for (const { id } of shipped) {
    const { idleMs, idleValues } = driverOf(id);
    const isSilent = ['hilink-ld2451', 'omnipresense-ops243'].includes(id);
    t.equal(idleMs, isSilent ? 1_500 : null, id);
    t.match(idleValues()[0], isSilent ? { quantity: 'count', value: 0, plausible: true } : undefined);
  }
});
