import fc from 'fast-check';
import t from 'tap';
import type { PresenceSensor } from '../../../agent/core/cabinet.ts';
import type { Quality } from '../../../agent/core/words.ts';
import type { SensorState } from '../../../agent/lighting/lighting.ts';
import { afterSensorReading, afterSensorTick } from '../../../agent/lighting/sensor-filter.ts';
import { reading, sensor } from './street.ts';

/** A sensor's history: its values with their times, and the times when our own light changed. Units: s. */
interface Life {
  readonly sensor: PresenceSensor;
  readonly inputs: readonly { readonly atS: number; readonly value: number | null; readonly quality: Quality }[];
  readonly ownChangesS?: readonly number[];
  readonly tickS: number;
  readonly untilS: number;
}

interface Moment {
  readonly atS: number;
  readonly state: SensorState | undefined;
  readonly detected: boolean;
}

/** Every reading and tick in turn, as the tracker does. */
function live({ sensor, inputs, ownChangesS = [], tickS, untilS }: Life): Moment[] {
  const ticks = Array.from({ length: Math.round(untilS / tickS) + 1 }, (_, i) => Math.round(i * tickS * 1_000) / 1_000);
  const times = [...new Set([...ticks, ...inputs.map(({ atS }) => atS)])].sort((a, b) => a - b);
  const byTime = Map.groupBy(inputs, ({ atS }) => atS);
  let state: SensorState | undefined;
  return times.map((atS) => {
    const readings = byTime.get(atS) ?? [];
    const changed = ownChangesS.findLast((changeS) => changeS <= atS);
    const time = { nowMono: atS * 1_000, ownChangeMono: changed === undefined ? null : changed * 1_000 };
    let detected = false;
    for (const { value, quality } of readings) {
      const step = afterSensorReading(state, reading('S01.motion', value, atS * 1_000, quality), sensor, time);
      [state, detected] = [step.state, detected || step.detected];
    }
    if (readings.length === 0 && state !== undefined) {
      const step = afterSensorTick(state, sensor, time.nowMono);
      [state, detected] = [step.state, step.detected];
    }
    return { atS, state, detected };
  });
}

/** One sign a second: `#` above the threshold, `.` below, `?` no reply, `!` no valid value, a digit is a count, a blank is no reading. */
function inputsOf(picture: string): Life['inputs'] {
  return [...picture].flatMap((sign, atS): Life['inputs'] => {
    if (sign === ' ') return [];
    if (sign === '?') return [{ atS, value: null, quality: 'missing' }];
    if (sign === '!') return [{ atS, value: null, quality: 'bad' }];
    return [{ atS, value: sign === '#' ? 50 : sign === '.' ? 49 : Number(sign), quality: 'good' }];
  });
}

/** One sign a second: `*` detected, `+` detected and gone, `#` present, `.` not, `x` stuck; `X`: and detected, which must not be. */
function pictureOf(moments: readonly Moment[]): string {
  const sign = ({ state, detected }: Moment): string => {
    if (state?.stuck) return detected ? 'X' : 'x';
    if (detected) return state?.present ? '*' : '+';
    return state?.present ? '#' : '.';
  };
  return moments.map(sign).join('');
}

const show = (changes: Partial<PresenceSensor>, inputs: string, ownChangesS: readonly number[] = []): string =>
  pictureOf(
    live({ sensor: sensor('S01', { stuckS: 0, ...changes }), inputs: inputsOf(inputs), ownChangesS, tickS: 1, untilS: inputs.length - 1 }),
  );

