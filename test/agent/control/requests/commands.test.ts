import t from 'tap';
import {
  advanceCommand,
  beginCommand,
  COMMAND_MS,
  type LampWork,
  outcomeOf,
  outcomesBetween,
  SILENT_MS,
} from '../../../../agent/control/requests/commands.ts';
import { afterResult, afterSend, afterSent, type LampTrack, NEW_TRACK, nudge } from '../../../../agent/control/writing/reconcile.ts';
import { msg, NO_TEXT } from '../../../../agent/core/message.ts';
import type { Decision, Intent } from '../../../../agent/core/words.ts';
import { texts } from '../../../support/texts.ts';
import { intent } from '../../lighting/street.ts';

const own = intent({ id: 'own', levelPct: 50 });
const decision: Decision = { lampId: 'L1', levelPct: 50, rank: 'override', reason: 'override', distanceM: null, trace: [] };
const sending = afterSend(NEW_TRACK, 'w', 50);
const ended = (verified: boolean, changes: Partial<LampTrack> = {}): LampTrack => ({
  ...afterResult(sending, 'w', { endMono: 1_000, verified, sent: true, reason: verified ? NO_TEXT : msg`no reply` }),
  ...changes,
});
const work = (track: LampTrack, intents: readonly Intent[] = [own]): LampWork => ({ decision, track, intents });
const begin = (lampIds = ['L1']) =>
  beginCommand(
    { commandId: 'c', target: { kind: 'zone', id: 'rue' }, levelPct: 50, source: 'platform', intentId: 'own', sinceMono: 900 },
    lampIds,
  );

const table: [story: string, work: LampWork, nowMono: number, state: string, reason: string][] = [
  ['a write on its way is queued', work(sending), 1_000, 'queued', ''],
  ['one that has left is sent', work(afterSent(sending, 'w')), 1_000, 'sent', ''],
  ['the leaving of an older write says nothing', work(afterSent(sending, 'v')), 1_000, 'queued', ''],
  ['a lamp that was not heard of yet is waited for', work({ ...sending, answers: null }), 900 + SILENT_MS, 'queued', ''],
  ['a silent one too, for a moment', work({ ...sending, answers: false }), 899 + SILENT_MS, 'queued', ''],
  ['then the command fails', work({ ...sending, answers: false }), 900 + SILENT_MS, 'failed', 'does not answer'],
  [
    'one that has taken its level is back: its proof is waited for',
    work({ ...afterSent(sending, 'w'), answers: false }),
    900 + SILENT_MS,
    'sent',
    '',
  ],
  [
    'it is silent as long as only an older level was taken',
    work({ ...afterSent(sending, 'v'), answers: false }),
    900 + SILENT_MS,
    'failed',
    'does not answer',
  ],
  ['unless it was read back', work({ ...ended(true), answers: false }), 900 + SILENT_MS, 'verified', ''],
  ['one that was read back is verified', work(ended(true)), 1_000, 'verified', ''],
  ['one that failed once is sent and not over', work(ended(false)), 1_000, 'sent', ''],
  ['one that failed three times is failed', work(ended(false, { failures: 3 })), 1_000, 'failed', 'no reply'],
  ['nothing waits for ever', work(sending), 900 + COMMAND_MS, 'failed', 'not confirmed within 60 s'],
  ['up to a minute it does', work(sending), 899 + COMMAND_MS, 'queued', ''],
  [
    'a higher rank covers it',
    work(ended(true), [intent({ rank: 'emergency', source: 'panel' }), own]),
    1_000,
    'failed',
    'waiting below emergency by panel',
  ],
  [
    'so does a higher level of the same rank',
    work(ended(true), [intent({ levelPct: 51, source: 'console:a' }), own]),
    1_000,
    'failed',
    'waiting below override by console:a',
  ],
  ['an equal one does not', work(ended(true), [intent({ levelPct: 50, source: 'console:a' }), own]), 1_000, 'verified', ''],
  ['an intent that is gone has failed', work(ended(true), []), 1_000, 'failed', 'replaced, released or over before it was confirmed'],
];
for (const [story, lampWork, nowMono, state, reason] of table) {
  t.test(story, async (t) => {
    const command = advanceCommand(begin(), () => lampWork, nowMono);
    t.match(texts(outcomeOf(command)), { state, reason, lamps: { L1: state } });
  });
}

