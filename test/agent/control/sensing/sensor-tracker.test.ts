import t from 'tap';
import { createSensorTracker, type SensorTracker, sensorHealth } from '../../../../agent/control/sensing/sensor-tracker.ts';
import type { PresenceSensor, Zone } from '../../../../agent/core/cabinet.ts';
import { SECOND_MS } from '../../../../agent/core/durations.ts';
import { createEventTracker } from '../../../../agent/core/event-tracker.ts';
import { createManualClock, type ManualClock } from '../../../../agent/core/manual-clock.ts';
import type { AgentEvent, PointId, Reading } from '../../../../agent/core/words.ts';
import { texts } from '../../../support/texts.ts';
import { makeStreet, PRESENCE, reading, seen, sensor, ZONE } from '../../lighting/street.ts';

const HOUR_S = 3_600;

interface TrackerScene extends SensorTracker {
  readonly clock: ManualClock;
  readonly events: readonly AgentEvent[];
  /** By zone, when our own light there changed. */
  readonly ownChanges: Map<string, number>;
  /** What a poll brings, seen at once. */
  sense(pointId: PointId, value: number | null): boolean;
  /** Seconds in which each answering sensor repeats itself and the tracker is refreshed. */
  pass(seconds: number, values?: Readonly<Record<PointId, number | null>>): Promise<void>;
}

function makeScene(sensors: readonly PresenceSensor[], zones?: readonly Zone[]): TrackerScene {
  const clock = createManualClock(0);
  const events: AgentEvent[] = [];
  const ownChanges = new Map<string, number>();
  const latest = new Map<PointId, Reading>();
  const street = makeStreet({ zone: { presence: { ...PRESENCE, sensors } } });
  const tracker = createSensorTracker({
    street: zones === undefined ? street : { ...street, zones },
    field: { latest: (pointId) => latest.get(pointId) },
    clock,
    events: createEventTracker(clock, (event) => events.push(event)),
    ownChangeMono: (zoneId) => ownChanges.get(zoneId) ?? null,
  });
  const read = (pointId: PointId, value: number | null): Reading => {
    const reading = { pointId, value, quality: value === null ? 'missing' : 'good', atMono: clock.monoMs(), atMs: clock.wallMs() } as const;
    latest.set(pointId, reading);
    return reading;
  };
  return {
    ...tracker,
    clock,
    events,
    ownChanges,
    sense: (pointId, value) => tracker.take([read(pointId, value)]),
    async pass(seconds, values = {}) {
      for (let second = 0; second < seconds; second++) {
        await clock.advance(SECOND_MS);
        tracker.take(Object.entries(values).map(([pointId, value]) => read(pointId as PointId, value)));
        tracker.refresh();
      }
    },
  };
}

const reported = ({ events }: TrackerScene) =>
  events.map(({ code, source, text, endMs }) => [code, source, String(text), endMs === null ? 'begins' : 'ends']);

t.test('a detection is kept for the wave: place, time, sensor, for 18 minutes', async (t) => {
  const tracker = makeScene([sensor('S01'), sensor('S02')]);
  await tracker.clock.advance(SECOND_MS);
  t.ok(tracker.sense('S01.motion', 80));
  await tracker.clock.advance(9 * SECOND_MS);
  t.ok(tracker.sense('S02.motion', 80));
  t.notOk(tracker.sense('S02.motion', 90));
  t.notOk(tracker.sense('L1.level', 90), 'a lamp is no sensor');
  const plain = { isRelayed: false, speedKmh: null, direction: null };
  const [first, second] = [
    { source: 'S01', pole: 'P2', atMono: 1_000, ...plain },
    { source: 'S02', pole: 'P5', atMono: 10_000, ...plain },
  ];
  t.same(tracker.recent(), [first, second]);
  t.equal(tracker.detections(), 2);
  await tracker.clock.advance(1_072 * SECOND_MS);
  tracker.refresh();
  t.same(tracker.recent(), [second]);
});

t.test('one that had to last is dated from when it began, and lies in order', async (t) => {
  const tracker = makeScene([sensor('S01', { minPulseS: 3 }), sensor('S02')]);
  tracker.take([reading('S01.motion', 80, 0)]);
  await tracker.clock.advance(2 * SECOND_MS);
  tracker.sense('S02.motion', 80);
  await tracker.pass(2);
  t.match(tracker.recent(), [
    { source: 'S01', atMono: 0 },
    { source: 'S02', atMono: 2_000 },
  ]);
  t.equal(tracker.detections(), 2, 'by time alone, without a further reading');
});

