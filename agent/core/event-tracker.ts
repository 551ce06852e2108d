/**
 * Turns conditions into events: a lasting condition is reported once when it begins and once when it ends, at the latest when the
 * part that reports it ends.
 */

import type { Clock } from './clock.ts';
import { type Message, msg } from './message.ts';
import type { AgentEvent, EventCode } from './words.ts';

/** An event without its times. */
export type EventFacts = Pick<AgentEvent, 'code' | 'source' | 'severity' | 'text'>;

/** A finding of the start, reported once the event log is available. `isLasting`: the condition continues. Default: false. */
export type StartNotice = EventFacts & { readonly isLasting?: boolean };

export interface EventTracker {
  /** Begins or ends a lasting condition; repeating the same state has no effect. `text` describes this change. */
  set(lasting: boolean, happening: EventFacts): void;
  /** Ends a condition with the text it began with; has no effect if it is not open. */
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
  const end = (key: string, text?: Message): void => {
    const running = open.get(key);
    if (running === undefined) return;
    open.delete(key);
    // After the clock was set back, an event must not end before it began.
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

/** Events of a part that a new configuration replaces: its open events end when the part stops. */
export interface RoomEvents {
  /** Passes an event on, and stores it while it is open. */
  report(event: AgentEvent): void;
  /** Ends all open events; `why` is added to their text. */
  close(why: Message): void;
}

export function createRoomEvents(clock: Pick<Clock, 'wallMs'>, onEvent: (event: AgentEvent) => void): RoomEvents {
  const open = new Map<string, AgentEvent>();
  return {
    report(event) {
      if (event.endMs === null) open.set(event.id, event);
      else open.delete(event.id);
      onEvent(event);
    },
    close(why) {
      const left = [...open.values()];
      open.clear();
      for (const event of left)
        onEvent({
          ...event,
          text: msg`${event.text}; ${why}, reported again where it lasts`,
          endMs: Math.max(clock.wallMs(), event.startMs),
        });
    },
  };
}
