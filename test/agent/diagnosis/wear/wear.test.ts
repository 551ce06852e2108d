import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../../../../agent/config/load/load-site.ts';
import type { CabinetPoint } from '../../../../agent/core/cabinet-points.ts';
import { cabinetPoints } from '../../../../agent/core/cabinet-points.ts';
import { DAY_MS, HOUR_MS } from '../../../../agent/core/durations.ts';
import type { EventFacts } from '../../../../agent/core/event-tracker.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { Decision, PointId, Quality } from '../../../../agent/core/words.ts';
import { Wear } from '../../../../agent/diagnosis/wear/wear.ts';
import { wearPoints } from '../../../../agent/diagnosis/wear/wear-points.ts';
import { memoryFolder } from '../../../support/memory-folder.ts';

const NOON = Date.parse('2026-03-01T11:00:00Z');
const D4I_SITE = `
cabinet: { id: demo, name: Rue des Lucioles, latitudeDeg: 47.4736, longitudeDeg: -0.5541, timezone: Europe/Paris }
lines:
  - id: bus
    kind: dali
    port: demo/bus
    devices:
      - { id: L01, unit: 0, profile: dali-d4i-driver, pole: P01 }
      - { id: L02, unit: 1, profile: dali-d4i-driver, pole: P02 }
poles: [{ id: P01, atM: 0 }, { id: P02, atM: 25 }]
lamps:
  - { id: L01, ratedPowerW: 60, minPct: 10 }
  - { id: L02, ratedPowerW: 60, minPct: 10 }
zones:
  - { id: rue, lamps: [L01, L02], programme: residential, minPct: 10 }
programmes:
  - { id: residential, steps: [{ at: dusk, levelPct: 100 }] }
`;

function rigOf(t: Parameters<typeof memoryFolder>[0]) {
  const file = join(memoryFolder(t), 'cabinet.yaml');
  writeFileSync(file, D4I_SITE);
  const { cabinet, profiles } = loadSite(file);
  const points = cabinetPoints(cabinet, profiles);
  const clock = createManualClock(NOON, 'synced');
  const kept = new Map<string, string>();
  const disk = { isReadable: true };
  const drift = { pct: 0 };
  const light = { levelPct: 100 };
  const events: EventFacts[] = [];
  const store = {
    load: async (key: string, otherwise?: unknown): Promise<unknown> => {
      const text = kept.get(key);
      return disk.isReadable ? (text === undefined ? undefined : JSON.parse(text)) : otherwise;
    },
    save: async (key: string, value: unknown): Promise<boolean> => {
      if (disk.isReadable) kept.set(key, JSON.stringify(value));
      return disk.isReadable;
    },
  };
  const create = (): Wear =>
    new Wear({
      ...{ cabinet, points, clock, store },
      decisions: () => [{ lampId: 'L01', levelPct: light.levelPct } as Decision],
      powerDriftPct: () => new Map([['L01', drift.pct]]),
      burningH: () => new Map([['L02', 120]]),
      events: { notice: (event) => void events.push(event) },
    });
  return { points, clock, kept, disk, drift, light, events, create, cabinet };
}

function readings(values: Readonly<Record<PointId, number | null>>, quality: Quality = 'good') {
  return Object.entries(values).map(([pointId, value]) => ({ pointId: pointId as PointId, value, quality, atMono: 0, atMs: 0 }));
}

const rowsOf = (kept: ReadonlyMap<string, string>, key: string): Readonly<Record<string, unknown>> => JSON.parse(kept.get(key) ?? '{}');

t.test('the points of a D4i driver that show wear', async (t) => {
  const { cabinet, points } = rigOf(t);
  const roles = wearPoints(cabinet, points as ReadonlyMap<PointId, CabinetPoint>).filter(({ lamp }) => lamp === 0);
  t.strictSame(
    Object.fromEntries(roles.map(({ role, pointId }) => [`${role} ${pointId}`, 1])),
    Object.fromEntries(
      [
        'hours L01.lamp_hours',
        'starts L01.driver_starts',
        'current L01.output_current',
        'rated-hours L01.rated_hours',
        'rated-starts L01.rated_starts',
        'rated-temperature L01.rated_driver_temperature',
        'temperature L01.driver_temperature',
        'derating-flag L01.led',
        'derating-flag L01.driver_derating',
        'derating-flag L01.lamp_derating',
      ].map((each) => [each, 1]),
    ),
  );
});

