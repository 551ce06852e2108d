import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { connectAsync } from 'mqtt';
import t from 'tap';
import { encodePayload, type Metric } from '../../agent/sync/sparkplug/codec.ts';
import { hostSkip, openHostScene, readingDifferences } from './host-scene.ts';

const skip = await hostSkip();
const text = (name: string, value: string, more: Partial<Metric> = {}): Metric => ({
  name,
  timestampMs: 1,
  datatype: 12,
  value: { kind: 'string', value },
  ...more,
});
const rows = (value: string): Metric => text('Sync/Rows', value, { isTransient: true });

/** 30,000 characters without a pattern. */
const LONG = Array.from({ length: 480 }, (_, i) => createHash('sha256').update(String(i)).digest('hex')).join('');

/** A packed series of `readings` values with these runs of qualities. */
function segment(p: string, q: readonly unknown[], readings: number): Metric {
  const zeros = Array<number>(readings).fill(0);
  const document = { v: 1, at: [1_795_000_000_000], series: [{ p, d: 0, f: zeros, t: zeros, v: zeros, q }] };
  return { name: 'Sync/Segment', datatype: 17, value: { kind: 'bytes', value: deflateSync(JSON.stringify(document)) } };
}

/** Payloads of a client that is no cabinet of ours: each must cost itself only. */
const POISON: readonly (readonly [string, readonly Metric[] | Buffer])[] = [
  ['NDATA/x', Buffer.from([0xff, 0x01, 0x02])],
  ['NBIRTH/x', Buffer.alloc(0)],
  ['DDATA/x/L\u00e9', [text('a/b', 'c\0d\ud800')]],
  [
    'NBIRTH/x',
    [text('Sync/Epoch', "e'; drop table node; --"), { name: 'Sync/Cursor', datatype: 4, value: { kind: 'long', value: 2n ** 63n - 1n } }],
  ],
  [
    'NBIRTH/y',
    [
      text('Sync/Epoch', 'abcdefgh'),
      { name: 'Sync/Cursor', datatype: 4, value: { kind: 'double', value: Number.NaN } },
      { name: 'bdSeq', value: { kind: 'long', value: 70_000n } },
    ],
  ],
  [
    'DDATA/y/L01',
    [
      {
        name: 'power',
        alias: 5,
        timestampMs: 2 ** 60,
        datatype: 4_000_000_000,
        value: { kind: 'double', value: Number.POSITIVE_INFINITY },
      },
      rows('abcdefgh:1-999999999999999:1/2048'),
    ],
  ],
  [
    'DDATA/y/L01',
    [
      {
        name: 'power',
        timestampMs: 5,
        value: { kind: 'double', value: 1e300 },
        properties: [{ key: 'Quality', type: 3, value: { kind: 'int', value: -1 } }],
      },
      rows('abcdefgh:1-1:1/1'),
    ],
  ],
  [
    'NDATA/y',
    [
      text('Sync/Event', '{"id":"\\u0000","startMs":1e300,"text":"\\ud800"}'),
      text('Sync/Gap', '{"epoch":"abcdefgh","reason":"cap","id":1e20,"readings":1e30}'),
      text('Sync/Log', '{"n":1e19,"atMs":1,"hash":"x"}'),
      text('Sync/Log', '{"head":-1e30}'),
      text('Sync/Event', '{"open":[1,null]}'),
      text('Command/Outcome', '{"id":"a","state":"__proto__"}'),
    ],
  ],
  ['NDATA/y', [text('Sync/Event', '{"__proto__":{"id":1},"id":"e","startMs":0,"endMs":-5}')]],
  ['NDATA/y', [{ name: 'Sync/Segment', value: { kind: 'bytes', value: Buffer.from('x\u009c') } }, rows('abcdefgh:2-3:1/1')]],
  ['DDATA/y/constructor', [{ name: 'constructor', timestampMs: 9, value: { kind: 'double', value: 1 } }, rows('abcdefgh:4-4:1/1')]],
  // Longer than an index of PostgreSQL holds, and not compressible.
  [`NDATA/${LONG.slice(0, 4_000)}`, [text('a/b', 'c')]],
  [`DBIRTH/y/${LONG.slice(0, 4_000)}`, [{ name: 'power', alias: 9, datatype: 10, isNull: true }]],
  ['DDATA/y/L02', [{ name: LONG, timestampMs: 9, value: { kind: 'double', value: 1 } }]],
  ['NDATA/y', [text('Sync/Event', JSON.stringify({ id: LONG, startMs: 1 }))]],
  ['NDATA/y', [text('Sync/Gap', JSON.stringify({ epoch: LONG, reason: LONG, readings: 1 }))]],
  ['NDATA/y', [text('Sync/Log', JSON.stringify({ n: 1, atMs: 1, hash: LONG }))]],
  ['DDATA/y/L02', [text('a/b', 'c'), rows(`${LONG}:1-1:1/2`)]],
  // Deeper than the stack of a parser.
  ['NDATA/y', [text('Sync/Event', `{"id":"deep","startMs":1,"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)]],
  ['NDATA/y', [text('Sync/Event', `{"id":"deep","startMs":1,"x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`)]],
  ['NDATA/y', [segment('L01.power', Array(50_000).fill(['good', 50_000]), 50_000), rows('abcdefgh:5-5:1/1')]],
  ['NDATA/y', [segment('L\0\ud800.power\0', [['good', 1]], 1), rows('abcdefgh:6-6:1/1')]],
  ['NDATA/y', [segment(`${LONG}.power`, [['good', 1]], 1), rows('abcdefgh:7-7:1/1')]],
  ['DDATA/y/L01', [{ alias: 2 ** 52, value: { kind: 'double', value: 1 } }, rows('zzzzzzzz:1-1:1/1')]],
];

t.test('messages of a hostile client cost themselves only', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { database, run, holds, mosquitto } = scene;
  const worker = run('worker');
  const commands = run('commands');
  t.ok(await holds(async () => (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length > 0));
  const client = await connectAsync(mosquitto.url, { protocolVersion: 5 });
  t.teardown(() => client.endAsync(true));
  const node = scene.node('c1');
  await node.uplink.start();
  for (let round = 0; round < 5; round += 1) {
    // Every user of the database may do this.
    for (const notice of ['', 'null', '{"by":1}', '{"by":"x","nodes":["1",1e99]}']) {
      await database.query(`select pg_notify('luciole_birth', $1), pg_notify('luciole_command', $1)`, [notice]);
    }
    for (const [topic, content] of POISON) {
      await client.publishAsync(
        `spBv1.0/angers/${topic}`,
        Buffer.isBuffer(content) ? content : encodePayload({ timestampMs: Date.now(), seq: 0, metrics: content }),
      );
    }
    for (let i = 0; i < 10; i += 1) node.poll({ 'L01.level': round * 10 + i });
    node.commit();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  t.ok(
    await holds(async () => (await database.query(`select 1 from cabinet where cabinet = 'c1' and rows_complete >= 50`)).length === 1),
    'the cabinet of ours',
  );
  t.strictSame(await readingDifferences(database, 'c1', node.store.rows), []);
  t.strictSame([worker.exitCode, commands.exitCode], [null, null], 'no process has ended');
  t.equal(
    (await database.query(`select 1 from reading where cabinet = 'y' and device = 'L01' and value = 1e300`)).length,
    1,
    'what can be stored is stored',
  );
  t.strictSame(
    await database.query(
      `select r, e.complete @> r::bigint as complete from node_epoch e join node n on n.id = e.node_id, unnest(array[2, 3, 4, 5, 6, 7]) r
       where n.node = 'y' and e.epoch = 'abcdefgh' order by r`,
    ),
    [false, false, true, false, true, false].map((complete, i) => ({ r: i + 2, complete })),
    'rows whose segment cannot be unpacked are not complete',
  );
});

t.test('first contact with a cabinet that runs already: its births are requested once, and nothing is lost', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { database, run, holds } = scene;
  const node = scene.node('c1');
  await node.uplink.start();
  for (let i = 0; i < 20; i += 1) node.poll({ 'L01.level': i });
  node.commit();
  run('worker');
  run('commands');
  t.ok(await holds(async () => (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length > 0));
  for (let i = 20; i < 40; i += 1) node.poll({ 'L01.level': i });
  node.commit();
  t.ok(await holds(async () => (await database.query('select 1 from cabinet where rows_complete >= 40')).length === 1, 90_000));
  t.strictSame(await readingDifferences(database, 'c1', node.store.rows), []);
  t.strictSame(await database.query('select requests::int from rebirth'), [{ requests: 1 }]);
});

t.test('a replaced gateway may use an alias for something else: the epoch decides', { skip }, async (t) => {
  const scene = await openHostScene(t);
  const { database, run, holds, mosquitto } = scene;
  run('worker');
  run('worker');
  t.ok(await holds(async () => (await database.query(`select 1 from process where kind = 'worker' and ready_at is not null`)).length > 1));
  const client = await connectAsync(mosquitto.url, { protocolVersion: 5 });
  t.teardown(() => client.endAsync(true));
  const send = (topic: string, metrics: readonly Metric[]) =>
    client.publishAsync(`spBv1.0/g/${topic}`, encodePayload({ timestampMs: Date.now(), seq: 0, metrics }));
  const value = (alias: number, number: number, atMs: number): Metric => ({
    alias,
    timestampMs: atMs,
    value: { kind: 'double', value: number },
  });
  for (let i = 0; i < 12; i += 1) {
    const epoch = `epoch${String(i).padStart(3, '0')}`;
    // Alias 1 is power and 2 is level, the other way round in each second store.
    const [first, second] = i % 2 === 0 ? ['power', 'level'] : ['level', 'power'];
    await send('NBIRTH/c1', [text('Sync/Epoch', `${epoch}xyz`)]);
    await send(
      'DBIRTH/c1/L01',
      [first, second].map((name, k) => ({ name, alias: k + 1, datatype: 10, isNull: true })),
    );
    const atMs = 1_795_000_000_000 + i * 1_000;
    const [power, level] = first === 'power' ? [1, 2] : [2, 1];
    await send('DDATA/c1/L01', [value(power, 1_000 + i, atMs), value(level, i, atMs), rows(`${epoch}:1-1:1/1`)]);
    // Far faster than a gateway can be replaced.
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  t.ok(await holds(async () => (await database.query('select 1 from reading')).length === 24, 20_000), 'all are decoded');
  t.strictSame(
    await database.query(`select * from reading where (quantity = 'power') <> (value >= 1000)`),
    [],
    'no value is in the series of another',
  );
});
