/**
 * A line with one device on a raw UART, which transmits by itself or on request.
 */

import type { DeviceConfig } from '../../core/cabinet.ts';
import type { Clock, Timer, WallMs } from '../../core/clock.ts';
import type { BytePort, DecodedValue, UartDriver } from '../../core/driver.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { type Message, msg } from '../../core/message.ts';
import type { ValueWrite, WriteResult } from '../../core/ports.ts';
import type { Reading } from '../../core/words.ts';
import { absentReadings, quantitiesOf, readingsOf, type Stamp } from '../readings.ts';
import { createQuietTimer, type QuietTimer } from '../timers.ts';
import { createUartRequester, type UartRequester } from './uart-requester.ts';
import { createUartTuner, type UartTuner } from './uart-tuner.ts';
import { UartWrites } from './uart-writes.ts';

/**
 * The parts of a `UartLine`. `onReadings` also gets readings of quality `missing` when the device becomes silent. `onAlive` is called with
 * true when the device starts to give values, or any frame where silence is a value, and with false when it becomes silent.
 */
export interface UartLineOptions {
  readonly device: DeviceConfig;
  readonly driver: UartDriver;
  readonly port: BytePort;
  readonly clock: Clock;
  readonly events: EventTracker;
  readonly onReadings: (readings: readonly Reading[]) => void;
  readonly onAlive: (deviceId: string, alive: boolean) => void;
}

/**
 * The counts of a `UartLine` since it was created. `noiseBytes`: bytes in no valid frame. `unanswered`: polls after which no frame came
 * before the next poll, without the last one before a restart of the requests.
 */
export interface UartCounters {
  readonly frames: number;
  readonly noiseBytes: number;
  readonly polls: number;
  readonly unanswered: number;
}

/** A newest timestamp farther ahead than this comes from a clock that was set back since. Units: ms. Source: more than a burst of frames makes. */
const SET_BACK_MS = 60_000;

/**
 * Sends the requests and writes of one device on a raw UART, receives its frames and publishes their values. A device without values for
 * too long is reported as event `unit-silent`. For a device whose silence is a value (`idleMs`), any frame counts instead.
 */
export class UartLine {
  readonly #options: UartLineOptions;
  readonly #requester: UartRequester;
  readonly #writes: UartWrites;
  #opening: Timer | undefined;
  readonly #tuner: UartTuner;
  readonly #silence: QuietTimer;
  readonly #idle: QuietTimer;
  /** `new`: neither alive nor reported as silent since it was created. */
  state: 'new' | 'ok' | 'silent' = 'new';
  /** When it last gave values, or any frame where silence is a value; null before. */
  seenMs: WallMs | null = null;
  /** The newest time that a reading has. */
  #stampedMs: WallMs = Number.NEGATIVE_INFINITY;
  /** The driver's counters when the device was last active. */
  #atSign: UartDriver['counters'];

