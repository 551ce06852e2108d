/**
 * Writes to the device of a raw UART, one at a time, each until it is proven or has failed.
 *
 *   waiting --sent--> acknowledged? --yes--> settled --asked--> proven --> verified
 *      ^                  | no, busy            ^         | another value, no answer
 *      +------------------+                     +---------+       ... too often, or refused: failed
 */
import type { Clock, MonoMs, Timer } from '../../core/clock.ts';
import type { BytePort, DecodedValue, UartDriver, UartReply, UartWrite } from '../../core/driver.ts';
import { type Message, msg } from '../../core/message.ts';
import type { ValueWrite, WriteResult } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import { OUTPUT_WORDS } from '../writes/write-reasons.ts';
import { sendIfOpen } from './send-if-open.ts';

/**
 * Longest wait for an acknowledgement, and for the answer that proves a write. Units: ms. Source: assumed; a frame at 9600 baud takes 10 ms, and
 * programs in use wait up to 500 ms. Confirmed by: answer times of the player on the bench.
 */
const ANSWER_MS = 500;
/** Pause before a repeated or a further frame. Units: ms. Source: assumed, as between two start commands. Confirmed by: the data sheets of the UART devices. */
const GAP_MS = 100;
const EXPIRED = msg`it expired before it could be sent`;
const NO_ANSWER = msg`it does not acknowledge, check power, wiring (TX and RX crossed?) and baud rate`;

interface WaitingUartWrite {
  readonly write: ValueWrite;
  readonly request: UartWrite;
  readonly settleMs: number;
  readonly settle: (result: WriteResult) => void;
  sentMono: MonoMs | null;
  isAcknowledged: boolean;
  sends: number;
  proofs: number;
}

/** The dependencies with which `UartWrites` is created. */
export interface UartWritesParts {
  readonly driver: Pick<UartDriver, 'profile' | 'encode'>;
  readonly port: Pick<BytePort, 'write'>;
  readonly clock: Clock;
}

/**
 * Writes to the device of a raw UART, one write after the other, urgent ones first. A write ends when a received value proves it, or when
 * it has failed. Sends only from `open` to `close`.
 */
export class UartWrites {
  readonly #parts: UartWritesParts;
  readonly #queue: WaitingUartWrite[] = [];
  #current: WaitingUartWrite | null = null;
  #phase: 'sent' | 'settling' | 'asked' | 'over' = 'over';
  #isOpen = false;
  #timer: Timer | undefined;

  constructor(parts: UartWritesParts) {
    this.#parts = parts;
  }

  /** A write is under way, or its pause, so no other frame should be sent. */
  get isBusy(): boolean {
    return this.#current !== null;
  }

