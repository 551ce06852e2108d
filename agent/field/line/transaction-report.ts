/**
 * The report of one transaction of a line, for statistics and watchers.
 *
 * Pure.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { ReadRequest, Reply, WriteRequest } from '../../core/driver.ts';
import type { BusError } from '../../core/errors.ts';
import type { Lane } from '../../core/ports.ts';

export interface TransactionReport {
  readonly request: ReadRequest | WriteRequest;
  readonly end: Reply | BusError;
  /** The lane that had its turn. */
  readonly lane: Lane;
  readonly atMono: MonoMs;
}

/** A request as shown to people: `read holding 0+2`, `write coil 3=1`. */
export function whatOf(request: ReadRequest | WriteRequest): string {
  const { table, address } = request;
  return 'count' in request ? `read ${table} ${address}+${request.count}` : `write ${table} ${address}=${request.values}`;
}
