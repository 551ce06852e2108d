/**
 * Everything that arrives between a request and its reply.
 *
 * Owns those bytes: takes off the adapter's echo, passes over what was meant for an earlier request, and says in the end what
 * they were. Never keeps time. Called by the guarded port, one window a request.
 */
import type { MonoMs } from '../../agent/core/clock.ts';
import { isRead, type LateReplies } from './late-replies.ts';
import type { LinkCounters } from './modbus-link.ts';
import { functionOf } from './refusal.ts';
import { type Match, matchReply, missingAtHead, missingBytes } from './reply-matcher.ts';
import { soundFrames } from './sound-frames.ts';

/** Kept for scanning; a reply has at most 256 bytes. Source: Modbus over Serial Line V1.02 §2.5.1. */
const RX_KEEP_BYTES = 1_024;
/** Room for one more piece before the oldest bytes must go. Units: bytes. */
const RX_ROOM_BYTES = 2 * RX_KEEP_BYTES;

/**
 * A reply among more unexplained bytes than this is not believed: a checksum of 16 bits is right by chance once in 65,536 tries.
 * Units: bytes. Source: assumed; twice what a babbling unit puts on the wire during a usual wait at 9600 baud.
 */
const MOST_NOISE_BYTES = 64;

/** What windows of one line share. */
export interface WindowMemory {
  /** The adapter hears itself. Only a read can show it: the reply to a write looks like its echo. */
  echoing: boolean;
  readonly late: LateReplies;
  readonly counters: LinkCounters;
  /** One request is in flight at a time, so one place for its bytes is enough. */
  readonly rx: Buffer;
}

/** How a wait without a reply ended. */
export type WindowVerdict = 'silence' | 'noise' | 'damaged' | 'truncated' | 'wrong-reply' | 'stranger';

export interface ReplyWindow {
  /** When the first byte that is not echo came; null before that. */
  readonly firstMono: MonoMs | null;
  readonly lastMono: MonoMs;
  /** What all bytes so far say. */
  feed(bytes: Buffer, nowMono: MonoMs): Match;
  /** Bytes the reply lacks that is just coming in; 0 when none is. `atHead`: when it is certain, because nothing else came before it. */
  missing(where: 'atHead' | 'anywhere'): number;
  /** No reply came in time: what did, and how many bytes. Counts what was not for this request under its own name. */
  giveUp(nowMono: MonoMs): { readonly verdict: WindowVerdict; readonly bytes: number };
}

export function createWindowMemory(late: LateReplies, counters: LinkCounters): WindowMemory {
  return { echoing: false, late, counters, rx: Buffer.alloc(RX_ROOM_BYTES) };
}

/** Shape: as `matchReply`. */
export function createReplyWindow(request: Buffer, expectedBytes: number, memory: WindowMemory): ReplyWindow {
  const { rx: store, late, counters } = memory;
  let [start, end] = [0, 0];
  /** All bytes since the request but its echo. */
  let heardBytes = 0;
  let echoed = false;
  let firstMono: MonoMs | null = null;
  let lastMono: MonoMs = 0;
  const rx = (): Buffer => store.subarray(start, end);

  const append = (bytes: Buffer): void => {
    const piece = bytes.subarray(-RX_KEEP_BYTES);
    if (end + piece.length > store.length) {
      store.copyWithin(0, Math.max(start, end - RX_KEEP_BYTES), end);
      end = Math.min(end - start, RX_KEEP_BYTES);
      start = 0;
    }
    piece.copy(store, end);
    end += piece.length;
    heardBytes += bytes.length;
  };
  const stripEcho = (): void => {
    if (echoed || end - start < request.length || !rx().subarray(0, request.length).equals(request)) return;
    if (isRead(request)) memory.echoing = true;
    if (!memory.echoing) return;
    counters.echoes++;
    echoed = true;
    start += request.length;
    heardBytes -= request.length;
    firstMono = null;
  };
  const isOlderRefusal = (frame: Buffer, nowMono: MonoMs): boolean => {
    const [unit, fc] = [frame[0] as number, frame[1] as number];
    return fc >= 0x80 && late.take(unit, functionOf(fc), nowMono);
  };
  const isDrowned = (frame: Buffer, before: Buffer): boolean => {
    const otherBytes = heardBytes - frame.length;
    if (otherBytes <= MOST_NOISE_BYTES) return false;
    return otherBytes - soundFrames(before).reduce((sum, { bytes }) => sum + bytes, 0) > MOST_NOISE_BYTES;
  };
  /** Names for what came beside the reply. */
  const account = (bytes: Buffer, nowMono: MonoMs): WindowVerdict | null => {
    let verdict: WindowVerdict | null = null;
    for (const { unit, fc, isRequest } of bytes.length < 5 ? [] : soundFrames(bytes)) {
      if (!isRequest && late.take(unit, fc, nowMono)) counters.lateReplies++;
      else if (!isRequest && unit === request[0] && fc === request[1]) {
        counters.wrongReplies++;
        verdict = 'wrong-reply';
      } else {
        counters.strangers++;
        verdict ??= 'stranger';
      }
    }
    return verdict;
  };

  return {
    get firstMono() {
      return firstMono;
    },
    get lastMono() {
      return lastMono;
    },
    missing: (where) => (where === 'atHead' ? missingAtHead : missingBytes)(request, expectedBytes, rx()),
    feed(bytes, nowMono) {
      append(bytes);
      lastMono = nowMono;
      stripEcho();
      if (end > start) firstMono ??= nowMono;
      for (let passed = 0; ; ) {
        const match = matchReply(request, expectedBytes, rx().subarray(passed));
        if (match.kind === 'more') return match;
        const before = rx().subarray(0, passed + match.end - match.frame.length);
        passed += match.end;
        if (match.kind === 'stranger' || isDrowned(match.frame, before)) continue;
        account(before, nowMono);
        if (!isOlderRefusal(match.frame, nowMono)) {
          if (isRead(request)) memory.echoing = echoed;
          return { ...match, noiseBytes: end - start - match.frame.length };
        }
        counters.lateReplies++;
        start += passed;
        passed = 0;
      }
    },
    giveUp(nowMono) {
      const bytes = rx();
      const match = matchReply(request, expectedBytes, bytes);
      const other = account(bytes, nowMono);
      const damaged = match.kind === 'more' && match.damaged;
      const truncated = missingBytes(request, expectedBytes, bytes) > 0;
      const verdict = damaged ? 'damaged' : (other ?? (truncated ? 'truncated' : bytes.length > 0 ? 'noise' : 'silence'));
      return { verdict, bytes: bytes.length };
    },
  };
}
