/** The computed energy of all lamps in one night, in slots of five minutes and by level. Pure; times are of the wall clock. */
import type { WallMs } from '../../core/clock.ts';
import { LEVEL_BANDS } from '../energy-tally.ts';

/** Length of a slot. Units: ms. Source: the shortest gap that is estimated. */
export const SLOT_MS = 300_000;
/** Slots of the longest night, which has 25 hours. */
export const MAX_SLOTS = 300;
/**
 * Within this distance, a slot that was not counted is like the nearest counted ones. Source: assumed; an hour, after which the programme or the
 * sun may have changed the level. Confirmed by: absences of agents in logs of cabinets.
 */
const NEAR_SLOTS = 12;

/**
 * Computed energy in a span, by level, in Wh; estimated for the time that was not counted. `knownShare`: share of the span that is in slots
 * that were counted, at least in part. `likeShare`: the same, plus the share in slots estimated from near ones or from the usual night. Both
 * are 1 if no part of the span is in the night.
 */
export interface SpanEnergy {
  readonly bandWh: readonly number[];
  readonly knownShare: number;
  readonly likeShare: number;
}

/** The computed energy of all lamps in one night, in slots of five minutes and by level. */
export class LampSlots {
  /** Start of slot 0. */
  readonly fromMs: WallMs;
  /** All energy that was given to `add`, by level, without that of `restore`. Units: Wh. */
  readonly addedWh = new Float64Array(LEVEL_BANDS);
  readonly #wh = new Float32Array(MAX_SLOTS * LEVEL_BANDS);
  /** Time that was counted in each slot. Units: ms. */
  readonly #countedMs = new Float32Array(MAX_SLOTS);
  readonly #usual: LampSlots | null;

  /** `usual`: an earlier night, used where no slot within an hour was counted; null without one. */
  constructor(fromMs: WallMs, usual: LampSlots | null = null) {
    this.fromMs = fromMs;
    this.#usual = usual;
  }

  /** Adds energy that the lamps used from `fromMs` to `toMs` to the slots of that time. Units: Wh by level. */
  add(fromMs: WallMs, toMs: WallMs, bandWh: ArrayLike<number>): void {
    for (let band = 0; band < LEVEL_BANDS; band++) this.addedWh[band] = (this.addedWh[band] ?? 0) + (bandWh[band] ?? 0);
    for (const { slot, share, ms } of this.#slots(fromMs, toMs)) {
      for (let band = 0; band < LEVEL_BANDS; band++) {
        const at = slot * LEVEL_BANDS + band;
        this.#wh[at] = (this.#wh[at] ?? 0) + share * (bandWh[band] ?? 0);
      }
      this.#countedMs[slot] = (this.#countedMs[slot] ?? 0) + ms;
    }
  }

  /**
   * Returns the energy of a span. A slot in which nothing was counted is estimated by the mean of the nearest counted ones before and after
   * it. If neither is within an hour, the same slot of the usual night has priority, if it was counted. Without all of these, it has no
   * energy.
   */
  between(fromMs: WallMs, toMs: WallMs): SpanEnergy {
    const bandWh = Array.from({ length: LEVEL_BANDS }, () => 0);
    let [knownMs, likeMs] = [0, 0];
    let allMs = 0;
    for (const { slot, ms } of this.#slots(fromMs, toMs)) {
      allMs += ms;
      const counted = this.#countedMs[slot] ?? 0;
      if (counted > 0) knownMs += ms;
      const { night, sources, isLike } = counted > 0 ? { night: this, sources: [slot], isLike: true } : this.#like(slot);
      if (isLike) likeMs += ms;
      for (const source of sources)
        for (let band = 0; band < LEVEL_BANDS; band++)
          bandWh[band] =
            (bandWh[band] ?? 0) + ((night.#wh[source * LEVEL_BANDS + band] ?? 0) * ms) / (night.#countedMs[source] ?? 1) / sources.length;
    }
    return { bandWh, knownShare: allMs > 0 ? knownMs / allMs : 1, likeShare: allMs > 0 ? likeMs / allMs : 1 };
  }

  /** Returns whether a slot was counted over its whole length; less than a second may be missing. */
  isCounted(slot: number): boolean {
    return (this.#countedMs[slot] ?? 0) > SLOT_MS - 1_000;
  }

  /** Returns the sums for the disk. Shape: for each counted slot its number and its counted time in s, then pairs of level band and Wh. */
  packed(): readonly (readonly number[])[] {
    const slots: number[][] = [];
    for (let slot = 0; slot < MAX_SLOTS; slot++) {
      const wh = Array.from(this.#wh.subarray(slot * LEVEL_BANDS, (slot + 1) * LEVEL_BANDS), (each) => Math.round(each * 100) / 100);
      const counted = Math.round((this.#countedMs[slot] ?? 0) / 1_000);
      if (counted === 0) continue;
      slots.push([slot, counted, ...wh.flatMap((each, band) => (each === 0 ? [] : [band, each]))]);
    }
    return slots;
  }

  /** Adds sums that `packed` returned. What is not valid is left out. */
  restore(packed: unknown): void {
    for (const row of Array.isArray(packed) ? packed : []) {
      if (!Array.isArray(row) || !row.every((each) => typeof each === 'number' && Number.isFinite(each) && each >= 0)) continue;
      const [slot = 0, counted = 0, ...values] = row as number[];
      if (!Number.isInteger(slot) || slot >= MAX_SLOTS) continue;
      this.#countedMs[slot] = Math.min(SLOT_MS, (this.#countedMs[slot] ?? 0) + counted * 1_000);
      for (let at = 0; at + 1 < values.length; at += 2) {
        const band = values[at] ?? 0;
        if (Number.isInteger(band) && band < LEVEL_BANDS)
          this.#wh[slot * LEVEL_BANDS + band] = (this.#wh[slot * LEVEL_BANDS + band] ?? 0) + (values[at + 1] ?? 0);
      }
    }
  }

  *#slots(fromMs: WallMs, toMs: WallMs): Generator<{ slot: number; share: number; ms: number }> {
    const first = Math.max(0, Math.floor((fromMs - this.fromMs) / SLOT_MS));
    for (let slot = first; slot < MAX_SLOTS; slot++) {
      const startMs = this.fromMs + slot * SLOT_MS;
      if (startMs >= toMs) return;
      const ms = Math.min(toMs, startMs + SLOT_MS) - Math.max(fromMs, startMs);
      if (ms > 0) yield { slot, share: ms / (toMs - fromMs), ms };
    }
  }

  #like(slot: number): { readonly night: LampSlots; readonly sources: readonly number[]; readonly isLike: boolean } {
    const nearest = this.#nearest(slot);
    const isNear = nearest.some((at) => Math.abs(at - slot) <= NEAR_SLOTS);
    if (isNear || this.#usual === null || (this.#usual.#countedMs[slot] ?? 0) === 0)
      return { night: this, sources: nearest, isLike: isNear };
    return { night: this.#usual, sources: [slot], isLike: true };
  }

  #nearest(slot: number): number[] {
    const found: number[] = [];
    for (const step of [-1, 1])
      for (let at = slot + step; at >= 0 && at < MAX_SLOTS; at += step)
        if ((this.#countedMs[at] ?? 0) > 0) {
          found.push(at);
          break;
        }
    return found;
  }
}
