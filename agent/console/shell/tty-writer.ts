/**
 * The way out to a terminal: never faster than the line, stopped by XOFF, never blocking.
 *
 * Owns what still waits to be sent. What a command says is never dropped but on Ctrl-C; what only shows the moment asks `isClear` first.
 * Little is handed to the kernel at a time: what it has, neither XOFF nor Ctrl-C takes back. See docs/adr/0024.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import { toAscii } from '../text/plain-text.ts';
import type { Tty } from './tty.ts';

/** Handed over at a time, as time on the line. Units: ms. Source: a VT100 sends XOFF with 32 of its 64 characters free: 33 ms at 9600. */
const QUANTUM_MS = 30;
const MIN_QUANTUM_BYTES = 8;
/** Where no line is to be spared. Units: bytes. Source: the kernel's own buffer of a terminal. */
const WIDE_QUANTUM_BYTES = 4_096;
/** Wait for a full kernel buffer. Units: ms. Source: assumed; 20 characters at 9600. */
const RETRY_MS = 20;
/** Bits on the line for a character: start, 8 data, stop. */
const BITS_PER_CHAR = 10;

export interface TtyWriter {
  write(text: string): void;
  /** Nothing waits, and the far end takes more. */
  isClear(): boolean;
  /** Units: bytes that wait. */
  waiting(): number;
  /** Resolves when all is out, or when there is no way out any more. */
  drained(): Promise<void>;
  /** Throws away what waits. */
  discard(): void;
  /** XOFF and XON of the far end. */
  setStopped(isStopped: boolean): void;
  setUtf8(on: boolean): void;
  /** Units: bit/s; null for no pace. */
  setSpeed(speedBaud: number | null): void;
  /** What the line carries; null without a pace. */
  charsPerSecond(): number | null;
  close(): void;
}

/** Units: characters a second; null without a pace. */
function rateOf(speedBaud: number | null): number | null {
  return speedBaud === null ? null : speedBaud / BITS_PER_CHAR;
}

export function createTtyWriter(tty: Pick<Tty, 'write' | 'speedBaud'>, clock: Pick<Clock, 'after'>): TtyWriter {
  let parts: Buffer[] = [];
  let waitingBytes = 0;
  let rate = rateOf(tty.speedBaud);
  let isStopped = false;
  let isUtf8 = false;
  let isClosed = false;
  let timer: Timer | null = null;
  const waiters: (() => void)[] = [];

  const settle = (): void => {
    for (const resolve of waiters.splice(0)) resolve();
  };
  const turn = (): void => {
    timer = null;
    pump();
  };
  const pump = (): void => {
    if (waitingBytes === 0) settle();
    if (timer !== null || isStopped || isClosed || waitingBytes === 0) return;
    const quantum = rate === null ? WIDE_QUANTUM_BYTES : Math.max(MIN_QUANTUM_BYTES, Math.floor((rate * QUANTUM_MS) / 1_000));
    const sent = send(quantum);
    timer = clock.after(sent === 0 ? RETRY_MS : rate === null ? 0 : (sent / rate) * 1_000, turn);
  };
  const send = (quantum: number): number => {
    const all = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    const sent = tty.write(all.subarray(0, quantum));
    const rest = all.subarray(sent);
    parts = rest.length === 0 ? [] : [rest];
    waitingBytes = rest.length;
    return sent;
  };

  return {
    write(text) {
      if (isClosed || text === '') return;
      const bytes = Buffer.from(isUtf8 ? text : asciiOf(text), 'utf8');
      parts.push(bytes);
      waitingBytes += bytes.length;
      pump();
    },
    isClear: () => waitingBytes === 0 && !isStopped,
    waiting: () => waitingBytes,
    drained: () =>
      waitingBytes === 0 || isClosed
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiters.push(resolve);
          }),
    discard() {
      parts = [];
      waitingBytes = 0;
      settle();
    },
    setStopped(stopped) {
      isStopped = stopped;
      pump();
    },
    setUtf8(on) {
      isUtf8 = on;
    },
    setSpeed(speedBaud) {
      rate = rateOf(speedBaud);
    },
    charsPerSecond: () => rate,
    close() {
      isClosed = true;
      timer?.cancel();
      parts = [];
      waitingBytes = 0;
      settle();
    },
  };
}

/** Letters beyond ASCII spelt in it; what moves the cursor stays. */
function asciiOf(text: string): string {
  return text.replace(/[\u0080-\uffff]+/g, toAscii);
}
