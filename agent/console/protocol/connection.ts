/**
 * One connection of a console: receives requests, sends progress of long jobs and one answer per request.
 *
 * Requests of one connection run in sequence: a slow client delays only its own next request. The socket server runs the
 * commands.
 */

import type { Socket } from 'node:net';
import { type Clock, every, type Timer } from '../../core/clock.ts';
import { msg } from '../../core/message.ts';
import { withTexts } from '../../core/message-wire.ts';
import type { Job } from '../command-spec.ts';
import { ConsoleError } from '../console-error.ts';
import {
  type ConsoleReply,
  type ConsoleRequest,
  createLineSplitter,
  failedReply,
  LEAVE_LINE,
  MAX_REQUEST_BYTES,
  type Progress,
  type ReaderEnd,
  readRequest,
  SUMMARY_MS,
} from './protocol.ts';

/**
 * A client that neither sends nor reads for this long is disconnected, so that it does not occupy a place for ever. Units: ms. Source:
 * assumed. Confirmed by: bench of the scripts and consoles in use.
 */
const IDLE_MS = 600_000;
/**
 * Time for a client to read the reason of a disconnection, whatever it still sends. Units: ms. Source: assumed. Confirmed by: time to print
 * a refusal at 9600 baud.
 */
const HANG_UP_MS = 1_000;
/** Interval of keep-alives of a job without progress. Units: ms. Source: a third of the client's timeout. */
const ALIVE_MS = 3_000;

/** Parts of a job from the connection; the gate adds the caller. */
type RawJob = Omit<Job, 'caller' | 'source'>;

/** What a connection needs from its server. */
export interface ConnectionParts {
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  /** IANA name of the cabinet's time zone. */
  readonly timezone: string;
  /** Runs the request and resolves with its result. Errors: rejects with ConsoleError; `onBug` gets any other error. */
  readonly carryOut: (request: ConsoleRequest, job: RawJob) => Promise<unknown>;
  /** Returns true if the command may send progress before the answer. Errors: throws ConsoleError, which the client gets as the answer. */
  readonly isLong: (request: ConsoleRequest) => boolean;
  /** Returns true if a long job still answers after its client ended it. Errors: as `isLong`. */
  readonly hasSummary: (request: ConsoleRequest) => boolean;
  /** Receives an error that is a bug. */
  readonly onBug: (error: unknown) => void;
  /** Returns true if connections end because the agent stops. Default: false. */
  readonly isStopping?: () => boolean;
}

/** The end of a connection's client. */
interface Reader {
  readonly signal: AbortSignal;
  /** How the client ended; not valid before it ended. */
  readonly readerEnd: () => ReaderEnd;
}

/**
 * Answers the requests of one client, one at a time, until the socket closes. Disconnects a client that is idle for 10 min, or that sends a
 * line over `MAX_REQUEST_BYTES`.
 */
export function serveConnection(socket: Socket, parts: ConnectionParts): void {
  const { deadlines, onBug } = parts;
  const split = createLineSplitter(MAX_REQUEST_BYTES);
  const gone = new AbortController();
  let readerEnd: ReaderEnd = 'hang-up';
  const reader: Reader = { signal: gone.signal, readerEnd: () => readerEnd };
  const leave = (how: ReaderEnd): void => {
    if (gone.signal.aborted) return;
    readerEnd = how;
    gone.abort();
  };
  const waiting: string[] = [];
  let waitingChars = 0;
  let refusal: ConsoleError | null = null;
  let isBusy = false;
  let hasEnded = false;

  const work = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    for (let line = waiting.shift(); line !== undefined && !socket.destroyed; line = waiting.shift()) {
      waitingChars -= line.length;
      const reply = await answer(line, socket, reader, parts);
      if (!socket.destroyed && !socket.write(encode(reply))) await drained(socket);
      deadlines.set(socket, IDLE_MS);
      if (waitingChars <= MAX_REQUEST_BYTES) socket.resume();
    }
    isBusy = false;
    if (refusal !== null) hangUp(socket, deadlines, refusal);
    else if (hasEnded) socket.end();
  };

  deadlines.set(socket, IDLE_MS);
  socket.on('data', (bytes) => {
    if (refusal !== null) return;
    deadlines.set(socket, IDLE_MS);
    try {
      for (const line of split(bytes)) {
        if (line === LEAVE_LINE) {
          leave('logout');
          continue;
        }
        waiting.push(line);
        waitingChars += line.length;
      }
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error;
      refusal = error;
    }
    // Keep reading while a job runs; otherwise the end of the client would not be detected.
    if (waitingChars > MAX_REQUEST_BYTES) socket.pause();
    work().catch(onBug);
  });
  socket.on('end', () => {
    hasEnded = true;
    leave('hang-up');
    work().catch(onBug);
  });
  socket.on('close', () => leave(parts.isStopping?.() === true ? 'stopped' : 'hang-up'));
}

