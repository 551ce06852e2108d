import fc from 'fast-check';
import t from 'tap';
import { afterTransaction, FRESH, type Transaction } from '../../../agent/field/unit-health.ts';

const timeout = (atMono: number, mayBeStarting = false): Transaction => ({ kind: 'timeout', atMono, jitter: 0, mayBeStarting });
const reply = (atMono: number, turnaroundMs = 5, firstByteMs = turnaroundMs): Transaction => ({
  kind: 'reply',
  atMono,
  turnaroundMs,
  firstByteMs,
});
const answer = (atMono: number): Transaction => ({ kind: 'answer', atMono });
const after = (...transactions: Transaction[]) => transactions.reduce(afterTransaction, FRESH);

const table: [story: string, transactions: Transaction[], state: string, dueMono: number][] = [
  ['a fresh unit may be asked at once', [], 'ok', 0],
  ['one lost reply gives it a short rest, so that the rest of its round is not lost on it', [timeout(10)], 'flaky', 110],
  ['the third lost reply silences it for half a second', [timeout(10), timeout(20), timeout(30)], 'silent', 530],
  ['each further probe waits twice as long', [timeout(0), timeout(0), timeout(0), timeout(1000)], 'silent', 2000],
  ['one reply welcomes it back', [timeout(0), timeout(0), timeout(0), reply(700)], 'ok', 700],
  ['a refusal does so too', [timeout(0), timeout(0), timeout(0), answer(700)], 'ok', 700],
  ['one that may be starting is waited for', [timeout(0, true), timeout(0, true), timeout(0, true), timeout(1000, true)], 'flaky', 2000],
  ['one that is silent stays so', [timeout(0), timeout(0), timeout(0), timeout(1000, true)], 'silent', 2000],
  ['until it has had its time', [timeout(0, true), timeout(0, true), timeout(0, true), timeout(1000)], 'silent', 2000],
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
    fc.property(fc.array(event, { minLength: 1, maxLength: 60 }), fc.boolean(), (events, isSlow) => {
      const nowMono = 1_000_000;
      const health = events
        .map(
          ({ lost, jitter, turnaroundMs }): Transaction =>
            lost ? { kind: 'timeout', atMono: nowMono, jitter, mayBeStarting: false } : reply(nowMono, turnaroundMs),
        )
        .reduce(afterTransaction, FRESH);
      const timeoutMs = responseTimeoutMs(health, 200, isSlow);
      return health.dueMono >= nowMono && health.dueMono <= nowMono + 60_000 && timeoutMs >= 30 && timeoutMs <= 1_000;
    }),
  );
  t.pass('held for all generated histories');
});

t.test('the timeout follows a slow unit and forgets one slow reply', async (t) => {
  const slow = after(...Array.from({ length: 40 }, (_, i) => reply(i, 120)));
  t.ok(responseTimeoutMs(slow, 200, false) <= 140, 'close above a steady 120 ms');
  t.ok(responseTimeoutMs(slow, 200, false) >= 136, 'but an adapter that holds back one reply for 16 ms loses none');
  const steady = after(
    ...Array.from({ length: 40 }, (_, i) => reply(i, 5)),
    reply(41, 400),
    ...Array.from({ length: 30 }, (_, i) => reply(50 + i, 5)),
  );
  t.ok(responseTimeoutMs(steady, 200, false) < 60, 'one 400 ms reply is forgotten');
});

t.test('the timeout is that of the first byte, adapter included; what the bus costs is the turnaround', async (t) => {
  const behindAdapter = after(...Array.from({ length: 40 }, (_, i) => reply(i, 5, 45)));
  t.ok(responseTimeoutMs(behindAdapter, 200, false) > 45);
  t.equal(Math.round(behindAdapter.turnaroundMs?.mean ?? 0), 5);
  t.equal(responseTimeoutMs(FRESH, 250, false), 250, 'at first contact it is the profile’s');
  t.equal(responseTimeoutMs(behindAdapter, 200, true), 1_000, 'one that answers too late is waited for');
  t.same(after(reply(0, 5), answer(1)).turnaroundMs, after(reply(0, 5)).turnaroundMs, 'a refusal says nothing about the pace');
});
