import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Batch } from '../../platform/core/batch.ts';
import type { Database } from '../../platform/database/postgres.ts';
import { fillDemoRows } from './demo-rows.ts';
import { hostSkip } from './host-scene.ts';

const skip = await hostSkip();
const PAGE = join(import.meta.dirname, '../../docs/city-database.md');
const NOW = Date.UTC(2026, 10, 28, 12);

/** A database without tables; ends with the test. */
async function openEmpty(t: Test, settings: readonly string[] = []): Promise<Database> {
  const { startTemporaryPostgres } = await import('../../platform/servers/temporary-postgres.ts');
  const { openDatabase } = await import('../../platform/database/postgres.ts');
  const postgres = await startTemporaryPostgres(['fsync = off', ...settings]);
  const database = openDatabase({ url: postgres.url, connections: 8 });
  t.teardown(async () => {
    await database.end();
    await postgres.stop();
  });
  return database;
}

async function openTables(t: Test): Promise<Database> {
  const { migrateDatabase } = await import('../../platform/database/migrate.ts');
  const database = await openEmpty(t);
  await migrateDatabase(database);
  await database.query(`insert into node (group_name, node) values ('g', 'c1'), ('g', 'c2')`);
  await database.query(`insert into series (node_id, device, quantity, unit) values (1, 'L01', 'power', 'W')`);
  return database;
}

/** The rows of the demo, where it is 8 o'clock in the morning: "last night" is then a night with rows. */
async function openDemoRows(t: Test): Promise<Database> {
  const { migrateDatabase } = await import('../../platform/database/migrate.ts');
  const database = await openEmpty(t, [`timezone = '${zoneWhereItIs(8)}'`]);
  await migrateDatabase(database);
  await fillDemoRows(database);
  return database;
}

t.test('migrations: once, also by two at the same time; a changed or unknown file is refused', { skip }, async (t) => {
  const { migrateDatabase } = await import('../../platform/database/migrate.ts');
  const database = await openEmpty(t);
  const applied = await Promise.all([migrateDatabase(database), migrateDatabase(database)]);
  t.equal(applied.flat().length, new Set(applied.flat()).size);
  t.ok(applied.flat().length > 0);
  t.strictSame(await migrateDatabase(database), []);
  await database.query(`update migration set sha256 = 'x' where version = 1`);
  await t.rejects(migrateDatabase(database), { code: 'schema-changed' });
  await database.query(`insert into migration (version, name, sha256) values (9999, 'later.sql', 'x')`);
  await t.rejects(migrateDatabase(database), { code: /schema-(?:newer|changed)/ });
});

t.test('readings: exact to the millisecond, once, in the partition of their day', { skip }, async (t) => {
  const { storeBatch } = await import('../../platform/database/store-batch.ts');
  const { ReadingPartitions } = await import('../../platform/database/partitions.ts');
  const database = await openTables(t);
  const times = Array.from({ length: 2_000 }, (_, i) => NOW + i * 86_399 + ((i * 7_919) % 1_000));
  const batch = new Batch();
  for (const atMs of times) batch.readings.series.push(1) && batch.readings.atMs.push(atMs);
  batch.readings.value.push(...times.map((_, i) => (i % 3 === 0 ? null : i / 8)));
  batch.readings.quality.push(...times.map(() => 192));
  // Eight workers at once, as on the first reading of a day.
  await Promise.all(Array.from({ length: 8 }, () => new ReadingPartitions().ensure(database, times, NOW)));
  t.equal((await storeBatch(database, batch)).inserted, times.length);
  t.equal((await storeBatch(database, batch)).inserted, 0, 'written again, nothing is stored twice');
  const rows = await database.query<{ ms: string }>('select (extract(epoch from at) * 1000)::text as ms from reading_data order by at');
  t.strictSame(
    rows.map(({ ms }) => Number(ms)),
    times.toSorted((a, b) => a - b),
  );
  const parts = await database.query<{ part: string }>('select distinct tableoid::regclass::text as part from reading_data order by 1');
  t.strictSame(
    parts.map(({ part }) => part),
    ['reading_20261128', 'reading_20261129', 'reading_20261130'],
  );
  const [odd] = await database.query<{ n: string }>(
    `insert into reading_data values (1, 192, '1970-01-01', 1) returning tableoid::regclass::text as n`,
  );
  t.equal(odd?.n, 'reading_other');
});

