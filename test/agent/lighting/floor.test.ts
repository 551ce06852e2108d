import fc from 'fast-check';
import t from 'tap';
import type { Programme, Zone } from '../../../agent/core/cabinet.ts';
import type { Intent, PointId } from '../../../agent/core/words.ts';
import { createDecider } from '../../../agent/lighting/decide.ts';
import { darkestStreet, shortfallsOf } from '../../../agent/lighting/floor.ts';
import type { LightingSnapshot, LightingStreet } from '../../../agent/lighting/lighting.ts';
import { makeStreet, PRESENCE, seen, step } from './street.ts';

// As the agent does: local time is then the runtime's own, which is faster.
process.env['TZ'] = 'Europe/Paris';

const NOW_MS = Date.parse('2026-11-27T11:00:00Z');
/** Five nights, on one of which the clocks change. */
const SPRING_MS = Date.parse('2027-03-25T11:00:00Z');
const MONO = 1_000_000_000;
const CELL = {
  device: 'S01',
  point: 'illuminance',
  onBelowLux: 35,
  offAboveLux: 70,
  dwellS: 180,
  windowMin: 60,
  staleS: 900,
  seesOwnLight: false,
};
const DARK = { warnPct: 20, warnS: 30 };

function programmeOf(...steps: Programme['steps']): Programme {
  return { id: 'residential', steps };
}

/** Where `after` would be darker than `site`, which runs. */
function shortfalls(after: LightingStreet, site: LightingStreet, { running = site, nightsAhead = 366, nowMs = NOW_MS } = {}) {
  const lampOf = new Map(after.lamps.map(({ id }) => [id, id]));
  const floors = [running, site].map((street) => ({ street, lampOf }));
  return shortfallsOf({ after, floors, nowMs, nightsAhead });
}

const SITE = makeStreet();
const DARK_SITE = makeStreet({ zone: { dark: DARK } });

t.test('a plan that keeps the minimum of the site at night is never below its floor', (t) => {
  const honest: readonly [name: string, after: LightingStreet, site?: LightingStreet][] = [
    ['the same', SITE],
    ['dimmed to the minimum all night', makeStreet({ programme: programmeOf(step('dusk', 10)) })],
    ['brighter', makeStreet({ zone: { minPct: 40 } })],
    ['presence taken out of a zone that is never dark', makeStreet({ zone: { presence: null } })],
    ['lit earlier and longer', makeStreet({ zone: { sunBelowDeg: 0, onOffsetMin: -20, offOffsetMin: 20 } })],
    ['dark where the site allows it', makeStreet({ zone: { dark: DARK }, programme: programmeOf(step('dusk', 0)) }), DARK_SITE],
    ['an event night above the minimum', makeStreet({ street: { eventNights: [eventOn(2031, 7, 14, 15)] } })],
    ['a lamp whose maximum is above the floor', makeStreet({ lamp: { maxPct: 60 } })],
  ];
  for (const [name, after, site = SITE] of honest) t.strictSame(shortfalls(after, site), [], name);
  t.end();
});

t.test('a lamp in no zone is judged too', (t) => {
  const site = makeStreet({ street: { zones: [] } });
  t.equal(shortfalls(makeStreet({ street: { zones: [] }, lamp: { maxPct: 5 } }), site).length, site.lamps.length);
  t.strictSame(shortfalls(site, site), []);
  t.strictSame(
    shortfalls(makeStreet({ street: { zones: [] }, lamp: { maxPct: 60 } }), makeStreet({ street: { zones: [] }, lamp: { maxPct: 50 } })),
    [],
  );
  t.end();
});

function eventOn(year: number, month: number, day: number, levelPct: number) {
  return { id: 'fete', date: { year, month, day }, from: 'dusk' as const, until: { hour: 5, minute: 0 }, levelPct, zones: null };
}

