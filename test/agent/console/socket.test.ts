import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import t, { type Test } from 'tap';
import type { Reply } from '../../../agent/console/protocol/protocol.ts';
import { callAgent } from '../../../agent/console/protocol/socket-client.ts';
import { createConsoleServer } from '../../../agent/console/protocol/socket-server.ts';
import type { BusTransaction } from '../../../agent/core/bus-tools.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { StoreCheck } from '../../../agent/core/ports.ts';
import type { AgentView } from '../../../agent/core/views.ts';
import { transaction } from './fake-bus.ts';
import { AT_MS, createFakeView, storeCheck, storeView, TIMEZONE } from './fake-view.ts';

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
function answers(socket: Socket, count: number): Promise<Reply[]> {
  return answersUntil(socket, (_, index) => index >= count - 1);
}

/** What comes, up to the last one wanted. */
async function answersUntil(socket: Socket, isLast: (message: unknown, index: number) => boolean): Promise<Reply[]> {
  let rest = '';
  const got: Reply[] = [];
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    const lines = `${rest}${bytes}`.split('\n');
    rest = lines.pop() ?? '';
    got.push(...lines.map((line) => JSON.parse(line)));
    if (got.some(isLast)) return got;
  }
  throw new Error(`the agent hung up after ${JSON.stringify(got)} ${rest}`);
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

t.test('the commands for lines, device types and events are answered too', async (t) => {
  const socketPath = place(t);
  const view = createFakeView();
  const since: unknown[] = [];
  const events: AgentView['events'] = (query) => {
    since.push(query);
    return view.events(query);
  };
  await serverAt(t, socketPath, { ...view, events }).start();
  const answered: [command: string, args: Record<string, string | boolean>, result: unknown][] = [
    ['bus scan', { line: 'STREET', to: '0x28', wait: '300' }, { found: [{ unit: 1 }, { unit: 14 }, { unit: 200 }] }],
    [
      'bus scan',
      {},
      {
        lines: [
          { line: 'street', kind: 'modbus', baud: 19_200 },
          { line: 'air', kind: 'uart' },
        ],
      },
    ],
    ['bus registers', { line: 'street', unit: 'L02', table: 'input' }, { runs: [{ address: 0 }, { address: 2_000 }] }],
    ['bus read', { line: 'street', unit: '0x07', address: '0x7D0', count: '2' }, { words: [300, 0xff38] }],
    ['bus write', { line: 'street', unit: '7', address: '2000', value: '300', yes: true }, { before: [100], after: [300] }],
    ['bus stats', {}, [{ line: 'street' }, { line: 'air' }]],
    ['bus stats', { line: 'air' }, [{ line: 'air' }]],
    ['profile list', {}, [{ id: 'eastron-sdm630' }, { id: 'wirenboard-wb-led' }]],
    ['profile show', { id: 'Eastron-SDM630' }, { id: 'eastron-sdm630', points: [{ id: 'power' }, { id: 'level' }, { id: 'alarms' }] }],
    ['events', { since: '1h' }, [{ source: 'L01' }, { source: 'L02' }]],
    ['events', { active: true }, [{ source: 'L01' }]],
    ['devices', { filter: 'AIR' }, [{ id: 'air' }]],
    [
      'export page',
      { since: '1h', after: '400', frames: '2' },
      { frames: [{ seq: 401 }, { seq: 402 }], nextSeq: 402, units: { 'L01.level': '%' } },
    ],
  ];
  for (const [command, args, result] of answered) t.match((await call(socketPath, command, args)).result, result, command);
  t.strictSame(view.asked, [
    { line: 'street', from: 1, to: 40, autoBaud: false, waitMs: 300 },
    { line: 'street', unit: 2, table: 'input', from: 0, to: 500 },
    { line: 'street', unit: 7, table: 'holding', address: 2_000, count: 2 },
    { line: 'street', unit: 7, table: 'holding', address: 2_000, values: [300] },
  ]);
  t.strictSame(since, [
    { sinceMs: AT_MS - 3_600_000, activeOnly: false, limit: 500 },
    { sinceMs: AT_MS - 86_400_000, activeOnly: true, limit: 500 },
  ]);
});

