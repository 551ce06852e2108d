import fc from 'fast-check';
import t from 'tap';
import { findTarget } from '../../../agent/console/commands/light/light-args.ts';
import { isTakenUp, OVERRIDE_SPAN, readOverride } from '../../../agent/console/commands/light/override.ts';
import {
  addressArg,
  findLine,
  findUnit,
  onBus,
  rangeArgs,
  tableArg,
  unitArg,
  valuesFit,
} from '../../../agent/console/commands/lines/bus-args.ts';
import { confirmed, readWrite } from '../../../agent/console/commands/lines/bus-write.ts';
import { numberArg } from '../../../agent/console/commands/number-arg.ts';
import { cutPage, framesToAsk } from '../../../agent/console/commands/store/export.ts';
import { findPoint, fittingResolution, readHistory } from '../../../agent/console/commands/store/history.ts';
import { rangeOf, typedTime } from '../../../agent/console/commands/time-range.ts';
import { COMMANDS, FAMILIES } from '../../../agent/console/commands.ts';
import { ConsoleError } from '../../../agent/console/console-error.ts';
import type { RawArgs } from '../../../agent/console/protocol/protocol.ts';
import { createLineSplitter, readReply, readRequest } from '../../../agent/console/protocol/protocol.ts';
import { createStatusLine } from '../../../agent/console/terminal/status-line.ts';
import { formatDuration, formatTook, parseDuration } from '../../../agent/console/text/duration.ts';
import { nearest } from '../../../agent/console/text/suggest.ts';
import { COMMAND_MS } from '../../../agent/control/requests/commands.ts';
import { OVERRIDE_MINUTES } from '../../../agent/control/requests/overrides.ts';
import { BusError } from '../../../agent/core/errors.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { AT_MS, createFakeView, outcome, storedFrames, TIMEZONE } from './fake-view.ts';

const durations: [text: string, seconds: number][] = [
  ['30s', 30],
  ['10m', 600],
  ['2h', 7_200],
  ['1h30m', 5_400],
  ['1h0m5s', 3_605],
  ['90m', 5_400],
  ['168h', 604_800],
  ['7d', 604_800],
  ['1d12h', 129_600],
];
for (const [text, seconds] of durations) t.test(`${text} is ${seconds} s`, async (t) => t.equal(parseDuration(text), seconds * 1_000));

const noDurations: [text: string, advice: RegExp][] = [
  ['30', /30s, 30m or 30h/],
  ['', /1h30m/],
  ['2 h', /1h30m/],
  ['30m2h', /1h30m/],
  ['-5m', /1h30m/],
  ['1.5h', /1h30m/],
  ['2h1d', /1h30m/],
  ['8d', /between 1s and 168h/],
  ['0m', /between 1s and 168h/],
  ['169h', /between 1s and 168h/],
];
for (const [text, advice] of noDurations) {
  t.test(`"${text}" is no duration, and the message says what is`, async (t) =>
    t.throws(() => parseDuration(text), { code: 'usage', message: advice }),
  );
}

t.test('a span is told in its two largest units', async (t) => {
  const told = [0, 119, 120, 3_599, 3_600, 7_260, 172_799, 172_800, 187_200].map((seconds) => formatDuration(seconds * 1_000));
  t.strictSame(told, ['0 s', '119 s', '2 min', '1 h', '1 h', '2 h 1 min', '2 d', '2 d', '2 d 4 h']);
  t.equal(formatDuration(Number.NaN), '-');
  t.strictSame([0, 40, 400, 8_000, 9_949, 9_950, 130_000].map(formatTook), ['0.1 s', '0.1 s', '0.4 s', '8 s', '9.9 s', '10 s', '2 min']);
});

