import t from 'tap';
import { longSkip } from '../support/long-tests.ts';
import { openBusyScene } from './busy-scene.ts';
import { hostSkip } from './host-scene.ts';

const skip = longSkip(await hostSkip());

t.test('rows that the database does not have are requested after a minute', { skip, timeout: 220_000 }, async (t) => {
  const scene = await openBusyScene(t);
  const { database } = scene;
  await scene.send(2_000);
  await scene.expectAll();
  await database.query('update node_epoch set complete = complete - int8multirange(int8range(2, 5)) where is_born');
  await database.query('delete from reading_data');
  await scene.send(500);
  const rows = scene.nodes[0]?.node.store.rows.length ?? 0;
  const isWhole = async (): Promise<boolean> =>
    (await database.query('select 1 from cabinet where rows_complete >= $1', [rows])).length === 2;
  t.ok(await scene.holds(isWhole, 180_000), `${rows} rows`);
  const again = scene.wire.messages.filter(({ metrics }) =>
    metrics.some(({ value }) => value?.kind === 'string' && value.value.endsWith(':again')),
  );
  t.ok(again.length > 0, `${again.length} messages were sent again`);
  t.equal(scene.wire.written('c1', 'Sync/Resend').length, 1, 'one request was enough');
  const [found] = await database.query<{ n: string }>(
    `select count(*) as n from reading where cabinet = 'c1' and device = 'M1' and value between $1 and $2`,
    [2 ** 40 + 2, 2 ** 40 + 4],
  );
  t.equal(found?.n, '3', 'their readings are here again');
});
