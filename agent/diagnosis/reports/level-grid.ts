/** Sums the recorded levels of the lamps into short steps of a night: how many lamps were in which band of levels. */
import type { WallMs } from '../../core/clock.ts';
import type { LevelSpell } from '../../core/decision-record.ts';

/** Upper ends of the bands of levels; the first is dark. Units: %. Source: quarters of the light, few enough to tell apart in black and white. */
const BAND_TOPS: readonly number[] = [0, 25, 50, 75, 100];
/** Units: ms. Source: assumed; a night of 14 h has 84 steps, and a step of a programme lasts longer. Confirmed by: a plot of a night with steps of a minute. */
const STEP_MS = 600_000;

/**
 * Mean numbers of lamps by decided level, in steps of ten minutes. The first and the last step have a lit lamp. `instants`: when each step
 * begins, then the end of the last one. `bands`: a list for 0 %, then for up to 25, 50, 75 and 100 %. `unrecorded`: lamps whose level was
 * not recorded. Shape: one value for each step in `unrecorded` and in each list of `bands`.
 */
export interface LevelSteps {
  readonly instants: readonly WallMs[];
  readonly bands: readonly (readonly number[])[];
  readonly unrecorded: readonly number[];
}

/** Computes the mean numbers of lamps by recorded decided level, in steps of ten minutes of one night. */
export class LevelGrid {
  readonly #fromMs: WallMs;
  readonly #steps: number;
  /** Lamp milliseconds by step and band, and recorded time by step. */
  readonly #lampMs: Float64Array;
  readonly #recordedMs: Float64Array;

  /** Counts from `fromMs` to before `toMs`, in whole steps: the last one may end later. */
  constructor(fromMs: WallMs, toMs: WallMs) {
    this.#fromMs = fromMs;
    this.#steps = Math.max(0, Math.ceil((toMs - fromMs) / STEP_MS));
    this.#lampMs = new Float64Array(this.#steps * BAND_TOPS.length);
    this.#recordedMs = new Float64Array(this.#steps);
  }

  /** Takes a time in which no level changed. What is outside the steps is left out. */
  add({ fromMs, toMs, levels }: LevelSpell): void {
    const lamps = BAND_TOPS.map(() => 0);
    for (const levelPct of levels.values()) {
      const band = BAND_TOPS.findIndex((top) => levelPct <= top);
      lamps[band] = (lamps[band] ?? 0) + 1;
    }
    const first = Math.max(0, Math.floor((fromMs - this.#fromMs) / STEP_MS));
    for (let step = first; step < this.#steps; step++) {
      const startMs = this.#fromMs + step * STEP_MS;
      const ms = Math.min(toMs, startMs + STEP_MS) - Math.max(fromMs, startMs);
      if (ms <= 0) return;
      this.#recordedMs[step] = (this.#recordedMs[step] ?? 0) + ms;
      for (const [band, number] of lamps.entries()) {
        const at = step * BAND_TOPS.length + band;
        this.#lampMs[at] = (this.#lampMs[at] ?? 0) + number * ms;
      }
    }
  }

  /** Returns the steps from the first to the last with a lit lamp; null if none is lit. `lamps`: number of all lamps, for `unrecorded`. */
  steps(lamps: number): LevelSteps | null {
    const means = Array.from({ length: this.#steps }, (_, step) => this.#mean(step));
    const isLit = (step: readonly number[]): boolean => step.some((number, band) => band > 0 && number > 0);
    const [first, last] = [means.findIndex(isLit), means.findLastIndex(isLit)];
    if (first < 0) return null;
    const shown = means.slice(first, last + 1);
    return {
      instants: Array.from({ length: shown.length + 1 }, (_, at) => this.#fromMs + (first + at) * STEP_MS),
      bands: BAND_TOPS.map((_, band) => shown.map((step) => step[band] ?? 0)),
      unrecorded: shown.map((step) => Math.max(0, lamps - step.reduce((sum, each) => sum + each, 0))),
    };
  }

  /** Mean lamps by band. A time that was recorded twice, as after a clock was set back, counts as its mean. */
  #mean(step: number): readonly number[] {
    const ms = Math.max(STEP_MS, this.#recordedMs[step] ?? 0);
    return BAND_TOPS.map((_, band) => Math.round((100 * (this.#lampMs[step * BAND_TOPS.length + band] ?? 0)) / ms) / 100);
  }
}
