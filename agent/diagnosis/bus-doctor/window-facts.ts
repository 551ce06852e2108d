/**
 * What one request and the bytes after it show: an answer, a damaged one, none, the request itself, frames of others, bytes of no frame.
 *
 * Pure.
 */
import { functionOf, SHORTEST_FRAME_BYTES, type SoundFrame, soundFrames } from '../../../drivers/modbus/frames.ts';
import type { ExamWindow } from '../../core/bus-exam.ts';
import type { MonoMs } from '../../core/clock.ts';

/**
 * Bytes that are not part of any frame, from which they are a damaged reply; fewer are noise. Source: assumed; a pulse of noise is one or two
 * characters, the shortest reply has five. Confirmed by: recordings of lines without bias.
 */
const DAMAGED_BYTES = 3;

/** A pause between two deliveries of bytes, longer than within a frame. Units: ms. Source: 1.5 characters at 9600 baud, Modbus over Serial Line V1.02 §2.5.1.1. */
const PAUSE_MS = 1.8;

/**
 * How a request ended. `answered`: with a valid reply, also an exception. `damaged`: no valid reply, but at least three bytes of no frame.
 * `silent`: no valid reply, and at most two bytes of no frame; frames of others may have come. `none`: a broadcast, or the time before the
 * first request.
 */
export type WindowEnd = 'answered' | 'damaged' | 'silent' | 'none';

/** One window of an examination, classified: a request, and the bytes received until the next request. */
export interface WindowFacts {
  /** Address of the requested unit; 0 if there is no request or it is a broadcast. */
  readonly unit: number;
  readonly sentMono: MonoMs;
  /** The request is a read of the examination; false for its repetition, and for one of the agent's usual requests. */
  readonly isTest: boolean;
  readonly end: WindowEnd;
  /** The request as a key: equal requests to one unit have equal keys. */
  readonly request: string;
  /** Length of the normal reply to a request of function 1 to 6, 15 or 16; otherwise without meaning. Units: bytes. */
  readonly expectedBytes: number;
  /** The received bytes begin with an echo of the request. For a single write it may not be recognised. */
  readonly hasEcho: boolean;
  /** Number of valid replies of the requested unit that fit the request. */
  readonly replies: number;
  /** Valid requests beside the echo, in hex: another master's, or late echoes. */
  readonly foreignRequests: readonly string[];
  /** Addresses in all other valid frames that are a reply or may be one, such as a single write of another master. */
  readonly foreignReplies: readonly number[];
  /** Number of bytes outside of all frames; 0 if the reply itself is damaged. */
  readonly strayBytes: number;
  /** The received bytes without the echo, as far as the examination kept them. */
  readonly bytes: Uint8Array;
  /** When the last kept bytes of a window with an answer arrived; null without an answer. */
  readonly arrivalMono: MonoMs | null;
  /** When each delivery of the kept bytes arrived, an echo included. */
  readonly deliveriesMono: readonly MonoMs[];
}

/** Returns what one window of an examination shows, from its request and the bytes that came after it. */
export function windowFacts({ request, sentMono, isTest, chunks }: ExamWindow): WindowFacts {
  const all = Buffer.concat(chunks.map(({ bytes }) => bytes));
  const hasEcho = isEchoed(request, all);
  const bytes = hasEcho ? all.subarray(request.length) : all;
  const frames = soundFrames(bytes);
  const [unit, fc] = [request[0] ?? 0, functionOf(request[1] ?? 0)];
  const expectedBytes = expectedOf(request);
  const isReply = (frame: SoundFrame): boolean => !frame.isRequest && frame.unit === unit && isOf(frame, fc, expectedBytes);
  const replies = unit === 0 ? [] : frames.filter(isReply);
  const foreign = frames.filter((frame) => !replies.includes(frame));
  const starts = startsOf(bytes, frames, hasEcho ? [] : chunks);
  const loose = bytes.length - frames.reduce((sum, { frame }) => sum + frame.length, 0);
  const end = endOf(unit, replies.length, loose);
  return {
    unit,
    sentMono,
    isTest,
    end,
    request: Buffer.from(request).toString('hex'),
    expectedBytes,
    hasEcho,
    replies: replies.length,
    foreignRequests: foreign.flatMap(({ isRequest, frame }) => (isRequest && starts.has(frame.byteOffset) ? [frame.toString('hex')] : [])),
    foreignReplies: foreign.flatMap((frame) => (frame.isRequest ? [] : [frame.unit])),
    strayBytes: end === 'damaged' ? 0 : loose,
    bytes,
    arrivalMono: replies.length === 0 ? null : (chunks.at(-1)?.atMono ?? null),
    deliveriesMono: chunks.map(({ atMono }) => atMono),
  };
}

/** The reply to a single write equals its request: only a second frame after it shows that the first was an echo. */
function isEchoed(request: Uint8Array, all: Buffer): boolean {
  if (request.length === 0 || !all.subarray(0, request.length).equals(request)) return false;
  const isSingleWrite = request[1] === 5 || request[1] === 6;
  return !isSingleWrite || all.length >= request.length + SHORTEST_FRAME_BYTES;
}

/**
 * Where a frame may start: at the beginning, right after another frame, after a pause. A valid checksum within a reply is chance. Shape: as
 * `byteOffset` of the frames.
 */
function startsOf(bytes: Buffer, frames: readonly SoundFrame[], chunks: ExamWindow['chunks']): ReadonlySet<number> {
  const starts = new Set([bytes.byteOffset, ...frames.map(({ frame }) => frame.byteOffset + frame.length)]);
  let at = bytes.byteOffset;
  for (const [i, { atMono, bytes: piece }] of chunks.entries()) {
    if (atMono - (chunks[i - 1]?.atMono ?? atMono) > PAUSE_MS) starts.add(at);
    at += piece.length;
  }
  return starts;
}

function endOf(unit: number, replies: number, loose: number): WindowEnd {
  if (unit === 0) return 'none';
  if (replies > 0) return 'answered';
  return loose >= DAMAGED_BYTES ? 'damaged' : 'silent';
}

/** The function of an exception from servers that leave out the requested one. Source: pymodbus up to 3.8. */
const BARE_EXCEPTION = 0x80;

function isOf({ fc, frame }: SoundFrame, requested: number, expectedBytes: number): boolean {
  const isException = frame.length === 5 && (fc === requested || frame[1] === BARE_EXCEPTION);
  return isException || (fc === requested && frame.length === expectedBytes);
}

/** Source: Modbus Application Protocol V1.1b3 §6. */
function expectedOf(request: Uint8Array): number {
  const fc = request[1] ?? 0;
  const count = ((request[4] ?? 0) << 8) | (request[5] ?? 0);
  if (fc === 1 || fc === 2) return 5 + Math.ceil(count / 8);
  return fc === 3 || fc === 4 ? 5 + 2 * count : 8;
}
