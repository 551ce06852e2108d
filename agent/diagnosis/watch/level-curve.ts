/**
 * Learns one quantity of each lamp by level band: the ratio of its power to the model, or its power factor.
 *
 * The value of a band is the median of its newest samples, its spread their median absolute deviation (MAD), so that single wrong readings have
 * no effect. What was measured at the commissioning, else the first median of a band, is kept as its reference: what changes slowly shows
 * as a drift from it. Reason: docs/adr/0051-faults-by-band-and-median.md, docs/adr/0061-commissioning-in-the-agent.md.
 */
import type { MonoMs } from '../../core/clock.ts';
import { quantile } from '../../core/quantile.ts';
import type { LevelPct } from '../../core/words.ts';

/** Number of bands of lit levels: above 0 to 10 %, above 10 to 20 %, ... above 90 to 100 %. */
export const BANDS = 10;
/** Samples of a band whose median counts. Source: assumed; with 15, seven wrong ones have no effect. Confirmed by: `bench -- faults`. */
const WINDOW = 15;
/**
 * Time between two samples of a band, while its first window fills and later. Units: ms. Source: assumed; the first median after 2.5 h of light, later
 * ones from two nights. Confirmed by: `bench -- faults`.
 */
const SPACING_MS = { first: 600_000, later: 3_600_000 };
/** The standard deviation of a normal distribution, from its MAD. Source: 1 / Φ⁻¹(3/4). */
const MAD_TO_SIGMA = 1.4826;
const MEDIAN = 0.5;
/** An unlearned band uses a learned one at most this far away. */
const NEAR_BANDS = 2;

/** Returns the index, 0 to 9, of the band of a lit level: 0 for up to 10 %, 1 for up to 20 %, ... Units: %, above 0. */
export function bandOf(levelPct: LevelPct): number {
  return Math.min(BANDS, Math.max(1, Math.ceil(levelPct / (100 / BANDS)))) - 1;
}

/**
 * The present medians and the references of one lamp or meter; null where there is none. Shape: ten entries, by band; those of a meter
 * under numbers that are no levels. Units: as the values that were learned.
 */
export interface LearnedLamp {
  readonly medians: readonly (number | null)[];
  readonly references: readonly (number | null)[];
}

/** The learned values of lamps, by index and level band. Also used for meters, with numbers that are no levels in place of the bands. */
export class LevelCurve {
  readonly #window: Float32Array;
  readonly #count: Uint16Array;
  readonly #addedMono: Float64Array;
  readonly #median: Float32Array;
  readonly #sigma: Float32Array;
  readonly #reference: Float32Array;
  readonly #scratch = new Float32Array(WINDOW);

  constructor(lamps: number) {
    const cells = lamps * BANDS;
    this.#window = new Float32Array(cells * WINDOW);
    this.#count = new Uint16Array(cells);
    this.#addedMono = new Float64Array(cells).fill(Number.NEGATIVE_INFINITY);
    this.#median = new Float32Array(cells).fill(Number.NaN);
    this.#sigma = new Float32Array(cells);
    this.#reference = new Float32Array(cells).fill(Number.NaN);
  }

