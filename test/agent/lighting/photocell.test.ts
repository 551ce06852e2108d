import fc from 'fast-check';
import t from 'tap';
import type { PhotocellConfig } from '../../../agent/core/cabinet.ts';
import { MINUTE_MS } from '../../../agent/core/durations.ts';
import type { Quality } from '../../../agent/core/words.ts';
import type { PhotocellState } from '../../../agent/lighting/lighting.ts';
import { afterLux, type PhotocellVerdict, photocellNight, photocellVerdict, type SunNow } from '../../../agent/lighting/photocell.ts';
import {
  afterEdge,
  afterEdgeLook,
  type EdgeVerdicts,
  isWholeNight,
  NO_EDGE_FAULTS,
  photocellFault,
} from '../../../agent/lighting/photocell-fault.ts';
import { texts } from '../../support/texts.ts';
import { reading } from './street.ts';

const CELL: PhotocellConfig = {
  device: 'LUX1',
  point: 'illuminance',
  onBelowLux: 35,
  offAboveLux: 70,
  dwellS: 180,
  windowMin: 60,
  staleS: 900,
  seesOwnLight: false,
};

/** A value each minute; `lit`: with our lamps on. */
interface Minute {
  readonly lux: number | null;
  readonly lit?: boolean;
  readonly quality?: Quality;
}

function afterMinutes(minutes: readonly Minute[], config: PhotocellConfig, fromMin = 0): PhotocellState | undefined {
  return saysOf(minutes, config, fromMin).at(-1)?.state;
}

function saysOf(minutes: readonly Minute[], config: PhotocellConfig, fromMin = 0): { state: PhotocellState; say: PhotocellVerdict }[] {
  let state: PhotocellState | undefined;
  return minutes.map(({ lux, lit = false, quality = lux === null ? 'missing' : 'good' }, i) => {
    const nowMono = (fromMin + i) * MINUTE_MS;
    state = afterLux(state, reading('LUX1.illuminance', lux, nowMono, quality), config, { nowMono, isZoneLit: lit });
    return { state, say: photocellVerdict(state, config, nowMono) };
  });
}

/** Runs of one value, as `200x5 30x4`: 5 minutes of 200 lx, then 4 of 30; `?` no reply; `!` after a value: with our lamps on. */
function minutesOf(story: string): Minute[] {
  return story.split(' ').flatMap((run) => {
    const [value = '', times = '1'] = run.split('x');
    const lux = value.startsWith('?') ? null : Number.parseFloat(value);
    return Array.from({ length: Number(times) }, () => ({ lux, lit: value.endsWith('!') }));
  });
}

/** `d` dark, `b` bright, `-` nothing. */
function pictureOf(story: string, changes: Partial<PhotocellConfig> = {}): string {
  return saysOf(minutesOf(story), { ...CELL, ...changes })
    .map(({ say }) => (say === null ? '-' : say[0]))
    .join('');
}

const NEGATIVE = { onBelowLux: 70, offAboveLux: 35 };
const stories: [story: string, lux: string, says: string, changes?: Partial<PhotocellConfig>][] = [
  ['it says nothing until it has changed', '200x8', '--------'],
  ['a dusk counts once it has lasted', '200x4 30x5', '-------dd'],
  ['and a dawn', '30x4 200x5', '-------bb'],
  ['between its thresholds it stays with what it said', '200x4 30x4 50x4', '-------ddddd'],
  ['a cloud that passes in time is nothing', '200x4 30x3 90 30x3 90', '------------'],
  ['nor is a flash at night', '200x4 30x4 900x3 30x3', '-------ddddddd'],
  ['from a dark start it waits for the day', '2x6 200x4', '---------b'],
  ['a dead one that shows 0 for ever says nothing', '0x9', '---------'],
  ['nor does one stuck between its thresholds', '50x9', '---------'],
  ['one that sticks later changes its mind once', '200x4 30x9', '-------dddddd'],
  ['a lost reply changes nothing', '200x4 30x4 ?x3 30', '-------ddddd'],
  ['one that stays away says nothing', '200x4 30x4 ?x5', '-------dddd--'],
  ['back, it says what it said', '200x4 30x4 ?x6 30', '-------dddd---d'],
  ['replies lost during a dwell do not restart it', '200x4 30 ? 30x2', '-------d'],
  ['a negative ratio falling: lit at 60 lx it is not put out at 60 lx', '200x4 60x9', '-------dddddd', NEGATIVE],
  ['put out only after true night', '200x4 60x4 20x4 40x6', '-------ddddddddbbb', NEGATIVE],
  ['and not lit again at once', '20x4 40x4 60x6', '-------bbbbbbb', NEGATIVE],
  ['a storm in its evening does not make its morning flicker', '200x4 60x4 90x5 20x5 40x4 60x5', '-------ddddddddddddddbbbbbb', NEGATIVE],
  ['nor a dark hour in its day its evening', '20x4 40x4 30x4 90x4 60x6', '-------bbbbbbbbbbbbddd', NEGATIVE],
];
for (const [story, lux, says, changes] of stories) {
  t.test(`${story}: ${lux}`, async (t) => t.equal(pictureOf(lux, changes), says));
}

