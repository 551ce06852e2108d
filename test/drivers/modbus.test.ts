import fc from 'fast-check';
import t from 'tap';
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import type { NameplateEntry, PointProfile, RegisterType } from '../../agent/core/profile.ts';
import { decodePoint, encodePoint, isPlausible } from '../../drivers/modbus/codec.ts';
import { crc16 } from '../../drivers/modbus/frames.ts';
import { LateReplies } from '../../drivers/modbus/late-replies.ts';
import { readFrames } from '../../drivers/modbus/modbus-functions.ts';
import { createModbusLine } from '../../drivers/modbus/modbus-line.ts';
import { nameplateText } from '../../drivers/modbus/nameplate-text.ts';
import { rawOf, WRITABLE_TYPES, widthOf, wordsOfRaw } from '../../drivers/modbus/register-types.ts';
import { matchReply } from '../../drivers/modbus/reply-matcher.ts';
import { charMs, gapMs, replyBytes, requestBytes } from '../../drivers/modbus/wire-time.ts';
import { crcBitwise, encodeReadReply, parseRequest, type SlaveRequest } from '../street/rtu-slave.ts';
import { createWire } from '../street/wire.ts';
import { SERIAL_8N2, testPoint, writable } from '../support/profiles.ts';

const point = (over: Partial<PointProfile>): PointProfile => testPoint('p', { table: 'holding', ...over });
const sealed = (...bytes: number[]): Buffer => {
  const crc = crcBitwise(Buffer.from(bytes));
  return Buffer.from([...bytes, crc & 0xff, crc >> 8]);
};
const ask = (unit: number, fc: number, address: number, count: number): Buffer =>
  sealed(unit, fc, address >> 8, address & 0xff, count >> 8, count & 0xff);

t.test('the checksum is the one of the standard', async (t) => {
  t.equal(crc16(Buffer.from('123456789')), 0x4b37, 'check value of CRC-16/MODBUS');
  fc.assert(fc.property(fc.uint8Array({ maxLength: 256 }), (bytes) => crc16(bytes) === crcBitwise(bytes)));
  t.equal(crc16(Buffer.from('xx123456789yy'), 2, 11), 0x4b37, 'of a part');
});