  /**
   * Adds a sample; ignored if the last one of its band is less than 10 min old, or 1 h once the band has a median. Pass only values that
   * are not suspect.
   */
  learn(lamp: number, band: number, value: number, atMono: MonoMs): void {
    const cell = lamp * BANDS + band;
    const count = this.#count[cell] ?? 0;
    const spacingMs = count < WINDOW ? SPACING_MS.first : SPACING_MS.later;
    if (atMono - (this.#addedMono[cell] ?? 0) < spacingMs) return;
    this.#addedMono[cell] = atMono;
    this.#window[cell * WINDOW + (count % WINDOW)] = value;
    // After the first window only the place in it matters.
    this.#count[cell] = count + 1 >= 2 * WINDOW ? WINDOW : count + 1;
    if (count + 1 >= WINDOW) this.#compute(cell);
  }

  /** Whether the band has a median of its own: from 15 samples, or restored from an earlier run. */
  isLearned(lamp: number, band: number): boolean {
    return !Number.isNaN(this.#median[lamp * BANDS + band]);
  }

  /** The median of the band, else of the nearest learned band at most two away, else the reference of such a band; NaN without one. */
  median(lamp: number, band: number): number {
    const near = nearest(this.#median, lamp, band);
    return Number.isNaN(near) ? nearest(this.#reference, lamp, band) : near;
  }

  /**
   * Sets the reference of a band to a value that was measured at the commissioning. A band that has a reference keeps it, so that a later
   * test does not hide a drift.
   */
  refer(lamp: number, band: number, value: number): void {
    const cell = lamp * BANDS + band;
    if (Number.isNaN(this.#reference[cell])) this.#reference[cell] = value;
  }

  /** Forgets all that is known of a lamp, because its driver is another one. */
  forget(lamp: number): void {
    const [from, to] = [lamp * BANDS, (lamp + 1) * BANDS];
    this.#count.fill(0, from, to);
    this.#addedMono.fill(Number.NEGATIVE_INFINITY, from, to);
    this.#median.fill(Number.NaN, from, to);
    this.#sigma.fill(0, from, to);
    this.#reference.fill(Number.NaN, from, to);
  }

  /** The standard deviation of the band's samples, from their MAD; 0 if it is not learned in this run. */
  sigma(lamp: number, band: number): number {
    return this.#sigma[lamp * BANDS + band] ?? 0;
  }

  /** The reference of the band: its value at the commissioning or its first median, whichever came first; NaN without both. */
  reference(lamp: number, band: number): number {
    return this.#reference[lamp * BANDS + band] ?? Number.NaN;
  }

  /** The drift of a lamp from its references: the median over its learned bands. Units: %, positive above. Null if none is learned. */
  driftPct(lamp: number): number | null {
    const drifts: number[] = [];
    for (let band = 0; band < BANDS; band++) {
      const drift = (this.#median[lamp * BANDS + band] ?? Number.NaN) / this.reference(lamp, band) - 1;
      if (Number.isFinite(drift)) drifts.push(100 * drift);
    }
    return drifts.length === 0 ? null : quantile(drifts, MEDIAN);
  }

  /** Returns what was learned of a lamp, for the store. */
  stored(lamp: number): LearnedLamp {
    const row = (values: Float32Array): (number | null)[] =>
      Array.from(values.subarray(lamp * BANDS, (lamp + 1) * BANDS), (value) => (Number.isNaN(value) ? null : Number(value.toPrecision(5))));
    return { medians: row(this.#median), references: row(this.#reference) };
  }

  /** Restores what an earlier run learned. Its window is filled with its median, so that it moves as slowly as before. */
  restore(lamp: number, { medians, references }: LearnedLamp): void {
    for (let band = 0; band < BANDS; band++) {
      const [median, reference, cell] = [medians[band], references[band], lamp * BANDS + band];
      if (typeof reference === 'number' && Number.isFinite(reference)) this.#reference[cell] = reference;
      if (typeof median !== 'number' || !Number.isFinite(median)) continue;
      this.#window.fill(median, cell * WINDOW, (cell + 1) * WINDOW);
      this.#count[cell] = WINDOW;
      this.#median[cell] = median;
      this.#reference[cell] = reference ?? median;
    }
  }

  #compute(cell: number): void {
    const window = this.#window.subarray(cell * WINDOW, (cell + 1) * WINDOW);
    const median = quantile(window, MEDIAN);
    for (let at = 0; at < WINDOW; at++) this.#scratch[at] = Math.abs((window[at] ?? 0) - median);
    this.#median[cell] = median;
    this.#sigma[cell] = MAD_TO_SIGMA * quantile(this.#scratch, MEDIAN);
    if (Number.isNaN(this.#reference[cell])) this.#reference[cell] = median;
  }
}

/** Returns the value of the band or of the nearest band at most two away, above first; NaN without one. */
function nearest(values: Float32Array, lamp: number, band: number): number {
  for (let away = 0; away <= NEAR_BANDS; away++) {
    for (const at of [band + away, band - away]) {
      const value = at < 0 || at >= BANDS ? Number.NaN : (values[lamp * BANDS + at] ?? Number.NaN);
      if (!Number.isNaN(value)) return value;
    }
  }
  return Number.NaN;
}
