/**
 * Lasting events of a room: who is raised, who is cleared, each told once.
 *
 * Owns what is going on. Knows no reasons. Used by rooms that find things wrong.
 */
import type { Clock } from './clock.ts';
import type { AgentEvent, EventCode, Severity } from './words.ts';

/** Which lasting events of one room are going on: each is told once when it starts and once when it ends. */
export interface EventBook {
  /** Nothing happens when the same event of the same source is already going on. */
  raise(code: EventCode, source: string, severity: Severity, text: string): void;
  /** Nothing happens when it is not going on. */
  clear(code: EventCode, source: string): void;
}

export function createEventBook(clock: Clock, onEvent: (event: AgentEvent) => void): EventBook {
  const active = new Map<string, AgentEvent>();
  return {
    raise(code, source, severity, text) {
      const key = `${code}:${source}`;
      if (active.has(key)) return;
      const startMs = clock.wallMs();
      const event: AgentEvent = { id: `${key}:${startMs}`, code, source, severity, text, startMs, endMs: null };
      active.set(key, event);
      onEvent(event);
    },
    clear(code, source) {
      const key = `${code}:${source}`;
      const event = active.get(key);
      if (event === undefined) return;
      active.delete(key);
      onEvent({ ...event, endMs: Math.max(clock.wallMs(), event.startMs) });
    },
  };
}
