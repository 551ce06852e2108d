/** How long messages wait for the birth that explains their aliases. Pure. */
import { type NodeMessage, sizeOf } from './message.ts';

/** How long a message waits for a birth that another worker may be storing. Units: ms. Source: assumed; longer than the lag of births at the start of a whole city. Confirmed by: `npm run city -- --phases start`, messages left out. */
const PARK_MS = 10_000;
/** What waits for births; beyond it the oldest messages are dropped and come again. Source: assumed; a second of a city with its 40,000 metrics, and little memory. Confirmed by: a first contact with a whole city. */
const MOST_PARKED = { messages: 5_000, metrics: 100_000, bytes: 16 * 2 ** 20 };

/** Divides messages without a birth, the oldest first: those that wait on, and those that are dropped so that births must be requested. Units: `monoMs` ms. */
export function parkMessages<T extends { readonly message: Pick<NodeMessage, 'receivedMono' | 'payload' | 'bytes'> }>(
  waiting: readonly T[],
  monoMs: number,
): { readonly kept: T[]; readonly late: T[] } {
  const young = waiting.filter(({ message }) => monoMs - message.receivedMono < PARK_MS);
  const room = { ...MOST_PARKED };
  const firstTooMany = young.findLastIndex(({ message }) => {
    const { metrics, bytes } = sizeOf(message);
    room.messages -= 1;
    room.metrics -= metrics;
    room.bytes -= bytes;
    return room.messages < 0 || room.metrics < 0 || room.bytes < 0;
  });
  const kept = young.slice(firstTooMany + 1);
  const isKept = new Set(kept);
  return { kept, late: waiting.filter((one) => !isKept.has(one)) };
}
