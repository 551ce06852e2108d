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
