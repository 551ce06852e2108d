/**
 * Turns conditions into events: a lasting condition is reported once when it begins and once when it ends, at the latest when the
 * part that reports it ends.
 */

import type { Clock } from './clock.ts';
import type { EventDetails } from './event-details.ts';
import { type Message, msg } from './message.ts';
import type { AgentEvent, EventCode } from './words.ts';

/** An event without its id and its times, which `EventTracker` adds. Code and source together identify a lasting condition. */
export type EventFacts = Pick<AgentEvent, 'code' | 'source' | 'severity' | 'text'> & EventDetails;

/**
 * An event that occurred before the event log was available, to be reported later. `isLasting`: the event has no end yet; default: false.
 */
export type StartNotice = EventFacts & { readonly isLasting?: boolean };

/** Reports events. It identifies a lasting condition by its code and source. */
export interface EventTracker {
  /**
   * Begins a condition (`lasting` true), or ends it with the text of `happening`. Repeating the present state has no effect, even with
   * another text.
   */
  set(lasting: boolean, happening: EventFacts): void;
  /** Ends a condition with the text it began with; has no effect if it is not open. */
  clear(code: EventCode, source: string): void;
  /** Reports an event without duration. */
  notice(happening: EventFacts): void;
}

/**
 * Creates a tracker without open conditions. `onEvent` receives a lasting event when it begins and, with the same id, when it ends; a
 * notice once. Events in a row that begin in the same millisecond get different ids, also those of one code and source.
 */
export function createEventTracker(clock: Clock, onEvent: (event: AgentEvent) => void): EventTracker {
  const open = new Map<string, AgentEvent>();
  let latest = { startMs: Number.NaN, ids: new Set<string>() };
  const newId = ({ code, source }: EventFacts, startMs: number): string => {
    if (latest.startMs !== startMs) latest = { startMs, ids: new Set() };
    const first = `${code}:${source}:${startMs}`;
    const id = latest.ids.has(first) ? `${first}:${latest.ids.size}` : first;
    latest.ids.add(id);
    return id;
  };
  const begin = (happening: EventFacts, lasting: boolean): AgentEvent => {
    const startMs = clock.wallMs();
    return { ...happening, id: newId(happening, startMs), startMs, endMs: lasting ? null : startMs };
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

/** Passes on the events of a part of the agent; `close` ends the open ones. */
export interface RoomEvents {
  /** Passes the event on. An event without an end is remembered until its end is reported. */
  report(event: AgentEvent): void;
  /** Reports the end of all open events, as interrupted and with `why` added to each text. */
  close(why: Message): void;
}

/** Creates a `RoomEvents` without open events. `onEvent` receives the reported events, and the ends that `close` causes. */
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
          isInterrupted: true,
        });
    },
  };
}
