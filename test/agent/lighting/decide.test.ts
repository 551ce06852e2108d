import fc from 'fast-check';
import t from 'tap';
import { type ClockQuality, isTrusted } from '../../../agent/core/clock.ts';
import { type Decision, type Intent, type IntentRank, type PointId, RANKS } from '../../../agent/core/words.ts';
import { createDecider } from '../../../agent/lighting/decide.ts';
import type { LightingSnapshot, SensorState } from '../../../agent/lighting/lighting.ts';
import { texts } from '../../support/texts.ts';
import { intent, makeStreet, PRESENCE, RESIDENTIAL, seen, snapshot, step, winter } from './street.ts';

const NOW = 1_000_000;
const decide = (changes: Partial<LightingSnapshot>, street = makeStreet()) => createDecider(street).decide(snapshot(changes));
const lamp = (decisions: readonly Decision[], id: string): Decision => decisions.find(({ lampId }) => lampId === id) as Decision;
const s01 = (state: SensorState) => new Map<PointId, SensorState>([['S01.motion', state]]);

const table: [story: string, changes: Partial<LightingSnapshot>, lampId: string, levelPct: number, rank: string, reason: string][] = [
  ['by day a lamp is off', { nowMs: winter('13:00') }, 'L1', 0, 'dusk', 'day'],
  ['the evening has its dusk level', { nowMs: winter('19:00') }, 'L1', 80, 'programme', 'programme'],
  ['from 23:00 it is dimmed', { nowMs: winter('23:00') }, 'L1', 30, 'programme', 'programme'],
  ['the morning step applies while it is dark', { nowMs: winter('06:30') }, 'L1', 90, 'programme', 'programme'],
  ['a walker raises the lamp where he is', { sensors: s01(seen(NOW, true)) }, 'L2', 100, 'presence', 'presence'],
  ['and its neighbours', { sensors: s01(seen(NOW, true)) }, 'L3', 100, 'presence', 'presence'],
  ['but not the far end', { sensors: s01(seen(NOW, true)) }, 'L4', 30, 'programme', 'programme'],
  ['who stands still for an hour stays lit', { sensors: s01({ ...seen(NOW - 1, true), sinceMono: 0 }) }, 'L2', 100, 'presence', 'presence'],
  ['the hold lasts, less what the sensor held', { sensors: s01(seen(NOW - 14_999)) }, 'L2', 100, 'presence', 'presence'],
  ['then the light falls', { sensors: s01(seen(NOW - 15_000)) }, 'L2', 30, 'programme', 'programme'],
  ['presence by day is nothing', { nowMs: winter('13:00'), sensors: s01(seen(NOW, true)) }, 'L2', 0, 'dusk', 'day'],
  [
    'a sensor that fell silent while present holds once',
    { sensors: s01(seen(NOW - 10_000, true, 'missing')) },
    'L2',
    100,
    'presence',
    'presence',
  ],
  ['and then neither raises nor darkens', { sensors: s01(seen(NOW - 60_000, true, 'missing')) }, 'L2', 30, 'programme', 'programme'],
  ['a stale reading still counts', { sensors: s01(seen(NOW - 60_000, true, 'stale')) }, 'L2', 100, 'presence', 'presence'],
  ['an override sets the level', { intents: [intent({ levelPct: 40 })] }, 'L2', 40, 'override', 'override'],
  ['also below presence', { intents: [intent({ levelPct: 40 })], sensors: s01(seen(NOW, true)) }, 'L2', 40, 'override', 'override'],
  ['never below the minimum of the night', { intents: [intent({ levelPct: 0 })] }, 'L2', 10, 'override', 'override'],
  ['an emergency of 0 % neither', { intents: [intent({ levelPct: 0, rank: 'emergency' })] }, 'L2', 10, 'emergency', 'emergency'],
  ['a technician may switch off', { intents: [intent({ levelPct: 0, rank: 'maintenance' })] }, 'L2', 0, 'maintenance', 'maintenance'],
  ['or dim to what the lamp can', { intents: [intent({ levelPct: 1, rank: 'maintenance' })] }, 'L2', 5, 'maintenance', 'maintenance'],
  ['by day an override may light', { nowMs: winter('13:00'), intents: [intent()] }, 'L2', 50, 'override', 'override'],
  ['by day an override may be 0', { nowMs: winter('13:00'), intents: [intent({ levelPct: 0 })] }, 'L2', 0, 'override', 'override'],
  ['an override that is over is nothing', { intents: [intent({ untilMono: NOW })] }, 'L2', 30, 'programme', 'programme'],
  ['one of another lamp is nothing', { intents: [intent({ target: { kind: 'lamp', id: 'L1' } })] }, 'L2', 30, 'programme', 'programme'],
  ['the cabinet means all', { intents: [intent({ target: { kind: 'cabinet', id: 'x' } })] }, 'L2', 50, 'override', 'override'],
  ['without the time it is lit, even at noon', { nowMs: winter('13:00'), clockQuality: 'none' }, 'L2', 100, 'dusk', 'time-not-trusted'],
  ['a restored time is not trusted', { clockQuality: 'restored' }, 'L2', 100, 'dusk', 'time-not-trusted'],
  ['but an override holds', { clockQuality: 'none', intents: [intent({ levelPct: 0 })] }, 'L2', 10, 'override', 'override'],
];
for (const [story, changes, lampId, levelPct, rank, reason] of table) {
  t.test(story, async (t) => t.match(lamp(decide({ nowMono: NOW, ...changes }).decisions, lampId), { levelPct, rank, reason }));
}

