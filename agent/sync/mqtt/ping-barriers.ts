/**
 * PINGREQ and PINGRESP as a proof: answers arrive in order, so the n-th answer belongs to the n-th request. A request without an answer
 * ends the connection.
 */
import type { Clock, Timer } from '../../core/clock.ts';

interface Waiter {
  readonly ping: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A PINGREQ without an answer. Units: bytes of the connection when it was sent; ms of `#waitedMs` at which its time begins. */
interface OpenPing {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly unprovenBytes: number;
  readonly fromMs: number;
}

/** Slowest supported link. Units: bytes/ms. Source: assumed; GPRS, one slot, 16 kbit/s. Confirmed by: the throughput of a gateway at the worst site. */
export const SLOWEST_BYTES_PER_MS = 2;
/** Checks in one keepalive: a machine that was suspended reads what has arrived before the next check. Source: assumed, as for the probe. Confirmed by: a gateway that is suspended and resumed during a session. */
const CHECKS = 10;

/** The connection of `PingBarriers`: how it sends a ping, and what the longest wait for the answer depends on. */
export interface PingLink {
  readonly clock: Pick<Clock, 'after'>;
  /** Units: s; 0 for no limit. */
  readonly keepaliveS: number;
  /** Bytes that the broker may have queued ahead of an answer. */
  readonly maxQueuedBytes: number;
  /** Sends a PINGREQ. `noteSent` must be called for it before this returns. */
  readonly sendPing: () => void;
  /** Units: bytes since CONNECT, including those of packets that are still incomplete. */
  readonly bytes: () => { readonly sent: number; readonly received: number };
  /** A SUBACK is awaited, which has its own longer wait. */
  readonly isSubscribing: () => boolean;
  /** Called once for an overdue ping, with the time counted for it; it must end the connection. Units: ms. */
  readonly onUnanswered: (waitedMs: number) => void;
}

/**
 * Sends pings and matches their answers, also with several pings open. Reports a ping that stays unanswered although other bytes arrive.
 * The limit is one keepalive, plus the time that a slow link needs for the bytes around the ping.
 */
export class PingBarriers {
  // The limit is one keepalive plus the time that a slow link needs for the bytes sent and received around the ping, so that a long transfer
  // does not end the connection. A link that receives nothing after the ping is left to `LinkProbe`, which is sooner.
  readonly #link: PingLink;
  #sent = 0;
  #answered = 0;
  #waiting: readonly Waiter[] = [];
  #open: readonly OpenPing[] = [];
  /** Bytes sent up to the last ping that was answered: the broker has read them. */
  #provenBytes = 0;
  /** Time counted while a ping is open. */
  #waitedMs = 0;
  #timer: Timer | null = null;

  constructor(link: PingLink) {
    this.#link = link;
  }

  /** A packet was sent; only `pingreq` counts. Shape: `cmd` is its name in the standard, in lower case. */
  noteSent(cmd: string): void {
    if (cmd !== 'pingreq') return;
    this.#sent += 1;
    const { sent, received } = this.#link.bytes();
    const ping = { sentBytes: sent, receivedBytes: received, unprovenBytes: sent - this.#provenBytes, fromMs: this.#waitedMs };
    this.#open = [...this.#open, ping];
    if (this.#timer === null && this.#link.keepaliveS > 0) this.#startCheck();
  }

  /** A packet was received. An answer without an open ping is ignored: counted, it would prove the next ping before the broker has it. */
  noteReceived(cmd: string): void {
    const [ping, ...open] = this.#open;
    if (cmd !== 'pingresp' || ping === undefined) return;
    this.#answered += 1;
    this.#provenBytes = ping.sentBytes;
    this.#open = open;
    if (open.length === 0) this.#stop();
    for (const { ping, resolve } of this.#waiting) if (ping <= this.#answered) resolve();
    this.#waiting = this.#waiting.filter(({ ping }) => ping > this.#answered);
  }

  /** Sends a ping. Resolves when it is answered; rejects with the error of `fail`. Do not call it after `fail`. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#link.sendPing();
      this.#waiting = [...this.#waiting, { ping: this.#sent, resolve, reject }];
    });
  }

  /** The connection has ended: rejects every wait. */
  fail(error: Error): void {
    this.#stop();
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting = [];
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #startCheck(): void {
    const stepMs = (this.#link.keepaliveS * 1_000) / CHECKS;
    this.#timer = this.#link.clock.after(stepMs, () => {
      if (!this.#link.isSubscribing()) this.#waitedMs += stepMs;
      const [oldest] = this.#open;
      if (oldest === undefined || !this.#isOverdue(oldest)) return this.#startCheck();
      this.#timer = null;
      this.#link.onUnanswered(this.#waitedMs - oldest.fromMs);
    });
  }

  /** A ping that was sent between two checks has its whole time: the wait must be longer, not equal. */
  #isOverdue({ receivedBytes, unprovenBytes, fromMs }: OpenPing): boolean {
    const { keepaliveS, maxQueuedBytes, bytes } = this.#link;
    const received = bytes().received - receivedBytes;
    const transferMs = (unprovenBytes + Math.min(received, maxQueuedBytes)) / SLOWEST_BYTES_PER_MS;
    return received > 0 && this.#waitedMs - fromMs > keepaliveS * 1_000 + transferMs;
  }
}