const decoded: [story: string, over: Partial<PointProfile>, words: number[], value: number | null][] = [
  ['a bit is 0', { type: 'bit' }, [0], 0],
  ['a bit is 1', { type: 'bit' }, [1], 1],
  ['u16 goes to 65535', {}, [0xffff], 65_535],
  ['s16 is signed', { type: 's16' }, [0xffd8], -40],
  ['u32, high word first', { type: 'u32' }, [1, 2], 65_538],
  ['u32, low word first', { type: 'u32', wordOrder: 'low-first' }, [2, 1], 65_538],
  ['s32 is signed', { type: 's32' }, [0xffff, 0xfffe], -2],
  ['s32, low word first', { type: 's32', wordOrder: 'low-first' }, [0xfffe, 0xffff], -2],
  ['f32 of the SDM630 manual', { type: 'f32', decimals: 1 }, [0x4366, 0x3334], 230.2],
  ['f32, low word first', { type: 'f32', wordOrder: 'low-first', decimals: 1 }, [0x3334, 0x4366], 230.2],
  ['f32 NaN is no value', { type: 'f32' }, [0x7fc0, 0], null],
  ['f32 infinity is no value', { type: 'f32' }, [0x7f80, 0], null],
  ['u64, high word first', { type: 'u64' }, [0, 1, 0, 0], 4_294_967_296],
  ['u64, low word first', { type: 'u64', wordOrder: 'low-first' }, [0, 0, 1, 0], 4_294_967_296],
  ['u64 at 2^53 - 1 is exact', { type: 'u64' }, [0x1f, 0xffff, 0xffff, 0xffff], Number.MAX_SAFE_INTEGER],
  ['u64 beyond 2^53 is no value rather than a wrong one', { type: 'u64' }, [0x20, 0, 0, 1], null],
  ['scale and offset, rounded to the decimals', { scale: 0.01, offset: -40, decimals: 1 }, [4_567], 5.7],
  ['no binary dust after the decimals', { scale: 0.1, decimals: 1 }, [3], 0.3],
  ['a sentinel is no value', { invalid: [0xffff] }, [0xffff], null],
  ['a sentinel stands as in the frame, whatever the sign', { type: 's16', invalid: [0x8000] }, [0x8000], null],
  ['a wide sentinel', { type: 'u32', invalid: [0xffff_ffff] }, [0xffff, 0xffff], null],
  ['a wide sentinel in the other order', { type: 's32', wordOrder: 'low-first', invalid: [0x8000_0000] }, [0, 0x8000], null],
  ['a sentinel of 64 bits', { type: 's64', invalid: ['0xffffffffffffffff'] }, [0xffff, 0xffff, 0xffff, 0xffff], null],
  ['and not its neighbour', { type: 's64', invalid: ['0xffffffffffffffff'] }, [0xffff, 0xffff, 0xffff, 0xfffe], -2],
  ['nor one a thousand below', { type: 's64', invalid: ['0xffffffffffffffff'] }, [0xffff, 0xffff, 0xffff, 0xfc00], -1_024],
  [
    'a sentinel of 64 bits in the other order',
    { type: 's64', wordOrder: 'low-first', invalid: ['0xfffffffffffffff0'] },
    [0xfff0, 0xffff, 0xffff, 0xffff],
    null,
  ],
  ['a sentinel of 64 bits that a number holds', { type: 'u64', invalid: [0xffff_ffff] }, [0, 0, 0xffff, 0xffff], null],
  ['a lit DALI lamp is never 0 %', { transform: 'dali-log', semantic: 'level' }, [1], 1],
  ['nor just below 0.5 %', { transform: 'dali-log', semantic: 'level' }, [61], 1],
  ['a dark DALI lamp is 0 %', { transform: 'dali-log', semantic: 'level' }, [0], 0],
  ['a level of a tenth of a percent is light', { semantic: 'level', scale: 0.1, decimals: 0 }, [1], 1],
  ['what is no level is rounded', { scale: 0.1, decimals: 0 }, [1], 0],
  ['a level with decimals says what it is', { semantic: 'level', scale: 0.1, decimals: 1 }, [1], 0.1],
  ['only the first words count', { type: 'u16' }, [7, 8, 9], 7],
  ['low byte first', { byteOrder: 'low-first' }, [0x3412], 0x1234],
  ['low byte first, high word first', { type: 'u32', byteOrder: 'low-first' }, [0x3412, 0x7856], 0x1234_5678],
  ['all bytes backwards', { type: 'u32', byteOrder: 'low-first', wordOrder: 'low-first' }, [0x7856, 0x3412], 0x1234_5678],
  ['a bit of a register with the low byte first', { byteOrder: 'low-first', bit: 0 }, [0x0100], 1],
  ['a sentinel is given with the high byte first', { byteOrder: 'low-first', invalid: [0x8000] }, [0x0080], null],
  ['f64', { type: 'f64', decimals: 2 }, [0x40c8, 0x1cd6, 0xe631, 0xf8a1], 12345.68],
  ['f64, low word first', { type: 'f64', wordOrder: 'low-first' }, [0, 0, 0, 0x3ff0], 1],
  ['f64 NaN is no value', { type: 'f64' }, [0x7ff8, 0, 0, 0], null],
  ['decimal digits', { type: 'bcd16' }, [0x1234], 1_234],
  ['eight decimal digits', { type: 'bcd32', scale: 0.01, decimals: 2 }, [0x0012, 0x3456], 1_234.56],
  ['what is no decimal digit is no value', { type: 'bcd16' }, [0x12a4], null],
  ['BCD of an erased memory is no value', { type: 'bcd32' }, [0xffff, 0xffff], null],
  ['the lowest bit of the higher of two registers of one byte', { type: 'b16', bit: 8 }, [0x01, 0x00], 1],
  ['the highest bit of the lower one', { type: 'b16', bit: 7 }, [0x00, 0x80], 1],
  ['several coils, the first is the lowest bit', { type: 'bits', coils: 4 }, [1, 0, 1, 0], 5],
  ['no coil beyond its own', { type: 'bits', coils: 3 }, [1, 0, 0, 1], 1],
];
for (const [story, over, words, value] of decoded) {
  t.test(`decode: ${story}`, async (t) => t.equal(decodePoint(point(over), words), value));
}

