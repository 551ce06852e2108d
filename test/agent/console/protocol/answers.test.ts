import t from 'tap';
import { createConsoleServer } from '../../../../agent/console/protocol/socket-server.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { StoreCheck } from '../../../../agent/core/ports.ts';
import type { AgentView } from '../../../../agent/core/views.ts';
import { AT_MS, TIMEZONE } from '../fake-clock.ts';
import { fakeStoreView, storeCheck } from '../fake-store.ts';
import { createFakeView } from '../fake-view.ts';
import { ask, call, client, place, receiveReplies, serverAt } from './console-clients.ts';

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
    { target: { kind: 'zone', id: 'bressigny' }, levelPct: 80, rank: 'override', reason: '', source: 'console:tech', minutes: 10 },
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
  ['a lamp without a decision', 'why', { target: 'L09' }, { code: 'failed', message: /no level has been decided/ }],
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
    'an unconfirmed write',
    'bus write',
    { line: 'street', unit: '7', address: '0', value: '1' },
    { code: 'usage', message: /nothing written/ },
  ],
  [
    'an unconfirmed write by device name, with the warnings of the profile',
    'bus write',
    { line: 'street', unit: 'L02', address: '2001', value: '500' },
    { code: 'usage', message: /of unit 2 on line street\.\nwarning: level: 500 is outside the profile's limits 0 to 100\nAdd --yes/ },
  ],
  ['a verb with a wrong letter', 'bus scna', { line: 'street' }, { code: 'unknown-command', message: /did you mean bus scan/ }],
  ['an unknown profile', 'profile show', { id: 'eastron-sdm63' }, { code: 'unknown-name', message: /did you mean eastron-sdm630/ }],
  [
    'a filter that matches no point',
    'points',
    { filter: 'L09' },
    { code: 'unknown-name', message: /no point matches "L09"; did you mean L01/ },
  ],
  ['a filter that matches no device', 'devices', { filter: 'zzzz' }, { code: 'unknown-name', message: /`luciole devices` lists all/ }],
  ['a local command of two words', 'profile check', { file: 'x' }, { code: 'unknown-command' }],
  ['an unknown argument', 'points', { filtre: 'L07' }, { code: 'usage', message: /did you mean filter/ }],
];

t.test('impossible requests are refused with the reason', async (t) => {
  const socketPath = place(t);
  await serverAt(t, socketPath).start();
  for (const [story, command, args, error] of refused) await t.rejects(call(socketPath, command, args), error as Error, story);
});

t.test('a check of the store shows progress while it reads, and fails when it finds damage', async (t) => {
  const socketPath = place(t);
  const clock = createManualClock(AT_MS);
  const checked = Promise.withResolvers<StoreCheck>();
  const view = { ...createFakeView(), checkStore: () => checked.promise };
  await serverAt(t, socketPath, view, clock).start();
  const socket = await client(t, socketPath);
  socket.write(ask(1, 'store check'));
  t.match(await receiveReplies(socket, 1), [{ id: 1, progress: { forMs: 0 } }]);
  await clock.advance(2_000);
  t.match(await receiveReplies(socket, 2), [{ progress: { forMs: 1_000 } }, { progress: { forMs: 2_000 } }]);
  checked.resolve(storeCheck());
  t.match(await receiveReplies(socket, 1), [{ id: 1, ok: true, result: { account: { isBalanced: true } } }]);
  await clock.advance(10_000);
  socket.write(ask(2, 'devices'));
  t.match(await receiveReplies(socket, 1), [{ id: 2, ok: true }], 'no word comes after the answer');
});

