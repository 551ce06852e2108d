/**
 * The storage thread: answers requests in their order, with `database.ts`.
 */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { createHeapCollector, ownHeap } from '../core/heap-collector.ts';
import { StoreDatabase } from './database.ts';
import type { Setup, StoreRequest } from './messages.ts';
import { loadSqlite } from './sqlite.ts';
import { packedAnswer, unpackedRequest } from './thread-wire.ts';

loadSqlite();
parentPort?.postMessage('loaded');
const database = new StoreDatabase(workerData as Setup);
// A thread saves its compiled code itself. Done now, because the power may go before the thread ends.
flushCompileCache();

const heap = ownHeap();
const collector = heap === null ? null : createHeapCollector(heap);

parentPort?.on('message', ({ id, request }: { id: number; request: StoreRequest }) => {
  parentPort?.postMessage({ id, answer: packedAnswer(database.handle(unpackedRequest(request))) });
  collector?.look();
});
