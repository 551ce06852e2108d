import { Worker } from 'node:worker_threads';
import { StoreError } from '../core/errors.ts';
import { type Message, msg } from '../core/message.ts';
import type { FoundHeld, Kind, OpenLink, Setup, StoreAnswer, StoreLink, StoreRequest } from './messages.ts';
import { packedRequest, refusalIn, type ThreadRefusal, unpackedAnswer } from './thread-wire.ts';

interface Pending {
  resolve(answer: StoreAnswer): void;
  reject(error: Error): void;
}

/** Keeps the lines locked against other agents while a command has locked the data, so that no second agent runs at the same time. */
interface LinesLockOwner extends FoundHeld {
  readonly dir: string;
  readonly worker: Worker;
}

/** A connection to the storage thread. */
export interface WorkerLink extends StoreLink {
  /** Ends the thread in the middle of its work, like a crash. Waits first until the thread is loaded. */
  kill(): Promise<void>;
}

/**
 * Returns a function that starts the storage thread and returns the connection to it. When the thread ends or may not use the data, open
 * requests reject; `onLost` is then called, except after `close`. `handOver`: frees the data that another process of this run has locked;
 * called once, when a thread has loaded.
 */
export function workerLinkOpener(handOver: (() => void) | null = null): (...args: Parameters<OpenLink>) => WorkerLink {
  let handsOver = handOver;
  let holder: LinesLockOwner | null = null;
  return (setup, onLost) => {
    const takesOver = handsOver !== null;
    // Not before: if a thread ends while it loads, the next one takes over.
    const onLoaded = (): void => {
      handsOver?.();
      handsOver = null;
    };
    const foundHeld = holder?.dir === setup.dir ? { hadFiles: holder.hadFiles } : null;
    return openLink({ ...setup, takesOver, foundHeld }, onLost, {
      onLoaded,
      onHeld: (worker, found) => {
        void holder?.worker.terminate();
        worker.unref();
        holder = { dir: setup.dir, worker, ...found };
      },
    });
  };
}

/**
 * Starts the storage thread and returns the connection to it. When the thread ends or may not use the data, open requests reject; `onLost`
 * is then called, except after `close`.
 */
export const openWorkerLink = workerLinkOpener();

interface LinkCalls {
  onLoaded(): void;
  onHeld(worker: Worker, found: FoundHeld): void;
}

function openLink(setup: Setup, onLost: (cause: Error) => void, { onLoaded, onHeld }: LinkCalls): WorkerLink {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: setup, name: 'luciole-store' });
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let ended = false;
  let closing = false;
  const loaded = Promise.withResolvers<void>();

  const end = (cause: Error): void => {
    if (ended) return;
    ended = true;
    loaded.resolve();
    for (const { reject } of pending.values()) reject(cause);
    pending.clear();
    if (!closing) onLost(cause);
  };
  worker.on('message', (message: 'loaded' | ThreadRefusal | { id: number; answer: StoreAnswer }) => {
    if (message === 'loaded') {
      onLoaded();
      return loaded.resolve();
    }
    if ('refused' in message) {
      end(refusalIn(message));
      return message.foundHeld === undefined ? void worker.terminate() : onHeld(worker, message.foundHeld);
    }
    pending.get(message.id)?.resolve(unpackedAnswer(message.answer));
    pending.delete(message.id);
  });
  worker.on('error', (error) =>
    end(lost(msg`the storage thread failed: ${error instanceof Error ? error.message : String(error)}`, error)),
  );
  worker.on('exit', (code) => end(lost(msg`the storage thread ended with code ${code}`)));

  return {
    ask: <K extends Kind>(request: StoreRequest<K>) =>
      new Promise<StoreAnswer<K>>((resolve, reject) => {
        if (ended) return reject(lost(msg`the storage thread has ended`));
        pending.set(nextId, { resolve: resolve as Pending['resolve'], reject });
        worker.postMessage({ id: nextId, request: packedRequest(request as unknown as StoreRequest) });
        nextId += 1;
      }),
    close: async () => {
      closing = true;
      await terminate();
    },
    kill: terminate,
  };

  /**
   * Waits until the thread is loaded: a thread that is ended while it loads a native addon aborts the whole process, because the addon's calls to
   * Node fail. Source: node-addon-api, `Error::New`, NAPI_FATAL_IF_FAILED; seen in a run.
   */
  async function terminate(): Promise<void> {
    await loaded.promise;
    await worker.terminate();
  }
}

function lost(message: Message, cause?: unknown): StoreError {
  return new StoreError('worker-lost', msg`${message}; the agent starts it again`, { cause });
}