  /**
   * Queues a write; a waiting one of the same point fails as replaced. `quantity`: id of the point in the profile. Resolves with its
   * result, also if it fails; does not reject. A write that still waits at its expiry fails then, also before `open` and after `close`.
   */
  add(write: ValueWrite, quantity: string): Promise<WriteResult> {
    const { driver } = this.#parts;
    const point = driver.profile.points.find(({ id }) => id === quantity);
    const request = driver.encode?.(quantity, write.value);
    const refusal = request instanceof Refusal ? request.said : msg`${quantity} cannot be written by profile ${driver.profile.id}`;
    if (request === undefined || request instanceof Refusal || point?.write == null) return failedBefore(refusal);
    const { min, max, settleMs, dangerous } = point.write;
    if (dangerous) return failedBefore(msg`${quantity} is dangerous by profile ${driver.profile.id}: use another point`);
    if (!(write.value >= min && write.value <= max)) return failedBefore(msg`${write.value} is outside ${min}..${max} of ${quantity}`);
    for (const [i, other] of [...this.#queue.entries()].toReversed())
      if (other.write.pointId === write.pointId) this.#queue.splice(i, 1)[0]?.settle(notSent(msg`a newer value replaced it`));
    return new Promise((resolve) => {
      const { clock } = this.#parts;
      let expiry: Timer | undefined;
      const waiting: WaitingUartWrite = {
        ...{ write, request, settleMs, sentMono: null, isAcknowledged: false, sends: 0, proofs: 0 },
        settle: (result) => {
          expiry?.cancel();
          resolve(result);
        },
      };
      expiry = clock.after(Math.max(0, write.expiresMono - clock.monoMs()), () => this.#expire(waiting));
      const behind = write.lane === 'urgent' ? this.#queue.findIndex((other) => other.write.lane !== 'urgent') : -1;
      this.#queue.splice(behind === -1 ? this.#queue.length : behind, 0, waiting);
      this.#next();
    });
  }

  /** Call it when the device may receive frames from now on. */
  open(): void {
    this.#isOpen = true;
    this.#next();
  }

  /** Call it when the port is closed: writes that have not ended fail. */
  close(reason: Message): void {
    this.#isOpen = false;
    this.#timer?.cancel();
    const current = this.#current;
    this.#current = null;
    current?.settle({ state: 'failed', reason, sentMono: current.sentMono });
    for (const { settle } of this.#queue.splice(0)) settle(notSent(reason));
  }

  /** Call it when frames have arrived. */
  received(values: readonly DecodedValue[], replies: readonly UartReply[]): void {
    for (const reply of replies) this.#takeReply(reply);
    if (this.#current !== null && values.length > 0) this.#takeValues(this.#current, values);
  }

  #next(): void {
    if (!this.#isOpen || this.#current !== null) return;
    const waiting = this.#queue.shift();
    if (waiting === undefined) return;
    if (this.#parts.clock.monoMs() >= waiting.write.expiresMono) {
      waiting.settle(notSent(EXPIRED));
      this.#next();
      return;
    }
    this.#current = waiting;
    this.#transmit(waiting);
  }

  /** A write that still waits, for example because the port is down. */
  #expire(waiting: WaitingUartWrite): void {
    const at = this.#queue.indexOf(waiting);
    if (at >= 0) this.#queue.splice(at, 1)[0]?.settle(notSent(EXPIRED));
  }

  #transmit(waiting: WaitingUartWrite): void {
    waiting.sends++;
    this.#phase = 'sent';
    this.#after(ANSWER_MS, () => this.#sendAgain(waiting, NO_ANSWER));
    if (sendIfOpen(this.#parts.port, waiting.request.bytes)) waiting.sentMono ??= this.#parts.clock.monoMs();
  }

  #takeReply({ kind, reason }: UartReply): void {
    const waiting = this.#current;
    if (waiting === null || this.#phase === 'over') return;
    if (kind === 'refused') this.#end({ state: 'failed', reason, sentMono: waiting.sentMono });
    else if (kind === 'busy') this.#after(GAP_MS, () => this.#sendAgain(waiting, reason));
    else if (this.#phase === 'sent') {
      this.#phase = 'settling';
      waiting.isAcknowledged = true;
      this.#after(waiting.settleMs, () => this.#ask(waiting));
    }
  }

  #takeValues(waiting: WaitingUartWrite, values: readonly DecodedValue[]): void {
    const { proof } = waiting.request;
    const isEnded = (this.#phase === 'settling' || this.#phase === 'asked') && values.some(({ quantity }) => quantity === proof.orAny);
    const found = values.findLast(({ quantity }) => quantity === proof.quantity);
    if (isEnded || (this.#phase === 'asked' && found?.value === proof.value))
      this.#end({ state: 'verified', sentMono: waiting.sentMono ?? this.#parts.clock.monoMs() });
    else if (this.#phase === 'asked' && found !== undefined) {
      const reason = OUTPUT_WORDS.mismatch(found.value, waiting.write.value);
      this.#phase = 'settling';
      this.#after(waiting.settleMs + GAP_MS, () => this.#askAgain(waiting, reason));
    }
  }

  /** Requests the value that proves the write. */
  #ask(waiting: WaitingUartWrite): void {
    waiting.proofs++;
    this.#phase = 'asked';
    this.#after(ANSWER_MS, () => this.#askAgain(waiting, msg`sent, but not read back`));
    sendIfOpen(this.#parts.port, waiting.request.proof.request);
  }

  #askAgain(waiting: WaitingUartWrite, reason: Message): void {
    if (waiting.proofs <= this.#retries()) this.#ask(waiting);
    else this.#end({ state: 'failed', reason: waiting.isAcknowledged ? reason : NO_ANSWER, sentMono: waiting.sentMono });
  }

  /** A module that acknowledges nothing may have executed the frame: the last one is read back all the same. */
  #sendAgain(waiting: WaitingUartWrite, reason: Message): void {
    if (waiting.sends <= this.#retries()) this.#transmit(waiting);
    else if (reason === NO_ANSWER) this.#ask(waiting);
    else this.#end({ state: 'failed', reason, sentMono: waiting.sentMono });
  }

  /** Ends the current write. The next one follows after a pause. */
  #end(result: WriteResult): void {
    const waiting = this.#current;
    this.#phase = 'over';
    this.#after(GAP_MS, () => {
      this.#current = null;
      this.#next();
    });
    waiting?.settle(result);
  }

  #retries(): number {
    return this.#parts.driver.profile.quirks.retries;
  }

  #after(delayMs: number, fire: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(delayMs, fire);
  }
}

function notSent(reason: Message): WriteResult {
  return { state: 'failed', reason, sentMono: null };
}

function failedBefore(reason: Message): Promise<WriteResult> {
  return Promise.resolve(notSent(reason));
}
