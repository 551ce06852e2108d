import t from 'tap';
import type { BusTools, BusWrite } from '../../../../agent/core/bus-tools.ts';
import type { Cabinet } from '../../../../agent/core/cabinet.ts';
import { withSiteKnowledge, writeWarnings } from '../../../../agent/field/bus-tools/site-knowledge.ts';
import { testDevice, testLine, testPoint, testProfile, writable } from '../../../support/profiles.ts';

const holding = { table: 'holding' } as const;
const level = { ...holding, semantic: 'level', scale: 0.1, decimals: 1, unit: '%', invalid: [0xffff] } as const;
const LAMP = testProfile(
  'lamp',
  [
    testPoint('level', { ...level, address: 0, write: writable({ address: 20 }) }),
    testPoint('ramp', { ...holding, address: 30, type: 's16', write: writable({ min: -10, max: 1_000 }) }),
    testPoint('supply', { table: 'coil', type: 'bit', address: 5, write: writable({ min: 0, max: 1, dangerous: true }) }),
    testPoint('power', { ...holding, address: 40 }),
    testPoint('mode', { ...holding, address: 41 }),
    testPoint('limit', { ...holding, address: 70, type: 'f32', unit: 'A', write: writable({ max: 16 }) }),
  ],
  {
    notes: 'The relay cuts its own supply.',
    setup: [{ table: 'holding', address: 41, value: 1, why: 'mode' }],
    groups: [
      { id: 'all', reach: 'bus', table: 'holding', address: 20, sets: ['level'] },
      { id: 'pair', reach: 'unit', table: 'holding', address: 60, sets: null },
    ],
  },
);
const NOTED = testProfile('noted', LAMP.points, { notes: 'As long as a novel. '.repeat(20) });
const PROFILES = new Map([LAMP, NOTED].map((profile) => [profile.id, profile]));
const devices = [
  testDevice('L1', { unit: 7, profile: 'lamp' }),
  testDevice('L2', { unit: 8, profile: 'noted' }),
  testDevice('L3', { unit: 9, profile: 'lamp' }),
];
const CABINET = { lines: [testLine('north', devices)], lamps: [], profileDirs: [] } as unknown as Cabinet;

function write(address: number, values: number[], over: Partial<BusWrite> = {}): BusWrite {
  return { line: 'north', unit: 7, table: 'holding', address, values, ...over };
}
const coil = (value: number, unit: number): BusWrite => write(5, [value], { table: 'coil', unit });

// biome-ignore format: a table
const judged: [story: string, write: BusWrite, warnings: string[]][] = [
  ['a value within the limits', write(20, [1_000]), []],
  ['a value above them, where the point is written, in its own unit', write(20, [1_001]), ["level: 100.1 % is outside the profile's limits 0 to 100"]],
  ['where it is only read', write(0, [5]), []],
  ['a pattern that means nothing', write(20, [0xffff]), ['level: 65535 is not a valid value in the profile, its limits are 0 to 100 %']],
  ['a negative value of a signed register', write(30, [0xfff5]), ["ramp: -11 is outside the profile's limits -10 to 1000"]],
  ['the same within', write(30, [0xfff6]), []],
  ['one of several', write(29, [9_999, 1_001, 9_999]), ["ramp: 1001 is outside the profile's limits -10 to 1000"]],
  ['what is dangerous, with the notes', coil(1, 7), ['supply: the profile calls this dangerous: The relay cuts its own supply.']],
  ['what is dangerous, where the notes are long', coil(0, 8), ['supply: the profile calls this dangerous; its notes: luciole profile show noted']],
  ['what the profile only reads', write(40, [1]), ['power: the profile lamp only reads this register']],
  ['what it reads and sets up', write(41, [1]), []],
  ['a group above what its levels take', write(60, [2_000]), ["group pair: 200 % is outside the profile's limits 0 to 100"]],
  ['all of a line, each warning once', write(20, [2_000], { unit: 0 }), ["level: 200 % is outside the profile's limits 0 to 100"]],
  ['a wide value within the limits', write(70, [0x4170, 0]), []],
  ['a wide value above them', write(70, [0x41a0, 0]), ["limit: 20 A is outside the profile's limits 0 to 16"]],
  ['a wide value among others', write(69, [1, 0x41a0, 0, 1]), ["limit: 20 A is outside the profile's limits 0 to 16"]],
  ['a wide value that is none', write(70, [0x7fc0, 0]), ['limit: 32704 0 is not a valid value in the profile, its limits are 0 to 16 A']],
  ['the first half of a wide value', write(70, [0x4170]), ['limit: the value has 2 registers and this writes only a part of it']],
  ['the second half of a wide value', write(71, [0]), ['limit: the value has 2 registers and this writes only a part of it']],
  ['a stranger', write(20, [2_000], { unit: 77 }), []],
  ['another line', write(20, [2_000], { line: 'south' }), []],
  ['an unknown register', write(999, [1]), []],
];
for (const [story, asked, warnings] of judged)
  t.test(`before a write: ${story}`, async (t) => t.strictSame(writeWarnings(asked, CABINET, PROFILES).map(String), warnings));

t.test('the tools of a line warn before a write and with its answer', async (t) => {
  const bare = { write: async (request: BusWrite) => ({ ...request, before: [1], after: [2] }) } as unknown as BusTools;
  const bus = withSiteKnowledge(bare, CABINET, PROFILES);
  t.strictSame(bus.warnings?.(write(20, [1_001])).length, 1);
  t.match(await bus.write(write(20, [1_001])), { after: [2], warnings: [/outside the profile's limits/] });
  t.strictSame((await bus.write(write(20, [1]))).warnings, []);
});
