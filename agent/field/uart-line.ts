/**
 * A line with one device that talks by itself.
 *
 * Owns the port. Never sends. Called by `field.ts`.
 */
import type { DeviceConfig } from '../core/cabinet.ts';
import { type Clock, every, type MonoMs, type Timer, type WallMs } from '../core/clock.ts';
import type { BytePort, UartDriver } from '../core/driver.ts';
import type { EventBook } from '../core/event-book.ts';
import type { Reading } from '../core/words.ts';
import { absentReadings, quantitiesOf, readingsOf } from './decode.ts';

export interface UartLineOptions {
  readonly device: DeviceConfig;
  readonly driver: UartDriver;
  readonly port: BytePort;
  readonly clock: Clock;
  readonly events: EventBook;
  readonly onReadings: (readings: readonly Reading[]) => void;
  readonly onAlive: (deviceId: string, alive: boolean) => void;
}

export interface UartLine {
  readonly state: 'new' | 'ok' | 'silent';
  readonly seenMs: WallMs | null;
  start(): void;
  stop(): void;
  lost(): void;
}

export function createUartLine({ device, driver, port, clock, events, onReadings, onAlive }: UartLineOptions): UartLine {
  let state: UartLine['state'] = 'new';
  let seenMs: WallMs | null = null;
  let heardMono: MonoMs = 0;
  let watch: Timer | undefined;
  const stamp = (): { atMono: MonoMs; atMs: WallMs } => ({ atMono: clock.monoMs(), atMs: clock.wallMs() });

  const goSilent = (why: string): void => {
    if (state === 'silent') return;
    state = 'silent';
    onReadings(absentReadings(device.id, quantitiesOf(driver.profile), 'missing', stamp()));
    events.set(true, { code: 'unit-silent', source: device.id, severity: 'warning', text: `${device.id} is silent: ${why}` });
    onAlive(device.id, false);
  };
  port.onBytes = (bytes) => {
    const values = driver.feed(bytes);
    if (values.length === 0) return;
    heardMono = clock.monoMs();
    seenMs = clock.wallMs();
    if (state !== 'ok') {
      state = 'ok';
      events.clear('unit-silent', device.id);
      onAlive(device.id, true);
    }
    onReadings(readingsOf(device.id, values, stamp()));
  };
  return {
    get state() {
      return state;
    },
    get seenMs() {
      return seenMs;
    },
    start() {
      heardMono = clock.monoMs();
      watch ??= every(clock, driver.silenceMs, () => {
        if (clock.monoMs() - heardMono >= driver.silenceMs) goSilent('no sound frame, check power, wiring and baud rate');
      });
    },
    stop() {
      watch?.cancel();
      watch = undefined;
    },
    lost: () => goSilent('its port is gone'),
  };
}
