import fc from 'fast-check';
import t from 'tap';
import type { ReadRequest, WriteRequest } from '../../../../agent/core/driver.ts';
import { slotsOf } from '../../../../agent/field/polls/poll-plan.ts';
import { createResponseTimes, type ResponseTimes } from '../../../../agent/field/units/response-times.ts';
import { point, profile } from '../plant.ts';

const METER = profile('meter', [
  point('voltage', { address: 0, type: 'f32' }),
  point('current', { address: 2, type: 'f32' }),
  point('energy', { address: 100, type: 'f32' }),
  point('level', { table: 'holding', address: 0 }),
]);
const PROFILE_MS = 200;
const read = (address: number, count = 2): ReadRequest => ({ unit: 1, table: 'input', address, count });
const write = (address: number): WriteRequest => ({ unit: 1, table: 'holding', address, values: [1] });
const USUAL = { mean: 8, deviation: 1 };
const times = (profileMs = PROFILE_MS): ResponseTimes => createResponseTimes(slotsOf(METER), profileMs);
const taught = (request: ReadRequest | WriteRequest, samplesMs: readonly number[], known = times()): ResponseTimes => {
  for (const ms of samplesMs) known.learn(request, ms);
  return known;
};
const many = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms);

t.test('registers that have not replied yet get the timeout of the profile, however fast their unit is', async (t) => {
  t.equal(times().timeoutMs(read(100), USUAL), 200);
  t.equal(times().timeoutMs(read(100), { mean: 300, deviation: 5 }), 320, 'or as long as a slow unit needs');
});

t.test('each block has its own timeout, and one that spans several takes the longest', async (t) => {
  const known = taught(read(100), many(40, 80), taught(read(0, 4), many(40, 8)));
  t.equal(Math.round(known.timeoutMs(read(0, 4), USUAL)), 30);
  t.equal(Math.round(known.timeoutMs(read(2), USUAL)), 30, 'a part of a block that was read');
  t.equal(Math.round(known.timeoutMs(read(100), USUAL)), 100);
  t.equal(Math.round(known.timeoutMs(read(0, 102), USUAL)), 100);
});

t.test('the timeout follows a slow block and forgets one slow reply', async (t) => {
  const slow = taught(read(0), many(40, 120)).timeoutMs(read(0), USUAL);
  t.ok(slow >= 136 && slow <= 141, `${slow} ms: an adapter that holds back one reply for 16 ms loses none`);
  const steady = taught(read(0), [...many(40, 5), 190, ...many(30, 5)]).timeoutMs(read(0), USUAL);
  t.ok(steady < 60, `${steady} ms`);
});

t.test(
  'the timeout of a write is never below that of the profile, and a unit that stores one register slowly is slow for all',
  async (t) => {
    for (const ms of [1, 8, 120, 180]) {
      const known = taught(write(5), many(40, ms), taught(read(0), many(40, 1)));
      t.equal(known.timeoutMs(write(5), USUAL), 200, `${ms} ms`);
    }
    const slow = taught(write(5), many(40, 450), times(500));
    t.equal(slow.timeoutMs(write(5), USUAL), 500);
    const slower = taught(write(5), many(40, 400));
    t.ok(slower.timeoutMs(write(6), USUAL) >= 420, `${slower.timeoutMs(write(6), USUAL)} ms for another register`);
  },
);

t.test('one late reply widens the next wait to cover it, within what the profile allows', async (t) => {
  for (const ms of [31, 48, 100, 200]) {
    const known = taught(read(0), many(40, 8));
    t.equal(known.learnLate(read(0), ms), 'learned');
    t.ok(known.timeoutMs(read(0), USUAL) >= Math.min(ms, 200), `${ms} ms: ${known.timeoutMs(read(0), USUAL)} ms`);
  }
});

t.test('a unit gets a timeout above that of its profile only if it is always late: now and then is not enough', async (t) => {
  const always = taught(read(0), many(40, 8));
  const said = Array.from({ length: 5 }, () => always.learnLate(read(0), 400));
  t.same(said, ['doubtful', 'doubtful', 'doubtful', 'doubtful', 'learned']);
  t.ok(always.timeoutMs(read(0), USUAL) > 400);
  const rarely = taught(read(0), many(40, 8));
  for (let i = 0; i < 100; i++) {
    rarely.learnLate(read(0), 400);
    rarely.learn(read(0), 8);
  }
  t.ok(rarely.timeoutMs(read(0), USUAL) <= 200, `${rarely.timeoutMs(read(0), USUAL)} ms`);
  const block = taught(read(0), many(40, 8));
  for (let i = 0; i < 10; i++) {
    block.learnLate(read(100), 400);
    block.learn(read(0), 8);
  }
  t.ok(block.timeoutMs(read(100), USUAL) > 400, 'one slow block of a fast unit');
  t.equal(Math.round(block.timeoutMs(read(0), USUAL)), 30, 'is no reason to wait for its other blocks');
});

t.test('no unit has a timeout of more than a second, unless its profile specifies it', async (t) => {
  for (const [profileMs, mostMs] of [
    [20, 1_000],
    [200, 1_000],
    [2_000, 2_000],
  ] as const) {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 20_000 })), { maxLength: 80 }), (replies) => {
        const known = times(profileMs);
        for (const [isLate, ms] of replies) if (isLate) known.learnLate(read(0), ms);
        for (const [isLate, ms] of replies) if (!isLate) known.learn(read(0), Math.min(ms, mostMs));
        const timeoutMs = known.timeoutMs(read(0), USUAL);
        return timeoutMs >= Math.min(profileMs, 30) && timeoutMs <= mostMs && known.timeoutMs(write(0), USUAL) >= profileMs;
      }),
    );
  }
  t.equal(times().learnLate(read(0), 1_001), 'too-late');
});