t.test('an output current in A is no sign of wear', async (t) => {
  const { cabinet, points } = rigOf(t);
  const point = points.get('L01.output_current') as CabinetPoint;
  const inAmperes = new Map(points as ReadonlyMap<PointId, CabinetPoint>).set('L01.output_current', {
    ...point,
    profile: { ...point.profile, unit: 'A' },
  });
  t.notOk(wearPoints(cabinet, inAmperes).some(({ pointId }) => pointId === 'L01.output_current'));
});

t.test('a night becomes one summary for each lamp; only lit time and good readings count', async (t) => {
  const { clock, kept, light, drift, create } = rigOf(t);
  const wear = create();
  wear.start();
  await clock.advance(HOUR_MS);
  wear.onReadings(readings({ 'L01.driver_temperature': 50, 'L01.driver_derating': 1, 'L01.output_current': 90, 'L01.driver_starts': 7 }));
  wear.onReadings(readings({ 'L01.driver_temperature': 60, 'L01.driver_derating': 0 }));
  wear.onReadings(readings({ 'L01.driver_temperature': 190 }, 'bad'));
  light.levelPct = 0;
  await clock.advance(HOUR_MS);
  wear.onReadings(readings({ 'L01.driver_temperature': 10, 'L01.driver_starts': 8, 'L01.rated_hours': 100_000 }));
  drift.pct = -2.5;
  await clock.advance(DAY_MS);
  t.match(rowsOf(kept, 'wear.2026-03'), {
    '2026-03-01': {
      L01: [/^[a-z0-9]{5,7}$/, 1, -2.5, 55, 50, 90, 8, null, 100_000, null, null],
      L02: [/^[a-z0-9]{5,7}$/, 1, null, null, null, null, null, 120, null, null, null],
    },
  });
  wear.stop();
});

t.test('a restart within the night goes on with its sums', async (t) => {
  const { clock, kept, create } = rigOf(t);
  const first = create();
  first.start();
  await clock.advance(HOUR_MS);
  first.onReadings(readings({ 'L01.driver_temperature': 40 }));
  first.stop();
  await clock.advance(60_000);
  const second = create();
  second.start();
  await clock.advance(60_000);
  second.onReadings(readings({ 'L01.driver_temperature': 60 }));
  await clock.advance(DAY_MS);
  t.match(rowsOf(kept, 'wear.2026-03'), { '2026-03-01': { L01: [/./, 1, 0, 50] } });
  second.stop();
});

t.test('no night is stored while the time is not known', async (t) => {
  const { clock, kept, create } = rigOf(t);
  clock.setQuality('none');
  const wear = create();
  wear.start();
  await clock.advance(3 * DAY_MS);
  t.strictSame(
    [...kept.keys()].filter((key) => /\d/.test(key)),
    [],
  );
  t.match(await wear.predictions(), [{ lamp: 'L01', state: 'too-little', nights: 0 }, { lamp: 'L02' }]);
  wear.stop();
});

t.test('readings from while the time is not known count for no night', async (t) => {
  const { clock, kept, create } = rigOf(t);
  clock.setQuality('none');
  const wear = create();
  wear.start();
  for (const [quality, temperatureC] of [
    ['none', 90],
    ['synced', 50],
    ['none', 70],
    ['none', 80],
    ['synced', 40],
  ] as const) {
    clock.setQuality(quality);
    await clock.advance(HOUR_MS);
    wear.onReadings(readings({ 'L01.driver_temperature': temperatureC }));
    await clock.advance(DAY_MS);
  }
  clock.setQuality('synced');
  await clock.advance(HOUR_MS);
  t.match(rowsOf(kept, 'wear.2026-03'), { '2026-03-02': { L01: [/./, 1, 0, 50] }, '2026-03-05': { L01: [/./, 1, 0, 40] } });
  wear.stop();
});

