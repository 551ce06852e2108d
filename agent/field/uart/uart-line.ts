/**
 * A line with one device on a raw UART, which talks by itself or when asked.
 *
 * Owns what is known of the device: heard, idle, silent. The words to it are the asker's.
 */
import type { DeviceConfig } from '../../core/cabinet.ts';
import type { Clock, MonoMs, WallMs } from '../../core/clock.ts';
import type { BytePort, DecodedValue, UartDriver } from '../../core/driver.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { Reading } from '../../core/words.ts';
import { absentReadings, quantitiesOf, readingsOf } from '../decode.ts';
import { createQuietWatch } from './quiet-watch.ts';
import { createUartAsker } from './uart-asker.ts';

export interface UartLineOptions {
  readonly device: DeviceConfig;
  readonly driver: UartDriver;
  readonly port: BytePort;
  readonly clock: Clock;
  readonly events: EventTracker;
  readonly onReadings: (readings: readonly Reading[]) => void;
  readonly onAlive: (deviceId: string, alive: boolean) => void;
}

/** Since the agent started. */
export interface UartCounters {
  readonly frames: number;
  readonly noiseBytes: number;
  /** 0 for a device that talks by itself. */
  readonly polls: number;
  readonly unanswered: number;
}

export interface UartLine {
  readonly state: 'new' | 'ok' | 'silent';
  readonly seenMs: WallMs | null;
  readonly counters: UartCounters;
  /** The port is open. */
  start(): void;
  stop(): void;
  lost(): void;
}

export function createUartLine({ device, driver, port, clock, events, onReadings, onAlive }: UartLineOptions): UartLine {
  let state: UartLine['state'] = 'new';
  let seenMs: WallMs | null = null;
  let atSign = driver.counters;
  const asker = createUartAsker({ driver, port, clock });
  const stamp = (): { atMono: MonoMs; atMs: WallMs } => ({ atMono: clock.monoMs(), atMs: clock.wallMs() });
  const tell = (values: readonly DecodedValue[]): void => onReadings(readingsOf(device.id, values, stamp()));

  const silence = createQuietWatch(clock, driver.silenceMs, () => {
    goSilent(silenceAdvice(driver, atSign));
    asker.begin();
  });
  // Only a device that was heard can mean something by saying nothing.
  const idle = createQuietWatch(clock, driver.idleMs ?? driver.silenceMs, () => {
    if (driver.idleMs !== null && state === 'ok') tell(driver.idleValues());
  });

  const goSilent = (why: string): void => {
    if (state === 'silent') return;
    state = 'silent';
    onReadings(absentReadings(device.id, quantitiesOf(driver.profile), 'missing', stamp()));
    events.set(true, { code: 'unit-silent', source: device.id, severity: 'warning', text: `${device.id} is silent: ${why}` });
    onAlive(device.id, false);
  };
  const noteAlive = (): void => {
    silence.heard();
    atSign = driver.counters;
    seenMs = clock.wallMs();
    if (state === 'ok') return;
    state = 'ok';
    events.clear('unit-silent', device.id);
    onAlive(device.id, true);
  };
  port.onBytes = (bytes) => {
    const { frames } = driver.counters;
    const values = driver.feed(bytes);
    if (driver.counters.frames === frames) return;
    asker.answered();
    // One that only acknowledges measures nothing; but where silence is a value, any frame proves that the silence was meant.
    if (values.length > 0 || driver.idleMs !== null) noteAlive();
    if (values.length === 0) return;
    idle.heard();
    tell(values);
  };
  const stop = (): void => {
    asker.end();
    silence.stop();
    idle.stop();
  };
  return {
    get state() {
      return state;
    },
    get seenMs() {
      return seenMs;
    },
    get counters() {
      return { ...driver.counters, polls: asker.polls, unanswered: asker.unanswered };
    },
    start() {
      atSign = driver.counters;
      silence.start();
      if (driver.idleMs !== null) idle.start();
      asker.begin();
    },
    stop,
    lost() {
      stop();
      goSilent('its port is gone');
    },
  };
}

/** Where to look, from what was heard since the last sign of life. */
function silenceAdvice({ counters, poll }: UartDriver, atSign: UartDriver['counters']): string {
  if (counters.frames > atSign.frames) return 'it answers but gives no measurement, check that it has warmed up and has no fault';
  if (counters.noiseBytes > atSign.noiseBytes) return 'bytes come but no sound frame, check baud rate, parity and that the profile fits';
  if (poll !== null) return 'no answer when asked, check power, wiring (TX and RX crossed?) and baud rate';
  return 'no sound frame, check power, wiring and baud rate';
}
