/** Seeded random numbers for the simulated nights: uniform, and normal without the cost of a logarithm. */
import { createRandom } from '../../test/street/random.ts';

/** Random draws from one seed. */
export interface Draws {
  /** From 0, below 1. */
  uniform(): number;
  between(least: number, most: number): number;
  /** Mean 0, standard deviation 1; the sum of four uniform numbers, so never beyond 3.5. */
  normal(): number;
}

const TO_SIGMA = Math.sqrt(3);

/** Returns the draws for one purpose of one cabinet, so that a change of one purpose does not shift the others. */
export function drawsFor(seed: number, purpose: number): Draws {
  const uniform = createRandom(seed * 7_919 + purpose * 104_729 + 1);
  return {
    uniform,
    between: (least, most) => least + (most - least) * uniform(),
    normal: () => TO_SIGMA * (uniform() + uniform() + uniform() + uniform() - 2),
  };
}