t.test('a value outside its range is not plausible', async (t) => {
  const ranged = point({ range: [0, 100] });
  t.same(
    [-1, 0, 100, 101].map((value) => isPlausible(ranged, value)),
    [false, true, true, false],
  );
  t.ok(isPlausible(point({}), 1e9), 'without a range everything is');
});

const percent = writable();
const encoded: [story: string, over: Partial<PointProfile>, value: number, words: number[] | RegExp][] = [
  ['as it is', { write: percent }, 60, [60]],
  ['scaled', { write: percent, scale: 0.5 }, 60, [120]],
  ['with an offset', { write: percent, offset: 10 }, 60, [50]],
  ['a small level does not go out by rounding', { write: percent, semantic: 'level', scale: 10 }, 4, [1]],
  ['but 0 is dark', { write: percent, semantic: 'level', scale: 10 }, 0, [0]],
  ['what is no level is rounded', { write: percent, scale: 10 }, 4, [0]],
  ['negative in two complements', { write: { ...percent, min: -100 }, type: 's16' }, -2, [0xfffe]],
  ['a coil', { write: { ...percent, max: 1 }, type: 'bit', table: 'coil' }, 1, [1]],
  ['above the limit', { write: percent }, 101, /outside 0\.\.100/],
  ['below the limit', { write: percent }, -1, /outside 0\.\.100/],
  ['not a number', { write: percent }, Number.NaN, /outside/],
  ['never wrapped around', { write: percent, scale: 0.001 }, 80, /does not fit into u16/],
  ['never negative in an unsigned register', { write: percent, offset: 50 }, 10, /does not fit into u16/],
  ['a point that only reads', {}, 1, /cannot be written/],
  ['a float', { write: percent, type: 'f32' }, 60, [0x4270, 0]],
  ['a float, low word first', { write: percent, type: 'f32', wordOrder: 'low-first' }, 60, [0, 0x4270]],
  ['a float, low byte first', { write: percent, type: 'f32', byteOrder: 'low-first' }, 60, [0x7042, 0]],
  ['a float with the decimals of its point', { write: percent, type: 'f32', decimals: 0 }, 59.7, [0x4270, 0]],
  ['a faint level is not rounded to dark', { write: percent, type: 'f32', semantic: 'level' }, 0.25, [0x3e80, 0]],
  ['no negative zero', { write: percent, type: 'f32', scale: -1 }, 0, [0, 0]],
  ['a float of 64 bits', { write: percent, type: 'f64' }, 1, [0x3ff0, 0, 0, 0]],
  ['32 bits', { write: { ...percent, max: 4e9 }, type: 'u32' }, 4e9, [0xee6b, 0x2800]],
  ['32 bits, low word first', { write: { ...percent, max: 4e9 }, type: 'u32', wordOrder: 'low-first' }, 4e9, [0x2800, 0xee6b]],
  ['32 bits with a sign', { write: { ...percent, min: -9 }, type: 's32' }, -2, [0xffff, 0xfffe]],
  ['32 bits are not exceeded', { write: { ...percent, max: 5e9 }, type: 'u32' }, 5e9, /does not fit into u32/],
  ['decimal digits', { write: { ...percent, max: 9999 }, type: 'bcd16' }, 1_234, [0x1234]],
  ['eight decimal digits', { write: { ...percent, max: 99_999_999 }, type: 'bcd32' }, 123_456, [0x0012, 0x3456]],
  ['no fifth digit', { write: { ...percent, max: 99_999 }, type: 'bcd16' }, 10_000, /does not fit into bcd16/],
  ['coils, the first is the lowest bit', { write: percent, type: 'bits', coils: 4, table: 'coil' }, 5, [1, 0, 1, 0]],
  ['no coil more than there are', { write: percent, type: 'bits', coils: 4, table: 'coil' }, 16, /does not fit into bits/],
  ['64 bits', { write: percent, type: 'u64' }, 1, /type u64 is not supported/],
];
for (const [story, over, value, words] of encoded) {
  t.test(`encode: ${story}`, async (t) => {
    if (words instanceof RegExp) t.match(encodePoint(point(over), value), { name: 'Refusal', message: words });
    else t.same(encodePoint(point(over), value), words);
  });
}

