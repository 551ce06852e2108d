/**
 * Open connections of the console, each with the time at which it is cut.
 *
 * A stopping agent closes them all, so it waits for none.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../core/clock.ts';

export interface Deadlines {
  /** Cut it after this, whatever it does; a later call replaces the earlier one. Units: ms. */
  set(socket: Socket, delayMs: number): void;
  cutAll(): void;
}

/** No connection yet; the first `set` takes one in. */
export function createDeadlines(clock: Pick<Clock, 'after'>): Deadlines {
  const timers = new Map<Socket, Timer>();
  return {
    set: (socket, delayMs) => {
      if (socket.destroyed) return;
      const earlier = timers.get(socket);
      if (earlier === undefined) {
        socket.once('close', () => {
          timers.get(socket)?.cancel();
          timers.delete(socket);
        });
      }
      earlier?.cancel();
      timers.set(
        socket,
        clock.after(delayMs, () => socket.destroy()),
      );
    },
    cutAll: () => {
      for (const socket of timers.keys()) socket.destroy();
    },
  };
}