t.test('a disk without an answer is reported with its trouble, and a backup is logged with its user', async (t) => {
  const socketPath = place(t);
  const logged: unknown[] = [];
  const trouble = { state: 'trouble', reason: msg`the disk is full; make room` } as const;
  const view = { ...createFakeView(), checkStore: async () => undefined, store: async () => fakeStoreView(trouble) };
  const log = { event: (name: string, fields: object = {}) => void logged.push({ name, ...fields }) };
  const server = createConsoleServer({ view, socketPath, log, clock: createManualClock(AT_MS), timezone: TIMEZONE });
  t.teardown(() => server.stop());
  await server.start();
  await t.rejects(call(socketPath, 'store check'), {
    code: 'failed',
    message: 'the store did not answer: the disk is full; make room; see `luciole store`',
  });
  await call(socketPath, 'store backup');
  t.match(logged.at(-1), { name: 'console-command', command: 'store backup', by: 'console:tech', path: '/var/lib/luciole/state.db.bak' });
});

t.test('each command is one audit line with user, socket and result; the same look only once an hour', async (t) => {
  const socketPath = place(t);
  const view = createFakeView();
  const clock = createManualClock(AT_MS);
  await serverAt(t, socketPath, view, clock).start();
  await call(socketPath, 'override', { target: 'L07', level: '80', for: '10m', maintenance: true });
  await call(socketPath, 'override', { target: 'L07', level: '0' });
  await t.rejects(call(socketPath, 'override', { target: 'L70', level: '0' }), { code: 'unknown-name' });
  for (let turn = 0; turn < 3; turn++) await call(socketPath, 'status');
  for (const command of ['recorder pin', 'recorder unpin', 'recorder pin']) await call(socketPath, command, { id: '1' });
  await clock.advance(3_600_000);
  await call(socketPath, 'status');
  const by = { user: 'tech', role: 'admin', door: 'agent' };
  t.match(view.noted, [
    { ...by, action: 'override', detail: 'target=L07 level=80 for=10m maintenance', result: 'ok' },
    { ...by, action: 'override', detail: 'target=L07 level=0', result: 'failed' },
    { ...by, action: 'override', detail: 'target=L70 level=0', result: /^refused: no lamp or zone "L70"/ },
    { ...by, action: 'status', detail: '', result: 'ok' },
    { ...by, action: 'recorder pin', detail: 'id=1', result: 'ok' },
    { ...by, action: 'recorder unpin', detail: 'id=1', result: 'ok' },
    { ...by, action: 'recorder pin', detail: 'id=1', result: 'ok' },
    { ...by, action: 'status', detail: '', result: 'ok' },
  ]);
  t.equal(view.noted.length, 8);
});

t.test('a write to a line is logged with the name of its author', async (t) => {
  const socketPath = place(t);
  const logged: [string, unknown][] = [];
  const log = { event: (name: string, fields?: object) => void logged.push([name, fields]) };
  const server = createConsoleServer({ view: createFakeView(), socketPath, log, clock: createManualClock(AT_MS), timezone: TIMEZONE });
  t.teardown(() => server.stop());
  await server.start();
  await call(socketPath, 'bus read', { line: 'street', unit: '7', address: '1' });
  await call(socketPath, 'bus write', { line: 'street', unit: '7', address: '1', value: '5', yes: true });
  const commands = logged.filter(([name]) => name === 'console-command');
  const asked = { command: 'bus write', args: { unit: '7', address: '1', value: '5' }, by: 'console:tech' };
  t.strictSame(commands.length, 1, 'who only looks is not in it');
  t.match(commands, [['console-command', { ...asked, before: [100], after: [100] }]], 'with what stood there and what stands there now');
  await t.rejects(call(socketPath, 'bus write', { line: 'air', unit: 'L01', address: '1', value: '5', yes: true }));
  t.match(logged.at(-1), ['console-command', { command: 'bus write', by: 'console:tech', refused: /L01 is on line street/ }], 'or why not');
  await call(socketPath, 'bus write', { line: 'street', unit: '7', address: '2001', value: '5', yes: true });
  t.match(logged.at(-1), ['console-command', { warnings: [/outside the profile's limits/] }], 'and what the profile said against it');
});
