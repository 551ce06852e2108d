/**
 * How long a unit takes to respond, by block of registers and by kind of request, and how long to wait for it.
 *
 * Pure memory of one unit: time is an argument.
 * Many drivers reply to a write only after they have stored it, and some registers are slower than their neighbours: one estimate
 * for all of them would give up replies that are on their way.
 */
import type { ReadRequest, WriteRequest } from '../../core/driver.ts';
import type { Table } from '../../core/profile.ts';
import type { Slot } from '../polls/poll-plan.ts';

/** A smoothed time and its mean deviation; see `smooth`. Units: ms. */
export interface Estimate {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Response timeout. `margin` is the least that is added to the mean, however steady the unit is. Units: ms. Source: both cover the 16 ms of
 * an FTDI adapter's latency timer and the scheduling of a busy machine, as the clock granularity of RFC 6298 §2 does; Modbus over Serial
 * Line V1.02 leaves it to the master.
 */
const TIMEOUT_MS = { floor: 30, margin: 20, max: 1_000 };
/** Deviations added to the mean. Source: RFC 6298 §2. */
const DEVIATIONS = 4;
/**
 * Late replies in a row, from one register or from the whole unit, after which it counts as slower than its profile. Source: assumed; a unit that is
 * late every second time must not make urgent writes wait longer than its profile allows (ten in a row: once in a thousand), and one that is always
 * late is read after as many polls. Confirmed by: response times of slow units in a week of logs of a cabinet.
 */
const SLOW_AFTER = { unit: 5, place: 10 };

/**
 * Limits on the wait for a register that has never replied; a shorter timeout of the profile applies. Without them, an absent unit with a long timeout
 * in its profile would block the line. Units: ms.
 *
 * - `read`: a read, unless other registers of the unit have needed longer.
 * - `write`: a write to a unit that has never answered, or while a level waits.
 * - `hurried`: a read while a level waits to be sent.
 *
 * A reply that arrives after the wait is recognised as late. If it came within the profile's timeout, the next wait is long enough for it.
 *
 * Source: `read` as `TIMEOUT_MS.max`; `write` the longest timeout of the profiles that come with the agent, `hurried` the shortest.
 */
const UNMET_WAIT_MS = { read: TIMEOUT_MS.max, write: 500, hurried: 200 };

const READ_AT: Readonly<Record<Table, number>> = { coil: 0, discrete: 1, holding: 2, input: 3 };
const WRITE_AT: Readonly<Record<WriteRequest['table'], number>> = { coil: 4, holding: 5 };
const ADDRESSES = 0x1_0000;

/**
 * Returns the wait for a register that has never replied: the timeout of the profile, but at most the limit of `kind`. This
 * is 1 s for `read`, 500 ms for `write`, and 200 ms for `hurried`, while a level waits to be sent. Units: ms.
 */
export function unmetWaitMs(profileMs: number, kind: keyof typeof UNMET_WAIT_MS): number {
  return Math.min(profileMs, UNMET_WAIT_MS[kind]);
}

/** Estimates of how long one unit takes to reply: to reads by slot, to writes by address; see `createResponseTimes`. */
export type ResponseTimes = ReturnType<typeof createResponseTimes>;

/**
 * Creates an empty store of estimates of how long one unit takes to reply: to reads by slot, to writes by address. `slots`: those of the
 * unit. `profileMs`: the response timeout of its profile. Units: ms.
 */
export function createResponseTimes(slots: readonly Slot[], profileMs: number) {
  const estimates = new Map<number, Estimate>();
  /** Replies in a row that were slower than the profile's timeout: per register, and of the whole unit. */
  const lates = new Map<number, number>();
  let latesInARow = 0;

  return {
    /** Records a reply that arrived in time. Units: ms since its request left the wire. */
    learn,
    /** Whether each slot that this read touches has an estimate; for a write, or a read without a slot, whether its first address has. */
    isKnown: (request: ReadRequest | WriteRequest): boolean => placesOf(slots, request).every((place) => estimates.has(place)),
    /**
     * Records a reply that arrived after it had been given up. Units: ms since its request left the wire.
     *
     * `learned`: the next wait for these registers is long enough for such a reply. `doubtful`: only after more late replies. `too-late`:
     * it is not waited for.
     */
    learnLate(request: ReadRequest | WriteRequest, responseMs: number): 'learned' | 'doubtful' | 'too-late' {
      const places = placesOf(slots, request);
      if (responseMs <= profileMs) {
        learn(request, responseMs);
        return 'learned';
      }
      if (responseMs > TIMEOUT_MS.max) return 'too-late';
      for (const place of places) lates.set(place, (lates.get(place) ?? 0) + 1);
      latesInARow++;
      if (latesInARow < SLOW_AFTER.unit && places.some((place) => (lates.get(place) ?? 0) < SLOW_AFTER.place)) return 'doubtful';
      for (const place of places) estimates.set(place, smooth(null, responseMs));
      return 'learned';
    },
    /** Whether the unit has been so slow that writes are waited for longer than the timeout of the profile. */
    isSlowWriter: (): boolean => slowestOf(profileMs) > profileMs,
    /** Longest wait for the reply to a write while a level waits. Units: ms. */
    hurriedWriteMs({ table, address }: WriteRequest): number {
      const known = estimates.get(WRITE_AT[table] * ADDRESSES + address);
      if (known === undefined) return slowestOf(unmetWaitMs(profileMs, 'write'));
      return Math.max(unmetWaitMs(profileMs, 'hurried'), responseWaitMs(known, profileMs));
    },
    /** How long to wait for the first byte of the reply to this request. `usual`: the estimate of the whole unit. Units: ms. */
    timeoutMs(request: ReadRequest | WriteRequest, usual: Estimate | null): number {
      if (!('count' in request)) {
        const known = estimates.get(WRITE_AT[request.table] * ADDRESSES + request.address);
        return Math.max(profileMs, known === undefined ? slowestOf(profileMs) : responseWaitMs(known, profileMs));
      }
      let timeoutMs = 0;
      for (const place of placesOf(slots, request)) {
        const known = estimates.get(place);
        const placeMs =
          known === undefined
            ? Math.max(unmetWaitMs(profileMs, 'read'), usual === null ? 0 : responseWaitMs(usual, profileMs))
            : responseWaitMs(known, profileMs);
        timeoutMs = Math.max(timeoutMs, placeMs);
      }
      return timeoutMs;
    },
  };

  function learn(request: ReadRequest | WriteRequest, responseMs: number): void {
    let [before, after]: [Estimate | undefined, Estimate | undefined] = [undefined, undefined];
    for (const place of placesOf(slots, request)) {
      const known = estimates.get(place);
      // Registers that are always read together share one estimate.
      if (after === undefined || known !== before) [before, after] = [known, smooth(known ?? null, responseMs)];
      estimates.set(place, after);
      if (responseMs <= profileMs) lates.delete(place);
    }
    if (responseMs <= profileMs) latesInARow = 0;
  }

  /** A unit that stores one register slowly is expected to be slow with the next. */
  function slowestOf(leastMs: number): number {
    let slowestMs = leastMs;
    for (const [place, estimate] of estimates)
      if (place >= WRITE_AT.coil * ADDRESSES) slowestMs = Math.max(slowestMs, responseWaitMs(estimate, profileMs));
    return slowestMs;
  }
}

/**
 * Returns how long to wait for a reply: the mean and four deviations, but at least 20 ms above the mean, and at least 30 ms. The limit is
 * `profileMs`, the response timeout of the profile. If the mean is near that or above it, the limit is at least 1 s. Units: ms.
 */
export function responseWaitMs({ mean, deviation }: Estimate, profileMs: number): number {
  const wantedMs = mean + Math.max(DEVIATIONS * deviation, TIMEOUT_MS.margin);
  const mostMs = Math.max(profileMs, mean + TIMEOUT_MS.margin > profileMs ? TIMEOUT_MS.max : TIMEOUT_MS.floor);
  return Math.min(Math.max(wantedMs, TIMEOUT_MS.floor), mostMs);
}

/**
 * Returns the estimate after one more sample; `before` is null before the first. Units: ms. Source: RFC 6298 §2, the estimator of TCP's
 * retransmission timeout (gains 1/8 and 1/4).
 */
export function smooth(before: Estimate | null, sampleMs: number): Estimate {
  if (before === null) return { mean: sampleMs, deviation: sampleMs / 2 };
  return {
    mean: before.mean + (sampleMs - before.mean) / 8,
    deviation: before.deviation + (Math.abs(sampleMs - before.mean) - before.deviation) / 4,
  };
}

/** Where a request is timed: at each slot that it covers, otherwise at its own first address. */
function placesOf(slots: readonly Slot[], request: ReadRequest | WriteRequest): number[] {
  const { table, address } = request;
  if (!('count' in request)) return [WRITE_AT[request.table] * ADDRESSES + address];
  const end = address + request.count;
  const places: number[] = [];
  for (const slot of slots) {
    if (slot.table !== table || slot.address >= end || slot.address + slot.count <= address) continue;
    places.push(READ_AT[table] * ADDRESSES + slot.address);
  }
  return places.length > 0 ? places : [READ_AT[table] * ADDRESSES + address];
}