t.test('every loss of light of a lamp is found, with its time, its level and the floor', (t) => {
  const dark = (changes: Partial<Zone>, programme: Programme, street: Partial<LightingStreet> = {}): LightingStreet =>
    makeStreet({ zone: { dark: DARK, ...changes }, programme, street });
  const calendars = (from: { year: number | null; month: number; day: number }): LightingStreet['calendars'] => [
    { id: 'c', rules: [{ programme: 'dark', weekdays: null, from, to: from, nthWeekday: null, holidays: null }] },
  ];
  const programmes = [programmeOf(step('dusk', 80)), { id: 'dark', steps: [step('dusk', 0)] }];
  const attacks: readonly [name: string, after: LightingStreet, text: RegExp, site?: LightingStreet][] = [
    ['no minimum, for an override to use', makeStreet({ zone: { minPct: 0 }, lamp: { minPct: 0 } }), /override/],
    [
      'a step to dark in a zone that may not be dark',
      dark({}, programmeOf(step('dusk', 80), step({ hour: 2, minute: 0 }, 0))),
      /without presence/,
    ],
    [
      'one dark night next year',
      dark({ calendar: 'c' }, programmeOf(step('dusk', 80)), { calendars: calendars({ year: null, month: 1, day: 1 }), programmes }),
      /without presence/,
    ],
    [
      'one dark night in ten years',
      dark({ calendar: 'c' }, programmeOf(step('dusk', 80)), { calendars: calendars({ year: 2036, month: 5, day: 5 }), programmes }),
      /without presence/,
    ],
    [
      'the next leap day',
      dark({ calendar: 'c' }, programmeOf(step('dusk', 80)), { calendars: calendars({ year: null, month: 2, day: 29 }), programmes }),
      /without presence/,
    ],
    ['an event night at 0 %', dark({}, programmeOf(step('dusk', 80)), { eventNights: [eventOn(2033, 12, 24, 0)] }), /without presence/],
    ['moved to the other side of the world', makeStreet({ street: { latitudeDeg: -36.85, longitudeDeg: 174.76 } }), /without presence/],
    ['lit only in deep night', makeStreet({ zone: { sunBelowDeg: -12 } }), /without presence/],
    ['lit an hour after dusk', makeStreet({ zone: { onOffsetMin: 60 } }), /without presence/],
    ['put out before dawn', makeStreet({ zone: { offOffsetMin: -30 } }), /without presence/],
    ['a lamp held below the minimum', makeStreet({ lamp: { maxPct: 8 } }), /./],
    ['constant light that takes most of it', makeStreet({ zone: { constantLight: { newPct: 10, fullAtH: 1_000_000 } } }), /lamps of 0 h/],
    ['a photocell that may keep it dark', makeStreet({ zone: { photocell: CELL } }), /photocell/],
    ['no light on presence where it may be dark', dark({ presence: null }, programmeOf(step('dusk', 0))), /with presence/, DARK_SITE],
    [
      'a boost below the minimum where it may be dark',
      dark({ presence: { ...PRESENCE, boostPct: 3 } }, programmeOf(step('dusk', 0)), {
        lamps: DARK_SITE.lamps.map((lamp) => ({ ...lamp, minPct: 0 })),
      }),
      /with presence/,
      DARK_SITE,
    ],
  ];
  for (const [name, after, text, site = SITE] of attacks) {
    const found = shortfalls(after, site);
    t.ok(found.length > 0, name);
    for (const each of found) {
      t.ok(each.levelPct < each.floorPct, `${name}: ${each.lampId}`);
      t.match(each.text, text, name);
      t.ok(each.atMs >= NOW_MS - 1_000, name);
    }
  }
  t.end();
});

t.test('the lower of two floors applies, so an authorised reduction may stay', (t) => {
  const lowered = makeStreet({ zone: { minPct: 6 } });
  const next = makeStreet({ zone: { minPct: 6 }, programme: programmeOf(step('dusk', 6)) });
  t.strictSame(shortfalls(next, SITE, { running: lowered }), []);
  t.ok(shortfalls(makeStreet({ zone: { minPct: 5 } }), SITE, { running: lowered }).length > 0, 'but no less than that');
  t.ok(shortfalls(next, SITE).length > 0, 'but not without an authorised reduction');
  t.end();
});

