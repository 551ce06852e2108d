import fc from 'fast-check';
import t from 'tap';
import { bandOf, LevelCurve } from '../../../../agent/diagnosis/watch/level-curve.ts';

const STEP_MS = 600_000;
const LATER_MS = 3_600_000;

t.test('a band is learned after fifteen samples, and wrong ones among them have no effect', (t) => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 7 }), (wrong) => {
      const curve = new LevelCurve(2);
      const samples = [...wrong, ...Array.from({ length: 15 - wrong.length }, () => 1)];
      for (const [n, value] of samples.entries()) curve.learn(1, bandOf(80), value, n * STEP_MS);
      return curve.median(1, bandOf(80)) === 1 && !curve.isLearned(0, bandOf(80));
    }),
  );
  t.end();
});

t.test('samples that follow too soon are not used', (t) => {
  const curve = new LevelCurve(1);
  for (let n = 0; n < 100; n++) curve.learn(0, 3, 1, n * 1_000);
  t.notOk(curve.isLearned(0, 3));
  t.ok(Number.isNaN(curve.median(0, 3)));
  t.end();
});

t.test('the median follows a change, the reference does not, and the drift is their difference', (t) => {
  const curve = new LevelCurve(1);
  for (let n = 0; n < 15; n++) curve.learn(0, 9, 1, n * STEP_MS);
  for (let n = 0; n < 40; n++) curve.learn(0, 9, 0.9, 15 * STEP_MS + n * LATER_MS);
  t.ok(Math.abs(curve.median(0, 9) - 0.9) < 1e-6);
  t.equal(curve.reference(0, 9), 1);
  t.equal(Math.round(curve.driftPct(0) ?? 0), -10);
  t.end();
});

t.test('what was learned continues after a restart', (t) => {
  const [curve, next] = [new LevelCurve(1), new LevelCurve(1)];
  for (let n = 0; n < 15; n++) curve.learn(0, 5, 1.25, n * STEP_MS);
  for (let n = 0; n < 40; n++) curve.learn(0, 5, 1.5, 15 * STEP_MS + n * LATER_MS);
  next.restore(0, JSON.parse(JSON.stringify(curve.stored(0))));
  t.same(next.stored(0), curve.stored(0));
  next.learn(0, 5, 99, 0);
  t.equal(next.median(0, 5), 1.5);
  t.end();
});

t.test('a level belongs to the band that ends at it', (t) => {
  for (const [levelPct, band] of [
    [0.5, 0],
    [10, 0],
    [11, 1],
    [100, 9],
    [140, 9],
  ] as const)
    t.equal(bandOf(levelPct), band);
  t.end();
});

t.test('what was measured at the commissioning is the reference, counts until a band is learned, and outlasts a restart', (t) => {
  const [curve, next] = [new LevelCurve(1), new LevelCurve(1)];
  curve.refer(0, 9, 1.02);
  t.notOk(curve.isLearned(0, 9));
  t.equal(curve.median(0, 8).toFixed(2), '1.02', 'near bands use it too');
  t.ok(Number.isNaN(curve.median(0, 6)), 'bands farther away do not');
  t.equal(curve.driftPct(0), null);
  next.restore(0, JSON.parse(JSON.stringify(curve.stored(0))));
  for (let n = 0; n < 15; n++) next.learn(0, 9, 0.918, n * STEP_MS);
  t.equal(Math.round(next.driftPct(0) ?? 0), -10, 'the drift counts from the commissioning, not from the first nights');
  next.refer(0, 9, 0.918);
  t.equal(Math.round(next.driftPct(0) ?? 0), -10, 'a later test does not hide it');
  next.forget(0);
  t.same(next.stored(0), new LevelCurve(1).stored(0), 'another driver has no history');
  next.refer(0, 9, 0.9);
  t.equal(next.reference(0, 9).toFixed(2), '0.90');
  t.end();
});
