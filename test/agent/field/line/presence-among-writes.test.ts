import t from 'tap';
import { LAMP, SENSOR, type TestUnit } from '../plant.ts';
import { many, plantWith } from './line-plant.ts';

const MOTION = 'input:280';
const [STILL, MOVING] = [6, 380];

/** The sensor answers each read of its motion with the next value, and keeps the last. */
function showNext(unit: TestUnit, values: readonly number[]): void {
  const left = [...values];
  const { read } = unit;
  unit.read = (...request) => {
    const value = left.shift();
    if (value !== undefined) unit.registers.set(MOTION, value);
    return read(...request);
  };
}

t.test('motion that begins between a reading and its confirmation is reported at once, and blinds neither sensors nor lamps', async (t) => {
  for (const values of [
    [STILL, MOVING, MOVING],
    [STILL, MOVING, STILL],
    [MOVING, STILL, MOVING, STILL, MOVING],
  ]) {
    const plant = await plantWith(t, { devices: { ...many(3, LAMP), S1: SENSOR, S2: SENSOR } });
    const sensor = plant.unit('S1');
    // Both values are known on this line, so that each could be a late one.
    for (const value of [STILL, MOVING, STILL, MOVING]) {
      sensor.registers.set(MOTION, value);
      await plant.clock.advance(5_000);
    }
    const sinceMono = plant.clock.monoMs();
    showNext(sensor, values);
    await plant.clock.advance(400);
    const seen = plant.readings.filter(
      ({ pointId, atMono, quality }) => pointId === 'S1.motion' && atMono >= sinceMono && quality === 'good',
    );
    t.ok(seen.length >= 2, `${values}: read ${seen.length} times within 400 ms`);
    t.equal(plant.field.latest('S1.motion')?.value, values.at(-1));
    const level = plant.write('L1', 40);
    await plant.clock.advance(300);
    t.match(await level, { state: 'verified' }, 'a level is believed');
    const polls = plant.askedSince('S2', sinceMono).length;
    t.ok(polls >= 5, `the other sensor was read ${polls} times in 700 ms`);
  }
});

t.test('motion that is seen while urgent levels wait is reported before they have all left', async (t) => {
  const plant = await plantWith(t, { devices: { ...many(35, LAMP), S1: SENSOR } });
  const sensor = plant.unit('S1');
  for (const value of [STILL, MOVING, STILL]) {
    sensor.registers.set(MOTION, value);
    await plant.clock.advance(5_000);
  }
  const levels = Array.from({ length: 35 }, (_, i) => plant.write(`L${i + 1}`, 90, { ttlMs: 30_000 }));
  await plant.clock.advance(30);
  sensor.registers.set(MOTION, MOVING);
  const sinceMono = plant.clock.monoMs();
  while (plant.field.latest('S1.motion')?.value !== MOVING && plant.clock.monoMs() < sinceMono + 5_000) await plant.clock.advance(1);
  t.ok(plant.clock.monoMs() - sinceMono < 250, `after ${(plant.clock.monoMs() - sinceMono).toFixed(0)} ms`);
  await plant.clock.advance(5_000);
  for (const level of levels) t.match(await level, { state: 'verified' });
});
