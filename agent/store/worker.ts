/**
 * The storage thread: answers requests in their order, with `database.ts`.
 */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { StoreError } from '../core/errors.ts';
import { createHeapCollector, ownHeap } from '../core/heap-collector.ts';
import { type DataLock, lockData } from './data-lock.ts';
import { StoreDatabase } from './database.ts';
import type { Notice, Setup, StoreRequest } from './messages.ts';
import { loadSqlite } from './sqlite.ts';
import { packedAnswer, packedRefusal, unpackedRequest } from './thread-wire.ts';

/** Wait for the process that read the configuration. Units: ms. Source: assumed; it ends once the main thread, which is busy at a start, has a moment. */
const HANDOVER_MS = { step: 5, longest: 10_000 } as const;

loadSqlite();
parentPort?.postMessage('loaded');
const setup = workerData as Setup;
const remarks: Notice[] = [];
/** That the data cannot be locked. */
let isReported = false;
let lock = locked();
const database = new StoreDatabase(setup);
// A thread saves its compiled code itself. Done now, because the power may go before the thread ends.
flushCompileCache();

const heap = ownHeap();
const collector = heap === null ? null : createHeapCollector(heap);

parentPort?.on('message', ({ id, request }: { id: number; request: StoreRequest }) => {
  if (request.kind === 'commit') lock ??= locked();
  if (lock === 'refused') return;
  const { answer, notices } = database.handle(unpackedRequest(request));
  parentPort?.postMessage({ id, answer: packedAnswer({ answer, notices: [...remarks.splice(0), ...notices] }) });
  collector?.look();
});

/**
 * A disk that takes no lock file must not cost the readings: then the store works without one, and tries again with each commit.
 *
 * Waits only for the process of this run that hands over.
 */
function locked(): DataLock | 'refused' | null {
  for (let waitedMs = 0; ; waitedMs += HANDOVER_MS.step) {
    try {
      const made = lockData(setup.dir, 'agent');
      remarks.push({ kind: 'locked' });
      return made;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code !== 'in-use' && error.code !== 'held') {
        if (!isReported) remarks.push({ kind: 'unlocked', message: error.said });
        isReported = true;
        return null;
      }
      if (setup.takesOver !== true || waitedMs >= HANDOVER_MS.longest) {
        parentPort?.postMessage(packedRefusal(error.code, error.said));
        return 'refused';
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HANDOVER_MS.step);
    }
  }
}
