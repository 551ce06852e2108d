import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findSerialPorts } from '../../drivers/port-finder.ts';

/** A machine as the kernel shows it: an on-board console, a phantom port, two adapters, a modem. */
function machine(t: Test) {
  const root = t.testdir({
    dev: { serial: { 'by-path': {} } },
    sys: { class: { tty: { console: { active: 'tty0 ttyS0\n' } } }, bus: {} },
    proc: {},
  });
  const [dev, sys, proc] = [join(root, 'dev'), join(root, 'sys'), join(root, 'proc')];
  const tty = (name: string, driver: string | null, type: string): void => {
    writeFileSync(join(dev, name), '');
    mkdirSync(join(sys, 'class/tty', name, 'device'), { recursive: true });
    writeFileSync(join(sys, 'class/tty', name, 'type'), type);
    if (driver !== null) symlinkSync(`../../../../bus/drivers/${driver}`, join(sys, 'class/tty', name, 'device/driver'));
  };
  tty('ttyS0', 'port', '4\n');
  tty('ttyS1', 'port', '4\n');
  tty('ttyS9', 'port', '0\n');
  tty('ttyUSB0', 'ftdi_sio', '');
  tty('ttyUSB1', 'option1', '');
  tty('ttyUSB10', 'ch341-uart', '');
  writeFileSync(join(dev, 'tty1'), '');
  symlinkSync('../../ttyUSB10', join(dev, 'serial/by-path/platform-usb-0:1.2:1.0-port0'));
  return { dev, sys, proc };
}

t.test('ports are named by their socket, and other devices are excluded', async (t) => {
  const { dev, sys, proc } = machine(t);
  t.strictSame(
    findSerialPorts({ dev, sys, proc, ownTerminal: join(dev, 'ttyS1') }).map(({ path, driver, keepOff }) => [
      path.slice(dev.length),
      driver,
      keepOff === null ? null : String(keepOff),
    ]),
    [
      ['/serial/by-path/platform-usb-0:1.2:1.0-port0', 'ch341-uart', null],
      ['/ttyS0', 'port', 'it is the console of the system'],
      ['/ttyS1', 'port', 'it is this terminal'],
      ['/ttyUSB0', 'ftdi_sio', null],
      ['/ttyUSB1', 'option1', 'it is a cellular modem'],
    ],
    'without the phantom and the screens',
  );
});

t.test('a port with a login, or that another program has open, is excluded', async (t) => {
  const { dev, sys, proc } = machine(t);
  const opened: [pid: number, target: string][] = [
    [1, '/dev/null'],
    [7, join(dev, 'ttyUSB10')],
    [process.pid, join(dev, 'ttyUSB0')],
  ];
  mkdirSync(join(proc, 'self'));
  for (const [pid, target] of opened) {
    mkdirSync(join(proc, String(pid), 'fd'), { recursive: true });
    symlinkSync(target, join(proc, String(pid), 'fd/3'));
  }
  const loginAt = (path: string): string | null => (path === join(dev, 'ttyS1') ? 'serial-getty@ttyS1.service' : null);
  const reasons = findSerialPorts({ dev, sys, proc, loginAt }).map(({ device, keepOff }) => [device.slice(dev.length + 1), `${keepOff}`]);
  t.strictSame(Object.fromEntries(reasons), {
    ttyUSB10: 'another program has it open (process 7)',
    ttyS0: 'it is the console of the system',
    ttyS1: 'a login is enabled on it (serial-getty@ttyS1.service)',
    ttyUSB0: 'null',
    ttyUSB1: 'it is a cellular modem',
  });
});

t.test('a machine without port information has no ports', async (t) => {
  t.strictSame(findSerialPorts({ dev: '/nonexistent', sys: '/nonexistent', proc: '/nonexistent' }), []);
});
