/**
 * Creates the driver of a device type.
 *
 * Imports no parser and no schema: the running agent receives checked profiles and needs neither in its memory.
 */
import type { DeviceConfig } from '../agent/core/cabinet.ts';
import type { ModbusDriver, UartDriver } from '../agent/core/driver.ts';
import { narrowed, withQuirks } from '../agent/core/narrowed.ts';
import type { Profile } from '../agent/core/profile.ts';
import { createModbusDriver } from './modbus/modbus-driver.ts';
import { createUartDriver } from './uart/frame-codec.ts';
import { UART_CODECS } from './uart/uart-codecs.ts';

/**
 * Returns the driver of a device type with registers, Modbus or DALI, adapted to the parts and quirks of the device if one is given.
 *
 * Errors: throws TypeError for a profile without registers.
 */
export function modbusDriverFor(
  profile: Profile,
  device?: Pick<DeviceConfig, 'instances'> & Partial<Pick<DeviceConfig, 'quirks'>>,
): ModbusDriver {
  if (profile.transport === 'uart') throw new TypeError(`${profile.id} has no registers`);
  return createModbusDriver(withQuirks(narrowed(profile, device?.instances ?? {}), device?.quirks ?? {}));
}

/** Returns a new driver for a raw UART device type. Errors: throws TypeError for a profile without a known codec. */
export function uartDriverFor(profile: Profile): UartDriver {
  const codec = UART_CODECS.get(profile.codec ?? '');
  if (codec === undefined) throw new TypeError(`${profile.id} has no uart codec`);
  return createUartDriver(profile, codec);
}
