/**
 * The storage thread: answers requests in order, with `database.ts`.
 */
import { readdirSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { type DataRefusal, isDataRefusal, StoreError } from '../core/errors.ts';
import { createHeapCollector, ownHeap } from '../core/heap-collector.ts';
import { type Message, msg } from '../core/message.ts';
import { type DataLock, lockData, lockLines } from './data-lock.ts';
import { StoreDatabase } from './database.ts';
import type { Notice, Setup, StoreRequest } from './messages.ts';
import { STATE, TELEMETRY } from './schema.ts';
import { loadSqlite, storeError } from './sqlite.ts';
import { packedAnswer, packedRefusal, unpackedRequest } from './thread-wire.ts';

/** Longest wait for the process that read the configuration. Units: ms. Source: assumed; it ends as soon as the main thread, which is busy at a start, responds. Confirmed by: the start times in the logs of the slowest gateway. */
const HANDOVER_MS = { step: 5, longest: 10_000 } as const;
/** The lock on the lines, which an earlier thread of this run may have. */
const KEPT: DataLock = { release() {} };

loadSqlite();
parentPort?.postMessage('loaded');
const setup = workerData as Setup;
const remarks: Notice[] = [];
/** Kept even if the data cannot be locked: a second agent must not light beside this one. */
let lines: DataLock | null = setup.foundHeld == null ? null : KEPT;
let lock = locked();
const database = new StoreDatabase(setup);
// Node saves the compiled code of a thread only when the thread ends. It is done now, because the power may fail before that.
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
 * If the disk refuses a lock file, readings must not be lost: the store then works without a lock, and tries again with each commit.
 *
 * Waits only for the process of this run that hands over.
 */
function locked(): DataLock | 'refused' | null {
  for (let waitedMs = 0; ; waitedMs += HANDOVER_MS.step) {
    try {
      lines ??= lockLines(setup.dir);
      const made = lockData(setup.dir, 'agent', lines);
      if (setup.foundHeld?.hadFiles === true && !hasFiles()) {
        made.release();
        return refused('erased', storeError('erased', msg`${setup.dir}: an erase removed this data`).said);
      }
      remarks.push({ kind: 'locked' });
      return made;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const { code, said } = error;
      if (!isDataRefusal(code)) {
        remarks.push({ kind: 'unlocked', message: said });
        return null;
      }
      // That process frees the data before the lines: with the lines, only a command can have the data.
      if (setup.takesOver !== true || code === 'held' || waitedMs >= HANDOVER_MS.longest) return refused(code, said);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HANDOVER_MS.step);
    }
  }
}

function refused(code: DataRefusal, cause: Message): 'refused' {
  const isFirst = code === 'held' && setup.foundHeld == null;
  const foundHeld = isFirst ? { foundHeld: { hadFiles: hasFiles() } } : {};
  parentPort?.postMessage(packedRefusal({ refused: code, cause, ...foundHeld }));
  return 'refused';
}

/** Whether any file of the store exists, or one that a restore or a backup has put beside it. */
function hasFiles(): boolean {
  return readdirSync(setup.dir).some((name) => [STATE, TELEMETRY].some(({ fileName }) => name.startsWith(fileName)));
}
