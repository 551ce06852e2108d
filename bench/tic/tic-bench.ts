/** The TIC bench: what damaged bytes of a meter's output may lead to, and real captures. */
import type { BenchOptions } from '../result.ts';
import { capturesBench } from './captures.ts';
import { corruptionBench } from './corruption.ts';

export const TIC_FIGURES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  corruption: corruptionBench,
  captures: capturesBench,
};

/** Runs the named figures, or all, one after the other. Errors: rejects with the reason of the first figure that fails. */
export async function ticBench(options: BenchOptions): Promise<void> {
  for (const name of options.figures.length === 0 ? Object.keys(TIC_FIGURES) : options.figures) await TIC_FIGURES[name]?.(options);
}