t.test('within a rank the highest level wins, between ranks the higher one', async (t) => {
  const low = intent({ id: 'a', levelPct: 20 });
  const high = intent({ id: 'b', levelPct: 70, target: { kind: 'lamp', id: 'L2' } });
  const lock = intent({ id: 'c', levelPct: 0, rank: 'maintenance', source: 'console:anna' });
  t.equal(lamp(decide({ intents: [low, high] }).decisions, 'L2').levelPct, 70);
  const { decisions } = decide({ intents: [low, high, lock] });
  t.equal(lamp(decisions, 'L2').levelPct, 0);
  const lines = lamp(decisions, 'L2').trace.filter(({ rank }) => rank === 'maintenance' || rank === 'override');
  t.same(
    lines.map(({ source, levelPct, applied }) => [source, levelPct, applied]),
    [
      ['console:anna', 0, true],
      ['platform', 70, false],
      ['platform', 20, false],
    ],
  );
});

t.test('distance orders a walk: the nearest sensor that raises counts, and only for lamps that presence raised', async (t) => {
  const sensors = new Map<PointId, SensorState>([
    ['S01.motion', seen(NOW, true)],
    ['S02.motion', seen(NOW - 3_000)],
  ]);
  const { decisions, zones } = decide({ nowMono: NOW, sensors });
  t.same(
    decisions.map(({ distanceM }) => distanceM),
    [25, 0, 25, 25, 0, 25],
  );
  t.match(zones, [{ id: 'rue', night: true, presence: 'boost' }]);
  const evening = decide({ nowMono: NOW, sensors }, makeStreet({ zone: { presence: { ...PRESENCE, boostPct: 30 } } }));
  t.ok(evening.decisions.every(({ distanceM, rank }) => distanceM === null && rank === 'programme'));
});

t.test('a sensor without reach, or without a known pole, raises the whole zone', async (t) => {
  const sensors = s01(seen(NOW, true));
  const wide = decide({ nowMono: NOW, sensors }, makeStreet({ zone: { presence: { ...PRESENCE, reachM: null } } }));
  t.same(
    wide.decisions.map(({ levelPct, distanceM }) => [levelPct, distanceM]),
    [25, 0, 25, 50, 75, 100].map((distanceM) => [100, distanceM]),
  );
  const nowhere = decide({ nowMono: NOW, sensors }, { ...makeStreet(), lines: [] });
  t.ok(nowhere.decisions.every(({ levelPct }) => levelPct === 100));
});

