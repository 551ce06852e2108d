import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { BytePort } from '../../agent/core/driver.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createModbusLine } from '../../drivers/modbus/modbus-line.ts';
import { createSerialPort, openError } from '../../drivers/serial-port.ts';
import { createPtyCable, type PtyCable } from '../street/pty.ts';
import { SimLine } from '../street/sim-line.ts';
import type { SimUnit } from '../street/units/sim-unit.ts';

const SERIAL: SerialSettings = { baud: 115_200, parity: 'none', stopBits: 1, dataBits: 8 };

/** Collects bytes of one end and says when there are enough. */
function inbox() {
  let bytes = Buffer.alloc(0);
  let wanted = { length: 0, done: (): void => {} };
  return {
    receive(more: Buffer): void {
      bytes = Buffer.concat([bytes, more]);
      if (bytes.length >= wanted.length) wanted.done();
    },
    take(length: number): Promise<Buffer> {
      return new Promise((resolve) => {
        const done = (): void => {
          wanted = { length: 0, done: () => {} };
          const taken = bytes;
          bytes = Buffer.alloc(0);
          resolve(taken);
        };
        if (bytes.length >= length) done();
        else wanted = { length, done };
      });
    },
  };
}

interface Ends {
  readonly cable: PtyCable;
  readonly port: BytePort;
  readonly atGateway: ReturnType<typeof inbox>;
  readonly atUnits: ReturnType<typeof inbox>;
}

function cableWith(t: Test, linkPath?: string): Ends {
  const [atGateway, atUnits] = [inbox(), inbox()];
  const cable = createPtyCable((bytes) => atUnits.receive(bytes), linkPath);
  const port = createSerialPort(cable.path, SERIAL);
  port.onBytes = (bytes) => atGateway.receive(bytes);
  t.teardown(async () => {
    await port.close();
    cable.close();
  });
  return { cable, port, atGateway, atUnits };
}

t.test('all 256 bytes pass both ways unchanged', async (t) => {
  const { cable, port, atGateway, atUnits } = cableWith(t);
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  await port.open();
  t.ok(port.isOpen);
  port.write(all);
  t.same(await atUnits.take(256), all);
  cable.end.write(all);
  t.same(await atGateway.take(256), all);
});

t.test('a port can be opened twice, closed and opened again; bytes from before an opening are not delivered', async (t) => {
  const { cable, port, atGateway, atUnits } = cableWith(t);
  await port.open();
  await port.open();
  await port.close();
  await port.close();
  t.notOk(port.isOpen);
  t.throws(() => port.write(Buffer.from('x')), { code: 'port-closed' });
  cable.end.write(Buffer.from('stale'));
  await port.open();
  cable.end.write(Buffer.from('fresh'));
  t.same(await atGateway.take(5), Buffer.from('fresh'));
  port.write(Buffer.from('ok'));
  t.same(await atUnits.take(2), Buffer.from('ok'));
});

t.test('bytes not yet delivered can be thrown away', async (t) => {
  const { cable, port, atGateway } = cableWith(t);
  await port.open();
  cable.end.write(Buffer.from('old'));
  t.equal(port.discardInput(), 3);
  t.equal(port.discardInput(), 0);
  cable.end.write(Buffer.from('new'));
  t.same(await atGateway.take(3), Buffer.from('new'));
});

t.test('a port used by another process is busy, and free once it is released', async (t) => {
  const { cable, port } = cableWith(t);
  const second = createSerialPort(cable.path, SERIAL);
  t.teardown(() => second.close());
  await port.open();
  await t.rejects(second.open(), { code: 'port-busy', message: /another program holds this port/ });
  t.notOk(second.isOpen);
  await port.close();
  await second.open();
  t.ok(second.isOpen);
});

t.test('a port that does not exist is missing, and a path that is no port is refused', async (t) => {
  const dir = t.testdir({ file: 'not a port' });
  await t.rejects(createSerialPort(join(dir, 'nothing'), SERIAL).open(), {
    code: 'port-missing',
    message: /check the cable, the adapter and the name/,
  });
  await t.rejects(createSerialPort(join(dir, 'file'), SERIAL).open(), { code: 'port-refused', message: /cannot be used/ });
});

t.test('a user who may not open a port gets the cause: the group or the service', async (t) => {
  // Source: serialport's bindings, strerror(3) of EACCES and EPERM.
  const of = (reason: string) => openError('/dev/ttySC0', new Error(`Error: ${reason}, cannot open /dev/ttySC0`));
  t.match(of('Permission denied'), { code: 'port-refused', message: /denied, cannot open \/dev\/ttySC0\): .*group dialout/ });
  t.match(of('Operation not permitted'), { code: 'port-refused', message: /DeviceAllow/ });
  const named = '/dev/serial/by-id/usb-busyblock';
  t.match(openError(named, new Error(`Error: Permission denied, cannot open ${named}`)), { code: 'port-refused' });
});

t.test('an unplugged port reports it once, fails to write, and works when plugged in again under its name', async (t) => {
  const link = join(t.testdir({}), 'north');
  const { cable, port, atGateway } = cableWith(t, link);
  await port.open();
  const lost = new Promise<Error>((resolve) => {
    port.onLost = resolve;
  });
  cable.end.unplug();
  t.match(await lost, { code: 'port-closed', message: /went away/ });
  t.notOk(port.isOpen);
  port.onLost = () => t.fail('reported twice');
  t.throws(() => port.write(Buffer.from('x')), { code: 'port-closed' });
  await t.rejects(port.open(), { code: 'port-missing' });
  cable.end.replug();
  await port.open();
  cable.end.write(Buffer.from('back'));
  t.same(await atGateway.take(4), Buffer.from('back'));
});

t.test('a Modbus line on the system clock: reads are correct, an unplug ends the read in flight', async (t) => {
  const clock = createSystemClock({ quality: () => 'synced' });
  const unit: SimUnit = {
    turnaroundMs: 2,
    read: (_, address, count) => Array.from({ length: count }, (_, i) => address + i),
    write: () => undefined,
    onRequest() {},
    powerUp() {},
  };
  const sim = new SimLine({ serial: SERIAL, clock, units: new Map([[1, unit]]), chunkBytes: 3 });
  const cable = createPtyCable((bytes) => sim.receive(bytes));
  sim.end = cable.end;
  const line = createModbusLine({ port: createSerialPort(cable.path, SERIAL), serial: SERIAL, clock });
  t.teardown(async () => {
    await line.close();
    cable.close();
  });
  await line.open();
  for (let i = 0; i < 100; i++) {
    const { words } = await line.read({ unit: 1, table: 'holding', address: 10 * i, count: 4 }, 5_000);
    if (`${words}` !== `${[0, 1, 2, 3].map((k) => 10 * i + k)}`) t.fail(`read ${i} gave ${words}`);
  }
  t.match(line.counters, { transactions: 100, timeouts: 0, crcErrors: 0, noiseBytes: 0 });
  t.equal(sim.stats.gapViolations, 0);
  sim.silence(1);
  const flying = line.read({ unit: 1, table: 'holding', address: 1, count: 4 }, 60_000);
  clock.after(5, () => cable.end.unplug());
  await t.rejects(flying, { code: 'port-closed' });
});
