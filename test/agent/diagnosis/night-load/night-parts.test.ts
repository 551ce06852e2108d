import fc from 'fast-check';
import t from 'tap';
import { expectedLoad, type NightProfile } from '../../../../agent/diagnosis/night-load/expected-load.ts';
import type { MeterMinute } from '../../../../agent/diagnosis/night-load/load-watch.ts';
import { lossEvidence } from '../../../../agent/diagnosis/night-load/loss-signs.ts';
import { MeterMinutes } from '../../../../agent/diagnosis/night-load/meter-minutes.ts';
import { NightTrace, packedNight, unpackedNight } from '../../../../agent/diagnosis/night-load/night-trace.ts';
import { medianOf, medianOfAll, returnLevel, smoothed } from '../../../../agent/diagnosis/night-load/robust.ts';
import { voltageExponents } from '../../../../agent/diagnosis/night-load/voltage-exponents.ts';
import { createRandom } from '../../../street/random.ts';

t.test('a stored night is the night within 0.025 %, and a damaged one is none', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.double({ min: 0, max: 1e6 }), fc.double({ min: 0, max: 500 })), { maxLength: 300 }), (minutes) => {
      const night = new NightTrace(29_000_000, 60);
      for (const [minute, [watts, volts]] of minutes.entries()) night.put(minute, watts, volts);
      const back = unpackedNight(JSON.parse(JSON.stringify(packedNight(night))));
      if (back?.length !== night.length || back.onMin !== night.onMin || back.utcOffsetMin !== 60) return false;
      return minutes.every((_, minute) => {
        const [a, b] = [night.lnW[minute] ?? Number.NaN, back.lnW[minute] ?? Number.NaN];
        return Number.isNaN(b) ? !(a > 1e-4) : Math.abs(a - b) < 2e-4;
      });
    }),
  );
  for (const rubbish of [
    null,
    7,
    {},
    { onMin: 1.5, utcOffsetMin: 0, power: '', voltage: '' },
    { onMin: 1, utcOffsetMin: 0, power: 'AAAA', voltage: '' },
  ])
    t.equal(unpackedNight(rubbish), null);
  t.end();
});

t.test('medians ignore holes, and short and long windows agree', (t) => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e3, max: 1e3 }), { minLength: 1, maxLength: 60 }), (values) => {
      const sorted = [...values].sort((a, b) => a - b);
      const middle = sorted.length >> 1;
      const expected = sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
      return medianOf(Float64Array.from(values), values.length) === expected && medianOfAll([...values, Number.NaN]) === expected;
    }),
  );
  t.ok(Number.isNaN(medianOf(new Float64Array(3), 0)));
  t.same([...smoothed(Float64Array.from([1, 9, 1, Number.NaN, 1]), 1)], [5, 1, 5, 1, 1]);
  t.end();
});

t.test('the limit grows with the noise, and needs some hours', (t) => {
  const random = createRandom(3);
  const hours = Array.from({ length: 60 }, () => Math.abs(random() + random() + random() - 1.5));
  const limit = returnLevel(hours, 720);
  t.ok(limit > Math.max(...hours) * 0.9 && limit < 4);
  t.ok(
    Math.abs(
      returnLevel(
        hours.map((hour) => 3 * hour),
        720,
      ) -
        3 * limit,
    ) < 1e-9,
  );
  t.ok(Number.isNaN(returnLevel([1, 2, 3], 720)));
  for (const [length, blocks] of [
    [2_000, 720],
    [1_000, 720],
    [100, 60],
  ] as const)
    t.equal(
      returnLevel(
        Array.from({ length }, (_, i) => (i === 0 ? 1 : -1)),
        blocks,
      ),
      0,
      'exceeded more rarely',
    );
  t.equal(
    returnLevel(
      Array.from({ length: 20 }, () => -1),
      720,
    ),
    0,
  );
  t.end();
});

t.test('exponents of the voltage: those of the lamps at once, less over hours behind a regulator, none without a voltage', (t) => {
  const night = (regulated: boolean, exponent: number): NightTrace => {
    const random = createRandom(5);
    const trace = new NightTrace(0, 0);
    let [volts, lamp] = [230, 230];
    for (let minute = 0; minute < 700; minute++) {
      volts = Math.min(250, Math.max(210, volts + 2 * (random() - 0.5) * 1.5));
      const step = volts - (trace.length === 0 ? volts : Math.exp(trace.lnV[minute - 1] ?? 0));
      lamp = regulated ? 230 + (lamp + step - 230) * 0.9 : volts;
      trace.put(minute, 5_000 * (lamp / 230) ** exponent, volts);
    }
    return trace;
  };
  const plain = voltageExponents([night(false, 1.7)], 10);
  t.ok(Math.abs(plain.fast - 1.7) < 0.05 && Math.abs(plain.slow - 1.7) < 0.05);
  const behind = voltageExponents([night(true, 1.7)], 10);
  t.ok(behind.fast > 1.4 && behind.slow < 0.7, `${behind.fast}, ${behind.slow}`);
  t.same(voltageExponents([], 10), { fast: 0, slow: 0 });
  t.end();
});

const nightOf = (onMin: number, stepAt: number): NightProfile => ({
  ...{ onMin, utcOffsetMin: 60, middleMin: 360 },
  level: new Float64Array(720).map((_, minute) => (minute < stepAt ? 8 : 7.8)),
});

t.test('near a step nothing is expected; between its time by the clock and by switch-on neither', (t) => {
  const same = expectedLoad([nightOf(0, 200), nightOf(1_440, 200)], { onMin: 2_880, utcOffsetMin: 60 }, 720);
  t.same([same[150], same[200], same[260]], [8, Number.NaN, 7.8]);
  const later = expectedLoad([nightOf(0, 200), nightOf(1_440, 200)], { onMin: 2_880 + 40, utcOffsetMin: 60 }, 720);
  t.same([later[150], later[180], later[260]], [8, Number.NaN, 7.8], 'the lamps came on 40 min later: by the clock the step is at 160');
  t.ok(Number.isNaN(expectedLoad([], { onMin: 0, utcOffsetMin: 0 }, 10)[0]));
  t.end();
});

t.test('a loss counts by its weaker sign, and not at all if one is unknown', (t) => {
  t.equal(lossEvidence(-0.03, -0.02, 0), 0.02);
  t.equal(lossEvidence(-0.02, -0.03, 0), 0.02);
  t.equal(lossEvidence(-0.03, 0.01, 0), 0);
  t.equal(lossEvidence(-0.03, -0.01, 0.02), 0.02, 'the hour before was above the other nights');
  t.equal(lossEvidence(Number.NaN, -0.03, 0), 0);
  t.end();
});

t.test('readings of any period become minutes; a long gap stays a gap', (t) => {
  const minutes: MeterMinute[] = [];
  const cut = new MeterMinutes((minute) => minutes.push(minute));
  for (const [atMin, watts] of [
    [0, 10],
    [0, 20],
    [1, 30],
    [11, 40],
    [40, 50],
    [41, 60],
  ] as const)
    cut.put('watts', watts, atMin, 60);
  t.same(
    minutes.map(({ atMin, watts }) => [atMin, watts]),
    [[0, 15], [1, 30], ...Array.from({ length: 9 }, (_, at) => [at + 2, 30]), [11, 40], [40, 50]],
  );
  t.end();
});
