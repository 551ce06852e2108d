/**
 * The shelf: which device types there are, and how each comes to work.
 *
 * Owns the way from a profile id to a driver. Called by `app.ts` and by the tests that run every profile's examples.
 */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceConfig } from '../agent/core/cabinet.ts';
import type { ModbusDriver, UartDriver } from '../agent/core/driver.ts';
import type { Problem } from '../agent/core/errors.ts';
import { narrowed } from '../agent/core/narrowed.ts';
import type { Profile } from '../agent/core/profile.ts';
import { createModbusDriver } from './modbus/modbus-driver.ts';
import { claimedId, type LoadedProfiles, loadProfiles, type ProfileFile, type ReadPlaced } from './profile-loader.ts';
import { createUartDriver } from './uart/frame-codec.ts';
import { UART_CODECS } from './uart/uart-codecs.ts';

/** The profiles that come with the agent. */
export const SHIPPED_PROFILES_DIR = join(import.meta.dirname, 'profiles');

/**
 * Read every `.yaml` and `.yml` of the folders, shipped ones first. A folder that does not exist holds no profiles; what cannot be read is a problem.
 *
 * Shape: a profile of `firstDirs` takes the place of any other of its id, the site's own included.
 */
export function readProfiles(extraDirs: readonly string[], readPlaced: ReadPlaced, firstDirs: readonly string[] = []): LoadedProfiles {
  const unreadable: Problem[] = [];
  const replaceable = (file: ProfileFile): ProfileFile => ({ ...file, isShipped: true });
  const shipped = profileFiles(SHIPPED_PROFILES_DIR, unreadable).map(replaceable);
  const first = ownFolders(firstDirs).flatMap((dir) => profileFiles(dir, unreadable));
  const claimed = new Set(first.map(({ text }) => claimedId(text)));
  const own = ownFolders(extraDirs).flatMap((dir) => profileFiles(dir, unreadable));
  const site = own.map((file) => (claimed.has(claimedId(file.text)) ? replaceable(file) : file));
  const { problems, ...loaded } = loadProfiles([...shipped, ...site, ...first], readPlaced);
  return { ...loaded, problems: [...unreadable, ...problems] };
}

/** Those that exist, each once: a folder named twice does not make its profiles stand twice. */
function ownFolders(dirs: readonly string[]): string[] {
  const seen = new Set([realpathSync(SHIPPED_PROFILES_DIR)]);
  return dirs.filter((dir) => {
    const path = existsSync(dir) ? realpathSync(dir) : SHIPPED_PROFILES_DIR;
    return !seen.has(path) && seen.add(path);
  });
}

/** Files of the site's own profiles with what shows that one has changed; a folder or file that cannot be looked at holds none. */
export function siteProfileStamps(dirs: readonly string[]): ReadonlyMap<string, string> {
  const unseen: Problem[] = [];
  const files = ownFolders(dirs).flatMap((dir) => profileNames(dir, unseen).map((name) => join(dir, name)));
  return new Map(
    files.flatMap((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found?.isFile() ? [[file, `${found.mtimeMs} ${found.size} ${found.ino}`] as const] : [];
    }),
  );
}

function profileFiles(dir: string, unreadable: Problem[]): ProfileFile[] {
  return profileNames(dir, unreadable).flatMap((name) => {
    const file = join(dir, name);
    const text = readOrTell(file, unreadable, () => readFileSync(file, 'utf8'));
    return text === null ? [] : [{ file, text }];
  });
}

function profileNames(dir: string, unreadable: Problem[]): string[] {
  const names = readOrTell(dir, unreadable, () => readdirSync(dir)) ?? [];
  // Editors leave hidden files beside the one that is open.
  return names.filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.')).sort();
}

/** One bad file of a site must not keep the agent, and with it the street, from starting. */
function readOrTell<T>(path: string, unreadable: Problem[], read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const message = `cannot be read (${error.code}): check that it is a file in a folder, and that the agent's user may read both`;
    unreadable.push({ file: path, line: 1, column: 1, path: '', message });
    return null;
  }
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