t.test('what is encoded decodes to the same value', async (t) => {
  const level = point({ write: percent, scale: 0.5 });
  fc.assert(fc.property(fc.integer({ min: 0, max: 100 }), (value) => decodePoint(level, encodePoint(level, value) as number[]) === value));
  t.pass('for all levels');
});

t.test('every value of every type that can be written reads back the same, in each order of words and bytes', async (t) => {
  const order = fc.constantFrom('high-first' as const, 'low-first' as const);
  const numbers: Partial<Record<RegisterType, fc.Arbitrary<number>>> = {
    bit: fc.nat(1),
    bits: fc.nat(2 ** 11 - 1),
    u16: fc.nat(0xffff),
    s16: fc.integer({ min: -0x8000, max: 0x7fff }),
    u32: fc.integer({ min: 0, max: 0xffff_ffff }),
    s32: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
    f32: fc.float({ noNaN: true, noDefaultInfinity: true }),
    f64: fc.double({ noNaN: true, noDefaultInfinity: true }),
    bcd16: fc.nat(9_999),
    bcd32: fc.nat(99_999_999),
  };
  // A text is written by its own codec, see text-codec.test.ts.
  t.same([...Object.keys(numbers), 'text'].sort(), WRITABLE_TYPES.toSorted());
  for (const [type, number] of Object.entries(numbers)) {
    fc.assert(
      fc.property(number, order, order, fc.array(fc.nat(0xffff), { maxLength: 3 }), (raw, wordOrder, byteOrder, behind) => {
        const layout = { type: type as RegisterType, coils: type === 'bits' ? 11 : 1, wordOrder, byteOrder };
        const words = wordsOfRaw(layout, raw) as number[];
        const isRegister = words.every((word) => Number.isInteger(word) && word >= 0 && word <= 0xffff);
        return isRegister && words.length === widthOf(layout) && rawOf(layout, [...words, ...behind]) === (raw === 0 ? 0 : raw) + 0;
      }),
      { numRuns: 300 },
    );
  }
});

t.test('registers that are a value are written the same, and those that are none never become a number', async () => {
  const layouts = fc.record({
    type: fc.constantFrom<RegisterType>('u16', 's16', 'u32', 's32', 'f32', 'f64', 'u64', 's64', 'bcd16', 'bcd32'),
    coils: fc.constant(1),
    wordOrder: fc.constantFrom('high-first' as const, 'low-first' as const),
    byteOrder: fc.constantFrom('high-first' as const, 'low-first' as const),
  });
  fc.assert(
    fc.property(layouts, fc.array(fc.nat(0xffff), { minLength: 4, maxLength: 4 }), (layout, words) => {
      const value = decodePoint(point({ ...layout, decimals: 6 }), words);
      const raw = rawOf(layout, words);
      if (raw === null || !Number.isFinite(raw)) return value === null;
      const again = wordsOfRaw(layout, raw);
      return again === null ? layout.type.endsWith('64') : `${again}` === `${words.slice(0, widthOf(layout))}`;
    }),
    { numRuns: 1_000 },
  );
});

const plate = (over: Partial<NameplateEntry>): NameplateEntry => ({
  id: 'serial',
  table: 'holding',
  address: 0,
  type: 'text',
  count: 1,
  perRegister: 2,
  wordOrder: 'high-first',
  byteOrder: 'high-first',
  ...over,
});
const plates: [story: string, over: Partial<NameplateEntry>, words: number[], text: string | null][] = [
  ['two characters in each register', { count: 3 }, [0x5742, 0x2d4c, 0x4544], 'WB-LED'],
  ['low byte first', { count: 2, byteOrder: 'low-first' }, [0x4257, 0x4c2d], 'WB-L'],
  ['one character in each register', { count: 3, perRegister: 1 }, [0x57, 0x42, 0x0033], 'WB3'],
  ['up to the first zero', { count: 3 }, [0x3132, 0x3300, 0x3939], '123'],
  ['without blanks around it', { count: 3 }, [0x2031, 0x3220, 0x2020], '12'],
  ['an empty text is none', { count: 2 }, [0, 0], null],
  ['nor is one of blanks', { count: 1 }, [0x2020], null],
  ['nor an erased memory', { count: 2 }, [0xffff, 0xffff], null],
  ['nor an escape sequence', { count: 2 }, [0x1b5b, 0x324a], null],
  ['a number', { type: 'u32' }, [1, 0x86a0], '100000'],
  ['a number, low word first', { type: 'u32', wordOrder: 'low-first' }, [0x86a0, 1], '100000'],
  ['a number of 64 bits to its last digit', { type: 'u64' }, [0xffff, 0xffff, 0xffff, 0xfffe], '18446744073709551614'],
  ['all bits set is no number', { type: 'u16' }, [0xffff], null],
];
for (const [story, over, words, text] of plates)
  t.test(`nameplate: ${story}`, async (t) => t.equal(nameplateText(plate(over), words), text));

