/**
 * What must hold on any street, on any night, with any sensors failing and any clock.
 */
import fc from 'fast-check';
import t from 'tap';
import type { Programme, Zone } from '../../../agent/core/cabinet.ts';
import { type ClockQuality, isTrusted } from '../../../agent/core/clock.ts';
import { DAY_MS } from '../../../agent/core/durations.ts';
import type { Intent, PointId } from '../../../agent/core/words.ts';
import { createDecider } from '../../../agent/lighting/decide.ts';
import type { LightingSnapshot, LightingStreet, SensorState } from '../../../agent/lighting/lighting.ts';
import { intent, makeStreet, PRESENCE, sensor, snapshot, step } from './street.ts';

const pct = fc.integer({ min: 0, max: 100 });

const programme: fc.Arbitrary<Programme> = fc
  .record({
    first: pct,
    late: pct,
    early: pct,
    boost: fc.option(pct),
    hour: fc.integer({ min: 20, max: 23 }),
    offsetMin: fc.integer({ min: -90, max: 90 }),
  })
  .map(({ first, late, early, boost, hour, offsetMin }) => ({
    id: 'residential',
    steps: [step('dusk', first), step({ hour, minute: 30 }, late, boost), step({ sun: 'dawn', offsetMin }, early)],
  }));

const street: fc.Arbitrary<LightingStreet> = fc
  .record({
    programme,
    minPct: fc.integer({ min: 0, max: 40 }),
    hasDark: fc.boolean(),
    hasWave: fc.boolean(),
    hasTraffic: fc.boolean(),
    onOffsetMin: fc.integer({ min: -60, max: 60 }),
    sunBelowDeg: fc.integer({ min: -12, max: 3 }),
    latitudeDeg: fc.integer({ min: -70, max: 78 }),
    lampMinPct: fc.integer({ min: 0, max: 20 }),
    lampMaxPct: fc.integer({ min: 60, max: 100 }),
    boostPct: fc.integer({ min: 40, max: 100 }),
  })
  .map((a) => {
    const zone: Partial<Zone> = {
      minPct: a.minPct,
      dark: a.hasDark ? { warnPct: 20, warnS: 30 } : null,
      onOffsetMin: a.onOffsetMin,
      sunBelowDeg: a.sunBelowDeg,
      traffic: a.hasTraffic
        ? { counters: [{ device: 'C1', point: 'count' }], designFlowPerH: 600, steps: [{ belowPct: 50, level: { pct: 60 } }] }
        : null,
      presence: {
        ...PRESENCE,
        boostPct: a.boostPct,
        sensors: [sensor('S01'), sensor('S02')],
        wave: a.hasWave ? { mode: 'poles', speedKmh: 6, lookAheadS: 4, leastAheadM: 30, behindM: 15 } : null,
      },
    };
    return makeStreet({
      zone,
      programme: a.programme,
      lamp: { minPct: a.lampMinPct, maxPct: a.lampMaxPct },
      street: { latitudeDeg: a.latitudeDeg },
    });
  });

const sensorState: fc.Arbitrary<SensorState> = fc.record({
  present: fc.boolean(),
  sinceMono: fc.option(fc.integer({ min: 0, max: 1_000_000 })),
  lastPresentMono: fc.option(fc.integer({ min: 0, max: 1_000_000 })),
  quality: fc.constantFrom('good', 'stale', 'bad', 'missing'),
  stuck: fc.boolean(),
});

const anyIntent: fc.Arbitrary<Intent> = fc
  .record({
    kind: fc.constantFrom('lamp', 'zone', 'cabinet'),
    levelPct: pct,
    rank: fc.constantFrom('maintenance', 'emergency', 'override'),
    untilMono: fc.integer({ min: 0, max: 2_000_000 }),
    isTechnician: fc.boolean(),
  })
  .map(({ kind, levelPct, rank, untilMono, isTechnician }) =>
    intent({
      id: `${kind}${rank}${levelPct}${untilMono}`,
      target: { kind, id: kind === 'lamp' ? 'L2' : kind === 'zone' ? 'rue' : 'cabinet' },
      levelPct,
      rank: rank as Intent['rank'],
      source: isTechnician || rank === 'maintenance' ? 'console:anna' : 'platform',
      untilMono,
    }),
  );