const pictures: [story: string, filters: Partial<PresenceSensor>, inputs: string, shows: string, ownChangesS?: number[]][] = [
  ['without filters presence is what the readings say', {}, '.##.#', '.*#.*'],
  ['a lost reply is no new detection', {}, '#?#!#.', '*####.'],
  ['a sensor without a value never raises', {}, '?!?!', '....'],
  ['and does not hide the first who comes after', {}, '??#', '..*'],
  ['a blip shorter than the shortest pulse is none', { minPulseS: 2 }, '.#...', '.....'],
  ['a longer one is someone once it has lasted', { minPulseS: 2 }, '.####', '...*#'],
  ['someone who is gone just when it had lasted was there', { minPulseS: 2 }, '.##..', '...+.'],
  ['it may come to last between two readings', { minPulseS: 2 }, '.#   ', '...*#'],
  ['but not while the sensor does not answer', { minPulseS: 2 }, '.#????', '......'],
  ['when it answers again, it has lasted', { minPulseS: 2 }, '.#??#.', '....*.'],
  ['a pause shorter than the delay is none', { offDelayS: 3 }, '#..#..#....', '*#########.'],
  ['ten edges in as many seconds are one spell', { offDelayS: 3 }, '#.#.#.#.#....', '*###########.'],
  ['who makes a sensor chatter is someone', { offDelayS: 3, minPulseS: 2 }, '#.#.#', '..*##'],
  ['blips far apart are not', { offDelayS: 2, minPulseS: 2 }, '#...#...#', '.........'],
  ['a button needs no pulse', { kind: 'button', minPulseS: 5 }, '.#...', '.*...'],
  ['and does not bounce', { kind: 'button', offDelayS: 2 }, '.#.#...', '.*####.'],
  ['what begins right after our own light changed is ignored', { blankS: 3 }, '..##..', '......', [1]],
  ['and counts if it is still there afterwards', { blankS: 3 }, '..####', '....*#', [1]],
  ['for which the sensor has to say so', { blankS: 3 }, '..#   ', '......', [1]],
  ['who was there before stays', { blankS: 3 }, '#####', '*####', [2]],
  ['who comes after the blanking is seen', { blankS: 3 }, '..#..#', '.....*', [1]],
  ['light that keeps changing delays a detection once', { blankS: 3 }, '..########', '....*#####', [1, 3, 5, 7, 9]],
  ['a pulse is measured from when the sensor is believed again', { blankS: 3, minPulseS: 2 }, '..######', '......*#', [1]],
  ['someone there for longer than anyone stays is a stuck sensor', { stuckS: 5 }, '#########', '*#####xxx'],
  ['a pause in time keeps it believed', { stuckS: 5 }, '####.####', '*###.*###'],
  ['a pause shorter than the delay does not', { stuckS: 5, offDelayS: 2 }, '###.#####', '*#####xxx'],
  ['a wrong reading does not heal it', { stuckS: 2 }, '#####.##', '*##xxxxx'],
  ['a counter: the first reading sets it, each rise is someone', { kind: 'counter' }, '5566778', '..+.+.+'],
  ['present lasts for the delay after it', { kind: 'counter', offDelayS: 2 }, '556666', '..*#..'],
  ['and begins once, also with further detections', { kind: 'counter', offDelayS: 2 }, '55678888', '..***#..'],
  ['a count that rolled over or was reset is no detection', { kind: 'counter' }, '99001', '....+'],
  ['who came while replies were lost is seen late', { kind: 'counter' }, '55??7', '....+'],
  ['a counter counts what passes, so a change of our own light masks nothing', { kind: 'counter', blankS: 3 }, '55567', '...++', [1]],
  ['but not where someone was already', { kind: 'counter', blankS: 2, offDelayS: 3 }, '5678', '.***', [2]],
  ['one that never ceases counts many people and is not stuck', { kind: 'counter', offDelayS: 3, stuckS: 5 }, '0123456789', '.*********'],
];
for (const [story, filters, inputs, shows, ownChangesS] of pictures) {
  t.test(`${story}: ${inputs}`, async (t) => t.equal(show(filters, inputs, ownChangesS), shows));
}

const steps: [story: string, inputs: string, state: Partial<SensorState>][] = [
  ['below the threshold is no detection', '.', { present: false, sinceMono: null, lastPresentMono: null }],
  ['staying moves the last sight, not the beginning', '##', { present: true, sinceMono: 0, lastPresentMono: 1_000 }],
  ['leaving keeps when he was last seen', '#.', { present: false, sinceMono: 0, lastPresentMono: 0 }],
  ['coming back is a new beginning', '#.#', { present: true, sinceMono: 2_000, lastPresentMono: 2_000 }],
  ['a silent sensor is marked as such', '#?', { present: true, lastPresentMono: 0, quality: 'missing' }],
];
for (const [story, inputs, state] of steps) {
  t.test(story, async (t) => {
    t.match(live({ sensor: sensor('S01'), inputs: inputsOf(inputs), tickS: 1, untilS: inputs.length - 1 }).at(-1)?.state, state);
  });
}

t.test(
  'a stuck sensor is trusted again after a minute of observed stillness, and its hold runs from when it was last trusted',
  async (t) => {
    const stuck = (rest: string) => show({ stuckS: 60 }, `${'#'.repeat(70)}${rest}`).slice(70);
    t.equal(stuck(`${'.'.repeat(59)}#`), 'x'.repeat(60), 'a second short of a minute');
    t.equal(stuck(`${'.'.repeat(61)}#`), `${'x'.repeat(60)}.*`);
    t.equal(stuck(`.${'?'.repeat(80)}#`), 'x'.repeat(82), 'silence is no stillness');
    const [last] = live({ sensor: sensor('S01', { stuckS: 60 }), inputs: inputsOf('#'.repeat(90)), tickS: 1, untilS: 89 }).slice(-1);
    t.match(last?.state, { present: false, stuck: true, sinceMono: 0, lastPresentMono: 60_000 });
  },
);