t.test('a nameplate never has a character that could change a screen, whatever a device sends', async () => {
  const entries = fc.record({
    perRegister: fc.constantFrom(1 as const, 2 as const),
    byteOrder: fc.constantFrom('high-first' as const, 'low-first' as const),
  });
  fc.assert(
    fc.property(entries, fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 32 }), (over, words) => {
      const text = nameplateText(plate({ ...over, count: words.length }), words);
      return text === null || (/^[\x20-\x7e]+$/.test(text) && text.length <= 64 && text === text.trim());
    }),
    { numRuns: 1_000 },
  );
});

const serial = (baud: number, over: Partial<SerialSettings> = {}): SerialSettings => ({
  baud,
  parity: 'none',
  stopBits: 1,
  dataBits: 8,
  ...over,
});
// Source: reference table of Modbus timing, characters of 10 and 11 bits; silence of 3.5 characters of 11 bits, the standard's, or 1.75 ms.
const timing: [settings: SerialSettings, charMs: number, gapMs: number][] = [
  [serial(9_600), 1.042, 4.01],
  [serial(9_600, { stopBits: 2 }), 1.146, 4.01],
  [serial(9_600, { parity: 'even' }), 1.146, 4.01],
  [serial(19_200), 0.521, 2.005],
  [serial(19_200, { parity: 'odd' }), 0.573, 2.005],
  [serial(38_400), 0.26, 1.75],
  [serial(115_200, { stopBits: 2 }), 0.095, 1.75],
];
for (const [settings, oneCharMs, silenceMs] of timing) {
  t.test(`wire time at ${settings.baud} ${settings.parity} ${settings.stopBits}`, async (t) => {
    t.equal(Math.round(charMs(settings) * 1_000) / 1_000, oneCharMs);
    t.equal(Math.round(gapMs(settings) * 1_000) / 1_000, silenceMs);
  });
}

t.test('frames have the lengths of the standard', async (t) => {
  const read = { unit: 1, address: 0 } as const;
  t.equal(requestBytes({ ...read, table: 'holding', count: 10 }), 8);
  t.equal(replyBytes({ ...read, table: 'holding', count: 10 }), 25);
  t.equal(replyBytes({ ...read, table: 'input', count: 125 }), 255);
  t.equal(replyBytes({ ...read, table: 'coil', count: 8 }), 6);
  t.equal(replyBytes({ ...read, table: 'discrete', count: 9 }), 7);
  t.equal(requestBytes({ ...read, table: 'holding', values: [1] }), 8);
  t.equal(requestBytes({ ...read, table: 'holding', values: [1, 2] }), 13);
  t.equal(requestBytes({ ...read, table: 'coil', values: Array(9).fill(1) }), 11);
  t.equal(requestBytes({ ...read, table: 'holding', values: [1], multiple: true }), 11);
  t.equal(replyBytes({ ...read, table: 'holding', values: [1, 2] }), 8);
});

// ── reply matcher ────────────────────────────────────────────────────────────────────────────────────────────────────

const unit = fc.integer({ min: 1, max: 247 });
const fcode = fc.integer({ min: 1, max: 4 });
const count = fc.integer({ min: 1, max: 40 });
const data = (n: number): fc.Arbitrary<number[]> => fc.array(fc.integer({ min: 0, max: 255 }), { minLength: n, maxLength: n });
const question = fc.record({ unit, fcode, address: fc.nat(0xffff), count });
const sized = (fcode: number, count: number): number => (fcode <= 2 ? Math.ceil(count / 8) : 2 * count);
const exchange = question.chain((q) => {
  const n = sized(q.fcode, q.count);
  return fc.record({ q: fc.constant(q), request: fc.constant(ask(q.unit, q.fcode, q.address, q.count)), n: fc.constant(n), body: data(n) });
});
const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));

