/**
 * A DALI converter on a serial port: one frame at a time out, its confirmation or answer back.
 *
 *   closed --open--> asks for the state of the bus --power--> open --lost, silent, no bus power--> closed
 *                                                  \--none---> refused
 */
import type { Clock, MonoMs, Timer } from '../../agent/core/clock.ts';
import type { BytePort } from '../../agent/core/driver.ts';
import { BusError } from '../../agent/core/errors.ts';
import { type Message, msg } from '../../agent/core/message.ts';
import type { DaliFrame } from './dali-commands.ts';
import {
  BUS_POWER,
  CONVERTER_ITEM,
  type ConverterMessage,
  createFoxtronReader,
  itemQuery,
  messageOf,
  sendMessage,
} from './foxtron-frames.ts';

/**
 * Longest wait for the confirmation of a frame. Units: ms. Source: assumed; a frame sent twice and its answer take 80 ms, and a second master may
 * hold the bus for a few frames. Confirmed by: the times of confirmations in a day of logs with a wall panel on the bus.
 */
const CONFIRM_MS = 300;
/**
 * Longest wait for the converter's own state. Units: ms. Source: assumed; it does not depend on the bus. Confirmed by: response times of a
 * converter on the bench.
 */
const ITEM_MS = 500;
/** A frame with 16 bits is a command to gear; others are events of input devices. */
const COMMAND_BITS = 16;

/** What a frame has led to. `answer`: a byte, `damaged` for one that is not a byte, or null for none. */
export interface DaliResult {
  readonly answer: number | 'damaged' | null;
  /** When the confirmation was received. */
  readonly atMono: MonoMs;
}

/** The port and the callbacks of a `DaliConverter`. */
export interface DaliConverterOptions {
  readonly port: BytePort;
  readonly clock: Clock;
  /** Name of the port for messages. */
  readonly name: string;
  /** Another sender has sent a frame of 16 bits on the bus: a level or a command to gear. */
  readonly onForeign: () => void;
  /** The open port is closed: the bus has a power fault, the converter no longer answers, or the port is lost. */
  readonly onLost: (cause: BusError) => void;
}

interface Pending {
  readonly matches: (message: ConverterMessage) => boolean;
  readonly settle: (message: ConverterMessage | BusError) => void;
  readonly timer: Timer;
}

/** Sends DALI frames through a converter. It has no queue: a `send` before the previous one has ended rejects with TypeError. */
export class DaliConverter {
  readonly #options: DaliConverterOptions;
  readonly #reader = createFoxtronReader();
  #pending: Pending | undefined;
  #isReady = false;

