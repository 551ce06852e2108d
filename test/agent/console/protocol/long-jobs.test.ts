import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import t from 'tap';
import { createDeadlines, serveConnection } from '../../../../agent/console/protocol/connection.ts';
import { SUMMARY_MS } from '../../../../agent/console/protocol/protocol.ts';
import { callAgent } from '../../../../agent/console/protocol/socket-client.ts';
import type { BusTransaction } from '../../../../agent/core/bus-tools.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { AgentView } from '../../../../agent/core/views.ts';
import { transaction } from '../fake-bus.ts';
import { AT_MS, TIMEZONE } from '../fake-clock.ts';
import { createFakeView } from '../fake-view.ts';
import { answersUntil, ask, call, client, place, receiveReplies, serverAt } from './console-clients.ts';

/** A view whose watch of a line is in the test's hand. */
function watchedView() {
  const view = createFakeView();
  const [began, ended] = [Promise.withResolvers<(transaction: BusTransaction) => void>(), Promise.withResolvers<void>()];
  const watch: AgentView['bus']['watch'] = (_line, send) => {
    began.resolve(send);
    return ended.resolve;
  };
  return { view: { ...view, bus: { ...view.bus, watch } }, began: began.promise, ended: ended.promise };
}

t.test('a long job reports its progress before its answer, a short one does not', async (t) => {
  const socketPath = place(t);
  await serverAt(t, socketPath).start();
  const progress: unknown[] = [];
  const ask = (command: string, args: Record<string, string>) =>
    callAgent({
      socketPaths: [socketPath],
      request: { id: 7, command, args, user: 'tech' },
      timeoutMs: 5_000,
      onProgress: (message) => progress.push(message),
    });
  t.match(await ask('bus scan', { line: 'street' }), { id: 7, ok: true, result: { line: 'street' } });
  t.match(
    progress,
    [1, 124, 247].map((done) => ({ id: 7, atMs: AT_MS, timezone: TIMEZONE, progress: { done, total: 247 } })),
  );
  await ask('bus stats', {});
  t.equal(progress.length, 3);
});

t.test('a watch streams until its time has passed', async (t) => {
  const socketPath = place(t);
  const clock = createManualClock(AT_MS);
  const { view, began, ended } = watchedView();
  await serverAt(t, socketPath, view, clock).start();
  const socket = await client(t, socketPath);
  socket.write(ask(4, 'bus watch', { line: 'street', for: '10s' }));
  const send = await began;
  send(transaction());
  t.match(await receiveReplies(socket, 1), [{ id: 4, progress: { unit: 7, lane: 'telemetry' } }]);
  await clock.advance(9_999);
  t.match(
    await receiveReplies(socket, 3),
    [3_000, 6_000, 9_000].map((afterMs) => ({ id: 4, atMs: AT_MS + afterMs, progress: null })),
    'a quiet line gives signs of life',
  );
  await clock.advance(1);
  t.match(await receiveReplies(socket, 1), [{ id: 4, ok: true, result: { line: 'street', seen: 1, missed: 0, durationMs: 10_000 } }]);
  await ended;
  send(transaction());
  socket.write(ask(5, 'devices'));
  t.match(await receiveReplies(socket, 1), [{ id: 5, ok: true }], 'late progress is not sent, and the slot is free for the next job');
});

const goodbyes: [story: string, leave: (socket: Socket) => void][] = [
  ['cut', (socket) => socket.destroy()],
  ['closed properly', (socket) => socket.end()],
];

for (const [story, leave] of goodbyes) {
  t.test(`a job ends when the socket of its reader is ${story}, even without output`, async (t) => {
    const socketPath = place(t);
    const { view, began, ended } = watchedView();
    await serverAt(t, socketPath, view).start();
    const socket = await client(t, socketPath);
    socket.write(ask(1, 'bus watch', { line: 'street' }));
    await began;
    leave(socket);
    await ended;
    t.pass('the line is no longer watched');
  });
}

t.test('a scan is stopped when its reader closes, and one that does not stop keeps no slot', async (t) => {
  const socketPath = place(t);
  const view = createFakeView();
  const signals: AbortSignal[] = [];
  const scan: AgentView['bus']['scan'] = ({ signal }) => {
    if (signal !== undefined) signals.push(signal);
    return new Promise(() => {});
  };
  await serverAt(t, socketPath, { ...view, bus: { ...view.bus, scan } }).start();
  for (let index = 0; index < 12; index++) {
    const socket = await client(t, socketPath);
    socket.write(ask(index, 'bus scan', { line: 'street' }));
    while (signals.length <= index) await new Promise(setImmediate);
    const closed = once(socket, 'close');
    socket.end();
    socket.resume();
    await closed;
  }
  t.ok(signals.length === 12 && signals.every(({ aborted }) => aborted));
  t.match(await call(socketPath, 'status'), { ok: true });
});

