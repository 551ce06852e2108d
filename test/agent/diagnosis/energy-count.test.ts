import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../../../agent/config/load/load-site.ts';
import type { Lamp, Zone } from '../../../agent/core/cabinet.ts';
import { cabinetPoints } from '../../../agent/core/cabinet-points.ts';
import { HOUR_MS } from '../../../agent/core/durations.ts';
import { createEventTracker } from '../../../agent/core/event-tracker.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { UplinkValue } from '../../../agent/core/ports.ts';
import type { LampView } from '../../../agent/core/views.ts';
import type { AgentEvent, Decision, Quality } from '../../../agent/core/words.ts';
import { createEnergy } from '../../../agent/diagnosis/energy-count.ts';
import { uplinkDevices } from '../../../agent/sync/sparkplug/cabinet-metrics.ts';
import { createPlatformView } from '../../../agent/sync/sparkplug/platform-view.ts';
import { testDevice, testLine } from '../../support/profiles.ts';

const { cabinet, profiles } = loadSite(join(import.meta.dirname, '../../../config/demo.yaml'));
const [ZONE, LAMP] = [cabinet.zones[0] as Zone, cabinet.lamps[0] as Lamp];

/** `loaded` receives the keys that are read. `kept`: what earlier runs have saved. */
function memoryStore(loaded: string[], kept: Map<string, unknown>) {
  return {
    load: async (key: string) => {
      loaded.push(key);
      return kept.get(key);
    },
    save: async (key: string, value: unknown) => kept.set(key, JSON.parse(JSON.stringify(value))) !== undefined,
  };
}

function viewOf(id: string, pole: Lamp['pole'], { pct, following } = { pct: 0, following: true }): LampView {
  return { id, pole, wantedPct: pct, measuredPct: pct, rank: 'programme', reason: 'programme', following, faults: [] };
}

function decisionAt(lampId: string, levelPct: number): Decision {
  return { lampId, levelPct, rank: 'programme', reason: 'programme', distanceM: null, trace: [] };
}

function rig(
  baseline: Zone['baseline'] = ZONE.baseline,
  site = cabinet,
  loaded: string[] = [],
  { kept = new Map<string, unknown>(), at = '2026-12-01T17:00Z' } = {},
) {
  const clock = createManualClock(Date.parse(at));
  const points = cabinetPoints(site, profiles);
  const events: AgentEvent[] = [];
  const published: [device: string, metric: string, value: UplinkValue][] = [];
  const levels = new Map<string, { pct: number; quality: Quality; following: boolean }>();
  let night = true;
  const view = ({ id, pole }: Lamp): LampView => viewOf(id, pole, levels.get(id));
  const decisionOf = ({ id }: Lamp): Decision => decisionAt(id, levels.get(id)?.pct ?? 0);
  const platform = createPlatformView(cabinet, [], clock, {
    update: (device, metric, value) => published.push([device, metric, value]),
  });
  const energy = createEnergy({
    cabinet: { ...site, zones: [{ ...ZONE, baseline }] },
    profiles,
    points,
    clock,
    store: memoryStore(loaded, kept),
    field: {
      latest: (pointId) => {
        const id = pointId.split('.')[0] ?? '';
        const { pct, quality } = levels.get(id) ?? { pct: 0, quality: 'good' as const };
        return { pointId, value: quality === 'good' ? pct + 0.4 : null, quality, atMono: clock.monoMs(), atMs: clock.wallMs() };
      },
    },
    light: {
      decisions: () => cabinet.lamps.map(decisionOf),
      zones: () => [{ id: ZONE.id, programme: '', reason: '', minPct: 0, maxPct: 0, lamps: cabinet.lamps.map(view) }],
      zoneStates: () => [{ id: ZONE.id, night, sunAltitudeDeg: -20, presence: 'base', programmePct: 30 }],
    },
    onNight: platform.night,
    events: createEventTracker(clock, (event) => events.push(event)),
  });
  return {
    clock,
    energy,
    events,
    published,
    all(pct: number, changes: { quality?: Quality; following?: boolean } = {}) {
      for (const { id } of cabinet.lamps) levels.set(id, { pct, quality: 'good', following: true, ...changes });
      cabinet.lamps.map(decisionOf).forEach(energy.onDecision);
    },
    one(id: string, pct: number, changes: { quality?: Quality; following?: boolean }) {
      levels.set(id, { pct, quality: 'good', following: true, ...changes });
    },
    day() {
      night = false;
    },
    read: (pointId: `${string}.${string}`, value: number | null) =>
      energy.onReadings([{ pointId, value, quality: value === null ? 'missing' : 'good', atMono: 0, atMs: 0 }]),
    view: () => energy.view({ fromMs: clock.wallMs() - 36 * HOUR_MS, toMs: clock.wallMs(), by: null, zone: null }),
  };
}

