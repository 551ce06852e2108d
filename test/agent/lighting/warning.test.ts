/** The warning before the dark, for any cause: a street that is dimmed to 0 % at night shows its warning level first. */
import fc from 'fast-check';
import t from 'tap';
import type { Rule, Zone } from '../../../agent/core/cabinet.ts';
import type { ClockQuality } from '../../../agent/core/clock.ts';
import { SECOND_MS } from '../../../agent/core/durations.ts';
import type { Intent } from '../../../agent/core/words.ts';
import { createDecider } from '../../../agent/lighting/decide.ts';
import type { Detection, LightingSnapshot, LightingStreet, LitLamps } from '../../../agent/lighting/lighting.ts';
import { intent, makeStreet, PRESENCE, seen, sensor, step, winter } from './street.ts';

const CURFEW: NonNullable<Zone['dark']> = { warnPct: 20, warnS: 30 };
const DARK = { id: 'residential', steps: [step('dusk', 100), step({ hour: 23, minute: 0 }, 0)] };
const FULL = { id: 'full', steps: [step('dusk', 100)] };
const WAVE = { mode: 'poles', speedKmh: 15, lookAheadS: 4, leastAheadM: 30, behindM: 15 } as const;
const SMOG: Rule = {
  id: 'smog',
  when: { kind: 'above', point: 'AIR1.pm2_5', value: 50, clearsAt: 40, forS: 60 },
  raise: { zones: ['rue'], levelPct: 60 },
};

function darkStreet(dark = CURFEW, lamp: { minPct?: number; maxPct?: number } = {}): LightingStreet {
  const presence = { ...PRESENCE, sensors: [sensor('S01'), sensor('S02')], wave: WAVE };
  return makeStreet({ zone: { dark, presence }, lamp, street: { programmes: [DARK, FULL], rules: [SMOG] } });
}

/** What is the case from a second on; each holds for `forS`. */
interface Cause {
  readonly kind:
    | 'presence'
    | 'wave'
    | 'override'
    | 'off'
    | 'choice'
    | 'rule'
    | 'time-lost'
    | 'clock-step'
    | 'missed'
    | 'restart'
    | 'nothing';
  readonly forS: number;
  /** For an override its level, for a clock step its hours. */
  readonly amount: number;
}

interface Shown {
  readonly mono: number;
  readonly levelPct: number;
  readonly isNight: boolean;
  readonly isMaintenance: boolean;
}

/** Returns the levels of L2 under these causes, one after the other. As a real lamp, it keeps its level while nothing is decided. */
function shownBy(street: LightingStreet, causes: readonly Cause[], startMs = winter('23:30')): Shown[] {
  const decider = createDecider(street);
  const shown: Shown[] = [];
  let lit: LitLamps = new Map([['L2', null]]);
  let [nowMs, nowMono] = [startMs, 1_000_000];
  let detections: Detection[] = [];
  let sensors: LightingSnapshot['sensors'] = new Map();
  for (const { kind, forS, amount } of causes) {
    const untilMono = nowMono + forS * SECOND_MS;
    if (kind === 'clock-step') nowMs += amount * 3_600_000;
    if (kind === 'restart') {
      // As control begins: a lamp that is found dark has nothing to fall from.
      lit = (shown.at(-1)?.levelPct ?? 0) > 0 ? new Map([['L2', null]]) : new Map();
      [detections, sensors] = [[], new Map()];
    }
    if (kind === 'presence') sensors = new Map([['S01.motion', seen(nowMono)]]);
    if (kind === 'wave') detections = [{ source: 'S02', pole: 'P5', atMono: nowMono, isRelayed: false, speedKmh: 20, direction: -1 }];
    const intents: Intent[] = kind === 'override' || kind === 'off' ? [intent({ levelPct: kind === 'off' ? 0 : amount, untilMono })] : [];
    const clockQuality: ClockQuality = kind === 'time-lost' ? 'none' : 'synced';
    for (; nowMono < untilMono; nowMono += SECOND_MS, nowMs += SECOND_MS) {
      if (kind === 'missed') continue;
      const snapshot: LightingSnapshot = {
        ...{ nowMs, nowMono, clockQuality, intents, sensors, detections, lit },
        rules: new Map(kind === 'rule' ? [['smog', { holds: true, sinceMono: nowMono }]] : []),
        programmes: new Map(kind === 'choice' ? [['rue', { programme: 'full', untilMs: nowMs, untilMono }]] : []),
      };
      const result = decider.decide(snapshot);
      lit = result.lit;
      const decision = result.decisions.find(({ lampId }) => lampId === 'L2');
      shown.push({
        mono: nowMono,
        levelPct: decision?.levelPct ?? 0,
        isNight: result.zones[0]?.night === true,
        isMaintenance: decision?.rank === 'maintenance',
      });
    }
  }
  return shown;
}

/** Falls to 0 % at night without `warnS` at the warning level or above just before, or from a level above it. */
function bareFalls(shown: readonly Shown[], { warnPct, warnS }: NonNullable<Zone['dark']>, minPct = 0): Shown[] {
  return shown.filter((now, i) => {
    const before = shown[i - 1];
    if (before === undefined || now.levelPct > 0 || before.levelPct === 0 || !now.isNight || now.isMaintenance) return false;
    const warned = shown.slice(0, i).filter(({ mono }) => mono > now.mono - warnS * SECOND_MS);
    return warned.some(({ levelPct }) => levelPct < warnPct) || before.levelPct > Math.max(warnPct, minPct);
  });
}

