import t from 'tap';
import { valuesFit } from '../../../../../agent/console/commands/lines/bus-args.ts';
import { readWrite, withConfirmation } from '../../../../../agent/console/commands/lines/bus-write.ts';
import type { RawArgs } from '../../../../../agent/console/protocol/protocol.ts';
import type { LineStats } from '../../../../../agent/core/bus-tools.ts';
import { type Message, msg } from '../../../../../agent/core/message.ts';

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

for (const [story, args, expected] of writes)
  t.test(`${story} is the value that is written`, async (t) => t.match(readWrite(args), expected));

t.test('values beyond the last address are refused before a preview', async (t) => {
  t.match(readWrite(write({ address: '65534', value: '1,2', yes: false })), { values: [1, 2] });
  const message = 'number of values 2 is not allowed: 1 to 1';
  t.throws(() => readWrite(write({ address: '65535', value: '1,2', yes: false })), { code: 'usage', message });
});

const LINES = ['street', 'dali'].map((line) => ({ line, kind: line === 'dali' ? 'dali' : 'modbus' }) as LineStats);

const previews: [story: string, args: RawArgs, warnings: Message[], message: string | RegExp][] = [
  [
    'a register',
    write({ yes: false }),
    [],
    'nothing written: this would write 300 (0x012C) to holding register 2000 of unit 7 on line street. Add --yes to write it',
  ],
  [
    'a register whose profile has something against it',
    write({ yes: false }),
    [msg`level: 300 is outside the profile's limits 0 to 100`, msg`level: the profile calls this dangerous`],
    `nothing written: this would write 300 (0x012C) to holding register 2000 of unit 7 on line street.
warning: level: 300 is outside the profile's limits 0 to 100
warning: level: the profile calls this dangerous
Add --yes to write it all the same`,
  ],
  [
    'a broadcast',
    write({ yes: false, unit: '0', value: '1,2' }),
    [],
    /1 \(0x0001\), 2 \(0x0002\) to holding register 2000 to 2001 of every unit/,
  ],
  ['the first unit of a DALI bus', write({ yes: false, line: 'dali', unit: '0' }), [], /of unit 0 on line dali/],
  ['a coil', write({ yes: false, table: 'coil', value: 'off' }), [], /would write off to coil 2000 of unit 7/],
];

for (const [story, args, warnings, message] of previews) {
  t.test(`${story} is not written without --yes, and this is reported`, async (t) => {
    const asked = { ...readWrite(args), unit: Number(args['unit']) };
    const bus = { warnings: () => warnings, stats: () => LINES };
    t.throws(() => withConfirmation(asked, bus), { code: 'usage', message });
    const { isConfirmed: _, ...write } = asked;
    t.strictSame(withConfirmation({ ...write, isConfirmed: true }, bus), write, 'with it, it is');
  });
}

const noWrites: [story: string, args: RawArgs, message: RegExp][] = [
  ['a value too large', write({ value: '65536' }), /-32768 to 65535/],
  ['a value with a fraction', write({ value: '1.5' }), /-32768 to 65535/],
  ['an empty value between commas', write({ value: '1,,2' }), /-32768 to 65535/],
  ['a word for a coil that is none', write({ value: 'constructor', table: 'coil' }), /on, off, 1 or 0/],
  ['a number for a coil', write({ value: '2', table: 'coil' }), /on, off, 1 or 0/],
  ['a table that cannot be written', write({ table: 'input' }), /holding, coil/],
  ['more values than a frame holds', write({ value: Array(124).fill('1').join(',') }), /at most 123/],
];

for (const [story, args, message] of noWrites)
  t.test(`${story} is refused`, async (t) => t.throws(() => readWrite(args), { code: 'usage', message }));

t.test('a write succeeded if the values read back are those written, or cannot be read back', async (t) => {
  const result = { line: 'street', unit: 7, table: 'holding', address: 0, values: [1, 2], before: [0, 0] } as const;
  t.ok(valuesFit({ ...result, after: [1, 2] }));
  t.notOk(valuesFit({ ...result, after: [1, 0] }));
  t.ok(valuesFit({ ...result, after: null }));
});
