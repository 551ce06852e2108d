import t from 'tap';
import { Batch } from '../../platform/core/batch.ts';
import { hostSkip, openHostScene } from './host-scene.ts';

const skip = await hostSkip();

const deaths: readonly (readonly [story: string, born: number | null, died: number, isOnline: boolean])[] = [
  ['of its session', 5, 5, false],
  ['of the session before, that arrives late', 5, 4, true],
  ['of a session whose birth was lost', 5, 6, false],
  ['of a session whose birth was lost, after 255', 255, 0, false],
  ['of the session before, across 255', 0, 255, true],
  ['of a node whose births are all lost', null, 3, true],
];

t.test('a death ends its session, one whose birth was lost too, and not a newer one', { skip }, async (t) => {
  const { database } = await openHostScene(t);
  const { storeBatch } = await import('../../platform/database/store-batch.ts');
  for (const [i, [story, born, died, isOnline]] of deaths.entries()) {
    const node = i + 1;
    await database.query(`insert into node (group_name, node, bd_seq, is_online) values ('g', $1, $2, true)`, [`c${node}`, born]);
    const batch = new Batch();
    const payload = { sentMs: Date.now(), seq: undefined, metrics: [{ name: 'bdSeq', alias: undefined, value: died }] };
    const message = { origin: { group: 'g', verb: 'NDEATH', node: `c${node}`, device: '' }, payload, receivedMs: Date.now() };
    batch.add(message as never, { id: node } as never);
    await storeBatch(database, batch);
    const [row] = await database.query<{ is_online: boolean }>('select is_online from node where id = $1', [node]);
    t.equal(row?.is_online, isOnline, `a death ${story}`);
  }
});

t.test('births are requested when a message proves that they are missing, not while they are on their way', { skip }, async (t) => {
  const { database } = await openHostScene(t);
  const { wantRebirths } = await import('../../platform/database/processes.ts');
  const { wantedRebirths } = await import('../../platform/database/requests.ts');
  const wanted = async (): Promise<string[]> => (await wantedRebirths(database.query, 10)).map(({ node }) => node).sort();
  await database.query(
    `insert into node (group_name, node, received_at) values ('g', 'new', null), ('g', 'born-now', now()), ('g', 'born-long-ago', now() - interval '1 minute')`,
  );
  await wantRebirths(database.query, [1, 2, 3]);
  t.strictSame(await wanted(), ['born-long-ago'], 'births of the others may wait in the queue of another worker');
  await database.query(`update rebirth set wanted_at = now() - interval '11 seconds' where node_id = 1`);
  await wantRebirths(database.query, [1]);
  t.strictSame(await wanted(), ['born-long-ago', 'new'], 'the first message of a new node counts');
  await database.query(`update node set received_at = now() - interval '21 seconds' where node = 'born-now'`);
  await database.query(`update rebirth set wanted_at = now() - interval '15 seconds' where node_id = 2`);
  t.strictSame(await wanted(), ['born-long-ago', 'new'], 'a message just after the birth proves nothing later either');
  await wantRebirths(database.query, [2]);
  t.strictSame(await wanted(), ['born-long-ago', 'born-now', 'new'], 'one that comes later does');
});