t.test('the reply is found, whole and alone, between any noise', async (t) => {
  fc.assert(
    fc.property(exchange, noise, noise, ({ q, request, n, body }, before, after) => {
      const reply = sealed(q.unit, q.fcode, n, ...body);
      const match = matchReply(request, reply.length, Buffer.concat([before, reply, after]));
      return match.kind === 'reply' && match.frame.equals(reply) && match.noiseBytes === before.length;
    }),
  );
  t.pass('for all replies and noise');
});

t.test('a reply split anywhere is matched at its last byte, not before', async (t) => {
  fc.assert(
    fc.property(exchange, noise, fc.nat(), ({ q, request, n, body }, before, cut) => {
      const reply = sealed(q.unit, q.fcode, n, ...body);
      const all = Buffer.concat([before, reply]);
      const early = matchReply(request, reply.length, all.subarray(0, cut % all.length));
      const late = matchReply(request, reply.length, all);
      return early.kind === 'more' && late.kind === 'reply' && late.frame.equals(reply);
    }),
  );
  t.pass('wherever it is cut');
});

t.test('a frame of another unit, function or length, or with a bad checksum, is never the reply', async (t) => {
  const spoilt = fc.constantFrom('unit', 'function', 'shorter', 'longer', 'checksum');
  fc.assert(
    fc.property(exchange, spoilt, noise, ({ q, request, n, body }, what, after) => {
      const frame = {
        unit: () => sealed((q.unit % 247) + 1, q.fcode, n, ...body),
        function: () => sealed(q.unit, (q.fcode % 4) + 1, n, ...body),
        shorter: () => sealed(q.unit, q.fcode, n - 1, ...body.slice(1)),
        longer: () => sealed(q.unit, q.fcode, n + 1, ...body, 0),
        checksum: () => Buffer.from(sealed(q.unit, q.fcode, n, ...body).map((byte, i, all) => (i === all.length - 1 ? byte ^ 0x55 : byte))),
      }[what]();
      return matchReply(request, n + 5, Buffer.concat([frame, after])).kind !== 'reply';
    }),
    { numRuns: 500 },
  );
  t.pass('for all of them');
});

t.test('a frame of the right length with a wrong byte count is not a reply', async (t) => {
  t.match(matchReply(ask(1, 3, 0, 2), 9, sealed(1, 3, 2, 0, 1, 0, 2)), { kind: 'foreign', end: 9 });
});

t.test('random bytes are never a reply', async (t) => {
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed >>> 24;
  };
  const request = ask(17, 3, 100, 4);
  let replies = 0;
  for (let i = 0; i < 1_000; i++) {
    const bytes = Buffer.from(Array.from({ length: 100 }, random));
    if (matchReply(request, 13, bytes).kind !== 'more') replies++;
  }
  t.equal(replies, 0, 'in 100,000 bytes');
});

const verdicts: [story: string, request: Buffer, expected: number, bytes: Buffer, kind: string, damaged?: boolean][] = [
  ['an exception is a reply', ask(1, 3, 0, 4), 13, sealed(1, 0x83, 2), 'reply'],
  [
    'an exception is found behind the beginning of a longer frame',
    ask(1, 3, 0, 4),
    13,
    Buffer.concat([Buffer.from([1, 3]), sealed(1, 0x83, 2)]),
    'reply',
  ],
  ['an exception to another function is not', ask(1, 3, 0, 4), 13, sealed(1, 0x84, 2), 'more', false],
  ['a write is answered by its own address and value', sealed(1, 6, 7, 0xd0, 0, 60), 8, sealed(1, 6, 7, 0xd0, 0, 60), 'reply'],
  ['an answer to another write is a stranger', sealed(1, 6, 7, 0xd0, 0, 60), 8, sealed(1, 6, 7, 0xd0, 0, 59), 'foreign'],
  ['the right shape with a wrong checksum is a damaged reply', ask(1, 3, 0, 1), 7, Buffer.from([1, 3, 2, 0, 9, 0, 0]), 'more', true],
  ['the late reply to a longer read is not a damaged one', ask(1, 3, 0, 1), 7, sealed(1, 3, 4, 0, 9, 0, 0), 'more', false],
  ['a truncated reply decides nothing', ask(1, 3, 0, 4), 13, sealed(1, 3, 8, 0, 1, 0, 2, 0, 3, 0, 4).subarray(0, 12), 'more', false],
  ['its own request echoed decides nothing', ask(1, 3, 0, 4), 13, ask(1, 3, 0, 4), 'more', false],
];
for (const [story, request, expected, bytes, kind, damaged] of verdicts) {
  t.test(`matcher: ${story}`, async (t) =>
    t.match(matchReply(request, expected, bytes), damaged === undefined ? { kind } : { kind, damaged }),
  );
}

