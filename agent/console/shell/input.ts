/**
 * The way in from a terminal: bytes made into keys, kept until somebody wants them.
 *
 * Owns what was typed ahead and its bound. Ctrl-C is heard at once, whatever waits before it.
 */
import { createKeyDecoder, type Key } from './keys.ts';
import type { Tty } from './tty.ts';

/** Typed or pasted ahead. Units: keys. Source: a paste of 64 KB must be taken without a pause. */
const MAX_AHEAD = 65_536;

export interface InputEars {
  readonly flow: (isStop: boolean) => void;
  /** The terminal's answer about its cursor. */
  readonly report: (row: number, col: number) => void;
  /** Something came from the person. */
  readonly alive: () => void;
}

export interface Input {
  /** A key that has come already. */
  takeNow(): Key | undefined;
  /** The next key; null at the end. */
  take(): Promise<Key | null>;
  /** Whoever waits for a key gets none now. */
  giveUp(): void;
  /** While it is set, Ctrl-C calls it, and all that was typed before is forgotten. */
  onInterrupt(act: (() => void) | null): void;
  setUtf8(on: boolean): void;
  /** No more keys come; whoever waits gets null. */
  end(): void;
}

export interface OpenInput extends Input {
  readonly bytes: (bytes: Uint8Array) => void;
}

export function createInput(tty: Pick<Tty, 'pause' | 'resume'>, ears: InputEars): OpenInput {
  const decoder = createKeyDecoder();
  let keys: Key[] = [];
  let head = 0;
  let isPaused = false;
  let hasEnded = false;
  let interrupt: (() => void) | null = null;
  let waiter: ((key: Key | null) => void) | null = null;

  const takeNow = (): Key | undefined => {
    const key = keys[head];
    if (key === undefined) return undefined;
    head++;
    if (head === keys.length) {
      keys = [];
      head = 0;
    }
    if (isPaused && keys.length - head < MAX_AHEAD / 2) {
      isPaused = false;
      tty.resume();
    }
    return key;
  };
  const hear = (key: Key): void => {
    if (key.kind === 'flow') ears.flow(key.isStop);
    else if (key.kind === 'report') ears.report(key.row, key.col);
    else if (key.kind !== 'noise') keep(key);
  };
  const keep = (key: Key): void => {
    if (interrupt !== null && key.kind === 'control' && key.name === 'interrupt') {
      keys = [];
      head = 0;
      // Who stopped the output and forgot it is not left before a dead screen.
      ears.flow(false);
      interrupt();
    } else if (waiter === null) keys.push(key);
    else {
      const wake = waiter;
      waiter = null;
      wake(key);
    }
  };

  const giveUp = (): void => {
    const wake = waiter;
    waiter = null;
    wake?.(null);
  };

  return {
    bytes(bytes) {
      if (hasEnded) return;
      ears.alive();
      for (const byte of bytes) for (const key of decoder.feed(byte)) hear(key);
      if (!isPaused && keys.length - head > MAX_AHEAD) {
        isPaused = true;
        tty.pause();
      }
    },
    takeNow,
    take() {
      const key = takeNow();
      if (key !== undefined || hasEnded) return Promise.resolve(key ?? null);
      return new Promise((resolve) => {
        waiter = resolve;
      });
    },
    giveUp,
    onInterrupt(act) {
      interrupt = act;
    },
    setUtf8: decoder.setUtf8,
    end() {
      hasEnded = true;
      giveUp();
    },
  };
}