  constructor(options: UartLineOptions) {
    const { driver, port, clock } = options;
    this.#options = options;
    this.#atSign = driver.counters;
    this.#writes = new UartWrites({ driver, port, clock });
    this.#requester = createUartRequester({ driver, port, clock, isHeld: () => this.#writes.isBusy });
    this.#tuner = createUartTuner({ listens: driver.listens, port, clock });
    this.#silence = createQuietTimer(clock, driver.silenceMs, () => {
      this.#goSilent(silenceAdvice(driver, this.#atSign));
      this.#requester.start();
    });
    // Silence is a value only from a device that has transmitted before.
    this.#idle = createQuietTimer(clock, driver.idleMs ?? driver.silenceMs, () => {
      if (driver.idleMs !== null && this.state === 'ok') this.#publish(driver.idleValues());
    });
    port.onBytes = (bytes) => this.#receive(bytes);
  }

  get counters(): UartCounters {
    return { ...this.#options.driver.counters, polls: this.#requester.polls, unanswered: this.#requester.unanswered };
  }

  /** Call it when the port has been opened. Starts the requests and the watch for silence. */
  start(): void {
    const { driver } = this.#options;
    this.#atSign = driver.counters;
    this.#silence.start();
    if (driver.idleMs !== null) this.#idle.start();
    const quietMs = driver.profile.quirks.startupSilenceMs;
    this.#requester.start(quietMs);
    if (quietMs === 0) this.#writes.open();
    else this.#opening = this.#options.clock.after(quietMs, () => this.#writes.open());
    this.#tuner.start();
  }

  /**
   * Queues a write of a value. Resolves with its result, also if it fails. A write queued before `start` or after `stop` waits, at most
   * until its expiry.
   */
  write(write: ValueWrite, quantity: string): Promise<WriteResult> {
    return this.#writes.add(write, quantity);
  }

  /** Stops the requests and the watch for silence, and fails the open writes. */
  stop(): void {
    this.#opening?.cancel();
    this.#writes.close(msg`its port is closed`);
    this.#requester.stop();
    this.#tuner.stop();
    this.#silence.stop();
    this.#idle.stop();
  }

  /** Call it when the port went down. Stops, and reports the device as silent. */
  lost(): void {
    this.stop();
    this.#goSilent(msg`its port is gone`);
  }

  #receive(bytes: Buffer): void {
    const { driver, clock } = this.#options;
    const { frames } = driver.counters;
    const values = driver.feed(bytes, clock.monoMs());
    if (driver.counters.frames === frames) return;
    this.#tuner.noteFrame();
    this.#requester.answered();
    this.#writes.received(values, driver.takeReplies?.() ?? []);
    // An acknowledgement is not a measurement; but where silence is a value, any frame proves that the device works.
    if (values.length > 0 || driver.idleMs !== null) this.#noteAlive();
    if (values.length === 0) return;
    this.#idle.restart();
    this.#publish(values);
  }

  /** Frames that arrived together get different timestamps, because a point and a timestamp identify one value. */
  #publish(values: readonly DecodedValue[]): void {
    const { device, onReadings } = this.#options;
    const frames = framesOf(values);
    const stamps = this.#stamps(frames.length);
    onReadings(frames.flatMap((frame, index) => readingsOf(device.id, frame, stamps[index] as Stamp)));
  }

  /** Timestamps 1 ms apart: the last is now, and all are later than earlier ones. */
  #stamps(count: number): readonly Stamp[] {
    const { clock } = this.#options;
    const [atMono, nowMs] = [clock.monoMs(), clock.wallMs()];
    const isSetBack = this.#stampedMs - nowMs > SET_BACK_MS;
    const firstMs = isSetBack ? nowMs : Math.max(nowMs - count + 1, this.#stampedMs + 1);
    this.#stampedMs = firstMs + count - 1;
    return Array.from({ length: count }, (_, index) => ({ atMono, atMs: firstMs + index }));
  }

  #noteAlive(): void {
    const { device, driver, clock, events, onAlive } = this.#options;
    this.#silence.restart();
    this.#atSign = driver.counters;
    this.seenMs = clock.wallMs();
    if (this.state === 'ok') return;
    this.state = 'ok';
    events.clear('unit-silent', device.id);
    onAlive(device.id, true);
  }

  #goSilent(why: Message): void {
    const { device, driver, events, onReadings, onAlive } = this.#options;
    if (this.state === 'silent') return;
    this.state = 'silent';
    const [stamp] = this.#stamps(1);
    onReadings(absentReadings(device.id, quantitiesOf(driver.profile), 'missing', stamp as Stamp));
    events.set(true, { code: 'unit-silent', source: device.id, severity: 'warning', text: msg`${device.id} is silent: ${why}` });
    onAlive(device.id, false);
  }
}

/** Splits the values into frames: a point occurs once in a frame. */
function framesOf(values: readonly DecodedValue[]): readonly (readonly DecodedValue[])[] {
  const frames: DecodedValue[][] = [];
  let seen = new Set<string>();
  for (const value of values) {
    if (frames.length === 0 || seen.has(value.quantity)) {
      frames.push([]);
      seen = new Set();
    }
    seen.add(value.quantity);
    frames.at(-1)?.push(value);
  }
  return frames;
}

/** What to check, depending on what arrived since the device was last active. */
function silenceAdvice({ counters, poll, listens }: UartDriver, atSign: UartDriver['counters']): Message {
  if (counters.frames > atSign.frames) return msg`it answers but gives no measurement, check that it has warmed up and has no fault`;
  if (counters.noiseBytes > atSign.noiseBytes && listens !== undefined)
    return msg`bytes come but no valid frame at ${listens.serials.map(({ baud }) => baud)} baud, check the adapter and that its line is the device's output`;
  if (counters.noiseBytes > atSign.noiseBytes) return msg`bytes come but no valid frame, check baud rate, parity and that the profile fits`;
  if (poll !== null) return msg`it does not answer requests, check power, wiring (TX and RX crossed?) and baud rate`;
  if (listens !== undefined) return msg`no byte comes, check power, wiring and the adapter`;
  return msg`no valid frame, check power, wiring and baud rate`;
}
