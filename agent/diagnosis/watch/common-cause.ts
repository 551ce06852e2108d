/**
 * Groups lamps that fail together: a lost fuse, phase or cable is one fault, not one of each lamp. Pure apart from its own state.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { LampFault, Latches } from './watch-faults.ts';
import type { WatchFrame } from './watch-frame.ts';
import type { WatchedFeeder, WatchPlan } from './watch-plan.ts';

/** Faults of a lamp that a lost supply causes. A dark lamp whose own driver measures that has supply. */
const BY_SUPPLY = ['lamp-out', 'unit-silent'] as const satisfies readonly LampFault[];
/** Failures that begin within this time count as one. Units: ms. Source: assumed; two polls of a minute, and one that was lost. Confirmed by: `bench -- faults`. */
const TOGETHER_MS = 200_000;
/** Lamps that fail together: at least this many, however large their feeder, because a cable fault takes neighbours. Source: assumed; two lamps may fail in one minute after a storm, three are rare. Confirmed by: `bench -- faults`. */
const LEAST_LAMPS = 3;
/** The other lamps of a feeder are read within this time. Units: ms. Source: assumed; as TOGETHER_MS. Confirmed by: poll times of drivers. */
const GATHER_MS = 240_000;

/** A lamp whose failure is this young may be the first of several. Units: ms. Source: assumed; a poll of a minute, and one that was lost. Confirmed by: poll times of drivers. */
const FIRST_MS = 120_000;
const DARK = 1;
const SILENT = 2;

/**
 * Whether a lamp counts as failed by itself (`own`), also if few others failed with it, or with several of its feeder (`common`). `wait`:
 * not decided yet.
 */
export type Cause = 'own' | 'wait' | 'common';

/** The groups of lamps that failed together and count as without supply: one for each feeder at most. `lamp`, `feeder`: indexes. */
export class CommonCause {
  readonly #plan: WatchPlan;
  readonly #frame: Pick<WatchFrame, 'answeredMono'>;
  readonly #latches: Latches<LampFault>;
  /** Devices that several lamps share, such as a dimmer of several channels: they answer although a lamp has no supply. */
  readonly #shared: ReadonlySet<string>;
  /** How each lamp of an open group failed; 0 for all others. */
  readonly #inGroup: Uint8Array;
  readonly #sizes: Uint16Array;

  constructor(plan: WatchPlan, frame: Pick<WatchFrame, 'answeredMono'>, latches: Latches<LampFault>) {
    this.#plan = plan;
    this.#frame = frame;
    this.#latches = latches;
    const byDevice = Map.groupBy(plan.lamps, ({ device }) => device);
    this.#shared = new Set([...byDevice].flatMap(([device, lamps]) => (lamps.length > 1 ? [device] : [])));
    this.#inGroup = new Uint8Array(plan.lamps.length);
    this.#sizes = new Uint16Array(plan.feeders.length);
  }

  /** Number of lamps of the feeder's open group; 0 without one. */
  sizeOf(feeder: number): number {
    return this.#sizes[feeder] ?? 0;
  }

