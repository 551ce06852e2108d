/** How long messages wait for the birth that explains their aliases. Pure. */

/** How long a message waits for a birth that another worker may be storing. Units: ms. Source: assumed; longer than the lag of births at the start of a whole city. Confirmed by: `npm run city -- --phases start`, messages left out. */
const PARK_MS = 10_000;
/** Messages that wait for births; beyond it the oldest are dropped and come again. Source: assumed; a second of a city. Confirmed by: a first contact with a whole city. */
const MOST_PARKED = 5_000;

/** Divides messages without a birth, the oldest first: those that wait on, and those that are dropped so that births must be requested. Units: `monoMs` ms. */
export function parkMessages<T extends { readonly message: { readonly receivedMono: number } }>(
  waiting: readonly T[],
  monoMs: number,
): { readonly kept: T[]; readonly late: T[] } {
  const young = waiting.filter(({ message }) => monoMs - message.receivedMono < PARK_MS);
  const kept = young.slice(-MOST_PARKED);
  const isKept = new Set(kept);
  return { kept, late: waiting.filter((one) => !isKept.has(one)) };
}
