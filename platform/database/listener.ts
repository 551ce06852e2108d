/** Keeps one connection for notifications, and opens it again as long as it is wanted. */
import { setTimeout as pause } from 'node:timers/promises';

/** An open database connection that receives notifications. Neither promise rejects. */
export interface NoticeConnection {
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/**
 * Ends the listener, and resolves when its present connection is closed. After the call it starts no other connection. One that is being
 * opened is closed later.
 */
export type StopListening = () => Promise<void>;

/** A pause before the listener connects again. Units: ms. Source: assumed; a database restarts within seconds. Confirmed by: restarts of the city's database. */
const AGAIN_MS = 1_000;

/**
 * Opens a connection by `open`, and another one whenever it has ended. `onConnect` is called after each, since notifications may have
 * been missed.
 *
 * Resolves after the first connection. Errors: rejects if that fails; then nothing continues. `open` is called again 1 s after an end or a
 * later failure; later failures are not reported.
 */
export async function keepListening(open: () => Promise<NoticeConnection>, onConnect: () => void): Promise<StopListening> {
  let connection = await open();
  const stopping = new AbortController();
  const { signal } = stopping;
  onConnect();
  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      await connection.ended;
      while (!signal.aborted) {
        await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        const next = await open().catch(() => undefined);
        // The database is still away; that is reported by the queries of others.
        if (next === undefined) continue;
        connection = next;
        if (signal.aborted) await next.close();
        else onConnect();
        break;
      }
    }
  };
  void watch();
  return async () => {
    stopping.abort();
    await connection.close();
  };
}
