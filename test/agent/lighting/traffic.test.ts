import fc from 'fast-check';
import t from 'tap';
import type { TrafficConfig } from '../../../agent/core/cabinet.ts';
import type { PointId, Reading } from '../../../agent/core/words.ts';
import { afterCount, type TrafficCount, trafficLevel, WINDOW_MS } from '../../../agent/lighting/traffic.ts';
import { texts } from '../../support/texts.ts';

const MIN = 60_000;
/** Steps at 150 and 300 vehicles an hour: 25 and 50 in a window. */
const ROAD: TrafficConfig = {
  counters: [{ device: 'R1', point: 'count' }],
  designFlowPerH: 600,
  steps: [
    { belowPct: 25, level: { class: 'M5' } },
    { belowPct: 50, level: { pct: 70 } },
  ],
};
const TWO_WAYS: TrafficConfig = { ...ROAD, counters: [...ROAD.counters, { device: 'R2', point: 'count' }] };

function word(
  value: number | null,
  atMono: number,
  quality: Reading['quality'] = value === null ? 'missing' : 'good',
  pointId: PointId = 'R1.count',
): Reading {
  return { pointId, value, quality, atMono, atMs: atMono };
}

/** A counter that is polled each minute: vehicles of each minute, null for one in which it does not answer. */
function drive(minutes: readonly (number | null)[], config = ROAD, from?: TrafficCount): TrafficCount[] {
  let total = 1_000;
  let state = from ?? afterCount(undefined, word(total, 0), config, 0);
  return minutes.map((vehicles, i) => {
    const atMono = (i + 1) * MIN;
    total += vehicles ?? 0;
    state = afterCount(state, word(vehicles === null ? null : total, atMono), config, atMono);
    return state;
  });
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
/** After these values of the counter, one each `everyMs`. */
function lastOf(values: readonly number[], everyMs: number): TrafficCount {
  let state: TrafficCount | undefined;
  for (const [i, value] of values.entries()) state = afterCount(state, word(value, i * everyMs), ROAD, i * everyMs);
  return state as TrafficCount;
}

const stepAt = (states: readonly TrafficCount[], minute: number): number | null | undefined => states[minute - 1]?.step;

/** [story, vehicles of each minute, [minute, step expected]…] */
const STORIES: readonly [string, readonly (number | null)[], ...(readonly [minute: number, step: number | null])[]][] = [
  ['after the start nothing is known: the design class', times(9, 0), [1, null], [9, null]],
  ['one quiet window is not enough', times(19, 0), [10, null], [19, null]],
  ['two quiet windows: the lowest step', times(20, 0), [19, null], [20, 0]],
  ['two windows of 30 vehicles: the middle step', times(20, 3), [20, 1]],
  ['a quiet window and a busier one: the higher of them', [...times(10, 0), ...times(10, 3)], [20, 1]],
  ['50 vehicles and more: above all steps', times(40, 5), [40, null]],
  ['49 in each window are still below', [...times(10, 4), 13, ...times(9, 4), ...times(10, 4)], [20, 1], [30, 1]],
  ['the road fills: up in the minute in which the count is passed', [...times(20, 0), 20, 4, 1], [20, 0], [22, 0], [23, 1]],
  ['it fills at once: both steps up', [...times(20, 0), 50], [21, null]],
  [
    'a short rush: down only after two low windows',
    [...times(20, 0), 30, ...times(29, 0)],
    [21, 1],
    [30, 1],
    [39, 1],
    [40, 1],
    [49, 1],
    [50, 0],
  ],
  [
    'a rush in each third window keeps it up',
    [...times(20, 0), 30, ...times(19, 0), 30, ...times(18, 0)],
    [21, 1],
    [40, 1],
    [41, 1],
    [59, 1],
  ],
  ['a minute without an answer loses nothing', [...times(14, 3), null, 6, ...times(4, 3)], [20, 1]],
  ['a counter that is dead from the start', times(40, null), [1, null], [40, null]],
  ['it fails at night: ten minutes later the design class', [...times(25, 0), ...times(11, null)], [25, 0], [35, 0], [36, null]],
  [
    'it comes back: two full windows until less light',
    [...times(25, 0), ...times(15, null), ...times(20, 0)],
    [40, null],
    [59, null],
    [60, 0],
  ],
  ['what was counted while it was away is counted', [...times(24, 0), ...times(3, null), 50], [27, 0], [28, null]],
  [
    'half of each window unseen: no window is full',
    [
      ...times(20, 0),
      ...times(20, [0, ...times(5, null)])
        .flat()
        .slice(0, 20),
    ],
    [20, 0],
    [30, null],
    [40, null],
  ],
];

t.test('the flow of ten minutes', async (t) => {
  for (const [story, minutes, ...expected] of STORIES) {
    const states = drive(minutes);
    for (const [minute, step] of expected) t.equal(stepAt(states, minute), step, `${story}: minute ${minute}`);
  }
});

t.test('a fall of the counter is no vehicle', async (t) => {
  t.equal(lastOf([65_500, 65_530, 4, 10, 0, 3], MIN).runningPerH, (30 + 6 + 3) * 6, 'rolled over, then reset');
  const radar = lastOf([0, 1, 0, 3, 2, 0, 1], 1_000);
  t.equal(radar.runningPerH, 5 * 6, 'a radar that shows how many are in view: who comes counts, who leaves does not');
});

t.test('counts read after a window has ended belong to the next, when the tick is late', async (t) => {
  const nine = drive(times(9, 2)).at(-1);
  const late = afterCount(nine, word(1_078, 11 * MIN), ROAD, 11 * MIN);
  t.match(late, { flowPerH: 120, runningPerH: 360 });
  const timely = afterCount(nine, word(1_078, 10 * MIN), ROAD, 10 * MIN + 30);
  t.match(timely, { flowPerH: 468, runningPerH: 0 }, 'and what was read before it ended is not lost to it');
});

t.test('two counters are one road, and one that fails is enough for the design class', async (t) => {
  let state: TrafficCount | undefined;
  for (let minute = 0; minute <= 20; minute++) {
    for (const id of ['R1.count', 'R2.count'] as const) {
      state = afterCount(state, word(2 * minute, minute * MIN, 'good', id), TWO_WAYS, minute * MIN);
    }
  }
  t.match(state, { step: 1, flowPerH: 240 }, '20 and 20 in ten minutes');
  for (let minute = 21; minute <= 31; minute++) {
    state = afterCount(state, word(2 * minute, minute * MIN), TWO_WAYS, minute * MIN);
    state = afterCount(state, word(40, 20 * MIN, 'stale', 'R2.count'), TWO_WAYS, minute * MIN);
    if (minute === 29) t.equal(state.step, 1);
    if (minute === 30) t.match(state, { step: null, flowPerH: null, fault: null }, 'of the second way nothing was seen in this window');
  }
  t.match(state, { step: null, flowPerH: null, fault: 'R2.count', sinceMono: 30 * MIN });
});

t.test('a machine that was suspended has no data for the time between', async (t) => {
  const quiet = drive(times(20, 0)).at(-1) as TrafficCount;
  t.equal(quiet.step, 0);
  const [back] = [afterCount(quiet, null, ROAD, 60 * MIN)];
  t.match(back, { step: null, flowPerH: null, windowMono: 60 * MIN });
});

t.test('the level and its sentence', async (t) => {
  const say = (state: TrafficCount | undefined) => texts(trafficLevel(state, ROAD, { designClass: 'M3' }));
  const quiet = drive(times(20, 1));
  t.strictSame(say(undefined), { levelPct: 100, text: 'flow not known until 20 min are counted: design class' });
  t.strictSame(say(quiet[18]), { levelPct: 100, text: '60/h is 10 % of design, less after a second low count' });
  t.strictSame(say(quiet[19]), { levelPct: 50, text: '60/h is 10 % of design, step below 25 %' }, 'M5 of M3 is half of the light');
  t.strictSame(trafficLevel(quiet[19], ROAD, { designClass: null }).levelPct, 100, 'a class without a design class cannot be computed');
  t.strictSame(say(drive(times(20, 3))[19]), { levelPct: 70, text: '180/h is 30 % of design, step below 50 %' });
  t.strictSame(say(drive(times(20, 6))[19]), { levelPct: 100, text: '360/h is 60 % of design: design class' });
  t.strictSame(say(drive(times(11, null))[10]), { levelPct: 100, text: 'R1.count gives no count: design class' });
});

// ── properties ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a counter does in one minute; null: it does not answer. */
const minuteArb = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 8 }) }, { weight: 1, arbitrary: fc.constant(null) });
const placeOf = (step: number | null): number => step ?? ROAD.steps.length;

