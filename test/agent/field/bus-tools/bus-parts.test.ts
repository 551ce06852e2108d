import fc from 'fast-check';
import t from 'tap';
import type { ReadRequest, Reply } from '../../../../agent/core/driver.ts';
import { BusError } from '../../../../agent/core/errors.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { IdentifyProbe } from '../../../../agent/core/profile.ts';
import { Refusal } from '../../../../agent/core/refusal.ts';
import { checkRead, checkRegisters, checkScan, checkWrite } from '../../../../agent/field/bus-tools/bus-bounds.ts';
import { identify } from '../../../../agent/field/bus-tools/bus-identify.ts';
import { isDone, nextRead, refused, walkFrom, walkOn } from '../../../../agent/field/bus-tools/bus-registers.ts';
import type { BusToolQueue } from '../../../../agent/field/bus-tools/bus-tool-queue.ts';
import { createBusWatch } from '../../../../agent/field/bus-tools/bus-watch.ts';
import { explains, quickPass, suspectsOf } from '../../../../agent/field/bus-tools/scan-pass.ts';
import { otherSettings, quickWaitMs, requestMs } from '../../../../agent/field/bus-tools/scan-settings.ts';
import { createSpreadMeter } from '../../../../agent/field/stats/meters.ts';
import { SERIAL_8N2, testProfile } from '../../../support/profiles.ts';

// ── registers ────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Device {
  readonly has: ReadonlySet<number>;
  readonly most: number;
  readonly pairsOnly: boolean;
}

/** What a walk finds, and with how many questions. */
function walkOver({ has, most, pairsOnly }: Device, to: number, cap = 16): { found: number[]; questions: number } {
  const found: number[] = [];
  let questions = 0;
  for (let walk = walkFrom(0, to, cap); !isDone(walk); questions++) {
    const { address, count } = nextRead(walk);
    const wanted = Array.from({ length: count }, (_, i) => address + i);
    const isAligned = !pairsOnly || (address % 2 === 0 && count % 2 === 0);
    const isAnswered = isAligned && count <= most && wanted.every((each) => has.has(each));
    if (isAnswered) found.push(...wanted);
    walk = isAnswered ? walkOn(walk, count) : refused(walk, count);
  }
  return { found, questions };
}

t.test('a walk finds exactly the registers of a unit, whatever it has and however it must be read', async (t) => {
  const device = fc.record({
    runs: fc.array(fc.record({ from: fc.integer({ min: 0, max: 60 }), pairs: fc.integer({ min: 1, max: 12 }) }), { maxLength: 5 }),
    most: fc.constantFrom(1, 2, 3, 10, 125),
    pairsOnly: fc.boolean(),
  });
  fc.assert(
    fc.property(device, ({ runs, most, pairsOnly }) => {
      const has = new Set(runs.flatMap(({ from, pairs }) => Array.from({ length: 2 * pairs }, (_, i) => 2 * from + i)));
      const { found, questions } = walkOver({ has, most: pairsOnly ? Math.max(2, most) : most, pairsOnly }, 199);
      return found.join() === [...has].toSorted((a, b) => a - b).join() && questions <= 2 * 200 + 40;
    }),
    { numRuns: 500 },
  );
  t.pass('held for all generated units');
});

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

const walkTable: [story: string, device: Device, most: number][] = [
  ['a unit with all of 200 registers takes 13', { has: new Set(range(0, 199)), most: 125, pairsOnly: false }, 13],
  [
    'one with two islands of 20 costs little more than the sea',
    { has: new Set([...range(40, 59), ...range(120, 139)]), most: 125, pairsOnly: false },
    270,
  ],
  ['one that answers singly is asked singly', { has: new Set(range(0, 199)), most: 1, pairsOnly: false }, 206],
  ['one that has pairs alone is asked in pairs', { has: new Set(range(0, 199)), most: 125, pairsOnly: true }, 13],
  ['one with a limit of its own is asked within it', { has: new Set(range(0, 199)), most: 10, pairsOnly: false }, 30],
];

for (const [story, device, most] of walkTable) {
  t.test(`registers: ${story}`, async (t) => {
    const { found, questions } = walkOver(device, 199);
    t.same(found, [...device.has]);
    t.ok(questions <= most, `${questions} questions of ${most}`);
  });
}

