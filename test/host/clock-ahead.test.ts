import t from 'tap';
import { Batch } from '../../platform/core/batch.ts';
import type { NodeMessage } from '../../platform/core/message.ts';
import { AHEAD_MS, stateTime } from '../../platform/core/times.ts';
import { readTopic } from '../../platform/core/topic.ts';
import { hostSkip, openHostScene } from './host-scene.ts';

const skip = await hostSkip();
const FAR_MS = Date.UTC(9999, 0, 1);
const NOW = Date.UTC(2026, 10, 28, 12);
const DIRECTORY = { id: 1, epoch: null, metric: () => undefined, series: () => undefined };

const message = (topic: string, sentMs: number, receivedMs: number, metrics: Readonly<Record<string, string>> = {}): NodeMessage => {
  const origin = readTopic(`spBv1.0/g/${topic}`);
  if (origin === undefined) throw new RangeError(topic);
  const fields = { alias: undefined, atMs: sentMs, datatype: 12, isTransient: false, properties: new Map() };
  const list = Object.entries(metrics).map(([name, value]) => ({ ...fields, name, value }));
  return { origin, payload: { sentMs, seq: 0, metrics: list }, receivedMs, bytes: 100, receivedMono: 0 };
};
const event = (id: string, endMs: number | null): string => JSON.stringify({ id, code: 'x', severity: 'alarm', startMs: NOW, endMs });

const times: readonly (readonly [story: string, times: readonly (number | undefined)[], expected: number])[] = [
  ['in the past', [NOW - 1_000], NOW - 1_000],
  ['slightly ahead', [NOW + AHEAD_MS], NOW + AHEAD_MS],
  ['too far ahead', [NOW + AHEAD_MS + 1], NOW],
  ['in the last year', [FAR_MS], NOW],
  ['that no database holds, so the next', [2 ** 60, NOW - 5], NOW - 5],
  ['missing', [undefined], NOW],
];

t.test('the time of a state', async (t) => {
  for (const [story, from, expected] of times) t.equal(stateTime(from, NOW), expected, story);
});

t.test('a clock that was ahead freezes no state, in one batch or over several', { skip }, async (t) => {
  const { database } = await openHostScene(t);
  const { storeBatch } = await import('../../platform/database/store-batch.ts');
  const nowMs = Date.now();
  const ahead = (name: string) => [
    message(`DBIRTH/${name}/L01`, FAR_MS, nowMs - 10, { 'Lamp/Reason': 'programme' }),
    message(`NDATA/${name}`, FAR_MS, nowMs - 10, { 'Sync/Event': event('a', null) }),
    message(`NDATA/${name}`, FAR_MS, nowMs - 9, { 'Sync/Event': event('b', null) }),
    message(`NDATA/${name}`, FAR_MS, nowMs - 8, { 'Sync/Event': '{"open":["a","b"]}' }),
  ];
  const right = (name: string) => [
    message(`DDATA/${name}/L01`, nowMs, nowMs, { 'Lamp/Reason': 'presence' }),
    message(`DDEATH/${name}/L01`, nowMs, nowMs),
    message(`NDATA/${name}`, nowMs, nowMs, { 'Sync/Event': event('a', nowMs) }),
    message(`NDATA/${name}`, nowMs + 1, nowMs + 1, { 'Sync/Event': '{"open":[]}' }),
  ];
  const store = async (id: number, messages: readonly NodeMessage[]): Promise<void> => {
    const batch = new Batch();
    for (const one of messages) t.equal(batch.add(one, { ...DIRECTORY, id }), undefined);
    await storeBatch(database, batch);
  };
  await database.query(`insert into node (group_name, node, is_online) values ('g', 'c1', true), ('g', 'c2', true), ('g', 'c3', true)`);
  await store(1, [...ahead('c1'), ...right('c1')]);
  await store(2, ahead('c2'));
  await store(2, right('c2'));
  // As a worker whose own clock was ahead stores them.
  await store(3, ahead('c3'));
  await database.query(`update property_data set at = '9999-01-01' where node_id = 3`);
  await database.query(`update device_data set changed_at = '9999-01-01' where node_id = 3`);
  await database.query(`update event_data set reported_at = '9999-01-01' where node_id = 3`);
  await database.query(`update node set open_events_at = '9999-01-01' where id = 3`);
  await store(3, right('c3'));
  for (const [i, story] of ['one batch', 'two batches', 'a stored time that is ahead'].entries()) {
    const state = await database.query(
      `select (select is_alive from device_data where node_id = n.id) as alive, (select value from property_data where node_id = n.id) as reason,
         (select count(*)::int from event_data where node_id = n.id and ended_at is null) as open, open_events_at < now() + interval '1 minute' as listed
       from node n where id = $1`,
      [i + 1],
    );
    t.strictSame(state, [{ alive: false, reason: 'presence', open: 0, listed: true }], story);
  }
});