const L2_WAITS = { lamps: ['L2'], wish: { ...outcome(), rank: 'maintenance', levelPct: 100, untilMs: 0 } } as never;
const ends: [story: string, changes: object, isTakenUp: boolean][] = [
  ['verified on all lamps', { state: 'verified', lamps: { L1: 'verified' } }, true],
  ['one lamp waits, the rest follows', { state: 'failed', lamps: { L1: 'verified', L2: 'failed' }, waiting: [L2_WAITS] }, true],
  ['all lamps wait', { state: 'failed', lamps: { L2: 'failed' }, waiting: [L2_WAITS] }, false],
  ['one waits, another fails', { state: 'failed', lamps: { L1: 'verified', L2: 'failed', L3: 'failed' }, waiting: [L2_WAITS] }, false],
  ['a lamp failed', { state: 'failed', lamps: { L1: 'verified', L2: 'failed' } }, false],
  ['refused', { state: 'refused', lamps: {} }, false],
];
for (const [story, changes, expected] of ends) {
  t.test(`whether an override went well, for a script: ${story}`, async (t) => t.equal(isTakenUp(outcome(changes)), expected));
}

const overrides: [args: Record<string, string | boolean>, expected: object][] = [
  [
    { target: 'L07', level: '80' },
    { levelPct: 80, durationMs: 7_200_000, rank: 'override', reason: 'by hand' },
  ],
  [
    { target: 'L07', level: '0%', for: '10m', maintenance: true, reason: 'repair' },
    { levelPct: 0, durationMs: 600_000, rank: 'maintenance', reason: 'repair' },
  ],
];
for (const [args, expected] of overrides)
  t.test(`${JSON.stringify(args)} is understood`, async (t) => t.match(readOverride(args), expected));

const noOverrides: [args: Record<string, string | boolean>, message: RegExp][] = [
  [{ level: '80' }, /target is missing/],
  [{ target: 'L07' }, /level is missing/],
  [{ target: 'L07', level: '101' }, /0 to 100/],
  [{ target: 'L07', level: '8.5' }, /whole number/],
  [{ target: 'L07', level: 'on' }, /whole number/],
  [{ target: 'L07', level: '1e1' }, /whole number/],
  [{ target: 'L07', level: '80', for: true }, /for is missing/],
  [{ target: 'L07', level: '80', for: '59s' }, /between 1m and 24h/],
  [{ target: 'L07', level: '80', for: '24h1s' }, /between 1m and 24h/],
  [{ target: 'L07', level: '80', for: '30' }, /its unit: 30m or 30h$/],
  [{ target: 'L07', level: '80', for: 'long' }, /write it as 10m, 2h or 1h30m$/],
  [{ target: 'L07', level: '80', reason: 'two\nlines' }, /one line/],
  [{ target: 'L07', level: '80', reason: 'x'.repeat(121) }, /120 characters/],
];
for (const [args, message] of noOverrides) {
  t.test(`${JSON.stringify(args).slice(0, 60)} is refused as usage`, async (t) =>
    t.throws(() => readOverride(args), { code: 'usage', message }),
  );
}

t.test('an override may last as long as the agent allows, and every span that help and message name is accepted', async (t) => {
  t.strictSame(OVERRIDE_SPAN, { minMs: OVERRIDE_MINUTES.min * 60_000, maxMs: OVERRIDE_MINUTES.max * 60_000 });
  const override = COMMANDS.find(({ name }) => name === 'override');
  const help = override?.options.find(({ name }) => name === 'for')?.summary ?? '';
  const spans = help.match(/\b(?:\d+[hms])+\b/g) ?? [];
  t.strictSame(spans, ['1m', '24h', '10m', '2h', '1h30m', '2h']);
  for (const span of spans) t.equal(readOverride({ target: 'L07', level: '80', for: span }).durationMs, parseDuration(span));
});

t.test('a command is waited for until the agent has told how it ended', async (t) => {
  for (const command of COMMANDS) {
    if (command.kind === 'agent' && ['override', 'release'].includes(command.name))
      t.ok(command.timeoutMs >= COMMAND_MS + 10_000, `${command.name} waits ${command.timeoutMs} ms`);
  }
});

