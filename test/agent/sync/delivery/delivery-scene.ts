import { UplinkError } from '../../../../agent/core/errors.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { ReadingFrame, StoredFrame } from '../../../../agent/core/ports.ts';
import { Delivery } from '../../../../agent/sync/delivery/delivery.ts';
import type { AckAhead, DeliveryLink } from '../../../../agent/sync/delivery/delivery-state.ts';
import type { ResendResult } from '../../../../agent/sync/delivery/resend-queue.ts';
import type { RowsMark } from '../../../../agent/sync/delivery/rows-mark.ts';
import { NO_RANGES, reachFrom, type SeqRanges, withRange } from '../../../../agent/sync/delivery/seq-ranges.ts';
import type { Publisher, Sent } from '../../../../agent/sync/sparkplug/publisher.ts';
import { createMemoryStore } from '../memory-store.ts';
import { manualClock, silentLog } from '../small-node.ts';

interface Message {
  readonly at: number;
  readonly historical: boolean;
}

interface Lying {
  readonly messages: readonly Message[];
  readonly rows: RowsMark | null;
}

/** A link whose other end is the test: messages stay in flight until a barrier is answered or the link is cut. */
function createWire() {
  const arrived: Message[] = [];
  /** The rows that each message of the backlog claims to have, and those whose frames it has. */
  const claims: { readonly rows: RowsMark; readonly seqs: readonly number[] }[] = [];
  /** Rows that the platform has, by the marks in the messages it received. */
  let known: SeqRanges = NO_RANGES;
  const wire: { readonly lying: readonly Lying[]; readonly answer: () => void; readonly fail: () => void }[] = [];
  let unread: Lying[] = [];
  const put = (frames: readonly { atMs: number }[], historical: boolean, rows: RowsMark | null): Sent => {
    unread.push({ messages: frames.map((frame) => ({ at: frame.atMs, historical })), rows });
    return { readings: frames.length, bytes: 20, notConfigured: 0, leftOut: 0 };
  };
  const arrive = (all: readonly Lying[]): void => {
    for (const { messages, rows } of all) {
      arrived.push(...messages);
      if (rows !== null) known = withRange(known, rows);
    }
  };
  const publisher = {
    live: (frame: ReadingFrame, rows: RowsMark | null) => put([frame], false, rows),
    history: (frames: readonly StoredFrame[], rows: RowsMark) => {
      claims.push({ rows, seqs: frames.map(({ seq }) => seq) });
      return put(frames, true, rows);
    },
    endHistory: () => {},
  };
  const link = (): DeliveryLink => ({
    publisher: publisher as unknown as Publisher,
    connection: {
      maxPacketBytes: 100_000,
      barrier: () =>
        new Promise((answer, reject) => {
          wire.push({ lying: unread, answer, fail: () => reject(new UplinkError('lost', msg`cut`)) });
          unread = [];
        }),
    },
  });
  return {
    arrived,
    claims,
    link,
    barriers: () => wire.length,
    head: () => reachFrom(known, 0),
    /** The broker reads up to the oldest barrier and answers it. */
    answer: () => {
      const next = wire.shift();
      if (next === undefined) return false;
      arrive(next.lying);
      next.answer();
      return true;
    },
    /** Breaks the link; the first `lucky` messages in flight still arrive. */
    cut: (lucky: number): void => {
      const lying = [...wire.flatMap((entry) => entry.lying), ...unread];
      arrive(lying.slice(0, lucky));
      for (const entry of wire.splice(0)) entry.fail();
      unread = [];
    },
  };
}

/** Resolves in the next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A delivery without a link. `take` stores and publishes one frame; `taken` counts them; `wire` is the link, once the test opens it. */
export function setUp(proof: 'auto' | 'broker' | 'platform' = 'broker', store = createMemoryStore()) {
  const clock = manualClock();
  const results: ResendResult[] = [];
  const notes: string[] = [];
  const audits: string[] = [];
  const packet = { maxTextBytes: 100_000 };
  const ahead: (AckAhead | null)[] = [];
  const unheard: number[] = [];
  const wire = createWire();
  const counts = { sent: 0, proven: 0 };
  const delivery = new Delivery({
    store: store.port,
    clock,
    log: silentLog,
    proof,
    mayDrain: () => true,
    onGap: (texts) => notes.push(...texts),
    onAudit: (texts) => audits.push(...texts),
    maxTextBytes: () => packet.maxTextBytes,
    onResend: (result) => results.push(result),
    onMode: () => {},
    onAckAhead: (ack) => ahead.push(ack),
    onUnheard: (silentMs) => unheard.push(silentMs),
    onSent: ({ readings }) => {
      counts.sent += readings;
    },
    onProven: (readings) => {
      counts.proven += readings;
    },
  });
  let ticket = 0;
  const take = (): void => {
    ticket += 1;
    const frame: ReadingFrame = {
      ticket,
      atMono: ticket,
      atMs: ticket,
      clockQuality: 'synced',
      readings: [{ pointId: 'L01.level', value: ticket, quality: 'good', atMono: ticket, atMs: ticket }],
    };
    store.append(frame);
    delivery.publish(frame);
  };
  return { store, wire, delivery, counts, take, taken: () => ticket, clock, results, notes, audits, packet, ahead, unheard };
}

/** Answers all barriers until there has been none for three turns of the event loop. */
export async function runDry(parts: { readonly wire: ReturnType<typeof createWire>; readonly delivery: Delivery }): Promise<void> {
  for (let idle = 0; idle < 3; idle += 1) {
    await nextTurn();
    while (parts.wire.answer()) {
      idle = 0;
      await nextTurn();
    }
  }
}
