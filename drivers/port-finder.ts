/**
 * The serial ports of this machine by their stable names, and which of them cannot be a street line. Read from /dev, /sys, /proc and the
 * units of logins; no port is opened.
 */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Message, msg } from '../agent/core/message.ts';
import { loginUnitAt } from './console-ports.ts';

/** A serial port of this machine, also one that cannot be a line. */
export interface SerialPortSeen {
  /** The name for the configuration: under /dev/serial/by-path if it exists. */
  readonly path: string;
  /** The device file behind it, `/dev/ttyUSB0`. */
  readonly device: string;
  /** The kernel's driver, which shows the kind of adapter; null when the system does not report it. */
  readonly driver: string | null;
  /** Why no Modbus should be sent to it; null if no reason was found. */
  readonly keepOff: Message | null;
}

/** Source: Linux names of serial devices: on-board ports, USB adapters, USB modems. */
const PORT_NAMES = /^tty(S|AMA|O|mxc|USB|ACM|RS485|SC|XRUSB)\d+$/;
/** Drivers of cellular modems, whose ports take commands. Source: names of the drivers in Linux drivers/usb/serial. */
const MODEM_DRIVERS = new Set(['option', 'option1', 'qcserial', 'sierra', 'sierra_net', 'gobi']);

/**
 * Returns the serial ports of the machine that have a usual Linux name, those with a stable name first. Ports that cannot be a line are
 * included, with the reason in `keepOff`.
 */
export function findSerialPorts({
  dev = '/dev',
  sys = '/sys',
  proc = '/proc',
  ownTerminal = null,
  loginAt = loginUnitAt,
}: {
  /** Default: `/dev`, `/sys` and `/proc`. */
  readonly dev?: string;
  readonly sys?: string;
  readonly proc?: string;
  /** Returns the unit of a console or a login on a port; null for none. */
  readonly loginAt?: (path: string) => string | null;
  /** The terminal of the operator, which then has a reason in `keepOff`; null for none. Default: null. */
  readonly ownTerminal?: string | null;
} = {}): SerialPortSeen[] {
  const byPath = join(dev, 'serial/by-path');
  const stable = new Map(namesIn(byPath).map((name) => [realOf(join(byPath, name)), join(byPath, name)]));
  const consoles = new Set((textOf(join(sys, 'class/tty/console/active')) ?? '').split(/\s+/));
  const own = ownTerminal === null ? null : realOf(ownTerminal);
  const holders = holdersOf(dev, proc);
  const seen = namesIn(dev)
    .filter((name) => PORT_NAMES.test(name) && !isPhantom(sys, name))
    .map((name): SerialPortSeen => {
      const device = join(dev, name);
      const real = realOf(device);
      const driver = driverOf(sys, name);
      const login = loginAt(device);
      const holder = holders.get(real);
      const keepOff = consoles.has(name)
        ? msg`it is the console of the system`
        : real === own
          ? msg`it is this terminal`
          : driver !== null && MODEM_DRIVERS.has(driver)
            ? msg`it is a cellular modem`
            : login !== null
              ? msg`a login is enabled on it (${login})`
              : holder !== undefined
                ? msg`another program has it open (process ${holder})`
                : null;
      return { path: stable.get(real) ?? device, device, driver, keepOff };
    });
  const isStable = ({ path, device }: SerialPortSeen): number => (path === device ? 1 : 0);
  return seen.toSorted((a, b) => isStable(a) - isStable(b) || a.path.localeCompare(b.path, 'en', { numeric: true }));
}

/** Which other process has a device open, by device; only of the processes that this user may examine. Source: proc_pid_fd(5). */
function holdersOf(dev: string, proc: string): Map<string, number> {
  const holders = new Map<string, number>();
  for (const name of namesIn(proc)) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const folder = join(proc, name, 'fd');
    for (const fd of namesIn(folder)) {
      const target = targetOf(join(folder, fd));
      if (target?.startsWith(`${dev}/`)) holders.set(realOf(target), pid);
    }
  }
  return holders;
}

function targetOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch (error) {
    return absent(error, null);
  }
}

/** The kernel has names for on-board ports that the machine does not have. Source: serial_core.h, PORT_UNKNOWN is 0. */
function isPhantom(sys: string, name: string): boolean {
  return textOf(join(sys, 'class/tty', name, 'type'))?.trim() === '0';
}

function driverOf(sys: string, name: string): string | null {
  const target = targetOf(join(sys, 'class/tty', name, 'device/driver'));
  return target === null ? null : basename(target);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    return absent(error, []);
  }
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    return absent(error, null);
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    return absent(error, path);
  }
}

/** Normal cases: a machine without USB, a container without /sys. */
function absent<T>(error: unknown, otherwise: T): T {
  if (error instanceof Error && 'code' in error) return otherwise;
  throw error;
}
