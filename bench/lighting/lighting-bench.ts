/**
 * The lighting bench: delay, range of the wave, savings, and the time of a decision.
 *
 * A figure that fails is reported and does not stop the others.
 */
import { detectionBench } from '../line/detection.ts';
import type { BenchOptions } from '../result.ts';
import { decideBench } from './decide.ts';
import { detectionAmongPeopleBench } from './detection-among-people.ts';
import { energyBench } from './energy.ts';
import { passagesBench } from './passages.ts';
import { waveBench } from './wave-cost.ts';

export const LIGHTING_FIGURES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  decide: decideBench,
  wave: waveBench,
  async detection(options) {
    await detectionAmongPeopleBench(options);
    await detectionBench(options);
  },
  passages: passagesBench,
  energy: energyBench,
};

/**
 * Runs the named figures of the lighting bench, or all, one after the other. A figure that fails does not stop the others. Errors: rejects
 * at the end, with the reasons of all figures that failed.
 */
export async function lightingBench(options: BenchOptions): Promise<void> {
  const failures: string[] = [];
  for (const name of options.figures.length === 0 ? Object.keys(LIGHTING_FIGURES) : options.figures) {
    try {
      await LIGHTING_FIGURES[name]?.(options);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failures.push(`${name}: ${error.message}`);
      options.progress(`lighting: ${failures.at(-1)}`);
    }
  }
  if (failures.length > 0) throw new Error(failures.join('; '));
}
