/** Writes events of the agent that concern the proof of savings as entries of the ledger. Pure. */
import type { LedgerCause, LedgerNote, SavingsDate } from '../../core/savings-view.ts';
import type { AgentEvent, EventCode } from '../../core/words.ts';

/**
 * Cause by event. None of them changes the reference by itself: a person judges an outage or an ordered level. `uplink-down` is entered because a
 * reader of the proof asks for it; it has no effect on energy.
 */
const CAUSES: Partial<Readonly<Record<EventCode, LedgerCause>>> = {
  'counter-restarted': 'meter-exchanged',
  'time-not-trusted': 'clock-lost',
  'clock-stepped': 'clock-lost',
  'clock-set': 'clock-lost',
  'uplink-down': 'uplink-lost',
  'supply-lost': 'outage',
  'phase-lost': 'outage',
  'breaker-tripped': 'outage',
  'override-started': 'ordered-level',
};

/**
 * Returns the ledger entry for an event, for the night `date` alone. Null for an event that does not concern savings, and for one
 * whose `endMs` is neither null nor `startMs`: it was entered when it began. `meterIds`: devices that are meters.
 */
export function eventNote(
  { code, source, endMs, startMs }: Pick<AgentEvent, 'code' | 'source' | 'startMs' | 'endMs'>,
  date: SavingsDate,
  meterIds: ReadonlySet<string>,
): LedgerNote | null {
  const cause = CAUSES[code];
  const isEnd = endMs !== null && endMs !== startMs;
  if (cause === undefined || isEnd || (cause === 'meter-exchanged' && !meterIds.has(source))) return null;
  return { cause, by: 'agent', from: date, to: date, about: [source], effect: { kind: 'none' }, note: `event=${code}` };
}
