import fc from 'fast-check';
import t from 'tap';
import type { Clock, ClockQuality } from '../../../agent/core/clock.ts';
import { type CountedZone, createEnergyCount, type EnergyCount, powerW } from '../../../agent/diagnosis/energy.ts';
import { createEnergyBook, type EnergyBook } from '../../../agent/diagnosis/energy-book.ts';
import { nightAt } from '../../../agent/diagnosis/energy-count.ts';
import { folded, monthsAfter, monthsBetween, nextNight, nightOf, readMonth, withPart } from '../../../agent/diagnosis/energy-months.ts';
import { energySums, figures } from '../../../agent/diagnosis/energy-rows.ts';
import { added, emptyZone, type NightTally, NO_TALLY, readTally, rounded, type ZoneTally } from '../../../agent/diagnosis/energy-tally.ts';
import type { LampUse } from '../../../agent/lighting/lamp-use.ts';
import { createLocalCalendar } from '../../../agent/lighting/local-time.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PARIS = createLocalCalendar('Europe/Paris');
const paris = (local: string): number => {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = local.split(/\D/).map(Number);
  return PARIS.instantOf({ year, month, day, hour, minute });
};

const powers: [story: string, ratedW: number, levelPct: number, W: number][] = [
  ['full light takes the rated power', 40, 100, 40],
  ['half the light takes a little more than half', 40, 50, 20.8],
  ['the least light still feeds the driver', 40, 1, 1.984],
  ['a dark driver takes what the rules allow in standby', 40, 0, 0.5],
  ['a small one takes less than that', 5, 0, 0.2],
];
for (const [story, ratedW, levelPct, watts] of powers) {
  t.test(story, async (t) => t.ok(Math.abs(powerW(ratedW, levelPct) - watts) < 1e-9, `${powerW(ratedW, levelPct)} W`));
}

const lamp = (id: string, ratedW = 40, baselineW = 70) => ({ id, ratedW, baselineW });
const PATH: CountedZone = { id: 'path', lamps: [lamp('A'), lamp('B')] };
const ROAD: CountedZone = { id: 'road', lamps: [lamp('C', 100, 100)] };
const at = (levelPct: number): LampUse => ({ levelPct, quietPct: levelPct, raisedBy: null, byPerson: false });
const raised = (levelPct: number, quietPct: number, by: 'presence' | 'traffic' = 'presence'): LampUse => ({
  levelPct,
  quietPct,
  raisedBy: by,
  byPerson: false,
});
const byHand = (levelPct: number): LampUse => ({ ...at(levelPct), byPerson: true });

type Move = (count: EnergyCount, nowMono: number) => void;
const both =
  (use: LampUse): Move =>
  (count, nowMono) => {
    for (const id of ['A', 'B']) count.decided(id, use, nowMono);
  };
const one =
  (id: string, use: LampUse): Move =>
  (count, nowMono) =>
    count.decided(id, use, nowMono);
const sight =
  (id: string, what: 'follows' | 'unknown' | number): Move =>
  (count, nowMono) =>
    count.seen(id, what, nowMono);
const night =
  (isNight: boolean): Move =>
  (count, nowMono) =>
    count.night('path', isNight, nowMono);
const all =
  (...moves: Move[]): Move =>
  (count, nowMono) => {
    for (const move of moves) move(count, nowMono);
  };
const DUSK = all(night(true), sight('A', 'follows'), sight('B', 'follows'));

/** What the path did in a night told as hours and moves. */
function counted(...moves: (readonly [h: number, move: Move])[]): ZoneTally {
  const count = createEnergyCount([PATH, ROAD], 0);
  for (const [h, move] of moves) move(count, h * HOUR_MS);
  return count.zones((moves.at(-1)?.[0] ?? 0) * HOUR_MS)['path'] as ZoneTally;
}