t.test('a reply that was given up is waited for a second and remembered for a minute, by unit, function and length', async (t) => {
  const late = new LateReplies();
  const at = { sentMono: 900, nowMono: 1_000, isHeld: true };
  const reply = sealed(5, 3, 8, 0, 1, 0, 2, 0, 3, 0, 4);
  late.add(ask(5, 3, 100, 4), at);
  t.equal(late.heldUntilMono(5, 3, 4), 2_000, 'a reply from another address cannot be distinguished, so it waits too');
  t.equal(late.heldUntilMono(5, 3, 5), 0, 'a reply of another length can be distinguished');
  t.equal(late.owed(5, 3, 4, 60_899), 1);
  t.equal(late.take(sealed(5, 4, 8, 0, 1, 0, 2, 0, 3, 0, 4), { nowMono: 1_100, isNew: true }), false, 'another function');
  t.equal(late.take(sealed(6, 3, 8, 0, 1, 0, 2, 0, 3, 0, 4), { nowMono: 1_100, isNew: true }), false, 'another unit');
  t.equal(late.take(sealed(5, 3, 2, 0, 1), { nowMono: 1_100, isNew: true }), false, 'another length');
  t.equal(late.take(reply, { nowMono: 1_100, isNew: true }), true);
  t.equal(late.take(reply, { nowMono: 1_100, isNew: true }), false, 'only once');
  late.add(ask(5, 3, 100, 4), at);
  t.equal(late.take(reply, { nowMono: 1_100, isNew: false }), true);
  t.equal(late.owed(5, 3, 4, 1_100), 2, 'a reply that was on the line before may be a duplicate: the debt stays, and a copy may follow');
  t.ok(late.owed(5, 3, 4, 61_000) > 0, 'and after its time, while a queue may hold it back');
  late.prove(ask(5, 3, 7, 2), 30_000);
  t.ok(late.owed(5, 3, 4, 60_899) > 0);
  t.equal(late.owed(5, 3, 4, 61_000), 0, 'no longer once the unit has answered something else in step');
});

t.test('a read is shown with the exact bytes on the wire', async (t) => {
  const clock = createManualClock(0);
  const sent: Buffer[] = [];
  const words = [1, 0, 1, 1, 0, 0, 0, 1, 1, 0x1234, 0xfedc];
  const wire = createWire((bytes) => {
    const reply = encodeReadReply(parseRequest(bytes) as SlaveRequest, words.slice(0, bytes.readUInt16BE(4)));
    sent.push(bytes, reply);
    clock.after(5, () => wire.end.write(reply));
  });
  const line = createModbusLine({ port: wire.port, serial: SERIAL_8N2, clock });
  await line.open();
  for (const [table, count] of [
    ['coil', 9],
    ['discrete', 1],
    ['holding', 11],
    ['input', 2],
  ] as const) {
    const request = { unit: 17, table, address: 0x0102, count };
    const pending = line.read(request, 200);
    await clock.advance(100);
    const { words: got } = await pending;
    const [ask, answer] = sent.splice(0).map((bytes) => bytes.toString('hex'));
    const { request: asked, response } = readFrames(request, got);
    t.strictSame(
      [asked, response].map((text) => text.replaceAll(' ', '').toLowerCase()),
      [ask, answer],
      table,
    );
  }
  t.match(readFrames({ unit: 1, table: 'holding', address: 0, count: 1 }, [40]), {
    request: '01 03 00 00 00 01 84 0A',
    response: '01 03 02 00 28 B8 5A',
  });
});