  /** Whether a lamp belongs to the open group of its feeder. */
  isInGroup(lamp: number): boolean {
    return (this.#inGroup[lamp] ?? 0) > 0;
  }

  /** Whether a recent answer of a lamp proves that it has supply. False proves nothing. */
  hasSupply(lamp: number, nowMono: MonoMs): boolean {
    return nowMono - this.#answeredMono(lamp) <= FIRST_MS && !this.#isShared(lamp);
  }

  /**
   * Returns whether a lamp whose fault is ripe failed alone or with others of its feeder. `sinceMono`: when its fault began.
   * `isNeeded`: the lamps of the feeder need supply now.
   */
  causeOf(lamp: number, { sinceMono, nowMono, isNeeded }: { sinceMono: MonoMs; nowMono: MonoMs; isNeeded: boolean }): Cause {
    const feeder = this.#plan.feeders[this.#plan.lamps[lamp]?.feeder ?? 0];
    if (feeder === undefined) return 'own';
    let together = 0;
    const mayBeNew = this.#hasNoAnswer(feeder);
    for (const other of feeder.lamps) if (this.#failedAt(other, sinceMono, mayBeNew)) together++;
    const isCommon = together >= LEAST_LAMPS;
    if (nowMono - sinceMono < (isCommon ? GATHER_MS : FIRST_MS)) return 'wait';
    if (isCommon && !isNeeded && this.#isSilent(feeder, nowMono)) return 'wait';
    return isCommon ? 'common' : 'own';
  }

  /**
   * Opens or extends the group of a feeder with the lamps that failed at about this time. Their latches `lamp-out` and `unit-silent` are
   * reset, unless the fault is open.
   */
  gather(feeder: number, sinceMono: MonoMs): void {
    const watched = this.#plan.feeders[feeder];
    if (watched === undefined) return;
    const mayBeNew = this.#hasNoAnswer(watched);
    for (const lamp of watched.lamps) {
      if (this.isInGroup(lamp) || !this.#failedAt(lamp, sinceMono, mayBeNew)) continue;
      this.#add(lamp, this.#latches['unit-silent'].isBad(lamp) ? SILENT : DARK);
      for (const fault of BY_SUPPLY) this.#latches[fault].doubt(lamp);
    }
  }

  /** Opens a group of an earlier run. Which lamps it had is not known, so it has all lamps of the feeder until they answer. */
  resume(feeder: number): void {
    for (const lamp of this.#plan.feeders[feeder]?.lamps ?? []) if (!this.isInGroup(lamp)) this.#add(lamp, SILENT);
  }

  /**
   * Removes a lamp from its group once it counts as supplied: it answers, or, if it was dark, gives light. The last two leave together: each
   * is judged alone again. `lightMono`: when it last gave light.
   */
  release(lamp: number, lightMono: MonoMs, nowMono: MonoMs): void {
    const feeder = this.#plan.lamps[lamp]?.feeder ?? 0;
    const seenMono = this.#inGroup[lamp] === SILENT ? this.#answeredMono(lamp) : lightMono;
    if (!this.isInGroup(lamp) || nowMono - seenMono > FIRST_MS) return;
    this.#inGroup[lamp] = 0;
    this.#sizes[feeder] = Math.max(0, this.sizeOf(feeder) - 1);
    if (this.sizeOf(feeder) < LEAST_LAMPS) this.dissolve(feeder);
  }

  /** Ends the group of a feeder: each of its lamps is judged alone again. */
  dissolve(feeder: number): void {
    for (const lamp of this.#plan.feeders[feeder]?.lamps ?? []) this.#inGroup[lamp] = 0;
    this.#sizes[feeder] = 0;
  }

  #add(lamp: number, how: typeof DARK | typeof SILENT): void {
    const feeder = this.#plan.lamps[lamp]?.feeder ?? 0;
    this.#inGroup[lamp] = how;
    this.#sizes[feeder] = this.sizeOf(feeder) + 1;
  }

  /**
   * Whether the lamp is bad in a way that a lost supply causes, not yet announced, since about this time. A lamp that never answered may not exist
   * yet: it counts only with `mayBeNew`.
   */
  #failedAt(lamp: number, sinceMono: MonoMs, mayBeNew: boolean): boolean {
    if (!mayBeNew && this.#answeredMono(lamp) === Number.NEGATIVE_INFINITY) return false;
    return BY_SUPPLY.some((fault) => {
      if (fault === 'lamp-out' && !this.#isShared(lamp)) return false;
      const latch = this.#latches[fault];
      return !latch.isOpen(lamp) && latch.isBad(lamp) && Math.abs(latch.badSince(lamp) - sinceMono) <= TOGETHER_MS;
    });
  }

  /** Whether no lamp of the feeder answers. */
  #isSilent({ lamps }: WatchedFeeder, nowMono: MonoMs): boolean {
    return lamps.every((lamp) => nowMono - this.#answeredMono(lamp) > FIRST_MS);
  }

  /** Whether no lamp of the feeder has answered since the start: then the feeder is the cause, not lamps that are not mounted yet. */
  #hasNoAnswer({ lamps }: WatchedFeeder): boolean {
    return lamps.every((lamp) => this.#answeredMono(lamp) === Number.NEGATIVE_INFINITY);
  }

  #answeredMono(lamp: number): MonoMs {
    return this.#frame.answeredMono[lamp] ?? Number.NEGATIVE_INFINITY;
  }

  #isShared(lamp: number): boolean {
    return this.#shared.has(this.#plan.lamps[lamp]?.device ?? '');
  }
}