t.test('after a long silence a detection is a new one, and has not lasted all the time', async (t) => {
  const long = `#${'?'.repeat(70)}##`;
  t.equal(show({ stuckS: 60 }, long).slice(-2), '*#');
  t.equal(show({ stuckS: 60 }, `#${'?'.repeat(50)}##`).slice(-2), '##', 'a short silence does not end the detection');
});

t.test('a reading that arrives late, after a newer one, changes nothing', async (t) => {
  const plain = sensor('S01');
  const at = (nowMono: number) => ({ nowMono, ownChangeMono: null });
  const { state } = afterSensorReading(undefined, reading('S01.motion', 90, 2_000), plain, at(2_000));
  t.same(afterSensorReading(state, reading('S01.motion', 0, 1_000), plain, at(2_100)), { state, detected: false, returned: false });
});

t.test('a rise from before our own light changed is a detection, even if it is received after the change', async (t) => {
  const blind = sensor('S01', { blankS: 5 });
  const values = (atMono: number) =>
    afterSensorReading(undefined, reading('S01.motion', 90, atMono), blind, { nowMono: 2_000, ownChangeMono: 1_500 });
  t.same(
    [1_499, 1_500].map((atMono) => values(atMono).detected),
    [true, false],
  );
});

// ── properties over random sensors, walkers and lines ─────────────────────────────────────────────────────────────────

const quality = fc.constantFrom<Quality>('good', 'good', 'good', 'good', 'stale', 'bad', 'missing');
const filters = fc.record({
  minPulseS: fc.constantFrom(0, 0.3, 1, 2.5),
  offDelayS: fc.constantFrom(0, 0.5, 2, 10),
  blankS: fc.constantFrom(0, 1, 5),
  stuckS: fc.constantFrom(60, 90),
});
const tenths = (maxS: number) => fc.integer({ min: 0, max: maxS * 10 }).map((n) => n / 10);
const UNTIL_S = 300;

t.test('whatever a sensor reports, it begins no more detections than its filters allow', async (t) => {
  const inputs = fc
    .array(fc.record({ atS: tenths(UNTIL_S), value: fc.constantFrom(0, 100), quality }), { maxLength: 300 })
    .map((list) =>
      list.sort((a, b) => a.atS - b.atS).map((say) => (say.quality === 'bad' || say.quality === 'missing' ? { ...say, value: null } : say)),
    );
  fc.assert(
    fc.property(
      filters,
      fc.constantFrom('motion', 'button'),
      inputs,
      fc.array(tenths(UNTIL_S), { maxLength: 5 }),
      (filter, kind, values, own) => {
        const ownChangesS = own.sort((a, b) => a - b);
        const moments = live({ sensor: sensor('S01', { kind, ...filter }), inputs: values, ownChangesS, tickS: 0.5, untilS: UNTIL_S });
        const begins = moments.filter(({ detected }) => detected).length;
        const starts = moments.filter(({ state }, i) => state?.present && !moments[i - 1]?.state?.present).length;
        const shortestS = (kind === 'button' ? 0 : filter.minPulseS) + filter.offDelayS;
        return starts <= begins && (shortestS === 0 || begins <= UNTIL_S / shortestS + 1);
      },
    ),
    { numRuns: 300 },
  );
  t.pass('held for all generated lives');
});

/** Walkers one after the other. Units: s. */
const walkers = fc.array(fc.record({ gapS: tenths(40), stayS: tenths(30) }), { minLength: 1, maxLength: 8 }).map((list) => {
  let atS = 0;
  return list.map(({ gapS, stayS }) => {
    const fromS = atS + gapS + 0.1;
    atS = fromS + stayS;
    return { fromS, toS: atS };
  });
});

t.test(
  'a person who stays longer than pulse, poll and blanking is detected before he has left for a poll, unless the sensor is stuck',
  async (t) => {
    const pollS = fc.constantFrom(0.1, 0.3, 1);
    fc.assert(
      fc.property(filters, walkers, pollS, fc.array(tenths(UNTIL_S), { maxLength: 20 }), (filter, walks, periodS, own) => {
        const untilS = (walks.at(-1)?.toS ?? 0) + 5;
        const there = (atS: number) => walks.some(({ fromS, toS }) => atS >= fromS && atS < toS);
        const inputs = Array.from({ length: Math.ceil(untilS / periodS) }, (_, i) => Math.round(i * periodS * 10) / 10).map((atS) => ({
          atS,
          value: there(atS) ? 100 : 0,
          quality: 'good' as const,
        }));
        const moments = live({ sensor: sensor('S01', filter), inputs, ownChangesS: own.sort((a, b) => a - b), tickS: 1, untilS });
        const isSeen = ({ fromS, toS }: { fromS: number; toS: number }) =>
          moments.some(({ atS, state, detected }) => atS >= fromS && atS <= toS + periodS && (detected || state?.present || state?.stuck));
        const slackS = own.length === 0 ? 0 : filter.blankS + periodS;
        return walks.every((walk) => walk.toS - walk.fromS <= filter.minPulseS + periodS + slackS || isSeen(walk));
      }),
      { numRuns: 300 },
    );
    t.pass('held for all generated walks');
  },
);