const OWN = { seesOwnLight: true };
const ownStories: [story: string, lux: string, says: string][] = [
  ['its own lamps do not make it bright', '200x4 30x4 900!x9', '-------dddddddddd'],
  ['nor dark', '30x4 200x4 20!x9', '-------bbbbbbbbbb'],
  ['when they are out it needs its dwell again', '200x4 30x4 900!x5 900x4', '-------dddddddddb'],
  ['a low value with the lamps lit shows a true night, so it may speak the next morning', '200x4 50!x5 200x4', '------------b'],
  ['nor are high ones a day', '90!x5 30x5', '----------'],
  ['with high ones it may not', '200x4 90!x5 200x4', '-------------'],
];
for (const [story, lux, says] of ownStories) {
  t.test(`a photocell that sees its own light: ${story}: ${lux}`, async (t) => t.equal(pictureOf(lux, OWN), says));
}

t.test('a value too old counts as none, on arrival and afterwards, and breaks a dwell', async (t) => {
  const state = afterMinutes(minutesOf('200x4 30x4'), CELL);
  t.equal(photocellVerdict(state, CELL, 7 * MINUTE_MS + 900_000), 'dark');
  t.equal(photocellVerdict(state, CELL, 7 * MINUTE_MS + 900_001), null);
  t.equal(photocellVerdict(undefined, CELL, 0), null);
  const late = reading('LUX1.illuminance', 200, 0);
  t.match(afterLux(undefined, late, CELL, { nowMono: 900_001, isZoneLit: false }), { lux: null, says: null });
  const before = afterMinutes(minutesOf('200x4 30'), CELL);
  const afterGap = afterLux(before, reading('LUX1.illuminance', 30, 4 * MINUTE_MS + 900_001), CELL, {
    nowMono: 4 * MINUTE_MS + 900_001,
    isZoneLit: false,
  });
  t.match(afterGap, { says: null, belowMono: 4 * MINUTE_MS + 900_001 });
});

t.test('the same reading again changes nothing', async (t) => {
  const own = { ...CELL, seesOwnLight: true };
  const state = afterMinutes(minutesOf('200x4 30x3'), own);
  const again = reading('LUX1.illuminance', 30, 6 * MINUTE_MS, 'stale');
  t.same(afterLux(state, again, own, { nowMono: 7 * MINUTE_MS, isZoneLit: true }), state, 'also when the lamps were lit since');
});

t.test('a doubtful photocell is ignored', async (t) => {
  const state = afterMinutes(minutesOf('200x4 30x4'), CELL) as PhotocellState;
  t.equal(photocellVerdict({ ...state, isDoubtful: true }, CELL, 7 * MINUTE_MS), null);
});

// ── the window around the sun ─────────────────────────────────────────────────────────────────────────────────────────

const DUSK = Date.UTC(2026, 0, 15, 17);
const DAWN = Date.UTC(2026, 0, 16, 7);
/** Units: min from dusk or from dawn. */
const sunAt = (fromMs: number, minutes: number): SunNow => {
  const nowMs = fromMs + minutes * MINUTE_MS;
  // So slow as in a summer night far north.
  const altitudeDeg = -2 - Math.min(nowMs - DUSK, DAWN - nowMs) / MINUTE_MS / 20;
  return { nowMs, duskMs: DUSK, dawnMs: DAWN, isNight: nowMs >= DUSK && nowMs < DAWN, altitudeDeg };
};

