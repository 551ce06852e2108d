import fc from 'fast-check';
import t from 'tap';
import { DetectionRelay } from '../../../agent/control/detection-relay.ts';
import type { Neighbour, Pole, Zone } from '../../../agent/core/cabinet.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { RelayedDetection } from '../../../agent/core/ports.ts';
import type { Detection, LightingStreet } from '../../../agent/lighting/lighting.ts';
import { waveFor } from '../../../agent/lighting/wave.ts';

const POLES: readonly Pole[] = Array.from({ length: 9 }, (_, n) => ({ id: `P${n}`, atM: n * 25, branch: null }));
const SENSORS = ['P0', 'P2', 'P4', 'P6', 'P8'];
const ZONE: Zone = {
  id: 'rue',
  lamps: POLES.map(({ id }) => id),
  kind: 'path',
  programme: 'p',
  calendar: null,
  minPct: 10,
  designClass: null,
  sunBelowDeg: -2,
  onOffsetMin: 0,
  offOffsetMin: 0,
  photocell: null,
  dark: null,
  presence: {
    sensors: SENSORS.map((pole) => ({
      device: `S-${pole}`,
      point: 'motion',
      kind: 'motion',
      threshold: 50,
      ownHoldS: 5,
      minPulseS: 0,
      offDelayS: 0,
      blankS: 0,
      stuckS: 3_600,
      maxPerH: 100_000,
      listen: 'own',
    })),
    boostPct: 100,
    holdS: 30,
    rampUpS: 1,
    rampDownS: 10,
    reachM: 30,
    maxBoostS: 3_600,
    wave: { mode: 'poles', speedKmh: 15, lookAheadS: 4, leastAheadM: 30, behindM: 15 },
    relayedPct: 60,
  },
  traffic: null,
  baseline: { levelPct: 100, lampPowerW: null },
  constantLight: null,
};

/** West of P0 the street goes on as that of `west`, east of P8 as that of `east`; both are sent of whom is within 60 m. */
const streetOf = (neighbours: readonly Neighbour[]): LightingStreet => ({
  latitudeDeg: 47.4736,
  longitudeDeg: -0.5541,
  timezone: 'Europe/Paris',
  poles: POLES,
  branches: [],
  lamps: POLES.map(({ id }) => ({ id, device: id, point: 'level', pole: id, ratedPowerW: 60, minPct: 0, maxPct: 100 })),
  zones: [ZONE],
  programmes: [],
  calendars: [],
  eventNights: [],
  rules: [],
  outputs: [],
  neighbours,
  lines: [{ devices: SENSORS.map((pole) => ({ id: `S-${pole}`, pole })) }],
});
const WEST: Neighbour = { node: 'west', pole: 'P0', withinM: 60 };
const EAST: Neighbour = { node: 'east', pole: 'P8', withinM: 60 };
const MIDDLE: Neighbour = { node: 'side', pole: 'P4', withinM: 10 };

/** The relay of a cabinet on a stopped clock; `sees` gives the values of its sensors. */
function openRelay(neighbours: readonly Neighbour[] = [WEST, EAST]) {
  const clock = createManualClock(Date.UTC(2026, 10, 24, 21));
  const sent: RelayedDetection[] = [];
  const sentAt: number[] = [];
  const onRelay = (one: RelayedDetection): void => {
    sent.push(one);
    sentAt.push(clock.monoMs());
  };
  const detectionRelay = new DetectionRelay({ street: streetOf(neighbours), clock, onRelay });
  let own: readonly Detection[] = [];
  return {
    clock,
    sent,
    sentAt,
    detectionRelay,
    seen: () => detectionRelay.take(own),
    sees: (pole: string, agoMs = 0, more: Partial<Detection> = {}): readonly Detection[] => {
      const atMono = clock.monoMs() - agoMs;
      own = [...own, { source: `S-${pole}`, pole, atMono, isRelayed: false, speedKmh: null, direction: null, ...more }];
      return detectionRelay.take(own);
    },
  };
}

const relay = (more: Partial<RelayedDetection> = {}): RelayedDetection => ({
  node: 'west',
  id: 'w-1',
  ageMs: 400,
  ttlMs: 20_000,
  distanceM: 20,
  speedKmh: null,
  isApproaching: false,
  ...more,
});