t.test('lamps that follow a stronger intent are reported separately from those that fail, each with that intent', async (t) => {
  const lock = intent({
    id: 'lock',
    target: { kind: 'lamp', id: 'L2' },
    rank: 'maintenance',
    source: 'console:a',
    levelPct: 0,
    untilMs: 99,
  });
  const key = intent({ id: 'contact:k', rank: 'emergency', source: 'io.input_1', levelPct: 100, goesByItself: true });
  const works: Readonly<Record<string, LampWork>> = {
    L1: work(ended(true)),
    L2: work(ended(true), [lock, own]),
    L3: work(ended(true), [key, own]),
    L4: work(ended(true), [key, own]),
    L5: work(ended(false, { failures: 3 })),
  };
  const { state, lamps, waiting = [] } = outcomeOf(advanceCommand(begin(Object.keys(works)), (id) => works[id], 1_000));
  t.same(
    [state, lamps['L1'], lamps['L2'], lamps['L5']],
    ['failed', 'verified', 'failed', 'failed'],
    'the states sent to the platform are unchanged',
  );
  t.strictSame(
    waiting.map(({ lamps, wish }) => [lamps, wish.target.id, wish.rank, wish.source, wish.levelPct, wish.untilMs, wish.goesByItself]),
    [
      [['L2'], 'L2', 'maintenance', 'console:a', 0, 99, undefined],
      [['L3', 'L4'], 'rue', 'emergency', 'io.input_1', 100, 0, true],
    ],
  );
  t.equal('waiting' in outcomeOf(advanceCommand(begin(), () => work(ended(true)), 1_000)), false);
});

t.test('the caller gets the sent stage, even when it is reported late', async (t) => {
  const before = begin();
  const after = advanceCommand(before, () => work(ended(true)), 1_000);
  t.same(
    outcomesBetween(before, after).map(({ state, lamps }) => [state, lamps]),
    [
      ['sent', { L1: 'sent' }],
      ['verified', { L1: 'verified' }],
    ],
  );
  t.same(outcomesBetween(after, after), []);
});

t.test('a command that was sent does not wait again', async (t) => {
  const sent = advanceCommand(begin(), () => work(ended(false)), 1_000);
  t.equal(sent.state, 'sent');
  const nudged = advanceCommand(sent, () => work(afterSend(nudge(ended(false)), 'x', 50)), 1_100);
  t.equal(nudged.state, 'sent', 'a person asked again');
  t.same(outcomesBetween(sent, nudged), []);
  const moved = { ...work(afterSend(ended(false), 'x', 40)), decision: { ...decision, levelPct: 40 } };
  t.equal(advanceCommand(sent, () => moved, 1_100).state, 'sent', 'another level is on its way');
});

t.test('lamps with the same reason are named together, many are counted', async (t) => {
  const ids = Array.from({ length: 9 }, (_, i) => `L${i + 1}`);
  const dead = work(ended(false, { failures: 3 }));
  const covered = work(ended(true), [intent({ rank: 'maintenance', source: 'console:a' }), own]);
  const all = advanceCommand(begin(ids), (id) => (id === 'L9' ? covered : dead), 1_000);
  t.equal(String(outcomeOf(all).reason), 'L1, L2, L3, L4, L5, L6 and 2 more: no reply; L9: waiting: maintenance by console:a has priority');
});

t.test('a command for a street without lamps ends immediately', async (t) => {
  const before = begin([]);
  const after = advanceCommand(before, () => undefined, 1_000);
  t.match(
    outcomesBetween(before, after).map(({ state, lamps }) => [state, lamps]),
    [['verified', {}]],
  );
});
