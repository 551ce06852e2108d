/**
 * The protocol between `luciole` and the running agent: JSON, one message per line, over a Unix socket.
 *
 * Defines shapes, limits and framing. It opens no socket.
 */

import type { WallMs } from '../../core/clock.ts';
import type { BusErrorCode } from '../../core/errors.ts';
import { isRecord } from '../../core/is-record.ts';
import { type Message, msg } from '../../core/message.ts';
import { withMessages } from '../../core/message-wire.ts';
import { ConsoleError, type ConsoleErrorCode, isConsoleErrorCode } from '../console-error.ts';

/**
 * Longest line that the agent accepts from a client, without the `\n` at its end.
 * Units: bytes. Source: the longest valid one, a part of an update in base64 (`update-run.ts`, PART_BYTES), has 44 KB; the rest is margin.
 */
export const MAX_REQUEST_BYTES = 65_536;
/**
 * Longest line that a client accepts from the agent, without the `\n` at its end.
 * Units: bytes. Source: assumed; 1,000 devices with 20 points each make 2 MB.
 * Confirmed by: bench of the largest cabinet.
 */
export const MAX_REPLY_BYTES = 16_777_216;

/**
 * Time for a job with a summary to answer after its client sent `LEAVE_LINE` or closed its own half of the connection. Units: ms. Source:
 * assumed; a summary is built from memory. Confirmed by: bench of summaries on a loaded gateway.
 */
export const SUMMARY_MS = 2_000;

/** Arguments of a command by name: a text, or true or false for a switch. */
export type RawArgs = Readonly<Record<string, string | boolean>>;

/** One request of a client. `id` is repeated in the messages that answer the request. */
export interface ConsoleRequest {
  /** An integer that the client chooses. */
  readonly id: number;
  /** Whole name of an agent command, as `bus scan`. */
  readonly command: string;
  readonly args: RawArgs;
  /** User name that the client states; not verified, and ignored on the login socket. */
  readonly user: string;
  /** Token of a session, on the login socket; ignored on the other one. */
  readonly token?: string;
}

/**
 * How the client of a job ended. `logout`: it sent `LEAVE_LINE`. `hang-up`: it disconnected without that, or closed its half of the
 * connection, for example at Ctrl-C. `stopped`: the agent stops.
 */
export type ReaderEnd = 'logout' | 'hang-up' | 'stopped';

/** A client sends this line before it disconnects to log out; without it the agent takes the end for a hang-up. It is not a request. */
export const LEAVE_LINE = '{"leave":true}';

/** Each answer contains the agent's time, which may differ from the client's. */
interface Stamp {
  readonly id: number;
  readonly atMs: WallMs;
  readonly timezone: string;
}

/** Progress of a long job before the reply. `progress` null: the job still runs, without news. */
export interface Progress extends Stamp {
  readonly progress: unknown;
}

/**
 * The reply to a request whose command ran without an error, with the id of the request and the agent's time and zone. `result`: its
 * answer, which may report a failure.
 */
export interface ConsoleAnswer extends Stamp {
  readonly ok: true;
  readonly result: unknown;
}

/**
 * The reply to a request that failed or was refused. `id` is null if the reply belongs to no readable request. `bus`: the error code of a
 * failed request on a line; absent for any other failure.
 */
export interface ConsoleRefusal {
  readonly id: number | null;
  readonly ok: false;
  readonly error: { readonly code: ConsoleErrorCode; readonly message: Message; readonly bus?: BusErrorCode };
}

/** The one final message for a request: the answer, or the refusal. */
export type ConsoleReply = ConsoleAnswer | ConsoleRefusal;

/**
 * Parses a line from a client. A missing or invalid user name becomes `unknown`. Errors: throws ConsoleError 'bad-request' if the line is
 * not a request.
 */
export function readRequest(line: string): ConsoleRequest {
  const message = parsed(line);
  const { id, command, args = {}, user, token } = message;
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw bad(msg`id must be an integer`);
  if (typeof command !== 'string') throw bad(msg`command must be a string`);
  if (!isRecord(args)) throw bad(msg`args must be an object`);
  for (const [name, value] of Object.entries(args)) {
    if (typeof value !== 'string' && typeof value !== 'boolean') throw bad(msg`args.${name} must be a string, true or false`);
  }
  if (token !== undefined && typeof token !== 'string') throw bad(msg`token must be a string`);
  return { id, command, args: args as RawArgs, user: userName(user), ...(token === undefined ? {} : { token }) };
}

/**
 * Parses a line from the agent: a reply, or progress before it. Texts with a template become messages, others stay texts. Errors: throws
 * ConsoleError 'bad-request' if the line is neither.
 */
export function parseReply(line: string): ConsoleReply | Progress {
  const message = parsed(line);
  const said = withMessages(message) as Readonly<Record<string, unknown>>;
  const stamped = typeof message['atMs'] === 'number' && typeof message['timezone'] === 'string';
  if (stamped && (message['ok'] === true || 'progress' in message)) return said as unknown as ConsoleAnswer | Progress;
  const error = message['error'];
  if (message['ok'] === false && isRecord(error) && isConsoleErrorCode(error['code']) && typeof error['message'] === 'string') {
    return said as unknown as ConsoleRefusal;
  }
  throw bad(msg`the answer does not come from a luciole agent`);
}

/** Returns the reply that reports this error to the client. `id`: that of the request; null if there is none that could be read. */
export function failedReply(id: number | null, { code, said, bus }: ConsoleError): ConsoleRefusal {
  return { id, ok: false, error: { code, message: said, ...(bus === null ? {} : { bus }) } };
}

/**
 * Returns a function that takes the next bytes of a stream and returns the complete lines, without line ends and outer blanks; empty lines
 * are left out.
 *
 * Errors: throws ConsoleError 'too-large' if a line exceeds `maxBytes`, and again in each later call. The lines of these calls are lost.
 */
export function createLineSplitter(maxBytes: number): (bytes: Uint8Array) => readonly string[] {
  let parts: Uint8Array[] = [];
  let waitingBytes = 0;
  const keep = (bytes: Uint8Array): void => {
    waitingBytes += bytes.length;
    if (waitingBytes > maxBytes) {
      parts = [];
      throw new ConsoleError('too-large', msg`a message may have ${maxBytes} bytes at most`);
    }
    parts.push(bytes);
  };
  return (bytes) => {
    const lines: string[] = [];
    let from = 0;
    for (let to = bytes.indexOf(10); to >= 0; to = bytes.indexOf(10, from)) {
      keep(bytes.subarray(from, to));
      const line = Buffer.concat(parts).toString('utf8').trim();
      if (line !== '') lines.push(line);
      parts = [];
      waitingBytes = 0;
      from = to + 1;
    }
    keep(bytes.subarray(from));
    return lines;
  };
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch (cause) {
    throw new ConsoleError('bad-request', msg`found a line that is not JSON; one request a line: {"id":1,"command":"status"}`, { cause });
  }
  if (!isRecord(message)) throw bad(msg`a message must be a JSON object`);
  return message;
}

/** The name is used in records and events, so only characters of a system user name are accepted. */
function userName(user: unknown): string {
  return typeof user === 'string' && /^[a-z0-9_][a-z0-9_.-]{0,31}$/i.test(user) ? user : 'unknown';
}

function bad(message: Message): ConsoleError {
  return new ConsoleError('bad-request', message);
}
