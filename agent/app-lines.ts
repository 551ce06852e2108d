/**
 * Lines of the configuration → lines at work: port, protocol, drivers.
 *
 * Owns nothing. Part of `app.ts`.
 */
import { createModbusLine } from '../drivers/modbus/modbus-line.ts';
import { charMs } from '../drivers/modbus/wire-time.ts';
import { modbusDriverFor, uartDriverFor } from '../drivers/registry.ts';
import type { LineConfig } from './core/cabinet.ts';
import type { Clock } from './core/clock.ts';
import type { OpenBytePort } from './core/driver.ts';
import type { Profile } from './core/profile.ts';
import type { FieldLine } from './field/field.ts';

/** A poll may keep an urgent write waiting for this long at most. Units: ms. Source: design §4. */
const URGENT_LATENCY_MS = 50;

export interface FieldLineParts {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly openPort: OpenBytePort;
  readonly clock: Clock;
}

/** Errors: throws TypeError for a device without a usable profile; the config check lets none such pass. */
export function fieldLine(config: LineConfig, { profiles, openPort, clock }: FieldLineParts): FieldLine {
  const port = openPort(config.port, config.serial);
  const profileOf = (deviceId: string): Profile => {
    const profile = profiles.get(config.devices.find(({ id }) => id === deviceId)?.profile ?? '');
    if (profile === undefined) throw new TypeError(`device ${deviceId} has no profile; the config check lets none such pass`);
    return profile;
  };
  if (config.kind === 'uart') return { kind: 'uart', config, port, driver: uartDriverFor(profileOf(config.devices[0]?.id ?? '')) };
  const drivers = new Map(config.devices.map(({ id }) => [id, modbusDriverFor(profileOf(id))]));
  const driverOf = (deviceId: string) => drivers.get(deviceId) ?? modbusDriverFor(profileOf(deviceId));
  // Two bytes a register; the rest of the budget is frame overhead and turnaround.
  const maxRegisters = Math.max(4, Math.floor((URGENT_LATENCY_MS / charMs(config.serial) - 13) / 2));
  return { kind: 'modbus', config, line: createModbusLine({ port, serial: config.serial, clock }), driverOf, maxRegisters };
}
