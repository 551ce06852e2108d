/** A lamp that two zones light: it has the programme of its own, and the sensors of another raise it too. */
import fc from 'fast-check';
import t from 'tap';
import { setupValuesOf } from '../../../agent/config/setup-values.ts';
import type { Cabinet, Zone } from '../../../agent/core/cabinet.ts';
import type { PointId } from '../../../agent/core/words.ts';
import { createDecider } from '../../../agent/lighting/decide.ts';
import type { LightingSnapshot, LightingStreet } from '../../../agent/lighting/lighting.ts';
import { makeStreet, PRESENCE, RESIDENTIAL, seen, snapshot, step, winter, ZONE } from './street.ts';

const NOW = 1_000_000;
const CROSSING: Zone = { ...ZONE, id: 'crossing', lamps: ['L3'], programme: 'crossing', minPct: 40, presence: null };

/** Rue has L1 to L6 without L3, which is the crossing; S01 is 25 m before it, S02 50 m behind it. */
function street({ rue = {}, crossing = {} }: { rue?: Partial<Zone>; crossing?: Partial<Zone> } = {}): LightingStreet {
  const zones = [
    { ...ZONE, lamps: ['L1', 'L2', 'L4', 'L5', 'L6'], presence: { ...PRESENCE, alsoLamps: ['L3'] }, ...rue },
    { ...CROSSING, ...crossing },
  ];
  return makeStreet({
    street: { zones, programmes: [RESIDENTIAL, { id: 'crossing', steps: [step('dusk', 60)] }, { id: 'off', steps: [step('dusk', 0)] }] },
  });
}

const present = (pointId: PointId = 'S01.motion') => ({ sensors: new Map([[pointId, seen(NOW, true)]]) });

function crossingOf(at: LightingStreet, facts: Partial<LightingSnapshot>) {
  const found = createDecider(at)
    .decide(snapshot({ nowMono: NOW, ...facts }))
    .decisions.find(({ lampId }) => lampId === 'L3');
  if (found === undefined) throw new Error('no such lamp');
  return found;
}

t.test('without presence it has the programme of its own zone, with presence the level of the zone of the sensor', async (t) => {
  t.match(crossingOf(street(), {}), { levelPct: 60, rank: 'programme' });
  t.match(crossingOf(street(), present()), { levelPct: 100, rank: 'presence', distanceM: 25 });
  t.match(
    crossingOf(street({ rue: { presence: PRESENCE } }), present()),
    { levelPct: 60, rank: 'programme' },
    'where it is not named it does not rise',
  );
  t.match(crossingOf(street(), present('S02.motion')), { levelPct: 60 }, 'S02 is beyond reachM');
});

t.test('a lamp that two zones raise never has less than its own zone gives it, and its own limits apply', async (t) => {
  const low = { presence: { ...PRESENCE, alsoLamps: ['L3'], boostPct: 20 } };
  t.match(crossingOf(street({ rue: low }), present()), { levelPct: 60, rank: 'programme' });
  t.match(
    crossingOf(street({ crossing: { sunBelowDeg: -6 } }), { ...present(), nowMs: winter('17:55') }),
    { levelPct: 0, rank: 'dusk' },
    'its own day',
  );
  t.match(
    crossingOf(street({ rue: { sunBelowDeg: -6 } }), { ...present(), nowMs: winter('17:55') }),
    { levelPct: 60 },
    'the day of the other zone raises nothing',
  );
});

t.test('with a sensor of its own and one of the other zone, the brighter level applies', async (t) => {
  const own = { presence: { ...PRESENCE, boostPct: 70, sensors: PRESENCE.sensors.slice(1), reachM: null } };
  const both = new Map<PointId, ReturnType<typeof seen>>([
    ['S01.motion', seen(NOW, true)],
    ['S02.motion', seen(NOW, true)],
  ]);
  t.match(crossingOf(street({ crossing: own }), { sensors: both }), { levelPct: 100, rank: 'presence' });
  t.match(crossingOf(street({ crossing: own }), present('S02.motion')), { levelPct: 70 });
});

t.test('where its own zone is dark it rises, and goes dark with a warning', async (t) => {
  const dark = street({ crossing: { programme: 'off', dark: { warnPct: 20, warnS: 30 }, minPct: 0 } });
  const decider = createDecider(dark);
  let lit: LightingSnapshot['lit'] = new Map();
  const levelAt = (facts: Partial<LightingSnapshot>): number | undefined => {
    const result = decider.decide(snapshot({ nowMono: NOW, ...facts, lit: lit ?? new Map() }));
    lit = result.lit;
    return result.decisions.find(({ lampId }) => lampId === 'L3')?.levelPct;
  };
  t.equal(levelAt({}), 0);
  t.equal(levelAt(present()), 100);
  t.equal(levelAt({ nowMono: NOW + 1_000 }), 20);
  t.equal(levelAt({ nowMono: NOW + 31_000 }), 0);
});

t.test('the wave of the other zone runs over it', async (t) => {
  const wave = { mode: 'poles', speedKmh: 5, lookAheadS: 4, leastAheadM: 30, behindM: 15 } as const;
  const walker = { source: 'S01', pole: 'P2', atMono: NOW - 1_000, isRelayed: false, speedKmh: null, direction: null };
  const runs = street({ rue: { presence: { ...PRESENCE, reachM: 5, wave, alsoLamps: ['L3'] } } });
  t.match(crossingOf(runs, { detections: [walker] }), { levelPct: 100, rank: 'presence', trace: [{ source: 'wave' }] });
});

t.test('without an agent it keeps full light, because a sensor of the other zone might raise it', async (t) => {
  const failsafe = (at: LightingStreet): number => setupValuesOf(at as Cabinet, 'L3').failsafeLevelPct;
  t.equal(failsafe(street()), 100);
  t.equal(failsafe(street({ rue: { presence: PRESENCE } })), 60);
});

t.test('a lamp named in another zone never loses light by it', async (t) => {
  const facts = fc.record({
    minute: fc.integer({ min: 0, max: 1_439 }),
    seenAgoS: fc.integer({ min: 0, max: 120 }),
    isThere: fc.boolean(),
    isDark: fc.boolean(),
    boostPct: fc.integer({ min: 0, max: 100 }),
    clockQuality: fc.constantFrom('none', 'synced'),
    others: fc.subarray(['L3', 'L1', 'L6']),
  });
  fc.assert(
    fc.property(facts, ({ minute, seenAgoS, isThere, isDark, boostPct, clockQuality, others }) => {
      const crossing = isDark ? { programme: 'off', dark: { warnPct: 20, warnS: 30 }, minPct: 0 } : {};
      const sensors = new Map<PointId, ReturnType<typeof seen>>([['S01.motion', seen(NOW - seenAgoS * 1_000, isThere)]]);
      const at = snapshot({ nowMono: NOW, nowMs: winter('12:00') + minute * 60_000, sensors, clockQuality: clockQuality as 'none' });
      const plain = createDecider(street({ rue: { presence: { ...PRESENCE, boostPct } }, crossing })).decide(at).decisions;
      const named = createDecider(street({ rue: { presence: { ...PRESENCE, boostPct, alsoLamps: others } }, crossing })).decide(
        at,
      ).decisions;
      return named.every(({ lampId, levelPct }, i) => lampId === plain[i]?.lampId && levelPct >= plain[i].levelPct);
    }),
    { numRuns: 1_000 },
  );
  t.pass('held for all generated instants');
});
