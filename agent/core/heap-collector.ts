/**
 * Requests garbage collections of one thread, so that little dead memory accumulates.
 *
 * V8 lets dead objects of its old space grow by 8 MB before it collects, whatever its flags. The agent's two threads produce little garbage,
 * so these objects would stay in memory for hours. The agent and the storage thread each collect their own heap.
 */
import { getHeapStatistics } from 'node:v8';
import { type Clock, every, type Timer } from './clock.ts';

/** The memory of one thread that V8 manages, and how to collect its garbage. */
export interface Heap {
  /** Size of objects and of the buffers that they own, dead ones included. Units: bytes. */
  readonly usedBytes: () => number;
  /**
   * Runs a full collection, which stops the thread for 14 to 31 ms with 35 lamps on a busy desktop processor. Source: measured,
   * `--trace-gc`.
   */
  readonly collect: () => void;
}

/** Collects the garbage of one heap when the heap has grown. */
export interface HeapCollector {
  /** Collects if the heap has grown by `GROWTH_BYTES` from the smallest size that calls have found since the last collection. */
  look(): void;
}

/** Source: measured; with 35 lamps the agent collects every three minutes and stays 5 MB lower at its highest. Units: bytes. */
const GROWTH_BYTES = 3 * 2 ** 20;

/** Interval between checks for a thread that has no better moment. Units: ms. Source: assumed; draining a backlog creates a megabyte of old garbage in this time. Confirmed by: `--trace-gc` on the gateway while a backlog drains. */
const LOOK_MS = 10_000;

/** Checks the heap every 10 s and collects its garbage after a growth of 3 MiB, until the returned timer is cancelled. */
export function startHeapCollector(clock: Clock, heap: Heap): Timer {
  return every(clock, LOOK_MS, createHeapCollector(heap).look);
}

/** Creates a collector without a timer: the caller chooses when it checks the heap. A check after a growth of 3 MiB collects. */
export function createHeapCollector({ usedBytes, collect }: Heap): HeapCollector {
  let leastBytes = Number.POSITIVE_INFINITY;
  return {
    look() {
      const nowBytes = usedBytes();
      leastBytes = Math.min(leastBytes, nowBytes);
      if (nowBytes < leastBytes + GROWTH_BYTES) return;
      collect();
      leastBytes = usedBytes();
    },
  };
}

/** Returns access to the heap of the calling thread; null if the thread has no `gc` function (Node without `--expose-gc`). */
export function ownHeap(): Heap | null {
  const { gc } = globalThis;
  if (gc === undefined) return null;
  const usedBytes = (): number => {
    const { used_heap_size: objects, external_memory: buffers } = getHeapStatistics();
    return objects + buffers;
  };
  return { usedBytes, collect: () => void gc() };
}
