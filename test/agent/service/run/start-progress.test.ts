import fc from 'fast-check';
import t from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { createStartProgress } from '../../../../agent/service/run/start-progress.ts';

const LIMIT_MS = 60_000;
/** The clock begins at zero, as that of a process. */
function startAt(stepLimitMs: number) {
  const clock = createManualClock(Date.parse('2026-12-01T21:00:00Z'));
  const zeroMono = clock.monoMs();
  const sent: { readonly atMs: number; readonly forMs: number }[] = [];
  const atMs = (): number => clock.monoMs() - zeroMono;
  const steps = createStartProgress({
    clock: { monoMs: atMs },
    log: { event() {} },
    notify: { extendStart: (forMs) => sent.push({ atMs: atMs(), forMs }) },
    stepLimitMs,
  });
  return { clock, steps, sent, atMs };
}

/** When the service manager ends the start. Source: sd_notify(3): the limit of the unit, or later by the messages. */
function endMs(sent: readonly { readonly atMs: number; readonly forMs: number }[], limitMs: number): number {
  return Math.max(limitMs, ...sent.map(({ atMs, forMs }) => atMs + forMs));
}

const starts: [story: string, stepsS: readonly number[], sentAfterS: readonly number[]][] = [
  ['an ordinary start sends nothing', [0.1, 0.2, 0.2], []],
  ['on a small part of a core neither', [1, 2, 1, 1], []],
  ['a slow step is sent', [20], [20]],
  ['many short ones are sent seldom', Array(20).fill(2), [6, 12, 18, 24, 30, 36]],
  ['each long one is sent', [59, 59, 59], [59, 118, 177]],
];
for (const [story, stepsS, sentAfterS] of starts)
  t.test(`${story}`, async (t) => {
    const { clock, steps, sent } = startAt(LIMIT_MS);
    for (const stepS of stepsS) {
      await clock.advance(stepS * 1_000);
      steps.completed('a step');
    }
    t.strictSame(
      sent.map(({ atMs }) => Math.round(atMs / 1_000)),
      sentAfterS,
    );
  });

t.test(
  'no start is ended while each of its steps stays below nine tenths of the limit, and each that hangs is, within 1.1 limits of its last step',
  async (t) => {
    const anyStart = fc.record({
      limitMs: fc.constantFrom(60, 6_000, 60_000, 600_000, 6_000_000),
      shares: fc.array(fc.double({ min: 0, max: 0.9, noNaN: true }), { minLength: 1, maxLength: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(anyStart, async ({ limitMs, shares }) => {
        const { clock, steps, sent, atMs } = startAt(limitMs);
        for (const share of shares) {
          const beforeMs = endMs(sent, limitMs);
          await clock.advance(share * limitMs);
          if (atMs() > beforeMs + 1e-6) return false;
          steps.completed('a step');
        }
        const hungMs = endMs(sent, limitMs) - atMs();
        return hungMs >= limitMs * (1 - 1e-9) || sent.length === 0 ? hungMs <= 1.1 * limitMs + 1e-6 : false;
      }),
    );
    t.pass('held for all generated starts');
  },
);

t.test('without a completed step no time that passes sends anything', async (t) => {
  const { clock, steps, sent } = startAt(LIMIT_MS);
  await clock.advance(10 * LIMIT_MS);
  t.strictSame(sent, []);
  steps.over();
  steps.completed('a step after the end');
  t.strictSame(sent, [], 'nor does a step when the start is over');
});

t.test('a stop caused by the limit is distinguished from one requested by a person', async (t) => {
  const { clock, steps } = startAt(LIMIT_MS);
  await clock.advance(5_000);
  steps.completed('agent-loaded');
  await clock.advance(40_000);
  t.equal(steps.overdue(), null, 'a person');
  await clock.advance(14_000);
  t.match(steps.overdue(), /no progress after "agent-loaded"/, 'the limit');
  steps.over();
  t.equal(steps.overdue(), null, 'not after the start');
});