t.test('a street that runs at its own baseline saves nothing, whatever the level', async (t) => {
  for (const levelPct of [1, 5, 10, 30, 50, 70, 90, 100]) {
    for (const lampPowerW of [null, LAMP.ratedPowerW]) {
      const street = rig({ levelPct, lampPowerW });
      street.all(levelPct);
      street.energy.start();
      await street.clock.advance(8 * HOUR_MS);
      const row = (await street.view())?.rows[0];
      t.ok(Math.abs(row?.savedPct ?? Number.NaN) < 1e-6, `${levelPct} %: saves ${row?.savedPct} %`);
    }
  }
});

t.test('other lamps than those of today count in proportion to their level', async (t) => {
  const street = rig({ levelPct: 50, lampPowerW: 150 });
  street.all(50);
  street.energy.start();
  await street.clock.advance(8 * HOUR_MS);
  const row = (await street.view())?.rows[0];
  t.ok(Math.abs((row?.baselineKwh ?? 0) - (cabinet.lamps.length * 75 * 8) / 1_000) < 1e-6, `${row?.baselineKwh} kWh`);
});

t.test('a night of the demo street: counted, measured, and sent to the platform in metrics that its births contain', async (t) => {
  const street = rig();
  street.all(100);
  street.energy.start();
  street.read('M01.energy_import', 100);
  street.read('M01.energy_total', 900);
  await street.clock.advance(4 * HOUR_MS);
  street.all(30);
  street.one('L02', 30, { quality: 'missing' });
  await street.clock.advance(8 * HOUR_MS);
  street.day();
  street.all(0);
  street.read('M01.energy_import', null);
  street.read('M01.energy_import', 107);
  const view = await street.view();
  const [lamps, W] = [cabinet.lamps.length, LAMP.ratedPowerW];
  const row = view?.rows[0];
  t.match(view, {
    firstNight: '2026-12-01',
    lastNight: '2026-12-01',
    isOpen: true,
    rows: [{ zone: ZONE.id, nights: 1, lamps, activations: 0 }],
  });
  const near = (found: number | undefined, wanted: number, what: string): void =>
    void t.ok(Math.abs((found ?? Number.NaN) - wanted) < wanted * 0.005, `${what}: ${found} is ${wanted}`);
  t.equal(row?.bandsH[0], 0, 'not a moment of the night is dark');
  near(row?.litH, 12 - 8 / lamps, 'hours');
  near(row?.unknownLampH, 8, 'hours of L02, which did not answer');
  near(row?.kwh, (lamps * W * (4 + 8 * 0.328)) / 1_000, 'kWh');
  near(row?.baselineKwh, (lamps * (ZONE.baseline.lampPowerW ?? W) * 12 * ZONE.baseline.levelPct) / 100_000, 'kWh before');
  t.match(view?.meters, [{ device: 'M01', kwh: 7 }], 'import, not import and export together');

  await street.clock.advance(7 * HOUR_MS);
  const metrics = uplinkDevices(cabinet, cabinetPoints(cabinet, profiles)).find(({ id }) => id === ZONE.id)?.metrics ?? [];
  t.strictSame(
    street.published.map(([, metric]) => metric),
    metrics.map(({ name }) => name),
  );
  t.match(street.published[0], [ZONE.id, 'Energy/Night kWh', { quality: 'good', atMs: Date.parse('2026-12-02T11:00Z') }]);
  near(
    Number(street.published[0]?.[2].value),
    (row?.kwh ?? 0) + 0.033,
    'kWh as published, with six hours of standby of the eleven that answer',
  );
  t.match(await street.energy.view({ fromMs: 0, toMs: 1, by: 'night', zone: null }), { rows: [], firstNight: null });
});

