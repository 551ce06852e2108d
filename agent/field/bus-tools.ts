/**
 * Jobs of a person at the cabinet, done between a line's own transactions.
 *
 * Owns the jobs. Never opens a port. Called by `field.ts`.
 */
import type { BusTools } from '../core/bus-tools.ts';

export function createBusTools(): BusTools {
  const refuse = (): Promise<never> => Promise.reject(new RangeError('not here'));
  return { scan: refuse, registers: refuse, read: refuse, write: refuse, stats: () => [], watch: () => () => {} };
}
