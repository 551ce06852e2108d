import fc from 'fast-check';
import t from 'tap';
import { afterTransaction, FRESH, responseTimeoutMs, type Transaction } from '../../../agent/field/unit-health.ts';

const timeout = (atMono: number): Transaction => ({ kind: 'timeout', atMono, jitter: 0 });
const reply = (atMono: number, turnaroundMs = 5): Transaction => ({ kind: 'reply', atMono, turnaroundMs });
const after = (...transactions: Transaction[]) => transactions.reduce(afterTransaction, FRESH);

const table: [story: string, transactions: Transaction[], state: string, dueMono: number][] = [
  ['a fresh unit may be asked at once', [], 'ok', 0],
  ['one lost reply does not delay the next', [timeout(10)], 'flaky', 10],
  ['the third lost reply silences it for half a second', [timeout(10), timeout(20), timeout(30)], 'silent', 530],
  ['each further probe waits twice as long', [timeout(0), timeout(0), timeout(0), timeout(1000)], 'silent', 2000],
  ['one reply welcomes it back', [timeout(0), timeout(0), timeout(0), reply(700)], 'ok', 700],
];
for (const [story, transactions, state, dueMono] of table) {
  t.test(story, async (t) => t.match(after(...transactions), { state, dueMono }));
}

t.test('a unit is never asked later than the longest back-off, whatever happened', async (t) => {
  const event = fc.record({
    lost: fc.boolean(),
    turnaroundMs: fc.integer({ min: 0, max: 5_000 }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 60 }), (events) => {
      const nowMono = 1_000_000;
      const health = events
        .map(
          (e): Transaction =>
            e.lost
              ? { kind: 'timeout', atMono: nowMono, jitter: e.jitter }
              : { kind: 'reply', atMono: nowMono, turnaroundMs: e.turnaroundMs },
        )
        .reduce(afterTransaction, FRESH);
      return (
        health.dueMono >= nowMono &&
        health.dueMono <= nowMono + 60_000 &&
        responseTimeoutMs(health) >= 30 &&
        responseTimeoutMs(health) <= 1_000
      );
    }),
  );
  t.pass('held for all generated histories');
});

t.test('the timeout follows a slow unit and forgets one slow reply', async (t) => {
  const slow = after(...Array.from({ length: 40 }, (_, i) => reply(i, 120)));
  t.ok(responseTimeoutMs(slow) < 140, 'close above a steady 120 ms');
  const steady = after(
    ...Array.from({ length: 40 }, (_, i) => reply(i, 5)),
    reply(41, 400),
    ...Array.from({ length: 30 }, (_, i) => reply(50 + i, 5)),
  );
  t.ok(responseTimeoutMs(steady) < 60, 'one 400 ms reply is forgotten');
});
