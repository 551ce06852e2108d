import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../../../agent/config/load/load-site.ts';
import type { ClockQuality } from '../../../agent/core/clock.ts';
import { HOUR_MS } from '../../../agent/core/durations.ts';
import { createEnergy } from '../../../agent/diagnosis/energy-count.ts';
import { makeFakeStreet } from '../control/fake-street.ts';
import { makeStreet } from '../lighting/street.ts';

const NOON_MS = Date.parse('2026-06-21T12:00:00+02:00');
const { cabinet } = loadSite(join(import.meta.dirname, '../../../config/demo.yaml'));

/** Six lamps of 50 W where lamps of 150 W stood, from noon on. */
async function summerStreet(t: { teardown(fn: () => unknown): void }, quality: ClockQuality) {
  const plain = makeStreet({ zone: { presence: null, baseline: { levelPct: 100, lampPowerW: 150 } } });
  const street = { ...plain, lamps: plain.lamps.map((lamp) => ({ ...lamp, ratedPowerW: 50 })) };
  const { clock, control, poll } = makeFakeStreet({ now: NOON_MS, quality, street });
  const energy = createEnergy({
    cabinet: { ...cabinet, ...street, lines: [] },
    ...{ clock, light: control, profiles: new Map(), points: new Map(), onNight: () => {} },
    store: { load: async () => undefined, save: async () => true },
    field: { latest: (pointId) => ({ pointId, value: 100, quality: 'good', atMono: clock.monoMs(), atMs: 0 }) },
  });
  t.teardown(() => {
    energy.stop();
    return control.stop();
  });
  await control.start();
  poll();
  energy.start();
  const sums = async () => (await energy.view({ fromMs: 0, toMs: Date.UTC(2030, 0), by: null, zone: null }))?.rows[0];
  return { clock, sums };
}

t.test('while the light is on because the time is unknown, no saving is claimed', { timeout: 80_000 }, async (t) => {
  for (const quality of ['none', 'restored'] as const) {
    const { clock, sums } = await summerStreet(t, quality);
    await clock.advance(24 * HOUR_MS);
    clock.setQuality('synced');
    const row = await sums();
    t.ok(Math.abs((row?.kwh ?? 0) - 7.2) < 0.01, `what the lamps took is counted: ${row?.kwh} kWh`);
    t.equal(row?.baselineKwh, 0);
    t.ok((row?.savedKwh ?? 0) <= -0.2, `${row?.savedKwh} kWh saved, -0.2 in truth`);
    t.ok(Math.abs((row?.litH ?? 0) - 24) < 0.01, 'and the hours are counted');
  }
});

t.test('once the time is known the baseline counts its night, and not the hours before', { timeout: 80_000 }, async (t) => {
  const { clock, sums } = await summerStreet(t, 'none');
  await clock.advance(11.5 * HOUR_MS);
  clock.setQuality('synced');
  t.equal((await sums())?.baselineKwh, 0);
  await clock.advance(HOUR_MS);
  const { baselineKwh = 0 } = (await sums()) ?? {};
  t.ok(Math.abs(baselineKwh - 0.9) < 0.01, `an hour at 23:30: ${baselineKwh} kWh`);
});
