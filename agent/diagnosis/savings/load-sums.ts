/**
 * The sums from which the coefficients of a meter are learned: those of a night are stored, those of many nights are added. Pure.
 *
 * A sample is a quarter of an hour: its length, the computed energy of the lamps by level, and the energy that the meter counted.
 */

import { LEVEL_BANDS } from '../energy-tally.ts';

/** Number of unknowns: `litShare` of a `LoadFit`, the common factor of all levels, and the deviation of each level from it. */
export const UNKNOWNS = LEVEL_BANDS + 2;

/**
 * Sums over samples for normal equations. Shape: `matrix` is the upper triangle of products of `regressors`, row by row; `vector`: their
 * products with the measured energy. Units: products of h and Wh.
 */
export interface LoadSums {
  readonly matrix: readonly number[];
  readonly vector: readonly number[];
  /** Sum of the squares of the measured energies. */
  readonly squares: number;
  /** Number of samples. */
  readonly samples: number;
}

/** The sums of no sample: all 0. */
export const NO_SUMS: LoadSums = {
  matrix: Array.from({ length: (UNKNOWNS * (UNKNOWNS + 1)) / 2 }, () => 0),
  vector: Array.from({ length: UNKNOWNS }, () => 0),
  squares: 0,
  samples: 0,
};

/** One sample. `hours`: its length. `bandWh`: computed energy by level, `LEVEL_BANDS` values. `meterWh`: energy that the meter counted. Units: h, Wh. */
export interface LoadSample {
  readonly hours: number;
  readonly bandWh: ArrayLike<number>;
  readonly meterWh: number;
}

/** Returns the sums over all these samples; without a sample, as `NO_SUMS`. */
export function loadSums(samples: Iterable<LoadSample>): LoadSums {
  const matrix = [...NO_SUMS.matrix];
  const vector = [...NO_SUMS.vector];
  let [squares, count] = [0, 0];
  for (const { hours, bandWh, meterWh } of samples) {
    const row = regressors(hours, bandWh);
    let at = 0;
    for (let i = 0; i < UNKNOWNS; i++) {
      vector[i] = (vector[i] ?? 0) + (row[i] ?? 0) * meterWh;
      for (let j = i; j < UNKNOWNS; j++, at++) matrix[at] = (matrix[at] ?? 0) + (row[i] ?? 0) * (row[j] ?? 0);
    }
    squares += meterWh * meterWh;
    count++;
  }
  return { matrix, vector, squares, samples: count };
}

/** Returns the sums over the samples of both. */
export function addedSums(a: LoadSums, b: LoadSums): LoadSums {
  return {
    matrix: a.matrix.map((value, at) => value + (b.matrix[at] ?? 0)),
    vector: a.vector.map((value, at) => value + (b.vector[at] ?? 0)),
    squares: a.squares + b.squares,
    samples: a.samples + b.samples,
  };
}

/** Returns the values of a sample for each unknown: its hours, all its computed energy, and that of each level. Units: h, Wh. */
export function regressors(hours: number, bandWh: ArrayLike<number>): number[] {
  let total = 0;
  for (let band = 0; band < LEVEL_BANDS; band++) total += bandWh[band] ?? 0;
  return [hours, total, ...Array.from({ length: LEVEL_BANDS }, (_, band) => bandWh[band] ?? 0)];
}
