/**
 * The two sockets for consoles: one for users of the machine, one where a user must log in.
 *
 * A socket that could not be opened is tried again later.
 */
import type { Timer } from '../../core/clock.ts';
import { ConsoleError } from '../console-error.ts';
import { loginSocketPath } from './socket-path.ts';
import { type ConsoleServer, type ConsoleServerParts, createConsoleServer } from './socket-server.ts';

/** Wait before a console socket that could not be opened is tried again. Units: ms. Source: assumed; a technician waits no longer. */
const RETRY_MS = 10_000;

export interface Consoles {
  /** Errors: rejects with ConsoleError when another agent answers on the socket of the machine; any other error is logged, and the socket is tried again later. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Both sockets, closed at first. */
export function createConsoles(parts: ConsoleServerParts): Consoles {
  const { log, clock, socketPath } = parts;
  const [own, login] = [
    createConsoleServer(parts),
    createConsoleServer({ ...parts, socketKind: 'login', socketPath: loginSocketPath(socketPath) }),
  ];
  const retries = new Map<ConsoleServer, Timer>();
  let isStopping = false;

  /** A place that cannot be used now is tried again. */
  async function open(server: ConsoleServer, mustBeFree: boolean): Promise<void> {
    try {
      await server.start();
    } catch (error) {
      if (!(error instanceof ConsoleError) || (mustBeFree && error.code === 'socket-in-use')) throw error;
      log.event('console-closed', { cause: error.message }, 'warning');
      if (!isStopping)
        retries.set(
          server,
          clock.after(RETRY_MS, () => void open(server, false)),
        );
    }
  }

  return {
    start: async () => {
      await open(own, true);
      await open(login, false);
    },
    stop: async () => {
      isStopping = true;
      for (const retry of retries.values()) retry.cancel();
      await Promise.all([own.stop(), login.stop()]);
    },
  };
}
