import t, { type Test } from 'tap';
import type { Cabinet, Rule } from '../../agent/core/cabinet.ts';
import { DEFAULT_WATCH } from '../../agent/core/watch-config.ts';
import { testDevice, testLine } from '../support/profiles.ts';
import { createRig, type Rig } from '../support/rig.ts';

const METER = testLine('utility', [testDevice('LINKY', { unit: 0, profile: 'enedis-linky-tic' })], {
  kind: 'uart',
  port: '/dev/tic',
  serial: { baud: 9_600, parity: 'none', stopBits: 1, dataBits: 8 },
});

function lowering(levelPct: number, zone: string): Rule {
  const when = { kind: 'above', point: 'LINKY.colour', value: 2.5, clearsAt: 2, forS: 60 } as const;
  return { id: 'red-day', when, raise: null, lower: { zones: [zone], levelPct } };
}

/** The demo street at 23:30 with a meter and a rule. */
async function street(t: Test, levelPct: number): Promise<Rig> {
  const change = (cabinet: Cabinet): Cabinet => ({
    ...cabinet,
    lines: [...cabinet.lines, METER],
    rules: [lowering(levelPct, cabinet.zones[0]?.id ?? '')],
  });
  return createRig(t, { startAt: '2026-12-15T23:30:00+01:00', change });
}
const meterOf = (rig: Rig) => {
  const meter = rig.street.meters.get('LINKY');
  if (meter === undefined) throw new TypeError('the street has a meter');
  return meter;
};

t.test('a red day lowers the programme after a minute, a person is lit as before, and the end of the day ends it', async (t) => {
  const rig = await street(t, 15);
  await rig.clock.advance(120_000);
  const [usualPct = 0] = rig.levels();
  t.ok(usualPct > 15, `${usualPct} % without it`);
  meterOf(rig).state.colour = 3;
  await rig.clock.advance(50_000);
  t.same(new Set(rig.levels()), new Set([usualPct]), 'not before it has lasted');
  await rig.clock.advance(60_000);
  t.same(new Set(rig.levels()), new Set([15]));
  rig.street.world.send('walker');
  await rig.until('someone is lit', () => Math.max(...rig.levels()) > usualPct, 120_000);
  meterOf(rig).state.colour = 1;
  await rig.until('all lamps have their programme', () => rig.levels().every((pct) => pct === usualPct), 400_000);
});

t.test('a rule that asks for darkness gives the minimum of the zone', async (t) => {
  const rig = await street(t, 0);
  meterOf(rig).state.colour = 3;
  await rig.clock.advance(240_000);
  const minPct = rig.agent.site().cabinet.zones[0]?.minPct ?? 0;
  t.ok(minPct > 0);
  t.same(new Set(rig.levels()), new Set([minPct]));
});

t.test('a meter that falls silent on a red day gives the light back', async (t) => {
  const rig = await street(t, 15);
  meterOf(rig).state.colour = 3;
  await rig.clock.advance(240_000);
  t.same(new Set(rig.levels()), new Set([15]));
  meterOf(rig).stop();
  await rig.until('the programme applies in full', () => Math.min(...rig.levels()) > 15, 300_000);
});

t.test('after an hour without the agent the total is still the number of the meter', async (t) => {
  const rig = await street(t, 15);
  await rig.clock.advance(600_000);
  // Other loads than the lamps are on this meter: more than the power of the lamps explains.
  meterOf(rig).state.indexWh[0] = (meterOf(rig).state.indexWh[0] ?? 0) + 100;
  await rig.restart(async () => {
    await rig.clock.advance(3_600_000);
    meterOf(rig).state.indexWh[0] = (meterOf(rig).state.indexWh[0] ?? 0) + 9_000;
  });
  await rig.clock.advance(60_000);
  const [total, index] = ['LINKY.energy', 'LINKY.index'].map((id) => rig.agent.field.latest(id as `${string}.${string}`));
  t.match(total, { quality: 'good' });
  t.equal(total?.value, index?.value);
  const sent = meterOf(rig).state.indexWh.reduce((sum, wh) => sum + wh, 0) / 1_000;
  t.ok(Math.abs((index?.value ?? 0) - sent) < 0.01, `${index?.value} of ${sent} kWh`);
});

t.test('the subscribed power and the clock of the meter are events', async (t) => {
  const rig = await street(t, 15);
  const { state } = meterOf(rig);
  state.clockAheadMs = 600_000;
  state.subscribedKva = 1;
  await rig.clock.advance(400_000);
  const events = await rig.settled(rig.agent.view.events({ sinceMs: 0, activeOnly: true, limit: 100 }));
  const found = events.map(({ code, source }) => `${code} ${source}`);
  t.ok(found.includes('meter-clock-differs LINKY'), `${found}`);
  t.match(rig.agent.field.latest('LINKY.subscribed'), { value: 1 });
});

t.test('a meter that is named in watch.loadMeters is learned; one without a power is not', async (t) => {
  const watch = { ...DEFAULT_WATCH, loadMeters: ['M01', 'LINKY'] };
  const change = (cabinet: Cabinet): Cabinet => ({ ...cabinet, lines: [...cabinet.lines, METER], watch });
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00', change });
  await rig.clock.advance(180_000);
  const [load, ...others] = rig.agent.view.meterLoads();
  t.same(others, []);
  t.match(load, { meter: 'M01', nights: 0, fullW: null, findings: [] });
  t.ok((load?.powerW ?? 0) > 0, `${load?.powerW} W`);
});