const moment: fc.Arbitrary<LightingSnapshot> = fc
  .record({
    dayOffset: fc.integer({ min: 0, max: 800 }),
    msOfDay: fc.integer({ min: 0, max: DAY_MS - 1 }),
    clockQuality: fc.constantFrom<ClockQuality>('none', 'restored', 'rtc', 'synced'),
    s1: fc.option(sensorState),
    s2: fc.option(sensorState),
    intents: fc.array(anyIntent, { maxLength: 4 }),
    seenAgoS: fc.option(fc.integer({ min: 0, max: 300 })),
  })
  .map(({ dayOffset, msOfDay, clockQuality, s1, s2, intents, seenAgoS }) => {
    const nowMono = 1_000_000;
    const sensors = new Map<PointId, SensorState>();
    if (s1 !== null) sensors.set('S01.motion', s1);
    if (s2 !== null) sensors.set('S02.motion', s2);
    const detections =
      seenAgoS === null
        ? []
        : [{ source: 'S01', pole: 'P2', atMono: nowMono - seenAgoS * 1_000, isRelayed: false, speedKmh: null, direction: null }];
    return snapshot({
      nowMs: Date.parse('2026-01-01T00:00Z') + dayOffset * DAY_MS + msOfDay,
      nowMono,
      clockQuality,
      sensors,
      intents,
      detections,
    });
  });

const live = (intents: readonly Intent[], nowMono: number): readonly Intent[] => intents.filter(({ untilMono }) => untilMono > nowMono);
const concerns =
  (lampId: string) =>
  (i: Intent): boolean =>
    i.target.kind !== 'lamp' || i.target.id === lampId;

t.test('no lamp of a lit zone is ever below its minimum, unless a technician holds it or its programme is dark', async (t) => {
  fc.assert(
    fc.property(street, moment, (at, now) => {
      const { decisions, zones } = createDecider(at).decide(now);
      const [zone] = at.zones;
      return decisions.every(({ lampId, levelPct, rank }) => {
        const lamp = at.lamps.find(({ id }) => id === lampId);
        if (zones[0]?.night !== true || rank === 'maintenance' || lamp === undefined) return true;
        const floorPct = Math.min(lamp.maxPct, Math.max(lamp.minPct, zone?.minPct ?? 0));
        if (levelPct >= floorPct) return true;
        return zone?.dark != null && zones[0].programmePct === 0;
      });
    }),
    { numRuns: 2_000 },
  );
  t.pass('held for all generated nights');
});

t.test('a visible person at night is lit within one decision, by every sensor that reaches the lamp', async (t) => {
  fc.assert(
    fc.property(street, moment, (at, now) => {
      const [zone] = at.zones;
      const present: SensorState = { present: true, sinceMono: now.nowMono - 500, lastPresentMono: now.nowMono, quality: 'good' };
      const { decisions, zones } = createDecider(at).decide({
        ...now,
        intents: [],
        sensors: new Map([...now.sensors, ['S01.motion', present]]),
      });
      if (zones[0]?.night !== true) return true;
      const lamp = at.lamps[1];
      const nowAt = decisions.find(({ lampId }) => lampId === 'L2');
      // A step of the programme may have a boost of its own.
      const boostPct = Math.min(
        zone?.presence?.boostPct ?? 100,
        ...(at.programmes[0]?.steps.flatMap(({ boostPct: own }) => own ?? []) ?? []),
      );
      return (nowAt?.levelPct ?? 0) >= Math.min(lamp?.maxPct ?? 100, boostPct);
    }),
    { numRuns: 2_000 },
  );
  t.pass('held for all generated nights');
});