const END: Move = () => {};
const nights: [story: string, moves: (readonly [h: number, move: Move])[], expected: Record<string, unknown>][] = [
  // P(100) = 40 W, P(30) = 1.6 + 38.4 x 0.3 = 13.12 W, P(80) = 32.32 W; before: 70 W a lamp.
  [
    'two lamps, four hours at 100 % and eight at 30 %',
    [
      [0, all(DUSK, both(at(100)))],
      [4, both(at(30))],
      [12, all(night(false), both(at(0)))],
      [12, END],
    ],
    {
      litH: 12,
      meanLevelPct: (4 * 100 + 8 * 30) / 12,
      raisedPct: 0,
      activations: 0,
      kwh: 0.32 + 0.20992,
      quietKwh: 0.52992,
      baselineKwh: 1.68,
    },
  ],
  [
    'one of them is held up for half an hour: its raise is told beside what the night would have been without',
    [
      [0, all(DUSK, both(at(30)))],
      [2, one('A', raised(80, 30))],
      [2.5, one('A', at(30))],
      [8, END],
    ],
    { raisedPct: 100 / 32, activations: 1, kwh: 0.20992 + 0.0096, quietKwh: 0.20992, reduction: 0.328 },
  ],
  [
    'and gives the figures of EN 13201-5 for the hours at 30 %',
    [
      [0, all(DUSK, both(at(30)))],
      [2, one('A', raised(80, 30))],
      [2.5, one('A', at(30))],
      [8, END],
    ],
    { periods: [{ levelPct: 30, hours: 8, reduction: 0.328, raisedReduction: 0.808, detectionPct: 100 / 32 }] },
  ],
  [
    'light that is handed on from lamp to lamp is one activation, a second visitor another',
    [
      [0, all(DUSK, both(at(30)))],
      [1, one('A', raised(80, 30))],
      [1.1, all(one('A', at(30)), one('B', raised(80, 30)))],
      [1.2, one('B', at(30))],
      [1.3, one('B', raised(80, 30))],
      [1.4, one('B', at(30))],
      [2, END],
    ],
    { activations: 2 },
  ],
  [
    'traffic raises, but nobody came',
    [
      [0, all(DUSK, both(raised(60, 30, 'traffic')))],
      [1, END],
    ],
    { activations: 0, raisedPct: 100 },
  ],
  [
    'a zone that goes dark saves what it would have burnt, and its driver waits',
    [
      [0, all(DUSK, both(at(50)))],
      [1, both(at(0))],
      [3, END],
    ],
    { litH: 1, meanLevelPct: 50, kwh: 0.0416 + 0.002, baselineKwh: 0.42, standbyKwh: 0 },
  ],
  [
    'dark by day is standby, and nothing is compared',
    [
      [0, all(sight('A', 'follows'), sight('B', 'follows'), both(at(0)))],
      [10, END],
    ],
    { litH: 0, kwh: 0.01, standbyKwh: 0.01, baselineKwh: 0, savedPct: null },
  ],
  [
    'lit by day by a person it costs, against nothing',
    [
      [0, all(sight('A', 'follows'), sight('B', 'follows'), both(byHand(100)))],
      [1, END],
    ],
    { litH: 1, kwh: 0.08, baselineKwh: 0, savedKwh: -0.08 },
  ],
  [
    'dark by hand at night is no saving',
    [
      [0, all(DUSK, both(byHand(0)))],
      [4, END],
    ],
    { litH: 0, baselineKwh: 0, kwh: 0.004 },
  ],
  [
    'a lamp that does not answer is told apart, at the level it was told',
    [
      [0, all(DUSK, both(at(100)))],
      [1, sight('B', 'unknown')],
      [3, sight('B', 'follows')],
      [4, END],
    ],
    { litH: 3, kwh: 0.32, unknownLampH: 2, unknownSavedKwh: 0.06, baselineKwh: 0.56 },
  ],
  [
    'one without mains by day takes nothing and is not missed',
    [
      [0, both(at(0))],
      [10, END],
    ],
    { kwh: 0, unknownLampH: 0 },
  ],
  [
    'a lamp that stands elsewhere is counted where it stands, in the hours of the level it was to have',
    [
      [0, all(DUSK, both(at(30)), sight('B', 100))],
      [1, END],
    ],
    { kwh: 0.01312 + 0.04, meanLevelPct: 65, periods: [{ levelPct: 30, hours: 1, reduction: 0.664 }] },
  ],
  [
    'before its first decision a lamp counts as nothing',
    [
      [0, DUSK],
      [5, END],
    ],
    { litH: 0, kwh: 0, unknownLampH: 0 },
  ],
];
for (const [story, moves, expected] of nights) {
  t.test(story, async (t) => {
    const found = figures(counted(...moves)) as unknown as Record<string, unknown>;
    t.ok(isClose(pick(found, expected), expected), `${JSON.stringify(pick(found, expected))} is ${JSON.stringify(expected)}`);
  });
}

function pick(found: unknown, expected: unknown): unknown {
  if (Array.isArray(expected)) return expected.map((item, index) => pick((found as unknown[])[index], item));
  if (typeof expected !== 'object' || expected === null) return found;
  return Object.fromEntries(Object.entries(expected).map(([key, item]) => [key, pick((found as Record<string, unknown>)[key], item)]));
}