t.test('a target is found whatever its case, and a near miss is answered with the name meant', async (t) => {
  const view = createFakeView();
  t.strictSame(findTarget(view, 'L07'), { kind: 'lamp', id: 'L07' });
  t.strictSame(findTarget(view, 'BRESSIGNY'), { kind: 'zone', id: 'bressigny' });
  t.throws(() => findTarget(view, 'L99'), { code: 'unknown-name', message: 'no lamp or zone "L99"; did you mean L09?' });
  t.throws(() => findTarget(view, 'S03'), { code: 'unknown-name' }, 'a sensor is no target');
  t.throws(() => findTarget(view, 'somewhere-else'), { message: /`luciole status --json` names them all/ });
});

const busWords: [story: string, read: () => unknown, value: unknown][] = [
  ['a unit in decimal', () => unitArg({ unit: '7' }), 7],
  ['a unit in hex', () => unitArg({ unit: '0xF7' }), 247],
  ['a unit by its device', () => unitArg({ unit: 'L07' }), 'L07'],
  ['all units of a write', () => unitArg({ unit: '0' }, 0), 0],
  ['an address in hex', () => addressArg({ address: '0x07d0' }, 'address'), 2_000],
  ['the last address', () => addressArg({ address: '65535' }, 'address'), 65_535],
  ['a number that was not given', () => numberArg({}, 'count', { min: 1, max: 125, usual: 1 }), 1],
  ['a range', () => rangeArgs({ from: '5', to: '0x10' }, { from: { min: 0, max: 99 }, to: { min: 0, max: 99 } }), { from: 5, to: 16 }],
  ['the usual table', () => tableArg({}), 'holding'],
  ['a table in capitals', () => tableArg({ table: 'INPUT' }), 'input'],
];
for (const [story, read, value] of busWords) t.test(`${story} is understood`, async (t) => t.strictSame(read(), value));

const noBusWords: [story: string, read: () => unknown, message: RegExp][] = [
  ['unit 0 of a read', () => unitArg({ unit: '0' }), /from 1 to 247/],
  ['unit 248', () => unitArg({ unit: '248' }), /from 1 to 247/],
  ['a negative unit', () => unitArg({ unit: '-1' }), /from 1 to 247/],
  ['half a unit in hex', () => unitArg({ unit: '0x' }), /bad unit "0x"/],
  ['no unit', () => unitArg({}), /unit is missing/],
  ['an address with a fraction', () => addressArg({ address: '1.5' }, 'address'), /from 0 to 65535/],
  ['an address beyond the last', () => addressArg({ address: '0x10000' }, 'address'), /from 0 to 65535/],
  ['an address in words', () => addressArg({ address: '' }, 'address'), /address is missing/],
  [
    'a range that runs backwards',
    () => rangeArgs({ from: '9', to: '3' }, { from: { min: 0, max: 99 }, to: { min: 0, max: 99 } }),
    /--from 9 is above --to 3/,
  ],
  ['a table with a wrong letter', () => tableArg({ table: 'holdin' }), /did you mean holding/],
  ['no table at all', () => tableArg({ table: 'x1y2z3w4' }), /holding, input, coil, discrete/],
];
for (const [story, read, message] of noBusWords)
  t.test(`${story} is refused as usage`, async (t) => t.throws(read, { code: 'usage', message }));

const write = (changes: Partial<RawArgs>): RawArgs => ({
  line: 'street',
  unit: '7',
  address: '2000',
  value: '300',
  yes: true,
  ...(changes as RawArgs),
});
const writes: [story: string, args: RawArgs, expected: object][] = [
  ['a register', write({}), { unit: 7, table: 'holding', address: 2_000, values: [300] }],
  ['several in hex', write({ value: '0x012c, 0X1' }), { values: [300, 1] }],
  ['a negative number, as its complement', write({ value: '-2' }), { values: [0xfffe] }],
  ['a coil', write({ value: 'ON', table: 'coil' }), { table: 'coil', values: [1] }],
  ['every unit at once', write({ unit: '0' }), { unit: 0 }],
];
for (const [story, args, expected] of writes) t.test(`${story} is what is written`, async (t) => t.match(readWrite(args), expected));