const nights: [
  story: string,
  say: PhotocellVerdict,
  sun: SunNow,
  night: boolean,
  by: string,
  text: string,
  changes?: Partial<PhotocellConfig>,
][] = [
  ['a dark sky lights early', 'dark', sunAt(DUSK, -60), true, 'photocell', 'photocell LUX1 reports dark, near dusk'],
  ['but not earlier than its window', 'dark', sunAt(DUSK, -61), false, 'sun', 'photocell LUX1 counts near dusk and dawn only'],
  ['a bright sky lights late', 'bright', sunAt(DUSK, 60), false, 'photocell', 'photocell LUX1 reports bright, near dusk'],
  [
    'nor below civil dusk, whatever it measures',
    'bright',
    { ...sunAt(DUSK, 20), altitudeDeg: -6 },
    true,
    'sun',
    'photocell LUX1 reports bright at night: the sun decides',
  ],
  [
    'a bright cell puts out no street before civil dawn',
    'bright',
    { ...sunAt(DAWN, -30), altitudeDeg: -6.1 },
    true,
    'sun',
    'photocell LUX1 reports bright at night: the sun decides',
  ],
  [
    'a dark cell may light a street whose sun stands high',
    'dark',
    { ...sunAt(DUSK, -30), altitudeDeg: 9 },
    true,
    'photocell',
    'photocell LUX1 reports dark, near dusk',
  ],
  ['but not later than its window', 'bright', sunAt(DUSK, 61), true, 'sun', 'photocell LUX1 counts near dusk and dawn only'],
  ['a bright dawn puts out early', 'bright', sunAt(DAWN, -60), false, 'photocell', 'photocell LUX1 reports bright, near dawn'],
  ['headlights at midnight do not', 'bright', sunAt(DAWN, -300), true, 'sun', 'photocell LUX1 counts near dusk and dawn only'],
  ['a dark morning stays lit', 'dark', sunAt(DAWN, 60), true, 'photocell', 'photocell LUX1 reports dark, near dawn'],
  ['a day burner ends with its window', 'dark', sunAt(DAWN, 61), false, 'sun', 'photocell LUX1 counts near dusk and dawn only'],
  ['without a say the sun decides: night', null, sunAt(DUSK, 0), true, 'sun', 'photocell LUX1 gives no value: the sun decides'],
  ['without a say the sun decides: day', null, sunAt(DUSK, -1), false, 'sun', 'photocell LUX1 gives no value: the sun decides'],
  [
    'in its own light it cannot keep the morning lit',
    'dark',
    sunAt(DAWN, 1),
    false,
    'sun',
    'photocell LUX1 sees the lamps: the sun decides',
    OWN,
  ],
  ['but may tell that it is bright', 'bright', sunAt(DAWN, -1), false, 'photocell', 'photocell LUX1 reports bright, near dawn', OWN],
  ['and that the evening is dark', 'dark', sunAt(DUSK, -1), true, 'photocell', 'photocell LUX1 reports dark, near dusk', OWN],
  [
    'where the sun never rises there is no window',
    'bright',
    { nowMs: DUSK, duskMs: null, dawnMs: null, isNight: true, altitudeDeg: -2 },
    true,
    'sun',
    'photocell LUX1 counts near dusk and dawn only',
  ],
];
for (const [story, verdict, sun, night, by, text, changes] of nights) {
  t.test(story, async (t) => t.same(texts(photocellNight({ verdict, sun, config: { ...CELL, ...changes } })), { night, by, text }));
}

// ── cells that fail ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Values of a photocell from noon to noon, minute by minute. */
function nightOf(
  says: (minuteFromDusk: number) => PhotocellVerdict,
  changes: Partial<PhotocellConfig> = {},
  fromMin = -300,
): EdgeVerdicts | undefined {
  const config = { ...CELL, ...changes };
  let seen: EdgeVerdicts | undefined;
  for (let minute = fromMin; minute < 19 * 60; minute++)
    seen = afterEdgeLook(seen, { verdict: says(minute), sun: sunAt(DUSK, minute), config });
  return seen;
}
const DAWN_MIN = (DAWN - DUSK) / MINUTE_MS;