// ── scan ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('a quick look is as short as the known response times of the units allow', async (t) => {
  const serial = { ...SERIAL_8N2, baud: 9_600 };
  const oneCharMs = 11_000 / 9_600;
  const wait = (hiddenChars: number | null, latencyMs: number | null = null) => quickWaitMs(serial, { hiddenChars, latencyMs });
  t.ok(247 * (requestMs(serial) + wait(2)) < 6_000, 'bytes that are seen as they come');
  t.ok(247 * (8 * oneCharMs + 1 + wait(null)) < 7_200, 'and others, without the silence that the wait has already kept');
  t.ok(wait(2) >= 3.5 * oneCharMs + 5, 'silence and the pace of a normal unit');
  t.equal(wait(null), wait(7));
  t.ok(wait(7) >= (3.5 + 7 + 4) * oneCharMs, 'a whole short reply and what a UART waits for more');
  t.ok(Math.abs(wait(2, 16) - wait(2) - 16) < 0.001, 'an adapter that waits is waited for');
});

t.test('other speeds begin with those of the profiles and omit the present speed of the line', async (t) => {
  const odd = testProfile('odd', [], { serial: { baud: 1_200, parity: 'odd', stopBits: 1, dataBits: 8 } });
  const settings = otherSettings(SERIAL_8N2, [testProfile('usual', []), odd]).map(
    ({ baud, parity, stopBits }) => `${baud} ${parity} ${stopBits}`,
  );
  t.equal(settings[0], '1200 odd 1');
  t.notOk(settings.includes('19200 none 2'));
  t.ok(settings.includes('19200 even 1') && settings.includes('9600 none 2') && settings.includes('2400 even 1'));
  t.equal(settings.length, new Set(settings).size);
  t.equal(settings.length, 14);
});

t.test('stray bytes point to the last address read and to those before it, the nearest first', async (t) => {
  const probed = [1, 2, 3, 4].map((n) => ({ unit: n, atMono: n * 100 }));
  const suspects = suspectsOf(probed, { fromMono: 390, toMono: 510 });
  t.same(suspects, [
    { unit: 4, minMs: 0, maxMs: 110 },
    { unit: 3, minMs: 90, maxMs: 210 },
    { unit: 2, minMs: 190, maxMs: 310 },
    { unit: 1, minMs: 290, maxMs: 410 },
  ]);
  t.same(suspectsOf(probed, { fromMono: 450, toMono: 510 }).length, 3, 'what is too long ago is not suspected');
  const pace = (ms: number) => suspects.map((suspect) => explains(ms, suspect, 10));
  t.same(pace(150), [false, true, false, false]);
});

const probe = (over: Partial<IdentifyProbe>): IdentifyProbe => ({
  table: 'holding',
  address: 200,
  count: 4,
  oneOf: [],
  text: null,
  strength: 'strong',
  ...over,
});

t.test('an unknown unit is identified by its own name, and guessed only without one', async (t) => {
  const led = testProfile('led', [], { identify: [probe({ count: 8, text: 'WB-LED' })] });
  const meter = testProfile('meter', [], { identify: [probe({ address: 11, count: 1, oneOf: [[331], [332]] })] });
  const maybe = testProfile('maybe', [], {
    identify: [probe({ table: 'input', address: 0, count: 1, oneOf: [[7]], strength: 'plausible' })],
  });
  const text = [...'WB-LED\0\0'].map((c) => c.charCodeAt(0));
  const asked: string[] = [];
  const unitWith =
    (words: Readonly<Record<string, readonly number[]>>) =>
    async ({ table, address }: ReadRequest): Promise<Reply | BusError> => {
      asked.push(`${table}:${address}`);
      const found = words[`${table}:${address}`];
      return found === undefined
        ? new BusError('illegal-address', msg`no`)
        : { words: found, turnaroundMs: 5, firstByteMs: 5, askedMono: 0, atMono: 0 };
    };
  const profiles = [maybe, led, meter];
  t.same((await identify(9, profiles, unitWith({ 'holding:200': text, 'input:0': [7] }))).profiles, [{ id: 'led', strength: 'strong' }]);
  t.notOk(asked.includes('input:0'), 'no guess is needed then');
  t.same((await identify(9, profiles, unitWith({ 'holding:11': [332] }))).profiles, [{ id: 'meter', strength: 'strong' }]);
  t.same((await identify(9, profiles, unitWith({ 'holding:11': [330], 'input:0': [7] }))).profiles, [
    { id: 'maybe', strength: 'plausible' },
  ]);
  t.same(await identify(9, profiles, unitWith({})), { profiles: [], turnaroundsMs: [] });
  asked.length = 0;
  const many = range(1, 9).map((n) => testProfile(`p${n}`, [], { identify: [probe({ address: n, oneOf: [[1]] })] }));
  await identify(9, [...many, ...many], async ({ address }) => {
    asked.push(`${address}`);
    return new BusError('timeout', msg`no reply`);
  });
  t.equal(asked.length, 3, 'one that falls silent is left in peace');
});

