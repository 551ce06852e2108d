/** Lines of 247 factory-new dimmers on the simulated clock. The times are those of the wire and of the units, not of this machine. */
import t, { type Test } from 'tap';
import { readPlacedYaml } from '../../../../agent/config/load/places.ts';
import type { Profile } from '../../../../agent/core/profile.ts';
import { readProfiles } from '../../../../drivers/registry.ts';
import { pace } from '../pace.ts';
import { createPlant, LAMP, type Plant, profile, type TestUnit } from '../plant.ts';
import { many, resultOf } from './line-plant.ts';

const WB_LED = readProfiles([], readPlacedYaml).profiles.get('wirenboard-wb-led') as Profile;
const UNITS = 247;
/** What the set-up of the plant's site asks for. */
const FAILSAFE: [string, number][] = [
  ['holding:8', 60],
  ['holding:648', 3],
  ['holding:656', 70],
];
const WHOLE: [string, number][] = [
  ...FAILSAFE,
  ['holding:4000', 0],
  ['coil:0', 1],
  ['holding:664', 3],
  ['holding:672', 70],
  ['holding:3000', 1_500],
  ['holding:3100', 5_000],
];
const holds = ({ registers }: TestUnit, wanted: typeof WHOLE): boolean => wanted.every(([at, value]) => registers.get(at) === value);
const allHold = ({ units }: Plant, wanted: typeof WHOLE): boolean => [...units.values()].every((unit) => holds(unit, wanted));

interface FactoryNew {
  readonly baud: number;
  readonly writeMs: number;
  readonly broadcast: boolean;
  readonly obeys?: (n: number) => boolean;
}

/** Their mode has no separate channels, so that they refuse a level; reads take 8 ms. */
async function factoryNew(t: Test, { baud, writeMs, broadcast, obeys = () => true }: FactoryNew): Promise<Plant> {
  const serial = { baud, parity: 'none', stopBits: 2, dataBits: 8 } as const;
  const plant = createPlant({ devices: many(UNITS, WB_LED), serial, broadcast });
  t.teardown(() => plant.field.stop());
  for (const [n, unit] of [...plant.units.values()].entries()) {
    const addressed = { is: false };
    pace(unit, ({ kind }) => (kind === 'write' ? writeMs : 8));
    const { write } = unit;
    unit.onRequest = () => {
      addressed.is = true;
    };
    unit.write = (table, address, values) => {
      const isBroadcast = !addressed.is;
      addressed.is = false;
      if (isBroadcast && !obeys(n)) return undefined;
      const isLevel = table === 'holding' && address === 2000;
      return isLevel && unit.registers.get('holding:4000') !== 0 ? { exception: 3 } : write(table, address, values);
    };
    const { read } = unit;
    unit.read = (...request) => {
      addressed.is = false;
      return read(...request);
    };
    unit.registers.set('holding:4000', 256).set('holding:8', 10).set('holding:648', 0).set('holding:656', 50).set('coil:0', 1);
  }
  await plant.field.start();
  return plant;
}

async function until({ clock }: Plant, isReached: () => boolean, mostS: number): Promise<number> {
  while (!isReached() && clock.monoMs() < mostS * 1_000) await clock.advance(1_000);
  return clock.monoMs() / 1_000;
}

for (const [baud, writeMs] of [
  [9_600, 12],
  [9_600, 120],
  [19_200, 120],
  [19_200, 190],
] as const) {
  t.test(`247 factory-new dimmers at ${baud} baud that store a register in ${writeMs} ms: set up and lit within 2 min`, async (t) => {
    const plant = await factoryNew(t, { baud, writeMs, broadcast: true });
    let lit = 0;
    for (const id of plant.units.keys())
      void plant.write(id, 60, { lane: 'command', ttlMs: 120_000 }).then(({ state }) => {
        if (state === 'verified') lit++;
      });
    const setUpS = await until(plant, () => allHold(plant, WHOLE), 120);
    t.ok(allHold(plant, WHOLE), `all registers of all units hold what they must after ${setUpS} s`);
    const litS = await until(plant, () => lit === UNITS, 120);
    t.equal(lit, UNITS, `lit after ${litS} s`);
    await plant.clock.advance(300_000);
    for (const [at] of WHOLE) {
      const writes = [...plant.units.values()].map(({ asked }) => asked.filter(({ what }) => what.startsWith(`write ${at}=`)).length);
      t.ok(Math.max(...writes) <= 2, `${at} is written at most twice, for it lies in flash`);
    }
    t.same(plant.events, [], 'nothing is reported as wrong');
    t.equal(plant.field.devices().filter(({ state }) => state === 'ok').length, UNITS);
  });
}

