/**
 * Requests garbage collections of one thread, so that old garbage stays small.
 *
 * V8 lets dead objects of its old space grow by 8 MB before it collects, whatever its flags. The agent's two threads make little garbage,
 * so it
 * would stay in memory for hours. Agent and storage thread each collect their own heap.
 */
import { getHeapStatistics } from 'node:v8';
import { type Clock, every, type Timer } from './clock.ts';

export interface Heap {
  /** Objects and the buffers that they hold, dead ones too. Units: bytes. */
  readonly usedBytes: () => number;
  /** Runs a full collection, which stops the thread: 14 to 31 ms with 35 lamps on a busy desktop processor. Source: measured, `--trace-gc`. */
  readonly collect: () => void;
}

export interface HeapCollector {
  /** Collects where enough has come since the last collection. Costs microseconds where it has not. */
  look(): void;
}

/** Source: measured; with 35 lamps the agent collects every three minutes and stays 5 MB lower at its highest. Units: bytes. */
const GROWTH_BYTES = 3 * 2 ** 20;

/** Between two looks of a thread that has no better moment. Units: ms. Source: assumed; a backlog that drains makes a megabyte of old garbage in as long. */
const LOOK_MS = 10_000;

/** Looks until it is cancelled. */
export function startHeapCollector(clock: Clock, heap: Heap): Timer {
  return every(clock, LOOK_MS, createHeapCollector(heap).look);
}

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

/** The heap of the calling thread; null in a program started without `--expose-gc`, where V8 alone decides when to collect. */
export function ownHeap(): Heap | null {
  const { gc } = globalThis;
  if (gc === undefined) return null;
  const usedBytes = (): number => {
    const { used_heap_size: objects, external_memory: buffers } = getHeapStatistics();
    return objects + buffers;
  };
  return { usedBytes, collect: () => void gc() };
}