t.test('a person who arrives during a detection of another is part of it, and reaches the wave every five seconds at most', async (t) => {
  const tracker = makeScene([sensor('S01', { offDelayS: 5 })]);
  const pulses = [0, 3, 6, 9, 12, 15];
  const noted: number[] = [];
  for (const [i, atS] of pulses.entries()) {
    await tracker.clock.advance((atS - (pulses[i - 1] ?? 0)) * SECOND_MS);
    if (tracker.sense('S01.motion', 80)) noted.push(atS);
    await tracker.clock.advance(SECOND_MS);
    tracker.sense('S01.motion', 0);
  }
  t.equal(tracker.detections(), 1);
  t.equal(tracker.recent().length, noted.length);
  t.ok(noted.length >= 3, `noted at ${noted}`);
  const times = tracker.recent().map(({ atMono }) => atMono);
  t.ok(
    times.slice(1).every((mono, at) => mono - (times[at] ?? 0) >= 5 * SECOND_MS),
    `${times}`,
  );
});

t.test('a crowd leaves no more than 200 detections', async (t) => {
  const tracker = makeScene([sensor('S01', { kind: 'counter', point: 'count', offDelayS: 5 })]);
  for (let count = 0; count <= 250; count++) {
    tracker.sense('S01.count', count);
    await tracker.clock.advance(SECOND_MS);
  }
  t.equal(tracker.detections(), 250);
  t.equal(tracker.recent().length, 200);
  t.equal(tracker.recent().at(-1)?.atMono, 250_000);
});

t.test('a sensor without a pole raises its zone and starts no wave', async (t) => {
  const tracker = makeScene([sensor('DOOR')]);
  t.ok(tracker.sense('DOOR.motion', 80));
  t.same([tracker.detections(), tracker.recent()], [1, []]);
});

t.test('a sensor that follows the others is read and shown, but ignored', async (t) => {
  const tracker = makeScene([sensor('S01', { listen: 'group' })]);
  t.notOk(tracker.sense('S01.motion', 80));
  t.match(tracker.states().get('S01.motion'), { present: true });
  t.same([tracker.detections(), tracker.recent()], [0, []]);
});

t.test(
  'a sensor of two zones counts once, with the settings of the zone that uses it, and the light of either may deceive it',
  async (t) => {
    const zone = (id: string, lamps: string[], each: PresenceSensor): Zone => ({
      ...ZONE,
      id,
      lamps,
      presence: { ...PRESENCE, sensors: [each] },
    });
    const zones = [
      zone('left', ['L1', 'L2'], sensor('S01', { listen: 'group', threshold: 10 })),
      zone('right', ['L3', 'L4'], sensor('S01', { blankS: 5 })),
    ];
    const tracker = makeScene([], zones);
    t.notOk(tracker.sense('S01.motion', 20));
    tracker.ownChanges.set('L2', 1_000).set('L3', -9_000);
    await tracker.clock.advance(2 * SECOND_MS);
    t.notOk(tracker.sense('S01.motion', 80), 'our light in the other zone changed a second ago');
    await tracker.clock.advance(4 * SECOND_MS);
    t.ok(tracker.sense('S01.motion', 80));
    t.equal(tracker.detections(), 1);
  },
);

t.test('only the light of lamps in sight of a sensor may deceive it, and next to a wave no longer than the light runs ahead', async (t) => {
  const near = makeScene([sensor('S01', { blankS: 5 })]);
  near.ownChanges.set('L1', 1_000).set('L3', 1_000).set('L6', 1_000);
  await near.clock.advance(2 * SECOND_MS);
  t.ok(near.sense('S01.motion', 80), 'lamps 25 m and more away');
  const wave = { mode: 'poles', speedKmh: 15, lookAheadS: 4, leastAheadM: 30, behindM: 15 } as const;
  const beside = makeScene([], [{ ...ZONE, presence: { ...PRESENCE, wave, sensors: [sensor('S01', { blankS: 30 })] } }]);
  beside.ownChanges.set('L2', 0);
  await beside.clock.advance(1_900);
  t.notOk(beside.sense('S01.motion', 80));
  await beside.clock.advance(100);
  t.ok(beside.sense('S01.motion', 80));
});

