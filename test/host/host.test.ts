import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { SmallNode } from '../agent/sync/small-node.ts';
import { hostSkip, openHostScene, readingDifferences } from './host-scene.ts';

const skip = await hostSkip();
const NODES = ['c1', 'c2', 'c3'];
/** Kills, in turn of both workers, at random moments. Each costs some seconds of real time. */
const KILLS = 8;

const fill = (node: SmallNode, from: number, to: number): void => {
  for (let i = from; i < to; i += 1)
    node.poll({ 'L01.level': i, 'L02.level': [i % 5 === 0 ? null : i / 8, i % 3 === 0 ? 'stale' : 'good'], 'M1.energy': 2 ** 40 + i });
  node.commit();
};

t.test('workers killed at random: every row once, acknowledged to the end, and no birth requested', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { database, run, kill, holds } = scene;
  run('state');
  run('commands');
  const workers = [run('worker'), run('worker')];
  const nodes = NODES.map((name) => ({ name, node: scene.node(name, { primaryHost: 'city' }) }));
  for (const { node } of nodes) {
    fill(node, 0, 200);
    await node.uplink.start();
  }
  const isStored = async (rows: number): Promise<boolean> => {
    const [found] = await database.query<{ n: string }>('select count(*) as n from cabinet where rows_complete >= $1', [rows]);
    return Number(found?.n ?? 0) === NODES.length;
  };
  t.ok(await holds(() => isStored(200)), 'the backlog');
  let rows = 200;
  for (let i = 0; i < KILLS; i += 1) {
    for (let step = 0; step < 4; step += 1) {
      for (const { node } of nodes) fill(node, rows, rows + 5);
      rows += 5;
      await new Promise((resolve) => setTimeout(resolve, 50 + 200 * Math.random()));
    }
    const at = i % workers.length;
    await kill(workers[at] as (typeof workers)[number], 'SIGKILL');
    workers[at] = run('worker');
  }
  t.ok(await holds(() => isStored(rows), 90_000), `${rows} rows of each`);
  t.ok(await holds(() => nodes.every(({ node }) => node.store.cursor >= rows)), 'acknowledged to the end');
  for (const { name, node } of nodes) t.strictSame(await readingDifferences(database, name, node.store.rows), [], name);
  t.strictSame(await database.query('select * from gap'), []);
  t.strictSame(await database.query('select * from rebirth where requests > 0'), [], 'a worker that restarts needs no births');
  t.strictSame(await database.query('select cabinet from cabinet where not online'), []);
});

t.test('a host that loses its database keeps what cabinets send, and continues', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { database, run, kill, holds } = scene;
  run('worker');
  run('commands');
  t.ok(await holds(async () => (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length > 0));
  const node = scene.node('c1');
  await node.uplink.start();
  fill(node, 0, 10);
  const isStored = async (rows: number): Promise<boolean> =>
    (await database.query('select 1 from cabinet where rows_complete >= $1', [rows])).length === 1;
  t.ok(await holds(() => isStored(10)));
  // All connections of the host end, as when the database restarts; at any moment of a transaction.
  for (let row = 10; row < 110; row += 5) {
    fill(node, row, row + 5);
    await new Promise((resolve) => setTimeout(resolve, 50 + 100 * Math.random()));
    await database.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database() and usename = current_user',
    );
  }
  t.ok(await holds(() => isStored(110)));
  t.strictSame(await readingDifferences(database, 'c1', node.store.rows), []);
  const worker = run('worker');
  await holds(async () => (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length > 1);
  await kill(worker, 'SIGTERM');
  t.equal(worker.exitCode, 0, 'and a worker ends in order');
});

