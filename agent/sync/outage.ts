/**
 * The event "uplink down": one start and one end, however many attempts lie between.
 *
 * Owns the open event. Called by `uplink.ts` when the phase of the session changes.
 */
import type { WallMs } from '../core/clock.ts';
import type { AgentEvent } from '../core/words.ts';

export interface Outage {
  begin(atMs: WallMs, text: string): void;
  end(atMs: WallMs): void;
}

/** No outage yet. `source` is the edge node. */
export function createOutage(source: string, onEvent: (event: AgentEvent) => void): Outage {
  let open: AgentEvent | null = null;
  return {
    begin: (startMs, text) => {
      if (open !== null) return;
      open = { id: `uplink-down:${source}:${startMs}`, code: 'uplink-down', source, severity: 'warning', text, startMs, endMs: null };
      onEvent(open);
    },
    end: (endMs) => {
      if (open === null) return;
      onEvent({ ...open, endMs });
      open = null;
    },
  };
}