/** Sends an error as the last message and closes the connection, after a short time even if the client keeps its side open. */
export function hangUp(socket: Socket, deadlines: Deadlines, error: ConsoleError): void {
  deadlines.set(socket, HANG_UP_MS);
  socket.resume();
  socket.end(encode(failedReply(null, error)));
}

async function answer(line: string, socket: Socket, reader: Reader, parts: ConnectionParts): Promise<ConsoleReply> {
  let id: number | null = null;
  try {
    const request = readRequest(line);
    id = request.id;
    const result = await (parts.isLong(request) ? longJob(request, socket, reader, parts) : parts.carryOut(request, job(reader, parts)));
    return { id, ok: true, ...stamp(parts), result };
  } catch (error) {
    if (error instanceof ConsoleError) return failedReply(id, error);
    parts.onBug(error);
    return failedReply(id, new ConsoleError('failed', msg`the agent could not answer: ${String(error)}; see its log`));
  }
}

/**
 * Runs a job with progress and keep-alives. It ends when its client disconnects, or soon after its client ended it if it has a summary,
 * even if the job ignores the signal.
 */
async function longJob(request: ConsoleRequest, socket: Socket, reader: Reader, parts: ConnectionParts): Promise<unknown> {
  const { signal } = reader;
  let isOver = false;
  const report = (progress: unknown): boolean => {
    // A slow client loses progress, but never its answer.
    if (isOver || signal.aborted || socket.destroyed || socket.writableNeedDrain) return false;
    socket.write(encode({ id: request.id, ...stamp(parts), progress }));
    parts.deadlines.set(socket, IDLE_MS);
    return true;
  };
  const alive = every(parts.clock, ALIVE_MS, () => void report(null));
  try {
    return await Promise.race([
      parts.carryOut(request, { ...job(reader, parts), report }),
      lostReader(signal, parts.hasSummary(request) ? { socket, clock: parts.clock } : null),
    ]);
  } finally {
    isOver = true;
    alive.cancel();
  }
}

function job(reader: Reader, { clock, timezone }: ConnectionParts): RawJob {
  return { report: () => false, ...reader, clock, timezone };
}

function stamp({ clock, timezone }: ConnectionParts): Pick<Progress, 'atMs' | 'timezone'> {
  return { atMs: clock.wallMs(), timezone };
}

/** Rejects once the client has disconnected. `waiting`: a client that closed only its own half gets time to read the summary. */
function lostReader(signal: AbortSignal, waiting: { readonly socket: Socket; readonly clock: Clock } | null): Promise<never> {
  return new Promise((_, reject) => {
    const lost = (): void => reject(new ConsoleError('failed', msg`no client waits for the answer`));
    const ended = (): void => {
      if (waiting === null || waiting.socket.destroyed) {
        lost();
        return;
      }
      const timer = waiting.clock.after(SUMMARY_MS, lost);
      waiting.socket.once('close', () => {
        timer.cancel();
        lost();
      });
    };
    if (signal.aborted) ended();
    else signal.addEventListener('abort', ended, { once: true });
  });
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

function encode(message: ConsoleReply | Progress): string {
  return `${JSON.stringify(withTexts(message))}\n`;
}

/** Destroys connections at their deadline. */
export interface Deadlines {
  /** Destroys the socket after this time; a later call replaces the earlier one. Units: ms. */
  set(socket: Socket, delayMs: number): void;
  /** Destroys all connections that have a deadline. */
  cutAll(): void;
}

/** Creates deadlines for connections, which destroy those that reach them. A connection has none until `set` is called for it. */
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
