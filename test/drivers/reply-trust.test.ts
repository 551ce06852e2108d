import t from 'tap';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { LateReplies } from '../../drivers/modbus/late-replies.ts';
import { freshCounters } from '../../drivers/modbus/modbus-link.ts';
import { type Candidate, ReplyTrust } from '../../drivers/modbus/reply-trust.ts';
import { crcBitwise } from '../street/rtu-slave.ts';

function withCrc(bytes: readonly number[]): Buffer {
  const crc = crcBitwise(Buffer.from(bytes));
  return Buffer.from([...bytes, crc & 0xff, crc >> 8]);
}

const READ = withCrc([10, 3, 0, 8, 0, 2]);
const OTHER = withCrc([10, 3, 0, 16, 0, 3]);
const UNCHANGED = withCrc([10, 3, 4, 0, 50, 0, 0]);
const LATE = withCrc([10, 3, 6, 0, 50, 0, 0, 0, 1]);

function trustAt() {
  const trust = new ReplyTrust(new LateReplies(), freshCounters());
  const first = { isFirstKnown: false, isFirstForeign: false, isFirstEarly: false, firstTookMs: 0 };
  const judge = (nowMono: number, frames: readonly Buffer[] = [UNCHANGED]) => {
    const at = { firstSentMono: nowMono - 20, sentMono: nowMono - 20, nowMono, turnaroundMs: 5 };
    const candidate: Candidate = { request: READ, first, frames, ...at, isAlone: true, isFollowed: false, mayAskAgain: () => true };
    trust.sent(READ, nowMono - 20);
    return trust.judge(candidate);
  };
  return { trust, judge };
}

t.test('an unchanged value is accepted immediately on a healthy line, and read again for a minute after a late reply', async (t) => {
  const { trust, judge } = trustAt();
  t.equal(judge(1_000), 'good', 'the first');
  t.equal(judge(2_000), 'good', 'the same once more');
  trust.sent(OTHER, 2_100);
  trust.lost(OTHER, { sentMono: 2_100, nowMono: 2_200, isHeld: true });
  t.equal(trust.name({ frame: LATE, unit: 10, fc: 3, isRequest: false }, 2_300), 'late');
  for (const nowMono of [3_000, 30_000, 60_000]) {
    t.equal(judge(nowMono), 'again', `${nowMono - 2_300} ms after it`);
    t.equal(judge(nowMono + 30, [UNCHANGED, UNCHANGED]), 'good', 'two that agree');
  }
  t.equal(judge(2_300 + MINUTE_MS + 1), 'good', 'a minute later it is well again');
});

/** A reply whose first content byte is this letter. */
const reply = (letter: string): Buffer => withCrc([10, 3, 4, 0, letter.charCodeAt(0), 0, 0]);

/** A unit whose replies come twice: its line is in doubt, and what it said before needs three replies. */
function doubted() {
  const { trust, judge } = trustAt();
  judge(1_000, [reply('a')]);
  judge(2_000, [reply('b')]);
  for (const letter of ['a', 'b', 'c', 'd']) trust.name({ frame: reply(letter), unit: 10, fc: 3, isRequest: false }, 2_500);
  return { trust, judge };
}

t.test('on a doubted line three replies in a row must agree; a change begins the vote again, once', async (t) => {
  for (const [letters, verdict] of [
    ['a', 'again'],
    ['aa', 'again'],
    ['aaa', 'good'],
    ['ab', 'again'],
    ['abb', 'again'],
    ['abbb', 'good'],
    ['aab', 'again'],
    ['aabb', 'again'],
    ['aabbb', 'good'],
    ['aba', 'doubtful'],
    ['abc', 'doubtful'],
    ['abba', 'doubtful'],
    ['aabba', 'doubtful'],
  ] as const) {
    const { trust, judge } = doubted();
    t.ok(trust.isDoubtful(3_000));
    const frames = [...letters].map(reply);
    // The first reply decides what the others are compared with.
    const verdicts = frames.map((_, i) => judge(4_000 + 100 * i, frames.slice(0, i + 1)));
    t.same(verdicts, [...frames.slice(1).map(() => 'again'), verdict], letters);
  }
});

t.test(
  'a shape that needs three replies is not read for a second after its last request, and without any wait once the doubt is over',
  async (t) => {
    const { trust } = doubted();
    const at = (nowMono: number) => ({ fc: 3, count: 2, nowMono });
    trust.sent(READ, 3_000);
    t.equal(trust.strictness(10, at(3_001)), 'votes');
    t.equal(trust.restUntilMono(10, at(3_001)), 4_000);
    t.equal(trust.restUntilMono(10, at(2_500 + MINUTE_MS)), 0, 'a minute after the duplicate the line is well again');
  },
);

t.test('late replies and late exceptions that a given-up request explains are no surplus replies; others are', (t) => {
  let extras = 0;
  const trust = new ReplyTrust(new LateReplies(), freshCounters(), () => extras++);
  const refusal = withCrc([10, 0x83, 0x0b]);
  trust.sent(READ, 0);
  for (let n = 1; n <= 20; n++) {
    trust.lost(READ, { sentMono: n * 1_000, nowMono: n * 1_000 + 200, isHeld: true });
    trust.name({ frame: refusal, unit: 10, fc: 3, isRequest: false }, n * 1_000 + 300);
  }
  t.equal(extras, 0);
  for (let n = 1; n <= 20; n++) {
    trust.lost(OTHER, { sentMono: 30_000 + n * 1_000, nowMono: 30_200 + n * 1_000, isHeld: true });
    trust.name({ frame: LATE, unit: 10, fc: 3, isRequest: false }, 30_300 + n * 1_000);
  }
  t.equal(extras, 0);
  trust.name({ frame: refusal, unit: 10, fc: 3, isRequest: false }, 60_000);
  t.equal(extras, 1, 'each request explains one exception');
  t.end();
});
