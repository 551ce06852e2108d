import { once } from 'node:events';
import { client } from 'jsmodbus';
import { SerialPort } from 'serialport';
import { LEVEL_ADDRESS, UNIT } from '../bus.ts';
import type { Master, MasterPlace } from './master.ts';

/**
 * Opens `jsmodbus` over `serialport`, as its README shows. A client supports only one unit, so every request goes to unit 1, whatever unit
 * is given.
 */
export async function openJsmodbus({ path, serial, timeoutMs }: MasterPlace): Promise<Master> {
  const { baud: baudRate, dataBits, parity, stopBits } = serial;
  const port = new SerialPort({ path, baudRate, dataBits, parity, stopBits });
  await once(port, 'open');
  const rtu = new client.RTU(port, UNIT, timeoutMs);
  return {
    read: async (_unit, count) => (await rtu.readHoldingRegisters(0, count)).response.body.valuesAsArray as number[],
    write: async (_unit, value) => void (await rtu.writeSingleRegister(LEVEL_ADDRESS, value)),
    close: () => new Promise((resolve) => port.close(() => resolve())),
  };
}
