/**
 * Readings in, events out: each trouble told once when it begins and once when it ends.
 *
 * Owns what is wrong just now. The rules are in `faults`. Never writes to a lamp, never waits. Called by `app.ts` with every batch of readings.
 */
import type { Clock } from '../core/clock.ts';
import type { Semantic } from '../core/profile.ts';
import type { AgentEvent, PointId, Reading } from '../core/words.ts';
import { isWatched, verdictOf } from './faults.ts';

export interface DiagnosisParts {
  /** What each point means, from the profiles. */
  readonly points: ReadonlyMap<PointId, { readonly semantic: Semantic }>;
  readonly clock: Clock;
  readonly onEvent: (event: AgentEvent) => void;
}

export interface Diagnosis {
  onReadings(readings: readonly Reading[]): void;
}

/** Events carry the point as their source, so two flags of one device are two events. */
export function createDiagnosis({ points, clock, onEvent }: DiagnosisParts): Diagnosis {
  const watched = new Map([...points].filter(([, { semantic }]) => isWatched(semantic)));
  const open = new Map<PointId, AgentEvent>();
  const take = (reading: Reading): void => {
    const point = watched.get(reading.pointId);
    const verdict = point === undefined ? undefined : verdictOf(reading, point.semantic);
    if (verdict === undefined) return;
    const { pointId } = reading;
    const running = open.get(pointId);
    if (verdict.wrong === (running !== undefined)) return;
    const { code, severity, text } = verdict;
    const startMs = running?.startMs ?? clock.wallMs();
    const id = running?.id ?? `${code}:${pointId}:${startMs}`;
    const event: AgentEvent = { id, code, source: pointId, severity, text, startMs, endMs: verdict.wrong ? null : clock.wallMs() };
    if (verdict.wrong) open.set(pointId, event);
    else open.delete(pointId);
    onEvent(event);
  };
  return { onReadings: (readings) => readings.forEach(take) };
}