t.test('ranges in parts, from two workers: complete when the last part is stored', { skip }, async (t) => {
  const { storeBatch } = await import('../../platform/database/store-batch.ts');
  const database = await openTables(t);
  await database.query(`insert into node_epoch (node_id, epoch) values (1, 'e1'), (2, 'e1')`);
  const parts = (list: readonly (readonly [number, number, number, number, number])[]): Batch => {
    const batch = new Batch();
    for (const [node, from, to, part, of] of list) batch.parts.add(node, { epoch: 'e1', from, to, part, parts: of, isAgain: false });
    return batch;
  };
  const head = async (batch: Batch): Promise<number | undefined> =>
    (await storeBatch(database, batch)).acks.find(({ node }) => node === 1)?.head;
  t.equal(await head(parts([[1, 1, 4, 1, 1]])), 4);
  t.equal(await head(parts([[1, 7, 9, 1, 1]])), 4, 'a hole');
  t.equal(await head(parts([[1, 5, 6, 2, 3]])), 4);
  await Promise.all([
    storeBatch(
      database,
      parts([
        [1, 5, 6, 1, 3],
        [2, 1, 1, 1, 2],
      ]),
    ),
    storeBatch(
      database,
      parts([
        [2, 1, 1, 2, 2],
        [1, 5, 6, 3, 3],
      ]),
    ),
  ]);
  t.equal(await head(parts([[1, 9, 9, 1, 1]])), 9);
  t.strictSame(await database.query('select complete::text from node_epoch order by node_id'), [
    { complete: '{[1,10)}' },
    { complete: '{[1,2)}' },
  ]);
  t.strictSame(await database.query('select * from row_part'), []);
});

t.test('gaps and the audit log are chains; a rewritten log shows', { skip }, async (t) => {
  const { storeBatch } = await import('../../platform/database/store-batch.ts');
  const database = await openTables(t);
  await database.query(`insert into node_epoch (node_id, epoch) values (1, 'e1')`);
  const gap = (id: number, after: number) => ({
    epoch: 'e1',
    id,
    after,
    from: 1,
    to: 2,
    readings: 5,
    reason: 'cap',
    isEstimate: false,
    atMs: NOW,
    node: 1,
    atReportMs: NOW,
  });
  const gapHead = async (): Promise<unknown> =>
    (await database.query<{ gap_head: string }>('select gap_head from node_epoch'))[0]?.gap_head;
  const batch = new Batch();
  batch.reports.gaps.push(gap(1, 0), gap(9, 3), gap(1, 0));
  await storeBatch(database, batch);
  t.equal(await gapHead(), '1');
  const next = new Batch();
  next.reports.gaps.push(gap(3, 1));
  await storeBatch(database, next);
  t.equal(await gapHead(), '9');
  const entries: { n: number; after: number; atMs: number; hash: string; body: string; lost: number; node: number; atReportMs: number }[] =
    [];
  for (const n of [1, 2, 3]) {
    const body = `{"user":"ada","n":${n}}`;
    const hash = createHash('sha256')
      .update(`${entries.at(-1)?.hash ?? '0'.repeat(64)}\n${n}\n${NOW}\n${body}`)
      .digest('hex');
    entries.push({ n, after: n - 1, atMs: NOW, hash, body, lost: 0, node: 1, atReportMs: NOW });
  }
  const log = new Batch();
  log.reports.log.push(...entries.toReversed());
  t.strictSame((await storeBatch(database, log)).logs, [{ node: 1, n: 3, hash: entries[2]?.hash }]);
  t.strictSame(await database.query('select * from audit_problem'), []);
  await database.query(`update audit set body = '{"user":"eve"}' where n = 2`);
  t.match(await database.query('select n, problem from audit_problem'), [{ n: '2', problem: /hash/ }]);
});