/** A random valid street; most of them lower something. */
const anyStreet = fc
  .record({
    minPct: fc.constantFrom(0, 5, 10, 12, 20),
    lampMinPct: fc.constantFrom(0, 5, 10),
    maxPct: fc.constantFrom(8, 30, 100),
    dark: fc.constantFrom(null, DARK),
    sunBelowDeg: fc.constantFrom(-6, -2, -2, 0),
    onOffsetMin: fc.constantFrom(-10, 0, 0, 15),
    photocell: fc.constantFrom(null, null, CELL),
    presence: fc.constantFrom(PRESENCE, { ...PRESENCE, boostPct: 5 }, null),
    constantLight: fc.constantFrom(null, null, { newPct: 70, fullAtH: 50_000 }),
    levels: fc.array(fc.constantFrom(0, 5, 10, 30, 100), { minLength: 1, maxLength: 3 }),
  })
  .map(({ minPct, lampMinPct, maxPct, levels, ...zone }) =>
    makeStreet({
      zone: { minPct, ...zone },
      lamp: { minPct: lampMinPct, maxPct },
      programme: programmeOf(...levels.map((pct, i) => step(i === 0 ? 'dusk' : { hour: 20 + i, minute: 0 }, pct))),
    }),
  );

/** What a tick of these nights might see. */
const anySight = fc.record({
  atMs: fc.integer({ min: 0, max: 4 * 24 * 60 }).map((minutes) => SPRING_MS + minutes * 60_000 + 7_000),
  isPresent: fc.boolean(),
  cell: fc.constantFrom(null, 'dark' as const, 'bright' as const),
  overridePct: fc.constantFrom(null, 0, 4, 50),
  quality: fc.constantFrom('synced' as const, 'synced' as const, 'rtc' as const, 'none' as const),
  burningH: fc.constantFrom(null, 0, 20_000, 90_000),
});

type Sight = typeof anySight extends fc.Arbitrary<infer T> ? T : never;

function snapshot({ zones, lamps }: LightingStreet, { atMs, isPresent, cell, overridePct, quality, burningH }: Sight): LightingSnapshot {
  const override: Intent = {
    id: 'o',
    target: { kind: 'cabinet', id: '' },
    levelPct: overridePct ?? 0,
    rank: 'override',
    authority: 'platform',
    source: 'platform',
    reason: '',
    sinceMs: atMs - 1,
    untilMs: atMs + 60_000,
    untilMono: MONO + 60_000,
  };
  const sensors = zones.flatMap(({ presence }) => presence?.sensors ?? []).map(({ device, point }) => `${device}.${point}` as PointId);
  return {
    nowMs: atMs,
    nowMono: MONO,
    clockQuality: quality,
    sensors: new Map(isPresent ? sensors.map((id) => [id, seen(MONO, true)]) : []),
    intents: overridePct === null ? [] : [override],
    photocells: new Map(cell === null ? [] : [['S01.illuminance', { lux: 1, atMono: MONO, belowMono: null, aboveMono: null, says: cell }]]),
    ...(burningH === null ? {} : { burningH: new Map(lamps.map(({ id }) => [id, burningH])) }),
  };
}

t.test('where nothing is found, no tick of these nights is below the floor, whatever is detected', async (t) => {
  let passed = 0;
  fc.assert(
    fc.property(anyStreet, anyStreet, fc.array(anySight, { minLength: 60, maxLength: 60 }), (after, site, situations) => {
      if (shortfalls(after, site, { nightsAhead: 5, nowMs: SPRING_MS }).length > 0) return;
      passed += 1;
      const [judged, floor] = [createDecider(after), createDecider(darkestStreet(site))];
      for (const situation of situations) {
        // If the site allows an override to 0 %, a low override is no violation; nor is darkness that its own photocell allows.
        const darkest = { ...situation, overridePct: situation.overridePct === null ? null : (0 as const), cell: 'bright' as const };
        const floorDecisions = floor.decide(snapshot(darkestStreet(site), darkest)).decisions;
        const owed = new Map(floorDecisions.map(({ lampId, levelPct }) => [lampId, levelPct]));
        for (const { lampId, levelPct } of judged.decide(snapshot(after, situation)).decisions)
          if (levelPct < (owed.get(lampId) ?? 0))
            throw new Error(`${lampId} has ${levelPct} of ${owed.get(lampId)} % at ${JSON.stringify(situation)}`);
      }
    }),
    { numRuns: 150 },
  );
  t.ok(passed > 10, `${passed} of 150 streets were not below the floor`);
});
