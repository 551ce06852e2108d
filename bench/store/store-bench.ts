/**
 * The store bench: every figure of the store, one after the other.
 *
 * Owns the order. A figure that fails is reported; the others still run.
 */
import type { BenchOptions } from '../result.ts';
import { compactionBench } from './compaction.ts';
import { deviceBench } from './device.ts';
import { diskBench } from './disk.ts';
import { historyBench } from './history.ts';
import { ingestBench } from './ingest.ts';
import { memoryBench } from './memory.ts';
import { recordBench } from './record.ts';
import { shrinkBench } from './shrink.ts';

export const STORE_FIGURES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  disk: diskBench,
  device: deviceBench,
  ingest: ingestBench,
  history: historyBench,
  memory: memoryBench,
  compaction: compactionBench,
  shrink: shrinkBench,
  record: recordBench,
};

/**
 * Runs the named figures of the store bench, or all, one after the other. A figure that fails does not stop the others. Errors: rejects at
 * the end, with the reasons of all figures that failed.
 */
export async function storeBench(options: BenchOptions): Promise<void> {
  const failures: string[] = [];
  for (const name of options.figures.length === 0 ? Object.keys(STORE_FIGURES) : options.figures) {
    try {
      await STORE_FIGURES[name]?.(options);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failures.push(`${name}: ${error.message}`);
      options.progress(`store: ${failures.at(-1)}`);
    }
  }
  if (failures.length > 0) throw new Error(failures.join('; '));
}
