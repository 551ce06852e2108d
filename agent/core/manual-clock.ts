/**
 * A clock for tests and simulations: its time advances only on request.
 */
import type { Clock, ClockQuality, MonoMs, Timer, WallMs } from './clock.ts';

/** A clock for tests and simulations, whose time the caller advances. */
export interface ManualClock extends Clock {
  /** Advances the time and fires the timers that become due, in order. Await it before the next call. Units: ms. */
  advance(ms: number): Promise<void>;
  /** Steps the wall clock as a time server would; monotonic time and timers are not affected. Units: ms. */
  stepWall(ms: number): void;
  setQuality(quality: ClockQuality): void;
}

interface Pending {
  readonly dueMono: MonoMs;
  readonly order: number;
  fire: () => void;
  cancelled: boolean;
}

/**
 * Creates a clock that advances only on request. Its wall time begins at `startMs`, its monotonic time at 0. `quality`: default `synced`.
 * Units: ms since 1970.
 */
export function createManualClock(startMs: WallMs, quality: ClockQuality = 'synced'): ManualClock {
  let nowMono: MonoMs = 0;
  let wallAtZeroMs = startMs;
  let order = 0;
  const heap = createHeap();

  const schedule = (dueMono: MonoMs, fire: () => void): Timer => {
    const pending = { dueMono: Math.max(dueMono, nowMono), order: order++, fire, cancelled: false };
    heap.push(pending);
    return {
      cancel: () => {
        pending.cancelled = true;
        // The timer stays in the heap until its time, but must not fire.
        pending.fire = () => {};
      },
    };
  };

  return {
    wallMs: () => Math.round(wallAtZeroMs + nowMono),
    monoMs: () => nowMono,
    quality: () => quality,
    after: (delayMs, fire) => schedule(nowMono + Math.max(0, delayMs), fire),
    precisely: schedule,
    stepWall: (ms) => {
      wallAtZeroMs += ms;
    },
    setQuality: (next) => {
      quality = next;
    },
    async advance(ms) {
      const untilMono = nowMono + ms;
      await settle();
      for (let next = heap.peek(); next !== undefined && next.dueMono <= untilMono; next = heap.peek()) {
        nowMono = next.dueMono;
        heap.pop();
        next.fire();
        await settle();
      }
      nowMono = untilMono;
    },
  };
}

/** One turn of the event loop: all promises, and the events that sockets or workers have ready. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Heap {
  push(item: Pending): void;
  peek(): Pending | undefined;
  pop(): void;
}

/** Timers by due time, then by age. A cancelled timer stays in the heap until its due time and is then skipped. */
function createHeap(): Heap {
  const items: Pending[] = [];
  const at = (index: number): Pending => items[index] as Pending;
  const before = (a: number, b: number): boolean =>
    at(a).dueMono < at(b).dueMono || (at(a).dueMono === at(b).dueMono && at(a).order < at(b).order);
  const swap = (a: number, b: number): void => {
    [items[a], items[b]] = [at(b), at(a)];
  };
  const pop = (): void => {
    const last = items.pop();
    if (last === undefined || items.length === 0) return;
    items[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < items.length && before(child, least)) least = child;
      if (least === i) return;
      swap(i, least);
      i = least;
    }
  };
  return {
    push(item) {
      items.push(item);
      for (let i = items.length - 1; i > 0 && before(i, (i - 1) >> 1); i = (i - 1) >> 1) swap(i, (i - 1) >> 1);
    },
    peek() {
      while (items[0]?.cancelled) pop();
      return items[0];
    },
    pop,
  };
}