function isClose(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) < 1e-6;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  return Object.keys(b).every((key) => isClose((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

t.test('levels lie in their bands: 0, 1 to 10, ... 91 to 100 %', async (t) => {
  const bandOf = (levelPct: number): number => counted([0, all(DUSK, both(at(levelPct)))], [1, END]).bandMs.findIndex((ms) => ms > 0);
  t.strictSame([0, 1, 10, 11, 20, 21, 90, 91, 100].map(bandOf), [0, 1, 1, 2, 2, 3, 9, 10, 10]);
});

// ── whatever happens ─────────────────────────────────────────────────────────────────────────────────────────────────

const anyUse = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map(at),
  fc.integer({ min: 0, max: 100 }).map(byHand),
  fc
    .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), fc.constantFrom('presence' as const, 'traffic' as const))
    .map(([a, b, by]) => raised(Math.max(a, b), Math.min(a, b), by)),
);
const anyLamp = fc.constantFrom('A', 'B', 'C');
const anyMove: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(anyLamp, anyUse).map(
      ([id, use]): Move =>
        (count, now) =>
          count.decided(id, use, now),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(anyLamp, fc.oneof(fc.constantFrom('follows' as const, 'unknown' as const), fc.integer({ min: 0, max: 100 }))).map(
      ([id, what]): Move =>
        (count, now) =>
          count.seen(id, what, now),
    ),
  },
  fc.tuple(fc.constantFrom('path', 'road'), fc.boolean()).map(
    ([id, is]): Move =>
      (count, now) =>
        count.night(id, is, now),
  ),
);
interface Happening {
  readonly waitMs: number;
  readonly move: Move;
}
const anyNight = fc.array(fc.record({ waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 4 * HOUR_MS })), move: anyMove }), {
  minLength: 1,
  maxLength: 40,
});
const numbersIn = (value: unknown): number[] =>
  typeof value === 'number' ? [value] : typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];

/** The same said otherwise: hours by a look at each lamp's whole story. */
function litLampMs(happenings: readonly Happening[]): Record<string, number> {
  const state = new Map(['A', 'B', 'C'].map((id) => [id, { use: null as LampUse | null, sight: 'unknown' as unknown }]));
  const isNight: Record<string, boolean> = { path: false, road: false };
  const sum: Record<string, number> = { path: 0, road: 0 };
  const recorder: Pick<EnergyCount, 'decided' | 'seen' | 'night'> = {
    decided: (id, use) => Object.assign(state.get(id) ?? {}, { use }),
    seen: (id, what) => Object.assign(state.get(id) ?? {}, { sight: what }),
    night: (id, is) => Object.assign(isNight, { [id]: is }),
  };
  for (const { waitMs, move } of happenings) {
    for (const [id, { use, sight: where }] of state) {
      const zone = id === 'C' ? 'road' : 'path';
      const level = typeof where === 'number' ? where : (use?.levelPct ?? 0);
      if (use !== null && (isNight[zone] || level > 0)) sum[zone] = (sum[zone] ?? 0) + waitMs;
    }
    move(recorder as EnergyCount, 0);
  }
  return sum;
}

t.test(
  'hours by level and unknown hours are the lit and dark hours of the night, no more and no less, and nothing is negative',
  async (t) => {
    fc.assert(
      fc.property(anyNight, (happenings) => {
        const count = createEnergyCount([PATH, ROAD], 0);
        const nowMono = happenings.reduce((sum, { waitMs, move }) => {
          move(count, sum + waitMs);
          return sum + waitMs;
        }, 0);
        const zones = count.zones(nowMono);
        const expected = litLampMs(happenings);
        for (const [id, tally] of Object.entries(zones)) {
          const known = tally.bandMs.reduce((sum, ms) => sum + ms, 0);
          const byPeriod = Object.values(tally.periods).reduce((sum, { ms, boostedMs }) => sum + ms + boostedMs, 0);
          if (Math.abs(known + tally.unknownMs - (expected[id] ?? 0)) > 0.01 || Math.abs(byPeriod - known) > 0.01) return false;
          if (numbersIn(tally).some((number) => !(number >= 0))) return false;
          if (tally.quietWh > tally.wh + 1e-9 || tally.boostedMs > known + 0.01 || tally.unknownWh > tally.wh + 1e-9) return false;
        }
        return true;
      }),
    );
    t.pass('held for all generated nights');
  },
);

