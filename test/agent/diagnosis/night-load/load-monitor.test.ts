import t from 'tap';
import type { Cabinet } from '../../../../agent/core/cabinet.ts';
import type { CabinetPoint } from '../../../../agent/core/cabinet-points.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { AgentEvent, PointId, Reading } from '../../../../agent/core/words.ts';
import { LoadMonitor } from '../../../../agent/diagnosis/night-load/load-monitor.ts';
import { testDevice } from '../../../support/profiles.ts';
import { type CabinetPhysics, cabinetMinutes, DAY } from './cabinet-physics.ts';

/** Noon of the first day. */
const FIRST_MS = Date.parse('2026-11-01T11:00:00Z');
const MINUTE_MS = 60_000;
const cabinet = { id: 'C1', timezone: 'Europe/Paris', lamps: [], zones: [], outputs: [], lines: [] } as unknown as Cabinet;
const profiles = new Map([['meter-profile', { category: 'meter' }]]) as never;

function points(): ReadonlyMap<PointId, CabinetPoint> {
  const device = { ...testDevice('M01'), profile: 'meter-profile' };
  const point = (id: string, semantic: string, unit: string) => ({
    pointId: `M01.${id}`,
    device,
    semantic,
    profile: { id, semantic, unit, poll: 'normal' },
  });
  return new Map(
    [point('power', 'power', 'kW'), point('voltage', 'voltage', 'V')].map((each) => [
      each.pointId as PointId,
      each as unknown as CabinetPoint,
    ]),
  );
}

/** A cabinet that runs minute by minute; `restart` makes a new monitor with the same disk. */
function rig(site: Cabinet = cabinet, fromMs = FIRST_MS) {
  const clock = createManualClock(fromMs);
  const disk = new Map<string, unknown>();
  const events: AgentEvent[] = [];
  const accepts = { now: true };
  const store = {
    load: async (key: string) => (disk.has(key) ? JSON.parse(String(disk.get(key))) : undefined),
    save: async (key: string, value: unknown) => accepts.now && disk.set(key, JSON.stringify(value)).size > 0,
  };
  const onEvent = (event: AgentEvent): void => void events.push(event);
  const build = () => new LoadMonitor({ cabinet: site, points: points(), profiles, clock, store: store as never, onEvent });
  let monitor = build();
  const reading = (id: PointId, value: number): Reading => ({
    pointId: id,
    value,
    quality: 'good',
    atMono: clock.monoMs(),
    atMs: clock.wallMs(),
  });
  return {
    clock,
    disk,
    accepts,
    events,
    views: () => monitor.views(),
    async start() {
      monitor.start();
      await clock.advance(0);
    },
    async restart() {
      monitor.stop();
      monitor = build();
      monitor.start();
      await clock.advance(0);
    },
    async run(physics: CabinetPhysics, fromDay: number, toDay: number, fromMinute = 0, toMinute = DAY) {
      for (const { atMin, watts, volts } of cabinetMinutes(physics, fromDay, toDay)) {
        if (atMin < fromDay * DAY + fromMinute || atMin >= (toDay - 1) * DAY + toMinute) continue;
        if (!Number.isNaN(watts)) monitor.onReadings([reading('M01.voltage', volts), reading('M01.power', watts / 1_000)]);
        await clock.advance(MINUTE_MS);
      }
    },
  };
}

const broken: CabinetPhysics = { fault: (atMin, loadW) => (atMin >= 3 * DAY + 700 ? loadW * 0.95 : loadW) };