const cells: [story: string, says: (minute: number) => PhotocellVerdict, fault: string | null][] = [
  ['one that follows the sky is well', (minute) => (minute > -20 && minute < DAWN_MIN + 15 ? 'dark' : 'bright'), null],
  ['one that a storm darkens before dusk too', (minute) => (minute > -240 && minute < DAWN_MIN ? 'dark' : 'bright'), null],
  [
    'one that drifts an hour both ways burns by day',
    (minute) => (minute > -90 && minute < DAWN_MIN + 90 ? 'dark' : 'bright'),
    'reports dark by day: clean it, check what shades it',
  ],
  ['one that a storm darkens in the morning too', (minute) => (minute > 0 && minute < DAWN_MIN + 240 ? 'dark' : 'bright'), null],
  ['one that another lamp lights in the evening', (minute) => (minute > 240 && minute < DAWN_MIN ? 'dark' : 'bright'), null],
  ['one that another lamp lights in the morning', (minute) => (minute > 0 && minute < DAWN_MIN - 240 ? 'dark' : 'bright'), null],
  ['one that is stuck dark', () => 'dark', 'reports dark by day: clean it, check what shades it'],
  ['one that sees another lamp all night', () => 'bright', 'reports bright at night: check what lights it'],
  ['one that never changed', () => null, 'shows no change between day and night: check it and its thresholds'],
  ['one that begins to speak in the night', (minute) => (minute < 300 ? null : minute < DAWN_MIN ? 'dark' : 'bright'), null],
];
for (const [story, says, fault] of cells) {
  t.test(story, async (t) => {
    const night = nightOf(says) as EdgeVerdicts;
    t.ok(isWholeNight(night));
    t.equal(texts(photocellFault(night)), fault);
  });
}

t.test('an end of the night at which the cell has no verdict at first is judged by its first verdict', async (t) => {
  let [edges, seen] = [NO_EDGE_FAULTS, undefined as EdgeVerdicts | undefined];
  for (let minute = -300; minute < 19 * 60; minute++) {
    const verdict = minute < 0 ? 'bright' : minute < 120 ? null : minute < DAWN_MIN + 120 ? 'bright' : null;
    const next = afterEdgeLook(seen, { verdict, sun: sunAt(DUSK, minute), config: CELL });
    if (next !== undefined) edges = afterEdge(edges, seen, next);
    seen = next;
  }
  t.match(edges, { dusk: { nights: 1 }, dawn: { nights: 1 } }, 'bright at both ends');
});

t.test('a night seen in part is not judged, and each night is judged alone', async (t) => {
  t.notOk(isWholeNight(nightOf(() => 'dark', {}, 100) as EdgeVerdicts));
  const early = afterEdgeLook(undefined, { verdict: 'dark', sun: sunAt(DUSK, -300), config: CELL });
  t.notOk(isWholeNight(early as EdgeVerdicts));
  const sun = { ...sunAt(DAWN, 300), duskMs: DUSK + 24 * 60 * MINUTE_MS, dawnMs: DAWN + 24 * 60 * MINUTE_MS, isNight: false };
  t.same(
    afterEdgeLook(
      nightOf(() => 'dark'),
      { verdict: 'bright', sun, config: CELL },
    ),
    { duskMs: sun.duskMs, beforeDusk: 'bright' },
  );
  t.equal(afterEdgeLook(early, { verdict: 'dark', sun: { ...sun, duskMs: null }, config: CELL }), undefined);
  const nowhere = nightOf((minute) => (minute > -90 && minute < DAWN_MIN + 90 ? 'dark' : 'bright'), { windowMin: 120 });
  t.equal(photocellFault(nowhere as EdgeVerdicts), null, 'within a window of two hours it may');
  const slow = nightOf((minute) => (minute > -90 && minute < DAWN_MIN + 90 ? 'dark' : 'bright'), { dwellS: 3_600 });
  t.equal(photocellFault(slow as EdgeVerdicts), null, 'one with a dwell of an hour is not asked before');
});

// ── properties ────────────────────────────────────────────────────────────────────────────────────────────────────────

