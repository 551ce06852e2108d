/**
 * Writes to one socket in order, with an optional delay and in small pieces if requested.
 */
import type { Socket } from 'node:net';

/** Units: ms, bytes. */
interface Pace {
  readonly delayMs: number;
  readonly chunkBytes: number | null;
}

export interface SocketFeed {
  push(bytes: Buffer): void;
  /** Sends FIN after all pushed bytes. */
  end(): void;
}

/** Writes to `socket` in the order of the calls; discards bytes once it is destroyed. `pace` is read at each call, so it may change. */
export function createSocketFeed(socket: Socket, pace: () => Pace): SocketFeed {
  let tail: Promise<void> = Promise.resolve();
  let waiting = 0;

  /** Writes at once when nothing waits: most links have no delay, and events then keep the order of arrival. */
  const then = (delayMs: number, act: () => Promise<void> | undefined): void => {
    if (waiting === 0 && delayMs <= 0) {
      const done = act();
      if (done === undefined) return;
      waiting += 1;
      tail = done.finally(() => {
        waiting -= 1;
      });
      return;
    }
    const dueMs = performance.now() + delayMs;
    waiting += 1;
    tail = tail
      .then(() => pause(dueMs - performance.now()))
      .then(act)
      .finally(() => {
        waiting -= 1;
      });
  };
  return {
    push: (bytes) => {
      const { delayMs, chunkBytes } = pace();
      then(delayMs, () => {
        if (chunkBytes !== null) return inPieces(socket, bytes, chunkBytes);
        if (!socket.destroyed) socket.write(bytes);
        return undefined;
      });
    },
    end: () => {
      then(pace().delayMs, () => {
        if (!socket.destroyed) socket.end();
        return undefined;
      });
    },
  };
}

function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}

/** A turn of the event loop between two pieces, so that each is a read of its own on the other side. */
async function inPieces(socket: Socket, bytes: Buffer, size: number): Promise<void> {
  for (let at = 0; at < bytes.length && !socket.destroyed; at += size) {
    socket.write(bytes.subarray(at, at + size));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
