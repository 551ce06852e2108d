import fc from 'fast-check';
import t from 'tap';
import type { PointProfile } from '../../../agent/core/profile.ts';
import { afterReading, type Counter, type CounterRestart, type CounterRule, counterRule, UNCOUNTED } from '../../../agent/field/counter.ts';
import { KWH, POLL_S } from './energy-point.ts';
import { point } from './plant.ts';

const ruleOf = (over: Partial<PointProfile>): CounterRule => {
  const rule = counterRule(point('count', { counter: { rolloverAt: null }, ...over }));
  if (rule === null) throw new Error('the point is no counter');
  return rule;
};

const ENERGY = ruleOf(KWH);

const ROLLING = ruleOf({ ...KWH, counter: { rolloverAt: 10_000 } });

const WHOLE = ruleOf({ ...KWH, decimals: 0 });

const ROLLING_AT_FRACTION = ruleOf({ ...KWH, decimals: 0, counter: { rolloverAt: 10_000.4 } });

const WH = ruleOf({ ...KWH, unit: 'Wh', scale: 1, decimals: 0 });

const COARSE = ruleOf({ ...KWH, scale: 10, decimals: 0 });

const FLOAT = ruleOf({ ...KWH, type: 'f32', scale: 1 });

const PULSES = ruleOf({ semantic: 'count' });

const PULSES_16 = ruleOf({ semantic: 'count', counter: { rolloverAt: 65_536 } });

/** One reading a poll; a pair is a reading and the seconds since the one before. */
type Raws = readonly (number | readonly [raw: number, afterS: number])[];

function run(rule: CounterRule, raws: Raws): { totals: (number | null)[]; restarts: CounterRestart[] } {
  let counter: Counter = UNCOUNTED;
  let atMono = 0;
  const restarts: CounterRestart[] = [];
  const totals = raws.map((reading) => {
    const [raw, afterS] = typeof reading === 'number' ? [reading, POLL_S] : reading;
    atMono += afterS * 1_000;
    const step = afterReading(counter, { raw, atMono }, rule);
    counter = step.counter;
    if (step.restart !== null) restarts.push(step.restart);
    return step.total;
  });
  return { totals, restarts };
}

// ── the machine ──────────────────────────────────────────────────────────────────────────────────────────────────────

const DAY_S = 86_400;