const previews: [story: string, args: RawArgs, warnings: string[], message: string | RegExp][] = [
  [
    'a register',
    write({ yes: false }),
    [],
    'nothing written: this would write 300 (0x012C) to holding register 2000 of unit 7 on line street. Say --yes to do it',
  ],
  [
    'a register whose profile has something against it',
    write({ yes: false }),
    ["level: 300 is outside the profile's limits 0 to 100", 'level: the profile calls this dangerous'],
    `nothing written: this would write 300 (0x012C) to holding register 2000 of unit 7 on line street.
warning: level: 300 is outside the profile's limits 0 to 100
warning: level: the profile calls this dangerous
Say --yes to do it all the same`,
  ],
  [
    'a broadcast',
    write({ yes: false, unit: '0', value: '1,2' }),
    [],
    /1 \(0x0001\), 2 \(0x0002\) to holding register 2000 to 2001 of every unit/,
  ],
  ['a coil', write({ yes: false, table: 'coil', value: 'off' }), [], /would write off to coil 2000 of unit 7/],
];
for (const [story, args, warnings, message] of previews) {
  t.test(`${story} is not written without --yes, and said`, async (t) => {
    const asked = { ...readWrite(args), unit: Number(args['unit']) };
    t.throws(() => confirmed(asked, { warnings: () => warnings }), { code: 'usage', message });
    const { isConfirmed: _, ...said } = asked;
    t.strictSame(confirmed({ ...said, isConfirmed: true }, { warnings: () => warnings }), said, 'with it, it is');
  });
}

const noWrites: [story: string, args: RawArgs, message: RegExp][] = [
  ['a value too large', write({ value: '65536' }), /-32768 to 65535/],
  ['a value with a fraction', write({ value: '1.5' }), /-32768 to 65535/],
  ['an empty value between commas', write({ value: '1,,2' }), /-32768 to 65535/],
  ['a number for a coil', write({ value: '2', table: 'coil' }), /on, off, 1 or 0/],
  ['a table that cannot be written', write({ table: 'input' }), /holding, coil/],
  ['more values than a frame holds', write({ value: Array(124).fill('1').join(',') }), /at most 123/],
];
for (const [story, args, message] of noWrites)
  t.test(`${story} is refused`, async (t) => t.throws(() => readWrite(args), { code: 'usage', message }));

t.test('a write took when what was read back is what was written, or nothing can be', async (t) => {
  const result = { line: 'street', unit: 7, table: 'holding', address: 0, values: [1, 2], before: [0, 0] } as const;
  t.ok(valuesFit({ ...result, after: [1, 2] }));
  t.notOk(valuesFit({ ...result, after: [1, 0] }));
  t.ok(valuesFit({ ...result, after: null }));
});

t.test('lines and units are found by name, and a near miss is told', async (t) => {
  const view = createFakeView();
  t.equal(findLine(view, 'STREET'), 'street');
  t.throws(() => findLine(view, 'stret'), { code: 'unknown-name', message: 'no line "stret"; did you mean street?' });
  t.equal(findUnit(view, 'street', 'l02'), 2);
  t.equal(findUnit(view, 'street', 99), 99, 'a number is taken as it is');
  t.throws(() => findUnit(view, 'street', 'air'), { code: 'unknown-name', message: 'air is on line air, not on street' });
  t.throws(() => findUnit(view, 'street', 'L03'), { message: /did you mean L01/ });
});

