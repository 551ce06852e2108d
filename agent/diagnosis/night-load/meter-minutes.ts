/** Turns the readings of a meter, at any poll period, into one value a minute. */
import type { MeterMinute } from './load-watch.ts';

/** A value is repeated for so long until the next one. Units: minutes. Source: assumed; above the slowest usual poll of 10 min. Confirmed by: poll periods in the field. */
const HOLD_MIN = 15;

/**
 * Means of the readings by minute. Call in the order of time. A minute without a voltage has that of the minute passed on before it; NaN if
 * there is none. A minute without a power is not passed on, unless it lies in a short gap.
 */
export class MeterMinutes {
  readonly #onMinute: (minute: MeterMinute) => void;
  #atMin = Number.NaN;
  #wattsSum = 0;
  #voltsSum = 0;
  #watts = 0;
  #volts = 0;
  #last: MeterMinute | null = null;

  constructor(onMinute: (minute: MeterMinute) => void) {
    this.#onMinute = onMinute;
  }

  /** The last minute that was passed on; null before. */
  get last(): MeterMinute | null {
    return this.#last;
  }

  /** Takes a power or a voltage. Units: minutes since 1970, UTC; W or V. */
  put(quantity: 'watts' | 'volts', value: number, atMin: number, utcOffsetMin: number): void {
    if (atMin !== this.#atMin) this.flush(atMin, utcOffsetMin);
    if (quantity === 'watts') [this.#wattsSum, this.#watts] = [this.#wattsSum + value, this.#watts + 1];
    else [this.#voltsSum, this.#volts] = [this.#voltsSum + value, this.#volts + 1];
  }

  /**
   * Passes on the minute that was collected, if it has a power. A short gap before it is filled with the value before the gap. `atMin`: the
   * minute that begins.
   */
  flush(atMin: number, utcOffsetMin: number): void {
    const { watts, volts } = { watts: this.#wattsSum / this.#watts, volts: this.#voltsSum / this.#volts };
    const at = this.#atMin;
    [this.#wattsSum, this.#voltsSum, this.#watts, this.#volts, this.#atMin] = [0, 0, 0, 0, atMin];
    if (Number.isNaN(watts) || Number.isNaN(at)) return;
    const before = this.#last;
    if (before !== null && at - before.atMin <= HOLD_MIN)
      for (let filled = before.atMin + 1; filled < at; filled++) this.#onMinute({ ...before, atMin: filled });
    this.#last = { atMin: at, utcOffsetMin, watts, volts: Number.isNaN(volts) ? (before?.volts ?? Number.NaN) : volts };
    this.#onMinute(this.#last);
  }
}
