/**
 * The storage thread: answers requests in their order, with `database.ts`.
 */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { StoreError } from '../core/errors.ts';
import { createHeapCollector, ownHeap } from '../core/heap-collector.ts';
import { msg } from '../core/message.ts';
import { type DataLock, lockData } from './data-lock.ts';
import { StoreDatabase } from './database.ts';
import type { Notice, Setup, StoreRequest } from './messages.ts';
import { loadSqlite } from './sqlite.ts';
import { packedAnswer, packedCause, unpackedRequest } from './thread-wire.ts';

loadSqlite();
parentPort?.postMessage('loaded');
const setup = workerData as Setup;
const remarks: Notice[] = [];
const lock = locked();
const database = new StoreDatabase(setup);
// A thread saves its compiled code itself. Done now, because the power may go before the thread ends.
flushCompileCache();

const heap = ownHeap();
const collector = heap === null ? null : createHeapCollector(heap);

parentPort?.on('message', ({ id, request }: { id: number; request: StoreRequest }) => {
  if (lock === 'in-use') return;
  const { answer, notices } = database.handle(unpackedRequest(request));
  parentPort?.postMessage({ id, answer: packedAnswer({ answer, notices: [...remarks.splice(0), ...notices] }) });
  collector?.look();
});

/** A disk that takes no lock file must not cost the readings: then the store works without one. */
function locked(): DataLock | 'in-use' | null {
  try {
    return lockData(setup.dir);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code !== 'in-use') {
      remarks.push({ kind: 'remark', message: msg`the data is not locked against a second agent: ${error.said}` });
      return null;
    }
    parentPort?.postMessage(packedCause(error.said));
    return 'in-use';
  }
}
