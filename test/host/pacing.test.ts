import fc from 'fast-check';
import t from 'tap';
import { AckOutbox } from '../../platform/core/acks.ts';
import { birthEpoch, isNewerBirth } from '../../platform/core/births.ts';
import { commandMetrics, dueMs } from '../../platform/core/command.ts';
import { holesBelow, watchHoles } from '../../platform/core/holes.ts';
import { isOfflineText, nextHostState, OFFLINE } from '../../platform/core/host-state.ts';
import { IntakeQueue } from '../../platform/core/intake.ts';
import { afterRequest, fullBucket, mayAsk, type RebirthHistory, takeTokens } from '../../platform/core/pacing.ts';
import { readPayload, writePayload } from '../../platform/core/wire.ts';

const MINUTE = 60_000;

t.test('the fleet: never more than the burst and what has refilled since, also with rates ten times lower and higher', async (t) => {
  for (const perS of [1, 10, 100]) {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2_000), fc.nat(50)), { maxLength: 60 }), (steps) => {
        const size = { perS, burst: 2 * perS };
        let [bucket, nowMs, total] = [fullBucket(size, 0), 0, 0];
        for (const [passedMs, wanted] of steps) {
          nowMs += passedMs;
          const result = takeTokens(bucket, size, wanted, nowMs);
          bucket = result.bucket;
          total += result.taken;
        }
        return total <= size.burst + (perS * nowMs) / 1_000 + 1e-6;
      }),
    );
  }
  // A whole city after the loss of a database: 1,450 nodes, looked at once a second.
  const size = { perS: 10, burst: 20 };
  let [bucket, left, seconds] = [fullBucket(size, 0), 1_450, 0];
  for (; left > 0; seconds += 1) {
    const result = takeTokens(bucket, size, Math.min(left, size.burst), seconds * 1_000);
    bucket = result.bucket;
    left -= result.taken;
  }
  t.ok(seconds >= 140 && seconds <= 150, `${seconds} s`);
});

t.test('one node: 5 s, doubled to 10 min, and from the start after 20 min without a request', async (t) => {
  let history: RebirthHistory = { askedMs: null, waitMs: 0 };
  let nowMs = 1_000_000;
  const waits: number[] = [];
  for (let i = 0; i < 10; i += 1) {
    t.ok(mayAsk(history, nowMs));
    history = afterRequest(history, nowMs);
    waits.push(history.waitMs / 1_000);
    t.notOk(mayAsk(history, nowMs + history.waitMs - 1));
    nowMs += history.waitMs;
  }
  t.strictSame(waits, [5, 10, 20, 40, 80, 160, 320, 600, 600, 600]);
  t.equal(afterRequest(history, nowMs + 21 * MINUTE).waitMs, 5_000);
});

t.test('holes: a minute unchanged, below what was sent, then less and less often', async (t) => {
  t.strictSame(
    holesBelow(
      [
        { from: 3, to: 5 },
        { from: 8, to: 20 },
        { from: 30, to: 40 },
      ],
      10,
    ),
    [
      { from: 3, to: 5 },
      { from: 8, to: 10 },
    ],
  );
  let { watched, due } = watchHoles([], [{ from: 3, to: 5 }], 0);
  const asked: number[] = [];
  for (let nowMs = 0; nowMs <= 20 * MINUTE; nowMs += 10_000) {
    ({ watched, due } = watchHoles(watched, [{ from: 3, to: 5 }], nowMs));
    if (due.length > 0) asked.push(nowMs / MINUTE);
  }
  t.strictSame(asked, [1, 3, 7, 15]);
  ({ watched, due } = watchHoles(watched, [{ from: 4, to: 5 }], 25 * MINUTE));
  t.strictSame([due, watched[0]?.sinceMs], [[], 25 * MINUTE], 'one that is being filled waits again');
  const many = Array.from({ length: 30 }, (_, i) => ({ from: i * 10 + 1, to: i * 10 + 2 }));
  t.equal(watchHoles(watchHoles([], many, 0).watched, many, MINUTE).due.length, 8);
});

t.test('which births belong together', async (t) => {
  t.ok(isNewerBirth(10, null));
  t.notOk(isNewerBirth(100_000, 130_000), 'half a minute older: it arrived late');
  t.ok(isNewerBirth(100_000, 100_000_000), 'much older: the clock of the node was set');
  const sessions = [
    { epoch: 'new', bornMs: 500 },
    { epoch: 'old', bornMs: 100 },
  ];
  t.strictSame(
    [600, 500, 400, 50, -70_000].map((ms) => birthEpoch(ms, sessions)),
    ['new', 'new', 'old', null, 'new'],
  );
  t.equal(birthEpoch(1, []), '', 'before any NBIRTH');
});