const stories: [story: string, rule: CounterRule, raws: Raws, totals: (number | null)[], restarts?: CounterRestart[]][] = [
  ['a register without a stored value is accepted when a second reading agrees', ENERGY, [700, 700.1], [null, 700.1]],
  ['a meter that says 0 while it starts does not make its whole life consumption', ENERGY, [0, 700, 700.1], [null, null, 700.1]],
  ['it only grows', ENERGY, [700, 700, 700.5, 701.25], [null, 700, 700.5, 701.25]],
  ['nothing drawn is no doubt', ENERGY, [700, 700, 700], [null, 700, 700]],
  ['one reading that is too low has no total and shifts nothing', ENERGY, [700, 700, 0, 700.5], [null, 700, null, 700.5]],
  ['nor one that is too high', ENERGY, [700, 700, 9_000, 700.5], [null, 700, null, 700.5]],
  ['nor do two that do not agree', ENERGY, [700, 700, 9_000, 12, 700.5], [null, 700, null, null, 700.5]],
  [
    'a replaced meter goes on from the last total',
    ENERGY,
    [700, 700, 0.2, 0.5, 1],
    [null, 700, null, 700.3, 700.8],
    [{ total: 700, raw: 0.2 }],
  ],
  ['so does one that starts higher', ENERGY, [700, 700, 9_000, 9_000.4], [null, 700, null, 700.4], [{ total: 700, raw: 9_000 }]],
  [
    'and the next one after it',
    ENERGY,
    [700, 700, 9_000, 9_001, 5, 6],
    [null, 700, null, 701, null, 702],
    [
      { total: 700, raw: 9_000 },
      { total: 701, raw: 5 },
    ],
  ],
  [
    'a wrong reading amid the first two of a new meter costs nothing',
    ENERGY,
    [700, 700, 20, 9_000, 20.4],
    [null, 700, null, null, 700.4],
    [{ total: 700, raw: 20 }],
  ],
  ['what can be drawn in a poll is drawn', ENERGY, [700, 700, 703], [null, 700, 703]],
  ['what can be drawn in a day without readings too', ENERGY, [700, 700, [6_700, DAY_S]], [null, 700, 6_700]],
  ['more cannot', ENERGY, [700, 700, [6_710, DAY_S], 6_710], [null, 700, null, 700], [{ total: 700, raw: 6_710 }]],
  ['in Wh as in kWh', WH, [700_000, 700_000, 703_000, 710_000], [null, 700_000, 703_000, null]],
  ['a register that rolls over where it says goes on', ROLLING, [9_999, 9_999.9, 0.1, 0.2], [null, 9_999.9, null, 10_000.2]],
  [
    'and again',
    ROLLING,
    [9_999, 9_999.9, 0.1, [0.2, 60], [9_999, 60 * DAY_S], 0.5, 0.6],
    [null, 9_999.9, null, 10_000.2, 19_999, null, 20_000.6],
  ],
  ['one wrong 0 near the end of its range is no roll-over', ROLLING, [9_999, 9_999, 0, 9_999.5], [null, 9_999, null, 9_999.5]],
  [
    'a meter replaced near the end of its range has not drawn the rest of it',
    ROLLING,
    [9_200, 9_200, 0, 0.1],
    [null, 9_200, null, 9_200.1],
    [{ total: 9_200, raw: 0 }],
  ],
  [
    'a fall in the middle of its range is no roll-over',
    PULSES_16,
    [40_000, 40_000, 10, 11],
    [null, 40_000, null, 40_001],
    [{ total: 40_000, raw: 10 }],
  ],
  [
    'one that runs past its end has another end than its profile says',
    PULSES_16,
    [70_000, 70_000, 10, 11],
    [null, 70_000, null, 70_001],
    [{ total: 70_000, raw: 10 }],
  ],
  [
    'a register that rolls over at a fraction of the last digit of its total does not fall',
    ROLLING_AT_FRACTION,
    [9_999, 9_999.9, 0.3, 0.4, 0.4, 1.1],
    [null, 10_000, null, 10_001, 10_001, 10_002],
  ],
  [
    'nor does that of a new meter that starts at such a fraction',
    WHOLE,
    [700, 700, 0.6, 1.1, 1.1],
    [null, 700, null, 701, 701],
    [{ total: 700, raw: 0.6 }],
  ],
  ['pulses roll over too', PULSES_16, [65_530, 65_535, 2, 3], [null, 65_535, null, 65_539]],
  ['a register without a roll-over never does', PULSES, [65_530, 65_535, 2, 3], [null, 65_535, null, 65_536], [{ total: 65_535, raw: 2 }]],
  ['what is no energy may jump', PULSES, [1, 2, 1_000_000], [null, 2, 1_000_000]],
  ['a meter that counts in steps of 10 kWh may take two at once', COARSE, [700, 700, 720], [null, 700, 720]],
  ['so may a float so large that it has no smaller steps', FLOAT, [5e7, 5e7, 5e7 + 8], [null, 5e7, 5e7 + 8]],
  [
    'a float that trembles in its last digit is held',
    FLOAT,
    [50_000, 50_000.004, 50_000, 50_000.004],
    [null, 50_000.004, 50_000.004, 50_000.004],
  ],
  ['and held noise is not counted again', FLOAT, [10, 10.001, 10, 10.001, 10, 10.002], [null, 10.001, 10.001, 10.001, 10.001, 10.002]],
  ['a whole number that falls by one has fallen', PULSES, [10, 10, 9, 9], [null, 10, null, 10], [{ total: 10, raw: 9 }]],
];

for (const [story, rule, raws, totals, restarts = []] of stories) {
  t.test(story, async (t) => {
    const result = run(rule, raws);
    t.same(result.totals, totals);
    t.same(result.restarts, restarts);
  });
}

t.test('a point whose profile declares no counter is none', async (t) => {
  t.equal(counterRule(point('power', { semantic: 'power' })), null);
});

/** A meter of the property rolls over here. Units: Wh. */
const RANGE_WH = 10_000_000;

