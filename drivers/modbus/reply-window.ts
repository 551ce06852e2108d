/**
 * Everything that arrives between a request and its reply.
 *
 * A window removes the adapter's echo, skips replies to earlier requests, and finally classifies the bytes. It has no timer. One window
 * serves one request.
 */
import type { MonoMs } from '../../agent/core/clock.ts';
import { functionOf, SHORTEST_FRAME_BYTES, soundFrames } from './frames.ts';
import { isRead, type LateReplies } from './late-replies.ts';
import type { LinkCounters } from './modbus-link.ts';
import { type Match, matchReply, missingAtHead, missingBytes } from './reply-matcher.ts';
import type { ReplyTrust } from './reply-trust.ts';

/** Kept for scanning; a reply has at most 256 bytes. Source: Modbus over Serial Line V1.02 §2.5.1. */
const RX_KEEP_BYTES = 1_024;
/** Room for one more piece before the oldest bytes are dropped. Units: bytes. */
const RX_ROOM_BYTES = 2 * RX_KEEP_BYTES;

/**
 * A reply among more unexplained bytes than this is ignored: a checksum of 16 bits is correct by chance once in 65,536 tries.
 * Units: bytes. Source: assumed; twice what a babbling unit sends during a usual wait at 9600 baud. Confirmed by: bytes per wait of a babbling unit
 * on the bench.
 */
const MOST_NOISE_BYTES = 64;

/** State that all windows of one line share. A window reports the frames that it finds to `trust` and `late`, and increases `counters`. */
export interface WindowMemory {
  /** The adapter receives what it sends. Only a read can show it: the reply to a write looks like its echo. */
  echoing: boolean;
  readonly late: LateReplies;
  readonly trust: ReplyTrust;
  readonly counters: LinkCounters;
  /** Room for the bytes that arrive after a request. One request is in flight at a time, so one buffer is enough. */
  readonly rx: Buffer;
}

/**
 * The result of a window, as `Match`, but never `foreign`; `end` counts from the end of the last frame that was skipped. For a reply,
 * `rest` is what arrived after it. Later bytes may overwrite `frame` and `rest`. `noiseBytes` does not count a frame that began too early
 * or an older exception, nor the bytes before it.
 */
export type WindowMatch = Exclude<Match, { kind: 'reply' }> | (Extract<Match, { kind: 'reply' }> & { readonly rest: Buffer });

/**
 * What a wait without a valid reply received: the first of `damaged`, `wrong-reply`, `foreign`, `truncated`, `noise` and `silence` that
 * applies. `damaged`: as in the `Match` of the bytes. `wrong-reply`: as in `StrayName`. `foreign`: any other frame of `soundFrames` that is
 * not late, also a duplicate, or a reply that began before the request had left. `truncated`: a reply began and lacks bytes. `silence`:
 * nothing, or only late replies.
 */
export type WindowVerdict = 'silence' | 'noise' | 'damaged' | 'truncated' | 'wrong-reply' | 'foreign';

/** Creates the state that all windows of one line share. At first the adapter is not expected to echo what it sends. */
export function createWindowMemory(late: LateReplies, trust: ReplyTrust, counters: LinkCounters): WindowMemory {
  return { echoing: false, late, trust, counters, rx: Buffer.alloc(RX_ROOM_BYTES) };
}

/**
 * Collects the bytes that arrive after one request, finds its reply among them, and classifies the others. A reply among much noise is
 * ignored. Only the newest window of a line may be used. Shape: as `matchReply`.
 */
export class ReplyWindow {
  // A class, because each object literal with a getter leaves 344 bytes among V8's old objects (measured), with everything that its
  // functions capture, and there is one window per request.
  readonly #request: Buffer;
  readonly #expectedBytes: number;
  readonly #memory: WindowMemory;
  #start = 0;
  #end = 0;
  /** All bytes since the request except its echo. */
  #receivedBytes = 0;
  #echoed = false;
  /** The verdict on the valid frames that were classified so far; null if all were late replies. */
  #other: 'wrong-reply' | 'foreign' | null = null;
  /** Bytes that belong to no valid frame were among those that were classified so far. */
  #isNoisy = false;
  /** When the first byte that is not echo arrived; null before that. Bytes of an echo count until it is complete. */
  firstMono: MonoMs | null = null;
  /** When bytes last arrived, also echo; 0 before that. */
  lastMono: MonoMs = 0;

  constructor(request: Buffer, expectedBytes: number, memory: WindowMemory) {
    this.#request = request;
    this.#expectedBytes = expectedBytes;
    this.#memory = memory;
  }