t.test('nights wait while the disk cannot be read, seven at most; predictions are then not known', async (t) => {
  const { clock, kept, disk, create } = rigOf(t);
  const wear = create();
  wear.start();
  await clock.advance(HOUR_MS);
  disk.isReadable = false;
  for (let day = 0; day < 10; day++) await clock.advance(DAY_MS);
  t.equal(await wear.predictions(), undefined);
  disk.isReadable = true;
  await clock.advance(HOUR_MS);
  t.strictSame(
    Object.keys(rowsOf(kept, 'wear.2026-03')),
    ['04', '05', '06', '07', '08', '09', '10'].map((day) => `2026-03-${day}`),
  );
  wear.stop();
});

t.test(
  'a year and a half: months are folded, old ones emptied, and an entry is reported once, and again when it becomes urgent',
  async (t) => {
    const { clock, kept, drift, events, create } = rigOf(t);
    kept.set('wear.2024-06', JSON.stringify({ '2024-06-03': { L01: ['x', 1, 0] } }));
    for (let day = 0; day < 560; day++) {
      drift.pct = day < 250 ? 0 : -(day - 250) / 17;
      const run = create();
      run.start();
      await clock.advance(2 * 60_000);
      run.stop();
      await clock.advance(DAY_MS - 2 * 60_000);
    }
    const wear = create();
    t.equal(Object.keys(rowsOf(kept, 'wear.2026-04')).length, 4, 'a summary a week');
    t.equal(Object.keys(rowsOf(kept, 'wear.2027-08')).length, 31, 'single nights of the last months');
    t.ok(events.length >= 1 && events.length <= 4, `${events.length} events`);
    const weeks = events.map(({ text }) => Number(/within (\d+) weeks/.exec(String(text))?.[1]));
    t.strictSame(
      weeks,
      weeks.toSorted((a, b) => b - a),
    );
    t.equal(weeks.at(-1), 4);
    t.match(events[0], { code: 'lamp-wears-out', source: 'L01', severity: 'warning', urgency: 'deferred', check: { where: /P01/ } });
    t.match(await wear.predictions(), [
      { lamp: 'L01', state: 'listed', withinWeeks: 4 },
      { lamp: 'L02', state: 'no-sign' },
    ]);
    const bytes = [...kept.values()].reduce((sum, text) => sum + text.length, 0);
    t.ok(bytes < 2 * 10_000, `${bytes} bytes for two lamps`);
  },
);

t.test('a clock that is years wrong for some nights deletes nothing', async (t) => {
  const { clock, kept, create } = rigOf(t);
  const wear = create();
  wear.start();
  for (let day = 0; day < 5; day++) await clock.advance(DAY_MS);
  const before = kept.get('wear.2026-03');
  t.equal(Object.keys(JSON.parse(before ?? '{}')).length, 5);
  const wrongByMs = Date.parse('2028-06-10T12:00:00Z') - clock.wallMs();
  clock.stepWall(wrongByMs);
  for (let day = 0; day < 3; day++) await clock.advance(DAY_MS);
  t.match(await wear.predictions(), [{ nights: 3 }, {}], 'nights of the wrong time');
  clock.stepWall(-wrongByMs - 3 * DAY_MS);
  await clock.advance(2 * DAY_MS);
  t.equal(Object.keys(rowsOf(kept, 'wear.2026-03')).length, 7);
  t.match(await wear.predictions(), [{ lamp: 'L01', nights: 7, state: 'too-little' }, {}]);
  wear.stop();
});

t.test('damaged stores do no harm', async (t) => {
  const { clock, kept, create } = rigOf(t);
  for (const text of [
    '7',
    'null',
    '"x"',
    '[1]',
    '{"date":3}',
    '{"2026-03-01":{"L01":[1],"L02":["k",0]},"x":{}}',
    '{"date":"2026-02-28","sums":{"L01.led":[1]}}',
  ])
    for (const key of ['wear.2026-03', 'wear.tonight', 'wear.reported']) {
      kept.set(key, text);
      const wear = create();
      wear.start();
      await clock.advance(2 * 60_000);
      t.equal((await wear.predictions())?.length, 2);
      wear.stop();
    }
});