const WIDTH = { lamp: 0, zone: 1, cabinet: 2 };

/** One of the same source, aimed no wider; these begin at the time at which they end, because they last for no time by the wall clock. */
function isSetAfter(other: Intent, lock: Intent, isListedLater: boolean): boolean {
  if (other === lock || other.source !== lock.source || WIDTH[other.target.kind] > WIDTH[lock.target.kind]) return false;
  return other.untilMono > lock.untilMono || (other.untilMono === lock.untilMono && isListedLater);
}

t.test('maintenance is never overruled from outside, and every intent ends on time', async (t) => {
  fc.assert(
    fc.property(street, moment, (at, now) => {
      const decider = createDecider(at);
      const { decisions } = decider.decide(now);
      const held = decisions.every(({ lampId, rank, levelPct }) => {
        const own = live(now.intents, now.nowMono).filter(concerns(lampId));
        const all = own.filter((i) => i.rank === 'maintenance');
        // All are of one technician: what he has set later and no wider replaces what he had set before.
        const locks = all.filter((lock, at) => !all.some((other, otherAt) => isSetAfter(other, lock, otherAt > at))).map((i) => i.levelPct);
        if (locks.length === 0) return own.length === 0 ? !['maintenance', 'emergency', 'override'].includes(rank) : true;
        const lamp = at.lamps.find(({ id }) => id === lampId);
        const wanted = Math.max(...locks);
        return rank === 'maintenance' && (wanted === 0 ? levelPct === 0 : levelPct >= Math.min(wanted, lamp?.maxPct ?? 100));
      });
      const later = decider.decide({ ...now, nowMono: 2_000_001 });
      return held && later.decisions.every(({ rank }) => !['maintenance', 'emergency', 'override'].includes(rank));
    }),
    { numRuns: 2_000 },
  );
  t.pass('held for all generated intents');
});

t.test('the same snapshot gives the same decisions, whatever was decided before and by any decider', async (t) => {
  fc.assert(
    fc.property(street, fc.array(moment, { minLength: 1, maxLength: 6 }), (at, moments) => {
      const old = createDecider(at);
      for (const each of moments) old.decide(each);
      const last = moments.at(-1) as LightingSnapshot;
      return JSON.stringify(old.decide(last)) === JSON.stringify(createDecider(at).decide(last));
    }),
    { numRuns: 500 },
  );
  t.pass('a restart at any instant, with the same knowledge, reaches the same levels');
});

t.test('an unknown time never darkens: each lamp is at its maximum or at the level that an intent requests', async (t) => {
  fc.assert(
    fc.property(street, moment, (at, now) => {
      if (isTrusted(now.clockQuality)) return true;
      const { decisions } = createDecider(at).decide({ ...now, intents: [] });
      return decisions.every(({ lampId, levelPct }) => levelPct === at.lamps.find(({ id }) => id === lampId)?.maxPct);
    }),
    { numRuns: 1_000 },
  );
  t.pass('held for all generated clocks');
});

t.test('without people a night switches as often as its programme specifies, and no more', async (t) => {
  fc.assert(
    fc.property(street, fc.integer({ min: 0, max: 360 }), (at, day) => {
      const decider = createDecider(at);
      const startMs = Date.parse('2026-01-01T11:00Z') + day * DAY_MS;
      let [changes, before] = [0, -1];
      for (let s = 0; s < 86_400; s += 20) {
        const level =
          decider.decide(snapshot({ nowMs: startMs + s * 1_000, nowMono: s * 1_000, sensors: new Map() })).decisions[0]?.levelPct ?? -1;
        if (level !== before) changes++;
        before = level;
      }
      // Three steps, dusk and dawn of two dates, each with one warning at most, and the first look.
      return changes <= 12;
    }),
    { numRuns: 30 },
  );
  t.pass('held for all generated nights');
});
