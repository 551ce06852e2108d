/**
 * Decides which energy values of a TIC meter count.
 *
 * Pure: time is an argument. A group with a wrong value may still have the right parity and checksum. So a value counts once the next frame
 * agrees with it: that value is not lower, and not higher than the subscribed power allows in the time between. It is the earlier one of
 * both that counts, so that a wrong later value has no effect.
 */
import type { MonoMs } from '../../agent/core/clock.ts';

/** A value of one index, and when it was received. Values with the same `section` come from one undamaged part of one frame. Units: Wh. */
interface TicEnergy {
  readonly wh: number;
  readonly section: number;
  readonly atMono: MonoMs;
}

/**
 * What is known of one energy register of the meter. `confirmed` is the last value that counted, `pending` the newest one; null if there
 * is none.
 */
export interface TicIndex {
  readonly confirmed: TicEnergy | null;
  readonly pending: TicEnergy | null;
  /** How many values in a row agree with the one before: not lower, not too much higher, and received at most 60 s later. */
  readonly agreeing: number;
}

/** The state of an index of which no value was received. */
export const NO_TIC_INDEX: TicIndex = { confirmed: null, pending: null, agreeing: 0 };

/**
 * Power that a meter may measure for a short time, as a multiple of the subscribed power. Source: assumed; the switch of a Linky opens within minutes
 * at more. Confirmed by: SMAXSN and PREF of the city's meters.
 */
const OVERLOAD = 1.5;
/** The largest subscribed power of a meter with this output. Units: VA. Source: Enedis, low voltage up to 36 kVA. */
const MAX_SUBSCRIBED_VA = 36_000;
/**
 * How late one of two frames may be processed. Units: ms. Source: assumed; the longest blocked main thread of the benches. Confirmed by: the hang
 * reports of cabinets in service.
 */
const JITTER_MS = 2_000;
/** Both values are rounded to whole watt hours. Units: Wh. Source: the digits of the index. */
const ROUNDING_WH = 1;
/** Two values with a longer time between do not confirm each other. Units: ms. Source: assumed; twenty frames. Confirmed by: a day of frames of a meter on a bad line. */
const MAX_PAIR_MS = 60_000;
/** So many values in a row that agree with each other, but not with the last confirmed one, come from a replaced meter. Source: assumed; chance does not agree twice. Confirmed by: the bench `tic`. */
const REPLACED_AFTER = 5;
/** The first value has no earlier one that it must follow, so it needs one more that agrees. Source: a value that is a little too low would agree with the right ones. */
const FIRST_AFTER = 2;
const MS_PER_HOUR = 3_600_000;

/**
 * Returns the index after one more value, and the value before it, which it confirms; null if it confirms none. `subscribedVa`: null while
 * it is not known. Units: Wh, VA.
 */
export function afterTicEnergy(
  { confirmed, pending, agreeing }: TicIndex,
  now: TicEnergy,
  subscribedVa: number | null,
): { readonly index: TicIndex; readonly wh: number | null } {
  const isPair = pending !== null && now.atMono - pending.atMono <= MAX_PAIR_MS && follows(pending, now, subscribedVa);
  const count = isPair ? agreeing + 1 : 0;
  const isFollowing = confirmed === null ? count >= FIRST_AFTER : isPair && follows(confirmed, pending, subscribedVa);
  const isProven = isPair && (isFollowing || count >= REPLACED_AFTER);
  return {
    index: { confirmed: isProven ? pending : confirmed, pending: now, agreeing: count },
    wh: isProven ? pending.wh : null,
  };
}

function follows(before: TicEnergy, now: TicEnergy, subscribedVa: number | null): boolean {
  const rise = now.wh - before.wh;
  const hours = (Math.max(0, now.atMono - before.atMono) + JITTER_MS) / MS_PER_HOUR;
  return rise >= 0 && rise <= OVERLOAD * Math.min(subscribedVa ?? MAX_SUBSCRIBED_VA, MAX_SUBSCRIBED_VA) * hours + ROUNDING_WH;
}
