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
  Array.from({ length: n }).reduce<Lockout>((state) => attempted(state, user, true, nowMono), from);

const table: [story: string, state: Lockout, user: string, waitMs: number][] = [
  ['without failures there is no wait', NO_FAILURES, 'marie', 0],
  ['four wrong ones cost nothing', times(4, 'marie'), 'marie', 0],
  ['the fifth costs half a minute', times(5, 'marie'), 'marie', 30_000],
  ['each further one twice as long', times(7, 'marie'), 'marie', 120_000],
  ['but never more than a quarter of an hour', times(19, 'marie'), 'marie', 900_000],
  ['another user does not wait for it', times(19, 'marie'), 'luc', 0],
  ['failures of other users do not delay a user without failures', times(60, 'marie'), 'luc', 0],
  ['eight over all delay a user who made one', times(1, 'luc', times(7, 'marie')), 'luc', 10_000],
  ['and that never longer than five minutes', times(1, 'luc', times(60, 'marie')), 'luc', 300_000],
  ['a right one forgets', succeeded(times(19, 'marie'), 'marie'), 'marie', 0],
  ['a right one that needs a code forgets only itself', attempted(refunded(times(5, 'marie'), 'marie'), 'marie', true, 0), 'marie', 30_000],
  ['a power cut keeps the failures, and the wait starts again', restoredLockout(lockoutFacts(times(6, 'marie')), 0), 'marie', 60_000],
];
for (const [story, state, user, wait] of table) t.test(story, async (t) => t.equal(lockoutWaitMs(state, user, 0), wait));

t.test('time forgives', async (t) => {
  const locked = times(5, 'marie');
  t.equal(lockoutWaitMs(locked, 'marie', 29_999), 1);
  t.equal(lockoutWaitMs(locked, 'marie', 30_000), 0);
  t.equal(lockoutWaitMs(attempted(locked, 'marie', true, 30_000), 'marie', 30_000), 60_000, 'the next one waits longer');
  t.equal(lockoutWaitMs(attempted(locked, 'marie', true, 24 * 3_600_000), 'marie', 24 * 3_600_000), 0, 'a day later it is the second');
});

t.test('damaged counts restore to nothing, and never throw', async (t) => {
  for (const facts of [undefined, null, 7, 'x', { users: 7, all: 'x' }, { users: { marie: -1, luc: 1e99, ada: 'x' }, all: Number.NaN }])
    t.equal(lockoutWaitMs(restoredLockout(facts, 0), 'marie', 0), 0);
});

t.test('a client that tries a thousand names fills no memory and does not evict the counter of a real user', async (t) => {
  let state = times(9, 'marie');
  for (let n = 0; n < 1_000; n++) state = attempted(state, `nobody${n}`, false, 0);
  t.ok(state.users.size <= 64);
  t.equal(lockoutWaitMs(state, 'marie', 0) > 400_000, true);
});

t.test('no sequence of attempts allows more than a few guesses an hour', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 400 }), (pauses) => {
      let state = NO_FAILURES;
      let nowMono = 0;
      let guesses = 0;
      for (const pauseMs of pauses) {
        nowMono += pauseMs;
        if (nowMono > 3_600_000) break;
        if (lockoutWaitMs(state, 'marie', nowMono) > 0) continue;
        state = attempted(state, 'marie', true, nowMono);
        guesses += 1;
      }
      return guesses <= 13;
    }),
  );
  t.pass('held for all generated histories');
});

t.test('a user who logs in an hour after an attack waits one minute after a mistake, not 15', async (t) => {
  const after = (n: number, hours: number): number => {
    const nowMono = hours * 3_600_000;
    return lockoutWaitMs(times(1, 'marie', times(n, 'marie'), nowMono), 'marie', nowMono);
  };
  t.equal(after(10, 0), 900_000);
  t.equal(after(10, 1), 120_000);
  t.equal(after(10, 2), 30_000);
  t.equal(after(10, 24), 0);
});

t.test('a correct password of one user does not end the lock caused by wrong ones for others', async (t) => {
  const locked = times(1, 'luc', times(30, 'marie'));
  let state = locked;
  for (let turn = 0; turn < 50; turn++) state = succeeded(times(1, 'vera', state, 1_000), 'vera');
  t.equal(lockoutWaitMs(state, 'luc', 1_000), lockoutWaitMs(locked, 'luc', 1_000), 'neither sooner nor later');
  t.equal(lockoutFacts(state).all, lockoutFacts(locked).all);
  const [own, others] = [times(1, 'vera', locked, 1_000), times(1, 'luc', times(1, 'vera', locked, 1_000), 1_000)];
  t.equal(lockoutFacts(succeeded(others, 'vera')).all, lockoutFacts(own).all, 'a guess at the same time still counts');
});

/** The guesses of an attacker who tries at each moment what does not wait, and no name before its hour. */
function guessesIn(hours: number, names: readonly (readonly [name: string, fromHour: number])[], pauseMs: number): number {
  let [state, guesses] = [NO_FAILURES, 0];
  for (let nowMono = 0; nowMono < hours * 3_600_000; nowMono += pauseMs)
    for (const [name, fromHour] of names)
      while (nowMono >= fromHour * 3_600_000 && lockoutWaitMs(state, name, nowMono) === 0) {
        state = attempted(state, name, true, nowMono);
        guesses += 1;
        if (names.length > 1 && fromHour > 0) break;
      }
  return guesses;
}

t.test('at any pace and in any order, an attacker gets no more tries than the OWASP delays allow', async (t) => {
  const users = Array.from({ length: 32 }, (_, n) => `user${n}`);
  const orders: [order: string, names: (readonly [string, number])[]][] = [
    ['all at once', users.map((name) => [name, 0] as const)],
    ['few first, and the fresh names when these wait', users.map((name, n) => [name, n < 4 ? 0 : 0.000_1] as const)],
    ['few first, and the fresh names at the end of the hour', users.map((name, n) => [name, n < 4 ? 0 : 0.99] as const)],
    ['a fresh one each two minutes', users.map((name, n) => [name, n / 32] as const)],
  ];
  for (const pauseMs of [1_000, 10_000, 30_000, 300_000, 900_000, 901_000, 1_800_000]) {
    // Five tries, then 30 s doubling to 15 min: ten within 15 min, then four an hour.
    t.ok(guessesIn(1, [['ada', 0]], pauseMs) <= 13, `one name, each ${pauseMs} ms`);
    t.ok(guessesIn(48, [['ada', 0]], pauseMs) <= 10 + 4 * 48, `one name, two days, each ${pauseMs} ms`);
    // Twenty tries, then 10 s doubling to 2 min for everybody: 53 in the first hour, then 30 an hour.
    for (const [order, names] of orders) {
      const [hour, days] = [guessesIn(1, names, pauseMs), guessesIn(48, names, pauseMs)];
      t.ok(hour <= 53, `32 names, ${order}, each ${pauseMs} ms: ${hour}`);
      t.ok(days <= 53 + 30 * 47, `32 names, two days, ${order}, each ${pauseMs} ms: ${days}`);
    }
  }
});