t.test(
  'a sensor that is stuck, or falls silent while it detects presence, never keeps the light for longer than its limit and hold',
  async (t) => {
    const holdS = fc.constantFrom(0, 20, 60);
    const gaps = fc.array(fc.tuple(tenths(400), tenths(80)), { maxLength: 4 });
    fc.assert(
      fc.property(filters, holdS, gaps, fc.option(tenths(400)), (filter, hold, losses, silentFromS) => {
        const isLost = (atS: number) =>
          (silentFromS !== null && atS >= silentFromS) || losses.some(([fromS, lastS]) => atS >= fromS && atS < fromS + lastS);
        const inputs = Array.from({ length: 500 }, (_, atS) => ({
          atS,
          value: isLost(atS) ? null : 100,
          quality: isLost(atS) ? ('missing' as const) : ('good' as const),
        }));
        const moments = live({ sensor: sensor('S01', filter), inputs, tickS: 1, untilS: 499 });
        let [litS, longestS] = [0, 0];
        for (const { atS, state } of moments) {
          const answers = state?.quality === 'good';
          const isHeld = state?.lastPresentMono != null && atS * 1_000 < state.lastPresentMono + hold * 1_000;
          litS = (answers && state?.present) || isHeld ? litS + 1 : 0;
          longestS = Math.max(longestS, litS);
        }
        return longestS <= filter.stuckS + hold + 2;
      }),
      { numRuns: 300 },
    );
    t.pass('held for all generated failures');
  },
);

t.test('each rise of a counter is one detection, and nothing else is', async (t) => {
  const counts = fc.array(fc.option(fc.integer({ min: 0, max: 9 })), { maxLength: 60 });
  fc.assert(
    fc.property(counts, fc.constantFrom(0, 2, 10), (list, offDelayS) => {
      const inputs = list.map((value, atS) => ({ atS, value, quality: value === null ? ('missing' as const) : ('good' as const) }));
      const moments = live({ sensor: sensor('S01', { kind: 'counter', offDelayS }), inputs, tickS: 1, untilS: 70 });
      const values = list.filter((value) => value !== null);
      const rises = values.filter((value, i) => i > 0 && value > (values[i - 1] ?? value)).length;
      return moments.filter(({ detected }) => detected).length === rises;
    }),
    { numRuns: 300 },
  );
  t.pass('held for all generated counts');
});

t.test('the same reading again, at any time before the next, is as if only time had passed', async (t) => {
  const inputs = fc.array(fc.record({ value: fc.constantFrom(0, 60, 70, 100), isStale: fc.boolean() }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(
      filters,
      fc.constantFrom('motion', 'button', 'counter'),
      inputs,
      fc.array(fc.integer({ min: 0, max: 40 })),
      (filter, kind, list, own) => {
        const each = sensor('S01', { kind, ...filter });
        let [once, twice]: (SensorState | undefined)[] = [undefined, undefined];
        for (const [second, { value, isStale }] of list.entries()) {
          const [atMono, laterMono] = [second * 1_000, second * 1_000 + 700];
          const changed = (beforeMono: number) =>
            own
              .map((s) => s * 1_000 + 500)
              .filter((mono) => mono <= beforeMono)
              .sort((a, b) => a - b)
              .at(-1) ?? null;
          const fresh = reading('S01.motion', value, atMono);
          const again = { ...fresh, quality: isStale ? ('stale' as const) : ('good' as const) };
          once = afterSensorReading(once, fresh, each, { nowMono: atMono, ownChangeMono: changed(atMono) }).state;
          twice = afterSensorReading(twice, fresh, each, { nowMono: atMono, ownChangeMono: changed(atMono) }).state;
          once = afterSensorTick(once, each, laterMono).state;
          twice = afterSensorReading(twice, again, each, { nowMono: laterMono, ownChangeMono: changed(laterMono) }).state;
          if (JSON.stringify({ ...twice, quality: 'good' }) !== JSON.stringify(once)) return false;
        }
        return true;
      },
    ),
    { numRuns: 300 },
  );
  t.pass('held for all generated readings');
});
