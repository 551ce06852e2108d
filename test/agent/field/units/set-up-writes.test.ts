import fc from 'fast-check';
import t from 'tap';
import { DAY_MS } from '../../../../agent/core/durations.ts';
import { createSetUpWrites, SET_UP_WRITES_A_DAY } from '../../../../agent/field/units/set-up-writes.ts';

const STEP = { table: 'holding', address: 100, value: 7, why: 'a test' } as const;

t.test('no register is written more than twice in any 24 hours, whatever is tried, saved, restored or set', async (t) => {
  const anyStep = fc.record({
    waitMs: fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: 2 * DAY_MS })),
    isRestart: fc.boolean(),
    /** The clock lags after a restart, as one that is restored from the disk does; it is never ahead. */
    lagMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 * DAY_MS })),
  });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      let [trueMs, bootMs, lagMs] = [1e12, 1e12, 0];
      let writes = createSetUpWrites();
      const done: number[] = [];
      const now = () => ({ mono: trueMs - bootMs, wallMs: trueMs - lagMs });
      for (const step of steps) {
        trueMs += step.waitMs;
        if (step.isRestart) {
          const saved = JSON.parse(JSON.stringify(writes.times(now()))) as unknown;
          lagMs += step.lagMs;
          bootMs = trueMs;
          writes = createSetUpWrites();
          writes.restore(saved, now());
        }
        if (!writes.mayWrite(STEP, now().mono)) continue;
        writes.note(STEP, now().mono);
        done.push(trueMs);
      }
      return done.every((from) => done.filter((at) => at >= from && at < from + DAY_MS - 1_000).length <= SET_UP_WRITES_A_DAY);
    }),
    { numRuns: 500 },
  );
  const writes = createSetUpWrites();
  for (const strange of [undefined, null, 7, 'x', [], { 'holding:100': 'x' }, { 'holding:100': [null, 'x', Number.NaN] }])
    t.doesNotThrow(() => writes.restore(strange, { mono: 0, wallMs: 0 }));
  t.ok(writes.mayWrite(STEP, 0));
});

t.test('ten thousand writes last twelve years', async (t) => {
  t.ok(SET_UP_WRITES_A_DAY * 12 * 365.25 <= 10_000);
  t.ok(SET_UP_WRITES_A_DAY >= 2, 'a write that was lost can be repeated the same day');
});
