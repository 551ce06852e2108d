/**
 * Everything that arrives between a request and its reply.
 *
 * Owns those bytes: takes off the adapter's echo, passes over what was meant for an earlier request. Never keeps time.
 * Called by the guarded port, one window a request.
 */
import type { MonoMs } from '../../agent/core/clock.ts';
import { isRead, type LateReplies } from './late-replies.ts';
import { type Match, matchReply } from './reply-matcher.ts';

/** Kept for scanning; a reply has at most 256 bytes. Source: Modbus over Serial Line V1.02 §2.5.1. */
const RX_KEEP_BYTES = 1_024;

/** What windows of one port share. */
export interface WindowMemory {
  /** The adapter hears itself. Only a read can show it: the reply to a write looks like its echo. */
  echoing: boolean;
  readonly late: LateReplies;
  readonly counters: { echoes: number; lateReplies: number };
}

export interface ReplyWindow {
  /** What all bytes so far say. */
  feed(bytes: Buffer, nowMono: MonoMs): Match;
  /** No reply came in time. Tells whether a damaged one did, and how many bytes there were. */
  giveUp(): { readonly damaged: boolean; readonly bytes: number };
}

/** Shape: as `matchReply`. */
export function createReplyWindow(request: Buffer, expectedBytes: number, memory: WindowMemory): ReplyWindow {
  let rx: Buffer = Buffer.alloc(0);
  let echoed = false;

  const stripEcho = (): void => {
    if (echoed || rx.length < request.length || !rx.subarray(0, request.length).equals(request)) return;
    if (isRead(request)) memory.echoing = true;
    if (!memory.echoing) return;
    memory.counters.echoes++;
    echoed = true;
    rx = rx.subarray(request.length);
  };
  const isOlderRefusal = ({ frame }: { readonly frame: Buffer }, nowMono: MonoMs): boolean => {
    const [unit, fc] = [frame[0] as number, frame[1] as number];
    return fc > 0x80 && memory.late.take(unit, fc & 0x7f, nowMono);
  };
  return {
    feed(bytes, nowMono) {
      rx = Buffer.concat([rx, bytes]).subarray(-RX_KEEP_BYTES);
      stripEcho();
      for (;;) {
        const match = matchReply(request, expectedBytes, rx);
        if (match.kind === 'more') return match;
        if (match.kind === 'reply' && !isOlderRefusal(match, nowMono)) {
          if (isRead(request)) memory.echoing = echoed;
          return { ...match, noiseBytes: match.noiseBytes + rx.length - match.end };
        }
        memory.counters.lateReplies++;
        rx = rx.subarray(match.end);
      }
    },
    giveUp() {
      const match = matchReply(request, expectedBytes, rx);
      return { damaged: match.kind === 'more' && match.damaged, bytes: rx.length };
    },
  };
}
