/**
 * The console's end of the socket: sends one request, receives progress and one answer.
 *
 * Closing the connection ends the job in the agent.
 */

import { connect, type Socket } from 'node:net';
import { type Message, msg } from '../../core/message.ts';
import { ConsoleError } from '../console-error.ts';
import {
  type ConsoleAnswer,
  type ConsoleReply,
  type ConsoleRequest,
  createLineSplitter,
  LEAVE_LINE,
  MAX_REPLY_BYTES,
  type Progress,
  parseReply,
  SUMMARY_MS,
} from './protocol.ts';
import { foreignPart } from './socket-path.ts';

export interface AgentCall {
  /** Tried in this order; the first that answers is asked. */
  readonly socketPaths: readonly string[];
  readonly request: ConsoleRequest;
  /** Longest silence of the agent, counted from its last sign of life. Units: ms. */
  readonly timeoutMs: number;
  /** Receives progress before the answer, without signs of life. */
  readonly onProgress?: (progress: Progress) => void;
  /** Aborted when the answer is not needed; the job in the agent ends with the connection. */
  readonly signal?: AbortSignal;
  /** Aborted when the job shall end now, with its answer: this end of the connection is closed. */
  readonly enough?: AbortSignal;
  /** As `enough`; also reports to the agent that the reader leaves on purpose. */
  readonly leave?: AbortSignal;
}

/** Longest wait for the answer of a job that was ended. Units: ms. Source: one second more than the agent gives the job. */
const SUMMARY_WAIT_MS = SUMMARY_MS + 1_000;

/** What the agent answered. Errors: rejects with the agent's own ConsoleError, or 'unreachable' when none answers. */
export async function callAgent({ socketPaths, ...call }: AgentCall): Promise<ConsoleAnswer> {
  for (const path of socketPaths) {
    const socket = await connected(path);
    if (socket === null) continue;
    const reply = await exchange(socket, path, call);
    if (reply.ok) return reply;
    const { code, message, bus } = reply.error;
    throw new ConsoleError(code, message, bus === undefined ? {} : { bus });
  }
  const foreign = socketPaths.flatMap((path) => foreignPart(path) ?? []);
  if (foreign.length > 0)
    throw new ConsoleError('unreachable', msg`no request was sent to ${orList(foreign)}: another user may have made it; remove it`);
  throw new ConsoleError(
    'unreachable',
    msg`no agent answers on ${orList(socketPaths)}; is it running? Start it with \`luciole run\`, or see \`systemctl status luciole\``,
  );
}

function orList(paths: readonly string[]): Message {
  const [first = '', ...others] = paths;
  return others.reduce<Message>((all, path) => msg`${all} or ${path}`, msg`${first}`);
}

/** Returns the first of these sockets that answers; `closed` where one exists that this user may not open; null without any. */
export async function firstSocket(paths: readonly string[]): Promise<string | 'closed' | null> {
  let isClosed = false;
  for (const path of paths) {
    try {
      const socket = await connected(path);
      if (socket === null) continue;
      socket.destroy();
      return path;
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error;
      isClosed = true;
    }
  }
  return isClosed ? 'closed' : null;
}

/** Null when no agent of this machine listens there. Errors: rejects with ConsoleError 'unreachable' when one does but this user may not connect. */
function connected(path: string): Promise<Socket | null> {
  if (foreignPart(path) !== null) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EACCES' && error.code !== 'EPERM') return resolve(null);
      const said = msg`you may not use the agent on ${path}: ask for membership in the group luciole, or use sudo`;
      reject(new ConsoleError('unreachable', said, { cause: error }));
    });
  });
}

function exchange(
  socket: Socket,
  path: string,
  { request, timeoutMs, onProgress, signal, enough, leave }: Omit<AgentCall, 'socketPaths'>,
): Promise<ConsoleReply> {
  const split = createLineSplitter(MAX_REPLY_BYTES);
  return new Promise<ConsoleReply>((resolve, reject) => {
    const finish = (lastLine = ''): void => {
      socket.end(lastLine);
      socket.setTimeout(SUMMARY_WAIT_MS);
    };
    const say = (): void => finish(`${LEAVE_LINE}\n`);
    const lost = (said: Message): void => reject(new ConsoleError('unreachable', said));
    // The socket's own timer starts again with every byte.
    socket.setTimeout(timeoutMs, () => lost(msg`the agent on ${path} did not answer within ${timeoutMs / 1_000} s; see its log`));
    socket.once('error', (error) => lost(msg`the agent on ${path} closed the connection: ${error.message}; see its log`));
    socket.once('close', () => lost(msg`the agent on ${path} closed the connection without an answer; see its log`));
    const stop = (): void => reject(new ConsoleError('failed', msg`stopped`));
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    socket.on('data', (bytes) => {
      try {
        for (const line of split(bytes)) {
          const message = parseReply(line);
          if ('ok' in message) return resolve(message);
          if (message.progress !== null) onProgress?.(message);
        }
      } catch (error) {
        reject(error);
      }
    });
    socket.write(`${JSON.stringify(request)}\n`);
    if (enough?.aborted) finish();
    enough?.addEventListener('abort', () => finish(), { once: true });
    if (leave?.aborted) say();
    leave?.addEventListener('abort', say, { once: true });
  }).finally(() => socket.destroy());
}
