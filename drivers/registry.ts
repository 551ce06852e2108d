/**
 * The shelf: which device types there are, and how each comes to work.
 *
 * Owns the way from a profile id to a driver. Called by `app.ts` and by the tests that run every profile's examples.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceConfig } from '../agent/core/cabinet.ts';
import type { ModbusDriver, UartDriver } from '../agent/core/driver.ts';
import { narrowed } from '../agent/core/narrowed.ts';
import type { Profile } from '../agent/core/profile.ts';
import { createModbusDriver } from './modbus/modbus-driver.ts';
import { type LoadedProfiles, loadProfiles, type ProfileFile, type ReadPlaced } from './profile-loader.ts';
import { createUartDriver } from './uart/frame-codec.ts';
import { UART_CODECS } from './uart/uart-codecs.ts';

/** The profiles that come with the agent. */
export const SHIPPED_PROFILES_DIR = join(import.meta.dirname, 'profiles');

/** Read every `.yaml` of the folders, shipped ones first. A folder that does not exist holds no profiles. */
export function readProfiles(extraDirs: readonly string[], readPlaced: ReadPlaced): LoadedProfiles {
  return loadProfiles([SHIPPED_PROFILES_DIR, ...extraDirs].flatMap(profileFiles), readPlaced);
}

function profileFiles(dir: string): ProfileFile[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  const files = names.filter((name) => name.endsWith('.yaml')).sort();
  return files.map((name) => ({ file: join(dir, name), text: readFileSync(join(dir, name), 'utf8') }));
}

/**
 * A device type at work, cut down to the repeated parts that the device has; whole when no device is given.
 *
 * Errors: throws TypeError for a profile of the wrong transport; the config check has refused it before.
 */
export function modbusDriverFor(profile: Profile, device?: Pick<DeviceConfig, 'instances'>): ModbusDriver {
  if (profile.transport !== 'modbus') throw new TypeError(`${profile.id} does not speak Modbus`);
  return createModbusDriver(narrowed(profile, device?.instances ?? {}));
}

/** Errors: as `modbusDriverFor`. */
export function uartDriverFor(profile: Profile): UartDriver {
  const codec = UART_CODECS[profile.codec ?? ''];
  if (codec === undefined) throw new TypeError(`${profile.id} has no uart codec`);
  return createUartDriver(profile, codec);
}
