/**
 * The client's end of the socket: sends one request, receives progress and one answer.
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

/** A request to the agent: the sockets to try, the longest silence to wait for, and the signals that end it. */
export interface AgentCall {
  /** Paths to try, in this order. The call fails at the first one to which this user may not connect. */
  readonly socketPaths: readonly string[];
  readonly request: ConsoleRequest;
  /** Longest silence of the agent. After `enough` or `leave` a fixed wait applies instead. Units: ms. */
  readonly timeoutMs: number;
  /** Receives progress before the answer, without keep-alives. */
  readonly onProgress?: (progress: Progress) => void;
  /** Aborted when the answer is not needed; if already aborted, no request is sent. A long job in the agent ends with the connection. */
  readonly signal?: AbortSignal;
  /**
   * Aborted when the job must end now; the client closes its half of the connection. A command with `hasSummary` then sends its answer,
   * another long one fails.
   */
  readonly enough?: AbortSignal;
  /** As `enough`, and sends `LEAVE_LINE` first: the client leaves on purpose. */
  readonly leave?: AbortSignal;
}

/** Longest wait for the answer of a job that was ended. Units: ms. Source: one second more than the agent gives the job. */
const SUMMARY_WAIT_MS = SUMMARY_MS + 1_000;

/**
 * Sends a request to the agent and resolves with its answer.
 *
 * Errors: rejects with ConsoleError, for example with the agent's refusal, 'unreachable' if no agent answers, or 'failed' if `signal` is
 * aborted. Also with what `onProgress` throws.
 */
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

/**
 * Resolves with the first of these paths to which it could connect. A path for which `foreignPart` is not null is skipped. If there is
 * none: `closed` if this user was denied access to one, otherwise null.
 */
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

/**
 * Resolves with null if no agent listens there. Errors: rejects with ConsoleError 'unreachable' if one does and this user may not connect.
 */
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
    let waitMs = timeoutMs;
    const finish = (lastLine = ''): void => {
      socket.end(lastLine);
      waitMs = SUMMARY_WAIT_MS;
      socket.setTimeout(waitMs);
    };
    const say = (): void => finish(`${LEAVE_LINE}\n`);
    const lost = (said: Message): void => reject(new ConsoleError('unreachable', said));
    // The timer of the socket restarts with every byte.
    socket.setTimeout(timeoutMs, () => lost(msg`the agent on ${path} did not answer within ${waitMs / 1_000} s; see its log`));
    socket.once('error', (error) => lost(msg`the agent on ${path} closed the connection: ${error.message}; see its log`));
    socket.once('close', () => lost(msg`the agent on ${path} closed the connection without an answer; see its log`));
    const stop = (): void => reject(new ConsoleError('failed', msg`stopped`));
    if (signal?.aborted) return stop();
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