t.test('without broadcasts the failsafe registers of all 247 are written before the ramps of any', async (t) => {
  const plant = await factoryNew(t, { baud: 9_600, writeMs: 12, broadcast: false });
  const failsafeS = await until(plant, () => allHold(plant, FAILSAFE), 120);
  t.ok(allHold(plant, FAILSAFE), `all have their failsafe level after ${failsafeS} s`);
  const ramped = [...plant.units.values()].filter(({ registers }) => registers.has('holding:3000'));
  t.equal(ramped.length, 0, 'a ramp is a comfort');
  await until(plant, () => allHold(plant, WHOLE), 400);
  t.ok(allHold(plant, WHOLE), 'and then the rest');
});

t.test('units that do not obey the broadcast are found by their registers and written by themselves', async (t) => {
  const plant = await factoryNew(t, { baud: 19_200, writeMs: 12, broadcast: true, obeys: (n) => n % 5 !== 0 });
  await until(plant, () => allHold(plant, WHOLE), 240);
  t.ok(allHold(plant, WHOLE), 'all hold what they must');
  await plant.clock.advance(300_000);
  t.same(plant.events, []);
});

t.test('units none of which obeys a broadcast are set up all the same', async (t) => {
  const plant = await factoryNew(t, { baud: 19_200, writeMs: 12, broadcast: true, obeys: () => false });
  await until(plant, () => allHold(plant, WHOLE), 400);
  t.ok(allHold(plant, WHOLE), 'one by one');
  t.same(plant.events, []);
});

t.test('no set-up is broadcast where a unit of the line could take it for something else, or few need it', async (t) => {
  const setup = [{ table: 'holding' as const, address: 100, value: 7, why: 'a test' }];
  const lamp = profile('lamp', LAMP.points, { setup });
  const other = profile('other', LAMP.points, { setup: [{ table: 'holding', address: 100, value: 8, why: 'another value' }] });
  const without = profile('without', LAMP.points);
  const devices: [string, Record<string, Profile>, set: number][] = [
    ['another value', { ...many(20, lamp), X: other }, 0],
    ['a unit without the register', { ...many(20, lamp), X: without }, 0],
    ['seven units', many(7, lamp), 0],
    ['most of them right', many(20, lamp), 8],
  ];
  for (const [story, types, right] of devices) {
    const plant = createPlant({ devices: types });
    t.teardown(() => plant.field.stop());
    for (const unit of [...plant.units.values()].slice(0, right)) unit.registers.set('holding:100', 7);
    await plant.field.start();
    await plant.clock.advance(60_000);
    const writes = [...plant.units].map(
      ([id, { asked }]) => asked.filter(({ what }) => what.startsWith('write')).length * (id === 'X' ? -1 : 1),
    );
    t.equal(Math.max(...writes), 1, `${story}: written once by itself`);
    t.equal(writes.filter((n) => n === 0).length, right + (types['X'] === without ? 1 : 0), `${story}: no other is written`);
    t.ok([...plant.units].every(([id, { registers }]) => id === 'X' || registers.get('holding:100') === 7));
  }
});

t.test('a lit lamp of a line that is being set up does not wait for the others', async (t) => {
  const plant = await factoryNew(t, { baud: 9_600, writeMs: 120, broadcast: false });
  await plant.clock.advance(20_000);
  const from = plant.clock.monoMs();
  t.match(await resultOf(plant, plant.write('L200', 80)), { state: 'verified' });
  t.ok(plant.clock.monoMs() - from < 5_000, `lit after ${plant.clock.monoMs() - from} ms`);
});
