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

t.test('an unchanged value is taken at once on a line that is well, and asked for again for a minute after a late reply', async (t) => {
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
