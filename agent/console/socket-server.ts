/**
 * The agent's end of the console: answers commands on a Unix socket.
 *
 * Owns the socket, its limits and its connections. Decides nothing: commands are answered by the table through the AgentView.
 * Called by `app.ts`. Nothing a client sends, and no client that stops reading, ever disturbs the agent.
 */
import { once } from 'node:events';
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/ports.ts';
import type { AgentView } from '../core/views.ts';
import { COMMANDS } from './commands.ts';
import { ConsoleError } from './console-error.ts';
import { createDeadlines, type Deadlines } from './deadlines.ts';
import { createLineSplitter, failure, MAX_REQUEST_BYTES, type Reply, type Request, readRequest } from './protocol.ts';
import { prepareSocketFolder } from './socket-path.ts';
import { nearest } from './suggest.ts';

/** Source: assumed; more than one technician and a few scripts never meet at one cabinet. */
const MAX_CONNECTIONS = 8;
/** A client that neither asks nor reads for this long is hung up on, so that it does not hold a place for ever. Units: ms. Source: assumed. */
const IDLE_MS = 600_000;
/** How long a client may take to read why it is hung up on, whatever it still sends. Units: ms. Source: assumed. */
const HANG_UP_MS = 1_000;
/** Read and write for owner and group, whose members may command the street. */
const SOCKET_MODE = 0o660;

export interface ConsoleServerParts {
  readonly view: AgentView;
  readonly socketPath: string;
  readonly log: Log;
  /** Stamps answers and ends connections. */
  readonly clock: Pick<Clock, 'wallMs' | 'after'>;
  /** The cabinet's, IANA name. */
  readonly timezone: string;
}

export interface ConsoleServer {
  /** Errors: rejects with ConsoleError 'socket-in-use' when another agent answers there, 'socket-refused' when the place cannot be used. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A console server; opens nothing before `start`. */
export function createConsoleServer(parts: ConsoleServerParts): ConsoleServer {
  const { socketPath, log } = parts;
  const served = new Set<Socket>();
  const deadlines = createDeadlines(parts.clock);
  let server: Server | null = null;

  const accept = (socket: Socket): void => {
    socket.on('error', (error) => log.event('console-connection-lost', { cause: error.message }, 'debug'));
    if (served.size >= MAX_CONNECTIONS) {
      const busy = new ConsoleError('busy', `${MAX_CONNECTIONS} consoles are connected already; close one and try again`);
      hangUp(socket, deadlines, busy);
      return;
    }
    served.add(socket);
    socket.on('close', () => served.delete(socket));
    serve(socket, deadlines, parts).catch((error: unknown) => {
      log.event('console-connection-lost', { cause: String(error) }, 'debug');
      socket.destroy();
    });
  };

  return {
    async start() {
      if (server !== null) return;
      prepareSocketFolder(socketPath);
      await clearStale(socketPath);
      const opening = createServer(accept);
      server = opening;
      try {
        opening.listen(socketPath);
        await once(opening, 'listening');
      } catch (cause) {
        server = null;
        throw new ConsoleError('socket-refused', `cannot open the console socket ${socketPath}: ${(cause as Error).message}`, { cause });
      }
      opening.on('error', (error) => log.event('console-trouble', { cause: error.message }, 'warning'));
      chmodSync(socketPath, SOCKET_MODE);
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

/** One request after the other: while a reader is slow, its own next request waits and nobody else's. */
async function serve(socket: Socket, deadlines: Deadlines, parts: ConsoleServerParts): Promise<void> {
  const split = createLineSplitter(MAX_REQUEST_BYTES);
  deadlines.set(socket, IDLE_MS);
  for await (const bytes of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    deadlines.set(socket, IDLE_MS);
    let lines: readonly string[];
    try {
      lines = split(bytes);
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error;
      return hangUp(socket, deadlines, error);
    }
    for (const line of lines) {
      const reply = await answer(line, parts);
      if (!socket.write(encode(reply))) await once(socket, 'drain');
      deadlines.set(socket, IDLE_MS);
    }
  }
}

/** Say why and close. What the client still sends is read and dropped, or it would lose the answer to a reset. */
function hangUp(socket: Socket, deadlines: Deadlines, error: ConsoleError): void {
  deadlines.set(socket, HANG_UP_MS);
  socket.resume();
  socket.end(encode(failure(null, error)));
}

async function answer(line: string, parts: ConsoleServerParts): Promise<Reply> {
  let id: number | null = null;
  try {
    const request = readRequest(line);
    id = request.id;
    const result = await carryOut(request, parts);
    return { id, ok: true, atMs: parts.clock.wallMs(), timezone: parts.timezone, result };
  } catch (error) {
    if (error instanceof ConsoleError) return failure(id, error);
    parts.log.event('console-command-failed', { cause: String(error) }, 'warning');
    return failure(id, new ConsoleError('failed', `the agent could not answer: ${String(error)}; see its log`));
  }
}

function carryOut({ command, args, user }: Request, { view }: ConsoleServerParts): Promise<unknown> {
  const found = COMMANDS.find(({ name, kind }) => name === command && kind === 'agent');
  if (found?.kind === 'agent') return found.answer(view, args, `console:${user}`);
  const names = COMMANDS.filter(({ kind }) => kind === 'agent').map(({ name }) => name);
  const near = nearest(command, names);
  throw new ConsoleError(
    'unknown-command',
    `the agent knows no command ${JSON.stringify(command.slice(0, 40))}; ${near === undefined ? `it knows ${names.join(', ')}` : `did you mean ${near}?`}`,
  );
}

/**
 * Take the place of an agent that died without removing its socket.
 *
 * Errors: throws ConsoleError 'socket-in-use' or 'socket-refused'; a file that is no socket is never removed.
 */
async function clearStale(socketPath: string): Promise<void> {
  const found = lstatSync(socketPath, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new ConsoleError('socket-refused', `${socketPath} exists and is no socket; remove it, or choose another place with --socket`);
  }
  if (await someoneAnswers(socketPath)) {
    throw new ConsoleError(
      'socket-in-use',
      `another agent already answers on ${socketPath}; stop it first, or give this one its own --socket`,
    );
  }
  rmSync(socketPath, { force: true });
}

/** Only a refusal proves that nobody does; in doubt the socket is left alone. */
function someoneAnswers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}

function encode(reply: Reply): string {
  return `${JSON.stringify(reply)}\n`;
}
