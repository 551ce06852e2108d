import t from 'tap';
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { withChecksum } from '../../drivers/modbus/frames.ts';
import { createModbusLine } from '../../drivers/modbus/modbus-line.ts';
import { createSerialPort } from '../../drivers/serial-port.ts';
import { createPtyCable } from '../street/pty.ts';

const SERIAL: SerialSettings = { baud: 115_200, parity: 'none', stopBits: 1, dataBits: 8 };

t.test('through a pseudo-terminal: while unit 4 answers twice, the registers of unit 21 are read, equal shapes or not', async (t) => {
  const clock = createSystemClock({ quality: () => 'synced' });
  let motion = 0;
  const cable = createPtyCable((bytes) => {
    const [unit, fc, address] = [bytes[0] as number, bytes[1] as number, bytes.readUInt16BE(2)];
    const replyWith = (value: number): void => cable.end.write(withChecksum(Buffer.from([unit, fc, 2, value >> 8, value & 255])));
    replyWith(unit === 21 && address === 280 ? motion : 7);
    if (unit === 4) clock.after(20, () => replyWith(6));
  });
  const line = createModbusLine({ port: createSerialPort(cable.path, SERIAL), serial: SERIAL, clock });
  t.teardown(async () => {
    await line.close();
    cable.close();
  });
  await line.open();
  const extras = new Set<number>();
  line.onExtraReply = (unit) => void extras.add(unit);
  const read = (unit: number, address: number): Promise<readonly number[] | string> =>
    line.read({ unit, table: 'input', address, count: 1 }, 60).then(
      ({ words }) => words,
      ({ code }) => code,
    );
  let seen = 0;
  for (motion = 100; motion < 112; motion++) {
    await read(4, 3);
    await read(21, 3);
    const words = await read(21, 280);
    if (typeof words === 'string') continue;
    t.same(words, [motion], 'never an older one');
    seen++;
  }
  t.ok(seen >= 6, `${seen} of 12 changes were read`);
  t.same([...extras], [4]);
});