const ends: [what: string, causes: Cause[], startMs?: number][] = [
  ['a planned step', [{ kind: 'nothing', forS: 120, amount: 0 }], winter('22:59')],
  ['a hold', [{ kind: 'presence', forS: 100, amount: 0 }]],
  ['a wave', [{ kind: 'wave', forS: 100, amount: 0 }]],
  [
    'an override',
    [
      { kind: 'override', forS: 60, amount: 100 },
      { kind: 'nothing', forS: 60, amount: 0 },
    ],
  ],
  [
    'a chosen programme',
    [
      { kind: 'choice', forS: 60, amount: 0 },
      { kind: 'nothing', forS: 60, amount: 0 },
    ],
  ],
  [
    'a rule',
    [
      { kind: 'rule', forS: 60, amount: 0 },
      { kind: 'nothing', forS: 60, amount: 0 },
    ],
  ],
  [
    'a time that was not known',
    [
      { kind: 'time-lost', forS: 60, amount: 0 },
      { kind: 'nothing', forS: 60, amount: 0 },
    ],
  ],
  [
    'a clock that is set forward over the step',
    [
      { kind: 'nothing', forS: 5, amount: 0 },
      { kind: 'clock-step', forS: 60, amount: 2 },
    ],
    winter('22:30'),
  ],
  ['a start of the agent beside lit lamps', [{ kind: 'nothing', forS: 60, amount: 0 }]],
  [
    'an agent that hung over the step',
    [
      { kind: 'nothing', forS: 5, amount: 0 },
      { kind: 'missed', forS: 300, amount: 0 },
      { kind: 'nothing', forS: 60, amount: 0 },
    ],
    winter('22:59'),
  ],
  [
    'an intent for 0 % of the platform',
    [
      { kind: 'override', forS: 30, amount: 100 },
      { kind: 'off', forS: 60, amount: 0 },
    ],
  ],
];
for (const [what, causes, startMs] of ends) {
  t.test(`after ${what} a street that goes dark first gives a warning of 30 s at 20 %`, async (t) => {
    const shown = shownBy(darkStreet(), causes, startMs);
    const levels = shown.map(({ levelPct }) => levelPct);
    t.same(bareFalls(shown, CURFEW), []);
    t.equal(levels.at(-1), 0, 'and then it is dark');
    const after = levels.slice(levels.lastIndexOf(100) + 1);
    t.same(after.slice(after.lastIndexOf(60) + 1).slice(0, 31), [...Array.from({ length: 30 }, () => 20), 0]);
  });
}

t.test('a technician puts a lamp out at once, and a dark street stays dark over a restart', async (t) => {
  const street = darkStreet();
  const lock = intent({ rank: 'maintenance', levelPct: 0 });
  const lit: LitLamps = new Map([['L2', null]]);
  const at = { nowMs: winter('23:30'), nowMono: 1_000, clockQuality: 'synced', sensors: new Map(), lit } as const;
  const [, locked] = createDecider(street).decide({ ...at, intents: [lock] }).decisions;
  t.match(locked, { lampId: 'L2', levelPct: 0, rank: 'maintenance' });
  const dark = shownBy(street, [
    { kind: 'nothing', forS: 40, amount: 0 },
    { kind: 'restart', forS: 40, amount: 0 },
  ]);
  t.same([...new Set(dark.slice(35).map(({ levelPct }) => levelPct))], [0]);
});

t.test('by day a lamp is switched off immediately', async (t) => {
  const levels = shownBy(
    darkStreet(),
    [
      { kind: 'override', forS: 5, amount: 100 },
      { kind: 'nothing', forS: 5, amount: 0 },
    ],
    winter('13:00'),
  );
  t.same([...new Set(levels.map(({ levelPct }) => levelPct))], [100, 0]);
});

t.test('the reason names the warning and when it ends', async (t) => {
  const at = { nowMs: winter('23:30'), nowMono: 1_000, clockQuality: 'synced', sensors: new Map(), intents: [] } as const;
  const result = createDecider(darkStreet()).decide({ ...at, lit: new Map([['L2', null]]) });
  t.match(
    result.decisions[1]?.trace.find(({ text }) => String(text) === 'warning before the dark'),
    { levelPct: 20, applied: true, untilMs: winter('23:30') + 30_000 },
  );
  t.same([...result.lit], [['L2', 1_000]]);
});

const cause: fc.Arbitrary<Cause> = fc.record({
  kind: fc.constantFrom(
    ...(['presence', 'wave', 'override', 'off', 'choice', 'rule', 'time-lost', 'clock-step', 'missed', 'restart', 'nothing'] as const),
  ),
  forS: fc.integer({ min: 1, max: 90 }),
  amount: fc.integer({ min: 1, max: 100 }),
});

t.test('whatever begins and ends at night, no lamp falls to 0 % without its warning, and none is prevented from going dark', async (t) => {
  fc.assert(
    fc.property(
      fc.array(cause, { minLength: 1, maxLength: 12 }),
      fc.record({ warnPct: fc.integer({ min: 1, max: 100 }), warnS: fc.integer({ min: 1, max: 60 }) }),
      fc.record({ minPct: fc.integer({ min: 0, max: 20 }), maxPct: fc.integer({ min: 100, max: 100 }) }),
      fc.integer({ min: 0, max: 40 }),
      (causes, dark, lamp, startMin) => {
        const bounded = causes.map((each) => (each.kind === 'clock-step' ? { ...each, amount: (each.amount % 3) - 1 } : each));
        const shown = shownBy(darkStreet(dark, lamp), bounded, winter('22:40') + startMin * 60_000);
        const still = bounded.filter(({ kind }) => kind !== 'clock-step');
        const rest = shownBy(darkStreet(dark, lamp), [...still, { kind: 'nothing', forS: 300, amount: 0 }], winter('23:30'));
        return bareFalls(shown, dark, lamp.minPct).length === 0 && rest.at(-1)?.levelPct === 0;
      },
    ),
    { numRuns: 100 },
  );
  t.pass('held for all generated nights');
});
