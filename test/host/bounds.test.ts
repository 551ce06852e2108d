import { deflateSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { AckOutbox } from '../../platform/core/acks.ts';
import type { NodeMessage } from '../../platform/core/message.ts';
import { parkMessages } from '../../platform/core/parking.ts';
import { readTopic } from '../../platform/core/topic.ts';
import type { HostMetric } from '../../platform/core/wire.ts';
import { RelaySender } from '../../platform/worker/relay-sender.ts';
import { hostSkip } from './host-scene.ts';

const skip = await hostSkip();
const NOW = Date.UTC(2026, 10, 28, 12);

const metric = (changes: Partial<HostMetric>): HostMetric => ({
  ...{ name: undefined, alias: undefined, atMs: NOW, datatype: undefined, isTransient: false, value: null, properties: new Map() },
  ...changes,
});
const message = (topic: string, metrics: readonly HostMetric[]): NodeMessage => {
  const origin = readTopic(`spBv1.0/g/${topic}`);
  if (origin === undefined) throw new RangeError(topic);
  return { origin, payload: { sentMs: NOW, seq: 0, metrics }, bytes: 100, receivedMs: NOW, receivedMono: 0 };
};

async function openTables(t: Test) {
  const [{ startTemporaryPostgres }, { openDatabase }, { migrateDatabase }] = await Promise.all([
    import('../../platform/servers/temporary-postgres.ts'),
    import('../../platform/database/postgres.ts'),
    import('../../platform/database/migrate.ts'),
  ]);
  const postgres = await startTemporaryPostgres(['fsync = off']);
  const database = openDatabase({ url: postgres.url, connections: 3 });
  t.teardown(async () => {
    await database.end();
    await postgres.stop();
  });
  await migrateDatabase(database);
  return database;
}

t.test('many packed messages become several transactions of bounded size; a node of absurd size is refused', { skip }, async (t) => {
  const database = await openTables(t);
  const [{ BatchWriter }, { NodeRegistry }] = await Promise.all([
    import('../../platform/worker/batch-writer.ts'),
    import('../../platform/database/node-registry.ts'),
  ]);
  const writer = new BatchWriter(database, new NodeRegistry(), 'w');
  const [readings, count] = [3_000, 40];
  const segment = (i: number): NodeMessage => {
    const steps = Array.from({ length: readings }, (_, k) => (k === 0 ? 0 : 1));
    const series = [{ p: 'L01.power', d: 0, f: steps, t: steps.map(() => 0), v: steps, q: [['good', readings]] }];
    const at = steps.map((_, k) => (k === 0 ? NOW - (i + 1) * 10_000_000 : 1_000));
    const rows = `e1:${i * readings + 1}-${(i + 1) * readings}:1/1`;
    return message('NDATA/c1', [
      metric({ name: 'Sync/Segment', value: deflateSync(JSON.stringify({ v: 1, at, series })) }),
      metric({ name: 'Sync/Rows', isTransient: true, value: rows }),
    ]);
  };
  const { stored } = await writer.write(
    Array.from({ length: count }, (_, i) => segment(i)),
    () => {},
  );
  const sizes = stored.map((one) => one.readings);
  t.ok(sizes.length > 1 && Math.max(...sizes) <= 53_000, sizes.join(', '));
  t.strictSame(await database.query('select count(*)::int as n from reading_data'), [{ n: readings * count }]);
  const named = ['power', 'level', 'hours'].map((name, i) => metric({ name, value: i, datatype: 10 }));
  const { stored: plain, waiting } = await writer.write([message('DDATA/c3/L01', named)], () => {});
  t.strictSame([plain[0]?.result.inserted, waiting.length], [3, 0], 'names without a birth get their series at once');
  const crowd = Array.from({ length: 12 }, (_, device) =>
    message(
      `DBIRTH/c2/D${device}`,
      Array.from({ length: 10_000 }, (_, i) => metric({ name: `m/${i}`, alias: device * 10_000 + i, datatype: 10 })),
    ),
  );
  for (const birth of crowd) {
    const { rejected } = await writer.write([birth], () => {});
    t.equal(rejected.length, birth.origin.device === 'D10' || birth.origin.device === 'D11' ? 1 : 0, birth.origin.device);
  }
});

t.test('a listener that loses its connection has one again, and none once it is stopped', { skip }, async (t) => {
  const database = await openTables(t);
  const heard: string[] = [];
  let connects = 0;
  const stop = await database.listen(
    ['x'],
    (_, payload) => heard.push(payload),
    () => {
      connects += 1;
    },
  );
  const listeners = async (): Promise<number[]> =>
    (
      await database.query<{ pid: number }>(
        `select pid from pg_stat_activity where query like 'listen %' and application_name = 'luciole-platform'`,
      )
    ).map(({ pid }) => pid);
  for (let i = 0; i < 3; i += 1) {
    await database.query('select pg_terminate_backend($1)', await listeners());
    for (let waited = 0; waited < 100 && connects < i + 2; waited += 1) await new Promise((resolve) => setTimeout(resolve, 100));
    t.equal((await listeners()).length, 1);
  }
  await database.query(`select pg_notify('x', 'hello')`);
  for (let waited = 0; waited < 50 && heard.length === 0; waited += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  t.strictSame(heard, ['hello']);
  await stop();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  t.strictSame(await listeners(), []);
});

t.test('a detection is sent once, also when its batch is written again, and not when it is too old', async (t) => {
  const sent: string[] = [];
  const sender = new RelaySender(async ({ node }, name, text) => sent.push(`${node} ${name} ${text}`) > 0);
  const relay = (to: string, ttlMs: number) => ({
    message: message('NDATA/c1', []),
    relay: { from: 'c1', to, ageMs: 40, ttlMs, body: { to } },
  });
  const [one, late] = [relay('c2', 20_000), relay('c3', 1_000)];
  sender.send([one, late], 1_500);
  sender.send([one, late], 3_000);
  t.strictSame(sent, ['c2 Relay/Detection {"to":"c2","ageMs":1540}']);
});

t.test('messages without a birth wait 10 s, and at most 5,000 of them', async (t) => {
  const waiting = Array.from({ length: 6_000 }, (_, i) => ({ message: { ...message('NDATA/c1', []), receivedMono: i } }));
  const { kept, late } = parkMessages(waiting, 10_500);
  t.strictSame([kept.length, late.length, late.at(-1)?.message.receivedMono], [5_000, 1_000, 999]);
  t.equal(parkMessages(waiting, 16_000).kept.length, 0);
});

t.test('an acknowledgement that could not be sent waits, unless a newer one does', async (t) => {
  const outbox = new AckOutbox<string>(1_000);
  outbox.add(1, 'a');
  t.strictSame(outbox.due(0), [[1, 'a']]);
  outbox.restore(1, 'a');
  t.strictSame(outbox.due(999), []);
  t.strictSame(outbox.due(1_000), [[1, 'a']]);
  outbox.add(1, 'b');
  outbox.restore(1, 'a');
  t.strictSame(outbox.due(2_000), [[1, 'b']]);
});
