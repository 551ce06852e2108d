/** Messages that are small on the wire and large in memory. */
import { deflateSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { encodePayload } from '../../agent/sync/sparkplug/codec.ts';
import { Batch } from '../../platform/core/batch.ts';
import type { NodeDirectory } from '../../platform/core/data-message.ts';
import { decodableGroups } from '../../platform/core/intake.ts';
import type { NodeMessage } from '../../platform/core/message.ts';
import { parkMessages } from '../../platform/core/parking.ts';
import { unpackSegment } from '../../platform/core/segment.ts';
import { readTopic } from '../../platform/core/topic.ts';
import { type HostMetric, readPayload } from '../../platform/core/wire.ts';
import { hostSkip } from './host-scene.ts';

const skip = await hostSkip();
const NOW = Date.UTC(2026, 10, 28, 12);

const metric = (changes: Partial<HostMetric>): HostMetric => ({
  ...{ name: undefined, alias: undefined, atMs: NOW, datatype: undefined, isTransient: false, value: null, properties: new Map() },
  ...changes,
});
function message(topic: string, metrics: readonly HostMetric[], more: Partial<NodeMessage> = {}): NodeMessage {
  const origin = readTopic(`spBv1.0/g/${topic}`);
  if (origin === undefined) throw new RangeError(topic);
  return { origin, payload: { sentMs: NOW, seq: 0, metrics }, bytes: 100, receivedMs: NOW, receivedMono: 0, ...more };
}
const rows = (value: string): HostMetric => metric({ name: 'Sync/Rows', isTransient: true, value });

/** A segment whose series have so many readings, all zeros. */
function pack(...sizes: readonly number[]): Buffer {
  const series = sizes.map((size, i) => {
    const zeros = Array<number>(size).fill(0);
    return { p: `L0${i}.power`, d: 0, f: zeros, t: zeros, v: zeros, q: [['good', size]] };
  });
  return deflateSync(JSON.stringify({ v: 1, at: [NOW], series }));
}

t.test('the readings of a segment are counted before they are made', async (t) => {
  const bomb = pack(500_000);
  t.ok(bomb.length < 5_000, `${bomb.length} bytes`);
  const table: [string, Buffer, number | undefined][] = [
    ['an honest one', pack(1_500, 1_500), 3_000],
    ['the most', pack(25_000, 25_000), 50_000],
    ['one more', pack(25_000, 25_001), undefined],
    ['a bomb', bomb, undefined],
  ];
  for (const [what, bytes, readings] of table) t.equal(unpackSegment(bytes)?.length, readings, what);
});

t.test('a segment with a value that is no number, or without the name of a reading, is not unpacked', async (t) => {
  const packed = (change: object): Buffer =>
    deflateSync(
      JSON.stringify({ v: 1, at: [5], series: [{ p: 'L01.power', d: null, f: [0], t: [0], v: [1], q: [['good', 1]], ...change }] }),
    );
  t.equal(unpackSegment(packed({}))?.length, 1);
  for (const change of [{ v: ['x'] }, { v: ['x'], d: 1 }, { v: [true] }, { v: [{}] }, { p: 'nodot' }, { p: '.power' }])
    t.equal(unpackSegment(packed(change)), undefined, JSON.stringify(change));
  t.match(unpackSegment(packed({ q: [['constructor', 1]] })), [{ quality: 0 }]);
});

t.test('rows are complete only if the segment of their message was unpacked', async (t) => {
  const directory: NodeDirectory = { id: 1, epoch: 'e1', metric: () => undefined, series: () => 33 };
  const segment = (value: HostMetric['value']): HostMetric => metric({ name: 'Sync/Segment', value });
  const table: [string, readonly HostMetric[], boolean, number][] = [
    ['sound', [segment(pack(3))], true, 3],
    ['no segment', [], true, 0],
    ['not zlib', [segment(Buffer.from('x'))], false, 0],
    ['too many readings', [segment(pack(50_001))], false, 0],
    ['no bytes', [segment(null)], false, 0],
    ['twenty in one message', Array.from({ length: 20 }, () => segment(pack(50_000))), false, 0],
  ];
  for (const [what, segments, isComplete, readings] of table) {
    const batch = new Batch();
    t.equal(batch.add(message('NDATA/c1', [...segments, rows('e1:1-500:1/1')]), directory), undefined, what);
    t.equal(batch.parts.result().complete.length === 1, isComplete, `${what}: complete`);
    t.strictSame([batch.readings.series.length, batch.invalid], [readings, isComplete ? 0 : segments.length], what);
    t.strictSame(
      batch.unreadable.map(({ node }) => node),
      isComplete ? [] : ['c1'],
      `${what}: what the log names`,
    );
  }
});

t.test('a message has a limited number of metrics and properties', async (t) => {
  t.equal(readPayload(Buffer.alloc(256 * 1_024, Buffer.from([0x12, 0]))), undefined, '256 KB of empty metrics');
  const reading = { alias: 300, timestampMs: NOW, isHistorical: true, value: { kind: 'double' as const, value: 1.5 } };
  const full = encodePayload({ timestampMs: NOW, seq: 3, metrics: Array(10_500).fill(reading) });
  t.ok(full.length > 240_000, `${full.length} bytes`);
  t.equal(readPayload(full)?.metrics.length, 10_500, 'a full packet of readings');
  const properties = Array.from({ length: 20_000 }, (_, i) => ({
    key: i === 4 ? 'Quality' : `k${i}`,
    type: 3,
    value: { kind: 'int' as const, value: 500 },
  }));
  const odd = readPayload(encodePayload({ timestampMs: NOW, seq: 3, metrics: [{ ...reading, properties }] }));
  t.strictSame([odd?.metrics[0]?.properties.size, odd?.metrics[0]?.properties.get('Quality')], [16, 500]);
});

t.test('messages wait for births, and are decoded, by their size and not only by their number', async (t) => {
  const empty = Array<HostMetric>(10_000).fill(metric({}));
  const parked = (metrics: readonly HostMetric[], bytes: number) =>
    parkMessages(
      Array.from({ length: 100 }, (_, i) => ({ message: message('NDATA/c1', metrics, { bytes, receivedMono: i }) })),
      1_000,
    );
  t.strictSame([parked(empty, 20_000).kept.length, parked(empty, 20_000).late.length], [10, 90], 'metrics');
  t.strictSame(parked(empty, 20_000).kept[0]?.message.receivedMono, 90, 'the newest wait on');
  t.equal(parked([], 2 ** 20).kept.length, 16, 'bytes');
  const groups = (metrics: readonly HostMetric[], bytes: number) =>
    [...decodableGroups(Array<NodeMessage>(25).fill(message('NDATA/c1', metrics, { bytes })), { metrics: 100_000, bytes: 1_000 })].map(
      ({ length }) => length,
    );
  t.strictSame([groups(empty, 1), groups([], 100), groups([], 1)], [[10, 10, 5], [10, 10, 5], [25]]);
  let read = 0;
  const source = function* () {
    for (; read < 25; read += 1) yield message('NDATA/c1', empty);
  };
  decodableGroups(source(), { metrics: 100_000, bytes: 1e9 }).next();
  t.equal(read, 9, 'the messages after a group are not decoded before it is written');
});

async function openTables(t: Test, queryTimeoutMs: number) {
  const [{ startTemporaryPostgres }, { openDatabase, isTimeout }, { migrateDatabase }, { BatchWriter }, { NodeRegistry }] =
    await Promise.all([
      import('../../platform/servers/temporary-postgres.ts'),
      import('../../platform/database/postgres.ts'),
      import('../../platform/database/migrate.ts'),
      import('../../platform/worker/batch-writer.ts'),
      import('../../platform/database/node-registry.ts'),
    ]);
  const postgres = await startTemporaryPostgres(['fsync = off']);
  const patient = openDatabase({ url: postgres.url, connections: 1 });
  const database = openDatabase({ url: postgres.url, connections: 2, queryTimeoutMs });
  t.teardown(async () => {
    await Promise.all([database.end(), patient.end()]);
    await postgres.stop();
  });
  await migrateDatabase(patient);
  const timeouts: string[] = [];
  const writer = new BatchWriter(database, new NodeRegistry(), 'w', (failure) => timeouts.push(failure.message));
  return { database, patient, writer, timeouts, isTimeout };
}

t.test('a batch that takes too long is ended by the server and written in halves', { skip, timeout: 120_000 }, async (t) => {
  const { database, patient, writer, timeouts, isTimeout } = await openTables(t, 2_000);
  const slow = await database.query('select pg_sleep(30)').catch((error: unknown) => error);
  t.ok(isTimeout(slow), String(slow));
  // The answer leaves the server a moment before the statement counts as ended.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  t.strictSame(
    await patient.query(
      `select query from pg_stat_activity where state = 'active' and query like '%pg_sleep(30)%' and pid <> pg_backend_pid()`,
    ),
    [],
    'no statement continues without its client',
  );
  await patient.query(`create function be_slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.1); return new; end'`);
  await patient.query('create trigger slow before insert on reading_data for each row execute function be_slow()');
  const messages = Array.from({ length: 40 }, (_, i) =>
    message('DDATA/c1/L01', [metric({ name: 'power', value: i, atMs: NOW + i }), rows(`e1:${i + 1}-${i + 1}:1/1`)]),
  );
  const { stored, rejected } = await writer.write(messages, () => {});
  t.strictSame(
    [stored.map(({ readings }) => readings), rejected.length, timeouts.length],
    [[10, 10, 10, 10], 0, 3],
    'each quarter fits, and nothing is left out',
  );
  t.equal(stored.at(-1)?.result.acks[0]?.head, 40);
  await patient.query(
    `create or replace function be_slow() returns trigger language plpgsql as 'begin perform pg_sleep(30); return new; end'`,
  );
  const alone = await writer
    .write([message('DDATA/c1/L01', [metric({ name: 'power', value: 1 })])], () => {})
    .catch((error: unknown) => error);
  t.ok(isTimeout(alone), 'one message alone is repeated, not left out');
});

t.test('a node has a limited number of series', { skip, timeout: 120_000 }, async (t) => {
  const { patient, writer } = await openTables(t, 60_000);
  const named = (node: string, name: string) => message(`DDATA/${node}/L01`, [metric({ name, value: 1 })]);
  await writer.write([named('c1', 'power'), named('c2', 'power')], () => {});
  await patient.query(
    `insert into series (node_id, device, quantity, unit, datatype, talq)
     select n.id, 'x', i::text, '', 0, '' from node n, generate_series(1, 99998) i where n.node = 'c1'`,
  );
  const { rejected, stored } = await writer.write([named('c1', 'a'), named('c1', 'b'), named('c2', 'b')], () => {});
  t.match(rejected, [{ message: { payload: { metrics: [{ name: 'b' }] } }, reason: 'the node has too many series' }]);
  t.strictSame(
    stored.map(({ readings }) => readings),
    [2],
  );
});