t.test('a reported end of an audit log: the newest report counts, and entries reported after it', { skip }, async (t) => {
  const { storeBatch } = await import('../../platform/database/store-batch.ts');
  const database = await openTables(t);
  const origin = { group: 'g', node: 'c1', device: '', verb: 'NDATA' as const };
  const directory = { id: 1, epoch: null, metric: () => undefined, series: () => undefined };
  type Report = readonly [secondsLater: number, fields: Readonly<Record<string, unknown>>];
  const head = (n: number) => ({ head: n, hash: `h${n}` });
  const entry = (n: number) => ({ n, after: n - 1, atMs: NOW, hash: `h${n}`, body: null });
  const store = async (...reports: readonly Report[]): Promise<unknown> => {
    const batch = new Batch();
    for (const [s, fields] of reports) {
      const sentMs = NOW + s * 1_000;
      const metric = { name: 'Sync/Log', alias: undefined, atMs: sentMs, datatype: 12, isTransient: false, properties: new Map() };
      const metrics = [{ ...metric, value: JSON.stringify(fields) }];
      batch.add({ origin, payload: { sentMs, seq: 0, metrics }, receivedMs: NOW + 60_000, bytes: 100, receivedMono: 0 }, directory);
    }
    await storeBatch(database, batch);
    const [row] = await database.query<{ n: string; problems: string }>(
      `select log_reported_n as n, (select count(*) from audit_problem) as problems from node where id = 1`,
    );
    return [Number(row?.n), Number(row?.problems)];
  };
  t.strictSame(await store([1, head(1)], [1, entry(1)]), [1, 0]);
  t.strictSame(await store([2, entry(2)], [2, entry(3)]), [3, 0], 'entries after the head are no problem');
  t.strictSame(await store([3, entry(2)]), [3, 0], 'an entry that is sent again');
  t.strictSame(await store([1, head(1)]), [3, 0], 'an older head, at another worker');
  t.strictSame(await store([4, head(3)], [1, head(1)]), [3, 0], 'an older head in the same batch');
  t.strictSame(await store([6, head(1)], [5, entry(4)]), [1, 1], 'a log that was replaced');
  t.strictSame(await store([7, entry(2)]), [2, 1], 'and grows');
});

t.test('events: the newest report counts, and the list of open ones ends the others', { skip }, async (t) => {
  const { storeBatch } = await import('../../platform/database/store-batch.ts');
  const database = await openTables(t);
  const event = (id: string, atReportMs: number, endMs: number | null) => ({
    id,
    code: 'lamp-out',
    source: 'L01',
    severity: 'alarm',
    startMs: NOW,
    endMs,
    text: id,
    body: '{}',
    node: 1,
    atReportMs,
  });
  const store = async (events: ReturnType<typeof event>[], open?: { ids: string[]; atMs: number }): Promise<void> => {
    const batch = new Batch();
    for (const one of events) batch.reports.events.set(`1/${one.id}`, one);
    if (open !== undefined) batch.reports.openEvents.set(1, open);
    await storeBatch(database, batch);
  };
  await store([event('a', NOW + 20, NOW + 10)]);
  await store([event('a', NOW + 5, null), event('b', NOW + 5, null), event('c', NOW + 5, null)]);
  await store([], { ids: ['b'], atMs: NOW + 30 });
  await store([event('d', NOW + 6, null)], undefined);
  await store([event('e', NOW + 40, null)]);
  const open = await database.query<{ id: string }>('select id from event where ended_at is null order by id');
  t.strictSame(
    open.map(({ id }) => id),
    ['b', 'e'],
    'a ended, c and d are not in the list that is newer',
  );
});

/** The statements of a text, without comments at their ends. */
const statementsOf = (text: string): string[] => text.split(/;\n|;$/).filter((one) => one.trim() !== '');

