import fc from 'fast-check';
import t from 'tap';
import { HOUR_MS } from '../../../agent/core/durations.ts';
import { createEnergyCount, type EnergyCount } from '../../../agent/diagnosis/energy.ts';
import { added, type NightTally, NO_TALLY, readTally, rounded } from '../../../agent/diagnosis/energy-tally.ts';
import type { LampUse } from '../../../agent/lighting/lamp-use.ts';
import { all, at, byHand, DUSK, END, inBoth, isAlike, type Move, one, PATH, ROAD, raised, tallied } from './energy-street.ts';

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
  const state = new Map(['A', 'B', 'C'].map((id) => [id, { use: null as LampUse | null, following: 'unknown' as unknown }]));
  const isNight: Record<string, boolean> = { path: false, road: false };
  const sum: Record<string, number> = { path: 0, road: 0 };
  const recorder: Pick<EnergyCount, 'decided' | 'seen' | 'night'> = {
    decided: (id, use) => Object.assign(state.get(id) ?? {}, { use }),
    seen: (id, what) => Object.assign(state.get(id) ?? {}, { following: what }),
    night: (id, is) => Object.assign(isNight, { [id]: is }),
  };
  for (const { waitMs, move } of happenings) {
    for (const [id, { use, following: where }] of state) {
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

t.test('reading or restarting the sums at any moment does not change their total', async (t) => {
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

t.test('stored data is restored unchanged, and garbage as nothing', async (t) => {
  const zones = { path: tallied([0, all(DUSK, inBoth(at(30)))], [2, one('A', raised(80, 30))], [3, END]) };
  const meters = { M01: { kwh: 1.5, nights: 1, computedWh: 900 } };
  const tally: NightTally = { zones, meters, lampWh: { A: 12.3, B: 0 }, awayMs: 3, undatedMs: 4 };
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
