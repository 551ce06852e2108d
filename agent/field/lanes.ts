/**
 * Which lane of a line may send next.
 *
 * Pure. Looked at between any two transactions, so an urgent write never waits for more than the one in flight.
 */
import { LANES, type Lane } from '../core/ports.ts';

/**
 * Transactions of other lanes after which one of these gets its turn.
 * Source: assumed; one in ten keeps a tenth of the line for telemetry, and on a full line a unit that is back is still noticed within seconds.
 */
const SHARE = { telemetry: 10, probe: 50 } as const;

/** Transactions since each of these lanes last ran. */
export type Since = Readonly<Record<keyof typeof SHARE, number>>;

export const NONE_SINCE: Since = { telemetry: 0, probe: 0 };

/** Of the lanes that have work, the one whose turn it is. */
export function nextLane(waiting: ReadonlySet<Lane>, since: Since): Lane | undefined {
  const first = LANES.find((lane) => waiting.has(lane));
  if (first === 'urgent') return first;
  if (waiting.has('probe') && since.probe >= SHARE.probe) return 'probe';
  return waiting.has('telemetry') && since.telemetry >= SHARE.telemetry ? 'telemetry' : first;
}

/** The count after a transaction of this lane. */
export function afterTurn({ telemetry, probe }: Since, lane: Lane): Since {
  return { telemetry: lane === 'telemetry' ? 0 : telemetry + 1, probe: lane === 'probe' ? 0 : probe + 1 };
}
