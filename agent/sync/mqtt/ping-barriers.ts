/**
 * PINGREQ and PINGRESP as a proof: answers arrive in order, so the n-th answer belongs to the n-th request.
 */
interface Waiter {
  readonly ping: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class PingBarriers {
  readonly #sendPing: () => void;
  #sent = 0;
  #answered = 0;
  #waiting: readonly Waiter[] = [];

  constructor(sendPing: () => void) {
    this.#sendPing = sendPing;
  }

  /** A packet was sent. Shape: `cmd` is its name in the standard, in lower case. */
  noteSent(cmd: string): void {
    if (cmd === 'pingreq') this.#sent += 1;
  }

  /** A packet was received. */
  noteReceived(cmd: string): void {
    if (cmd !== 'pingresp') return;
    this.#answered += 1;
    for (const { ping, resolve } of this.#waiting) if (ping <= this.#answered) resolve();
    this.#waiting = this.#waiting.filter(({ ping }) => ping > this.#answered);
  }

  /** Sends a ping. Resolves when it is answered; rejects with the error of `fail`. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sendPing();
      this.#waiting = [...this.#waiting, { ping: this.#sent, resolve, reject }];
    });
  }

  /** The connection has ended: rejects every wait. */
  fail(error: Error): void {
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting = [];
  }
}