const phases: [agoMs: number, present: boolean, presence: string][] = [
  [0, true, 'boost'],
  [14_999, false, 'boost'],
  [15_000, false, 'down'],
  [19_999, false, 'down'],
  [20_000, false, 'base'],
];
for (const [agoMs, present, presence] of phases) {
  t.test(`${agoMs} ms after a walker the zone is at ${presence}`, async (t) => {
    t.match(decide({ nowMono: NOW, sensors: s01(seen(NOW - agoMs, present)) }).zones, [{ presence }]);
  });
}

t.test('the trace explains in plain words the request of each rank, which applied, and until when', async (t) => {
  const { trace } = lamp(decide({ nowMono: NOW, sensors: s01(seen(NOW - 4_000)) }).decisions, 'L2');
  t.match(
    trace.map(({ rank, source, levelPct, applied, text }) => [rank, source, levelPct, applied, String(text)]),
    [
      ['presence', 'S01', 100, true, 'S01 detected someone 4 s ago, holds 11 s more'],
      ['programme', 'residential', 30, false, '23:00 step of residential: 30 %'],
      ['dusk', 'sun', null, false, /^sun 5\d\.\d deg below the horizon, lit below -2 deg$/],
      ['default', 'L2', 100, false, 'design level where no other rule applies'],
    ],
  );
  t.same(
    trace.slice(0, 2).map(({ untilMs }) => untilMs),
    [winter('23:30') + 11_000, winter('06:00', '2026-01-16')],
  );
  const dawn = trace[2]?.untilMs ?? 0;
  t.ok(dawn > winter('08:20', '2026-01-16') && dawn < winter('08:40', '2026-01-16'), 'the night ends at dawn');
});

t.test('a step that the dawn cuts short ends with the night', async (t) => {
  const morning = lamp(decide({ nowMs: winter('06:30') }).decisions, 'L2').trace;
  const [programme, dusk] = [morning.find(({ rank }) => rank === 'programme'), morning.find(({ rank }) => rank === 'dusk')];
  t.ok(programme?.untilMs);
  t.equal(programme?.untilMs, dusk?.untilMs);
  const early = { id: 'residential', steps: [...RESIDENTIAL.steps, step({ hour: 9, minute: 30 }, 60)] };
  const cut = lamp(decide({ nowMs: winter('06:30') }, makeStreet({ programme: early })).decisions, 'L2').trace;
  t.equal(cut.find(({ rank }) => rank === 'programme')?.untilMs, dusk?.untilMs);
});

t.test('a limit that changed the level has its own line', async (t) => {
  const low = lamp(decide({ intents: [intent({ levelPct: 0 })] }).decisions, 'L2').trace;
  t.match(texts(low[1]), { rank: 'override', source: 'rue', levelPct: 10, applied: true, text: 'kept up to the minimum of rue: 10 %' });
  const capped = decide({ nowMs: winter('19:00') }, makeStreet({ lamp: { minPct: 5, maxPct: 70 } }));
  t.match(texts(lamp(capped.decisions, 'L2')), {
    levelPct: 70,
    trace: [{}, { rank: 'programme' }, { text: 'held down to the maximum of the lamp: 70 %' }],
  });
});

t.test('a night without a step yet, and a lamp without a zone, have their design level', async (t) => {
  const late = makeStreet({ programme: { id: 'residential', steps: RESIDENTIAL.steps.slice(1) } });
  t.match(lamp(decide({ nowMs: winter('19:00') }, late).decisions, 'L1'), { levelPct: 100, rank: 'default', reason: 'default' });
  const apart = makeStreet({ zone: { lamps: ['L1'] } });
  t.match(lamp(decide({ nowMs: winter('13:00') }, apart).decisions, 'L6'), { levelPct: 100, reason: 'default' });
});

