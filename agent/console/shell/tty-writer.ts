/**
 * Output to a terminal: never faster than the line, stopped by XOFF, never blocking.
 *
 * Only Ctrl-C discards the output of a command; live views check `isClear` first. It passes little to the kernel at a time, because
 * neither XOFF nor Ctrl-C stops bytes in the kernel. See docs/adr/0024.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import { inAsciiLetters } from '../text/plain-text.ts';
import type { Tty } from './tty.ts';

/** Bytes passed at a time, as time on the line. Units: ms. Source: a VT100 sends XOFF with 32 of its 64 characters free: 33 ms at 9600. */
const QUANTUM_MS = 30;
const MIN_QUANTUM_BYTES = 8;
/** Bytes passed at a time if there is no speed limit. Units: bytes. Source: the kernel's buffer of a terminal. */
const WIDE_QUANTUM_BYTES = 4_096;
/**
 * Wait if the kernel's buffer is full. Units: ms. Source: assumed; 20 characters at 9600 baud. Confirmed by: bench of output on a serial
 * port.
 */
const RETRY_MS = 20;
/** Bits on the line per character: start, 8 data, stop. */
const BITS_PER_CHAR = 10;

/** Units: characters per second; null without a speed limit. */
function charRate(speedBaud: number | null): number | null {
  return speedBaud === null ? null : speedBaud / BITS_PER_CHAR;
}

/** Sends text to a terminal in small parts, no faster than the line transmits them. */
export class TtyWriter {
  readonly #tty: Pick<Tty, 'write' | 'speedBaud'>;
  readonly #clock: Pick<Clock, 'after'>;
  #parts: Buffer[] = [];
  #waitingBytes = 0;
  #charsPerSecond: number | null;
  #isStopped = false;
  #isUtf8 = false;
  #isClosed = false;
  #timer: Timer | null = null;
  readonly #onDrained: (() => void)[] = [];

  constructor(tty: Pick<Tty, 'write' | 'speedBaud'>, clock: Pick<Clock, 'after'>) {
    this.#tty = tty;
    this.#clock = clock;
    this.#charsPerSecond = charRate(tty.speedBaud);
  }

  /** Queues text, to be sent as fast as the line allows. */
  write(text: string): void {
    if (this.#isClosed || text === '') return;
    const bytes = Buffer.from(this.#isUtf8 ? text : inAsciiLetters(text), 'utf8');
    this.#parts.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#pump();
  }

  /** Returns true if no byte waits here and the output is not stopped. */
  isClear(): boolean {
    return this.#waitingBytes === 0 && !this.#isStopped;
  }

  /** Returns the number of waiting bytes. */
  waiting(): number {
    return this.#waitingBytes;
  }

  /** Resolves when no byte waits: all were sent, or discarded. Earlier if `giveUp` is called. */
  drained(): Promise<void> {
    if (this.#waitingBytes === 0 || this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained.push(resolve);
    });
  }

  /** Resolves the pending calls of `drained`; the output goes on. */
  giveUp(): void {
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }

  /** Discards the waiting bytes. */
  discard(): void {
    this.#parts = [];
    this.#waitingBytes = 0;
    this.giveUp();
  }

  /** Stops the output (true), after XOFF, or continues it (false). */
  setStopped(isStopped: boolean): void {
    this.#isStopped = isStopped;
    this.#pump();
  }

  /** Sets whether later text is sent in UTF-8. Default: in ASCII. */
  setUtf8(on: boolean): void {
    this.#isUtf8 = on;
  }

  /** Sets the speed at which later bytes are sent; does not change the port. Units: bit/s; null for no speed limit. */
  setSpeed(speedBaud: number | null): void {
    this.#charsPerSecond = charRate(speedBaud);
  }

  /** Returns the capacity of the line. Units: characters per second; null without a speed limit. */
  charsPerSecond(): number | null {
    return this.#charsPerSecond;
  }

  /** Discards the waiting bytes and ignores all later text. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.discard();
  }

  #pump(): void {
    if (this.#waitingBytes === 0) this.giveUp();
    if (this.#timer !== null || this.#isStopped || this.#isClosed || this.#waitingBytes === 0) return;
    const rate = this.#charsPerSecond;
    const sent = this.#send(rate === null ? WIDE_QUANTUM_BYTES : Math.max(MIN_QUANTUM_BYTES, Math.floor((rate * QUANTUM_MS) / 1_000)));
    this.#timer = this.#clock.after(sent === 0 ? RETRY_MS : rate === null ? 0 : (sent / rate) * 1_000, () => {
      this.#timer = null;
      this.#pump();
    });
  }

  /** Returns how many bytes the kernel accepted. */
  #send(quantumBytes: number): number {
    const all = this.#parts.length === 1 && this.#parts[0] !== undefined ? this.#parts[0] : Buffer.concat(this.#parts);
    const sent = this.#tty.write(all.subarray(0, quantumBytes));
    const rest = all.subarray(sent);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#waitingBytes = rest.length;
    return sent;
  }
}
