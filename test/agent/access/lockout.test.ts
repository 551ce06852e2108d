import fc from 'fast-check';
import t from 'tap';
import {
  attempted,
  type Lockout,
  lockoutFacts,
  lockoutWaitMs,
  NO_FAILURES,
  refunded,
  restoredLockout,
  succeeded,
} from '../../../agent/access/lockout.ts';

const times = (n: number, user: string, from = NO_FAILURES, nowMono = 0): Lockout =>
  Array.from({ length: n }).reduce<Lockout>((state) => attempted(state, user, nowMono), from);

const table: [story: string, state: Lockout, user: string, waitMs: number][] = [
  ['nobody waits at first', NO_FAILURES, 'marie', 0],
  ['four wrong ones cost nothing', times(4, 'marie'), 'marie', 0],
  ['the fifth costs half a minute', times(5, 'marie'), 'marie', 30_000],
  ['each further one twice as long', times(7, 'marie'), 'marie', 120_000],
  ['but never more than a quarter of an hour', times(19, 'marie'), 'marie', 900_000],
  ['another user does not wait for it', times(19, 'marie'), 'luc', 0],
  ['twenty wrong ones over all make everybody wait', times(20, 'marie'), 'luc', 10_000],
  ['and that never longer than two minutes', times(60, 'marie'), 'luc', 120_000],
  ['a right one forgets', succeeded(times(19, 'marie'), 'marie'), 'marie', 0],
  ['a right one that needs a code forgets only itself', attempted(refunded(times(5, 'marie'), 'marie'), 'marie', 0), 'marie', 30_000],
  ['a power cut forgets nothing, and the wait begins anew', restoredLockout(lockoutFacts(times(6, 'marie')), 0), 'marie', 60_000],
];
for (const [story, state, user, wait] of table) t.test(story, async (t) => t.equal(lockoutWaitMs(state, user, 0), wait));

t.test('time forgives', async (t) => {
  const locked = times(5, 'marie');
  t.equal(lockoutWaitMs(locked, 'marie', 29_999), 1);
  t.equal(lockoutWaitMs(locked, 'marie', 30_000), 0);
  t.equal(lockoutWaitMs(attempted(locked, 'marie', 30_000), 'marie', 30_000), 60_000, 'the next one waits longer');
  t.equal(lockoutWaitMs(attempted(locked, 'marie', 24 * 3_600_000), 'marie', 24 * 3_600_000), 0, 'a day later it is the second');
});

t.test('damaged counts restore to nothing, and never throw', async (t) => {
  for (const facts of [undefined, null, 7, 'x', { users: 7, all: 'x' }, { users: { marie: -1, luc: 1e99, ada: 'x' }, all: Number.NaN }])
    t.equal(lockoutWaitMs(restoredLockout(facts, 0), 'marie', 0), 0);
});

t.test('who types a thousand names keeps neither the memory nor the count of the one that matters', async (t) => {
  let state = times(9, 'marie');
  for (let n = 0; n < 1_000; n++) state = attempted(state, `nobody${n}`, 0);
  t.ok(state.users.size <= 64);
  t.equal(lockoutWaitMs(state, 'marie', 0) > 400_000, true);
});

t.test('no history of attempts lets more than a handful of guesses an hour through', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 400 }), (pauses) => {
      let state = NO_FAILURES;
      let nowMono = 0;
      let guesses = 0;
      for (const pauseMs of pauses) {
        nowMono += pauseMs;
        if (nowMono > 3_600_000) break;
        if (lockoutWaitMs(state, 'marie', nowMono) > 0) continue;
        state = attempted(state, 'marie', nowMono);
        guesses += 1;
      }
      return guesses <= 13;
    }),
  );
  t.pass('held for all generated histories');
});
