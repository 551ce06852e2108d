/**
 * Input from a terminal: decodes bytes to keys and buffers a limited number until they are taken.
 *
 * While `onInterrupt` is set, Ctrl-C takes effect as it is received, before keys typed earlier.
 */
import { type Key, KeyDecoder } from './keys.ts';
import type { Tty } from './tty.ts';

/** Longest type-ahead. Units: keys. Source: a paste of 64 KB must be accepted without a pause. */
const MAX_AHEAD = 65_536;

/** The functions that receive events of a terminal immediately; these are not queued. */
export interface InputEvents {
  /** Output must stop (`isStop`), after XOFF, or may go on: after XON, or after Ctrl-C for `onInterrupt`. */
  readonly flow: (isStop: boolean) => void;
  /** The terminal reported its cursor position, counted from 1. */
  readonly report: (row: number, col: number) => void;
  /** Bytes arrived. */
  readonly alive: () => void;
}

/** Typed-ahead keys. When full, the terminal is paused until half of them are taken. */
class KeyQueue {
  readonly #tty: Pick<Tty, 'pause' | 'resume'>;
  #keys: Key[] = [];
  #head = 0;
  #isPaused = false;

  constructor(tty: Pick<Tty, 'pause' | 'resume'>) {
    this.#tty = tty;
  }

  add(key: Key): void {
    this.#keys.push(key);
  }

  clear(): void {
    this.#keys = [];
    this.#head = 0;
  }

  /** Returns the keys up to the end of the first line. */
  firstLine(): readonly Key[] {
    const end = this.#keys.findIndex((key, index) => index >= this.#head && key.kind === 'control' && key.name === 'enter');
    return this.#keys.slice(this.#head, end < 0 ? undefined : end);
  }

  putBack(key: Key): void {
    this.#keys.splice(this.#head, 0, key);
  }

  take(): Key | undefined {
    const key = this.#keys[this.#head];
    if (key === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#keys.length) this.clear();
    if (this.#isPaused && this.#keys.length - this.#head < MAX_AHEAD / 2) {
      this.#isPaused = false;
      this.#tty.resume();
    }
    return key;
  }

  pauseIfFull(): void {
    if (this.#isPaused || this.#keys.length - this.#head <= MAX_AHEAD) return;
    this.#isPaused = true;
    this.#tty.pause();
  }
}

/**
 * Decodes what a terminal sends, and queues the keys for `take`; XON, XOFF and cursor reports go to `events` at once. One `take` may be
 * pending at a time.
 */
export class Input {
  readonly #decoder = new KeyDecoder();
  readonly #ahead: KeyQueue;
  readonly #events: InputEvents;
  #hasEnded = false;
  #interrupt: (() => void) | null = null;
  #waiter: ((key: Key | null) => void) | null = null;

  constructor(tty: Pick<Tty, 'pause' | 'resume'>, events: InputEvents) {
    this.#ahead = new KeyQueue(tty);
    this.#events = events;
  }

  /** Decodes bytes from the terminal to keys; ignores them after `end`. If too many keys wait, it pauses the terminal. */
  receive(bytes: Uint8Array): void {
    if (this.#hasEnded) return;
    this.#events.alive();
    for (const byte of bytes) for (const key of this.#decoder.feed(byte)) this.#dispatch(key);
    this.#ahead.pauseIfFull();
  }

  /** Returns and removes the next key; undefined if none waits. */
  takeNow(): Key | undefined {
    return this.#ahead.take();
  }

  /** Returns the waiting keys before the first ENTER, all of them without one; does not remove them. */
  lineAhead(): readonly Key[] {
    return this.#ahead.firstLine();
  }

  /** Puts back a key, so that the next `take` or `takeNow` returns it. */
  putBack(key: Key): void {
    this.#ahead.putBack(key);
  }

  /** Resolves with the next key; null if none waits and the input has ended, or `giveUp` is called. */
  take(): Promise<Key | null> {
    const key = this.#ahead.take();
    if (key !== undefined || this.#hasEnded) return Promise.resolve(key ?? null);
    return new Promise((resolve) => {
      this.#waiter = resolve;
    });
  }

  /** Resolves a pending `take` with null; the input goes on. */
  giveUp(): void {
    this.#wake(null);
  }

  /** While set, Ctrl-C discards the waiting keys, calls `act` and is no key for `take`; `end` calls `act` too. Null: unset. */
  onInterrupt(act: (() => void) | null): void {
    this.#interrupt = act;
  }

  /** Ends the input: calls what `onInterrupt` has set, because no person can stop a command any more; a pending `take` resolves with null. */
  end(): void {
    this.#hasEnded = true;
    this.#interrupt?.();
    this.#wake(null);
  }

  #dispatch(key: Key): void {
    if (key.kind === 'flow') this.#events.flow(key.isStop);
    else if (key.kind === 'report') this.#events.report(key.row, key.col);
    else if (key.kind === 'control' && key.name === 'interrupt' && this.#interrupt !== null) {
      this.#ahead.clear();
      // Ctrl-C resumes output that a person stopped with XOFF; otherwise the screen would seem dead.
      this.#events.flow(false);
      this.#interrupt();
    } else if (key.kind !== 'noise' && !this.#wake(key)) this.#ahead.add(key);
  }

  /** Returns false if no `take` is pending. */
  #wake(key: Key | null): boolean {
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.(key);
    return waiter !== null;
  }
}
