import { ModbusClient } from '../../drivers/modbus/modbus-serial.ts';
import { LEVEL_ADDRESS } from '../bus.ts';
import type { Master, MasterPlace } from './master.ts';

/** Opens plain `modbus-serial` in RTU mode with its own buffered port, as its users do. */
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
