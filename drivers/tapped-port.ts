/**
 * A port that reports what passes through it.
 *
 * The time is taken in the same call that writes the bytes, or that delivers them.
 */
import type { SerialSettings } from '../agent/core/cabinet.ts';
import type { Clock } from '../agent/core/clock.ts';
import type { BytePort } from '../agent/core/driver.ts';
import type { WireTap } from '../agent/core/wire-tap.ts';

const NO_BYTES = new Uint8Array(0);

/**
 * What a tapped port uses. `serial`: the settings of the port, which are only passed to `tap`; null for a network port without any.
 * `clock`: gives the times of what `tap` receives.
 */
export interface TappedPortOptions {
  readonly serial: SerialSettings | null;
  readonly tap: WireTap;
  readonly clock: Pick<Clock, 'monoMs'>;
}

/**
 * Returns a port that works with `port`, to be used in its place: it sets the callbacks of `port`. An `onDiscarded` that is set on it is
 * not called. `tap` receives what is received and discarded, what is sent (before the write), and when the port is opened, closed or lost.
 */
export function createTappedPort(port: BytePort, options: TappedPortOptions): BytePort {
  return new TappedPort(port, options);
}

class TappedPort implements BytePort {
  onBytes: (bytes: Buffer) => void = () => {};
  onLost: (cause: Error) => void = () => {};
  readonly hold?: (on: boolean) => void;
  readonly retune?: () => Promise<void>;
  readonly #port: BytePort;
  readonly #options: TappedPortOptions;
  /** Bytes that the port has named while it discarded its input. */
  #namedBytes = 0;

  constructor(port: BytePort, options: TappedPortOptions) {
    const { tap, clock } = options;
    this.#port = port;
    this.#options = options;
    const { hold, retune } = port;
    if (hold !== undefined) this.hold = (on) => hold.call(port, on);
    if (retune !== undefined) this.retune = () => retune.call(port);
    port.onBytes = (bytes) => {
      tap({ kind: 'received', atMono: clock.monoMs(), bytes });
      this.onBytes(bytes);
    };
    port.onDiscarded = (bytes) => {
      this.#namedBytes += bytes.length;
      tap({ kind: 'discarded', atMono: clock.monoMs(), bytes, count: bytes.length });
    };
    port.onLost = (cause) => {
      tap({ kind: 'lost', atMono: clock.monoMs() });
      this.onLost(cause);
    };
  }

  get isOpen(): boolean {
    return this.#port.isOpen;
  }

  get isStalled(): boolean {
    return this.#port.isStalled === true;
  }

  async open(): Promise<void> {
    const { tap, clock, serial } = this.#options;
    const wasOpen = this.#port.isOpen;
    await this.#port.open();
    if (!wasOpen) tap({ kind: 'opened', atMono: clock.monoMs(), serial });
  }

  write(bytes: Uint8Array): void {
    const { tap, clock } = this.#options;
    // Before the write: a simulated far end may answer within it.
    if (this.#port.isOpen) tap({ kind: 'sent', atMono: clock.monoMs(), bytes });
    this.#port.write(bytes);
  }

  async close(): Promise<void> {
    const { tap, clock } = this.#options;
    const wasOpen = this.#port.isOpen;
    await this.#port.close();
    if (wasOpen) tap({ kind: 'closed', atMono: clock.monoMs() });
  }

  discardInput(): number {
    this.#namedBytes = 0;
    const count = this.#port.discardInput();
    const unnamed = count - this.#namedBytes;
    if (unnamed > 0) this.#options.tap({ kind: 'discarded', atMono: this.#options.clock.monoMs(), bytes: NO_BYTES, count: unnamed });
    return count;
  }
}
