/** The bench of real nights: presses and counts that people and vehicles made, as presence and traffic of simulated streets. */
import type { BenchOptions } from '../result.ts';
import { pressesBench } from './presses.ts';
import { trafficBench } from './traffic.ts';

/** The figures of the bench, by name. */
export const NIGHTS_FIGURES: Readonly<Record<string, (options: BenchOptions) => Promise<void> | void>> = {
  presses: pressesBench,
  traffic: trafficBench,
};

/** Runs the named figures; all without names. */
export async function nightsBench(options: BenchOptions): Promise<void> {
  const names = options.figures.length === 0 ? Object.keys(NIGHTS_FIGURES) : options.figures;
  for (const name of names) await NIGHTS_FIGURES[name]?.(options);
}
