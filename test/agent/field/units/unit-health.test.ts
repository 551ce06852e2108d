import fc from 'fast-check';
import t from 'tap';
import { afterTransaction, FRESH, SILENT_AFTER, type Transaction } from '../../../../agent/field/units/unit-health.ts';

const timeout = (atMono: number, mayBeStarting = false, silentAfter = SILENT_AFTER): Transaction => ({
  kind: 'timeout',
  ...{ atMono, jitter: 0, mayBeStarting, silentAfter },
});
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

t.test('a silent unit stays silent, also once it may lose more replies than before', async (t) => {
  t.match(after(timeout(0, false, 1), timeout(1_000)), { state: 'silent', dueMono: 1_500 });
});

t.test('a unit is never polled later than the longest back-off, in every case', async (t) => {
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
          ({ lost, jitter, turnaroundMs }): Transaction =>
            lost ? { kind: 'timeout', atMono: nowMono, jitter, mayBeStarting: false } : reply(nowMono, turnaroundMs),
        )
        .reduce(afterTransaction, FRESH);
      return health.dueMono >= nowMono && health.dueMono <= nowMono + 60_000;
    }),
  );
  t.pass('held for all generated histories');
});

t.test('a late reply proves the unit and its response time; an exception proves only the unit', async (t) => {
  t.match(after(timeout(0), timeout(0), { kind: 'late', atMono: 50, firstByteMs: 40 }), {
    state: 'ok',
    failures: 0,
    firstByteMs: { mean: 40 },
  });
  t.same(after(reply(0, 5), answer(1)).turnaroundMs, after(reply(0, 5)).turnaroundMs);
  t.same(
    after(reply(0, 5, 45)),
    { ...after(reply(0, 5)), firstByteMs: { mean: 45, deviation: 22.5 } },
    'what the bus costs is the turnaround',
  );
});