t.test('a lost lamp is one event with its size, evidence and what to check, over a restart and until it is repaired', async (t) => {
  const street = rig({ ...cabinet, watch: { loadMeters: ['M01'], loadLampW: 125, feeders: [] } } as unknown as Cabinet);
  await street.start();
  await street.run(broken, 0, 4, 0, 800);
  t.match(street.events, [
    {
      code: 'light-lost',
      source: 'M01',
      severity: 'warning',
      urgency: 'deferred',
      talq: 'totalPowerTooLow',
      endMs: null,
      evidence: { readings: [] },
    },
  ]);
  const [event] = street.events;
  t.match(String(event?.text), /^M01: light was lost: \d+ W, at full power 2\d\d W: about 2 lamps$/);
  t.ok(Math.abs((event?.startMs ?? 0) - FIRST_MS - (3 * DAY + 700) * MINUTE_MS) < 15 * MINUTE_MS);
  t.match(String(event?.check?.what), /look for the dark lamp/);
  t.match(street.views(), [{ meter: 'M01', nights: 3, findings: [{ text: /light was lost/ }] }]);
  await street.restart();
  await street.run(broken, 3, 4, 801);
  await street.run(broken, 4, 5);
  t.same(new Set(street.events.map(({ id }) => id)).size, 1, 'the same event continues');
  t.equal(street.events.at(-1)?.endMs, null);
  await street.run({}, 5, 6);
  t.equal(new Set(street.events.map(({ id }) => id)).size, 1);
  t.not(street.events.at(-1)?.endMs, null, 'repaired');
});

t.test('a restart at midnight in each night prevents neither learning nor finding', async (t) => {
  const street = rig();
  await street.start();
  for (let day = 0; day < 3; day++) {
    await street.run({}, day, day + 1, 0, 720);
    await street.restart();
    await street.run({}, day, day + 1, 721);
  }
  t.match(street.views(), [{ nights: 3, powerW: 0, onSinceMs: null, findings: [] }]);
  await street.run(broken, 3, 4, 0, 760);
  t.match(street.events, [{ code: 'light-lost' }]);
});

t.test('a meter that is polled each 10 min finds a lost circuit, which is urgent', async (t) => {
  const slow = rig();
  await slow.start();
  const physics: CabinetPhysics = {
    fault: (atMin, loadW) => (atMin >= 3 * DAY + 700 ? loadW * 0.7 : loadW),
    meter: (minute) => (minute.atMin % 10 === 0 ? minute : { ...minute, watts: Number.NaN }),
  };
  await slow.run(physics, 0, 4, 0, 740);
  t.match(slow.events, [{ code: 'light-lost', severity: 'alarm', urgency: 'urgent' }]);
});

t.test('a clock that is stepped at night, or not trusted, raises no alarm', async (t) => {
  const street = rig();
  await street.start();
  await street.run({}, 0, 3);
  await street.run({}, 3, 4, 0, 600);
  street.clock.stepWall(50 * MINUTE_MS);
  await street.run({}, 3, 4, 601);
  street.clock.setQuality('none');
  await street.run({}, 4, 5);
  street.clock.setQuality('synced');
  await street.run({}, 5, 6);
  t.same(street.events, []);
});

t.test('damaged data under its keys is as none, and a cabinet with lamps has no such meter unless it is named', async (t) => {
  for (const rubbish of [
    'null',
    '7',
    '{"v":1,"nights":[{"onMin":"x"},{"onMin":5,"utcOffsetMin":0,"power":"AAA","voltage":""}],"dayHours":"x","differences":7,"open":[{"key":1}]}',
  ]) {
    const street = rig();
    street.disk.set('load.M01', rubbish);
    street.disk.set('load.M01.tonight', rubbish);
    await street.start();
    await street.run({}, 0, 1, 0, 400);
    t.match(street.views(), [{ nights: 0, fullW: null, findings: [] }]);
  }
  const lamps = rig({ ...cabinet, lamps: [{ id: 'L01', device: 'D', point: 'level', pole: 'P', ratedPowerW: 50 }] } as unknown as Cabinet);
  t.same(lamps.views(), []);
});

t.test('an event that begins while the disk is full is remembered once there is room, and ends after a restart', async (t) => {
  const street = rig();
  await street.start();
  await street.run({}, 0, 3);
  street.accepts.now = false;
  await street.run(broken, 3, 4, 0, 760);
  t.match(street.events, [{ code: 'light-lost', endMs: null }]);
  street.accepts.now = true;
  await street.run(broken, 3, 4, 761, 800);
  street.accepts.now = false;
  await street.restart();
  street.accepts.now = true;
  await street.run({}, 3, 5, 801);
  t.not(street.events.at(-1)?.endMs, null);
  t.equal(new Set(street.events.map(({ id }) => id)).size, 1);
});