t.test('a stuck sensor is reported once, and again only after it has been still', async (t) => {
  const tracker = makeScene([sensor('S01', { stuckS: HOUR_S })]);
  await tracker.pass(HOUR_S + 300, { 'S01.motion': 100 });
  t.match(tracker.states().get('S01.motion'), { present: false, stuck: true });
  await tracker.pass(70, { 'S01.motion': 0 });
  t.same(reported(tracker), [
    [
      'sensor-stuck',
      'S01.motion',
      'S01.motion: presence for 60 min without a pause; it is ignored until it clears; check what it detects',
      'begins',
    ],
    ['sensor-stuck', 'S01.motion', 'S01.motion: idle again, back in use', 'ends'],
  ]);
  t.equal(tracker.events[0]?.id, tracker.events[1]?.id);
  t.ok(tracker.sense('S01.motion', 100));
});

const silences: [kind: Zone['kind'], afterS: number, text: string][] = [
  ['road', 120, '2 min'],
  ['street', 300, '5 min'],
  ['path', 300, '5 min'],
  ['leisure', 900, '15 min'],
];
for (const [kind, afterS, text] of silences) {
  t.test(`on a ${kind} a sensor without a value is reported after ${text}, also one that never had a value`, async (t) => {
    const zone = { ...ZONE, kind, presence: { ...PRESENCE, sensors: [sensor('S01')] } };
    for (const before of [0, 30]) {
      const tracker = makeScene([], [zone]);
      await tracker.pass(before, { 'S01.motion': 0 });
      await tracker.pass(afterS, { 'S01.motion': null });
      t.same(reported(tracker), []);
      await tracker.pass(1, { 'S01.motion': null });
      await tracker.pass(60, { 'S01.motion': 0 });
      t.same(reported(tracker), [
        ['sensor-silent', 'S01.motion', `S01.motion: no value for ${text}; nearby lamps follow the programme`, 'begins'],
        ['sensor-silent', 'S01.motion', 'S01.motion: gives values again', 'ends'],
      ]);
    }
  });
}

t.test('a sensor that answers but has detected nothing for a week is reported until it does; a button may stay unused', async (t) => {
  const tracker = makeScene([sensor('S01'), sensor('B01', { kind: 'button' })]);
  const quiet = { 'S01.motion': 0, 'B01.motion': 0 };
  const hours = async (count: number): Promise<void> => {
    for (let hour = 0; hour < count; hour++) {
      await tracker.clock.advance(HOUR_S * SECOND_MS - SECOND_MS);
      await tracker.pass(1, quiet);
    }
  };
  await hours(7 * 24);
  t.same(reported(tracker), []);
  await hours(1);
  t.match(reported(tracker), [['sensor-silent', 'S01.motion', /no detection for 7 days; check whether it is covered/, 'begins']]);
  await tracker.pass(1, { ...quiet, 'S01.motion': 100 });
  t.match(reported(tracker)[1], ['sensor-silent', 'S01.motion', 'S01.motion: gives values again', 'ends']);
});

t.test('a stuck sensor, which is ignored, is not also reported as detecting nothing', async (t) => {
  const nowMono = 30 * 24 * HOUR_S * SECOND_MS;
  const state = { ...seen(0), valueMono: nowMono, stuck: true };
  const health = sensorHealth({ pointId: 'S01.motion', sensor: sensor('S01'), zoneKind: 'road', state, startMono: 0, nowMono });
  t.match(texts(health), { stuck: /presence for 720 h/, silent: null });
});

t.test('a reading that becomes old, or is lost, is noticed without a new one', async (t) => {
  const tracker = makeScene([sensor('S01')]);
  t.equal(tracker.states().size, 0, 'a sensor that never spoke is absent');
  tracker.sense('S01.motion', 80);
  tracker.refresh();
  t.match(tracker.states().get('S01.motion'), { present: true, quality: 'good' });
  await tracker.pass(1, { 'S01.motion': null });
  t.match(tracker.states().get('S01.motion'), { present: true, quality: 'missing', lastPresentMono: 0 });
  t.equal(tracker.detections(), 1);
});