/** A jump smaller than this may be taken for consumption. Units: Wh. Source: several times what can be drawn in the longest history. */
const APART_WH = 700_000;

/** Units: Wh a second. */
const MAX_DRAW = 250_000 / 3_600;

const READ = { afterS: 30, drawnPct: 0, what: 'read', placeWh: 0 };

const historyStep = fc.record({
  afterS: fc.integer({ min: 1, max: 60 }),
  drawnPct: fc.integer({ min: 0, max: 100 }),
  what: fc.constantFrom('read', 'read', 'read', 'read', 'unread', 'wrong', 'replaced'),
  placeWh: fc.integer({ min: 0, max: RANGE_WH - 1 }),
});

interface MeterReading {
  readonly raw: number;
  readonly atMono: number;
  readonly isWrong: boolean;
  /** Seen to be drawn until now: between readings of one and the same meter. Units: Wh. */
  readonly seenWh: number;
}

/** A meter that is replaced, sometimes not read, and sometimes wrong: never twice in a row, and never with a plausible value. */
function readingsOf(steps: readonly (typeof READ)[], startWh: number): MeterReading[] {
  const elsewhere: number[] = [];
  const meterReadings: MeterReading[] = [];
  let [meterWh, atMono, seenWh, unseenWh] = [startWh, 0, 0, 0];
  let isNew = true;
  const mayBe = (placeWh: number): boolean =>
    [meterWh, ...elsewhere].every((wh) => Math.min(Math.abs(placeWh - wh), RANGE_WH - Math.abs(placeWh - wh)) >= APART_WH);
  for (const { afterS, drawnPct, what, placeWh } of steps) {
    const drawnWh = Math.floor((drawnPct / 100) * afterS * MAX_DRAW);
    atMono += afterS * 1_000;
    meterWh = (meterWh + drawnWh) % RANGE_WH;
    unseenWh += drawnWh;
    // No roll-over just before it, nor soon after: it would go unproven.
    if (what === 'replaced' && meterWh > APART_WH && placeWh < RANGE_WH - APART_WH && mayBe(placeWh)) {
      elsewhere.push(meterWh);
      [meterWh, isNew] = [placeWh, true];
    }
    if (what === 'unread') continue;
    const isWrong: boolean = what === 'wrong' && meterReadings.at(-1)?.isWrong !== true && mayBe(placeWh);
    if (isWrong) elsewhere.push(placeWh);
    else {
      seenWh += isNew ? 0 : unseenWh;
      [unseenWh, isNew] = [0, false];
    }
    meterReadings.push({ raw: (isWrong ? placeWh : meterWh) / 1_000, atMono, isWrong, seenWh });
  }
  return meterReadings;
}

t.test('in every case the total never falls and equals the energy drawn, except for energy that was not observed', async (t) => {
  const hit = { rollovers: 0, restarts: 0, wrong: 0 };
  const startWh = fc.oneof(fc.integer({ min: 0, max: RANGE_WH - 1 }), fc.integer({ min: RANGE_WH - 10_000, max: RANGE_WH - 1 }));
  fc.assert(
    fc.property(fc.array(historyStep, { maxLength: 40, size: 'max' }), startWh, (steps, start) => {
      let counter: Counter = UNCOUNTED;
      let before = Number.NEGATIVE_INFINITY;
      let beginWh: number | undefined;
      let isKnown = false;
      for (const { raw, atMono, isWrong, seenWh } of readingsOf([...steps, READ, READ, READ], start)) {
        const { counter: after, total, restart } = afterReading(counter, { raw, atMono }, ROLLING);
        if (isWrong) hit.wrong++;
        if (restart !== null) hit.restarts++;
        else if (after.offset !== counter.offset) hit.rollovers++;
        counter = after;
        isKnown = total !== null;
        if (total === null) continue;
        beginWh ??= raw * 1_000 - seenWh;
        if (isWrong || total < before || Math.abs(total * 1_000 - beginWh - seenWh) > 0.5) return false;
        before = total;
      }
      return isKnown;
    }),
    { numRuns: 500 },
  );
  t.ok(hit.rollovers > 20 && hit.restarts > 100 && hit.wrong > 200, JSON.stringify(hit));
});
