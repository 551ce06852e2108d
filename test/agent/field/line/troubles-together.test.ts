import t from 'tap';
import { createRandom } from '../../../street/random.ts';
import { SENSOR } from '../plant.ts';
import { MULTISENSOR, sometimesLate, twice, underUnit, worstSight } from './troubles.ts';

/** Limit for a detection when one unit is in trouble and the sensor itself replies late. Units: ms. */
const SEEN_WITHIN_MS = 4_000;

for (const [name, what] of Object.entries({
  'to which two units answer': twice(20),
  'that replies under another number': underUnit(() => 3, 0),
}))
  for (const pct of [1, 5, 10])
    t.test(`next to a lamp ${name}, a sensor is not blind because ${pct} % of all replies are late`, async (t) => {
      for (const sensor of [SENSOR, MULTISENSOR])
        for (const seed of [1, 2, 3]) {
          const everybody = sometimesLate(createRandom(seed), pct);
          const { worstMs, wrong } = await worstSight(t, 4, { who: 'L1', forMs: 600_000, what, everybody, sensor });
          t.ok(worstMs <= SEEN_WITHIN_MS, `${sensor.id}, seed ${seed}: seen after ${worstMs} ms`);
          t.same(wrong, []);
        }
    });