t.test('looking at the sums, or beginning them anew, at any moment changes nothing of their whole', async (t) => {
  fc.assert(
    fc.property(anyNight, fc.nat(40), fc.boolean(), (happenings, cutAt, fresh) => {
      const whole = createEnergyCount([PATH, ROAD], 0);
      const cut = createEnergyCount([PATH, ROAD], 0);
      let before: NightTally = NO_TALLY;
      let nowMono = 0;
      for (const [index, { waitMs, move }] of happenings.entries()) {
        if (index === cutAt) {
          const zones = cut.zones(nowMono + waitMs / 2);
          if (fresh) {
            before = { ...NO_TALLY, zones };
            cut.restart(nowMono + waitMs / 2);
          }
        }
        nowMono += waitMs;
        move(whole, nowMono);
        move(cut, nowMono);
      }
      const joined = added(before, { ...NO_TALLY, zones: cut.zones(nowMono) }, 'night');
      return isAlike(joined.zones, whole.zones(nowMono));
    }),
  );
  t.pass('held for all generated nights');
});

function isAlike(a: Readonly<Record<string, ZoneTally>>, b: Readonly<Record<string, ZoneTally>>, slackMs = 1): boolean {
  return Object.entries(b).every(([id, whole]) => {
    const part = a[id] ?? emptyZone(0);
    const bands = whole.bandMs.every((ms, band) => Math.abs(ms - (part.bandMs[band] ?? 0)) <= slackMs);
    const sums = (['wh', 'quietWh', 'baselineWh', 'unknownWh', 'standbyWh'] as const).every(
      (key) => Math.abs(whole[key] - part[key]) < 0.1,
    );
    const times = (['boostedMs', 'unknownMs'] as const).every((key) => Math.abs(whole[key] - part[key]) <= slackMs);
    return bands && sums && times && whole.activations === part.activations && whole.lampNights === part.lampNights;
  });
}

t.test('what stands on disk comes back as it was, and rubbish as nothing', async (t) => {
  const zones = { path: counted([0, all(DUSK, both(at(30)))], [2, one('A', raised(80, 30))], [3, END]) };
  const tally: NightTally = { zones, meters: { M01: { kwh: 1.5, nights: 1, computedWh: 900 } }, awayMs: 3, undatedMs: 4 };
  t.strictSame(readTally(JSON.parse(JSON.stringify(rounded(tally)))), rounded(tally));
  for (const rubbish of [
    null,
    undefined,
    7,
    'x',
    [],
    { zones: [1], meters: 'x' },
    { zones: { path: null } },
    { awayMs: 'soon', zones: { path: { wh: -1, bandMs: 3 } } },
  ]) {
    const read = readTally(rubbish);
    t.ok(
      numbersIn(read).every((number) => number === 0),
      JSON.stringify(rubbish),
    );
  }
});

// ── months ───────────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('months and nights are counted over the ends of months and years', async (t) => {
  t.equal(nextNight('2026-12-31'), '2027-01-01');
  t.equal(nextNight('2028-02-28'), '2028-02-29');
  t.strictSame(monthsBetween('2026-11-30', '2027-02-01'), ['2026-11', '2026-12', '2027-01', '2027-02']);
  t.strictSame(monthsBetween('2027-02-01', '2026-11-30'), []);
  t.equal(monthsAfter('2027-01', -14), '2025-11');
});

t.test('a part that is written twice counts once, many parts stay few, and a folded month keeps its sums', async (t) => {
  const part = (id: string, wh: number) => ({ ...NO_TALLY, id, endMs: 0, zones: { path: { ...emptyZone(2), wh } } });
  let month = readMonth(undefined);
  for (let index = 0; index < 30; index++) month = withPart(month, '2026-12-01', part(`p${index}`, 1));
  month = withPart(month, '2026-12-01', part('p29', 5));
  t.match(nightOf(month.nights['2026-12-01'] ?? []).zones, { path: { wh: 34, nights: 1, lampNights: 2 } });
  t.ok((month.nights['2026-12-01']?.length ?? 0) <= 8);
  month = withPart(month, '2026-12-02', part('q', 10));
  const old = readMonth(JSON.parse(JSON.stringify(folded(month))));
  t.match(old, { nights: {}, folded: { zones: { path: { wh: 44, nights: 2, lampNights: 4 } } } });
  t.match(folded(withPart(old, '2026-12-03', part('r', 1))).folded, { zones: { path: { wh: 45, nights: 3 } } });
});

