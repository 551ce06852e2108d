/**
 * The line bench: every figure of a serial line, one after the other.
 *
 * A figure that fails is reported, and the others still run.
 */
import type { BenchOptions } from '../result.ts';
import { startContestants } from './contest.ts';
import { cpuBench } from './cpu.ts';
import { deadUnitsBench } from './dead-units.ts';
import { detectionBench } from './detection.ts';
import { efficiencyBench } from './efficiency.ts';
import { scanBench } from './scan.ts';
import { ticDetectionBench, ticEfficiencyBench } from './tic-load.ts';
import { urgentBench } from './urgent.ts';

export const LINE_FIGURES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  efficiency: (options) => inContest(efficiencyBench, options),
  cpu: (options) => inContest(cpuBench, options),
  urgent: urgentBench,
  'dead-units': deadUnitsBench,
  detection: detectionBench,
  scan: scanBench,
  tic: ticEfficiencyBench,
  'tic-detection': ticDetectionBench,
};

/**
 * Runs the named figures of the line bench, or all, one after the other. A figure that fails does not stop the others. Errors: rejects at
 * the end, with the reasons of all figures that failed.
 */
export async function lineBench(options: BenchOptions): Promise<void> {
  const failures: string[] = [];
  for (const name of options.figures.length === 0 ? Object.keys(LINE_FIGURES) : options.figures) {
    try {
      await LINE_FIGURES[name]?.(options);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failures.push(`${name}: ${error.message}`);
      options.progress(`line: ${failures.at(-1)}`);
    }
  }
  if (failures.length > 0) throw new Error(failures.join('; '));
}

async function inContest(bench: typeof cpuBench, options: BenchOptions): Promise<void> {
  const contestants = startContestants(options.progress);
  try {
    await bench(contestants, options);
  } finally {
    await Promise.all(contestants.map(({ master }) => master.stop()));
  }
}
