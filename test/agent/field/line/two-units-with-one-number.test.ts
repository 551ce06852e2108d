import t from 'tap';
import { SENSOR } from '../plant.ts';
import { MULTISENSOR, repeated, SEEN_WITHIN_MS, twice, underUnit, worstSight, wrapped } from './troubles.ts';

for (const [name, what] of Object.entries({
  'to which two units answer at once': twice(5),
  'to which two units answer': twice(20),
  'to which two units answer, one slowly': twice(100),
  'that replies under another number': underUnit(() => 3, 0),
  'that repeats its replies': repeated(1, 20),
  'with noise before each reply': wrapped('ff', ''),
  'with noise behind each reply': wrapped('', '00'),
}))
  t.test(`a lamp ${name} for minutes blinds no sensor of its line`, async (t) => {
    for (const sensor of [SENSOR, MULTISENSOR])
      for (const lamps of [1, 12]) {
        const { worstMs, wrong } = await worstSight(t, lamps, { who: 'L1', forMs: 600_000, what, sensor });
        t.ok(worstMs <= SEEN_WITHIN_MS, `${sensor.id} with ${lamps} lamps: seen after ${worstMs} ms`);
        t.same(wrong, []);
      }
  });
