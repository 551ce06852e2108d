import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Reply } from '../../../agent/console/protocol.ts';
import { callAgent } from '../../../agent/console/socket-client.ts';
import { createConsoleServer } from '../../../agent/console/socket-server.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { AgentView } from '../../../agent/core/views.ts';
import { AT_MS, createFakeView, TIMEZONE } from './fake-view.ts';

const silent = { event: () => {} };

/** A folder of its own under the shared one: a socket's path may have 107 characters only. */
function place(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'agent.sock');
}

function serverAt(t: Test, socketPath: string, view: AgentView = createFakeView(), clock = createManualClock(AT_MS)) {
  const server = createConsoleServer({ view, socketPath, log: silent, clock, timezone: TIMEZONE });
  t.teardown(() => server.stop());
  return server;
}

/** A client that never closes its end and sends on, whatever it is told. */
async function stubborn(t: Test, socketPath: string): Promise<Socket> {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  const talk = setInterval(() => socket.write('x'), 1);
  t.teardown(() => [clearInterval(talk), socket.destroy()]);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function client(t: Test, socketPath: string): Promise<Socket> {
  const socket = connect(socketPath);
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** The next `count` answers. */
async function answers(socket: Socket, count: number): Promise<Reply[]> {
  let text = '';
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    text += bytes;
    const lines = text.split('\n').slice(0, -1);
    if (lines.length >= count) return lines.map((line) => JSON.parse(line));
  }
  throw new Error(`the agent hung up after ${JSON.stringify(text)}`);
}

const ask = (id: number, command: string, args: object = {}): string => `${JSON.stringify({ id, command, args, user: 'tech' })}\n`;
const call = (socketPath: string, command: string, args: Record<string, string | boolean> = {}, timeoutMs = 5_000) =>
  callAgent({ socketPaths: [socketPath], request: { id: 7, command, args, user: 'tech' }, timeoutMs });

t.test('every command of the table is answered, stamped with the time of the agent', async (t) => {
  const socketPath = place(t);
  const view = createFakeView();
  await serverAt(t, socketPath, view).start();
  t.match(await call(socketPath, 'status'), { id: 7, ok: true, atMs: AT_MS, timezone: TIMEZONE, result: { cabinet: { id: 'ANG-0421' } } });
  t.match((await call(socketPath, 'devices')).result, [{ id: 'L01' }]);
  t.match((await call(socketPath, 'points', { filter: 'air' })).result, [{ pointId: 'air.pm25' }]);
  t.match((await call(socketPath, 'why', { target: 'l07' })).result, { id: 'L07', kind: 'lamp' });
  t.match((await call(socketPath, 'override', { target: 'bressigny', level: '80', for: '10m' })).result, { state: 'verified' });
  t.match((await call(socketPath, 'release', { target: 'L07' })).result, { state: 'verified' });
  t.strictSame(view.asked, [
    { target: { kind: 'zone', id: 'bressigny' }, levelPct: 80, rank: 'override', reason: 'by hand', source: 'console:tech', minutes: 10 },
    { target: { kind: 'lamp', id: 'L07' }, source: 'console:tech' },
  ]);
});

const refused: [story: string, command: string, args: Record<string, string | boolean>, error: object][] = [
  ['an unknown lamp', 'why', { target: 'L99' }, { code: 'unknown-name', message: /did you mean L09/ }],
  ['a lamp without a decision', 'why', { target: 'L09' }, { code: 'failed', message: /nothing has been decided/ }],
  ['an unknown command', 'stauts', {}, { code: 'unknown-command', message: /did you mean status/ }],
  ['a command that runs without an agent', 'run', {}, { code: 'unknown-command' }],
  ['a level out of range', 'override', { target: 'L07', level: '150' }, { code: 'usage', message: /0 to 100/ }],
  ['an argument nobody knows', 'points', { filtre: 'L07' }, { code: 'usage', message: /did you mean filter/ }],
];
t.test('what cannot be done is refused with its reason', async (t) => {
  const socketPath = place(t);
  await serverAt(t, socketPath).start();
  for (const [story, command, args, error] of refused) await t.rejects(call(socketPath, command, args), error as Error, story);
});

t.test('garbage is answered with an error and the next request is answered as if nothing had been', async (t) => {
  const socketPath = place(t);
  await serverAt(t, socketPath).start();
  const socket = await client(t, socketPath);
  socket.write(Buffer.concat([Buffer.from('\u0000\u0001{{{\n"x"\n'), Buffer.from([0xff, 0xfe, 10]), Buffer.from(ask(3, 'devices'))]));
  const got = await answers(socket, 4);
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
  t.match(await answers(endless, 1), [{ id: null, ok: false, error: { code: 'too-large', message: /65536 bytes/ } }]);
  endless.resume();
  await closed;
  other.write(ask(1, 'status'));
  t.match(await answers(other, 1), [{ id: 1, ok: true }]);
});

t.test('a client that asks and never reads does not delay another', async (t) => {
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
    await answers(quick, 2),
    [
      { id: 2, ok: true },
      { id: 3, ok: true },
    ],
    'in the order asked',
  );
  t.ok(served < 100, `${served} of 500 answers were made: the rest waits for the reader`);
});

