import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import t from 'tap';
import { callAgent } from '../../../../agent/console/protocol/socket-client.ts';
import { loginSocketPath } from '../../../../agent/console/protocol/socket-path.ts';
import { createConsoleServer, createConsoles } from '../../../../agent/console/protocol/socket-server.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { Log } from '../../../../agent/core/ports.ts';
import type { AgentView } from '../../../../agent/core/views.ts';
import { AT_MS, TIMEZONE } from '../fake-clock.ts';
import { createFakeView } from '../fake-view.ts';
import { ask, call, client, place, receiveReplies, serverAt, silent, stubborn } from './console-clients.ts';

t.test('a client that closes its own half still gets its answers', async (t) => {
  const socketPath = place(t);
  await serverAt(t, socketPath).start();
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  socket.end(ask(1, 'devices') + ask(2, 'status'));
  t.match(await receiveReplies(socket, 2), [
    { id: 1, ok: true },
    { id: 2, ok: true },
  ]);
  socket.resume();
  await once(socket, 'end');
});

t.test('garbage is answered with an error and the next request is answered as if nothing had been', async (t) => {
  const socketPath = place(t);
  await serverAt(t, socketPath).start();
  const socket = await client(t, socketPath);
  socket.write(Buffer.concat([Buffer.from('\u0000\u0001{{{\n"x"\n'), Buffer.from([0xff, 0xfe, 10]), Buffer.from(ask(3, 'devices'))]));
  const got = await receiveReplies(socket, 4);
  t.match(
    got.slice(0, 3),
    [1, 2, 3].map(() => ({ id: null, ok: false, error: { code: 'bad-request' } })),
  );
  t.match(got[3], { id: 3, ok: true });
});

t.test('a message without an end is cut off at 64 KB, and only its sender is hung up on', async (t) => {
  const socketPath = place(t);
  await serverAt(t, socketPath).start();
  const [endless, other] = [await client(t, socketPath), await client(t, socketPath)];
  const closed = once(endless, 'close');
  endless.write('x'.repeat(200_000));
  t.match(await receiveReplies(endless, 1), [{ id: null, ok: false, error: { code: 'too-large', message: /65536 bytes/ } }]);
  endless.resume();
  await closed;
  other.write(ask(1, 'status'));
  t.match(await receiveReplies(other, 1), [{ id: 1, ok: true }]);
});

t.test('a client that sends requests and never reads does not delay another', async (t) => {
  const socketPath = place(t);
  const view = createFakeView();
  const points = Array.from(
    { length: 2_000 },
    (_, index) => ({ pointId: `L${index}.level`, value: 1, unit: '%', decimals: 0, quality: 'good', ageS: 1 }) as const,
  );
  let served = 0;
  const countAndGive = () => {
    served++;
    return points;
  };
  await serverAt(t, socketPath, { ...view, points: countAndGive }).start();
  const [slow, quick] = [await client(t, socketPath), await client(t, socketPath)];
  slow.pause();
  slow.write(ask(1, 'points').repeat(500));
  quick.write(ask(2, 'status') + ask(3, 'devices'));
  t.match(
    await receiveReplies(quick, 2),
    [
      { id: 2, ok: true },
      { id: 3, ok: true },
    ],
    'in the order asked',
  );
  t.ok(served < 100, `${served} of 500 answers were made: the rest waits for the reader`);
});

t.test('the ninth console is rejected, and a freed place can be used', async (t) => {
  const socketPath = place(t);
  await serverAt(t, socketPath).start();
  const eight: Socket[] = [];
  for (let index = 0; index < 8; index++) {
    const socket = await client(t, socketPath);
    socket.write(ask(index, 'devices'));
    await receiveReplies(socket, 1);
    eight.push(socket);
  }
  await t.rejects(call(socketPath, 'status'), { code: 'busy', message: /8 consoles/ });
  const [first] = eight;
  first?.end();
  first?.resume();
  await once(first as Socket, 'close');
  t.match(await call(socketPath, 'status'), { ok: true });
});

t.test('a rejected client that continues to send is disconnected after a second', async (t) => {
  const socketPath = place(t);
  const clock = createManualClock(AT_MS);
  await serverAt(t, socketPath, createFakeView(), clock).start();
  for (let index = 0; index < 8; index++) await client(t, socketPath);
  const ninth = await stubborn(t, socketPath);
  t.match(await receiveReplies(ninth, 1), [{ ok: false, error: { code: 'busy' } }], 'it may read why');
  ninth.resume();
  const closed = new Promise((resolve) => ninth.once('close', resolve));
  await clock.advance(999);
  t.notOk(ninth.closed);
  await clock.advance(1);
  await closed;
  t.pass('cut');
});