t.test('polar night is lit from noon to noon, polar day is not', async (t) => {
  const tromso = { ...makeStreet(), latitudeDeg: 69.65, longitudeDeg: 18.96, timezone: 'Europe/Oslo' };
  t.match(lamp(decide({ nowMs: Date.parse('2026-12-21T12:00+01:00') }, tromso).decisions, 'L1'), { levelPct: 80 });
  t.match(lamp(decide({ nowMs: Date.parse('2026-12-21T11:59+01:00') }, tromso).decisions, 'L1'), { levelPct: 90 });
  t.match(lamp(decide({ nowMs: Date.parse('2026-06-21T00:30+02:00') }, tromso).decisions, 'L1'), { levelPct: 0, reason: 'day' });
});

// ── properties over random streets, nights, sensors and intents ────────────────────────────────────────────────────────

const level = fc.integer({ min: 0, max: 100 });
const sensorState: fc.Arbitrary<SensorState> = fc.record({
  present: fc.boolean(),
  sinceMono: fc.constant(0),
  lastPresentMono: fc.option(fc.integer({ min: NOW - 60_000, max: NOW })),
  quality: fc.constantFrom('good', 'stale', 'bad', 'missing'),
});
const anyIntent: fc.Arbitrary<Intent> = fc
  .record({
    target: fc.constantFrom(
      { kind: 'lamp', id: 'L2' } as const,
      { kind: 'zone', id: 'rue' } as const,
      { kind: 'cabinet', id: 'c' } as const,
    ),
    levelPct: level,
    rank: fc.constantFrom<IntentRank>('maintenance', 'emergency', 'override'),
    source: fc.string({ maxLength: 40 }),
    reason: fc.string({ maxLength: 80 }),
    untilMono: fc.integer({ min: NOW - 10, max: NOW + 10 }),
  })
  .map(intent);
const anySnapshot: fc.Arbitrary<LightingSnapshot> = fc.record({
  nowMs: fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2028, 0) }),
  nowMono: fc.constant(NOW),
  clockQuality: fc.constantFrom<ClockQuality>('none', 'restored', 'rtc', 'synced'),
  sensors: fc
    .tuple(fc.option(sensorState), fc.option(sensorState))
    .map(
      ([a, b]) => new Map<PointId, SensorState>([...(a ? [['S01.motion', a] as const] : []), ...(b ? [['S02.motion', b] as const] : [])]),
    ),
  intents: fc.array(anyIntent, { maxLength: 4 }),
});
const anyStreet = fc
  .record({
    minPct: level,
    sunBelowDeg: fc.integer({ min: -18, max: 5 }),
    boostPct: level,
    reachM: fc.option(fc.integer({ min: 0, max: 200 })),
    lampMinPct: fc.integer({ min: 0, max: 30 }),
    lampMaxPct: fc.integer({ min: 30, max: 100 }),
    latitudeDeg: fc.integer({ min: -89, max: 89 }),
    timezone: fc.constantFrom('Europe/Paris', 'Pacific/Auckland', 'Asia/Kathmandu', 'Australia/Lord_Howe'),
  })
  .map(({ minPct, sunBelowDeg, boostPct, reachM, lampMinPct, lampMaxPct, ...place }) => ({
    ...makeStreet({
      zone: { minPct, sunBelowDeg, presence: { ...PRESENCE, boostPct, reachM } },
      lamp: { minPct: lampMinPct, maxPct: lampMaxPct },
    }),
    ...place,
  }));

