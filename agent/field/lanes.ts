/**
 * Which lane of a line may send next.
 *
 * Pure. Looked at between any two transactions, so an urgent write never waits for more than the one in flight.
 */
import { LANES, type Lane } from '../core/ports.ts';

/** Transactions of higher lanes after which a waiting poll gets its turn. Source: assumed; one in ten keeps a tenth of the line for telemetry. */
const TELEMETRY_SHARE = 10;

/** Of the lanes that have work, the one whose turn it is. `sinceTelemetry` counts transactions since telemetry last ran. */
export function nextLane(waiting: ReadonlySet<Lane>, sinceTelemetry: number): Lane | undefined {
  const first = LANES.find((lane) => waiting.has(lane));
  const starved = waiting.has('telemetry') && sinceTelemetry >= TELEMETRY_SHARE;
  return starved && first !== 'urgent' ? 'telemetry' : first;
}
