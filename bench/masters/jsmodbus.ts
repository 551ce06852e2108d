import { once } from 'node:events';
import { client } from 'jsmodbus';
import { SerialPort } from 'serialport';
import { REGISTERS, serialAt, UNIT } from '../bus.ts';
import { type Master, TIMEOUT_MS } from './master.ts';

/** `jsmodbus` over `serialport`, as its README shows. */
export async function openJsmodbus(path: string, baud: number): Promise<Master> {
  const { baud: baudRate, dataBits, parity, stopBits } = serialAt(baud);
  const port = new SerialPort({ path, baudRate, dataBits, parity, stopBits });
  await once(port, 'open');
  const rtu = new client.RTU(port, UNIT, TIMEOUT_MS);
  return {
    read: async () => (await rtu.readHoldingRegisters(0, REGISTERS)).response.body.valuesAsArray as number[],
    close: () => new Promise((resolve) => port.close(() => resolve())),
  };
}