t.test('a console without input for ten minutes is disconnected; one that sends requests or waits for an answer is not', async (t) => {
  const socketPath = place(t);
  const clock = createManualClock(AT_MS);
  const view = createFakeView();
  const asked = Promise.withResolvers<void>();
  const read = Promise.withResolvers<void>();
  const release: AgentView['release'] = async (request) => {
    asked.resolve();
    await read.promise;
    return view.release(request);
  };
  await serverAt(t, socketPath, { ...view, release }, clock).start();
  const [mute, busy] = [await client(t, socketPath), await client(t, socketPath)];
  mute.write(ask(1, 'devices'));
  await receiveReplies(mute, 1);
  mute.resume();
  const closed = once(mute, 'close');
  await clock.advance(599_999);
  busy.write(ask(2, 'release', { target: 'L07' }));
  await asked.promise;
  await clock.advance(1);
  await closed;
  read.resolve();
  t.match(await receiveReplies(busy, 1), [{ id: 2, ok: true }]);
  await clock.advance(599_999);
  busy.write(ask(3, 'devices'));
  t.match(await receiveReplies(busy, 1), [{ id: 3 }]);
});

t.test('a server stops immediately, whatever its clients do', async (t) => {
  const socketPath = place(t);
  const server = serverAt(t, socketPath);
  await server.start();
  const sockets: Socket[] = [];
  for (let index = 0; index < 10; index++) sockets.push(await stubborn(t, socketPath));
  t.match(await receiveReplies(sockets[9] as Socket, 1), [{ error: { code: 'busy' } }]);
  await server.stop();
  t.notOk(existsSync(socketPath));
});

t.test('a bug in an answer is reported to that client and affects no other', async (t) => {
  const socketPath = place(t);
  const view = createFakeView();
  const broken = (): never => {
    throw new TypeError('broken');
  };
  await serverAt(t, socketPath, { ...view, devices: broken }).start();
  await t.rejects(call(socketPath, 'devices'), { code: 'failed', message: /TypeError: broken; see its log/ });
  t.match(await call(socketPath, 'status'), { ok: true });
});

t.test('the socket of a dead agent is taken over, that of a living one is not', async (t) => {
  const socketPath = place(t);
  await leaveStaleSocket(socketPath);
  t.ok(existsSync(socketPath));
  const server = serverAt(t, socketPath);
  await server.start();
  await server.start();
  t.equal(statSync(socketPath).mode & 0o777, 0o660);
  await t.rejects(serverAt(t, socketPath).start(), { code: 'socket-in-use', message: /another agent already answers/ });
  t.match(await call(socketPath, 'status'), { ok: true }, 'the first one still answers');
  await server.stop();
  await server.stop();
  t.notOk(existsSync(socketPath), 'a stopped agent leaves no socket');
  await server.start();
  t.match(await call(socketPath, 'status'), { ok: true }, 'and may be started again');
});

t.test('if several agents take over one dead socket at once, one gets it and none removes it', async (t) => {
  for (const count of [2, 4, 7]) {
    const socketPath = place(t);
    await leaveStaleSocket(socketPath);
    const servers = Array.from({ length: count }, () => serverAt(t, socketPath));
    const starts = await Promise.allSettled(servers.map((server) => server.start()));
    const refused = starts.filter(({ status }) => status === 'rejected');
    t.equal(refused.length, count - 1, `${count} at once`);
    t.match(refused, Array(count - 1).fill({ reason: { code: 'socket-in-use' } }));
    const winner = servers[starts.findIndex(({ status }) => status === 'fulfilled')];
    t.match(await call(socketPath, 'status'), { ok: true });
    for (const server of servers) if (server !== winner) await server.stop();
    t.match(await call(socketPath, 'status'), { ok: true }, 'also once the others have ended');
  }
});

t.test('a server that is stopped while it looks for another agent opens no socket, and may be started again', async (t) => {
  const socketPath = place(t);
  await leaveStaleSocket(socketPath);
  const server = serverAt(t, socketPath);
  const starting = server.start();
  await server.stop();
  await starting;
  await t.rejects(call(socketPath, 'status'), { code: 'unreachable' });
  await server.start();
  t.match(await call(socketPath, 'status'), { ok: true });

  const bothPath = place(t);
  await leaveStaleSocket(bothPath);
  const both = createConsoles({
    view: createFakeView(),
    socketPath: bothPath,
    log: silent,
    clock: createManualClock(AT_MS),
    timezone: TIMEZONE,
  });
  t.teardown(() => both.stop());
  const startingBoth = both.start();
  await both.stop();
  await startingBoth;
  await t.rejects(call(bothPath, 'status'), { code: 'unreachable' });
  t.notOk(existsSync(loginSocketPath(bothPath)), 'nor does the login socket open');
  await both.start();
  t.ok(existsSync(loginSocketPath(bothPath)));
});

