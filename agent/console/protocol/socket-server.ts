/**
 * The agent's end of the console: answers commands on a Unix socket.
 *
 * It limits the number of clients; the gate decides what each may do. No client can disturb the agent, whatever it sends and however
 * slowly it reads.
 */

import { once } from 'node:events';
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { LoginSocket } from '../../core/access.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { msg } from '../../core/message.ts';
import type { Log } from '../../core/ports.ts';
import type { AgentView } from '../../core/views.ts';
import { ConsoleError } from '../console-error.ts';
import { type ConnectionParts, createDeadlines, hangUp, serveConnection } from './connection.ts';
import { createGate } from './gate.ts';
import { loginSocketPath, prepareSocketFolder, refuseLoginPlace } from './socket-path.ts';

/** Source: assumed; a cabinet has one technician and a few scripts at a time. Confirmed by: reports of `busy` from technicians. */
const MAX_CONNECTIONS = 8;
/** Read and write for owner and group; members of the group may control the lights. */
const SOCKET_MODE = 0o660;

/** An inode number can be reused immediately; a change time cannot. */
const LOOK = { throwIfNoEntry: false, bigint: true } as const;
/** A listener with a full queue returns EAGAIN. Source: connect(2), unix(7). */
const PROVES_AGENT: ReadonlySet<string> = new Set(['', 'EAGAIN']);
const PROVES_NONE: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOENT']);

/** What a console server is created from: the agent as its commands use it (`view`), its socket, log, clock and time zone. */
export interface ConsoleServerParts {
  readonly view: AgentView;
  /** Which of the two sockets this is. Default: `agent`, for users of the machine; on `login`, users log in. */
  readonly socketKind?: LoginSocket;
  /** Path of this socket; for `createConsoles`, of the machine's own. */
  readonly socketPath: string;
  readonly log: Log;
  /** Timestamps answers, ends silent connections and limits audit entries of reads. */
  readonly clock: Clock;
  /** IANA name of the cabinet's time zone. */
  readonly timezone: string;
}

/** A server for consoles on one socket, or on both sockets of an agent. */
export interface ConsoleServer {
  /**
   * Opens the socket; no effect if it is open, or if `stop` is called before it is. With `createConsoles`, it may resolve although a socket could not be opened yet. Errors: may
   * reject, for example with ConsoleError 'socket-in-use'.
   */
  start(): Promise<void>;
  /** Closes the socket and its connections; no effect if it is closed. */
  stop(): Promise<void>;
}

/** The servers of an agent's two sockets: one for users of the machine, one on which users log in. */
export interface Consoles extends ConsoleServer {
  /**
   * Checks for another agent on the socket of the machine; creates the socket's folder if it is missing. Errors: rejects with ConsoleError
   * 'socket-in-use' if one answers. Resolves also if the path cannot be used.
   */
  refuseOther(): Promise<void>;
}

/**
 * Creates a server on one socket; it opens nothing before `start`. A client beyond the largest number of connections gets the error
 * `busy`.
 */
export function createConsoleServer(parts: ConsoleServerParts): ConsoleServer {
  const { view, socketPath, log, clock, timezone } = parts;
  const served = new Set<Socket>();
  let server: Server | null = null;
  const deadlines = createDeadlines(clock);
  const connection: ConnectionParts = {
    ...{ deadlines, clock, timezone },
    ...createGate(parts.socketKind ?? 'agent', view, log, clock),
    isStopping: () => server === null,
    onBug: (error) => log.event('console-command-failed', { cause: String(error) }, 'warning'),
  };

  const accept = (socket: Socket): void => {
    socket.on('error', (error) => log.event('console-connection-lost', { cause: error.message }, 'debug'));
    if (served.size >= MAX_CONNECTIONS) {
      const busy = new ConsoleError('busy', msg`${MAX_CONNECTIONS} consoles are connected already; close one and try again`);
      hangUp(socket, deadlines, busy);
      return;
    }
    served.add(socket);
    socket.on('close', () => served.delete(socket));
    serveConnection(socket, connection);
  };

  return {
    async start() {
      if (server !== null) return;
      if (parts.socketKind !== 'login') refuseLoginPlace(socketPath);
      prepareSocketFolder(socketPath);
      // A client may close its own half and still wait for its answer.
      const opening = createServer({ allowHalfOpen: true }, accept);
      server = opening;
      try {
        await clearStale(socketPath);
        // Stopped in the meantime.
        if (server !== opening) return;
        opening.listen(socketPath);
        await once(opening, 'listening');
        chmodSync(socketPath, SOCKET_MODE);
      } catch (cause) {
        if (server === opening) server = null;
        opening.close();
        if (cause instanceof ConsoleError) throw cause;
        throw new ConsoleError('socket-refused', msg`cannot open the console socket ${socketPath}: ${(cause as Error).message}`, { cause });
      }
      opening.on('error', (error) => log.event('console-trouble', { cause: error.message }, 'warning'));
      log.event('console-open', { socketPath }, 'debug');
    },
    async stop() {
      const closing = server;
      server = null;
      if (closing === null) return;
      const closed = once(closing, 'close');
      closing.close();
      deadlines.cutAll();
      await closed;
    },
  };
}

