import t from 'tap';
import { numberArg } from '../../../../../agent/console/agent-command.ts';
import {
  addressArg,
  findLine,
  findUnit,
  onBus,
  rangeArgs,
  tableArg,
  unitArg,
} from '../../../../../agent/console/commands/lines/bus-args.ts';
import { BUS_REGISTERS } from '../../../../../agent/console/commands/lines/bus-read.ts';
import { BusError } from '../../../../../agent/core/errors.ts';
import { msg } from '../../../../../agent/core/message.ts';
import { Refusal } from '../../../../../agent/core/refusal.ts';
import { createFakeView } from '../../fake-view.ts';

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

for (const [from, to] of [
  [undefined, 500],
  ['600', 1_100],
  ['0xFFF0', 65_535],
] as const)
  t.test(`a search of registers from ${from ?? 'the start'} without an end goes to ${to}`, async (t) => {
    const view = createFakeView();
    const searched: { from: number; to: number }[] = [];
    const registers: typeof view.bus.registers = async (request, onProgress) => {
      searched.push({ from: request.from, to: request.to });
      return view.bus.registers(request, onProgress);
    };
    const job = { report: () => {}, signal: new AbortController().signal };
    const args = { line: 'street', unit: 'L02', ...(from === undefined ? {} : { from }) };
    await BUS_REGISTERS.answer(
      { ...view, bus: { ...view.bus, registers } },
      args,
      job as unknown as Parameters<typeof BUS_REGISTERS.answer>[2],
    );
    t.match(searched, [{ to }]);
  });

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

t.test('lines and units are found by name, and a near match is suggested', async (t) => {
  const view = createFakeView();
  t.equal(findLine(view, 'STREET'), 'street');
  t.throws(() => findLine(view, 'stret'), { code: 'unknown-name', message: 'no line "stret"; did you mean street?' });
  t.equal(findUnit(view, 'street', 'l02'), 2);
  t.equal(findUnit(view, 'street', 99), 99, 'a number is taken as it is');
  t.throws(() => findUnit(view, 'street', 'air'), { code: 'unknown-name', message: 'air is on line air, not on street' });
  t.throws(() => findUnit(view, 'street', 'L03'), { message: /did you mean L01/ });
});

t.test('a line error keeps its code and gives advice; a bug stays a bug', async (t) => {
  const failing = (error: Error) => onBus(() => Promise.reject(error));
  await t.rejects(failing(new BusError('illegal-address', msg`exception 2`)), {
    code: 'failed',
    bus: 'illegal-address',
    message: /^exception 2; `luciole bus registers` lists/,
  });
  await t.rejects(failing(new BusError('timeout', msg`no reply`)), { code: 'failed', bus: 'timeout', message: 'no reply' });
  const at = (address: number) =>
    onBus(() => Promise.reject(new BusError('illegal-address', msg`no`)), address).catch((error: Error) => error.message);
  t.match(await at(40_101), /lists those it has; a manual that says 40101 means address 100 of table holding$/);
  t.match(await at(30_001), /; a manual that says 30001 means address 0 of table input$/);
  t.match(await at(100), /lists those it has$/);
  await t.rejects(failing(new Refusal(msg`no unit 300`)), { code: 'usage', bus: null, message: 'no unit 300' });
  await t.rejects(failing(new TypeError('bug')), TypeError);
});
