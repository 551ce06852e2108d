/**
 * A full store whose cap is lowered: how long commits wait meanwhile, and when it fits again.
 *
 * Owns the store and the stopwatch. The thread and the disk are the real ones, and so is the time.
 */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createStore } from '../../agent/store/store.ts';
import { type BenchOptions, type BenchResult, round } from '../result.ts';
import { scratchFolder } from '../undo.ts';
import { openFedStore } from './fed-store.ts';
import { NO_LOG } from './feed.ts';

/** How much is stored before, in days of a full cabinet, and the maximum size then. Units: days, MB. */
const FULL = { days: 45, capMb: 8 };
const QUICK = { days: 2, capMb: 0.5 };
const MEGABYTE = 2 ** 20;
/** Longest wait for it to fit. Units: ms. */
const LIMIT_MS = 600_000;
const FRAME_MS = 1_000;

export async function shrinkBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const { days, capMb } = quick ? QUICK : FULL;
  const { dir, remove } = scratchFolder('bench');
  progress(`store: ${days} days, then a cap of ${capMb} MB`);
  const fed = await openFedStore({ dir, commitSeconds: 60, isCompacted: true });
  await fed.run(days * 24);
  await fed.store.stop();
  const megabytes = (): number => statSync(fed.file).size / MEGABYTE;
  const before = megabytes();
  const clock = createSystemClock({ quality: () => 'synced' });
  const { decimals, points } = fed.feed.workload;
  const store = createStore({ dir, clock, log: NO_LOG, commitSeconds: 1, maxMegabytes: capMb, maxDays: 4_000, decimals });
  let [lastMs, longestMs, ticket] = [performance.now(), 0, 0];
  store.onCommitted = () => {
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    lastMs = performance.now();
  };
  const startMs = performance.now();
  await store.start();
  while (megabytes() > capMb && performance.now() - startMs < LIMIT_MS) {
    const at = { atMono: clock.monoMs(), atMs: clock.wallMs() };
    const readings = points.slice(0, 6).map((pointId) => ({ pointId, value: ticket, quality: 'good' as const, ...at }));
    store.append({ ticket: ++ticket, ...at, clockQuality: 'synced', readings });
    await sleep(FRAME_MS);
  }
  const tookS = (performance.now() - startMs) / 1_000;
  const { account } = await store.status();
  await store.stop();
  const after = megabytes();
  remove();
  const note = `${round(before, 1)} MB to ${round(after, 1)} MB, ${ticket} commits, balanced: ${account.isBalanced}`;
  const figure = (metric: string, value: number, unit: string): BenchResult => ({
    bench: 'store',
    metric,
    value: round(value, 1),
    unit,
    note,
  });
  emit(figure('shrink-longest-pause-between-commits', longestMs, 'ms'));
  emit(figure('shrink-until-it-fits', tookS, 's'));
}
