import fc from 'fast-check';
import t from 'tap';
import { HOUR_MS } from '../../../agent/core/durations.ts';
import { createLocalCalendar } from '../../../agent/lighting/local-time.ts';
import { createSunChanges, isNight, sunAltitudeDeg } from '../../../agent/lighting/sun.ts';
import { makeStreet, programmeAt, RESIDENTIAL } from './street.ts';

const ANGERS = { latitudeDeg: 47.473, longitudeDeg: -0.551 };

const instants: [story: string, zone: string, local: [number, number, number, number, number], utc: string][] = [
  ['a plain winter evening', 'Europe/Paris', [2026, 1, 15, 23, 0], '2026-01-15T22:00Z'],
  ['a plain summer evening', 'Europe/Paris', [2026, 7, 15, 23, 0], '2026-07-15T21:00Z'],
  ['a time that spring skips falls on the change', 'Europe/Paris', [2026, 3, 29, 2, 30], '2026-03-29T01:00Z'],
  ['just after the spring change', 'Europe/Paris', [2026, 3, 29, 3, 0], '2026-03-29T01:00Z'],
  ['of a repeated time the first counts', 'Europe/Paris', [2026, 10, 25, 2, 30], '2026-10-25T00:30Z'],
  ['just after the autumn change', 'Europe/Paris', [2026, 10, 25, 3, 0], '2026-10-25T02:00Z'],
  ['a quarter-hour zone', 'Asia/Kathmandu', [2026, 5, 1, 6, 0], '2026-05-01T00:15Z'],
  ['a change of half an hour, skipped', 'Australia/Lord_Howe', [2026, 10, 4, 2, 10], '2026-10-03T15:30Z'],
  ['a change of half an hour, repeated', 'Australia/Lord_Howe', [2026, 4, 5, 1, 45], '2026-04-04T14:45Z'],
  ['a change of two hours', 'Antarctica/Troll', [2026, 3, 29, 2, 0], '2026-03-29T01:00Z'],
  ['a day that was left out', 'Pacific/Apia', [2011, 12, 30, 12, 0], '2011-12-30T10:00Z'],
  ['the far west and a day that runs over the month', 'Pacific/Pago_Pago', [2026, 1, 32, 6, 0], '2026-02-01T17:00Z'],
  ['a zone whose midnight is skipped', 'Africa/Cairo', [2026, 4, 24, 0, 0], '2026-04-23T22:00Z'],
];
for (const [story, zone, [year, month, day, hour, minute], utc] of instants) {
  t.test(`local time: ${story}`, async (t) => {
    for (const own of ['UTC', zone]) {
      const atMs = inZone(own, () => createLocalCalendar(zone).instantOf({ year, month, day, hour, minute }));
      t.equal(new Date(atMs).toISOString().replace(':00.000Z', 'Z'), utc, `in a process of ${own}`);
    }
  });
}