/**
 * Removes the socket of an agent that died without removing it.
 *
 * Errors: throws ConsoleError 'socket-in-use' or 'socket-refused', or a system error; a file that is not a socket is never removed.
 */
async function clearStale(socketPath: string): Promise<void> {
  const found = lstatSync(socketPath, LOOK);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new ConsoleError('socket-refused', msg`${socketPath} exists and is no socket; remove it, or choose another place with --socket`);
  }
  const code = await connectError(socketPath);
  if (PROVES_AGENT.has(code)) throw inUse(socketPath);
  // As of a run with other rights that was killed: it is left alone, and no reason to end. Another agent on the data is found by its lock.
  if (!PROVES_NONE.has(code)) throw new ConsoleError('socket-refused', msg`cannot open the console socket ${socketPath}: ${code}`);
  const now = lstatSync(socketPath, LOOK);
  if (now === undefined) return;
  // Another agent has replaced the dead one in the meantime.
  if (now.ino !== found.ino || now.ctimeNs !== found.ctimeNs) return clearStale(socketPath);
  rmSync(socketPath, { force: true });
}

/** Errors: throws ConsoleError 'socket-in-use'. An unusable path is not an error here; `start` reports it. */
async function refuseOther(socketPath: string): Promise<void> {
  try {
    refuseLoginPlace(socketPath);
    prepareSocketFolder(socketPath);
  } catch (error) {
    if (error instanceof ConsoleError) return;
    throw error;
  }
  if (PROVES_AGENT.has(await connectError(socketPath))) throw inUse(socketPath);
}

function inUse(socketPath: string): ConsoleError {
  return new ConsoleError(
    'socket-in-use',
    msg`another agent already answers on ${socketPath}; stop it first, or give this one its own --socket`,
  );
}

/** Resolves with the error of a connection; empty if it is accepted. */
function connectError(socketPath: string): Promise<string> {
  return new Promise((resolve) => {
    const probe = connect(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve('');
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'UNKNOWN'));
  });
}

/**
 * Wait before the next attempt to open a console socket. Units: ms. Source: assumed; acceptable wait for a technician. Confirmed by: how
 * long such failures last in logs.
 */
const RETRY_MS = 10_000;

/**
 * Creates the servers of the two console sockets: one for users of the machine, one on which users log in. A path that is refused does not
 * make `start` reject: this is logged and tried again later.
 *
 * Errors: `start` rejects, for example with ConsoleError 'socket-in-use' if another agent answers on the machine's socket.
 */
export function createConsoles(parts: ConsoleServerParts): Consoles {
  const { log, clock, socketPath } = parts;
  const [own, login] = [
    createConsoleServer(parts),
    createConsoleServer({ ...parts, socketKind: 'login', socketPath: loginSocketPath(socketPath) }),
  ];
  const retries = new Map<ConsoleServer, Timer>();
  let isStopping = false;

  /** Opens a server; if the path cannot be used now, it tries again later. */
  async function open(server: ConsoleServer, mustBeFree: boolean): Promise<void> {
    if (isStopping) return;
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
    refuseOther: () => refuseOther(socketPath),
    start: async () => {
      isStopping = false;
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
