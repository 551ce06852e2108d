/** What one meter counted in a night that has not ended: its energy, the slots of five minutes, and the parts without measurement. Pure. */
import type { WallMs } from '../../core/clock.ts';
import type { SavingsGapReason, SavingsMeterNight } from '../../core/savings-view.ts';
import { LEVEL_BANDS } from '../energy-tally.ts';
import { MAX_SLOTS, SLOT_MS } from './lamp-slots.ts';

/** The last reading of a meter, kept from night to night. `lastWh`: the total that it had. Units: Wh. */
export interface MeterCarry {
  readonly lastMs: WallMs;
  readonly lastWh: number;
  /** Energy after that reading that earlier nights have estimated, up to a restart of the counter. */
  readonly assignedWh: number;
  /** The counter restarted after that reading. */
  readonly isRestarted?: boolean;
}

/** A part of a night in which the energy of a meter was not measured and is to be estimated. */
export interface OpenGap {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly why: SavingsGapReason;
  /** Computed energy of the lamps, by level, since the last reading; absent without one in the same run and night. Units: Wh. */
  readonly bandWh?: readonly number[];
}

/** A longer time between two readings is a silence. Units: ms. Source: the shortest gap that is estimated. */
const SILENCE_MS = 300_000;

/**
 * Returns whether the energy of a night is what the meter counted between its totals: without a gap, and without a correction of what earlier
 * nights estimated. False also if the meter was never read. Units: Wh.
 */
export function isMeasuredWhole({ startWh, endWh, measuredWh, gaps }: SavingsMeterNight): boolean {
  return gaps.length === 0 && startWh !== null && endWh !== null && Math.abs(endWh - startWh - measuredWh) < 1;
}

/** The count of one meter in one night. A total that falls is a restart of the counter. */
export class MeterNight {
  readonly fromMs: WallMs;
  readonly #slotWh = new Float32Array(MAX_SLOTS).fill(Number.NaN);
  readonly #gaps: OpenGap[] = [];
  #carry: MeterCarry | null;
  #startWh: number | null;
  #measuredWh = 0;
  #isRestarted = false;
  /** The last slot boundary with a known total. */
  #boundary: { readonly index: number; readonly wh: number } | null = null;
  /** `LampSlots.addedWh` at the last reading; `#hasLamps` is false before the first reading of this run in this night. */
  readonly #lampsWh = new Float64Array(LEVEL_BANDS);
  #hasLamps = false;

  /** `fromMs`: start of the night. `carry`: the last reading before it; null if there is none. */
  constructor(fromMs: WallMs, carry: MeterCarry | null) {
    this.fromMs = fromMs;
    this.#carry = carry;
    this.#startWh = carry?.lastWh ?? null;
    this.#isRestarted = carry?.isRestarted === true;
  }

  /** The last reading so far, which may be from before the night; null if there is none. */
  get carry(): MeterCarry | null {
    return this.#carry === null ? null : { ...this.#carry, isRestarted: this.#isRestarted };
  }

  /**
   * Counts up to a total of the meter. `lampsWh`: `LampSlots.addedWh` at the same time. A reading that is not newer than the last one has
   * no effect. Units: Wh.
   */
  read(atMs: WallMs, totalWh: number, lampsWh: Float64Array): void {
    const before = this.#carry;
    if (before !== null && atMs <= before.lastMs) return;
    if (before === null) {
      this.#startWh = totalWh;
      if (atMs - this.fromMs > SILENCE_MS) this.#gaps.push({ fromMs: this.fromMs, toMs: atMs, why: 'no-meter' });
    } else if (this.#isRestarted || totalWh < before.lastWh) {
      this.#gaps.push({ fromMs: Math.max(this.fromMs, before.lastMs), toMs: atMs, why: 'meter-restarted', ...this.#lampsSince(lampsWh) });
      this.#boundary = null;
    } else {
      this.#measuredWh += totalWh - before.lastWh - before.assignedWh;
      this.#boundaries(before, atMs, totalWh);
    }
    this.#isRestarted = false;
    this.#lampsWh.set(lampsWh);
    this.#hasLamps = true;
    this.#carry = { lastMs: atMs, lastWh: totalWh, assignedWh: 0 };
  }

  /** The counter restarted: what it counts up to the next reading is not known. */
  restarted(): void {
    this.#isRestarted = true;
  }

  /** Ends the night. Call it once. Returns the gaps of the night in order of time; it does not estimate them. */
  end(toMs: WallMs, lampsWh: Float64Array): readonly OpenGap[] {
    const lastMs = this.#carry?.lastMs ?? null;
    if (lastMs === null) this.#gaps.push({ fromMs: this.fromMs, toMs, why: 'no-meter' });
    else if (toMs > lastMs && (this.#isRestarted || toMs - lastMs > SILENCE_MS)) {
      const why = this.#isRestarted ? 'meter-restarted' : 'meter-silent';
      this.#gaps.push({ fromMs: Math.max(this.fromMs, lastMs), toMs, why, ...this.#lampsSince(lampsWh) });
    }
    return this.#gaps;
  }

  /**
   * Returns the sums of this night. `startWh`: the last total before it, or else its first. `measuredWh`: without what earlier nights have
   * estimated; it may be negative. Units: Wh; `slotWh` is NaN where a slot has no measurement.
   */
  sums() {
    return { startWh: this.#startWh, endWh: this.#carry?.lastWh ?? null, measuredWh: this.#measuredWh, slotWh: this.#slotWh };
  }

  /** Returns the state for the disk. */
  packed() {
    const slots: number[][] = [];
    for (const [slot, wh] of this.#slotWh.entries()) if (!Number.isNaN(wh)) slots.push([slot, Math.round(wh * 100) / 100]);
    return {
      carry: this.#carry,
      startWh: this.#startWh,
      measuredWh: this.#measuredWh,
      isRestarted: this.#isRestarted,
      gaps: this.#gaps,
      slots,
    };
  }

  /** Continues a night from the state that `packed` returned. The state is not checked. */
  restore(packed: ReturnType<MeterNight['packed']>): void {
    this.#carry = packed.carry;
    this.#startWh = packed.startWh;
    this.#measuredWh = packed.measuredWh;
    this.#isRestarted = packed.isRestarted;
    this.#gaps.push(...packed.gaps);
    for (const [slot = MAX_SLOTS, wh = Number.NaN] of packed.slots) if (slot < MAX_SLOTS) this.#slotWh[slot] = wh;
  }

  #lampsSince(lampsWh: Float64Array): Pick<OpenGap, 'bandWh'> {
    return this.#hasLamps ? { bandWh: Array.from(lampsWh, (wh, band) => wh - (this.#lampsWh[band] ?? 0)) } : {};
  }

  /** The totals at the boundaries of slots between two readings, by interpolation. */
  #boundaries({ lastMs, lastWh, assignedWh }: MeterCarry, atMs: WallMs, totalWh: number): void {
    if (atMs - lastMs > SILENCE_MS || assignedWh !== 0) this.#boundary = null;
    else
      for (let index = Math.floor((lastMs - this.fromMs) / SLOT_MS) + 1; this.fromMs + index * SLOT_MS <= atMs; index++) {
        const wh = lastWh + ((totalWh - lastWh) * (this.fromMs + index * SLOT_MS - lastMs)) / (atMs - lastMs);
        if (this.#boundary?.index === index - 1 && index >= 1 && index <= MAX_SLOTS) this.#slotWh[index - 1] = wh - this.#boundary.wh;
        this.#boundary = { index, wh };
      }
  }
}
