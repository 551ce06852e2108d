import t from 'tap';
import { PingBarriers, SLOWEST_BYTES_PER_MS } from '../../../../agent/sync/mqtt/ping-barriers.ts';
import { manualClock } from '../small-node.ts';

const MAX_QUEUED_BYTES = 2_097_152;

function setUp(keepaliveS = 30) {
  const clock = manualClock();
  const bytes = { sent: 0, received: 0 };
  const state = { subscribing: false };
  const unanswered: number[] = [];
  const barriers: PingBarriers = new PingBarriers({
    clock,
    keepaliveS,
    maxQueuedBytes: MAX_QUEUED_BYTES,
    sendPing: () => barriers.noteSent('pingreq'),
    bytes: () => bytes,
    isSubscribing: () => state.subscribing,
    onUnanswered: (waitedMs) => unanswered.push(waitedMs),
  });
  const ping = (): void => void barriers.wait();
  /** Time passes while `perS` bytes arrive each second. */
  const receive = async (seconds: number, perS: number): Promise<void> => {
    for (let s = 0; s < seconds && unanswered.length === 0; s += 1) {
      bytes.received += perS;
      await clock.advance(1_000);
    }
  };
  return { clock, bytes, state, unanswered, barriers, ping, receive };
}

for (const keepaliveS of [3, 30, 300]) {
  t.test(`a ping without an answer is reported after a keepalive of ${keepaliveS} s, once, whatever else arrives`, async (t) => {
    const { clock, unanswered, ping, receive } = setUp(keepaliveS);
    ping();
    await receive(keepaliveS, 10);
    t.strictSame(unanswered, [], 'not early');
    await receive(keepaliveS * 0.2 + 1, 10);
    t.equal(unanswered.length, 1);
    await clock.advance(3_600_000);
    t.equal(unanswered.length, 1);
  });
}

t.test('an answered ping has no limit, and the next one has its whole time', async (t) => {
  const { unanswered, barriers, ping, receive } = setUp();
  for (let round = 0; round < 20; round += 1) {
    ping();
    await receive(29, 10);
    barriers.noteReceived('pingresp');
    await receive(round, 10);
  }
  t.strictSame(unanswered, []);
});

t.test('an answer to no ping proves nothing', async (t) => {
  const { barriers } = setUp();
  const proven: string[] = [];
  barriers.noteReceived('pingresp');
  void barriers.wait().then(() => proven.push('first'));
  await Promise.resolve();
  t.strictSame(proven, [], 'the broker has not answered this ping');
  barriers.noteReceived('pingresp');
  await Promise.resolve();
  t.strictSame(proven, ['first']);
});

t.test('a broker that answers every second ping is found', async (t) => {
  const { unanswered, barriers, ping, receive } = setUp();
  for (let s = 0; s < 120; s += 2) {
    ping();
    await receive(1, 10);
    ping();
    barriers.noteReceived('pingresp');
    await receive(1, 10);
  }
  t.equal(unanswered.length, 1);
});

for (const sentBytes of [10_000, 100_000, 1_000_000]) {
  t.test(`${sentBytes} unproven bytes before the ping are transferred first on a slow link`, async (t) => {
    const { bytes, unanswered, barriers, ping, receive } = setUp();
    bytes.sent = sentBytes;
    ping();
    await receive(30 + Math.floor(sentBytes / SLOWEST_BYTES_PER_MS / 1_000), 1);
    t.strictSame(unanswered, []);
    barriers.noteReceived('pingresp');
    ping();
    await receive(36, 1);
    t.equal(unanswered.length, 1, 'the next ping has only its own bytes: the answer has proven the others');
  });
}

for (const perS of [2_000, 20_000]) {
  t.test(`a transfer of ${perS} bytes/s to the cabinet does not end the connection before the queue of a broker is empty`, async (t) => {
    const { unanswered, ping, receive } = setUp();
    ping();
    await receive(Math.floor(MAX_QUEUED_BYTES / 2_000), perS);
    t.strictSame(unanswered, []);
    await receive(40, perS);
    t.equal(unanswered.length, 1, 'a longer transfer is not ahead of the answer');
  });
}

t.test('silence after the ping is left to the probe; the first late byte without the answer ends the wait', async (t) => {
  const { clock, unanswered, ping, receive } = setUp();
  ping();
  await clock.advance(600_000);
  t.strictSame(unanswered, []);
  await receive(4, 1);
  t.equal(unanswered.length, 1);
});

t.test('the wait for a SUBACK does not count', async (t) => {
  const { state, unanswered, ping, receive } = setUp(5);
  state.subscribing = true;
  ping();
  await receive(29, 10);
  t.strictSame(unanswered, []);
  state.subscribing = false;
  await receive(7, 10);
  t.equal(unanswered.length, 1);
});

t.test('no limit without a keepalive, and none after the end of the connection', async (t) => {
  const none = setUp(0);
  none.ping();
  await none.receive(3_600, 10);
  const ended = setUp();
  const rejected = t.rejects(ended.barriers.wait(), { message: 'gone' });
  ended.barriers.fail(new Error('gone'));
  await rejected;
  await ended.receive(3_600, 10);
  t.strictSame([none.unanswered, ended.unanswered], [[], []]);
});