t.test('the ninth console is turned away, and a place that comes free can be had', async (t) => {
  const socketPath = place(t);
  await serverAt(t, socketPath).start();
  const eight: Socket[] = [];
  for (let index = 0; index < 8; index++) {
    const socket = await client(t, socketPath);
    socket.write(ask(index, 'devices'));
    await answers(socket, 1);
    eight.push(socket);
  }
  await t.rejects(call(socketPath, 'status'), { code: 'busy', message: /8 consoles/ });
  const [first] = eight;
  first?.end();
  first?.resume();
  await once(first as Socket, 'close');
  t.match(await call(socketPath, 'status'), { ok: true });
});

t.test('a client that was turned away and goes on talking is cut off a second later', async (t) => {
  const socketPath = place(t);
  const clock = createManualClock(AT_MS);
  await serverAt(t, socketPath, createFakeView(), clock).start();
  for (let index = 0; index < 8; index++) await client(t, socketPath);
  const ninth = await stubborn(t, socketPath);
  t.match(await answers(ninth, 1), [{ ok: false, error: { code: 'busy' } }], 'it may read why');
  ninth.resume();
  const closed = new Promise((resolve) => ninth.once('close', resolve));
  await clock.advance(999);
  t.notOk(ninth.closed);
  await clock.advance(1);
  await closed;
  t.pass('cut');
});

t.test('a console that says nothing for ten minutes is hung up on, one that asks or waits for its answer is not', async (t) => {
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
  await answers(mute, 1);
  mute.resume();
  const closed = once(mute, 'close');
  await clock.advance(599_999);
  busy.write(ask(2, 'release', { target: 'L07' }));
  await asked.promise;
  await clock.advance(1);
  await closed;
  read.resolve();
  t.match(await answers(busy, 1), [{ id: 2, ok: true }]);
  await clock.advance(599_999);
  busy.write(ask(3, 'devices'));
  t.match(await answers(busy, 1), [{ id: 3 }]);
});

t.test('a server stops at once, whatever its clients do, and whatever they were told', async (t) => {
  const socketPath = place(t);
  const server = serverAt(t, socketPath);
  await server.start();
  const sockets: Socket[] = [];
  for (let index = 0; index < 10; index++) sockets.push(await stubborn(t, socketPath));
  t.match(await answers(sockets[9] as Socket, 1), [{ error: { code: 'busy' } }]);
  await server.stop();
  t.notOk(existsSync(socketPath));
});

t.test('a bug in an answer is reported to the asker and harms nobody else', async (t) => {
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

t.test('where no agent answers the client says so and what to do', async (t) => {
  const [nobody, stale, mute] = [place(t), place(t), place(t)];
  await leaveStaleSocket(stale);
  const request = { id: 1, command: 'status', args: {}, user: 'tech' };
  const message = `no agent answers on ${nobody} or ${stale}; is it running? Start it with \`luciole run\`, or see \`systemctl status luciole\``;
  await t.rejects(callAgent({ socketPaths: [nobody, stale], request, timeoutMs: 1_000 }), { code: 'unreachable', message });
  const held: Socket[] = [];
  const other = createServer((socket) => held.push(socket)).listen(mute);
  t.teardown(() => [other.close(), ...held.map((socket) => socket.destroy())]);
  await once(other, 'listening');
  await t.rejects(call(mute, 'status', {}, 20), { code: 'unreachable', message: /did not answer within 0.02 s/ });
});

/** What a killed agent leaves behind: a bound file that nobody listens on. */
async function leaveStaleSocket(socketPath: string): Promise<void> {
  const dying = createServer().listen(`${socketPath}.dying`);
  await once(dying, 'listening');
  renameSync(`${socketPath}.dying`, socketPath);
  dying.close();
  await once(dying, 'close');
}
