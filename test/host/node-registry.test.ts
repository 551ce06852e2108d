import t from 'tap';
import { NodeRegistry } from '../../platform/database/node-registry.ts';
import type { RunQuery } from '../../platform/database/postgres.ts';

const named = (from: number, count: number) => Array.from({ length: count }, (_, i) => ({ group: 'g', node: `c${from + i}` }));

/** A database that has every node; `onLookUp` runs while nodes are looked up. */
function fakeQuery(onLookUp: () => void = () => {}): RunQuery {
  const answer = async (sql: string, values: readonly unknown[] = []): Promise<unknown[]> => {
    if (sql.includes('pg_postmaster_start_time')) return [{ server: 'one' }];
    if (!sql.includes('n.group_name = u.g')) return [];
    onLookUp();
    return (values[1] as readonly string[]).map((node) => ({ id: Number(node.slice(1)), group_name: 'g', node }));
  };
  return answer as RunQuery;
}

t.test('a notice while nodes are looked up costs no node of the same call', async (t) => {
  const registry = new NodeRegistry();
  await registry.resolve(fakeQuery(), named(1, 2));
  const query = fakeQuery(() => registry.invalidate());
  const found = await registry.resolve(query, named(1, 3));
  t.strictSame(
    found.map(({ id }) => id),
    [1, 2, 3],
  );
});

t.test('in a fleet larger than the cache, a call gets all its nodes, known and new', async (t) => {
  const registry = new NodeRegistry();
  await registry.resolve(fakeQuery(), named(1, 4_000));
  const found = await registry.resolve(fakeQuery(), [...named(1, 10), ...named(4_001, 5)]);
  t.strictSame(
    found.map(({ id }) => id),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 4_001, 4_002, 4_003, 4_004, 4_005],
  );
  t.ok(
    found.every(({ id }) => registry.byId(id) !== undefined),
    'and what is committed for them can be acknowledged',
  );
});
