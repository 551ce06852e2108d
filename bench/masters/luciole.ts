import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createModbusLine } from '../../drivers/modbus/modbus-line.ts';
import { createSerialPort } from '../../drivers/serial-port.ts';
import { REGISTERS, serialAt, UNIT } from '../bus.ts';
import { type Master, TIMEOUT_MS } from './master.ts';

/** Our line as the agent joins it. */
export function openLuciole(path: string, baud: number): Promise<Master> {
  return open({ path, baud });
}

/** The same without the silence between frames. */
export function openLucioleWithoutGap(path: string, baud: number): Promise<Master> {
  return open({ path, baud, frameGapMs: 0 });
}

async function open({ path, baud, ...gap }: { path: string; baud: number; frameGapMs?: number }): Promise<Master> {
  const clock = createSystemClock({ quality: () => 'none' });
  const serial = serialAt(baud);
  const line = createModbusLine({ port: createSerialPort(path, serial), serial, clock, ...gap });
  await line.open();
  return {
    read: async () => (await line.read({ unit: UNIT, table: 'holding', address: 0, count: REGISTERS }, TIMEOUT_MS)).words,
    close: () => line.close(),
  };
}