const refused: [story: string, command: string, args: Record<string, string | boolean>, error: object][] = [
  ['an unknown lamp', 'why', { target: 'L99' }, { code: 'unknown-name', message: /did you mean L09/ }],
  ['a lamp without a decision', 'why', { target: 'L09' }, { code: 'failed', message: /nothing has been decided/ }],
  ['an unknown command', 'stauts', {}, { code: 'unknown-command', message: /did you mean status/ }],
  ['a command that runs without an agent', 'run', {}, { code: 'unknown-command' }],
  ['a level out of range', 'override', { target: 'L07', level: '150' }, { code: 'usage', message: /0 to 100/ }],
  ['an unknown line', 'bus scan', { line: 'stret' }, { code: 'unknown-name', message: /did you mean street/ }],
  ['another speed', 'bus scan', { line: 'street', baud: '9600' }, { code: 'usage', message: /--baud auto/ }],
  [
    'a unit that is silent',
    'bus read',
    { line: 'street', unit: '9', address: '0' },
    { code: 'failed', bus: 'timeout', message: /no reply/ },
  ],
  [
    'a register that is not there',
    'bus read',
    { line: 'street', unit: '7', address: '404' },
    { code: 'failed', bus: 'illegal-address', message: /bus registers/ },
  ],
  ['a line that cannot be asked', 'bus read', { line: 'air', unit: '1', address: '0' }, { code: 'usage', bus: null, message: /uart line/ }],
  [
    'more registers than a frame holds',
    'bus read',
    { line: 'street', unit: '7', address: '0', count: '126' },
    { code: 'usage', message: /1 to 125/ },
  ],
  [
    'a write nobody confirmed',
    'bus write',
    { line: 'street', unit: '7', address: '0', value: '1' },
    { code: 'usage', message: /nothing written/ },
  ],
  [
    'a write nobody confirmed, by the name of its device, with what the profile says against it',
    'bus write',
    { line: 'street', unit: 'L02', address: '2001', value: '500' },
    { code: 'usage', message: /of unit 2 on line street\.\nwarning: level: 500 is outside the profile's limits 0 to 100\nSay --yes/ },
  ],
  ['a verb with a wrong letter', 'bus scna', { line: 'street' }, { code: 'unknown-command', message: /did you mean bus scan/ }],
  ['an unknown profile', 'profile show', { id: 'eastron-sdm63' }, { code: 'unknown-name', message: /did you mean eastron-sdm630/ }],
  ['points of nobody', 'points', { filter: 'L09' }, { code: 'unknown-name', message: /no point matches "L09"; did you mean L01/ }],
  ['devices of nobody', 'devices', { filter: 'zzzz' }, { code: 'unknown-name', message: /`luciole devices` names them all/ }],
  ['a local command of two words', 'profile check', { file: 'x' }, { code: 'unknown-command' }],
  ['an argument nobody knows', 'points', { filtre: 'L07' }, { code: 'usage', message: /did you mean filter/ }],
];
t.test('what cannot be done is refused with its reason', async (t) => {
  const socketPath = place(t);
  await serverAt(t, socketPath).start();
  for (const [story, command, args, error] of refused) await t.rejects(call(socketPath, command, args), error as Error, story);
});

/** A view whose watch of a line is in the test's hand. */
function watchedView() {
  const view = createFakeView();
  const [began, ended] = [Promise.withResolvers<(transaction: BusTransaction) => void>(), Promise.withResolvers<void>()];
  const watch: AgentView['bus']['watch'] = (_line, tell) => {
    began.resolve(tell);
    return ended.resolve;
  };
  return { view: { ...view, bus: { ...view.bus, watch } }, began: began.promise, ended: ended.promise };
}

t.test('a long job tells how far it is before its answer, and a short one does not', async (t) => {
  const socketPath = place(t);
  await serverAt(t, socketPath).start();
  const told: unknown[] = [];
  const ask = (command: string, args: Record<string, string>) =>
    callAgent({
      socketPaths: [socketPath],
      request: { id: 7, command, args, user: 'tech' },
      timeoutMs: 5_000,
      onProgress: (message) => told.push(message),
    });
  t.match(await ask('bus scan', { line: 'street' }), { id: 7, ok: true, result: { line: 'street' } });
  t.match(
    told,
    [1, 124, 247].map((done) => ({ id: 7, atMs: AT_MS, timezone: TIMEZONE, progress: { done, total: 247 } })),
  );
  await ask('bus stats', {});
  t.equal(told.length, 3);
});

t.test('a watch streams until its time is over', async (t) => {
  const socketPath = place(t);
  const clock = createManualClock(AT_MS);
  const { view, began, ended } = watchedView();
  await serverAt(t, socketPath, view, clock).start();
  const socket = await client(t, socketPath);
  socket.write(ask(4, 'bus watch', { line: 'street', for: '10s' }));
  const tell = await began;
  tell(transaction());
  t.match(await answers(socket, 1), [{ id: 4, progress: { unit: 7, lane: 'telemetry' } }]);
  await clock.advance(9_999);
  t.match(
    await answers(socket, 3),
    [3_000, 6_000, 9_000].map((afterMs) => ({ id: 4, atMs: AT_MS + afterMs, progress: null })),
    'a quiet line gives signs of life',
  );
  await clock.advance(1);
  t.match(await answers(socket, 1), [{ id: 4, ok: true, result: { line: 'street', seen: 1, missed: 0, durationMs: 10_000 } }]);
  await ended;
  tell(transaction());
  socket.write(ask(5, 'devices'));
  t.match(await answers(socket, 1), [{ id: 5, ok: true }], 'what comes late is not told, and the place is free for the next');
});

const goodbyes: [story: string, leave: (socket: Socket) => void][] = [
  ['cut', (socket) => socket.destroy()],
  ['closed properly', (socket) => socket.end()],
];
for (const [story, leave] of goodbyes) {
  t.test(`a job ends when the socket of its reader is ${story}, though nothing was to tell`, async (t) => {
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

t.test('a scan is told to stop when its reader goes, and one that does not stop holds no place', async (t) => {
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

t.test('a reader that is too slow loses transactions, is told how many, and costs no memory', async (t) => {
  const socketPath = place(t);
  const clock = createManualClock(AT_MS);
  const { view, began } = watchedView();
  await serverAt(t, socketPath, view, clock).start();
  const socket = await client(t, socketPath);
  socket.pause();
  socket.write(ask(1, 'bus watch', { line: 'street', for: '1s' }));
  const tell = await began;
  for (let index = 0; index < 50_000; index++) {
    tell(transaction());
    if (index % 1_000 === 0) await new Promise(setImmediate);
  }
  await clock.advance(1_000);
  const got: unknown[] = await answersUntil(socket, (message) => 'ok' in (message as object));
  const { seen, missed } = (got.at(-1) as { result: { seen: number; missed: number } }).result;
  t.equal(seen, got.length - 1, 'what was counted as seen came through');
  t.equal(seen + missed, 50_000);
  t.ok(seen < 10_000, `${seen} waited in buffers`);
});

t.test('a check of the store gives word while it reads, and fails when there is damage', async (t) => {
  const socketPath = place(t);
  const clock = createManualClock(AT_MS);
  const checked = Promise.withResolvers<StoreCheck>();
  const view = { ...createFakeView(), checkStore: () => checked.promise };
  await serverAt(t, socketPath, view, clock).start();
  const socket = await client(t, socketPath);
  socket.write(ask(1, 'store check'));
  t.match(await answers(socket, 1), [{ id: 1, progress: { forMs: 0 } }]);
  await clock.advance(2_000);
  t.match(await answers(socket, 2), [{ progress: { forMs: 1_000 } }, { progress: { forMs: 2_000 } }]);
  checked.resolve(storeCheck());
  t.match(await answers(socket, 1), [{ id: 1, ok: true, result: { account: { isBalanced: true } } }]);
  await clock.advance(10_000);
  socket.write(ask(2, 'devices'));
  t.match(await answers(socket, 1), [{ id: 2, ok: true }], 'no word comes after the answer');
});

t.test('what the disk did not answer is told with its trouble, and a backup is in the log with who asked', async (t) => {
  const socketPath = place(t);
  const told: unknown[] = [];
  const trouble = { state: 'trouble', reason: 'the disk is full; make room' } as const;
  const view = { ...createFakeView(), checkStore: async () => undefined, store: async () => storeView(trouble) };
  const log = { event: (name: string, fields: object = {}) => void told.push({ name, ...fields }) };
  const server = createConsoleServer({ view, socketPath, log, clock: createManualClock(AT_MS), timezone: TIMEZONE });
  t.teardown(() => server.stop());
  await server.start();
  await t.rejects(call(socketPath, 'store check'), {
    code: 'failed',
    message: 'the store did not answer: the disk is full; make room; see `luciole store`',
  });
  await call(socketPath, 'store backup');
  t.match(told.at(-1), { name: 'console-command', command: 'store backup', by: 'console:tech', path: '/var/lib/luciole/state.db.bak' });
});

t.test('each command is one audit line with who, which door and what came of it; the same look only once an hour', async (t) => {
  const socketPath = place(t);
  const view = createFakeView();
  const clock = createManualClock(AT_MS);
  await serverAt(t, socketPath, view, clock).start();
  await call(socketPath, 'override', { target: 'L07', level: '80', for: '10m', maintenance: true });
  await call(socketPath, 'override', { target: 'L07', level: '0' });
  await t.rejects(call(socketPath, 'override', { target: 'L70', level: '0' }), { code: 'unknown-name' });
  for (let turn = 0; turn < 3; turn++) await call(socketPath, 'status');
  await clock.advance(3_600_000);
  await call(socketPath, 'status');
  const by = { user: 'tech', role: 'admin', door: 'agent' };
  t.match(view.noted, [
    { ...by, action: 'override', detail: 'target=L07 level=80 for=10m maintenance', result: 'ok' },
    { ...by, action: 'override', detail: 'target=L07 level=0', result: 'failed' },
    { ...by, action: 'override', detail: 'target=L70 level=0', result: /^refused: no lamp or zone "L70"/ },
    { ...by, action: 'status', detail: '', result: 'ok' },
    { ...by, action: 'status', detail: '', result: 'ok' },
  ]);
  t.equal(view.noted.length, 5);
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

t.test('who hangs up after the answer has not ended the command', async (t) => {
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

t.test('a client that closes its own half still gets its answers', async (t) => {
  const socketPath = place(t);
  await serverAt(t, socketPath).start();
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  socket.end(ask(1, 'devices') + ask(2, 'status'));
  t.match(await answers(socket, 2), [
    { id: 1, ok: true },
    { id: 2, ok: true },
  ]);
  socket.resume();
  await once(socket, 'end');
});

t.test('a write to a line goes into the log with the name of who did it', async (t) => {
  const socketPath = place(t);
  const logged: [string, unknown][] = [];
  const log = { event: (name: string, fields?: object) => void logged.push([name, fields]) };
  const server = createConsoleServer({ view: createFakeView(), socketPath, log, clock: createManualClock(AT_MS), timezone: TIMEZONE });
  t.teardown(() => server.stop());
  await server.start();
  await call(socketPath, 'bus read', { line: 'street', unit: '7', address: '1' });
  await call(socketPath, 'bus write', { line: 'street', unit: '7', address: '1', value: '5', yes: true });
  const said = logged.filter(([name]) => name === 'console-command');
  const asked = { command: 'bus write', args: { unit: '7', address: '1', value: '5' }, by: 'console:tech' };
  t.strictSame(said.length, 1, 'who only looks is not in it');
  t.match(said, [['console-command', { ...asked, before: [100], after: [100] }]], 'with what stood there and what stands there now');
  await t.rejects(call(socketPath, 'bus write', { line: 'air', unit: 'L01', address: '1', value: '5', yes: true }));
  t.match(logged.at(-1), ['console-command', { command: 'bus write', by: 'console:tech', refused: /L01 is on line street/ }], 'or why not');
  await call(socketPath, 'bus write', { line: 'street', unit: '7', address: '2001', value: '5', yes: true });
  t.match(logged.at(-1), ['console-command', { warnings: [/outside the profile's limits/] }], 'and what the profile said against it');
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
    await t.rejects(serverAt(t, socketPath).start(), { code: 'socket-refused', message: /where consoles log in/ }, socketPath);
    t.notOk(existsSync(socketPath), socketPath);
  }
  const beside = serverAt(t, join(folder, 'luciole-console-agent.sock'));
  await beside.start();
  const login = createConsoleServer({
    view: createFakeView(),
    door: 'login',
    socketPath: join(folder, 'agent-login.sock'),
    log: silent,
    clock: createManualClock(AT_MS),
    timezone: TIMEZONE,
  });
  t.teardown(() => login.stop());
  await login.start();
  t.ok(existsSync(join(folder, 'agent-login.sock')), 'where one logs in it may be');
});
