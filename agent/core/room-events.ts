/**
 * The events of a room that is exchanged with the configuration: those still open end together with the room.
 */
import type { Clock } from './clock.ts';
import type { AgentEvent } from './words.ts';

export interface RoomEvents {
  /** Passes an event on, and remembers it while it is open. */
  report(event: AgentEvent): void;
  /** Ends all open events; `why` becomes part of their text. */
  close(why: string): void;
}

/** Events go on to `onEvent`. */
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
        onEvent({ ...event, text: `${event.text}; ${why}, told anew where it lasts`, endMs: Math.max(clock.wallMs(), event.startMs) });
    },
  };
}