// ── the book ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Time that jumps to where it is told; timers that fall due on the way fire once, late. */
function jumpingClock(startMs: number) {
  let [mono, offsetMs] = [0, startMs];
  let quality: ClockQuality = 'synced';
  let due: { atMono: number; fire: () => void }[] = [];
  const clock: Clock = {
    wallMs: () => offsetMs + mono,
    monoMs: () => mono,
    quality: () => quality,
    after: (delayMs, fire) => {
      const timer = { atMono: mono + delayMs, fire };
      due.push(timer);
      const cancel = (): void => {
        due = due.filter((each) => each !== timer);
      };
      return { cancel };
    },
    precisely: () => ({ cancel: () => {} }),
  };
  return {
    clock,
    step(ms: number) {
      offsetMs += ms;
    },
    trust(next: ClockQuality) {
      quality = next;
    },
    async pass(ms: number) {
      mono += ms;
      const ripe = due.filter(({ atMono }) => atMono <= mono);
      due = due.filter(({ atMono }) => atMono > mono);
      for (const { fire } of ripe) fire();
      await new Promise(setImmediate);
    },
  };
}

interface Disk {
  readonly kept: Map<string, string>;
  dead: boolean;
  /** Writings that still reach the disk. */
  left: number;
}

function rig(startMs: number, disk: Disk = { kept: new Map(), dead: false, left: Number.POSITIVE_INFINITY }) {
  const time = jumpingClock(startMs);
  const told: [kwh: number, endMs: number][] = [];
  const store = {
    load: async (key: string, unread?: unknown) => {
      if (disk.dead) return unread;
      const found = disk.kept.get(key);
      return found === undefined ? undefined : JSON.parse(found);
    },
    save: async (key: string, value: unknown) => {
      if (disk.dead || disk.left <= 0) return false;
      disk.left -= 1;
      disk.kept.set(key, JSON.stringify(value));
      return true;
    },
  };
  const state = new Map<string, LampUse>();
  let book = fresh();
  function fresh(): EnergyBook {
    return createEnergyBook({
      zones: [PATH, ROAD],
      clock: time.clock,
      store,
      nightAt: (atMs) => nightAt(PARIS, atMs),
      refresh: () => {
        for (const zone of ['path', 'road']) book.count.night(zone, true, time.clock.monoMs());
        for (const [id, use] of state) {
          book.count.decided(id, use, time.clock.monoMs());
          book.count.seen(id, 'follows', time.clock.monoMs());
        }
      },
      onNight: ({ zones }, endMs) => told.push([(zones['path']?.wh ?? 0) / 1_000, endMs]),
    });
  }
  const set = (use: LampUse): void => {
    for (const id of ['A', 'B', 'C']) {
      state.set(id, use);
      book.count.decided(id, use, time.clock.monoMs());
      book.count.seen(id, 'follows', time.clock.monoMs());
    }
  };
  const start = async (): Promise<void> => {
    book.start();
    for (const zone of ['path', 'road']) book.count.night(zone, true, time.clock.monoMs());
    for (const use of state.values()) set(use);
    await new Promise(setImmediate);
  };
  return {
    ...time,
    disk,
    told,
    set,
    start,
    get book() {
      return book;
    },
    /** `kill`: without a word, as by a mains cut. */
    async restart(how: 'stop' | 'kill', awayMs = 0) {
      // What a process that was killed would still write does not arrive.
      if (how === 'kill') disk.left = 0;
      book.stop();
      await new Promise(setImmediate);
      disk.left = Number.POSITIVE_INFINITY;
      await time.pass(awayMs);
      book = fresh();
      await start();
    },
    nights: async () => {
      const kept = await book.nights('2026-01-01', '2027-12-31');
      return (kept ?? []).map(({ period, tally }) => [period, litH(tally)] as const);
    },
  };
}

/** Of one lamp; unrounded, since nights are summed too. */
const litMs = ({ zones }: NightTally): number => (zones['path']?.bandMs.reduce((sum, ms) => sum + ms, 0) ?? 0) / 2;
const litH = (tally: NightTally): number => Math.round((litMs(tally) / HOUR_MS) * 1_000) / 1_000;

