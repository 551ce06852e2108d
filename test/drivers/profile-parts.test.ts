import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { readPlacedYaml } from '../../agent/config/load/places.ts';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import { cabinetPoints } from '../../agent/core/cabinet-points.ts';
import { narrowed } from '../../agent/core/narrowed.ts';
import type { Profile } from '../../agent/core/profile.ts';
import { Refusal } from '../../agent/core/refusal.ts';
import { uplinkDevices } from '../../agent/sync/sparkplug/cabinet-metrics.ts';
import { modbusDriverFor } from '../../drivers/driver-for.ts';
import { daliLevel, daliPct, decodePoint, encodePoint } from '../../drivers/modbus/codec.ts';
import { createModbusDriver } from '../../drivers/modbus/modbus-driver.ts';
import { loadProfile } from '../../drivers/profile-loader.ts';
import { testDevice, testLine, testPoint, testProfile, writable } from '../support/profiles.ts';
import { ACME, loadAcmeProfile } from './acme-profile.ts';

// ── what the language can say ────────────────────────────────────────────────────────────────────────────────────────

const GATEWAY = ACME.replace(
  'examples:',
  `repeat:
  - id: ecg
    count: 64
    stride: 100
    points:
      - { id: actual, semantic: other, table: holding, address: 105 }
      - { id: dim, semantic: level, table: holding, address: 106, write: { address: 115, min: 0, max: 100, verify: actual } }
groups:
  - { id: all, reach: unit, address: 6800, sets: all }
  - { id: group, reach: unit, address: 6400, count: 16, stride: 20 }
setup:
  - { address: 650, count: 4, value: 1, why: each }
examples:`,
);

t.test('the example of the guide is a complete profile', async (t) => {
  const guide = readFileSync(new URL('../../docs/add-a-device.md', import.meta.url), 'utf8');
  const [, text = ''] = /```yaml\n(.*?)```/s.exec(guide) ?? [];
  t.match(loadAcmeProfile(text), { id: 'acme-dl4', experimental: null });
  const documented = guide.split('\n').filter((line) => line.startsWith('acme-dl4.yaml:'));
  const slip = (): Profile => loadProfile({ file: 'acme-dl4.yaml', text: text.replace('address: 0x11', 'address: 0x10') }, readPlacedYaml);
  t.throws(slip, { message: documented.join('\n') }, 'and its mistakes are reported as the guide shows');
});

t.test('repeated parts, groups and set-up rows are written out, each at its own address', async (t) => {
  const profile = loadAcmeProfile(GATEWAY);
  t.equal(profile.points.length, 2 + 64 * 2);
  t.match(
    profile.points.find(({ id }) => id === 'ecg5_dim'),
    { address: 606, write: { address: 615, verify: 'ecg5_actual' } },
  );
  t.same(profile.repeats, [{ id: 'ecg', count: 64, points: ['actual', 'dim'] }]);
  t.same(
    profile.setup.map(({ address }) => address),
    [650, 651, 652, 653],
  );
  t.equal(profile.groups.length, 17);
  t.equal(profile.groups[0]?.sets?.length, 65, 'the plain level and those of all parts');
  t.match(profile.groups[16], { id: 'group15', address: 6_700, sets: null });
  const driver = createModbusDriver(profile);
  t.same(driver.encode('ecg63_dim', 7), { table: 'holding', address: 6_415, values: [7] });
  t.same(
    driver.decode('holding', 605, [30, 31]).map(({ quantity, value }) => [quantity, value]),
    [
      ['ecg5_actual', 30],
      ['ecg5_dim', 31],
    ],
  );
});

t.test('a device is polled only for the parts it has', async (t) => {
  const profile = loadAcmeProfile(GATEWAY);
  const few = narrowed(profile, { ecg: [0, 5] });
  t.same(
    few.points.map(({ id }) => id),
    ['level', 'power', 'ecg0_actual', 'ecg0_dim', 'ecg5_actual', 'ecg5_dim'],
  );
  t.same(few.groups[0]?.sets, ['level', 'ecg0_dim', 'ecg5_dim']);
  t.equal(few.groups[1]?.sets, null);
  t.equal(narrowed(profile, {}), profile, 'all when the cabinet says nothing');
  t.same(
    narrowed(profile, { ecg: [] }).points.map(({ id }) => id),
    ['level', 'power'],
  );
  t.same(modbusDriverFor(profile, { instances: { ecg: [5] } }).profile.points.length, 4);
  t.equal(modbusDriverFor(profile).profile.points.length, 130);
});