  /**
   * Bytes missing from the reply that is arriving; 0 when none is. `atHead`: only when it is certain, because nothing else arrived before
   * it.
   */
  missing(where: 'atHead' | 'anywhere'): number {
    return (where === 'atHead' ? missingAtHead : missingBytes)(this.#request, this.#expectedBytes, this.#rx());
  }

  /** Whether no byte other than the frame's own, and an echo of the request, has arrived since the request. */
  isAlone(frame: Buffer): boolean {
    return this.#receivedBytes === frame.length;
  }

  /**
   * Evaluates all bytes so far. `isTooEarly` receives the number of bytes since the start of a frame: one that began before the request had
   * left is not its reply.
   */
  feed(bytes: Buffer, nowMono: MonoMs, isTooEarly: (bytesSinceStart: number) => boolean): WindowMatch {
    const { late, counters } = this.#memory;
    this.#append(bytes);
    this.lastMono = nowMono;
    this.#stripEcho();
    if (this.#end > this.#start) this.firstMono ??= nowMono;
    for (let passed = 0; ; ) {
      const rx = this.#rx();
      const match = matchReply(this.#request, this.#expectedBytes, rx.subarray(passed));
      if (match.kind === 'more') return match;
      const from = passed + match.end - match.frame.length;
      const before = rx.subarray(0, from);
      passed += match.end;
      if (match.kind === 'foreign' || this.#isDrowned(match.frame, before)) continue;
      this.#account(before, nowMono, true);
      if (isTooEarly(rx.length - from)) this.#account(match.frame, nowMono, false);
      else if (isOlderRefusal(match.frame, late, nowMono)) counters.lateReplies++;
      else {
        if (isRead(this.#request)) this.#memory.echoing = this.#echoed;
        return { ...match, noiseBytes: before.length, rest: rx.subarray(passed) };
      }
      this.#start += passed;
      passed = 0;
    }
  }

  /** Call it when no reply arrived in time: classifies the bytes, and returns what arrived instead of a reply. */
  giveUp(nowMono: MonoMs): { readonly verdict: WindowVerdict; readonly bytes: number } {
    const bytes = this.#rx();
    const match = matchReply(this.#request, this.#expectedBytes, bytes);
    this.#account(bytes, nowMono, true);
    const damaged = match.kind === 'more' && match.damaged;
    const truncated = missingBytes(this.#request, this.#expectedBytes, bytes) > 0;
    const verdict = damaged ? 'damaged' : (this.#other ?? (truncated ? 'truncated' : this.#isNoisy ? 'noise' : 'silence'));
    return { verdict, bytes: bytes.length };
  }

  #rx(): Buffer {
    return this.#memory.rx.subarray(this.#start, this.#end);
  }

  #append(bytes: Buffer): void {
    const store = this.#memory.rx;
    const piece = bytes.subarray(-RX_KEEP_BYTES);
    if (this.#end + piece.length > store.length) {
      store.copyWithin(0, Math.max(this.#start, this.#end - RX_KEEP_BYTES), this.#end);
      this.#end = Math.min(this.#end - this.#start, RX_KEEP_BYTES);
      this.#start = 0;
    }
    piece.copy(store, this.#end);
    this.#end += piece.length;
    this.#receivedBytes += bytes.length;
  }

  #stripEcho(): void {
    const { length } = this.#request;
    if (this.#echoed || this.#end - this.#start < length || !this.#rx().subarray(0, length).equals(this.#request)) return;
    if (isRead(this.#request)) this.#memory.echoing = true;
    if (!this.#memory.echoing) return;
    this.#memory.counters.echoes++;
    this.#echoed = true;
    this.#start += length;
    this.#receivedBytes -= length;
    this.firstMono = null;
  }

  #isDrowned(frame: Buffer, before: Buffer): boolean {
    const otherBytes = this.#receivedBytes - frame.length;
    if (otherBytes <= MOST_NOISE_BYTES) return false;
    return otherBytes - soundFrames(before).reduce((sum, { frame }) => sum + frame.length, 0) > MOST_NOISE_BYTES;
  }

  /**
   * Classifies and counts what arrived in addition to the reply. `mayAnswer`: a frame of the requested unit and function may have been sent
   * as the reply to this request.
   */
  #account(bytes: Buffer, nowMono: MonoMs, mayAnswer: boolean): void {
    const { trust } = this.#memory;
    let soundBytes = 0;
    for (const sound of bytes.length < SHORTEST_FRAME_BYTES ? [] : soundFrames(bytes)) {
      const isOwn = mayAnswer && !sound.isRequest && sound.unit === this.#request[0] && sound.fc === this.#request[1];
      const name = trust.name(sound, nowMono, isOwn);
      soundBytes += sound.frame.length;
      if (name === 'wrong-reply') this.#other = name;
      else if (name !== 'late') this.#other ??= 'foreign';
    }
    if (bytes.length > soundBytes) this.#isNoisy = true;
  }
}

function isOlderRefusal(frame: Buffer, late: LateReplies, nowMono: MonoMs): boolean {
  const [unit, fc] = [frame[0] as number, frame[1] as number];
  return fc >= 0x80 && late.takeRefusal(unit, functionOf(fc), nowMono);
}