t.test('every query of the page and of the demo runs, and finds something', { skip }, async (t) => {
  const { FIRST_QUERIES } = await import('../../platform/demo/guide.ts');
  const database = await openDemoRows(t);
  const page = readFileSync(PAGE, 'utf8');
  const blocks = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const statements = statementsOf(`${blocks.join('\n')}\n${FIRST_QUERIES}`);
  t.ok(statements.length > 20, `${statements.length} statements`);
  for (const text of statements) {
    const rows = await database.query(text);
    if (/\binsert into\b/.test(text)) continue;
    t.not(rows.length, 0, text);
  }
  await database.query(`select drop_readings_before('2026-11-01')`);
  const named = [...page.matchAll(/^\| (`\w+`(?:\(nights\))?(?:, `\w+`)*)/gm)].flatMap(([, names = '']) => names.match(/\w+(?=`)/g) ?? []);
  for (const name of ['reading', 'lamp', 'audit_entry', 'migration']) t.ok(named.includes(name), name);
});

t.test('a cabinet that is offline has no device that answers', { skip }, async (t) => {
  const database = await openDemoRows(t);
  const alive = `select count(*)::int as alive from device where is_alive and cabinet = $1`;
  t.strictSame(await database.query(alive, ['demo-1']), [{ alive: 5 }], 'all but L07');
  t.strictSame(await database.query(alive, ['demo-3']), [{ alive: 0 }]);
  t.strictSame(await database.query(`select devices_alive::int as alive, devices::int from cabinet where cabinet = 'demo-3'`), [
    { alive: 0, devices: 6 },
  ]);
});

t.test('energy by night: what the counter counted; a counter that went back gives no night', { skip }, async (t) => {
  const database = await openTables(t);
  await database.query(`insert into series (node_id, device, quantity) values (1, 'M01', 'energy_import'), (2, 'M01', 'energy_import')`);
  await database.query(`insert into reading_data (series_id, quality, at, value)
    select s.id, 192, date_trunc('day', now() - interval '12 hours') - interval '12 hours' + h * interval '1 hour',
      case when s.node_id = 1 then 100 + h else 100 - h end from series s, generate_series(0, 23) h where s.quantity = 'energy_import'
    union all select id, 192, date_trunc('day', now() - interval '12 hours') - interval '11 hours 30 minutes', null from series where quantity = 'energy_import'
    union all select id, 0, date_trunc('day', now() - interval '12 hours') + interval '11 hours 30 minutes', 9e9 from series where quantity = 'energy_import'`);
  t.strictSame(await database.query('select cabinet, device, kwh, is_over from energy_by_night(3)'), [
    { cabinet: 'c1', device: 'M01', kwh: 23, is_over: true },
  ]);
});

t.test('every table, view, column and function has a comment', { skip }, async (t) => {
  const database = await openTables(t);
  t.strictSame(
    await database.query(`
      select c.relname as name, a.attname as column from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
        and (obj_description(c.oid) is null or col_description(c.oid, a.attnum) is null)
      union all select p.proname, null from pg_proc p where p.pronamespace = 'public'::regnamespace and obj_description(p.oid) is null`),
    [],
  );
});

/** A zone in which it is about this hour now. Its sign is that of POSIX: Etc/GMT-3 is three hours ahead of UTC. */
function zoneWhereItIs(hour: number): string {
  const ahead = (((hour - new Date().getUTCHours() + 36) % 24) - 12) % 24;
  return `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

t.test(
  'TimescaleDB: the same tables with a hypertable',
  { skip: skip || !existsSync('/usr/lib/postgresql/17/lib/timescaledb.so') ? 'TimescaleDB is not installed' : false },
  async (t) => {
    const { migrateDatabase } = await import('../../platform/database/migrate.ts');
    const { storeBatch } = await import('../../platform/database/store-batch.ts');
    const { ReadingPartitions } = await import('../../platform/database/partitions.ts');
    const database = await openEmpty(t, [`shared_preload_libraries = 'timescaledb'`, 'timescaledb.telemetry_level = off']);
    await migrateDatabase(database);
    await database.query(`insert into node (group_name, node) values ('g', 'c1')`);
    await database.query(`insert into series (node_id, device, quantity) values (1, 'L01', 'power')`);
    const batch = new Batch();
    batch.readings.series.push(1, 1, 1);
    batch.readings.atMs.push(NOW, NOW + 86_400_000, NOW);
    batch.readings.value.push(1, 2, 3);
    batch.readings.quality.push(192, 192, 192);
    await new ReadingPartitions().ensure(database, batch.readings.atMs, NOW);
    t.equal((await storeBatch(database, batch)).inserted, 2);
    t.equal((await database.query('select * from timescaledb_information.chunks')).length, 2);
    await database.query(`select drop_readings_before('2026-11-29')`);
    t.equal((await database.query('select * from reading')).length, 1);
  },
);