t.test('a stopping agent ends the jobs of its consoles', async (t) => {
  const socketPath = place(t);
  const { view, began, ended } = watchedView();
  const server = serverAt(t, socketPath, view);
  await server.start();
  const socket = await client(t, socketPath);
  socket.write(ask(1, 'bus watch', { line: 'street' }));
  await began;
  await server.stop();
  await ended;
  t.pass('the line is no longer watched');
});

t.test('a reader that is too slow loses transactions, gets their number, and costs no memory', async (t) => {
  const socketPath = place(t);
  const clock = createManualClock(AT_MS);
  const { view, began } = watchedView();
  await serverAt(t, socketPath, view, clock).start();
  const socket = await client(t, socketPath);
  socket.pause();
  socket.write(ask(1, 'bus watch', { line: 'street', for: '1s' }));
  const send = await began;
  for (let index = 0; index < 50_000; index++) {
    send(transaction());
    if (index % 1_000 === 0) await new Promise(setImmediate);
  }
  await clock.advance(1_000);
  const got: unknown[] = await answersUntil(socket, (message) => 'ok' in (message as object));
  const { seen, missed } = (got.at(-1) as { result: { seen: number; missed: number } }).result;
  t.equal(seen, got.length - 1, 'what was counted as seen came through');
  t.equal(seen + missed, 50_000);
  t.ok(seen < 10_000, `${seen} waited in buffers`);
});

t.test('a long command that its reader leaves is noted too', async (t) => {
  const socketPath = place(t);
  const view = createFakeView();
  await serverAt(t, socketPath, view).start();
  const socket = await client(t, socketPath);
  socket.write(ask(1, 'walk-test', { zone: 'bressigny' }));
  await answersUntil(socket, () => true);
  socket.destroy();
  while (view.noted.length === 0) await new Promise(setImmediate);
  t.match(view.noted, [{ action: 'walk-test', result: 'ended by its reader' }]);
});

t.test('a walk test that its reader ends still gives its summary', async (t) => {
  const socketPath = place(t);
  const view = createFakeView();
  await serverAt(t, socketPath, view).start();
  const enough = new AbortController();
  const seen: unknown[] = [];
  const answer = await callAgent({
    socketPaths: [socketPath],
    request: { id: 7, command: 'walk-test', args: { zone: 'bressigny' }, user: 'tech' },
    timeoutMs: 5_000,
    enough: enough.signal,
    onProgress: (message) => {
      seen.push(message.progress);
      if (seen.length === 3) enough.abort();
    },
  });
  t.match(answer, {
    ok: true,
    result: { zone: 'bressigny', medianMs: 42, sensors: [{ pointId: 'S01.motion', detections: 2 }, { detections: 0 }] },
  });
  t.ok(view.asked.includes('walk stopped'));
});

t.test('a job that sends no summary in time after its client ended it occupies no place', async (t) => {
  const clock = createManualClock(AT_MS);
  const never = { carryOut: () => new Promise<never>(() => {}), isLong: () => true, hasSummary: () => true };
  const server = createServer({ allowHalfOpen: true }, (socket) =>
    serveConnection(socket, {
      ...never,
      deadlines: createDeadlines(clock),
      clock,
      timezone: TIMEZONE,
      onBug: (error) => t.fail(String(error)),
    }),
  );
  const socketPath = place(t);
  server.listen(socketPath);
  t.teardown(() => server.close());
  const socket = await client(t, socketPath);
  const closed = once(socket, 'close');
  const got = receiveReplies(socket, 1);
  socket.end(ask(1, 'walk-test', { zone: 'bressigny' }));
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  await clock.advance(SUMMARY_MS);
  t.match(await got, [{ id: 1, ok: false, error: { message: /no client waits/ } }]);
  socket.resume();
  await closed;
});

t.test('a client that disconnects after the answer has not aborted the command', async (t) => {
  const socketPath = place(t);
  const view = createFakeView();
  await serverAt(t, socketPath, view).start();
  const socket = await client(t, socketPath);
  for (const id of [1, 2]) {
    socket.write(ask(id, 'bus scan', { line: 'street' }));
    await answersUntil(socket, (message) => 'ok' in (message as object));
  }
  socket.end();
  await once(socket.resume(), 'close');
  t.match(view.noted, [{ action: 'bus scan', result: 'ok' }]);
  t.equal(view.noted.length, 1);
});