t.test('trouble on the line keeps its code and says what to try, a bug stays a bug', async (t) => {
  const failing = (error: Error) => onBus(() => Promise.reject(error));
  await t.rejects(failing(new BusError('illegal-address', 'exception 2')), {
    code: 'failed',
    bus: 'illegal-address',
    message: /^exception 2; `luciole bus registers` lists/,
  });
  await t.rejects(failing(new BusError('timeout', 'no reply')), { code: 'failed', bus: 'timeout', message: 'no reply' });
  const at = (address: number) =>
    onBus(() => Promise.reject(new BusError('illegal-address', 'no')), address).catch((error: Error) => error.message);
  t.match(await at(40_101), /lists those it has; a manual that says 40101 means address 100 of table holding$/);
  t.match(await at(30_001), /; a manual that says 30001 means address 0 of table input$/);
  t.match(await at(100), /lists those it has$/);
  await t.rejects(failing(new RangeError('no unit 300')), { code: 'usage', bus: null, message: 'no unit 300' });
  await t.rejects(failing(new TypeError('bug')), TypeError);
});

/** Now is 22:41:07 on 1 December 2026 in Angers. */
const times: [text: string, utc: string][] = [
  ['24h', '2026-11-30T21:41:07.000Z'],
  ['7d', '2026-11-24T21:41:07.000Z'],
  ['3650d', '2016-12-03T21:41:07.000Z'],
  ['2026-12-01', '2026-11-30T23:00:00.000Z'],
  ['2026-12-01T22:00', '2026-12-01T21:00:00.000Z'],
  ['2026-12-01 22:00:30', '2026-12-01T21:00:30.000Z'],
  ['2026-12-01T22:00Z', '2026-12-01T22:00:00.000Z'],
  ['2026-12-01t22:00:01.250z', '2026-12-01T22:00:01.250Z'],
  ['2026-12-01T22:00+05:30', '2026-12-01T16:30:00.000Z'],
  ['2026-07-01T22:00', '2026-07-01T20:00:00.000Z'],
  ['2026-10-25T01:30', '2026-10-24T23:30:00.000Z'],
  ['2026-10-25T03:30', '2026-10-25T02:30:00.000Z'],
  ['2026-03-29T01:30', '2026-03-29T00:30:00.000Z'],
  ['2026-03-29T03:30', '2026-03-29T01:30:00.000Z'],
];
for (const [text, utc] of times)
  t.test(`--since ${text} is ${utc}`, async (t) => {
    const { fromMs } = rangeOf({ since: typedTime(text), until: typedTime('2030-01-01') }, AT_MS, TIMEZONE);
    t.equal(new Date(fromMs).toISOString(), utc);
  });

const noTimes: [text: string, advice: RegExp][] = [
  ['yesterday', /bad time "yesterday": write how far back, as 30m, 24h or 7d, or a time, as 2026-12-01/],
  ['24', /bad time "24"/],
  ['', /bad time/],
  ['2026-13-01', /bad time/],
  ['2026-12-01T25:00', /bad time/],
  ['2026-12-01Z', /bad time/],
  ['2x', /bad duration "2x"/],
  ['4000d', /between 1s and 3650d/],
];
for (const [text, message] of noTimes)
  t.test(`"${text}" is no time, and the message says what is`, async (t) => t.throws(() => typedTime(text), { code: 'usage', message }));

t.test('a range ends now unless told otherwise, and must not be empty', async (t) => {
  const range = (since: string, until: string | null) =>
    rangeOf({ since: typedTime(since), until: until === null ? null : typedTime(until) }, AT_MS, TIMEZONE);
  t.strictSame(range('1h', null), { fromMs: AT_MS - 3_600_000, toMs: AT_MS });
  t.strictSame(range('2h', '1h'), { fromMs: AT_MS - 7_200_000, toMs: AT_MS - 3_600_000 });
  t.throws(() => range('1h', '2h'), { code: 'usage', message: /--since must be before --until/ });
  t.throws(() => range('2027-01-01', null), { code: 'usage', message: /--since must be before now/ });
});

