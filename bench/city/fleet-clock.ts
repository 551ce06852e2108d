/**
 * The clock of many agents in one process: true time, or time that runs faster.
 *
 * Faster time waits where the processor cannot follow: no timer is then late for the agents. True time does not wait, and how late timers
 * were is measured.
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
/** Faster time is held back when the timers are later than this. Units: ms of the fast time. Source: the lighting decides once a second. */
const MOST_BEHIND_MS = 500;
/** Longest sleep. Units: ms. */
const LONGEST_SLEEP_MS = 50;

/** Creates the clock; its wall time is `wallOffsetMs` ahead of the machine's, as long as it has run at true time only. */
export function createFleetClock(wallOffsetMs: number): FleetClock {
  const heap = createTimerHeap();
  let scale = 1;
  let base = { realMs: performance.now(), mono: 0 };
  const startWallMs = Date.now() + wallOffsetMs;
  let order = 0;
  let lateMs = 0;
  let isStopped = false;
  let sleeping: NodeJS.Timeout | null = null;
  let sleepsUntil = Number.POSITIVE_INFINITY;

  const monoMs = (): MonoMs => base.mono + (performance.now() - base.realMs) * scale;
  const rebase = (mono: MonoMs): void => {
    base = { realMs: performance.now(), mono };
  };

  const pump = (): void => {
    sleeping = null;
    sleepsUntil = Number.POSITIVE_INFINITY;
    if (isStopped) return;
    const endMs = performance.now() + SLICE_MS;
    for (let next = heap.peek(); next !== undefined && next.dueMono <= monoMs(); next = heap.peek()) {
      const late = monoMs() - next.dueMono;
      if (scale > 1 && late > MOST_BEHIND_MS) rebase(next.dueMono + MOST_BEHIND_MS);
      else lateMs = Math.max(lateMs, late / scale);
      heap.pop();
      const { fire } = next;
      next.fire = null;
      fire?.();
      if (performance.now() > endMs) break;
    }
    rest();
  };
  const rest = (): void => {
    const next = heap.peek();
    if (isStopped || next === undefined) return;
    const waitMs = (next.dueMono - monoMs()) / scale;
    if (waitMs <= 0) {
      if (sleepsUntil === Number.NEGATIVE_INFINITY) return;
      if (sleeping !== null) clearTimeout(sleeping);
      sleeping = null;
      sleepsUntil = Number.NEGATIVE_INFINITY;
      setImmediate(pump);
    } else if (next.dueMono < sleepsUntil) {
      if (sleeping !== null) clearTimeout(sleeping);
      sleepsUntil = next.dueMono;
      sleeping = setTimeout(pump, Math.min(Math.ceil(waitMs), LONGEST_SLEEP_MS));
    }
  };
  const schedule = (dueMono: MonoMs, fire: () => void): Timer => {
    const pending: Pending = { dueMono, order: order++, fire };
    heap.push(pending);
    if (dueMono < sleepsUntil) rest();
    return {
      cancel: () => {
        pending.fire = null;
      },
    };
  };

  return {
    monoMs,
    wallMs: (): WallMs => Math.round(startWallMs + monoMs()),
    quality: () => 'synced',
    after: (delayMs, fire) => schedule(monoMs() + Math.max(0, delayMs), fire),
    precisely: schedule,
    setScale(next) {
      rebase(monoMs());
      scale = next;
      sleepsUntil = Number.POSITIVE_INFINITY;
      if (sleeping !== null) clearTimeout(sleeping);
      sleeping = null;
      rest();
    },
    takeLateMs() {
      const taken = lateMs;
      lateMs = 0;
      return taken;
    },
    stop() {
      isStopped = true;
      if (sleeping !== null) clearTimeout(sleeping);
    },
  };
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
