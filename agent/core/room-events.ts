/**
 * What one room has found wrong, so that it ends with the room.
 *
 * Owns the open events of a room that can be exchanged.
 */
import type { Clock } from './clock.ts';
import type { AgentEvent } from './words.ts';

export interface RoomEvents {
  tell(event: AgentEvent): void;
  /** Ends all that is open, and says why. */
  close(why: string): void;
}

export function createRoomEvents(clock: Pick<Clock, 'wallMs'>, onEvent: (event: AgentEvent) => void): RoomEvents {
  const open = new Map<string, AgentEvent>();
  return {
    tell(event) {
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
