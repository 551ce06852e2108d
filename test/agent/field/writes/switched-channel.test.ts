/** Dimmers keep the level of a channel that is off, so the register then does not show the light. */
import t, { type Test } from 'tap';
import { readPlacedYaml } from '../../../../agent/config/load/places.ts';
import type { Profile } from '../../../../agent/core/profile.ts';
import { readProfiles } from '../../../../drivers/registry.ts';
import { resultOf } from '../line/line-plant.ts';
import { createPlant, type Plant, type TestUnit } from '../plant.ts';

const { profiles } = readProfiles([], readPlacedYaml);
const profileOf = (id: string): Profile => profiles.get(id) as Profile;

async function dimmer(t: Test, id = 'wirenboard-wb-led', prepare: (unit: TestUnit) => void = () => {}): Promise<Plant> {
  const plant = createPlant({ devices: { L1: profileOf(id) } });
  t.teardown(() => plant.field.stop());
  prepare(plant.unit('L1'));
  await plant.field.start();
  await plant.clock.advance(5_000);
  return plant;
}

const dimmers: [id: string, level: string, channels: number][] = [
  ['wirenboard-wb-led', 'holding:2000', 1],
  ['wirenboard-wb-led-4ch', 'holding:2000', 4],
  ['wirenboard-wb-mdm3', 'holding:0', 3],
];
for (const [id, , channels] of dimmers) {
  t.test(`set-up switches every channel of ${id} on`, async (t) => {
    const plant = await dimmer(t, id);
    for (let n = 0; n < channels; n++) t.equal(plant.unit('L1').registers.get(`coil:${n}`), 1, `channel ${n + 1}`);
    t.same(plant.events, []);
  });
}

t.test('a channel that was switched off at the device is dark in the readings, and on again with the next level', async (t) => {
  const plant = await dimmer(t);
  const { registers } = plant.unit('L1');
  t.match(await resultOf(plant, plant.write('L1', 60)), { state: 'verified' });
  await plant.clock.advance(6_000);
  t.match(plant.field.latest('L1.level'), { value: 60, quality: 'good' });
  registers.set('coil:0', 0);
  await plant.clock.advance(31_000);
  t.match(plant.field.latest('L1.level'), { value: 0, quality: 'good' }, 'the register still holds 60, but there is no light');
  t.match(plant.field.latest('L1.switch'), { value: 0 });
  t.match(await resultOf(plant, plant.write('L1', 60)), { state: 'verified' });
  t.equal(registers.get('coil:0'), 1);
  await plant.clock.advance(6_000);
  t.match(plant.field.latest('L1.level'), { value: 60, quality: 'good' });
});

t.test('a level counts as verified only once its channel is on, between two polls of the coil too', async (t) => {
  const plant = await dimmer(t);
  const { registers, asked } = plant.unit('L1');
  registers.set('coil:0', 0);
  const from = asked.length;
  t.match(await resultOf(plant, plant.write('L1', 40)), { state: 'verified' });
  t.equal(registers.get('coil:0'), 1, 'lit when it is reported as verified');
  const coil = asked.slice(from).flatMap(({ what }) => (what.includes('coil') ? [what] : []));
  // A read whose reply could be that of the one before is repeated.
  t.match(coil.join(', '), /^(read coil:0\+1, )+write coil:0=1(, read coil:0\+1)+$/, 'found off, switched on, proven');
});

t.test('a channel that cannot be switched on fails the level and reports that', async (t) => {
  const plant = await dimmer(t);
  const unit = plant.unit('L1');
  const { write } = unit;
  unit.registers.set('coil:0', 0);
  unit.write = (table, address, values) => (table === 'coil' ? undefined : write(table, address, values));
  t.match(await resultOf(plant, plant.write('L1', 40)), { state: 'failed', reason: /its channel is off .*coil 0/ });
  await plant.clock.advance(6_000);
  t.match(plant.field.latest('L1.level'), { value: 0, quality: 'good' }, 'and it is dark in the readings');
});

t.test('a lost write of the coil is made up for by the next try of the level', async (t) => {
  const plant = await dimmer(t);
  const unit = plant.unit('L1');
  const { write } = unit;
  let lost = 1;
  unit.registers.set('coil:0', 0);
  unit.write = (table, address, values) => (table === 'coil' && lost-- > 0 ? { exception: 6 } : write(table, address, values));
  t.match(await resultOf(plant, plant.write('L1', 40)), { state: 'failed' });
  t.match(await resultOf(plant, plant.write('L1', 40)), { state: 'verified' });
  t.equal(unit.registers.get('coil:0'), 1);
});

t.test('for a lamp that is to be dark its channel is not read', async (t) => {
  const plant = await dimmer(t);
  const { registers, asked } = plant.unit('L1');
  registers.set('coil:0', 0);
  const from = asked.length;
  t.match(await resultOf(plant, plant.write('L1', 0)), { state: 'verified' });
  t.notOk(asked.slice(from).some(({ what }) => what.startsWith('write coil')));
});

t.test('firmware without the coil is lit by its level alone', async (t) => {
  const plant = await dimmer(t, 'wirenboard-wb-led', (unit) => unit.refusals.set('coil:0', 2));
  t.match(await resultOf(plant, plant.write('L1', 40)), { state: 'verified' });
  await plant.clock.advance(6_000);
  t.match(plant.field.latest('L1.level'), { value: 40, quality: 'good' });
});

t.test('each channel has its own coil', async (t) => {
  const plant = await dimmer(t, 'wirenboard-wb-led-4ch');
  const { registers } = plant.unit('L1');
  for (const [quantity, level] of [
    ['level', 10],
    ['level_2', 20],
    ['level_3', 30],
    ['level_4', 40],
  ] as const)
    t.match(await resultOf(plant, plant.write('L1', level, { quantity })), { state: 'verified' });
  registers.set('coil:2', 0);
  await plant.clock.advance(36_000);
  const levels = ['level', 'level_2', 'level_3', 'level_4'].map((quantity) => plant.field.latest(`L1.${quantity}`)?.value);
  t.same(levels, [10, 20, 0, 40]);
});