t.test('STATE: online while a worker is ready; a database that is away for a moment changes nothing', async (t) => {
  let state = nextHostState(OFFLINE, 'gone', 0);
  t.notOk(state.isOnline);
  state = nextHostState(state, 'ready', 1);
  state = nextHostState(state, 'unknown', 2);
  t.ok(state.isOnline);
  t.ok(nextHostState(state, 'unknown', 15_001).isOnline);
  t.notOk(nextHostState(state, 'unknown', 15_002).isOnline);
  t.ok(nextHostState(state, 'gone', 3).isOnline, 'the workers could not report while the database was silent');
  t.notOk(nextHostState(state, 'gone', 15_002).isOnline);
  t.notOk(nextHostState(nextHostState(state, 'ready', 3), 'gone', 4).isOnline);
  t.notOk(nextHostState(OFFLINE, 'unknown', 5).isOnline, 'and it does not go online without an answer');
  t.strictSame(['{"online":false,"timestamp":1}', '{"online":true}', 'x', 'null'].map(isOfflineText), [true, false, false, false]);
});

t.test('acknowledgements: the newest of each node, once in a period', async (t) => {
  const outbox = new AckOutbox<string>(1_000);
  outbox.add(1, 'a');
  outbox.add(1, 'b');
  outbox.add(2, 'c');
  t.strictSame(outbox.due(0), [
    [1, 'b'],
    [2, 'c'],
  ]);
  outbox.add(1, 'd');
  t.strictSame([outbox.due(999), outbox.due(1_000)], [[], [[1, 'd']]]);
});

t.test('a full queue holds the socket until there is room', async (t) => {
  const queue = new IntakeQueue<number>({ messages: 3, bytes: 100 });
  const resumed: number[] = [];
  for (const i of [1, 2, 3]) queue.push(i, 10, () => resumed.push(i));
  t.strictSame([resumed, queue.isFull], [[1, 2], true]);
  t.strictSame(queue.take(1), [1]);
  t.strictSame(resumed, [1, 2, 3]);
  queue.push(4, 99, () => resumed.push(4));
  t.equal(queue.isFull, true, 'bytes count too');
  t.strictSame(queue.take(9), [2, 3, 4]);
  t.strictSame([resumed, queue.length, queue.bytes], [[1, 2, 3, 4], 0, 0]);
});

t.test('commands: types, expiry, and when they are sent again', async (t) => {
  const command = {
    id: 'a-1',
    expiresMs: 100_000,
    sentMs: null,
    attempts: 0,
    metrics: { 'Override/Level': 80, relay_1: 1, 'Override/Until': 5, 'Emergency/On': true, 'Config/Data': { base64: 'AQI=' } },
  };
  const metrics = commandMetrics(command, (name) => (name === 'relay_1' ? 10 : undefined));
  t.strictSame(
    metrics.map(({ name, datatype }) => `${name} ${datatype}`),
    ['Override/Level 4', 'relay_1 10', 'Override/Until 13', 'Emergency/On 11', 'Config/Data 17', 'Command/Id 12', 'Command/Expires 13'],
  );
  t.throws(() => commandMetrics({ ...command, metrics: { x: null as never } }, () => undefined), RangeError);
  const due = (sentMs: number | null, attempts: number) => dueMs({ ...command, sentMs, attempts }, 50_000);
  t.strictSame([due(null, 0), due(1_000, 1), due(1_000, 2), due(1_000, 9)], [50_000, 6_000, 11_000, 61_000]);
  t.equal(dueMs(command, 100_000), null);
});

t.test('commands: the type of a birth applies only where it fits the value, and the value arrives', async (t) => {
  const base64 = { base64: 'AQI=' };
  const cases: readonly (readonly [
    value: number | boolean | string | typeof base64,
    born: unknown,
    datatype: number,
    arrives?: unknown,
  ])[] = [
    ...[0, 12, 14, 15, 16, 17, 18, 19, 34, -1, 1.5, Number.NaN, undefined, null, '4', Object].map((born) => [80, born, 4] as const),
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13].map((born) => [80, born, born] as const),
    ...([0, 1] as const).map((value) => [value, 11, 11, value === 1] as const),
    ...[[80, 11, 4] as const, [300, 1, 4] as const, [300, 5, 4] as const, [70_000, 2, 4] as const, [70_000, 6, 4] as const],
    ...[[2 ** 31, 3, 4] as const, [2 ** 30, 7, 7] as const, [2 ** 31, 7, 4] as const, [2 ** 40, 8, 8] as const, [2 ** 25, 9, 4] as const],
    ...[[0.5, 4, 10] as const, [0.5, 18, 10] as const, [1e300, 4, 10] as const, [1e300, 0, 10] as const],
    ...[0, 4, 11, 12, 15, 16, 18].map((born) => [true, born, 11] as const),
    ...[0, 4, 11, 12, 14, 17, 18].map((born) => ['80', born, 12] as const),
    ...[0, 4, 11, 12, 17, 18].map((born) => [base64, born, 17, new Uint8Array([1, 2])] as const),
  ];
  for (const [value, born, datatype, arrives = value] of cases) {
    const command = { id: 'a-1', expiresMs: 100_000, sentMs: null, attempts: 0, metrics: { x: value } };
    const read = readPayload(
      writePayload(
        1,
        commandMetrics(command, () => born as number),
      ),
    )?.metrics[0];
    const found = read?.value instanceof Uint8Array ? new Uint8Array(read.value) : read?.value;
    t.strictSame([read?.datatype, found], [datatype, arrives], `${JSON.stringify(value)} as ${String(born)}`);
  }
});