t.test('which detections are sent to which cabinet', async (t) => {
  const table: [story: string, passage: [pole: string, atS: number][], expected: string][] = [
    ['someone near one end: that neighbour', [['P2', 0]], 'west 50 m'],
    ['at the very end', [['P8', 0]], 'east 0 m'],
    ['in the middle: no neighbour', [['P4', 0]], ''],
    [
      'seen three times on its way east: only the east hears of it, with its speed',
      [
        ['P2', 0],
        ['P4', 12],
        ['P6', 24],
        ['P8', 36],
      ],
      'west 50 m, east 50 m at 15 km/h, east 0 m at 15 km/h',
    ],
    [
      'seen twice it is not sure yet who that is, so a neighbour is sent without direction',
      [
        ['P4', 0],
        ['P6', 12],
      ],
      'east 50 m',
    ],
  ];
  for (const [story, passage, expected] of table) {
    const { clock, sent, sees } = openRelay();
    for (const [pole, atS] of passage) {
      await clock.advance(atS * 1_000 - clock.monoMs());
      sees(pole);
    }
    const words = sent.map(({ node, distanceM, speedKmh, isApproaching }) => {
      const speed = speedKmh === null ? '' : ` at ${Math.round(speedKmh)} km/h`;
      t.equal(isApproaching, speedKmh !== null);
      return `${node} ${distanceM} m${speed}`;
    });
    t.equal(words.join(', '), expected, story);
  }
});

t.test('a detection is sent once, with its age, its lifetime and an id of its own', async (t) => {
  const { clock, sent, sees, seen } = openRelay();
  await clock.advance(60_000);
  sees('P0', 300);
  seen();
  await clock.advance(5_000);
  seen();
  t.equal(sent.length, 1);
  t.match(sent[0], { node: 'west', ageMs: 300, ttlMs: 20_000, distanceM: 0, speedKmh: null });
  sees('P0');
  t.not(sent[1]?.id, sent[0]?.id);
  sees('P0', 21_000);
  await clock.advance(5_000);
  t.equal(sent.length, 2, 'what is 21 s old is of no use to anybody');
});

t.test('two relays a second leave at most, the newest of each neighbour, in turns', async (t) => {
  const both = [WEST, { ...EAST, pole: 'P2' }];
  const { clock, sent, sentAt, sees } = openRelay(both);
  for (let i = 0; i < 100; i += 1) {
    sees(i % 2 === 0 ? 'P0' : 'P2');
    await clock.advance(50);
  }
  await clock.advance(5_000);
  t.ok(
    sentAt.slice(1).every((atMono, i) => atMono - (sentAt[i] ?? 0) >= 500),
    sentAt.join(' '),
  );
  t.equal(sent.length, 12, 'one each half second for 5 s, and the two that waited then');
  t.strictSame(
    sent.map(({ node }) => node),
    Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? 'west' : 'east')),
  );
  t.ok(
    sent.slice(0, 10).every(({ ageMs }) => ageMs <= 100),
    'the newest, not those that had to wait',
  );
});

t.test('a person announced by a neighbour enters at the pole where the street begins', async (t) => {
  const table: [story: string, neighbour: Neighbour, direction: 1 | -1 | null][] = [
    ['from the start of the street onwards', WEST, 1],
    ['from its end backwards', EAST, -1],
    ['from a side street either way', MIDDLE, null],
  ];
  for (const [story, neighbour, direction] of table) {
    const { clock, detectionRelay } = openRelay([neighbour]);
    await clock.advance(10_000);
    t.ok(detectionRelay.receive(relay({ node: neighbour.node, speedKmh: 20 })), story);
    t.strictSame(detectionRelay.take([]), [
      { source: neighbour.node, pole: neighbour.pole, atMono: 9_600, isRelayed: true, speedKmh: 20, direction, beforeM: 20 },
    ]);
  }
  const { clock, detectionRelay, sees } = openRelay();
  await clock.advance(10_000);
  detectionRelay.receive(relay({ ageMs: 5_000 }));
  t.strictSame(
    sees('P4', 6_000).map(({ source }) => source),
    ['S-P4', 'west'],
    'oldest first',
  );
  await clock.advance(1_000_000);
  t.equal(detectionRelay.take([]).length, 1);
  await clock.advance(100_000);
  t.equal(detectionRelay.take([]).length, 0, 'forgotten once the slowest walker would have been seen again');
});

