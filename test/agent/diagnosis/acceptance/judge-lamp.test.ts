import fc from 'fast-check';
import t from 'tap';
import type { LampRamp, LevelMeasure } from '../../../../agent/core/acceptance.ts';
import { judgeLamp } from '../../../../agent/diagnosis/acceptance/judge-lamp.ts';
import { powerW } from '../../../../agent/diagnosis/energy.ts';

const LIMITS = { powerTolerancePct: 15, powerFactorMin: 0.65 };

function level(levelPct: number, changes: Partial<LevelMeasure> = {}): LevelMeasure {
  return { levelPct, isConfirmed: true, settleMs: 400, powerW: null, powerFactor: null, ...changes };
}

function ramp(levels: readonly LevelMeasure[], changes: Partial<LampRamp> = {}): LampRamp {
  return { lamp: 'L01', verdict: 'ok', weighedBy: 'lamp', levels, serial: null, ...changes };
}

const CASES: [story: string, ramp: LampRamp, ratedPowerW: number, finding: string][] = [
  ['a sound lamp', ramp([level(20, { powerW: 14 }), level(100, { powerW: 61, powerFactor: 0.96 })]), 60, 'ok'],
  ['nothing measured', ramp([level(20), level(100)], { weighedBy: 'nothing' }), 60, 'ok'],
  ['a lamp of 40 W in the place of one of 60 W', ramp([level(100, { powerW: 40 })]), 60, 'power too low'],
  ['a lamp of 90 W in the place of one of 60 W', ramp([level(100, { powerW: 90 })]), 60, 'power too high'],
  ['the highest measured level counts, also below 100 %', ramp([level(60, { powerW: 37 }), level(100)]), 60, 'ok'],
  ['a small lamp whose meter has steps of 1 W', ramp([level(100, { powerW: 6 })]), 8, 'ok'],
  ['a low power factor at full light', ramp([level(100, { powerW: 60, powerFactor: 0.5 })]), 60, 'power factor low'],
  ['a negative sign of the power factor', ramp([level(100, { powerW: 60, powerFactor: -0.95 })]), 60, 'ok'],
  ['a low power factor while dimmed', ramp([level(20, { powerW: 14, powerFactor: 0.4 }), level(100, { powerW: 60 })]), 60, 'ok'],
  ['the ramp itself failed', ramp([level(100, { powerW: 60 })], { verdict: 'does not follow' }), 60, 'does not follow'],
  ['no level at all', ramp([], { verdict: 'no answer' }), 60, 'no answer'],
];
for (const [story, given, ratedPowerW, finding] of CASES)
  t.test(`${story}: ${finding}`, (t) => {
    t.equal(judgeLamp(given, ratedPowerW, LIMITS), finding);
    t.end();
  });

t.test('a lamp of the rated power passes at any rated power and tolerance, one of half of it never does', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 2_000 }), fc.integer({ min: 1, max: 40 }), (ratedPowerW, powerTolerancePct) => {
      const limits = { ...LIMITS, powerTolerancePct };
      const at = (share: number) => judgeLamp(ramp([level(100, { powerW: share * powerW(ratedPowerW, 100) })]), ratedPowerW, limits);
      return at(1) === 'ok' && at(0.5) === 'power too low' && at(1.5) === 'power too high';
    }),
  );
  t.end();
});
