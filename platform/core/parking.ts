/** How long messages wait for the birth that explains their aliases. Pure. */
import { type NodeMessage, sizeOf } from './message.ts';

/** How long a message waits for a birth that another worker may be storing. Units: ms. Source: assumed; longer than the lag of births at the start of a whole city. Confirmed by: `npm run city -- --phases start`, messages left out. */
const PARK_MS = 10_000;
/** What waits for births; beyond it the oldest messages are dropped and come again. Source: assumed; a second of a city with its 40,000 metrics, and little memory. Confirmed by: a first contact with a whole city. */
const MOST_PARKED = { messages: 5_000, metrics: 100_000, bytes: 16 * 2 ** 20 };

/**
 * Divides messages that wait for a birth. `kept`: they wait on. `late`: they arrived 10 s ago or earlier, or newer ones need the room; the
 * caller drops them and requests their births. Shape: `waiting` has the oldest first. Units: `monoMs` ms of the clock of `receivedMono`.
 */
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
