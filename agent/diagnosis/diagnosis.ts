/**
 * Turns readings into events: one when a fault begins and one when it ends.
 *
 * Keeps the open faults. The rules are in `faults`. Never writes to a lamp, never waits.
 */
import type { Clock } from '../core/clock.ts';
import type { AgentEvent, PointId, Reading } from '../core/words.ts';
import { type FaultVerdict, isWatched, verdictsOf, type WatchedPoint } from './faults.ts';

export interface Diagnosis {
  onReadings(readings: readonly Reading[]): void;
}

/** Events carry the point as their source, and in their id the flag too, so two flags of one register are two events. */
export function createDiagnosis({
  points,
  clock,
  onEvent,
}: {
  /** What each point means, from the profiles and the site. */
  readonly points: ReadonlyMap<PointId, WatchedPoint>;
  readonly clock: Clock;
  readonly onEvent: (event: AgentEvent) => void;
}): Diagnosis {
  const watched = new Map([...points].filter(([, point]) => isWatched(point)));
  const open = new Map<string, AgentEvent>();
  const judge = (pointId: PointId, { flag, code, severity, wrong, text }: FaultVerdict): void => {
    const what = `${code}:${pointId}${flag === '' ? '' : `:${flag}`}`;
    const running = open.get(what);
    if (wrong === (running !== undefined)) return;
    const nowMs = clock.wallMs();
    const startMs = running?.startMs ?? nowMs;
    const id = running?.id ?? `${what}:${startMs}`;
    // A clock that was set back must not end an event before it began.
    const event: AgentEvent = { id, code, source: pointId, severity, text, startMs, endMs: wrong ? null : Math.max(nowMs, startMs) };
    if (wrong) open.set(what, event);
    else open.delete(what);
    onEvent(event);
  };
  const take = (reading: Reading): void => {
    const point = watched.get(reading.pointId);
    if (point !== undefined) for (const verdict of verdictsOf(reading, point)) judge(reading.pointId, verdict);
  };
  return { onReadings: (readings) => readings.forEach(take) };
}
