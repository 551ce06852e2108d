/**
 * The serial ports on which a technician's console is enabled. A line on such a port would receive half of what is typed, and read
 * passwords.
 *
 * Read from the units that the service manager starts; no port is opened.
 */
import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { type Message, msg } from '../agent/core/message.ts';

/** Where `systemctl enable` puts the units of consoles. Source: systemd.unit(5), [Install]; luciole-console@.service, WantedBy=getty.target. */
const CONSOLE_UNIT_DIRS: readonly string[] = ['/etc/systemd/system/getty.target.wants', '/run/systemd/system/getty.target.wants'];
const CONSOLE_UNIT = /^luciole-console@(.+)\.service$/;

/** Returns the console unit that is enabled on a port; null for none. */
export function consoleUnitAt(port: string, dirs: readonly string[] = CONSOLE_UNIT_DIRS): string | null {
  const device = withoutLinks(port);
  const units = dirs.flatMap(namesIn);
  return units.find((unit) => deviceOf(unit) === device) ?? null;
}

/** The message for a line whose port has this console unit enabled, with what to do. */
export function consoleHoldsPort(unit: string): Message {
  return msg`a console is enabled on this port (${unit}): take another port for the line, or disable the console`;
}

/** Null for another unit. Source: systemd-escape(1): `-` stands for `/`, `\x2d` for a byte by its number. */
function deviceOf(unit: string): string | null {
  const [, instance] = CONSOLE_UNIT.exec(unit) ?? [];
  if (instance === undefined) return null;
  const name = instance
    .replaceAll('-', '/')
    .replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return withoutLinks(join('/dev', name));
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    return absent(error, []);
  }
}

function withoutLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    return absent(error, path);
  }
}

/** No systemd, or a port that is not plugged in. */
function absent<T>(error: unknown, otherwise: T): T {
  if (error instanceof Error && 'code' in error) return otherwise;
  throw error;
}