t.test('commands by SQL: sent, answered, refused, expired', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { database, run, holds } = scene;
  run('worker');
  run('commands');
  t.ok(await holds(async () => (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length > 0));
  const node = scene.node('c1');
  const orders: unknown[] = [];
  node.onOrder = (order) => orders.push(order);
  await node.uplink.start();
  fill(node, 0, 1);
  t.ok(await holds(async () => (await database.query('select 1 from cabinet where online')).length === 1));
  const send = (id: string, cabinet: string, device: string, metrics: object, expires = '1 minute') =>
    database.query('insert into command (id, cabinet, device, metrics, expires_at) values ($1, $2, $3, $4, now() + $5::interval)', [
      id,
      cabinet,
      device,
      JSON.stringify(metrics),
      expires,
    ]);
  await send('a-1', 'c1', 'L01', { 'Override/Level': 80, 'Override/Minutes': 5 });
  await send('a-2', 'c1', 'L01', { 'Override/Level': 101 });
  await send('a-3', 'c9', '', { 'Emergency/On': true });
  await send('a-4', 'c1', 'L01', { 'Override/Level': 80 }, '-1 second');
  await send('a-5', 'c1', 'L01', { 'Override/Level': { hex: 'ff' } });
  const state = async (id: string): Promise<string> =>
    (await database.query<{ state: string }>('select state from command where id = $1', [id]))[0]?.state ?? '';
  t.ok(await holds(async () => (await state('a-2')) === 'refused'), 'the cabinet refuses what is out of range');
  t.ok(await holds(() => orders.length > 0), 'the order has arrived');
  for (const [id, expected] of [
    ['a-3', 'refused'],
    ['a-4', 'expired'],
    ['a-5', 'refused'],
  ] as const)
    t.equal(await state(id), expected, id);
  const rows = await database.query<{ id: string; reason: string }>('select id, reason from command where state = $1 order by id', [
    'refused',
  ]);
  t.match(rows, [
    { id: 'a-2', reason: /101/ },
    { id: 'a-3', reason: /no cabinet/ },
    { id: 'a-5', reason: /base64/ },
  ]);
});

t.test('STATE follows the workers, and comes back with a newer timestamp', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { run, kill, holds } = scene;
  const state = run('state');
  const worker = run('worker');
  const node = scene.node('c1', { primaryHost: 'city' });
  await node.uplink.start();
  t.ok(await holds(() => node.uplink.status().state === 'online'));
  await kill(worker, 'SIGKILL');
  run('worker');
  t.notOk(await holds(() => node.uplink.status().state !== 'online', 3_000), 'a worker that is replaced is no outage');
  await kill(state, 'SIGTERM');
  t.ok(await holds(() => node.uplink.status().state !== 'online', 5_000), 'the host went offline in order');
  run('state');
  t.ok(await holds(() => node.uplink.status().state === 'online', 20_000));
});

t.test('the figure state_online is 0 while the broker is lost, and 1 again after it', { skip }, async (t) => {
  const { run, holds, mosquitto } = await openHostScene(t);
  // Addresses of sockets are short.
  const folder = mkdtempSync(join(tmpdir(), 'luciole-figures-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const socketPath = join(folder, 'm.sock');
  run('state', { words: ['--metrics', socketPath] });
  run('worker');
  const isOnline = (value: number) => () =>
    new Promise<boolean>((resolve) => {
      const asked = get({ socketPath, path: '/metrics' }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => resolve(new RegExp(`state_online ${value}$`, 'm').test(text)));
      });
      asked.on('error', () => resolve(false));
    });
  t.ok(await holds(isOnline(1)));
  await mosquitto.kill();
  t.ok(await holds(isOnline(0), 10_000));
  await mosquitto.start();
  t.ok(await holds(isOnline(1), 30_000));
});

t.test('a second process for commands waits for the first, and ends in order while it waits', { skip, timeout: 120_000 }, async (t) => {
  const scene = await openHostScene(t);
  const { database, holds, kill } = scene;
  const waiting = async (isGranted: boolean) =>
    (await database.query(`select from pg_locks where locktype = 'advisory' and granted = $1`, [isGranted])).length === 1;
  const first = scene.run('commands');
  t.ok(await holds(() => waiting(true)), 'the first has the lock');
  const second = scene.run('commands');
  t.ok(await holds(() => waiting(false)), 'the second waits');
  await kill(second, 'SIGTERM');
  t.equal(second.exitCode, 0, 'stopped while it waited');
  t.equal(first.exitCode, null, 'the first works on');
  const third = scene.run('commands');
  t.ok(await holds(() => waiting(false)));
  await kill(first, 'SIGTERM');
  t.equal(first.exitCode, 0);
  t.ok(await holds(async () => (await waiting(true)) && !(await waiting(false))), 'the third has taken over');
  t.equal(third.exitCode, null);
});
