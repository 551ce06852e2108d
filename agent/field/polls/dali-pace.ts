/**
 * How often the gear of a DALI line is polled: the bus carries about 20 queries a second.
 *
 * Pure.
 */
import { POLL_PERIOD_MS } from './poll-plan.ts';

/**
 * Period for each gear on the line. Units: ms. Source: a query and its answer take 51 ms with the converter's serial line. Level and status, two
 * queries, take a sixth of the bus; the memory banks of a D4i driver, 7.5 s, take two thirds. The rest is for levels and their read-backs.
 */
const PER_GEAR_MS = { normal: 620, slow: 11_500 } as const;
/** Units: ms. Source: as for presence inputs behind a slow gateway; no gear of this agent senses. */
const FAST_MS = 1_000;

/**
 * Returns the poll periods of a DALI line with this many gears. With more than a few, `normal` and `slow` get longer with their number.
 * `fast` is always 1 s. Units: ms.
 */
export function daliPeriodsMs(gears: number): typeof POLL_PERIOD_MS {
  return {
    fast: FAST_MS,
    normal: Math.max(POLL_PERIOD_MS.normal, gears * PER_GEAR_MS.normal),
    slow: Math.max(POLL_PERIOD_MS.slow, gears * PER_GEAR_MS.slow),
  };
}
