import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { consoleUnitAt, loginUnitAt } from '../../drivers/console-ports.ts';
import { createSerialPort } from '../../drivers/serial-port.ts';
import { createPtyCable } from '../street/pty.ts';

t.test('a port has a console if the unit is enabled on it, under any name of the port', async (t) => {
  const dir = t.testdir({ links: {} });
  const units = join(dir, 'links');
  const enable = (unit: string): void => symlinkSync(`/usr/lib/systemd/system/${unit.replace(/@.*\./, '@.')}`, join(units, unit));
  for (const unit of ['luciole-console@null.service', 'serial-getty@zero.service', 'luciole-console@luciole-a\\x2db.service']) enable(unit);
  const at = (port: string): string | null => consoleUnitAt(port, [join(dir, 'missing'), units]);
  t.equal(at('/dev/null'), 'luciole-console@null.service');
  symlinkSync('/dev/null', join(dir, 'north'));
  t.equal(at(join(dir, 'north')), 'luciole-console@null.service', 'a name by udev is a link');
  t.equal(at('/dev/luciole/a-b'), 'luciole-console@luciole-a\\x2db.service', 'a folder and a hyphen in the name of the instance');
  for (const free of ['/dev/full', '/dev/zero', '/dev/nul', 'null', '']) t.equal(at(free), null, free);
  t.equal(loginUnitAt('/dev/zero', [units]), 'serial-getty@zero.service', 'a login of the system');
  t.equal(loginUnitAt('/dev/null', [units]), 'luciole-console@null.service');
  t.equal(consoleUnitAt('/dev/null', []), null);
  writeFileSync(join(dir, 'file'), '');
  t.equal(consoleUnitAt('/dev/null', [join(dir, 'file')]), null, 'what is no folder names no console');
});

t.test('the port of a console is not opened as a line until the console is disabled', async (t) => {
  const cable = createPtyCable(() => {});
  t.teardown(() => cable.close());
  let unit: string | null = 'luciole-console@ttyS1.service';
  const port = createSerialPort(cable.path, { baud: 9_600, parity: 'none', stopBits: 1, dataBits: 8 }, null, () => unit);
  t.teardown(() => port.close());
  await t.rejects(port.open(), { code: 'port-refused', message: /a console is enabled on this port \(luciole-console@ttyS1\.service\)/ });
  t.notOk(port.isOpen);
  unit = null;
  await port.open();
  t.ok(port.isOpen);
});