const noons: [story: string, zone: string, utc: string, night: string][] = [
  ['the evening belongs to its own day', 'Europe/Paris', '2026-12-01T21:00Z', '2026-12-01'],
  ['the morning to the day before', 'Europe/Paris', '2026-12-02T10:59Z', '2026-12-01'],
  ['noon begins the next', 'Europe/Paris', '2026-12-02T11:00Z', '2026-12-02'],
  ['in summer an hour earlier', 'Europe/Paris', '2026-06-02T10:00Z', '2026-06-02'],
  ['on the first of January it is last year', 'Europe/Paris', '2027-01-01T05:00Z', '2026-12-31'],
  ['the first of March follows the last of February', 'Pacific/Auckland', '2028-02-29T18:00Z', '2028-02-29'],
];
for (const [story, zone, utc, expected] of noons) {
  t.test(story, async (t) => t.equal(nightAt(createLocalCalendar(zone), Date.parse(utc)), expected));
}

t.test('a night ends at noon, is told and kept, and the next one begins with nothing', async (t) => {
  const street = rig(paris('2026-12-01 12:00'));
  street.set(at(100));
  await street.start();
  for (let hour = 0; hour < 30; hour++) await street.pass(HOUR_MS);
  t.strictSame(await street.nights(), [
    ['2026-12-01', 24],
    ['2026-12-02', 6],
  ]);
  t.match(street.told, [[2 * 0.04 * 24, paris('2026-12-02 12:00')]]);
});

const changes: [story: string, start: string, hoursAt30: number, wholeH: number][] = [
  ['the step from 23:00 to 06:00 lasts six hours when spring takes one', '2026-03-28 12:00', 6, 23],
  ['and eight when autumn gives one', '2026-10-24 12:00', 8, 25],
  ['and seven on any other night', '2026-12-01 12:00', 7, 24],
];
for (const [story, start, hoursAt30, wholeH] of changes) {
  t.test(story, async (t) => {
    const street = rig(paris(start));
    street.set(at(100));
    await street.start();
    for (let minute = 0; minute < 25 * 60 + 30; minute += 10) {
      const { hour } = PARIS.localAt(street.clock.wallMs());
      street.set(at(hour >= 23 || hour < 6 ? 30 : 100));
      await street.pass(10 * 60_000);
    }
    const [first] = (await street.book.nights(start.slice(0, 10), start.slice(0, 10))) ?? [];
    t.equal(litH(first?.tally ?? NO_TALLY), wholeH);
    t.equal((first?.tally.zones['road']?.bandMs[3] ?? 0) / HOUR_MS, hoursAt30);
  });
}

t.test(
  'a restart at any moment leaves the sums as they would have been, within a second; a cut loses a quarter of an hour and says so',
  async (t) => {
    const script = fc.array(
      fc.record({ waitMs: fc.integer({ min: 1_000, max: 5 * HOUR_MS }), levelPct: fc.integer({ min: 0, max: 100 }) }),
      {
        minLength: 3,
        maxLength: 20,
      },
    );
    await fc.assert(
      fc.asyncProperty(script, fc.nat(19), fc.constantFrom('stop' as const, 'kill' as const), async (steps, cutAt, how) => {
        const [plain, cut] = [rig(paris('2026-12-01 15:00')), rig(paris('2026-12-01 15:00'))];
        for (const street of [plain, cut]) await street.start();
        for (const [index, { waitMs, levelPct }] of steps.entries()) {
          if (index === cutAt) await cut.restart(how);
          for (const street of [plain, cut]) {
            street.set(at(levelPct));
            for (let leftMs = waitMs; leftMs > 0; leftMs -= 60_000) await street.pass(Math.min(leftMs, 60_000));
          }
        }
        const [a, b] = [await plain.book.nights('2026-12-01', '2026-12-31'), await cut.book.nights('2026-12-01', '2026-12-31')];
        if (a === undefined || b === undefined) return false;
        const lost = sumWh(a) - sumWh(b);
        if (how === 'stop')
          return a.length === b.length && a.every(({ tally }, index) => isAlike(b[index]?.tally.zones ?? {}, tally.zones, 1_000));
        const away = b.reduce((sum, { tally }) => sum + tally.awayMs, 0);
        // 180 W at most for sixteen minutes.
        return lost > -0.1 && lost <= 180 * (16 / 60) + 0.1 && away <= 16 * 60_000 && (lost < 0.1 || away > 0);
      }),
      { numRuns: 25 },
    );
    t.pass('held for all generated nights');
  },
);

const sumWh = (kept: readonly { readonly tally: NightTally }[]): number =>
  kept.flatMap(({ tally }) => Object.values(tally.zones)).reduce((sum, { wh }) => sum + wh, 0);