t.test('in the zone of the process the calendar follows its own rules, which equal those of any other process', async (t) => {
  const minute = fc.integer({ min: Date.UTC(2020, 0) / 60_000, max: Date.UTC(2040, 0) / 60_000 });
  for (const zone of ['Europe/Paris', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Kiritimati']) {
    const far = inZone('UTC', () => createLocalCalendar(zone));
    const differs = (minutes: number): boolean => {
      const [near, local] = [createLocalCalendar(zone), far.localAt(minutes * 60_000)];
      return JSON.stringify(near.localAt(minutes * 60_000)) !== JSON.stringify(local) || near.instantOf(local) !== far.instantOf(local);
    };
    const found = inZone(zone, () =>
      fc.check(
        fc.property(minute, (minutes) => !differs(minutes)),
        { numRuns: 300 },
      ),
    );
    t.notOk(found.failed, `${zone} ${JSON.stringify(found.counterexample)}`);
  }
});

/** As a process of that zone would do it. */
function inZone<T>(zone: string, act: () => T): T {
  const before = process.env['TZ'];
  process.env['TZ'] = zone;
  try {
    return act();
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
}

t.test('in both directions: every local time that a clock shows leads to an instant that shows it', async (t) => {
  const zones = ['Europe/Paris', 'Pacific/Auckland', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Kiritimati'];
  const calendars = zones.map(createLocalCalendar);
  const minute = fc.integer({ min: Date.UTC(2020, 0) / 60_000, max: Date.UTC(2040, 0) / 60_000 });
  fc.assert(
    fc.property(fc.constantFrom(...calendars), minute, (calendar, minutes) => {
      const local = calendar.localAt(minutes * 60_000);
      const back = calendar.instantOf(local);
      t.same(calendar.localAt(back), local);
      return back <= minutes * 60_000;
    }),
    { numRuns: 300 },
  );
});

const nights: [story: string, from: string, to: string, hours: number][] = [
  ['the spring change takes an hour', '2026-03-28T12:00Z', '2026-03-29T12:00Z', 6],
  ['an ordinary night', '2026-03-29T12:00Z', '2026-03-30T12:00Z', 7],
  ['the autumn change gives one', '2026-10-24T12:00Z', '2026-10-25T12:00Z', 8],
];
for (const [story, from, to, hours] of nights) {
  t.test(`the step of 23:00 to 06:00: ${story}`, async (t) => {
    const street = makeStreet();
    let minutes = 0;
    for (let atMs = Date.parse(from); atMs < Date.parse(to); atMs += 60_000)
      if (programmeAt(street, atMs).stretch?.levelPct === 30) minutes++;
    t.equal(minutes, hours * 60);
  });
}

const steps: [story: string, local: string, levelPct: number | null, next: string | null][] = [
  ['the afternoon belongs to the coming night', '2026-01-15T12:00+01:00', 80, '2026-01-15T22:00'],
  ['a minute before the step', '2026-01-15T22:59+01:00', 80, '2026-01-15T22:00'],
  ['on the step', '2026-01-15T23:00+01:00', 30, '2026-01-16T05:00'],
  ['after midnight', '2026-01-16T03:00+01:00', 30, '2026-01-16T05:00'],
  ['in the dark morning', '2026-01-16T06:00+01:00', 90, null],
  ['until noon', '2026-01-16T11:59+01:00', 90, null],
];
for (const [story, local, levelPct, next] of steps) {
  t.test(`programme: ${story}`, async (t) => {
    const state = programmeAt(makeStreet(), Date.parse(local));
    t.equal(state.stretch?.levelPct ?? null, levelPct);
    t.equal(state.next === null ? null : new Date(state.next.atMs).toISOString().slice(0, 16), next);
  });
}

t.test('a programme without dusk has no step before its first one', async (t) => {
  const late = { ...RESIDENTIAL, steps: RESIDENTIAL.steps.slice(1) };
  const state = programmeAt(makeStreet({ programme: late }), Date.parse('2026-01-15T20:00+01:00'));
  t.match(state, { stretch: null, next: { levelPct: 30 } });
});

// Source of the instants: reference table of Angers by NOAA's formulae, to the minute.
const risings: [what: string, altitudeDeg: number, after: string, expected: string][] = [
  ['sunset at midsummer', -0.833, '2026-06-21T12:00Z', '2026-06-21T20:03Z'],
  ['civil dusk at midsummer', -6, '2026-06-21T12:00Z', '2026-06-21T20:44Z'],
  ['sunset at midwinter', -0.833, '2026-12-21T12:00Z', '2026-12-21T16:14Z'],
  ['sunrise on the day of the spring change', -0.833, '2026-03-28T23:00Z', '2026-03-29T05:47Z'],
  ['civil dawn on the day of the autumn change', -6, '2026-10-24T23:00Z', '2026-10-25T06:04Z'],
];
for (const [what, altitudeDeg, after, expected] of risings) {
  t.test(`sun: ${what} is at the time in the table`, async (t) => {
    const atMs = createSunChanges(ANGERS, altitudeDeg)(Date.parse(after));
    t.ok(Math.abs((atMs ?? 0) - Date.parse(expected)) <= 60_000, `${new Date(atMs ?? 0).toISOString()} near ${expected}`);
  });
}

t.test('the sun neither rises nor sets for a day at Tromsø in June and in December', async (t) => {
  const tromso = { latitudeDeg: 69.65, longitudeDeg: 18.96 };
  t.equal(createSunChanges(tromso, -2)(Date.parse('2026-06-21T12:00Z')), null);
  t.equal(createSunChanges(tromso, 1)(Date.parse('2026-12-21T00:00Z')), null);
});

t.test('the reported change is the next one, and the same whatever was requested before', async (t) => {
  const asked = createSunChanges(ANGERS, -2);
  const instant = fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2027, 0) });
  fc.assert(
    fc.property(instant, (atMs) => {
      const night = (ms: number): boolean => isNight(sunAltitudeDeg(ANGERS, ms), -2);
      const change = asked(atMs);
      if (change === null || change !== createSunChanges(ANGERS, -2)(atMs) || change <= atMs) return false;
      return night(change) !== night(change - 1_000) && night(change - 1_000) === night(atMs) && change - atMs < 18 * HOUR_MS;
    }),
    { numRuns: 200 },
  );
  t.pass('held for all generated instants');
});

t.test('the change that is found is the first one, as a check of every ten minutes finds it', async (t) => {
  const STEP_MS = 600_000;
  const [latitude, longitude] = [fc.double({ min: -90, max: 90, noNaN: true }), fc.double({ min: -180, max: 180, noNaN: true })];
  const step = fc.integer({ min: Date.UTC(2020, 0) / STEP_MS, max: Date.UTC(2060, 0) / STEP_MS });
  const { failed, counterexample } = fc.check(
    fc.property(latitude, longitude, fc.double({ min: -18, max: 6, noNaN: true }), step, (latitudeDeg, longitudeDeg, sunBelowDeg, from) => {
      const isNightAt = (k: number): boolean => isNight(sunAltitudeDeg({ latitudeDeg, longitudeDeg }, k * STEP_MS), sunBelowDeg);
      const steps = Array.from({ length: 144 }, (_, i) => from + i);
      const first = steps.find((k) => isNightAt(k) !== isNightAt(k + 1));
      const found = createSunChanges({ latitudeDeg, longitudeDeg }, sunBelowDeg)(from * STEP_MS);
      return first === undefined ? found === null : found !== null && found > first * STEP_MS && found <= (first + 1) * STEP_MS;
    }),
    { numRuns: 500 },
  );
  t.notOk(failed, JSON.stringify(counterexample));
});