const config = fc.record({
  onBelowLux: fc.integer({ min: 5, max: 100 }),
  offAboveLux: fc.integer({ min: 5, max: 100 }),
  dwellS: fc.constantFrom(60, 180, 600),
  seesOwnLight: fc.boolean(),
});
const minute = fc.record({ lux: fc.option(fc.integer({ min: 0, max: 150 })), lit: fc.boolean() });

t.test('for any values and any thresholds, it changes at most once in a dwell time', async (t) => {
  fc.assert(
    fc.property(config, fc.array(minute, { maxLength: 200 }), (changes, minutes) => {
      const states = saysOf(minutes, { ...CELL, ...changes });
      const flips = states.filter(({ state }, i) => i > 0 && state.says !== states[i - 1]?.state.says);
      const isRight = flips.every(({ state }) =>
        state.says === 'dark' ? (state.lux ?? 1e9) <= changes.onBelowLux : (state.lux ?? -1) >= changes.offAboveLux,
      );
      return isRight && flips.length <= (minutes.length * 60) / changes.dwellS + 1;
    }),
    { numRuns: 300 },
  );
  t.pass('held for all generated skies');
});

t.test('a photocell stuck at one value, or alternating on one side of the threshold, causes at most one change', async (t) => {
  fc.assert(
    fc.property(config, fc.array(minute, { maxLength: 60 }), fc.integer({ min: 0, max: 150 }), (changes, minutes, lux) => {
      const stuck = Array.from({ length: 60 }, () => ({ lux }));
      const states = saysOf([...minutes, ...stuck], { ...CELL, ...changes }).slice(minutes.length);
      return states.filter(({ state }, i) => i > 0 && state.says !== states[i - 1]?.state.says).length <= 1;
    }),
    { numRuns: 300 },
  );
  t.pass('held for all generated cells');
});

t.test('a photocell that sees the lamps it switches does not make them flash: one change an evening, however much they add', async (t) => {
  const falling = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 120, maxLength: 120 });
  fc.assert(
    fc.property(falling, fc.integer({ min: 0, max: 500 }), (noise, ownLux) => {
      const own = { ...CELL, seesOwnLight: true };
      let state = afterMinutes(minutesOf('200x4'), own, -4);
      let [lit, changes] = [false, 0];
      noise.forEach((wobble, i) => {
        const sky = Math.max(0, 200 - 2 * i + wobble);
        const nowMono = i * MINUTE_MS;
        state = afterLux(state, reading('LUX1.illuminance', sky + (lit ? ownLux : 0), nowMono), own, { nowMono, isZoneLit: lit });
        const wanted = photocellVerdict(state, own, nowMono) === 'dark';
        if (wanted !== lit) changes++;
        lit = wanted;
      });
      return changes === 1 && lit;
    }),
    { numRuns: 200 },
  );
  t.pass('held for all generated evenings');
});

t.test('outside its window a photocell changes nothing, and each sentence fits', async (t) => {
  const sun = fc.record({
    nowMs: fc.integer({ min: DUSK - 12 * 3_600_000, max: DAWN + 12 * 3_600_000 }),
    duskMs: fc.option(fc.constant(DUSK)),
    dawnMs: fc.option(fc.constant(DAWN)),
    isNight: fc.boolean(),
    altitudeDeg: fc.integer({ min: -90, max: 90 }),
  });
  fc.assert(
    fc.property(
      sun,
      fc.constantFrom('dark', 'bright', null),
      fc.integer({ min: 5, max: 720 }),
      fc.string({ maxLength: 32 }),
      (now, verdict, windowMin, device) => {
        const { night, by, text } = photocellNight({ verdict, sun: now, config: { ...CELL, windowMin, device } });
        const near = [now.duskMs, now.dawnMs].some((edge) => edge !== null && Math.abs(now.nowMs - edge) <= windowMin * MINUTE_MS);
        if (String(text) === '') return false;
        const isHeard = near && verdict !== null && (verdict === 'dark' || now.altitudeDeg > -6);
        return isHeard ? by === 'photocell' && night === (verdict === 'dark') : by === 'sun' && night === now.isNight;
      },
    ),
  );
  t.pass('held for all generated moments');
});
