import t from 'tap';
import { createHeapCollector, startHeapCollector } from '../../../agent/core/heap-collector.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { StatusView } from '../../../agent/core/views.ts';
import { createSelf } from '../../../agent/service/metrics/self-report.ts';

const MEGABYTE = 2 ** 20;

/** A heap of so much live, and what has died since. Units: MB. */
function heapOf(liveMb: number) {
  const heap = { liveMb, deadMb: 0, collections: 0 };
  const collector = createHeapCollector({
    usedBytes: () => (heap.liveMb + heap.deadMb) * MEGABYTE,
    collect: () => {
      heap.collections++;
      heap.deadMb = 0;
    },
  });
  return { heap, collector };
}

t.test('a heap is collected after three megabytes of growth, not before and not again', async (t) => {
  const { heap, collector } = heapOf(11);
  const looks: [deadMb: number, collections: number][] = [
    [0, 0],
    [2.9, 0],
    [3, 1],
    [0, 1],
    [1, 1],
    [3.5, 2],
  ];
  for (const [deadMb, collections] of looks) {
    heap.deadMb = deadMb;
    collector.look();
    t.equal(heap.collections, collections, `${deadMb} MB dead`);
  }
});

t.test('what stays alive is no reason to collect again and again', async (t) => {
  const { heap, collector } = heapOf(11);
  collector.look();
  heap.liveMb = 20;
  for (let look = 0; look < 100; look++) collector.look();
  t.equal(heap.collections, 1);
});

t.test('a heap that shrank by itself is measured from there', async (t) => {
  const { heap, collector } = heapOf(20);
  collector.look();
  heap.liveMb = 11;
  collector.look();
  heap.deadMb = 3;
  collector.look();
  t.equal(heap.collections, 1);
});

t.test('a thread checks every ten seconds until it is stopped', async (t) => {
  const clock = createManualClock(0);
  let [usedMb, collections] = [10, 0];
  const heap = {
    usedBytes: () => usedMb * MEGABYTE,
    collect: () => {
      collections++;
      usedMb = 10;
    },
  };
  const looks = startHeapCollector(clock, heap);
  await clock.advance(10_000);
  usedMb = 14;
  await clock.advance(9_999);
  t.equal(collections, 0);
  await clock.advance(1);
  t.equal(collections, 1);
  looks.cancel();
  usedMb = 20;
  await clock.advance(60_000);
  t.equal(collections, 1);
});

t.test('the agent keeps its own heap from its start to its stop', async (t) => {
  const clock = createManualClock(0);
  let [usedMb, collections] = [10, 0];
  const self = createSelf({
    clock,
    log: { event: () => {} },
    uplink: { update: () => {} },
    health: null,
    heap: { usedBytes: () => usedMb * MEGABYTE, collect: () => void collections++ },
    runs: null,
    status: async () => ({ lines: [], store: { bytes: 0 } }) as unknown as StatusView,
    metricsFile: () => null,
  });
  await self.start();
  await clock.advance(10_000);
  usedMb = 20;
  await clock.advance(10_000);
  t.equal(collections, 1);
  self.stop();
  usedMb = 40;
  await clock.advance(60_000);
  t.equal(collections, 1);
});