t.test(
  'in every case minimums apply, walkers are lit, intents end, maintenance is never overruled, each line of the trace has a text',
  async (t) => {
    fc.assert(
      fc.property(anyStreet, anySnapshot, (street, now) => {
        const { decisions, zones } = createDecider(street).decide(now);
        const night = zones[0]?.night === true;
        for (const decision of decisions) {
          const { minPct, maxPct } = street.lamps[0] as { minPct: number; maxPct: number };
          const floorPct = Math.min(maxPct, Math.max(minPct, street.zones[0]?.minPct ?? 0));
          const live = now.intents.filter(
            ({ untilMono, target }) => untilMono > NOW && (target.kind !== 'lamp' || target.id === decision.lampId),
          );
          const locks = live.filter(({ rank }) => rank === 'maintenance');
          if (night && locks.length === 0 && decision.levelPct < floorPct) return false;
          if (locks.length > 0 && decision.rank !== 'maintenance') return false;
          if (live.length === 0 && RANKS.indexOf(decision.rank) < 3) return false;
          if (live.length === 0 && !isTrusted(now.clockQuality) && decision.levelPct !== maxPct) return false;
          if (!decision.trace.every(({ text }) => String(text) !== '')) return false;
          if (!decision.trace.some(({ applied }) => applied)) return false;
        }
        return decisions.length === street.lamps.length;
      }),
      { numRuns: 1_000 },
    );
    t.pass('held for all generated streets and moments');
  },
);

t.test(
  'while two clocks disagree each lamp has the brighter of both decisions, and a night is in doubt if one clock is by day',
  async (t) => {
    const trusted = anySnapshot.map((each) => ({ ...each, clockQuality: 'rtc' as const }));
    fc.assert(
      fc.property(trusted, fc.integer({ min: -40 * 3_600_000, max: 40 * 3_600_000 }), anyStreet, (one, byMs, street) => {
        const other = { ...one, nowMs: one.nowMs + byMs };
        const [a, b] = [decide(one, street), decide(other, street)];
        const both = decide({ ...one, otherMs: other.nowMs }, street);
        t.strictSame(
          both.decisions.map(({ levelPct }) => levelPct),
          a.decisions.map(({ levelPct }, at) => Math.max(levelPct, b.decisions[at]?.levelPct ?? 0)),
        );
        t.equal(both.zones[0]?.night, a.zones[0]?.night === true || b.zones[0]?.night === true);
        t.equal(both.zones[0]?.isNightDoubted === true, a.zones[0]?.night !== b.zones[0]?.night);
      }),
      { numRuns: 60 },
    );
  },
);

t.test('a detection at night within reach: the lamp has its boost', async (t) => {
  fc.assert(
    fc.property(anyStreet, anySnapshot, fc.boolean(), (street, now, present) => {
      const sensors = new Map(now.sensors).set('S01.motion', seen(present ? NOW : NOW - 14_000, present));
      const { decisions, zones } = createDecider(street).decide({ ...now, sensors, intents: [] });
      const [zone] = street.zones;
      if (zones[0]?.presence === 'off') return true;
      return (
        zones[0]?.presence === 'boost' &&
        lamp(decisions, 'L2').levelPct >= Math.min(street.lamps[1]?.maxPct ?? 0, Math.max(zone?.presence?.boostPct ?? 0, zone?.minPct ?? 0))
      );
    }),
    { numRuns: 500 },
  );
  t.pass('held for all generated streets and moments');
});

t.test('a lamp without a change keeps its decision object; a walker changes only the lamps nearby', async (t) => {
  const decider = createDecider(makeStreet());
  const first = decider.decide(snapshot({ nowMono: NOW })).decisions;
  const again = decider.decide(snapshot({ nowMono: NOW + 1_000 })).decisions;
  t.ok(first.length > 0 && first.every((decision, at) => decision === again[at]));
  const walked = decider.decide(snapshot({ nowMono: NOW + 2_000, sensors: s01(seen(NOW + 2_000, true)) })).decisions;
  t.not(lamp(walked, 'L2'), lamp(first, 'L2'));
  t.equal(lamp(walked, 'L2').rank, 'presence');
});

t.test('same snapshot, same answer: whatever was requested before, and after a restart', async (t) => {
  fc.assert(
    fc.property(anyStreet, fc.array(anySnapshot, { minLength: 2, maxLength: 6 }), (street, moments) => {
      const old = createDecider(street);
      const answers = moments.map((now) => JSON.stringify(old.decide(now)));
      return moments.every((now, i) => JSON.stringify(createDecider(street).decide(now)) === answers[i]);
    }),
    { numRuns: 200 },
  );
  t.pass('held for all generated histories');
});
