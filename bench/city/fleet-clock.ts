/**
 * The clock of many agents in one process: true time, or time that runs faster.
 *
 * Faster time never passes a timer that has not fired: it waits where the processor cannot follow, and the agents see no delay. True time
 * does not wait, and how late timers were is measured.
 */
import type { Clock, MonoMs, Timer, WallMs } from '../../agent/core/clock.ts';

/** The clock with the operations of the process. */
export interface FleetClock extends Clock {
  /** Changes how fast the time runs, from now on; 1 is true time. */
  setScale(scale: number): void;
  /** The longest delay of a timer since the last call. Units: ms of true time. */
  takeLateMs(): number;
  stop(): void;
}

interface Pending {
  readonly dueMono: MonoMs;
  readonly order: number;
  fire: (() => void) | null;
}

/** How long timers may occupy the loop before sockets get their turn. Units: ms. Source: assumed; a fraction of the 30 s that a ping may take. Confirmed by: pings that time out in a run of the city. */
const SLICE_MS = 8;
/** Faster time waits for sockets at least this often. Units: ms of the fast time. Source: a tenth of the 10 s after which a ping without an answer ends a session. */
const STEP_MS = 1_000;
/** What faster time catches up after the processor was busy elsewhere; more is given up. Units: ms of true time. */
const CATCH_UP_MS = 1_000;
/** Longest sleep. Units: ms. */
const LONGEST_SLEEP_MS = 50;
/** No sleep, and no turn is due. */
const AWAKE = { handle: null, untilMono: Number.POSITIVE_INFINITY };
/** A turn is due or runs: it looks for the next timer at its end. */
const IN_TURN = { handle: null, untilMono: Number.NEGATIVE_INFINITY };

/** Creates the clock; its wall time is the machine's, as long as it has run at true time only. */
export function createFleetClock(): FleetClock {
  return new HeapClock(Date.now());
}

class HeapClock implements FleetClock {
  readonly #heap = createTimerHeap();
  readonly #startWallMs: number;
  #scale = 1;
  #base = { realMs: performance.now(), mono: 0 };
  #nowMono: MonoMs = 0;
  #order = 0;
  #lateMs = 0;
  #isStopped = false;
  #isFiring = false;
  /** The sleep before the next turn, and the time on this clock until which it lasts. */
  #sleep: { readonly handle: NodeJS.Timeout | null; readonly untilMono: MonoMs } = AWAKE;

  constructor(startWallMs: number) {
    this.#startWallMs = startWallMs;
  }

  // The agents use these functions without the object.
  readonly wallMs = (): WallMs => Math.round(this.#startWallMs + this.monoMs());
  readonly quality = (): 'synced' => 'synced';
  readonly after = (delayMs: number, fire: () => void): Timer => this.precisely(this.monoMs() + Math.max(0, delayMs), fire);

  /** True time is the machine's. Faster time stops at the next timer, and does not pass while timers fire. */
  readonly monoMs = (): MonoMs => {
    if (this.#scale > 1 && this.#isFiring) return this.#nowMono;
    const nextMono = this.#scale === 1 ? Number.POSITIVE_INFINITY : (this.#heap.peek()?.dueMono ?? Number.POSITIVE_INFINITY);
    this.#nowMono = Math.max(this.#nowMono, Math.min(this.#targetMono(), nextMono));
    return this.#nowMono;
  };

  readonly precisely = (dueMono: MonoMs, fire: () => void): Timer => {
    const pending: Pending = { dueMono, order: this.#order++, fire };
    this.#heap.push(pending);
    if (dueMono < this.#sleep.untilMono) this.#rest();
    return {
      cancel: () => {
        pending.fire = null;
      },
    };
  };

  setScale(scale: number): void {
    this.#rebase(this.monoMs());
    this.#scale = scale;
    this.#wake();
    this.#rest();
  }

  takeLateMs(): number {
    const taken = this.#lateMs;
    this.#lateMs = 0;
    return taken;
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  #targetMono(): MonoMs {
    return this.#base.mono + (performance.now() - this.#base.realMs) * this.#scale;
  }

  #rebase(mono: MonoMs): void {
    this.#base = { realMs: performance.now(), mono };
  }

  #wake(): void {
    if (this.#sleep.handle !== null) clearTimeout(this.#sleep.handle);
    this.#sleep = AWAKE;
  }

  /** Fires the timers that are due, until the sockets must have their turn. */
  readonly #turn = (): void => {
    this.#sleep = IN_TURN;
    if (this.#isStopped) return;
    const isFaster = this.#scale > 1;
    const [endMs, endMono] = [performance.now() + SLICE_MS, isFaster ? this.monoMs() + STEP_MS : Number.POSITIVE_INFINITY];
    for (let next = this.#heap.peek(); next !== undefined && next.dueMono <= this.#targetMono(); next = this.#heap.peek()) {
      this.#note(next.dueMono);
      this.#heap.pop();
      const { fire } = next;
      next.fire = null;
      this.#isFiring = true;
      fire?.();
      this.#isFiring = false;
      if (performance.now() > endMs || this.#nowMono > endMono) break;
    }
    this.#sleep = AWAKE;
    this.#rest();
  };

  /** Moves the time to a timer that is due. */
  #note(dueMono: MonoMs): void {
    const targetMono = this.#targetMono();
    const lateMs = (targetMono - dueMono) / this.#scale;
    this.#nowMono = Math.max(this.#nowMono, this.#scale === 1 ? targetMono : dueMono);
    if (this.#scale === 1) this.#lateMs = Math.max(this.#lateMs, lateMs);
    else if (lateMs > CATCH_UP_MS) this.#rebase(dueMono);
  }

  #rest(): void {
    const next = this.#heap.peek();
    if (this.#isStopped || next === undefined || next.dueMono >= this.#sleep.untilMono) return;
    this.#wake();
    const waitMs = (next.dueMono - this.#targetMono()) / this.#scale;
    if (waitMs <= 0) {
      this.#sleep = IN_TURN;
      setImmediate(this.#turn);
    } else this.#sleep = { handle: setTimeout(this.#turn, Math.min(Math.ceil(waitMs), LONGEST_SLEEP_MS)), untilMono: next.dueMono };
  }
}

/** Timers by due time, then by age. A cancelled timer is dropped when it is next. */
function createTimerHeap() {
  const items: Pending[] = [];
  const isBefore = (a: Pending, b: Pending): boolean => a.dueMono < b.dueMono || (a.dueMono === b.dueMono && a.order < b.order);
  const at = (index: number): Pending => items[index] as Pending;
  const pop = (): void => {
    const last = items.pop();
    if (last === undefined || items.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBefore(at(child + 1), at(child))) child += 1;
      if (!isBefore(at(child), last)) break;
      items[i] = at(child);
      i = child;
    }
    items[i] = last;
  };
  return {
    pop,
    push(item: Pending): void {
      let i = items.push(item) - 1;
      while (i > 0) {
        const parent = (i - 1) >> 1;
        if (!isBefore(item, at(parent))) break;
        items[i] = at(parent);
        i = parent;
      }
      items[i] = item;
    },
    peek(): Pending | undefined {
      while (items[0] !== undefined && items[0].fire === null) pop();
      return items[0];
    },
  };
}