t.test('a range of all years reads no more months than there can be', async (t) => {
  const loaded: string[] = [];
  const street = rig(undefined, undefined, loaded);
  street.energy.start();
  await street.clock.advance(HOUR_MS);
  const [fromMs, toMs] = [Date.parse('0100-01-01T00:00Z'), Date.parse('9999-12-31T23:00Z')];
  loaded.length = 0;
  const all = await street.energy.view({ fromMs, toMs, by: 'night', zone: null });
  t.match(all, { firstNight: '2026-12-01', lastNight: '2026-12-01', isOpen: true });
  t.ok(loaded.length < 1_600, `${loaded.length}`);
  t.match(await street.energy.view({ fromMs: toMs - HOUR_MS, toMs, by: 'night', zone: null }), { rows: [], firstNight: null });
});

t.test('a lamp that does not follow is counted where it is found', async (t) => {
  const street = rig();
  street.all(30);
  street.energy.start();
  await street.clock.advance(10_000);
  street.all(100, { following: false });
  await street.clock.advance(HOUR_MS);
  const [row] = (await street.view())?.rows ?? [];
  t.ok(Math.abs((row?.bandsH.at(-1) ?? 0) - cabinet.lamps.length) < 0.05, `${row?.bandsH.at(-1)} lamp hours at 100 %`);
});

t.test('a night in which the meter of the invoice differs is an event, and the next one that agrees ends it', async (t) => {
  const meter = testLine('utility', [testDevice('LINKY', { profile: 'enedis-linky-tic' })], { kind: 'uart' });
  const street = rig(undefined, { ...cabinet, lines: [...cabinet.lines, meter] });
  street.all(100);
  street.energy.start();
  street.read('LINKY.energy', 500);
  street.read('LINKY.energy_t1', 200);
  street.read('M01.energy_import', 100);
  await street.clock.advance(10 * HOUR_MS);
  const computedKwh = (await street.view())?.rows[0]?.kwh ?? 0;
  street.day();
  street.all(0);
  street.read('LINKY.energy', 500 + 1.5 * computedKwh);
  street.read('M01.energy_import', 100 + computedKwh);
  await street.clock.advance(10 * HOUR_MS);
  t.match(street.events, [{ code: 'energy-differs', source: 'LINKY', severity: 'warning', endMs: null }]);
  t.match(String(street.events[0]?.text), /^night 2026-12-01: LINKY counted .* the agent's own meters .* \(-33\.3 %\)/);
  // Two hours after noon. The lamps burn until the next noon, which both meters and the computed energy show alike.
  street.all(100);
  await street.clock.advance(21 * HOUR_MS);
  const dayKwh = (cabinet.lamps.length * LAMP.ratedPowerW * 22) / 1_000;
  street.read('LINKY.energy', 500 + 1.5 * computedKwh + dayKwh);
  street.read('M01.energy_import', 100 + computedKwh + dayKwh);
  await street.clock.advance(2 * HOUR_MS);
  t.match(street.events[1], { id: street.events[0]?.id, endMs: Number });
  t.equal(street.events.length, 2);
});

t.test('a night that ended with a stop in the evening is reported with its own date', async (t) => {
  const meter = testLine('utility', [testDevice('LINKY', { profile: 'enedis-linky-tic' })], { kind: 'uart' });
  const site = { ...cabinet, lines: [...cabinet.lines, meter] };
  const kept = new Map<string, unknown>();
  const evening = rig(undefined, site, [], { kept });
  evening.all(100);
  evening.energy.start();
  evening.read('LINKY.energy', 500);
  evening.read('M01.energy_import', 100);
  await evening.clock.advance(4 * HOUR_MS);
  evening.read('LINKY.energy', 510);
  evening.read('M01.energy_import', 104);
  await evening.clock.advance(1_000);
  evening.energy.stop();
  await evening.clock.advance(1_000);
  const later = rig(undefined, site, [], { kept, at: '2026-12-02T15:00Z' });
  later.energy.start();
  await later.clock.advance(HOUR_MS);
  t.match(later.events, [{ code: 'energy-differs', source: 'LINKY' }]);
  t.match(String(later.events[0]?.text), /^night 2026-12-01: /);
});
