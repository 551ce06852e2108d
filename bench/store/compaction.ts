/**
 * How long one call of the hourly compaction keeps the storage thread from commits.
 *
 * Owns the stopwatch, which sits on the way to the real thread.
 */

import { quantile } from '../../agent/core/quantile.ts';
import type { OpenLink } from '../../agent/store/messages.ts';
import { openWorkerLink } from '../../agent/store/worker-link.ts';
import { type BenchOptions, type BenchResult, round } from '../result.ts';
import { scratchFolder } from '../undo.ts';
import { openFedStore } from './fed-store.ts';

const HOURS = { full: 24, quick: 4 };
const COMMIT_SECONDS = 10;

export async function compactionBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const hours = quick ? HOURS.quick : HOURS.full;
  progress(`store: hourly compaction over ${hours} h`);
  const { dir, remove } = scratchFolder('bench');
  const times: number[] = [];
  const fed = await openFedStore({ dir, commitSeconds: COMMIT_SECONDS, isCompacted: true, openLink: timedLink(times) });
  try {
    await fed.run(hours);
  } finally {
    await fed.store.stop();
    remove();
  }
  const sum = fed.compactions.reduce(
    (all, { frames, readings, bytesBefore, bytesAfter }) => ({
      frames: all.frames + frames,
      readings: all.readings + readings,
      before: all.before + bytesBefore,
      after: all.after + bytesAfter,
    }),
    { frames: 0, readings: 0, before: 0, after: 0 },
  );
  const note = `${times.length} calls for ${sum.frames} frames, ${sum.readings} readings: ${sum.before} bytes of rows became ${sum.after}`;
  const figure = (metric: string, ms: number): BenchResult => ({ bench: 'store', metric, value: round(ms, 1), unit: 'ms', note });
  emit(figure('compaction-call-max', quantile(times, 1)));
  emit(figure('compaction-call-median', quantile(times, 0.5)));
}

/** From question to answer, which is how long a commit behind it would have waited. Units: ms. */
function timedLink(times: number[]): OpenLink {
  return (setup, onLost) => {
    const link = openWorkerLink(setup, onLost);
    return {
      close: link.close,
      ask: async (request) => {
        const startMs = performance.now();
        const answer = await link.ask(request);
        if (request.kind === 'compact') times.push(performance.now() - startMs);
        return answer;
      },
    };
  };
}
