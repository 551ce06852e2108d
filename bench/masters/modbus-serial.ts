import { ModbusClient } from '../../drivers/modbus/modbus-serial.ts';
import { LEVEL_ADDRESS } from '../bus.ts';
import type { Master, MasterPlace } from './master.ts';

/** Plain `modbus-serial`, RTU over its own buffered port. */
export async function openModbusSerial({ path, serial, timeoutMs }: MasterPlace): Promise<Master> {
  const { baud: baudRate, dataBits, parity, stopBits } = serial;
  const client = new ModbusClient();
  await client.connectRTUBuffered(path, { baudRate, dataBits, parity, stopBits });
  client.setTimeout(timeoutMs);
  return {
    async read(unit, count) {
      client.setID(unit);
      return (await client.readHoldingRegisters(0, count)).data;
    },
    async write(unit, value) {
      client.setID(unit);
      await client.writeRegister(LEVEL_ADDRESS, value);
    },
    close: () => new Promise((resolve) => client.close(() => resolve())),
  };
}