// ── bounds, spread, watch ────────────────────────────────────────────────────────────────────────────────────────────

t.test('an impossible read is refused, with the possible ones', async (t) => {
  const scan = { line: 'north', from: 1, to: 247, autoBaud: false, waitMs: null };
  const read = { line: 'north', unit: 1, table: 'holding' as const, address: 0, count: 1 };
  const write = { line: 'north', unit: 0, table: 'coil' as const, address: 0, values: [1] };
  checkScan(scan, '/dev/ttyS1');
  t.throws(() => checkScan({ ...scan, autoBaud: true }, 'rtu+tcp://10.0.0.7:4001'), /set at its far end/);
  checkRead(read);
  checkWrite(write);
  t.throws(() => checkScan({ ...scan, to: 248 }, '/dev/ttyS1'), /last address 248 is not allowed: 1 to 247/);
  t.throws(() => checkScan({ ...scan, from: 9, to: 3 }, '/dev/ttyS1'), /last address 3 is not allowed: 9 to 247/);
  t.throws(() => checkScan({ ...scan, waitMs: 5_000 }, '/dev/ttyS1'), /wait in ms 5000 is not allowed: 1 to 500/);
  t.throws(() => checkRegisters({ line: 'north', unit: 1, table: 'input', from: 0, to: 70_000 }), /last register 70000/);
  t.throws(() => checkRead({ ...read, unit: 0 }), /unit 0 is not allowed: 1 to 247/);
  t.throws(() => checkRead({ ...read, count: 126 }), /count 126 is not allowed: 1 to 125/);
  t.throws(() => checkRead({ ...read, address: 65_530, count: 7 }), /count 7 is not allowed: 1 to 6/);
  t.throws(() => checkRead({ ...read, address: 1.5 }), Refusal);
  t.throws(() => checkWrite({ ...write, values: [2] }), /value 2 is not allowed: 0 to 1/);
  t.throws(() => checkWrite({ ...write, table: 'holding', values: [65_536] }), /value 65536/);
  t.throws(() => checkWrite({ ...write, values: [] }), /number of values 0/);
});

t.test('a spread is of the last 256 values and counts them all', async (t) => {
  const meter = createSpreadMeter();
  t.equal(meter.spread(), null);
  for (let i = 0; i < 744; i++) meter.note(9_999);
  for (const value of range(1, 256)) meter.note(value);
  t.same(meter.spread(), { count: 1_000, p50: 128, p95: 244, p99: 254, max: 256 });
});

t.test('a watcher of a line gets everything in order, and a slow one loses the oldest', async (t) => {
  const clock = createManualClock(0);
  const watch = createBusWatch(clock);
  const heard: number[] = [];
  const note = (atMs: number): void => watch.note({ atMs, unit: 1, lane: 'telemetry', what: msg`read`, turnaroundMs: 3, error: null });
  note(1);
  const stop = watch.watch(({ atMs }) => heard.push(atMs));
  for (const n of range(2, 4)) note(n);
  await clock.advance(200);
  t.same(heard, [2, 3, 4]);
  for (const n of range(1, 300)) note(n);
  await clock.advance(200);
  t.same(heard.slice(3), range(45, 300));
  note(1);
  stop();
  await clock.advance(200);
  note(2);
  await clock.advance(200);
  t.equal(heard.length, 260, 'what waits when it stops, and nothing after it');
  t.notOk(watch.isWatched);
});

for (const [code, damaged] of [
  ['crc', [1, 2]],
  ['interrupted', []],
  ['timeout', []],
] as const)
  t.test(`a scan whose reads all fail with ${code} lists ${damaged.length} damaged addresses`, async (t) => {
    const clock = createManualClock(0);
    const counters = { lateReplies: 0, noiseBytes: 0, crcErrors: 0, truncated: 0, wrongReplies: 0, foreignFrames: 0 };
    const queue = {
      ...{ clock, line: { counters }, config: { serial: SERIAL_8N2 } },
      timedRead: async () => ({ answer: new BusError(code, msg`failed`), tookMs: 5 }),
    } as unknown as BusToolQueue;
    const pass = quickPass(queue, { units: [1, 2], waitMs: 10, readsAgain: false, signal: undefined, onProbed: () => {} });
    await clock.advance(1_000);
    t.same(await pass, { answers: [], damaged });
  });
