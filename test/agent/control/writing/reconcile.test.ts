import fc from 'fast-check';
import t from 'tap';
import {
  afterResult,
  afterSend,
  isFollowing,
  isKnown,
  type LampTrack,
  NEW_TRACK,
  nearestFirst,
  nudge,
  reconcile,
} from '../../../../agent/control/writing/reconcile.ts';
import { msg, NO_TEXT } from '../../../../agent/core/message.ts';
import type { Decision, Rank, Reading } from '../../../../agent/core/words.ts';
import { reading } from '../../lighting/street.ts';

const decision = (levelPct: number, rank: Rank = 'programme', distanceM: number | null = null): Decision => ({
  lampId: 'L1',
  levelPct,
  rank,
  reason: 'programme',
  distanceM,
  trace: [],
});
const at = (value: number | null, atMono: number, quality: Reading['quality'] = 'good') => reading('L1.level', value, atMono, quality);
const verification = { settleMs: 100, tolerance: 0.5 };
const look = (track: LampTrack, wanted: Decision, nowMono: number, measured?: Reading) =>
  reconcile(track, { decision: wanted, measured, verification, nowMono });
/** A track after one write of this level that ended at 1000. */
const written = (levelPct: number, verified = true): LampTrack =>
  afterResult(afterSend({ ...NEW_TRACK, answers: true }, 'w', levelPct), 'w', {
    endMono: 1_000,
    verified,
    sent: true,
    reason: verified ? NO_TEXT : msg`no reply`,
  });

t.test('an output that is no longer read, or has no valid value, is unknown; before the first reading only its writes count', async (t) => {
  const table = { good: true, stale: false, bad: false, missing: false } as const;
  for (const [quality, isIt] of Object.entries(table))
    t.equal(isKnown(at(quality === 'good' ? 30 : null, 1, quality as Reading['quality'])), isIt, quality);
  t.ok(isKnown(undefined));
});

t.test('a lamp in its place keeps its track, object and all, until it is found elsewhere', async (t) => {
  const settled = look(written(30), decision(30), 2_000, at(30, 1_900)).track;
  t.equal(look(settled, decision(30), 3_000, at(30, 2_900)).track, settled);
  t.equal(look(settled, decision(30), 3_000, at(30.4, 2_900)).track, settled, 'within its tolerance');
  t.equal(look(settled, decision(30), 4_000, at(80, 3_900)).track.drifts, 1);
  t.equal(look(settled, decision(30), 4_000, at(null, 3_900, 'missing')).track.answers, false);
});

const table: [story: string, track: LampTrack, wanted: Decision, nowMono: number, measured: Reading | undefined, write: object | null][] = [
  ['a lamp of unknown level is written', NEW_TRACK, decision(30), 0, undefined, { levelPct: 30, lane: 'command' }],
  ['a lamp found where it shall be is left alone', NEW_TRACK, decision(30), 10, at(30, 5), null],
  ['a lamp found elsewhere is written', NEW_TRACK, decision(30), 10, at(80, 5), { levelPct: 30, lane: 'command' }],
  ['the same intent in flight is not repeated', afterSend(NEW_TRACK, 'w', 30), decision(30), 9_999, undefined, null],
  [
    'a changed intent does not wait for the old one',
    afterSend(NEW_TRACK, 'w', 30),
    decision(100, 'presence'),
    1,
    undefined,
    { levelPct: 100, lane: 'urgent' },
  ],
  ['a verified lamp is trusted until it is read', written(30), decision(30), 1_500, at(80, 900), null],
  ['nor does a reading count before the write has settled', written(30), decision(30), 1_500, at(80, 1_050), null],
  ['a failed write waits', written(30, false), decision(30), 1_999, undefined, null],
  ['and is tried again after a second', written(30, false), decision(30), 2_000, undefined, { levelPct: 30, lane: 'command' }],
  [
    'a changed intent does not wait for the back-off',
    written(30, false),
    decision(40),
    1_001,
    undefined,
    { levelPct: 40, lane: 'command' },
  ],
  [
    'a lamp that answers again does not wait either',
    { ...written(30, false), answers: false },
    decision(30),
    1_200,
    at(80, 1_150),
    { levelPct: 30, lane: 'command' },
  ],
  [
    'one that was away and lost its level is written at once',
    { ...written(30), answers: false },
    decision(30),
    5_000,
    at(100, 4_999),
    { levelPct: 30, lane: 'command' },
  ],
  ['a silent lamp that had confirmed is not flooded', written(30), decision(30), 5_000, at(null, 4_999, 'missing'), null],
  [
    'one that gives no valid level waits a second',
    look(written(30), decision(30), 5_000, at(null, 4_999, 'bad')).track,
    decision(30),
    5_999,
    undefined,
    null,
  ],
  [
    'and is written again',
    look(written(30), decision(30), 5_000, at(null, 4_999, 'bad')).track,
    decision(30),
    6_000,
    undefined,
    { levelPct: 30, lane: 'command' },
  ],
  ['a rise for a walker is urgent', written(30), decision(100, 'presence'), 1_500, undefined, { levelPct: 100, lane: 'urgent' }],
  ['a rise in an emergency is urgent', written(30), decision(100, 'emergency'), 1_500, undefined, { levelPct: 100, lane: 'urgent' }],
  ['a rise by override lets walkers go first', written(30), decision(50, 'override'), 1_500, undefined, { levelPct: 50, lane: 'command' }],
  ['a dimming override too', written(30), decision(20, 'override'), 1_500, undefined, { levelPct: 20, lane: 'command' }],
  ['a rise by programme is not', written(30), decision(90), 1_500, undefined, { levelPct: 90, lane: 'command' }],
  ['a difference within the tolerance is none', NEW_TRACK, decision(30), 10, at(30.4, 5), null],
];
for (const [story, track, wanted, nowMono, measured, write] of table) {
  t.test(story, async (t) => t.same(look(track, wanted, nowMono, measured).write, write));
}