t.test('up immediately, for at least ten minutes, down only after two complete low windows, for any traffic', async () => {
  fc.assert(
    fc.property(fc.array(minuteArb, { minLength: 1, maxLength: 120 }), (minutes) => {
      const states = drive(minutes);
      let upMinute = 0;
      for (const [i, state] of states.entries()) {
        const before = states[i - 1];
        const [place, placeBefore] = [placeOf(state.step), placeOf(before?.step ?? null)];
        if ((state.runningPerH ?? 0) >= 300 && place !== 2) return false;
        if ((state.runningPerH ?? 0) >= 150 && place < 1) return false;
        if (place > placeBefore) upMinute = i;
        if (place >= placeBefore) continue;
        const [last, older] = state.windows;
        if (i - upMinute < WINDOW_MS / MIN || last === null || older === null) return false;
        if (Math.max(last, older) >= (placeBefore === 2 ? 300 : 150)) return false;
      }
      return true;
    }),
  );
});

t.test('a counter that fails at any minute leads to full light within one window, and it stays until two windows are full', async () => {
  fc.assert(
    fc.property(
      fc.array(minuteArb, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 11, max: 60 }),
      fc.constantFrom<Reading['quality']>('missing', 'bad', 'stale'),
      (minutes, silentMin, quality) => {
        let state = drive([...minutes, 0]).at(-1) as TrafficCount;
        const failedMono = (minutes.length + 1) * MIN;
        for (let minute = 1; minute <= silentMin; minute++) {
          const lost = quality === 'stale' ? word(1_000, failedMono, 'stale') : word(null, failedMono + minute * MIN, quality);
          state = afterCount(state, lost, ROAD, failedMono + minute * MIN);
          if (minute * MIN > WINDOW_MS && (state.step !== null || state.fault !== 'R1.count')) return false;
        }
        const backMono = failedMono + silentMin * MIN;
        for (let minute = 1; minute * MIN < WINDOW_MS; minute++) {
          state = afterCount(state, word(5_000, backMono + minute * MIN), ROAD, backMono + minute * MIN);
          if (state.step !== null) return false;
        }
        return true;
      },
    ),
  );
});

t.test('ticks between the readings change nothing but the time of the close', async () => {
  fc.assert(
    fc.property(
      fc.array(minuteArb, { minLength: 1, maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 59 }), { maxLength: 6 }),
      (minutes, seconds) => {
        const bare = drive(minutes);
        let total = 1_000;
        let last = word(total, 0);
        let state = afterCount(undefined, last, ROAD, 0);
        return minutes.every((vehicles, i) => {
          for (const s of seconds) state = afterCount(state, s % 2 === 0 ? null : last, ROAD, i * MIN + s * 1_000);
          total += vehicles ?? 0;
          last = word(vehicles === null ? null : total, (i + 1) * MIN);
          state = afterCount(state, last, ROAD, last.atMono);
          return state.step === bare[i]?.step && state.flowPerH === bare[i]?.flowPerH;
        });
      },
    ),
  );
});
