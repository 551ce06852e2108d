import { ModbusClient } from '../../drivers/modbus/modbus-serial.ts';
import { REGISTERS, serialAt, UNIT } from '../bus.ts';
import { type Master, TIMEOUT_MS } from './master.ts';

/** Plain `modbus-serial`, RTU over its own buffered port. */
export async function openModbusSerial(path: string, baud: number): Promise<Master> {
  const { baud: baudRate, dataBits, parity, stopBits } = serialAt(baud);
  const client = new ModbusClient();
  await client.connectRTUBuffered(path, { baudRate, dataBits, parity, stopBits });
  client.setID(UNIT);
  client.setTimeout(TIMEOUT_MS);
  return {
    read: async () => (await client.readHoldingRegisters(0, REGISTERS)).data,
    close: () => new Promise((resolve) => client.close(() => resolve())),
  };
}