t.test('a history is as fine as fits its time and its form', async (t) => {
  const fitting = (hours: number, form: 'table' | 'plot' | 'csv') => fittingResolution({ fromMs: 0, toMs: hours * 3_600_000 }, form);
  t.strictSame(
    [1, 3, 4, 24].map((hours) => fitting(hours, 'table')),
    ['raw', 'minute', 'hour', 'hour'],
  );
  t.strictSame(
    [1, 6, 7, 192, 193].map((hours) => fitting(hours, 'plot')),
    ['raw', 'raw', 'minute', 'minute', 'hour'],
  );
  t.equal(fitting(24, 'csv'), 'minute');
  t.match(readHistory({ point: 'M01.power' }), { since: { spanMs: 86_400_000 }, until: null, by: null, form: 'table' });
  t.match(readHistory({ point: 'M01.power', by: 'RAW', plot: true }), { by: 'raw', form: 'plot' });
  t.throws(() => readHistory({ point: 'M01.power', by: 'day' }), { code: 'usage', message: 'bad --by "day": it is raw, minute, hour' });
  t.throws(() => readHistory({ point: 'M01.power', csv: true, plot: true }), { code: 'usage', message: /not both/ });
});

t.test('a point is found whatever its case, and who misses is told those it may have been', async (t) => {
  const view = createFakeView();
  t.match(findPoint(view, 'l01.LEVEL'), { pointId: 'L01.level', unit: '%' });
  const missing = (typed: string, message: RegExp) => t.throws(() => findPoint(view, typed), { code: 'unknown-name', message });
  missing('L01.levle', /^no point "L01\.levle"; did you mean L01\.level\?$/);
  missing('L01', /did you mean L01\.level, L01\.temperature\?$/);
  missing('.', /did you mean L01\.level, L01\.temperature, air\.pm25, L02\.level or another\?$/);
  missing('something-else', /`luciole points` names them all/);
  missing('L01.power', /^no point "L01\.power": L01 has L01\.level, L01\.temperature; no device here measures that$/);
  missing('l02/pm25', /^no point "l02\/pm25": L02 has L02\.level; pm25 is measured by air\.pm25$/);
  missing('L03.levl', /^no point "L03\.levl"; did you mean L01\.level\?$/);
  t.equal(findPoint(view, 'L01/level').pointId, 'L01.level');
});

t.test('a page of an export has whole frames, one at least, and the next asks for as many as make ten thousand readings', async (t) => {
  const [frame] = storedFrames(1);
  const large = (seq: number, count: number) => ({ seq, readings: Array(count).fill(frame?.readings[0]) }) as never;
  const page = (...frames: never[]) => cutPage({ epoch: 'e', frames, nextSeq: null });
  t.match(page(large(1, 9_000), large(2, 9_000), large(3, 9_000)), { frames: [{ seq: 1 }, { seq: 2 }], nextSeq: 2 });
  t.match(page(large(1, 30_000), large(2, 1)), { frames: [{ seq: 1 }], nextSeq: 1 });
  t.match(page(large(1, 10_000), large(2, 10_000)), { frames: [{ seq: 1 }, { seq: 2 }], nextSeq: null });
  t.match(page(), { frames: [], nextSeq: null });
  const asked = [
    null,
    { frames: 0, readings: 0 },
    { frames: 200, readings: 1_200 },
    { frames: 200, readings: 200_000 },
    { frames: 9, readings: 9 },
  ];
  t.strictSame(asked.map(framesToAsk), [200, 200, 1_667, 20, 5_000]);
});

t.test('the line at the foot is drawn four times a second at most and leaves nothing behind', async (t) => {
  const clock = createManualClock(0);
  let drawn = '';
  const status = createStatusLine((text) => {
    drawn += text;
  }, clock);
  status.clear();
  t.equal(drawn, '', 'nothing to wipe');
  status.show('10 of 247');
  status.show('11 of 247');
  await clock.advance(249);
  status.show('12 of 247');
  await clock.advance(1);
  status.show('13');
  t.equal(drawn, '\r10 of 247\r13       ', 'a shorter line wipes the longer one');
  status.clear();
  t.equal(drawn, '\r10 of 247\r13       \r  \r');
  drawn = '';
  status.show('x'.repeat(200));
  t.equal(drawn.length, 61, 'a slow line bears 240 letters a second');
});

