/**
 * Reports a lamp or an output that does not follow, and when it follows again.
 *
 * The reason is kept for the end of the event: without it the end means nothing to a later reader.
 */
import type { EventTracker } from '../../core/event-tracker.ts';
import type { EventCode } from '../../core/words.ts';
import { isFollowing, type LampTrack } from './reconcile.ts';

export interface ComplianceTracker {
  /** Takes the newest track of a lamp or an output. */
  report(id: string, track: LampTrack): void;
}

export function createComplianceTracker(events: Pick<EventTracker, 'set'>, code: EventCode): ComplianceTracker {
  const reasons = new Map<string, string>();
  return {
    report(id, track) {
      const isHealed = track.failures === 0 && track.drifts === 0;
      if (!isHealed && isFollowing(track)) return;
      const reason = track.last?.reason || 'no reason known';
      const before = reasons.get(id);
      const end = before === undefined ? 'follows again' : `follows again; did not: ${before}`;
      events.set(!isHealed, { code, source: id, severity: 'warning', text: isHealed ? end : `does not follow: ${reason}` });
      if (isHealed) reasons.delete(id);
      else if (before === undefined) reasons.set(id, reason);
    },
  };
}