  constructor(options: DaliConverterOptions) {
    this.#options = options;
    const { port } = options;
    port.onBytes = (bytes) => {
      for (const data of this.#reader.feed(bytes)) this.#receive(data);
    };
    port.onLost = (cause) => this.#lost(cause instanceof BusError ? cause : new BusError('port-closed', msg`${cause.message}`));
  }

  /** Whether `send` is possible: `open` found power on the bus, and the port was not closed or lost since. */
  get isOpen(): boolean {
    return this.#isReady;
  }

  /** This and `badFrames` as in `FoxtronCounters`, since the converter object was created. */
  get noiseBytes(): number {
    return this.#reader.counters.noiseBytes;
  }

  get badFrames(): number {
    return this.#reader.counters.badFrames;
  }

  /** Errors: rejects with BusError, for example `port-refused` if the converter does not answer or the bus has no power. */
  async open(): Promise<void> {
    const { port, name } = this.#options;
    this.#reader.reset();
    await port.open();
    const power = await this.#busPower();
    if (power === BUS_POWER.ok) {
      this.#isReady = true;
      return;
    }
    await port.close();
    throw new BusError('port-refused', power === undefined ? silentText(name) : powerText(name, power));
  }

  /** A `send` in flight rejects with BusError `port-closed`. */
  async close(): Promise<void> {
    this.#isReady = false;
    this.#settle(new BusError('port-closed', msg`${this.#options.name} is closed`));
    await this.#options.port.close();
  }

  /**
   * Sends a frame and waits for its confirmation or answer. Errors: rejects with BusError, for example `timeout` if the frame is not
   * confirmed.
   */
  async send(frame: DaliFrame): Promise<DaliResult> {
    const { clock, name } = this.#options;
    if (!this.#isReady) throw new BusError('port-closed', msg`${name} is closed`);
    const isOwn = (message: ConverterMessage): boolean =>
      message.kind === 'sent' && message.address === frame.address && message.data === frame.data;
    const message = await this.#exchange(sendMessage(frame), isOwn, CONFIRM_MS);
    if (message instanceof BusError) throw message;
    if (message !== undefined && message.kind === 'sent') return { answer: message.answer, atMono: clock.monoMs() };
    return this.#unconfirmed();
  }

  /** Ends the wait for the frame in flight, which is still sent; `send` rejects with `cause`. */
  abandon(cause: BusError): void {
    this.#settle(cause);
  }

  /** The converter answers in order: once it has reported its state, no confirmation of an earlier frame can follow. */
  async #unconfirmed(): Promise<never> {
    const { name } = this.#options;
    const power = await this.#busPower();
    if (power === BUS_POWER.ok)
      throw new BusError('timeout', msg`the DALI converter at ${name} did not confirm a frame; check for another sender on the bus`);
    const cause = new BusError('port-closed', power === undefined ? silentText(name) : powerText(name, power));
    this.#lost(cause);
    throw cause;
  }

  /** Undefined if the converter does not answer. Errors: rejects with BusError if the port is lost. */
  async #busPower(): Promise<number | undefined> {
    const isPower = (message: ConverterMessage): boolean => message.kind === 'item' && message.item === CONVERTER_ITEM.busPower;
    const message = await this.#exchange(itemQuery(CONVERTER_ITEM.busPower), isPower, ITEM_MS);
    if (message instanceof BusError) throw message;
    return message?.kind === 'item' ? message.value : undefined;
  }

  /** Resolves with the first message that matches; undefined after `timeoutMs`. */
  #exchange(bytes: Buffer, matches: Pending['matches'], timeoutMs: number): Promise<ConverterMessage | BusError | undefined> {
    const { clock, port } = this.#options;
    if (this.#pending !== undefined) throw new TypeError('a second frame while the first is in flight');
    return new Promise((resolve) => {
      const timer = clock.after(timeoutMs, () => {
        this.#pending = undefined;
        resolve(undefined);
      });
      const settle = (message: ConverterMessage | BusError): void => {
        timer.cancel();
        this.#pending = undefined;
        resolve(message);
      };
      this.#pending = { matches, settle, timer };
      try {
        port.write(bytes);
      } catch (error) {
        if (!(error instanceof BusError)) throw error;
        settle(error);
      }
    });
  }

  #receive(data: readonly number[]): void {
    const { onForeign, name } = this.#options;
    const message = messageOf(data);
    if (message === null) return;
    if (message.kind === 'heard' && message.bits === COMMAND_BITS) onForeign();
    if (message.kind === 'special' && this.#isReady && isPowerFault(message.code))
      this.#lost(new BusError('port-closed', powerText(name, message.code)));
    else if (this.#pending?.matches(message) === true) this.#pending.settle(message);
  }

  #settle(error: BusError): void {
    this.#pending?.settle(error);
  }

  #lost(cause: BusError): void {
    const wasReady = this.#isReady;
    this.#isReady = false;
    this.#settle(cause);
    if (!wasReady) return;
    void this.#options.port.close();
    this.#options.onLost(cause);
  }
}

function isPowerFault(code: number): boolean {
  return code === BUS_POWER.lost || code === BUS_POWER.mains || code === BUS_POWER.defective;
}

function silentText(name: string): Message {
  return msg`the DALI converter at ${name} does not answer; check its supply, its cable and the serial settings of the line`;
}

function powerText(name: string, power: number): Message {
  if (power === BUS_POWER.mains)
    return msg`the DALI converter at ${name} reports mains voltage on the DALI bus; switch off and check the wiring of the bus`;
  if (power === BUS_POWER.defective) return msg`the DALI converter at ${name} reports that the power supply of the bus is defective`;
  return msg`the DALI bus at ${name} has no power or is short-circuited; check its power supply and its wires`;
}