t.test('the nearest word is the one with the fewest wrong letters', async (t) => {
  t.equal(nearest('stauts', ['status', 'points']), 'status');
  t.equal(nearest('x', ['status']), undefined);
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1 }), { minLength: 1 }),
      (words) => nearest(words[0] ?? '', words)?.toLowerCase() === words[0]?.toLowerCase(),
    ),
  );
});

const lines: [line: string, message: RegExp][] = [
  ['{', /not JSON/],
  ['[]', /JSON object/],
  ['null', /JSON object/],
  ['{"command":"status"}', /id must be an integer/],
  ['{"id":1.5,"command":"status"}', /id must be an integer/],
  ['{"id":1}', /command must be/],
  ['{"id":1,"command":"points","args":[]}', /args must be/],
  ['{"id":1,"command":"points","args":{"filter":3}}', /args\.filter must be/],
];
for (const [line, message] of lines)
  t.test(`the request ${line} is refused`, async (t) => t.throws(() => readRequest(line), { code: 'bad-request', message }));

t.test('a user name from the wire cannot forge anything', async (t) => {
  const user = (name: unknown): string => readRequest(JSON.stringify({ id: 1, command: 'status', user: name })).user;
  t.strictSame(
    [user('tech'), user('a b'), user('\u001b[2J'), user('x'.repeat(40)), user(7)],
    ['tech', 'unknown', 'unknown', 'unknown', 'unknown'],
  );
});

t.test('an answer of something that is no agent is not taken for one', async (t) => {
  for (const line of ['{}', '{"ok":true,"id":1}', '{"ok":false,"error":{"code":"invented","message":"x"}}'])
    t.throws(() => readReply(line), { code: 'bad-request' });
});

t.test('lines come out whole however the stream was cut', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).filter((text) => text.trim() === text && text !== '' && !/[\r\n]/.test(text))),
      fc.infiniteStream(fc.nat({ max: 7 })),
      (texts, cuts) => {
        const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
        const split = createLineSplitter(65_536);
        const got: string[] = [];
        for (let from = 0; from < bytes.length; ) {
          const to = from + 1 + (cuts.next().value ?? 0);
          got.push(...split(bytes.subarray(from, to)));
          from = to;
        }
        return JSON.stringify(got) === JSON.stringify(texts);
      },
    ),
  );
  const split = createLineSplitter(10);
  t.strictSame(split(Buffer.from('0123456789\n\n')), ['0123456789'], 'a line of exactly the limit passes, an empty one is none');
  t.throws(() => split(Buffer.from('01234567890')), { code: 'too-large' });
});

t.test('every command explains itself', async (t) => {
  for (const { kind, name, examples, summary, arguments: takes, options } of COMMANDS.filter(({ isHidden }) => !isHidden)) {
    // What takes nothing has one form; in a session nothing has `--json`.
    const hasOneForm = kind === 'shell' && takes.length + options.length === 0;
    t.ok(
      examples.length >= (hasOneForm ? 1 : 2) &&
        examples.length <= 3 &&
        examples.every((example) => example.startsWith(kind === 'shell' ? name : `luciole ${name}`)),
      `${name} has examples`,
    );
    t.ok(summary.length <= 52, `${name} has a summary that fits the help`);
  }
  for (const { name } of FAMILIES)
    t.ok(
      COMMANDS.some((command) => command.name.startsWith(`${name} `)),
      `${name} has verbs`,
    );
  const why = COMMANDS.find(({ name }) => name === 'why');
  t.throws(
    () => why?.kind === 'agent' && why.check({ target: 'L07', trget: 'x' }),
    new ConsoleError('usage', 'why has no "trget"; did you mean target?'),
  );
});