t.test('a lamp that something else moves is written again, later each time, and is not called following after three', async (t) => {
  let track = written(30);
  const writesMono: number[] = [];
  for (let nowMono = 2_000; nowMono < 100_000; nowMono += 500) {
    const step = look(track, decision(30), nowMono, at(77, nowMono - 1));
    track = step.track;
    if (step.write === null) continue;
    writesMono.push(nowMono);
    track = afterResult(afterSend(track, `w${nowMono}`, 30), `w${nowMono}`, {
      endMono: nowMono + 20,
      verified: true,
      sent: true,
      reason: NO_TEXT,
    });
  }
  const waits = writesMono.slice(1).map((mono, i) => mono - (writesMono[i] ?? 0));
  t.same(waits, [2_500, 4_500, 8_500, 16_500, 32_500], 'each wait is twice the last, and the half second in which the drift was noticed');
  t.notOk(isFollowing(track));
  t.ok(isFollowing(look(track, decision(30), 200_000, at(30, 199_999)).track), 'found where it shall be, it follows again');
});

t.test('a reading from before the lamp had settled is no drift', async (t) => {
  t.equal(look(written(30), decision(30), 1_500, at(80, 1_100)).track.drifts, 0);
  t.equal(look(written(30), decision(30), 1_500, at(80, 1_101)).track.drifts, 1);
  t.equal(look(written(30), decision(30), 1_500, at(null, 1_100, 'bad')).track.drifts, 0);
  t.equal(look(written(30), decision(30), 1_500, at(null, 1_101, 'bad')).track.drifts, 1);
});

t.test('a write replaced by a newer one is ignored', async (t) => {
  const track = afterSend(afterSend(NEW_TRACK, 'old', 30), 'new', 100);
  t.equal(afterResult(track, 'old', { endMono: 5, verified: false, sent: false, reason: msg`superseded` }), track);
  t.match(afterResult(track, 'new', { endMono: 6, verified: true, sent: true, reason: NO_TEXT }), {
    inFlight: null,
    confirmedPct: 100,
    failures: 0,
  });
});

t.test('a person who repeats a request is not delayed by the back-off', async (t) => {
  const stubborn = { ...written(30, false), failures: 9, retryMono: 60_000 };
  t.equal(look(stubborn, decision(30, 'override'), 2_000).write, null);
  t.same(look(nudge(stubborn), decision(30, 'override'), 2_000).write, { levelPct: 30, lane: 'command' });
  t.equal(look(nudge(written(30)), decision(30), 2_000).write, null, 'a confirmed lamp is left alone');
});

t.test('nearest first, then the order of the cabinet', async (t) => {
  const order = [null, 50, 0, null, 25].map((distanceM, i) => ({ ...decision(1, 'presence', distanceM), lampId: `L${i}` }));
  t.same(
    [...order].sort(nearestFirst).map(({ lampId }) => lampId),
    ['L2', 'L4', 'L1', 'L0', 'L3'],
  );
});

t.test('a steady intent on a dead lamp: writes thin out to one a minute and never stop', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 200, max: 3_000 }), (levelPct, tickMs) => {
      let track = NEW_TRACK;
      const writesMono: number[] = [];
      for (let nowMono = 0; nowMono < 600_000; nowMono += tickMs) {
        const step = look(track, decision(levelPct), nowMono, at(null, nowMono, 'missing'));
        track = step.track;
        if (step.write === null) continue;
        writesMono.push(nowMono);
        track = afterResult(afterSend(track, `w${nowMono}`, levelPct), `w${nowMono}`, {
          endMono: nowMono,
          verified: false,
          sent: true,
          reason: msg`no reply`,
        });
      }
      const waits = writesMono.slice(1).map((mono, i) => mono - (writesMono[i] ?? 0));
      return waits.every((ms, i) => ms >= Math.min(1_000 * 2 ** i, 60_000) && ms < Math.min(1_000 * 2 ** i, 60_000) + tickMs);
    }),
    { numRuns: 50 },
  );
  t.pass('held for all levels and ticks');
});