t.test('the cabinet has points and metrics for the parts it names only, and one bit is true or false', async (t) => {
  const profile = loadAcmeProfile(GATEWAY.replace('type: u32 }', 'type: u16, bit: 4 }'));
  const device = testDevice('G1', { profile: profile.id, instances: { ecg: [5] } });
  const cabinet = { lines: [testLine('north', [device])], lamps: [], outputs: [], zones: [], panels: [] } as unknown as Cabinet;
  const points = cabinetPoints(cabinet, new Map([[profile.id, profile]]));
  t.same([...points.keys()], ['G1.level', 'G1.power', 'G1.ecg5_actual', 'G1.ecg5_dim']);
  t.same(
    uplinkDevices(cabinet, points)[0]?.metrics.map(({ type }) => type),
    ['Double', 'Boolean', 'Double', 'Double'],
  );
});

t.test('several points may be bits of one register', async (t) => {
  const bits = 'type: u16, bit: 0 }\n  - { id: top, semantic: other, address: 10, bit: 15 }';
  const driver = createModbusDriver(loadAcmeProfile(ACME.replace('type: u32 }', bits)));
  const seen = (word: number) => driver.decode('input', 10, [word]).map(({ value }) => value);
  t.same(
    [seen(0), seen(1), seen(0x8000), seen(0xffff)],
    [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ],
  );
  const wide = testPoint('p', { type: 'u32', bit: 17 });
  t.equal(decodePoint(wide, [2, 0]), 1, 'counted from the lowest word');
  t.equal(decodePoint({ ...wide, wordOrder: 'low-first' }, [0, 2]), 1);
  t.equal(decodePoint(testPoint('p', { bit: 3, invalid: [0xffff] }), [0xffff]), null, 'a sentinel is that of the register');
});

t.test('a device that takes only the function for many registers is written so', async (t) => {
  const profile = loadAcmeProfile(ACME.replace('points:', 'quirks: { writeFunction: multiple }\npoints:'));
  t.same(createModbusDriver(profile).encode('level', 5), { table: 'holding', address: 0, values: [5], multiple: true });
});

t.test('DALI levels are on the curve of the standard', async (t) => {
  const anchors: [level: number, pct: number][] = [
    [254, 100],
    [229, 50.5],
    [170, 10.1],
    [85, 1],
    [1, 0.1],
    [0, 0],
  ];
  for (const [level, pct] of anchors) t.equal(Math.round((daliPct(level) ?? -1) * 10) / 10, pct, `level ${level}`);
  t.same([daliPct(255), daliPct(256), daliPct(65_535)], [null, null, null], 'not known, or no level');
  for (let level = 0; level <= 254; level++) t.equal(daliLevel(daliPct(level) as number), level);
  const point = testPoint('p', { transform: 'dali-log', write: writable() });
  for (let pct = 0; pct <= 100; pct++) {
    const back = decodePoint(point, encodePoint(point, pct) as number[]) as number;
    t.ok(Math.abs(back - pct) <= Math.max(0.5, 0.014 * pct + 0.5), `${pct} % comes back as ${back}`);
    t.equal(back === 0, pct === 0, 'only 0 is dark');
  }
  t.equal(daliLevel(0.01), 1, 'no lamp goes out by rounding');
  t.equal(daliLevel(120), 254);
});

t.test('what is encoded decodes to the same value, for any scale, offset and place', async (t) => {
  const arbitrary = fc.record({
    type: fc.constantFrom('u16' as const, 's16' as const),
    scale: fc.constantFrom(1, 0.5, 0.1, 10),
    offset: fc.constantFrom(0, -40, 25),
    raw: fc.integer({ min: 0, max: 0x7fff }),
    address: fc.nat(65_535),
  });
  fc.assert(
    fc.property(arbitrary, ({ type, scale, offset, raw, address }) => {
      const write = writable({ min: -1e6, max: 1e6, address, table: 'holding' });
      const point = testPoint('p', { table: 'input', type, scale, offset, decimals: 2, write });
      const value = decodePoint(point, [raw]) as number;
      const sent = createModbusDriver(testProfile('x', [point])).encode('p', value);
      if (sent instanceof Refusal) return false;
      return sent.address === address && sent.table === 'holding' && decodePoint(point, sent.values) === value;
    }),
  );
  t.pass('for all of them');
});
