/** Which ports of the machine may be listened to, and that listening leaves no trace on them. */
import { execFileSync } from 'node:child_process';
import t from 'tap';
import type { SerialSettings } from '../../../agent/core/cabinet.ts';
import { msg } from '../../../agent/core/message.ts';
import { createSystemClock } from '../../../agent/core/system-clock.ts';
import { listenOnPort } from '../../../agent/field/port-listener.ts';
import { createSerialPort } from '../../../drivers/serial-port.ts';
import { createPtyCable } from '../../street/pty.ts';

const SERIAL: SerialSettings = { baud: 1_200, parity: 'none', stopBits: 1, dataBits: 8 };
const clock = createSystemClock({ quality: () => 'synced' });
const settingsOf = (path: string): string => execFileSync('stty', ['-F', path, '-a'], { encoding: 'utf8' });

t.test('a free port is only read, and has its former settings afterwards', async (t) => {
  const cable = createPtyCable(() => t.fail('the port was written'));
  t.teardown(() => cable.close());
  execFileSync('stty', ['-F', cable.path, '38400', 'icanon', 'echoe']);
  const before = settingsOf(cable.path);
  let heard = (): void => {};
  const received = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const parts = { openPort: createSerialPort, clock, lines: [], listPorts: () => [{ device: cable.path, keepOff: null }] };
  const stop = await listenOnPort(parts, { path: cable.path, serial: SERIAL }, () => heard());
  t.match(settingsOf(cable.path), /speed 1200 baud/);
  cable.end.write(Buffer.from([9, 4, 0, 0, 0, 1, 0x30, 0x82]));
  await received;
  await stop();
  t.equal(settingsOf(cable.path), before);
});

t.test('a port that cannot be opened has its former settings too', async (t) => {
  const cable = createPtyCable(() => {});
  const other = createSerialPort(cable.path, { ...SERIAL, baud: 19_200 });
  t.teardown(async () => {
    await other.close();
    cable.close();
  });
  await other.open();
  const parts = { openPort: createSerialPort, clock, lines: [], listPorts: () => [{ device: cable.path, keepOff: null }] };
  await t.rejects(
    listenOnPort(parts, { path: cable.path, serial: SERIAL }, () => {}),
    { code: 'port-busy' },
  );
  t.match(settingsOf(cable.path), /speed 19200 baud/);
});

t.test('terminals, ports of lines and ports with another use are never opened', async (t) => {
  const cable = createPtyCable(() => {});
  t.teardown(() => cable.close());
  const parts = {
    openPort: () => t.fail('opened') as never,
    clock,
    lines: [{ id: 'north', port: '/dev/null' }],
    listPorts: () => [{ device: '/dev/zero', keepOff: msg`it is a cellular modem` }],
  };
  const listen = (path: string) => listenOnPort(parts, { path, serial: SERIAL }, () => {});
  await t.rejects(listen('/dev/null'), /the port of line north/);
  await t.rejects(listen('/dev/zero'), /not listened to: it is a cellular modem/);
  const openable = { ...parts, listPorts: undefined as never };
  for (const path of [cable.path, '/dev/tty', '/dev/tty0', '/dev/tty1', '/dev/console', '/dev/ptmx', '/etc/passwd', '/nothing'])
    await t.rejects(
      listenOnPort(openable, { path, serial: SERIAL }, () => {}),
      /not a serial port that could be a line/,
      path,
    );
});
