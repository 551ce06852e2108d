import t from 'tap';
import type { StoredFrame } from '../../../../agent/core/ports.ts';
import { createResendQueue, type ResendResult } from '../../../../agent/sync/delivery/resend-queue.ts';
import { texts } from '../../../support/texts.ts';
import { createMemoryStore } from '../memory-store.ts';

const ask = (id: string, fromSeq: number, toSeq: number) => ({ id, fromMs: null, toMs: null, fromSeq, toSeq });

t.test('two links that wait for the store at the same time end one request once, and not the next one', async (t) => {
  const results: ResendResult[] = [];
  const answers: ((rows: readonly StoredFrame[]) => void)[] = [];
  const readAfter = () => new Promise<readonly StoredFrame[]>((answer) => answers.push(answer));
  const queue = createResendQueue({ ...createMemoryStore().port, readAfter }, (result) => results.push(result));
  queue.add(ask('empty', 5, 9));
  queue.add(ask('wanted', 1, 2));
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  void queue.next(10);
  void queue.next(10);
  await settle();
  for (const answer of answers.splice(0)) answer([]);
  await settle();
  t.match(results, [{ id: 'empty', state: 'done' }]);
  t.equal(results.length, 1);
  t.ok(queue.isWaiting);
});

t.test('a store that does not answer refuses a request; it does not end it as done', async (t) => {
  const results: ResendResult[] = [];
  const store = { readAfter: async () => [], exportPage: async () => undefined };
  const queue = createResendQueue(store, (result) => results.push(result));
  queue.add(ask('rows', 1, 2));
  t.equal(await queue.next(10), undefined);
  t.match(texts(results), [{ id: 'rows', state: 'refused', reason: /store does not respond/ }]);
});
