/**
 * The storage thread: waits for requests, answers them in order.
 *
 * Owns the loop. Everything it does is in `database.ts`. Started by `worker-link.ts` only.
 */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { createHeapCollector, ownHeap } from '../core/heap-collector.ts';
import { createDatabase } from './database.ts';
import type { Setup, StoreRequest } from './messages.ts';
import { loadSqlite } from './sqlite.ts';

loadSqlite();
parentPort?.postMessage('loaded');
const database = createDatabase(workerData as Setup);
// A thread's compiled code is its own to keep, and the power may go before it ends.
flushCompileCache();

const heap = ownHeap();
const keeper = heap === null ? null : createHeapCollector(heap);

parentPort?.on('message', ({ id, request }: { id: number; request: StoreRequest }) => {
  parentPort?.postMessage({ id, answer: database.handle(request) });
  keeper?.look();
});
