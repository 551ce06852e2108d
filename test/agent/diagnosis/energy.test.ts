import t from 'tap';
import { powerW } from '../../../agent/diagnosis/energy.ts';
import { figures } from '../../../agent/diagnosis/energy-rows.ts';
import { all, at, byHand, DUSK, END, following, inBoth, type Move, night, one, raised, tallied } from './energy-street.ts';

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

const nights: [story: string, moves: (readonly [h: number, move: Move])[], expected: Record<string, unknown>][] = [
  // P(100) = 40 W, P(30) = 1.6 + 38.4 x 0.3 = 13.12 W, P(80) = 32.32 W; before: 70 W a lamp.
  [
    'two lamps, four hours at 100 % and eight at 30 %',
    [
      [0, all(DUSK, inBoth(at(100)))],
      [4, inBoth(at(30))],
      [12, all(night(false), inBoth(at(0)))],
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
    'one of them is held up for half an hour: its raise is listed apart from the energy of the night without it',
    [
      [0, all(DUSK, inBoth(at(30)))],
      [2, one('A', raised(80, 30))],
      [2.5, one('A', at(30))],
      [8, END],
    ],
    { raisedPct: 100 / 32, activations: 1, kwh: 0.20992 + 0.0096, quietKwh: 0.20992, reduction: 0.328 },
  ],
  [
    'and gives the figures of EN 13201-5 for the hours at 30 %',
    [
      [0, all(DUSK, inBoth(at(30)))],
      [2, one('A', raised(80, 30))],
      [2.5, one('A', at(30))],
      [8, END],
    ],
    { periods: [{ levelPct: 30, hours: 8, reduction: 0.328, raisedReduction: 0.808, detectionPct: 100 / 32 }] },
  ],
  [
    'light that is handed on from lamp to lamp is one activation, a second visitor another',
    [
      [0, all(DUSK, inBoth(at(30)))],
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
    'traffic raises, without a detection',
    [
      [0, all(DUSK, inBoth(raised(60, 30, 'traffic')))],
      [1, END],
    ],
    { activations: 0, raisedPct: 100 },
  ],
  [
    'a zone that goes dark saves what it would have burnt, and its driver waits',
    [
      [0, all(DUSK, inBoth(at(50)))],
      [1, inBoth(at(0))],
      [3, END],
    ],
    { litH: 1, meanLevelPct: 50, kwh: 0.0416 + 0.002, baselineKwh: 0.42, standbyKwh: 0 },
  ],
  [
    'dark by day is standby, and nothing is compared',
    [
      [0, all(following('A', 'follows'), following('B', 'follows'), inBoth(at(0)))],
      [10, END],
    ],
    { litH: 0, kwh: 0.01, standbyKwh: 0.01, baselineKwh: 0, savedPct: null },
  ],
  [
    'lit by day by a person it costs, against nothing',
    [
      [0, all(following('A', 'follows'), following('B', 'follows'), inBoth(byHand(100)))],
      [1, END],
    ],
    { litH: 1, kwh: 0.08, baselineKwh: 0, savedKwh: -0.08 },
  ],
  [
    'dark by hand at night is no saving',
    [
      [0, all(DUSK, inBoth(byHand(0)))],
      [4, END],
    ],
    { litH: 0, baselineKwh: 0, kwh: 0.004 },
  ],
  [
    'a lamp that does not answer is counted separately, at the level sent to it',
    [
      [0, all(DUSK, inBoth(at(100)))],
      [1, following('B', 'unknown')],
      [3, following('B', 'follows')],
      [4, END],
    ],
    { litH: 3, kwh: 0.32, unknownLampH: 2, unknownSavedKwh: 0.06, baselineKwh: 0.56 },
  ],
  [
    'one without mains by day takes nothing and is not missed',
    [
      [0, inBoth(at(0))],
      [10, END],
    ],
    { kwh: 0, unknownLampH: 0 },
  ],
  [
    'a lamp that stands elsewhere is counted where it stands, in the hours of the level it was to have',
    [
      [0, all(DUSK, inBoth(at(30)), following('B', 100))],
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
    const found = figures(tallied(...moves)) as unknown as Record<string, unknown>;
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
  const bandOf = (levelPct: number): number => tallied([0, all(DUSK, inBoth(at(levelPct)))], [1, END]).bandMs.findIndex((ms) => ms > 0);
  t.strictSame([0, 1, 10, 11, 20, 21, 90, 91, 100].map(bandOf), [0, 1, 1, 2, 2, 3, 9, 10, 10]);
});