t.test('a dead socket that may not be removed is reported, and tried again', async (t) => {
  const socketPath = place(t);
  const folder = dirname(socketPath);
  await leaveStaleSocket(socketPath);
  chmodSync(socketPath, 0o777);
  chmodSync(folder, 0o555);
  const isRoot = process.geteuid?.() === 0;
  const mayNotWrite = async (act: () => Promise<void>): Promise<void> => {
    if (isRoot) process.seteuid?.(65_534);
    try {
      await act();
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  };
  const clock = createManualClock(AT_MS);
  const events: (readonly [string, unknown])[] = [];
  const opened = Promise.withResolvers<void>();
  const log: Log = {
    event: (name, fields) => {
      events.push([name, fields]);
      if (name === 'console-open') opened.resolve();
    },
  };
  const consoles = createConsoles({ view: createFakeView(), socketPath, log, clock, timezone: TIMEZONE });
  t.teardown(() => consoles.stop());
  await mayNotWrite(() => consoles.start());
  t.match(events[0], ['console-closed', { cause: /cannot open the console socket .*EACCES/ }]);
  chmodSync(folder, 0o700);
  await clock.advance(10_000);
  await opened.promise;
  t.match(await call(socketPath, 'status'), { ok: true });
});

t.test('the check for another agent removes nothing, and finds only an agent that answers', async (t) => {
  const socketPath = place(t);
  const consoles = () => {
    const made = createConsoles({ view: createFakeView(), socketPath, log: silent, clock: createManualClock(AT_MS), timezone: TIMEZONE });
    t.teardown(() => made.stop());
    return made;
  };
  await leaveStaleSocket(socketPath);
  const { ino } = statSync(socketPath);
  await consoles().refuseOther();
  t.equal(statSync(socketPath).ino, ino);
  await consoles().start();
  await t.rejects(consoles().refuseOther(), { code: 'socket-in-use' });
  t.match(await call(socketPath, 'status'), { ok: true });
  chmodSync(join(socketPath, '..'), 0o777);
  await consoles().refuseOther();
  t.pass('a folder where anybody may put a socket ends no agent');
});

t.test('a file that is no socket is never removed', async (t) => {
  const socketPath = place(t);
  writeFileSync(socketPath, 'precious');
  await t.rejects(serverAt(t, socketPath).start(), { code: 'socket-refused', message: /is no socket/ });
  t.ok(existsSync(socketPath));
});

t.test('a folder that others may write is refused in the shared temporary folder', async (t) => {
  const socketPath = place(t);
  chmodSync(join(socketPath, '..'), 0o777);
  await t.rejects(serverAt(t, socketPath).start(), { code: 'socket-refused', message: /may be written by others/ });
});

t.test('without an agent the client reports that, with advice', async (t) => {
  const [missing, stale, mute] = [place(t), place(t), place(t)];
  await leaveStaleSocket(stale);
  const request = { id: 1, command: 'status', args: {}, user: 'tech' };
  const message = `no agent answers on ${missing} or ${stale}; is it running? Start it with \`luciole run\`, or see \`systemctl status luciole\``;
  await t.rejects(callAgent({ socketPaths: [missing, stale], request, timeoutMs: 1_000 }), { code: 'unreachable', message });
  const held: Socket[] = [];
  const other = createServer((socket) => held.push(socket)).listen(mute);
  t.teardown(() => [other.close(), ...held.map((socket) => socket.destroy())]);
  await once(other, 'listening');
  await t.rejects(call(mute, 'status', {}, 20), { code: 'unreachable', message: /did not answer within 0.02 s/ });
});

/** What a killed agent leaves behind: a socket file without a listening process. */
async function leaveStaleSocket(socketPath: string): Promise<void> {
  const dying = createServer().listen(`${socketPath}.dying`);
  await once(dying, 'listening');
  renameSync(`${socketPath}.dying`, socketPath);
  dying.close();
  await once(dying, 'close');
}

t.test("the machine's own socket is never where consoles log in, however its path is written", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync('/run/luciole-console', join(folder, 'link'));
  for (const socketPath of [
    '/run/luciole-console/agent.sock',
    '/run/luciole-console/deep/x.sock',
    '/run/../run//luciole-console/x.sock',
    '/var/run/luciole-console/x.sock',
    join(folder, 'agent-login.sock'),
    relative(process.cwd(), '/run/luciole-console/x.sock'),
    ...(existsSync('/run/luciole-console') ? [join(folder, 'link/x.sock')] : []),
  ]) {
    await t.rejects(serverAt(t, socketPath).start(), { code: 'socket-refused', message: /is the login socket/ }, socketPath);
    t.notOk(existsSync(socketPath), socketPath);
  }
  const consoleAgent = serverAt(t, join(folder, 'luciole-console-agent.sock'));
  await consoleAgent.start();
  const login = createConsoleServer({
    view: createFakeView(),
    socketKind: 'login',
    socketPath: join(folder, 'agent-login.sock'),
    log: silent,
    clock: createManualClock(AT_MS),
    timezone: TIMEZONE,
  });
  t.teardown(() => login.stop());
  await login.start();
  t.ok(existsSync(join(folder, 'agent-login.sock')), 'where one logs in it may be');
});