t.test('rejected relays are counted', async (t) => {
  const table: [story: string, relays: RelayedDetection[], admitted: number, dropped: object][] = [
    ['a cabinet that is no neighbour', [relay({ node: 'north' })], 0, { stranger: 1 }],
    ['the same id twice', [relay(), relay()], 1, { repeated: 1 }],
    ['the same id from another', [relay(), relay({ node: 'east' })], 2, {}],
    ['older than its life', [relay({ ageMs: 20_001 })], 0, { late: 1 }],
    ['a life longer than any may have', [relay({ ageMs: 25_000, ttlMs: 60_000 })], 0, { late: 1 }],
    ['a life of its own that is short', [relay({ ageMs: 3_000, ttlMs: 2_000 })], 0, { late: 1 }],
    ['an age that is no number', [relay({ ageMs: Number.NaN })], 0, { late: 1 }],
    ['from the future', [relay({ ageMs: -5 })], 0, { late: 1 }],
    ['more than one cabinet may send', Array.from({ length: 10 }, (_, i) => relay({ id: `w-${i}` })), 4, { 'too-many': 6 }],
  ];
  for (const [story, relays, admitted, dropped] of table) {
    const { clock, detectionRelay } = openRelay();
    await clock.advance(10_000);
    t.equal(relays.filter((one) => detectionRelay.receive(one)).length, admitted, story);
    t.strictSame(detectionRelay.counts(), {
      sent: 0,
      received: admitted,
      dropped: { stranger: 0, late: 0, repeated: 0, 'too-many': 0, ...dropped },
    });
  }
  const { clock, detectionRelay } = openRelay();
  for (let i = 0; i < 40; i += 1) {
    await clock.advance(500);
    t.ok(detectionRelay.receive(relay({ id: `w-${i}` })), 'two a second are heard for ever');
  }
  t.notOk(detectionRelay.receive(relay({ id: 'w-3' })), 'and an old one is still known');
  await clock.advance(60_000);
  t.ok(detectionRelay.receive(relay({ id: 'w-3' })), 'for a minute, so that memory does not grow');
});

t.test('a relay of a neighbour is never sent again, to any cabinet', async (t) => {
  const { clock, sent, detectionRelay, sees, seen } = openRelay();
  for (let i = 0; i < 50; i += 1) {
    await clock.advance(700);
    detectionRelay.receive(relay({ id: `w-${i}`, node: i % 2 === 0 ? 'west' : 'east', speedKmh: 15 }));
    seen();
  }
  t.equal(sent.length, 0);
  sees('P8', 0, { isRelayed: true });
  t.equal(sent.length, 0, 'wherever it comes from');
  const other = openRelay();
  await other.clock.advance(10_000);
  other.detectionRelay.receive(relay({ speedKmh: 15, distanceM: 0 }));
  await other.clock.advance(12_000);
  other.sees('P2');
  t.equal(other.sent.length, 0, 'nor is the one who sent it sent of whom he has sent');
  other.detectionRelay.receive(relay({ id: 'w-2', speedKmh: 15, distanceM: 20, ageMs: 0 }));
  await other.clock.advance(4_800);
  other.sees('P0');
  t.equal(other.sent.length, 0, 'not even from the first pole');
});

t.test('a relay that is stopped sends nothing any more', async (t) => {
  const { clock, sent, detectionRelay, sees } = openRelay();
  sees('P0');
  sees('P0');
  detectionRelay.stop();
  await clock.advance(10_000);
  t.equal(sent.length, 1);
});

t.test('100,000 relays of any kind: nothing throws, nothing is sent, no lamp is lower and all light ends', async () => {
  const street = streetOf([WEST, EAST, MIDDLE]);
  const wave = waveFor(street);
  const number = fc.oneof(fc.double(), fc.integer({ min: 0, max: 30_000 }), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 0));
  const anyRelay = fc.record({
    node: fc.constantFrom('west', 'east', 'side', 'north', '', '__proto__'),
    id: fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('a', 'b', 'constructor')),
    ageMs: number,
    ttlMs: number,
    distanceM: fc.double({ min: 0, max: 2_000, noNaN: true }),
    speedKmh: fc.option(fc.double({ min: 0, max: 200, noNaN: true })),
    isApproaching: fc.boolean(),
  });
  const own = [0, 3_000].map((atMono) => ({ source: 'S', pole: 'P4', atMono, isRelayed: false, speedKmh: null, direction: null }));
  fc.assert(
    fc.property(fc.array(anyRelay, { minLength: 100, maxLength: 100 }), (relays) => {
      const sent: RelayedDetection[] = [];
      const now = { mono: 0 };
      const still = createManualClock(0);
      const detectionRelay = new DetectionRelay({
        street,
        clock: { ...still, monoMs: () => now.mono },
        onRelay: (one) => sent.push(one),
      });
      for (const one of relays) {
        now.mono += 100;
        detectionRelay.receive(one);
      }
      const all = detectionRelay.take(own.filter(({ atMono }) => atMono <= now.mono));
      const [without, with_] = [wave(own, now.mono), wave(all, now.mono)];
      const kept = [...without].every(
        ([id, say]) => (with_.get(id)?.untilMono ?? 0) >= say.untilMono && with_.get(id)?.level === say.level,
      );
      const ends = wave(all, now.mono + 610_000).size === 0;
      return kept && ends && sent.every(({ node }) => node === 'side') && sent.length <= 1;
    }),
    { numRuns: 1_000 },
  );
});

t.test('a relay that was stopped while a transmission waited sends again', async (t) => {
  const { clock, sent, sees, detectionRelay } = openRelay([WEST]);
  sees('P1');
  sees('P1');
  t.equal(sent.length, 1, 'the second waits');
  detectionRelay.stop();
  await clock.advance(10_000);
  sees('P1');
  t.equal(sent.length, 2);
});
