import t from 'tap';
import { createBusLoad } from '../../../../agent/field/stats/meters.ts';

t.test('the bus load is the share of the last minute in use', async (t) => {
  const load = createBusLoad();
  t.equal(load.busyPct(), 0);
  load.sample(0, 0);
  load.sample(30_000, 30_000);
  t.equal(load.busyPct(), 100);
  load.sample(60_000, 30_000);
  t.equal(load.busyPct(), 50);
  load.sample(120_000, 36_000);
  t.equal(load.busyPct(), 10, 'the first minute is forgotten');
});
