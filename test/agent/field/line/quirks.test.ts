/** Settings of one device that a cabinet may override: timeout, rest between requests, retries. */
import t, { type Test } from 'tap';
import type { DeviceQuirks } from '../../../../agent/core/cabinet.ts';
import { withQuirks } from '../../../../agent/core/narrowed.ts';
import { ignoreWrites, pace } from '../pace.ts';
import { LAMP, type Plant } from '../plant.ts';
import { plantWith, resultOf } from './line-plant.ts';

const twoLamps = (t: Test, quirks: DeviceQuirks): Promise<Plant> => plantWith(t, { devices: { L1: withQuirks(LAMP, quirks), L2: LAMP } });

t.test('the timeout of a slow device is that of the cabinet, and that of its neighbour comes from its profile', async (t) => {
  for (const [responseTimeoutMs, isRead] of [
    [200, false],
    [700, true],
    [2_000, true],
  ] as const) {
    const plant = await twoLamps(t, { responseTimeoutMs });
    for (const unit of plant.units.values()) pace(unit, () => 600);
    await plant.clock.advance(4_000);
    const isGood = (id: string): boolean => plant.readings.some(({ pointId, quality }) => pointId === `${id}.level` && quality === 'good');
    t.equal(isGood('L1'), isRead, `${responseTimeoutMs} ms`);
    t.equal(isGood('L2'), false, 'its neighbour is not');
  }
});

t.test('a device that needs silence has it between any two requests', async (t) => {
  for (const minGapMs of [5, 50, 500]) {
    const plant = await twoLamps(t, { minGapMs });
    for (let level = 1; level <= 5; level++) void plant.write('L1', level);
    await plant.clock.advance(10_000);
    const pauses = (id: string): number[] => {
      const times = plant.unit(id).asked.map(({ atMono }) => atMono);
      return times.slice(1).map((mono, i) => mono - (times[i] as number));
    };
    t.ok(Math.min(...pauses('L1')) >= minGapMs, `${Math.min(...pauses('L1')).toFixed(1)} ms`);
    t.ok(Math.min(...pauses('L2')) < 100, 'its neighbour does not wait');
  }
});

t.test('a lost level is sent again as often as the cabinet specifies', async (t) => {
  for (const retries of [0, 1, 5]) {
    const plant = await twoLamps(t, { retries });
    await plant.clock.advance(2_000);
    const unit = plant.unit('L1');
    let lost = 0;
    ignoreWrites(plant, unit, () => {
      lost++;
      return true;
    });
    t.match(await resultOf(plant, plant.write('L1', 40, { ttlMs: 60_000 })), { state: 'failed' });
    t.equal(lost, retries + 1, `${retries} retries`);
  }
});

t.test('a device counts as silent after as many lost replies in a row as the cabinet specifies', async (t) => {
  for (const retries of [0, 2, 6]) {
    const plant = await twoLamps(t, { retries });
    await plant.clock.advance(2_000);
    plant.sim.silence(1);
    const fromMono = plant.clock.monoMs();
    const before = plant.field.lines()[0]?.timeouts ?? 0;
    const state = (): string | undefined => plant.field.devices().find(({ id }) => id === 'L1')?.state;
    while (state() !== 'silent' && plant.clock.monoMs() < fromMono + 60_000) await plant.clock.advance(10);
    t.equal((plant.field.lines()[0]?.timeouts ?? 0) - before, retries + 1, `${retries} retries`);
  }
});
