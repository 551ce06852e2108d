/** Finds lamps that go out and on again (cycling), and drivers that restart, from power and uptime. */
import type { MonoMs } from '../../core/clock.ts';
import { HOUR_MS } from '../../core/durations.ts';

/** Times that a lamp goes dark within an hour, while it should be lit, before it counts as cycling. Source: assumed; a lamp that was re-plugged goes dark once or twice. Confirmed by: `bench -- faults`. */
const FALLS = 3;
const WINDOW_MS = HOUR_MS;
/** The instant of a start, computed from two uptimes, differs by the time between a driver's count and the reading. Units: ms. Source: assumed. Confirmed by: uptimes read on a slow line. */
const START_SLACK_MS = 30_000;
/** Starts of several drivers within this time have one cause: a short loss of mains. Units: ms. */
const TOGETHER_MS = 150_000;
/** A start is judged once other drivers have been read too. Units: ms. Source: assumed; five polls a minute apart. Confirmed by: poll times of the drivers. */
const HOLD_MS = 300_000;
/** Starts of more drivers than this at one time are a loss of mains. Source: assumed; two drivers may fail in one gust, three rarely. Confirmed by: starts of drivers at a cabinet. */
const FEW = 2;
/** A count of 16 bits begins again after this time. Units: ms. Source: 2^16 s. */
const WRAP_MS = 65_536_000;
/** A driver that restarts is reported once in this time. Units: ms. Source: assumed; once a night. Confirmed by: technicians. */
const REPEAT_MS = 12 * HOUR_MS;
/** Starts kept for each driver: a waiting start is compared with earlier ones too. Source: assumed; five starts within 8 min are rare. Confirmed by: starts of drivers at a cabinet. */
const STARTS = 4;
const DARK = 1;
const LIT = 2;

/** Finds lamps that go dark again and again, and drivers that restart by themselves; by index of the lamp. */
export class DerivedStarts {
  readonly #light: Uint8Array;
  /** When each lamp went dark, or its driver restarted by itself. */
  readonly #falls: LampTimes;
  /** When each driver started, as computed from its uptime. */
  readonly #starts: LampTimes;
  /** A start that is not judged yet; NaN for none. */
  readonly #pendingMono: Float64Array;
  readonly #reportedMono: Float64Array;
  #pendingCount = 0;

  constructor(lamps: number) {
    this.#light = new Uint8Array(lamps);
    this.#falls = new LampTimes(lamps, FALLS);
    this.#starts = new LampTimes(lamps, STARTS);
    this.#reportedMono = new Float64Array(lamps).fill(Number.NEGATIVE_INFINITY);
    this.#pendingMono = new Float64Array(lamps).fill(Number.NaN);
  }

  /** Notes whether a lamp that should be lit is dark. */
  noteLight(lamp: number, isDark: boolean, at: MonoMs): void {
    if (isDark && this.#light[lamp] === LIT) this.#falls.add(lamp, at);
    this.#light[lamp] = isDark ? DARK : LIT;
  }

  /** Whether the lamp went dark or its driver restarted by itself, three times or more in all, in the last hour. */
  cycles(lamp: number, at: MonoMs): boolean {
    return this.#falls.countWithin(lamp, at - WINDOW_MS) === FALLS;
  }

  /**
   * Notes the uptime of a driver, read at `at`. A start that it shows waits for `judge`; ignored if one waits already, or unless `isFed`: the
   * feeder is live at the reading, and has been for some time. Units: s.
   */
  noteUptime(lamp: number, uptimeS: number, { at, isFed }: { at: MonoMs; isFed: boolean }): void {
    const startMono = at - uptimeS * 1_000;
    const before = this.#starts.latest(lamp);
    const isLater = startMono - before > START_SLACK_MS;
    const hasStarted = isLater && Math.abs(startMono - before - WRAP_MS) > START_SLACK_MS;
    if (isLater || Number.isNaN(before)) this.#starts.add(lamp, startMono);
    if (hasStarted && isFed && Number.isNaN(this.#pendingMono[lamp])) {
      this.#pendingMono[lamp] = startMono;
      this.#pendingCount++;
    }
  }

  /**
   * Judges the starts that are 5 min old or more. `onReset` receives a lamp whose driver has restarted by itself, once in 12 h at most;
   * never the only lamp whose uptime is known.
   */
  judge(nowMono: MonoMs, onReset: (lamp: number) => void): void {
    if (this.#pendingCount === 0) return;
    const pending = this.#pendingMono;
    for (let lamp = 0; lamp < pending.length; lamp++) {
      const at = pending[lamp] ?? Number.NaN;
      if (Number.isNaN(at) || nowMono - at < HOLD_MS) continue;
      const { together, known } = this.#countAround(at);
      pending[lamp] = Number.NaN;
      this.#pendingCount--;
      // A driver that is alone cannot be distinguished from the mains.
      if (together > Math.min(FEW, known - 1)) continue;
      this.#falls.add(lamp, at);
      if (at - (this.#reportedMono[lamp] ?? 0) < REPEAT_MS) continue;
      this.#reportedMono[lamp] = at;
      onReset(lamp);
    }
  }

  /** Counts the drivers whose uptime is known, and those of them that started about when this one did. */
  #countAround(at: MonoMs): { readonly together: number; readonly known: number } {
    let [together, known] = [0, 0];
    for (let lamp = 0; lamp < this.#light.length; lamp++) {
      if (!Number.isNaN(this.#starts.latest(lamp))) known++;
      if (this.#starts.countWithin(lamp, at - TOGETHER_MS, at + TOGETHER_MS) > 0) together++;
    }
    return { together, known };
  }
}

/** The last `size` times of something, for each lamp. */
class LampTimes {
  readonly #size: number;
  /** A ring for each lamp; NaN for none. */
  readonly #times: Float64Array;
  readonly #added: Uint32Array;

  constructor(lamps: number, size: number) {
    this.#size = size;
    this.#times = new Float64Array(lamps * size).fill(Number.NaN);
    this.#added = new Uint32Array(lamps);
  }

  add(lamp: number, at: MonoMs): void {
    const added = this.#added[lamp] ?? 0;
    this.#times[lamp * this.#size + (added % this.#size)] = at;
    this.#added[lamp] = added + 1;
  }

  /** The time added last; NaN for none. */
  latest(lamp: number): MonoMs {
    const added = this.#added[lamp] ?? 0;
    return added === 0 ? Number.NaN : (this.#times[lamp * this.#size + ((added - 1) % this.#size)] ?? Number.NaN);
  }

  /** How many of the kept times are within these two, both included. */
  countWithin(lamp: number, from: MonoMs, to: MonoMs = Number.POSITIVE_INFINITY): number {
    let count = 0;
    for (let n = lamp * this.#size; n < (lamp + 1) * this.#size; n++) {
      const at = this.#times[n] ?? Number.NaN;
      if (at >= from && at <= to) count++;
    }
    return count;
  }
}
