/**
 * A serial port that is only read, and that is opened with one of several serial settings.
 *
 * No byte can be sent through it: the port inside is known only without its `write`.
 */
import type { SerialSettings } from '../agent/core/cabinet.ts';
import type { BytePort } from '../agent/core/driver.ts';
import { BusError } from '../agent/core/errors.ts';

/** A port without the means to send. */
type ReadPort = Omit<BytePort, 'write'>;

/**
 * Creates a port that is only read; it is closed until `open`. It starts with the first of the settings. If there are several, `retune`
 * changes an open port to the next ones; the first ones follow the last. A later `open` keeps the settings that were reached. `portFor`
 * receives undefined if there are none.
 *
 * Errors: `write` throws TypeError.
 */
export function createListeningPort(
  serials: readonly SerialSettings[],
  portFor: (serial: SerialSettings | undefined) => ReadPort,
): BytePort {
  return new ListeningPort(serials, portFor);
}

class ListeningPort implements BytePort {
  onBytes: (bytes: Buffer) => void = () => {};
  onLost: (cause: Error) => void = () => {};
  readonly #serials: readonly SerialSettings[];
  readonly #portFor: (serial: SerialSettings | undefined) => ReadPort;
  #at = 0;
  #port: ReadPort;
  #isWanted = false;
  #retuning: Promise<void> = Promise.resolve();

  constructor(serials: readonly SerialSettings[], portFor: (serial: SerialSettings | undefined) => ReadPort) {
    this.#serials = serials;
    this.#portFor = portFor;
    this.#port = this.#createPort();
  }

  get isOpen(): boolean {
    return this.#port.isOpen;
  }

  async open(): Promise<void> {
    this.#isWanted = true;
    await this.#retuning;
    await this.#port.open();
  }

  write(): never {
    throw new TypeError('this port is only read');
  }

  async close(): Promise<void> {
    // Does not wait for a change of speed, which may hang with its adapter; that change closes what it opens.
    this.#isWanted = false;
    await this.#port.close();
  }

  discardInput(): number {
    return this.#port.discardInput();
  }

  readonly retune = (): Promise<void> => {
    this.#retuning = this.#retuning.then(() => this.#next());
    return this.#retuning;
  };

  async #next(): Promise<void> {
    if (!this.#isWanted || !this.#port.isOpen || this.#serials.length < 2) return;
    const former = this.#port;
    former.onBytes = () => {};
    former.onLost = () => {};
    this.#at = (this.#at + 1) % this.#serials.length;
    this.#port = this.#createPort();
    // One after the other: an open port is locked.
    await former.close();
    try {
      if (this.#isWanted) await this.#port.open();
      if (!this.#isWanted) await this.#port.close();
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      if (this.#isWanted) this.onLost(error);
    }
  }

  #createPort(): ReadPort {
    const port = this.#portFor(this.#serials[this.#at]);
    port.onBytes = (bytes) => this.onBytes(bytes);
    port.onLost = (cause) => this.onLost(cause);
    return port;
  }
}
