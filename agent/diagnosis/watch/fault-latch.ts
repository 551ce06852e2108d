/**
 * Persistence, hysteresis and latch of faults: a fault is ripe after several bad samples over a minimum time, and clear after several good ones.
 *
 *     idle ── bad samples last ──► ripe ── announced ──► open ── good samples last ──► cleared ── end due ──► idle
 *      ▲ └── good sample ──┘         └── good sample ──► idle      ▲────── bad sample ──────┘
 */
import type { MonoMs } from '../../core/clock.ts';

/** What one sample says about a fault. `none`: nothing, so the state does not change. */
export type LatchSample = 'bad' | 'good' | 'none';

/**
 * How many bad samples in a row a fault requires, and how long they must last at least, before it counts. `clearSamples`, `clearMs`: the
 * same for good samples, before it is clear. Units: samples, ms.
 */
export interface LatchLimits {
  readonly samples: number;
  readonly persistMs: number;
  readonly clearSamples: number;
  readonly clearMs: number;
}

const IDLE = 0;
const RIPE = 1;
const OPEN = 2;
const CLEARED = 3;
const MAX_COUNT = 65_535;

/**
 * The states of one kind of fault for all its subjects, such as the lamps, by index. Ripe: bad for long enough, and not open. Cleared:
 * open, and good for long enough.
 */
export class FaultLatch {
  readonly #limits: LatchLimits;
  readonly #state: Uint8Array;
  readonly #count: Uint16Array;
  readonly #sinceMono: Float64Array;
  /** Number of subjects that are ripe or cleared, so that a step can skip the search. */
  #due = 0;

  constructor(size: number, limits: LatchLimits) {
    this.#limits = limits;
    this.#state = new Uint8Array(size);
    this.#count = new Uint16Array(size);
    this.#sinceMono = new Float64Array(size);
  }

  /** Whether any subject is ripe or cleared. */
  get isDue(): boolean {
    return this.#due > 0;
  }

  /** Takes one sample of a subject. `atMono`: when it was measured. */
  feed(index: number, sample: LatchSample, atMono: MonoMs): void {
    if (sample === 'none') return;
    const state = this.#state[index] ?? IDLE;
    const isBad = sample === 'bad';
    if (state === OPEN || state === CLEARED) this.#feedOpen(index, isBad, atMono);
    else if (!isBad) this.reset(index);
    else if (this.#lasts(index, atMono, this.#limits.samples, this.#limits.persistMs)) this.#to(index, RIPE);
  }

  isRipe(index: number): boolean {
    return this.#state[index] === RIPE;
  }

  /** Whether the last judged sample of a subject was bad. A fault that was just opened counts as bad until a good sample. */
  isBad(index: number): boolean {
    return this.#state[index] === IDLE ? this.#count[index] !== 0 : this.#state[index] !== CLEARED && !this.#isClearing(index);
  }

  /** Whether `open` was called for the fault, and `reset` was not called since. */
  isOpen(index: number): boolean {
    return this.#state[index] === OPEN || this.#state[index] === CLEARED;
  }

  isCleared(index: number): boolean {
    return this.#state[index] === CLEARED;
  }

  /** Time of the first of the present bad samples. Valid while `isBad`, for a fault that is not open. */
  badSince(index: number): MonoMs {
    return this.#sinceMono[index] ?? 0;
  }

  /** Time of the first of the present good samples. Valid while `isCleared`. */
  clearSince(index: number): MonoMs {
    return this.#sinceMono[index] ?? 0;
  }

  /** Marks the fault as announced. */
  open(index: number): void {
    this.#to(index, OPEN);
    this.#count[index] = 0;
  }

  /** Forgets the samples, and an open fault, of a subject. */
  reset(index: number): void {
    this.#to(index, IDLE);
    this.#count[index] = 0;
  }

  /** Forgets the samples of a fault that is not open: they can no longer be trusted. */
  doubt(index: number): void {
    if (!this.isOpen(index)) this.reset(index);
  }

  #isClearing(index: number): boolean {
    return this.#state[index] === OPEN && this.#count[index] !== 0;
  }

  #feedOpen(index: number, isBad: boolean, atMono: MonoMs): void {
    if (isBad) this.open(index);
    else if (this.#lasts(index, atMono, this.#limits.clearSamples, this.#limits.clearMs)) this.#to(index, CLEARED);
  }

  #lasts(index: number, atMono: MonoMs, samples: number, lastMs: number): boolean {
    const count = this.#count[index] ?? 0;
    if (count === 0) this.#sinceMono[index] = atMono;
    this.#count[index] = Math.min(MAX_COUNT, count + 1);
    return count + 1 >= samples && atMono - (this.#sinceMono[index] ?? 0) >= lastMs;
  }

  #to(index: number, next: number): void {
    this.#due += Number(next === RIPE || next === CLEARED) - Number(this.#state[index] === RIPE || this.#state[index] === CLEARED);
    this.#state[index] = next;
  }
}
