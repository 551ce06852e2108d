/**
 * Turns conditions into events: a lasting condition is reported once when it begins and once when it ends.
 */
import type { Clock } from './clock.ts';
import type { AgentEvent, EventCode } from './words.ts';

/** What happened, without its times. */
export type EventFacts = Pick<AgentEvent, 'code' | 'source' | 'severity' | 'text'>;

export interface EventTracker {
  /** Begins or ends a lasting condition; repeating the same does nothing. `text` describes this change. */
  set(lasting: boolean, happening: EventFacts): void;
  /** Ends a condition with the text it began with; does nothing when it is not open. */
  clear(code: EventCode, source: string): void;
  /** Reports an event without duration. */
  notice(happening: EventFacts): void;
}

export function createEventTracker(clock: Clock, onEvent: (event: AgentEvent) => void): EventTracker {
  const open = new Map<string, AgentEvent>();
  const begin = (happening: EventFacts, lasting: boolean): AgentEvent => {
    const startMs = clock.wallMs();
    return { ...happening, id: `${happening.code}:${happening.source}:${startMs}`, startMs, endMs: lasting ? null : startMs };
  };
  const end = (key: string, text?: string): void => {
    const running = open.get(key);
    if (running === undefined) return;
    open.delete(key);
    // A clock that was set back must not end an event before it began.
    onEvent({ ...running, text: text ?? running.text, endMs: Math.max(clock.wallMs(), running.startMs) });
  };
  return {
    set(lasting, happening) {
      const key = `${happening.code}:${happening.source}`;
      if (!lasting) {
        end(key, happening.text);
        return;
      }
      if (open.has(key)) return;
      const event = begin(happening, true);
      open.set(key, event);
      onEvent(event);
    },
    clear: (code, source) => end(`${code}:${source}`),
    notice: (happening) => onEvent(begin(happening, false)),
  };
}
