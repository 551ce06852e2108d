/**
 * The serial ports on which a technician's console or a login is enabled. A program that opens such a port receives half of what is typed,
 * passwords too.
 *
 * Read from the units that the service manager starts or runs; no port is opened.
 */
import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { type Message, msg } from '../agent/core/message.ts';

/** Where `systemctl enable` puts the units of consoles. Source: systemd.unit(5), [Install]; luciole-console@.service, WantedBy=getty.target. */
const CONSOLE_UNIT_DIRS: readonly string[] = ['/etc/systemd/system/getty.target.wants', '/run/systemd/system/getty.target.wants'];
const CONSOLE_UNIT = /^luciole-console@(.+)\.service$/;
/**
 * Where units of logins are found besides: those that the system itself generates, and those that run without being enabled. Source:
 * systemd-getty-generator(8); systemd.slice(5), the default slice of an instance.
 */
const LOGIN_UNIT_DIRS: readonly string[] = [
  ...CONSOLE_UNIT_DIRS,
  '/run/systemd/generator/getty.target.wants',
  ...['getty', 'serial\\x2dgetty', 'luciole\\x2dconsole'].map((name) => `/sys/fs/cgroup/system.slice/system-${name}.slice`),
];
const LOGIN_UNIT = /^(?:luciole-console|serial-getty|getty)@(.+)\.service$/;

/**
 * Returns the name of the unit `luciole-console@…` that is enabled on a port; null if none is found. Other logins are not found. `port`:
 * path of its device file, or of a link to it.
 */
export function consoleUnitAt(port: string, dirs: readonly string[] = CONSOLE_UNIT_DIRS): string | null {
  return unitAt(port, CONSOLE_UNIT, dirs);
}

/**
 * Returns the name of a unit in `dirs` that is a console or a login on a port, enabled or running; null if none is found. `port`: as for
 * `consoleUnitAt`.
 */
export function loginUnitAt(port: string, dirs: readonly string[] = LOGIN_UNIT_DIRS): string | null {
  return unitAt(port, LOGIN_UNIT, dirs);
}

function unitAt(port: string, template: RegExp, dirs: readonly string[]): string | null {
  const device = withoutLinks(port);
  const units = dirs.flatMap(namesIn);
  return units.find((unit) => deviceOf(unit, template) === device) ?? null;
}

/** The message for a line whose port has this console unit enabled, with what to do. `unit`: its name, as `consoleUnitAt` returns it. */
export function consoleHoldsPort(unit: string): Message {
  return msg`a console is enabled on this port (${unit}): take another port for the line, or disable the console`;
}

/** Null for another unit. Source: systemd-escape(1): `-` stands for `/`, `\x2d` for a byte by its number. */
function deviceOf(unit: string, template: RegExp): string | null {
  const [, instance] = template.exec(unit) ?? [];
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