t.test('a clock that is set, forwards or back, over one noon or many, loses no hour and counts none twice', async (t) => {
  const script = fc.array(
    fc.record({
      waitMs: fc.integer({ min: 1_000, max: 3 * HOUR_MS }),
      stepMs: fc.oneof(fc.constant(0), fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS })),
    }),
    { minLength: 1, maxLength: 25 },
  );
  await fc.assert(
    fc.asyncProperty(script, fc.nat(24), async (steps, cutAt) => {
      const street = rig(paris('2026-12-10 15:00'));
      street.set(at(100));
      await street.start();
      for (const [index, { waitMs, stepMs }] of steps.entries()) {
        street.step(stepMs);
        await street.pass(waitMs);
        if (index === cutAt) await street.restart('stop');
      }
      const kept = (await street.book.nights('2026-01-01', '2027-12-31')) ?? [];
      const countedMs = kept.reduce((sum, { tally }) => sum + litMs(tally), 0);
      return Math.abs(countedMs - steps.reduce((sum, { waitMs }) => sum + waitMs, 0)) < 1_000;
    }),
    { numRuns: 60 },
  );
  t.pass('held for all generated clocks');
});

t.test('while the time is not known no night ends; what was counted goes to the night in which it becomes known', async (t) => {
  const street = rig(paris('2026-12-01 12:00'));
  street.set(at(100));
  await street.start();
  await street.pass(2 * HOUR_MS);
  await street.restart('stop');
  street.trust('none');
  street.step(-20 * 365 * DAY_MS);
  await street.restart('stop', HOUR_MS);
  for (let hour = 0; hour < 3; hour++) await street.pass(HOUR_MS);
  await street.restart('stop');
  await street.pass(HOUR_MS);
  street.step(20 * 365 * DAY_MS);
  street.trust('synced');
  await street.pass(HOUR_MS);
  t.strictSame(await street.nights(), [['2026-12-01', 7]]);
  const [kept] = (await street.book.nights('2026-12-01', '2026-12-01')) ?? [];
  t.match(kept?.tally, { undatedMs: 5 * HOUR_MS, zones: { path: { nights: 1, lampNights: 2 } } });
});

t.test('hours without the agent are told, not counted', async (t) => {
  const street = rig(paris('2026-12-01 18:00'));
  street.set(at(100));
  await street.start();
  await street.pass(HOUR_MS);
  await street.restart('stop', 2 * HOUR_MS);
  await street.pass(HOUR_MS);
  const [kept] = (await street.book.nights('2026-12-01', '2026-12-01')) ?? [];
  t.match(kept, { isOpen: true, tally: { awayMs: 2 * HOUR_MS } });
  t.equal(litH(kept?.tally ?? NO_TALLY), 2);
});

t.test('while the disk cannot be asked counting goes on, nothing is written over, and it all comes together afterwards', async (t) => {
  const street = rig(paris('2026-12-01 12:00'));
  street.set(at(100));
  await street.start();
  await street.pass(HOUR_MS);
  street.disk.dead = true;
  await street.restart('kill');
  for (let hour = 0; hour < 25; hour++) await street.pass(HOUR_MS);
  t.equal(await street.book.nights('2026-12-01', '2026-12-02'), undefined);
  street.disk.dead = false;
  await street.pass(2 * 60_000);
  t.strictSame(await street.nights(), [
    ['2026-12-01', 24],
    ['2026-12-02', 2.033],
  ]);
});

t.test('a cut between the writing of a finished night and that of the new one doubles nothing', async (t) => {
  for (const left of [0, 1, 2]) {
    const street = rig(paris('2026-12-01 12:00'));
    street.set(at(100));
    await street.start();
    for (let hour = 0; hour < 23; hour++) await street.pass(HOUR_MS);
    await street.pass(HOUR_MS - 1_000);
    street.disk.left = left;
    await street.pass(20_000);
    await street.restart('kill');
    for (let minute = 0; minute < 60; minute++) await street.pass(60_000);
    const kept = await street.nights();
    t.strictSame(
      kept.map(([night]) => night),
      ['2026-12-01', '2026-12-02'],
    );
    t.ok((kept[0]?.[1] ?? 0) > 22.9 && (kept[0]?.[1] ?? 0) <= 24.01, `${left} writings: ${kept[0]?.[1]} h`);
  }
});

t.test('nor does one after which the clock says the old night again', async (t) => {
  const street = rig(paris('2026-12-01 12:00'));
  street.set(at(100));
  await street.start();
  for (let hour = 0; hour < 10; hour++) await street.pass(HOUR_MS);
  street.disk.left = 1;
  street.step(DAY_MS);
  await street.pass(20_000);
  street.step(-DAY_MS);
  await street.restart('kill');
  for (let hour = 0; hour < 2; hour++) await street.pass(HOUR_MS);
  t.strictSame(await street.nights(), [['2026-12-01', 12]]);
});

