import t from 'tap';
import { Batch } from '../../platform/core/batch.ts';
import { MOST_WATCHED, watchHoles } from '../../platform/core/holes.ts';
import { hostSkip, openHostScene } from './host-scene.ts';

const skip = await hostSkip();
const EVERY_OTHER = Array.from({ length: 100_000 }, (_, i) => ({ from: 2 * i + 1, to: 2 * i + 1 }));

t.test('100,000 holes are compared in time that grows with their number, and one that changed starts again', async (t) => {
  const startMs = performance.now();
  const { watched } = watchHoles(watchHoles([], EVERY_OTHER, 0).watched, EVERY_OTHER, 1);
  const tookMs = performance.now() - startMs;
  t.ok(tookMs < 5_000, `${tookMs} ms`);
  t.strictSame(watched.at(-1), { from: 199_999, to: 199_999, sinceMs: 0, requests: 0, askedMs: null });
  t.equal(watchHoles(watched, [{ from: 1, to: 2 }], 5).watched[0]?.sinceMs, 5);
});

t.test('every other row, without end: the lowest ranges are kept, and the lowest holes are requested', { skip }, async (t) => {
  const { database } = await openHostScene(t);
  const { storeBatch } = await import('../../platform/database/store-batch.ts');
  const { holesOfNodes } = await import('../../platform/database/requests.ts');
  await database.query(`insert into node (group_name, node, epoch, is_online) values ('g', 'c1', 'e1', true)`);
  await database.query(`insert into property_data values (1, '', 'Sync/Sent', '1000000', now())`);
  const store = async (spans: readonly { readonly from: number; readonly to: number }[]) => {
    const batch = new Batch();
    for (const { from, to } of spans) batch.parts.add(1, { epoch: 'e1', from, to, part: 1, parts: 1, isAgain: false });
    return storeBatch(database, batch);
  };
  for (let i = 0; i < 3_000; i += 600) await store(EVERY_OTHER.slice(i, i + 600));
  const ranges = () =>
    database.query('select count(*)::int as n, max(upper(r))::int as top from node_epoch, unnest(complete) r group by node_id');
  t.strictSame(await ranges(), [{ n: 1_000, top: 2_000 }]);
  const [found] = await holesOfNodes(database.query);
  t.strictSame([found?.holes.length, found?.holes[0], found?.holes.at(-1)], [MOST_WATCHED, { from: 2, to: 2 }, { from: 128, to: 128 }]);
  const filled = await store([{ from: 1, to: 1_999 }]);
  t.equal(filled.acks[0]?.head, 1_999, 'only rows that are known to be stored are acknowledged');
  await store([{ from: 5_999, to: 5_999 }]);
  t.strictSame((await holesOfNodes(database.query))[0]?.holes, [{ from: 2_000, to: 5_998 }], 'the others are requested again');
});
