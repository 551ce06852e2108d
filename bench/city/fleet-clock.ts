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

  const targetMono = (): MonoMs => base.mono + (performance.now() - base.realMs) * scale;
  let nowMono = 0;
  /** True time is the machine's. Faster time stops at the next timer. */
  const monoMs = (): MonoMs => {
    nowMono = Math.max(nowMono, scale === 1 ? targetMono() : Math.min(targetMono(), heap.peek()?.dueMono ?? Number.POSITIVE_INFINITY));
    return nowMono;
  };
  const rebase = (mono: MonoMs): void => {
    base = { realMs: performance.now(), mono };
  };

  const pump = (): void => {
    sleeping = null;
    sleepsUntil = Number.POSITIVE_INFINITY;
    if (isStopped) return;
    const [endMs, endMono] = [performance.now() + SLICE_MS, monoMs() + STEP_MS];
    for (let next = heap.peek(); next !== undefined && next.dueMono <= targetMono(); next = heap.peek()) {
      const late = (targetMono() - next.dueMono) / scale;
      if (scale > 1 && late > CATCH_UP_MS) rebase(next.dueMono);
      if (scale === 1) lateMs = Math.max(lateMs, late);
      nowMono = Math.max(nowMono, scale === 1 ? targetMono() : next.dueMono);
      heap.pop();
      const { fire } = next;
      next.fire = null;
      fire?.();
      if (performance.now() > endMs || (scale > 1 && nowMono > endMono)) break;
    }
    rest();
  };
  const rest = (): void => {
    const next = heap.peek();
    if (isStopped || next === undefined) return;
    const waitMs = (next.dueMono - targetMono()) / scale;
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
