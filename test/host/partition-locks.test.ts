import t from 'tap';
import { hostSkip, openHostScene } from './host-scene.ts';

const skip = await hostSkip();
const DAY_MS = 86_400_000;

t.test('days that a query reads are not removed, and inserts do not wait behind it', { skip }, async (t) => {
  const { database, postgres } = await openHostScene(t);
  const { openDatabase } = await import('../../platform/database/postgres.ts');
  const { ReadingPartitions } = await import('../../platform/database/partitions.ts');
  const others = openDatabase({ url: postgres.url, connections: 2 });
  t.teardown(() => others.end());
  await new ReadingPartitions().ensure(database, [Date.now() - DAY_MS], Date.now());
  const remove = () => database.query<{ n: number }>('select drop_readings_before(current_date + 1) as n');
  await others.transaction(async (query) => {
    await query('select count(*) from reading_data');
    const startMs = performance.now();
    const removed = remove().then(
      () => 'removed',
      (error: Error) => error.message,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await others.query(`insert into reading_data values (1, 192, now() - interval '1 day', 1)`);
    t.match(await removed, /nothing was removed/);
    const tookMs = performance.now() - startMs;
    t.ok(tookMs < 5_000, `${tookMs} ms`);
  });
  t.equal((await remove())[0]?.n, 1);
});

t.test('a partition takes over few readings, and leaves many where they are', { skip }, async (t) => {
  const { database } = await openHostScene(t);
  const make = async (day: string) =>
    (await database.query<{ made: boolean }>('select ensure_reading_partition($1::date) as made', [day]))[0]?.made;
  await database.query(`insert into reading_data select i, 192, '2026-01-02 12:00Z', 1 from generate_series(1, 500001) i`);
  await database.query(`insert into reading_data values (1, 192, '2026-01-03 12:00Z', 1)`);
  t.strictSame([await make('2026-01-02'), await make('2026-01-03')], [false, true]);
  t.strictSame(
    await database.query('select tableoid::regclass::text as part, count(*)::int as n from reading_data group by 1 order by 1'),
    [
      { part: 'reading_20260103', n: 1 },
      { part: 'reading_other', n: 500_001 },
    ],
  );
  await database.query('delete from reading_data where series_id = 1');
  t.equal(await make('2026-01-02'), true);
});

t.test('a partition that cannot be made is tried less and less often', { skip }, async (t) => {
  const { database } = await openHostScene(t);
  const { ReadingPartitions } = await import('../../platform/database/partitions.ts');
  const { PlatformFailure } = await import('../../platform/core/errors.ts');
  const triedS: number[] = [];
  let nowMs = Date.UTC(2026, 10, 28, 12);
  const failing = {
    ...database,
    transaction: async () => {
      triedS.push((nowMs - Date.UTC(2026, 10, 28, 12)) / 1_000);
      throw new PlatformFailure('database-unavailable', 'canceling statement due to statement timeout');
    },
  };
  const partitions = new ReadingPartitions();
  for (let i = 0; i < 400; i += 1, nowMs += 10_000) await partitions.ensure(failing, [nowMs - (nowMs % DAY_MS)], nowMs);
  t.strictSame(triedS, [0, 60, 180, 420, 900, 1_860, 2_820, 3_780]);
});

t.test('parts of rows end after a week, also without their store', { skip }, async (t) => {
  const { database } = await openHostScene(t);
  const { cleanUp } = await import('../../platform/database/housekeeping.ts');
  await database.query(`insert into node (group_name, node) values ('g', 'c1')`);
  await database.query(`insert into node_epoch (node_id, epoch, complete) values (1, 'e1', '{[1,10]}')`);
  await database.query(`insert into row_part (node_id, epoch, from_row, to_row, parts, seen, seen_at) values
    (1, 'e1', 5, 6, 2, '10', now()), (1, 'e1', 15, 16, 2, '10', now()), (1, 'e1', 17, 18, 2, '10', now() - interval '8 days'),
    (1, 'lost', 1, 1, 2, '10', now() - interval '8 days'), (1, 'lost', 2, 2, 2, '10', now())`);
  await cleanUp(database);
  t.strictSame(await database.query('select epoch, from_row::int as row from row_part order by 1, 2'), [
    { epoch: 'e1', row: 15 },
    { epoch: 'lost', row: 2 },
  ]);
});