t.test('what another program has left under its keys is taken for nothing', async (t) => {
  for (const rubbish of [
    'null',
    '7',
    '[]',
    '{"open":7,"closed":{}}',
    '{"open":{"date":"2026-12-01","zones":3},"closed":[null,{"date":4}]}',
  ]) {
    const kept = new Map([
      ['energy.tonight', rubbish],
      ['energy.2026-12', rubbish],
    ]);
    const street = rig(paris('2026-12-01 12:00'), { kept, dead: false, left: Number.POSITIVE_INFINITY });
    street.set(at(100));
    await street.start();
    await street.pass(HOUR_MS);
    t.strictSame(await street.nights(), [['2026-12-01', 1]], rubbish);
  }
});

t.test('four hundred nights are kept one by one, older ones as months, and the sum stays', async (t) => {
  const street = rig(paris('2026-01-01 12:00'));
  street.set(at(100));
  await street.start();
  for (let day = 0; day < 480; day++) await street.pass(DAY_MS);
  const kept = (await street.book.nights('2026-01-01', '2027-12-31')) ?? [];
  const single = kept.filter(({ period }) => period.length === 10);
  t.ok(single.length >= 400 && single.length < 450, `${single.length} nights`);
  t.match(kept[0], { period: '2026-01', tally: { zones: { path: { nights: 31 } } } });
  const hours = kept.reduce((sum, { tally }) => sum + litH(tally), 0);
  t.equal(Math.round(hours), 480 * 24);
  const longest = Math.max(...[...street.disk.kept.values()].map((json) => json.length));
  t.ok(longest < 40_000, `a month of two zones has ${longest} bytes`);
  const sums = energySums(kept, 'month', ['path', 'road']);
  t.match(sums.rows.slice(0, 3), [
    { period: '2026-01', zone: 'path', nights: 31 },
    { period: '2026-01', zone: 'road' },
    { period: '2026-02', zone: 'path', nights: 28 },
  ]);
});

t.test('after a start the last night is told once more, so that the platform has it in its birth', async (t) => {
  const street = rig(paris('2026-12-31 12:00'));
  street.set(at(100));
  await street.start();
  for (let hour = 0; hour < 26; hour++) await street.pass(HOUR_MS);
  await street.restart('stop');
  t.strictSame(
    street.told.map(([kwh, endMs]) => [kwh.toFixed(2), endMs]),
    [
      ['1.92', paris('2027-01-01 12:00')],
      ['1.92', paris('2027-01-01 12:00')],
    ],
  );
});

t.test('a meter is read as what it counted from noon to noon, over a restart too, beside what was computed', async (t) => {
  const street = rig(paris('2026-12-01 12:00'));
  street.set(at(100));
  await street.start();
  street.book.meters.read('M01', 1_000);
  for (let hour = 0; hour < 12; hour++) await street.pass(HOUR_MS);
  street.book.meters.read('M01', 1_003);
  await street.restart('stop', HOUR_MS);
  street.book.meters.read('M01', 1_003.5);
  for (let hour = 0; hour < 10; hour++) await street.pass(HOUR_MS);
  street.book.meters.read('M01', 1_006);
  for (let hour = 0; hour < 3; hour++) await street.pass(HOUR_MS);
  street.book.meters.read('M01', 1_006.5);
  const [first, second] = (await street.book.nights('2026-12-01', '2026-12-02')) ?? [];
  const measured = energySums(first === undefined ? [] : [first], null, []).meters;
  t.match(measured, [{ device: 'M01', kwh: 6, nights: 1 }]);
  t.ok(Math.abs((measured[0]?.computedKwh ?? 0) - 0.18 * 23) < 1e-6, '180 W for the 23 hours of the agent');
  t.match(second?.tally.meters, { M01: { kwh: 0.5 } });
});

t.test('who was away for days does not give their energy to one night', async (t) => {
  const street = rig(paris('2026-12-01 12:00'));
  await street.start();
  street.book.meters.read('M01', 1_000);
  await street.restart('stop', 3 * DAY_MS);
  street.book.meters.read('M01', 1_030);
  street.book.meters.read('M01', 1_031);
  const kept = (await street.book.nights('2026-12-04', '2026-12-04')) ?? [];
  t.match(kept[0]?.tally, { meters: { M01: { kwh: 1 } }, awayMs: DAY_MS });
});
